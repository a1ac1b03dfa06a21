import AgoraStore

/// Writes a run and its ledger into the store's books.
enum RunRecord {
  private static let insertRun = Query(
    "migration_runs.insert",
    """
    INSERT INTO migration_runs(run, run_id, source, status, started_at, finished_at, made_store,
      options, report, last_audit)
    VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,(SELECT ifnull(max(rowid),0) FROM main.audit))
    """)
  private static let insertEntry = Query(
    "migration_ledger.insert", "INSERT INTO migration_ledger VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)")

  static func insert(
    _ report: MigrationReport, run: Int64, startedAt: Timestamp, finishedAt: Timestamp,
    madeStore: Bool, options: JSON, in connection: Connection
  ) throws {
    // Its files go with the run's rows when it is taken back; what it read stays known.
    let files = try connection.all(RunList.files, .integer(run)) { JSON.string($0.text(0)) }
    var members = report.json.members ?? []
    members.append(.init("files", .array(files)))
    try connection.run(
      insertRun, .integer(run), .text(report.runID), .text(report.source),
      .text(report.status.rawValue), .integer(startedAt.microseconds),
      .integer(finishedAt.microseconds), .int(madeStore ? 1 : 0),
      .text(JSONWriter.compact(options)), .text(JSONWriter.compact(.object(members))))
    for (position, table) in report.ledger.tables.enumerated() {
      let entry = report.ledger[table]
      try connection.run(
        insertEntry, .integer(run), .int(position), .text(table), .int(entry.read),
        .int(entry.imported), .int(entry.updated), .int(entry.merged), .int(entry.unchanged),
        .int(entry.rejected))
    }
  }

  private static let selectRun = Query(
    "migration_runs.report", "SELECT report FROM migration_runs WHERE run=?1")

  /// The report that a run left in the books, but for the outcomes of agent configurations.
  ///
  /// - Throws: ``AgoraError`` `damaged_store`.
  static func report(of run: Int64, in connection: Connection) throws -> MigrationReport {
    let text = try connection.first(selectRun, .integer(run), map: { $0.text(0) })
    guard let json = text.flatMap({ try? JSON.parse($0) }), let report = MigrationReport(json)
    else {
      throw AgoraError(
        .damagedStore, "the report of run \(run) cannot be read", file: connection.path,
        remedy: "Remove this file and run the same command again.")
    }
    return report
  }
}
