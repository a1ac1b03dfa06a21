import AgoraStore

/// Which texts of one v4 id are versions of one row, and which are other rows: told by what never changes in
/// the life of a row, as far as it can be read.
///
/// A text whose time cannot be read is held against the others without the times. One that cannot be taken
/// apart is known by its id alone, which names other rows too.
final class RowVersions {
  /// What may be a version of a row.
  struct Text {
    let table: String
    let v4ID: String
    let shape: Int64?
    /// The number of a reject; nil for an imported row.
    var reject: Int64?
    /// The run whose export lacked it first; nil where the newest one has it.
    var goneBy: Int64?
  }

  private let connection: Connection
  private let columns: (Int64?) throws -> [String]?
  private let parts: ImmutableParts
  private var mappers: [String: TableMapper] = [:]

  /// - Parameters:
  ///   - parts: what of the fields that never change is compared.
  ///   - columns: gives the columns of a shape.
  init(
    _ connection: Connection, comparing parts: ImmutableParts = .all,
    columns: @escaping (Int64?) throws -> [String]?
  ) throws {
    self.connection = connection
    self.parts = parts
    self.columns = columns
    try connection.execute(
      """
      CREATE TEMP TABLE row_versions(table_name TEXT, v4_id TEXT, key TEXT, reject INTEGER,
        gone_by INTEGER);
      CREATE INDEX temp.row_versions_by_key ON row_versions(v4_id, key, table_name, reject, gone_by);
      CREATE INDEX temp.row_versions_by_reject ON row_versions(reject);
      """, name: "row_versions.create")
  }

  func end() throws {
    try connection.execute("DROP TABLE temp.row_versions", name: "row_versions.drop")
  }

  /// What a text is found by: `=` and all that is compared; `~` and that without the times; `?` and the
  /// same where its times cannot be read; and each by its id, under nothing.
  private struct Keys {
    let noted: [String]
    let asked: [String]

    static let unreadable = Keys(noted: [""], asked: [""])
  }

  private func keys(_ bytes: Span<UInt8>, _ text: Text) throws -> Keys {
    let mapper =
      mappers[text.table] ?? TableMapper(table: text.table, kind: V4Schema.kind(of: text.table))
    mappers[text.table] = mapper
    let columns = try columns(text.shape)
    guard (try? JSON.validate(bytes)) != nil,
      (try? mapper.load(bytes, columns: columns)) != nil,
      let undated = try? mapper.fingerprint(parts.subtracting(.times))
    else { return .unreadable }
    let rest = String(decoding: undated, as: UTF8.self)
    guard let whole = try? mapper.fingerprint(parts) else {
      return Keys(noted: ["", "~" + rest, "?" + rest], asked: ["~" + rest])
    }
    let all = "=" + String(decoding: whole, as: UTF8.self)
    return Keys(noted: ["", "~" + rest, all], asked: [all, "?" + rest])
  }

  private static let insert = Query(
    "row_versions.insert", "INSERT INTO temp.row_versions VALUES(?1,?2,?3,?4,?5)")

  /// Takes in a text.
  func note(_ bytes: Span<UInt8>, _ text: Text) throws { try note(try keys(bytes, text), text) }

  /// Takes in a text that cannot be taken apart.
  func noteUnreadable(_ text: Text) throws { try note(.unreadable, text) }

  private func note(_ keys: Keys, _ text: Text) throws {
    for key in keys.noted {
      try connection.run(
        Self.insert, .text(text.table), .text(text.v4ID), .text(key), .optional(text.reject),
        .optional(text.goneBy))
    }
  }

  /// A version of a text that was noted.
  struct Version {
    /// The number of a reject; nil for an imported row.
    let reject: Int64?
  }

  // An imported row comes first.
  private static let first = Query(
    "row_versions.first",
    """
    SELECT reject FROM temp.row_versions WHERE v4_id=?1 AND key=?2 AND table_name=?3
    ORDER BY reject LIMIT 1
    """)

  /// A version of a text among those that were noted, an imported row before a reject; nil for none.
  func find(_ bytes: Span<UInt8>, _ text: Text) throws -> Version? {
    try find(try keys(bytes, text), text)
  }

  /// What was noted of the id of a text that cannot be taken apart.
  func findUnreadable(_ text: Text) throws -> Version? { try find(.unreadable, text) }

  private func find(_ keys: Keys, _ text: Text) throws -> Version? {
    for key in keys.asked {
      let found = try connection.first(
        Self.first, .text(text.v4ID), .text(key), .text(text.table),
        map: { Version(reject: $0.optionalInt64(0)) })
      if let found { return found }
    }
    return nil
  }

  private static let later = Query(
    "row_versions.later",
    """
    SELECT reject FROM temp.row_versions
    WHERE v4_id=?1 AND key=?2 AND table_name=?3 AND (gone_by IS NULL OR gone_by>?4)
    ORDER BY reject LIMIT 1
    """)
  private static let forget = Query(
    "row_versions.forget", "DELETE FROM temp.row_versions WHERE reject=?1")

  /// Takes the reject that is a newer version of a row which v4 has no more as it was: each is one of one row,
  /// and one that cannot be taken apart of none.
  ///
  /// - Parameter run: the run whose export lacked the row first.
  func takeNewer(than bytes: Span<UInt8>, _ text: Text, goneBy run: Int64) throws -> Bool {
    for key in try keys(bytes, text).asked where !key.isEmpty {
      let reject = try connection.integer(
        Self.later, .text(text.v4ID), .text(key), .text(text.table), .integer(run))
      guard let reject else { continue }
      try connection.run(Self.forget, .integer(reject))
      return true
    }
    return false
  }
}
