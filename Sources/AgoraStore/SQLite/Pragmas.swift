/// How a connection is set up; the only place where pragmas of a connection are said.
package struct Pragmas: Sendable {
  package let statements: [String]
  /// Milliseconds to wait for a lock.
  package let busyTimeout: Int

  /// For a store in use: write-ahead log, and a commit is on the disk when it returns.
  package static let live = Pragmas(
    statements: [
      // Takes effect in a new file only. 16 KiB: a load of a million rows takes 0.84 of the time that
      // it takes with 8 KiB, and no less with 32 KiB, while each commit writes whole pages.
      "PRAGMA page_size=16384", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
      "PRAGMA foreign_keys=ON", "PRAGMA cache_size=-16384", "PRAGMA wal_autocheckpoint=1000",
    ], busyTimeout: 30_000)

  /// For reading beside the writer.
  package static let reading = Pragmas(
    statements: ["PRAGMA query_only=ON", "PRAGMA cache_size=-8192"], busyTimeout: 30_000)

  /// For filling a file that nobody else opens and that counts only when it has been synced as a
  /// whole: a rollback journal, which for appended pages costs nothing, and no sync in between.
  package static let staging = Pragmas(
    statements: [
      "PRAGMA page_size=16384", "PRAGMA journal_mode=TRUNCATE", "PRAGMA synchronous=OFF",
      "PRAGMA foreign_keys=OFF", "PRAGMA cache_size=-49152",
      "PRAGMA temp_store=FILE", "PRAGMA threads=1",
    ], busyTimeout: 5000)

  /// For bringing a run into a store that others use meanwhile.
  package static let loading = Pragmas(
    statements: [
      "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=OFF",
      "PRAGMA cache_size=-49152", "PRAGMA temp_store=FILE",
    ], busyTimeout: 30_000)

  /// For measuring how the store does: as safe as in use, and never waiting for long.
  package static let probing = Pragmas(
    statements: ["PRAGMA synchronous=FULL", "PRAGMA cache_size=-2048"], busyTimeout: 1_000)

  package func apply(to connection: Connection) throws(SQLiteError) {
    connection.setBusyTimeout(milliseconds: busyTimeout)
    for statement in statements { try execute(statement, on: connection) }
  }

  /// Runs one pragma, again where several connections change a new file's journal at once: SQLite does
  /// not wait for that lock by itself (https://www.sqlite.org/pragma.html#pragma_journal_mode).
  private func execute(
    _ statement: String, on connection: Connection
  ) throws(SQLiteError) {
    let end = System.monotonicSeconds() + Double(busyTimeout) / 1000
    while true {
      do throws(SQLiteError) {
        return try connection.execute(statement, name: "pragma")
      } catch {
        guard error.isBusy, System.monotonicSeconds() < end else { throw error }
        System.pause(milliseconds: 1)
      }
    }
  }
}
