import AgoraStore

/// Writes a run and its ledger into the store's books.
enum RunRecord {
  private static let insertRun = Query(
    "migration_runs.insert",
    """
    INSERT INTO migration_runs(run, run_id, source, status, started_at, finished_at, made_store,
      options, report) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)
    """)
  private static let insertEntry = Query(
    "migration_ledger.insert", "INSERT INTO migration_ledger VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)")

  static func insert(
    _ report: MigrationReport, run: Int64, startedAt: Timestamp, finishedAt: Timestamp,
    madeStore: Bool, options: JSON, in connection: Connection
  ) throws {
    try connection.run(
      insertRun, .integer(run), .text(report.runID), .text(report.source),
      .text(report.status.rawValue), .integer(startedAt.microseconds),
      .integer(finishedAt.microseconds), .int(madeStore ? 1 : 0),
      .text(JSONWriter.compact(options)), .text(JSONWriter.compact(report.json)))
    for (position, table) in report.ledger.tables.enumerated() {
      let entry = report.ledger[table]
      try connection.run(
        insertEntry, .integer(run), .int(position), .text(table), .int(entry.read),
        .int(entry.imported), .int(entry.updated), .int(entry.merged), .int(entry.unchanged),
        .int(entry.rejected))
    }
  }
}
