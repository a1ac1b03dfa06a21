import CSQLite

/// Bounds what a stranger's statement may cost on a connection: its time, and the size of its text and of
/// any value that it makes.
package final class ReadBudget {
  private let connection: Connection
  private let deadline: Double
  private let limits: [(id: Int32, value: Int32)]

  /// Virtual-machine instructions between two looks at the clock.
  private static let interval: Int32 = 1024
  /// Bytes of a statement's text: one row cannot ask for more work than is written there.
  private static let statementBytes: Int32 = 64 << 10
  /// Bytes of a pattern of LIKE, which costs as much as a pattern's bytes times a text's.
  private static let patternBytes: Int32 = 256

  /// Bounds a connection for as long as this value lives; no statement runs when it comes or goes.
  ///
  /// Neither bound holds within one call of a function: which may be called is ``ReadGuard``'s to say.
  ///
  /// - Parameters:
  ///   - seconds: after which a statement fails (``SQLiteError/isInterruption``).
  ///   - valueBytes: of one text or blob.
  package init(_ connection: Connection, seconds: Double, valueBytes: Int) {
    self.connection = connection
    deadline = System.monotonicSeconds() + seconds
    limits = [
      (SQLITE_LIMIT_LENGTH, Int32(clamping: valueBytes)),
      (SQLITE_LIMIT_SQL_LENGTH, Self.statementBytes),
      (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, Self.patternBytes),
    ].map { ($0, sqlite3_limit(connection.handle, $0, $1)) }
    TimedLike.install(on: connection, until: deadline)
    let pointer = Unmanaged.passUnretained(self).toOpaque()
    sqlite3_progress_handler(
      connection.handle, Self.interval,
      { context in
        guard let context else { return 1 }
        let budget = Unmanaged<ReadBudget>.fromOpaque(context).takeUnretainedValue()
        return System.monotonicSeconds() < budget.deadline ? 0 : 1
      }, pointer)
  }

  deinit {
    sqlite3_progress_handler(connection.handle, 0, nil, nil)
    TimedLike.install(on: connection)
    for (id, value) in limits { sqlite3_limit(connection.handle, id, value) }
  }
}
