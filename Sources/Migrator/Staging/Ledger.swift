import AgoraStore

/// What became of a table's rows; the sums always add up.
public struct LedgerEntry: Sendable, Equatable {
  /// Rows found in the export.
  public var read = 0
  /// Rows that made a v5 record, or filled a stub.
  public var imported = 0
  /// Rows that v4 changed since.
  public var updated = 0
  /// Rows that joined a record of other rows.
  public var merged = 0
  /// Rows that are in the store as they are.
  public var unchanged = 0
  /// Rows that were not understood.
  public var rejected = 0

  /// Makes an entry.
  public init(
    read: Int = 0, imported: Int = 0, updated: Int = 0, merged: Int = 0, unchanged: Int = 0,
    rejected: Int = 0
  ) {
    self.read = read
    self.imported = imported
    self.updated = updated
    self.merged = merged
    self.unchanged = unchanged
    self.rejected = rejected
  }

  /// Whether every row that was read went somewhere.
  public var isBalanced: Bool { read == imported + updated + merged + unchanged + rejected }

  static func + (left: LedgerEntry, right: LedgerEntry) -> LedgerEntry {
    LedgerEntry(
      read: left.read + right.read, imported: left.imported + right.imported,
      updated: left.updated + right.updated, merged: left.merged + right.merged,
      unchanged: left.unchanged + right.unchanged, rejected: left.rejected + right.rejected)
  }
}

/// The book of a run: one entry a v4 table, in the order in which the export names them.
public struct Ledger: Sendable, Equatable {
  /// The tables in order.
  public private(set) var tables: [String] = []
  private var entries: [[UInt8]: LedgerEntry] = [:]

  /// Makes an empty ledger.
  public init() {}

  /// The entry of a table; writing to it adds the table.
  public subscript(_ table: String) -> LedgerEntry {
    get { entries[table.exact] ?? LedgerEntry() }
    set {
      if entries.updateValue(newValue, forKey: table.exact) == nil { tables.append(table) }
    }
  }

  /// Names a table that may have no rows.
  public mutating func open(_ table: String) { self[table] = self[table] }

  /// The sum over all tables.
  public var totals: LedgerEntry { tables.reduce(LedgerEntry()) { $0 + self[$1] } }

  /// Whether every table's entry adds up.
  public var isBalanced: Bool { tables.allSatisfy { self[$0].isBalanced } }
}
