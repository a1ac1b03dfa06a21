extension Connection {
  /// How a transaction takes its locks (https://www.sqlite.org/lang_transaction.html).
  package enum TransactionKind: String, Sendable {
    /// Takes the write lock at once, so that it cannot fail half-way with a busy database.
    case immediate = "BEGIN IMMEDIATE"
    /// Reads a snapshot.
    case deferred = "BEGIN"
  }

  /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
  ///
  /// The first error is the one that is thrown; a rollback that fails after it is not reported,
  /// since SQLite rolls back by itself when the connection closes.
  package func transaction<Result>(
    _ kind: TransactionKind = .immediate, _ body: () throws -> Result
  ) throws -> Result {
    try execute(kind.rawValue, name: "begin")
    do {
      let result = try body()
      try execute("COMMIT", name: "commit")
      return result
    } catch {
      if isInTransaction { try? execute("ROLLBACK", name: "rollback") }
      throw error
    }
  }

  /// Runs `body` in a savepoint of the open transaction: what it did is undone when it throws.
  package func savepoint<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    try execute("SAVEPOINT \(name)", name: "savepoint")
    do {
      let result = try body()
      try execute("RELEASE \(name)", name: "release")
      return result
    } catch {
      if isInTransaction { try? execute("ROLLBACK TO \(name); RELEASE \(name)", name: "rollback") }
      throw error
    }
  }
}
