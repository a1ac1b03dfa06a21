import AgoraStore

/// Records that were written on v5: their ids are UUIDs of version 7, which no migration gives.
enum BornOnV5 {
  /// Whether an id is one that v5 gives.
  static func isGiven(_ id: String) -> Bool {
    guard Identifier(id) != nil else { return false }
    let digits = Array(id.utf8.suffix(32))
    return digits.count == 32 && id.utf8.count > 32 && digits[12] == 0x37
  }

  /// ``isGiven(_:)`` as SQL.
  static func condition(on column: String) -> String {
    "length(\(column))>32 AND substr(\(column),-20,1)='7'"
  }
}

extension StagedRow {
  /// Whether the row is a record that was born on v5, has been to v4, and came back under its v5 id.
  var isBornOnV5: Bool { v4ID.utf8.elementsEqual(v5ID) }
}

/// What v5's tools have done to records that did not begin on v5.
enum ChangedOnV5 {
  private static let byTool = Query(
    "audit.by_tool",
    "SELECT EXISTS(SELECT 1 FROM main.audit WHERE target=?1 AND source_row IS NULL)")

  /// Whether a tool has changed a record: then the audit has an entry that no export brought.
  static func holds(_ v5ID: String, in connection: Connection) throws -> Bool {
    try connection.integer(byTool, .text(v5ID)) == 1
  }
}
