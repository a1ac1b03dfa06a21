public import AgoraStore

/// The rows that were not taken, with what a person needs to mend them.
public struct RejectList: Sendable {
  /// One rejected row.
  public struct Reject: Sendable {
    /// Its number, by which commands name it.
    public let number: Int
    let table: String
    let v4ID: String?
    let file: String
    let offset: Int
    let ordinal: Int
    let code: String
    let reason: String
    let status: String
    let statusReason: String?
    /// The run that settled it; nil while nobody has, and where a person dismissed it.
    let settledBy: String?
    /// The run whose export first had the row no more; nil while v4 has it.
    let goneBy: String?
    /// The row's text, or its first part where it is very long; nil where it is not UTF-8.
    let row: String?
    let rowBase64: String?
    let isCut: Bool
  }

  /// The rejects in order.
  public let rejects: [Reject]

  private static let columns = """
    SELECT number, v4_table, v4_id, file, byte_offset, ordinal, code, reason, status, status_reason,
      row, row_blob, (SELECT run_id FROM migration_runs m WHERE m.run=settled_by),
      (SELECT run_id FROM migration_runs m WHERE m.run=gone_by) FROM rejects
    """
  private static let outstanding = Query(
    "rejects.list", columns + " WHERE \(RejectStatus.waits) ORDER BY number")
  private static let one = Query("rejects.one", columns + " WHERE number=?1")
  private static let firstChunk = Query(
    "reject_chunks.first", "SELECT bytes FROM reject_chunks WHERE number=?1 AND chunk=0")

  /// The most bytes of an oversized row that are shown.
  private static let shownBytes = 4096

  /// Reads the rejects of a store that nobody has dealt with.
  public init(_ store: Store) throws {
    rejects = try store.read { connection in
      var rejects: [Reject] = []
      try connection.each(Self.outstanding) { rejects.append(try Self.reject($0, connection)) }
      return rejects
    }
  }

  /// Reads one reject.
  ///
  /// - Throws: ``AgoraError`` `not_found`.
  public init(_ store: Store, number: Int) throws {
    rejects = try store.read { connection in
      var rejects: [Reject] = []
      try connection.each(Self.one, .int(number)) {
        rejects.append(try Self.reject($0, connection))
      }
      return rejects
    }
    guard !rejects.isEmpty else {
      throw AgoraError(
        .notFound, "there is no reject \(number)", file: store.path,
        remedy: "agora rejects list shows their numbers.")
    }
  }

  private static let markDismissed = Query(
    "rejects.dismiss",
    "UPDATE rejects SET status='dismissed', status_reason=?2 WHERE number=?1 AND status='outstanding'"
  )

  /// Marks a reject as needing nothing more; its row stays, and an export gives it back.
  ///
  /// - Throws: ``AgoraError`` `not_found` where there is no such reject, or it is not outstanding.
  public static func dismiss(_ number: Int, reason: String, in store: Store) throws {
    let changed = try store.write { connection in
      try connection.run(markDismissed, .int(number), .text(reason))
    }
    guard changed == 0 else { return }
    let known = try RejectList(store, number: number)
    throw AgoraError(
      .notFound, "reject \(number) is \(known.rejects[0].status) already", file: store.path)
  }

  private static func reject(_ row: borrowing Row, _ connection: Connection) throws -> Reject {
    var text = row.optionalText(10)
    var base64: String?
    var isCut = false
    if !row.isNull(11) {
      var encoded: [UInt8] = []
      var encoder = Base64Encoder()
      row.withBytes(11) { encoder.append($0, to: &encoded) }
      encoder.finish(to: &encoded)
      base64 = String(decoding: encoded, as: UTF8.self)
    } else if text == nil {
      let chunk = try connection.first(
        firstChunk, .integer(row.int64(0)), map: { $0.bytes(0) })
      text = chunk.map { String(decoding: $0.prefix(shownBytes), as: UTF8.self) }
      isCut = true
    }
    return Reject(
      number: row.int(0), table: row.text(1), v4ID: row.optionalText(2), file: row.text(3),
      offset: row.int(4), ordinal: row.int(5), code: row.text(6), reason: row.text(7),
      status: row.text(8), statusReason: row.optionalText(9), settledBy: row.optionalText(12),
      goneBy: row.optionalText(13), row: text, rowBase64: base64, isCut: isCut)
  }

  /// The list as JSON (the command line's contract).
  public var json: JSON { .object([.init("rejects", .array(rejects.map(Self.json)))]) }

  private static func json(_ reject: Reject) -> JSON {
    var members: [JSON.Member] = [
      .init("number", .int(reject.number)), .init("table", .string(reject.table)),
      .init("v4_id", .optional(reject.v4ID)), .init("file", .string(reject.file)),
      .init("offset", .int(reject.offset)), .init("ordinal", .int(reject.ordinal)),
      .init("code", .string(reject.code)), .init("reason", .string(reject.reason)),
      .init("status", .string(reject.status)),
      .init("status_reason", .optional(reject.statusReason)),
      .init("settled_by", .optional(reject.settledBy)),
      .init("gone_from_v4", .optional(reject.goneBy)),
    ]
    if let base64 = reject.rowBase64 {
      members.append(.init("row_base64", .string(base64)))
    } else {
      members.append(.init("row", .optional(reject.row)))
    }
    if reject.isCut { members.append(.init("row_is_cut", .bool(true))) }
    return .object(members)
  }

  /// The list for people: one line a reject.
  public var text: String {
    guard !rejects.isEmpty else { return "No rejected rows are outstanding." }
    var rows = [["no.", "table", "v4 id", "code", "file", "byte", "reason"]]
    for reject in rejects {
      rows.append([
        "\(reject.number)", reject.table, reject.v4ID ?? "-", reject.code, reject.file,
        "\(reject.offset)", reject.reason + (reject.goneBy == nil ? "" : " (gone from v4)"),
      ])
    }
    var lines = TextTable.lines(rows, leftColumns: 7)
    lines.append("")
    lines.append(
      """
      Mend the rows on v4 and migrate again, which settles them. agora rejects retry loads those that pass
      now or with another --orphans; agora rejects dismiss N says that one needs nothing more.
      """)
    if rejects.contains(where: { $0.goneBy != nil }) {
      lines.append("Those that are gone from v4 go with agora migrate --apply-deletes.")
    }
    return lines.joined(separator: "\n")
  }

  /// One reject for people, with the row.
  public var detail: String {
    rejects.map { reject in
      """
      reject \(reject.number): \(reject.code), \(reject.status)\(reject.statusReason.map { " (\($0))" } ?? "")
        \(reject.reason)\(reject.goneBy.map { "; gone from v4, as \($0) found" } ?? "")
        table \(reject.table), v4 id \(reject.v4ID ?? "-"), row \(reject.ordinal) of its table
        \(reject.file), byte \(reject.offset)
        \(reject.rowBase64.map { "base64 \($0)" } ?? reject.row ?? "")\(reject.isCut ? " … (agora rejects export writes the whole row)" : "")
      """
    }.joined(separator: "\n")
  }
}
