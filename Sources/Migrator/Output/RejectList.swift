public import AgoraStore

/// The rows that were not taken, with what a person needs to mend them.
public struct RejectList: Sendable {
  /// One rejected row.
  public struct Reject: Sendable {
    /// Its number, by which commands name it.
    public let number: Int
    let source: String
    let runID: String?
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
    /// Who said that it needs nothing more, and when; nil where nobody has.
    let dismissal: (by: String, at: Timestamp)?
    /// The run whose export first had the row no more; nil while v4 has it.
    let goneBy: String?
    /// The row's text, or its first part where it is very long; nil where it is not UTF-8.
    let row: String?
    let rowBase64: String?
    let isCut: Bool
  }

  /// The rejects in order.
  public let rejects: [Reject]
  /// Whether those are among them that nobody need look at any more.
  private let includesSettled: Bool

  private static func columns(_ row: (String) -> String, isCut: String) -> String {
    """
    SELECT number, v4_table, v4_id, file, byte_offset, max(ordinal,1), code, reason, status, status_reason,
      \(row("row")), \(row("row_blob")), (SELECT run_id FROM migration_runs m WHERE m.run=settled_by),
      (SELECT run_id FROM migration_runs m WHERE m.run=gone_by), source,
      (SELECT run_id FROM migration_runs m WHERE m.run=rejects.run), \(isCut), dismissed_by, dismissed_at
    FROM rejects
    """
  }
  private static let beginnings = columns(
    { "substr(\($0),1,\(listedLength))" }, isCut: "length(coalesce(row,row_blob))>\(listedLength)")
  private static let outstanding = Query(
    "rejects.list", beginnings + " WHERE \(RejectStatus.waits) ORDER BY number")
  private static let all = Query("rejects.list_all", beginnings + " ORDER BY number")
  private static let one = Query(
    "rejects.one", columns({ $0 }, isCut: "0") + " WHERE number=?1")

  /// The most characters, or bytes, of each row that a list of all has in memory.
  private static let listedLength = 65_536

  private static let firstChunk = Query(
    "reject_chunks.first", "SELECT bytes FROM reject_chunks WHERE number=?1 AND chunk=0")

  /// The most bytes of an oversized row that are shown.
  private static let shownBytes = 4096

  /// Reads the rejects of a store; of very long rows the first part.
  ///
  /// - Parameter includesSettled: whether those are listed as well that somebody has dealt with, or that a
  ///   later run has settled.
  public init(_ store: Store, includingSettled includesSettled: Bool = false) throws {
    self.includesSettled = includesSettled
    rejects = try store.read { connection in
      var rejects: [Reject] = []
      try connection.each(includesSettled ? Self.all : Self.outstanding) {
        rejects.append(try Self.reject($0, connection))
      }
      return rejects
    }
  }

  /// Reads one reject.
  ///
  /// - Throws: ``AgoraError`` `not_found`.
  public init(_ store: Store, number: Int) throws { try self.init(store, numbers: [number]) }

  /// Reads some rejects, in the order in which they are named.
  ///
  /// - Throws: ``AgoraError`` `not_found`.
  public init(_ store: Store, numbers: [Int]) throws {
    includesSettled = true
    rejects = try store.read { connection in
      try numbers.map { number in
        guard let reject = try Self.reject(number, connection) else {
          throw AgoraError(
            .notFound, "there is no reject \(number)", file: store.path,
            remedy: "agora rejects list shows their numbers.")
        }
        return reject
      }
    }
  }

  /// The reject of a number; nil where there is none.
  static func reject(_ number: Int, _ connection: Connection) throws -> Reject? {
    var found: Reject?
    try connection.each(one, .int(number)) { found = try reject($0, connection) }
    return found
  }

  private static func reject(_ row: borrowing Row, _ connection: Connection) throws -> Reject {
    var text = row.optionalText(10)
    var base64: String?
    var isCut = row.optionalInt64(16) == 1
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
      number: row.int(0), source: row.text(14), runID: row.optionalText(15), table: row.text(1),
      v4ID: row.optionalText(2), file: row.text(3),
      offset: row.int(4), ordinal: row.int(5), code: row.text(6), reason: row.text(7),
      status: row.text(8), statusReason: row.optionalText(9), settledBy: row.optionalText(12),
      dismissal: row.optionalText(17).map { ($0, Timestamp(microseconds: row.int64(18))) },
      goneBy: row.optionalText(13), row: text, rowBase64: base64, isCut: isCut)
  }

  /// The list as JSON (the command line's contract).
  public var json: JSON { .object([.init("rejects", .array(rejects.map(Self.json)))]) }

  private static func json(_ reject: Reject) -> JSON {
    var members: [JSON.Member] = [
      .init("number", .int(reject.number)), .init("source", .string(reject.source)),
      .init("run_id", .optional(reject.runID)), .init("table", .string(reject.table)),
      .init("v4_id", .optional(reject.v4ID)), .init("file", .string(reject.file)),
      .init("offset", .int(reject.offset)), .init("ordinal", .int(reject.ordinal)),
      .init("code", .string(reject.code)), .init("reason", .string(reject.reason)),
      .init("status", .string(reject.status)),
      .init("status_reason", .optional(reject.statusReason)),
      .init("settled_by", .optional(reject.settledBy)),
      .init("gone_from_v4", .optional(reject.goneBy)),
      .init("dismissed_by", .optional(reject.dismissal?.by)),
      .init("dismissed_at", .optional(reject.dismissal?.at.description)),
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
    guard !rejects.isEmpty else {
      return includesSettled ? "No rows were rejected." : "No rejected rows are outstanding."
    }
    // Which deployment a row is of is said where they are of several.
    let hasSources = rejects.contains { $0.source != rejects[0].source }
    var rows = [
      ["no."] + (hasSources ? ["source"] : []) + ["table", "v4 id", "code"]
        + (includesSettled ? ["status"] : []) + ["file", "byte", "reason"]
    ]
    for reject in rejects {
      var reason = reject.reason
      if reject.goneBy != nil, reject.status != "gone" { reason += " (gone from v4)" }
      if let end = includesSettled ? reject.end : nil { reason += "; " + end }
      rows.append(
        ["\(reject.number)"] + (hasSources ? [reject.source] : [])
          + [reject.table, reject.v4ID ?? "-", reject.code]
          + (includesSettled ? [reject.status] : []) + [reject.file, "\(reject.offset)", reason])
    }
    var lines = TextTable.lines(rows, leftColumns: rows[0].count)
    let waiting = rejects.filter { $0.status == "outstanding" }
    guard !waiting.isEmpty else { return lines.joined(separator: "\n") }
    lines.append("")
    lines.append(
      """
      Mend the rows on v4 and migrate again, which settles them. agora rejects retry loads those that pass
      now or with another --orphans; agora rejects dismiss N says that one needs nothing more.
      """)
    if waiting.contains(where: { $0.goneBy != nil }) {
      lines.append("Those that are gone from v4 go with agora migrate --apply-deletes.")
    }
    return lines.joined(separator: "\n")
  }

  /// One reject for people, with the row.
  public var detail: String {
    rejects.map { reject in
      """
      reject \(reject.number): \(reject.code), \(reject.status)\(reject.statusReason.map { " (\($0))" } ?? "")
        \(reject.reason)\(reject.goneBy.map { "; gone from v4, as \($0) found" } ?? "")\(reject.dismissed.map { "\n  " + $0 } ?? "")
        table \(reject.table), v4 id \(reject.v4ID ?? "-"), row \(reject.ordinal) of its table
        \(reject.file), byte \(reject.offset)
        \(reject.rowBase64.map { "base64 \($0)" } ?? reject.row ?? "")\(reject.isCut ? " … (agora rejects export writes the whole row)" : "")
      """
    }.joined(separator: "\n")
  }
}

extension RejectList.Reject {
  /// Who dismissed it and when, in words; nil where nobody has.
  fileprivate var dismissed: String? {
    dismissal.map { "dismissed by \(TextTable.visible($0.by)) at \($0.at)" }
  }

  /// What has become of it, in words; nil while it waits.
  fileprivate var end: String? {
    let parts = [dismissed, statusReason].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: ": ")
  }
}
