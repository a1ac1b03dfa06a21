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
