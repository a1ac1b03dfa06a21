import CSQLite

/// Bounds what a stranger's statement may cost on a connection: its time, and the size of any value
/// that it makes.
package final class ReadBudget {
  private let connection: Connection
  private let deadline: Double
  private let length: Int32

  /// Virtual-machine instructions between two looks at the clock.
  private static let interval: Int32 = 4096

  /// Bounds a connection for as long as this value lives.
  ///
  /// - Parameters:
  ///   - seconds: after which a statement fails (``SQLiteError/isInterruption``).
  ///   - valueBytes: of one text or blob.
  package init(_ connection: Connection, seconds: Double, valueBytes: Int) {
    self.connection = connection
    deadline = System.monotonicSeconds() + seconds
    length = sqlite3_limit(connection.handle, SQLITE_LIMIT_LENGTH, Int32(clamping: valueBytes))
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
    sqlite3_limit(connection.handle, SQLITE_LIMIT_LENGTH, length)
  }
}
