/// That a copy of the store was taken, for whoever asks before a step that is hard to go back.
package struct BackupRecord: Sendable, Equatable {
  /// The copy, as it was named.
  package let path: String
  package let bytes: Int
  package let at: Timestamp
  /// The newest migration that the copy has; nil where it has none.
  package let run: Int?

  package init(path: String, bytes: Int, at: Timestamp, run: Int?) {
    self.path = path
    self.bytes = bytes
    self.at = at
    self.run = run
  }

  static let tableSQL = """
    -- Copies of the store that were taken. None of it is content.
    CREATE TABLE backups(
      number INTEGER PRIMARY KEY,
      path TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      taken_at INTEGER NOT NULL,
      -- the newest migration that is in it
      run INTEGER
    ) STRICT;
    """

  private static let insert = Query(
    "backups.insert",
    "INSERT INTO backups(path, bytes, taken_at, run) VALUES(?1,?2,?3,?4)")
  private static let lastRun = Query("migration_runs.last", "SELECT max(run) FROM migration_runs")
  private static let select = Query(
    "backups.newest",
    "SELECT path, bytes, taken_at, run FROM backups ORDER BY taken_at DESC, number DESC LIMIT 1")

  func note(in connection: Connection) throws {
    try connection.run(
      Self.insert, .text(path), .int(bytes), .integer(at.microseconds),
      .optional(run.map { Int64($0) }))
  }

  /// The newest migration of a store.
  static func newestRun(in connection: Connection) throws -> Int? {
    try connection.integer(lastRun).map { Int($0) }
  }

  /// The newest; nil where none was taken.
  package static func newest(in connection: Connection) throws -> BackupRecord? {
    try connection.first(select) { row in
      BackupRecord(
        path: row.text(0), bytes: row.int(1), at: Timestamp(microseconds: row.int64(2)),
        run: row.optionalInt(3))
    }
  }
}
