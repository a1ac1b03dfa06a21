public import AgoraStore

/// The migrations that went into a store, newest first.
public struct RunList: Sendable {
  /// One run.
  public struct Run: Sendable {
    /// The run's id.
    public let runID: String
    /// How it ended.
    public let status: String
    /// The v4 deployment.
    public let source: String
    /// The exports' paths.
    public let files: [String]
    /// When it began.
    public let startedAt: Timestamp
    /// When it ended.
    public let finishedAt: Timestamp?
    /// What became of its rows.
    public let totals: LedgerEntry
  }

  /// The runs, newest first.
  public let runs: [Run]

  private static let select = Query(
    "migration_runs.all",
    """
    SELECT r.run, run_id, status, source, started_at, finished_at, total(l.read), total(l.imported),
      total(l.updated), total(l.merged), total(l.unchanged), total(l.rejected), r.report
    FROM migration_runs r LEFT JOIN migration_ledger l USING(run) GROUP BY r.run ORDER BY r.run DESC
    """)
  static let files = Query(
    "v4_files.of_run", "SELECT path FROM v4_files WHERE run=?1 ORDER BY file")

  /// Reads the runs of a store.
  public init(_ store: Store) throws {
    runs = try store.read { connection in
      var runs: [Run] = []
      try connection.each(Self.select) { row in
        let stored = try connection.all(Self.files, .integer(row.int64(0)), map: { $0.text(0) })
        // A run that was taken back has left its report.
        let paths =
          stored.isEmpty
          ? (try? JSON.parse(row.text(12)))?["files"]?.elements?.compactMap(\.text) ?? [] : stored
        runs.append(
          Run(
            runID: row.text(1), status: row.text(2), source: row.text(3), files: paths,
            startedAt: Timestamp(microseconds: row.int64(4)),
            finishedAt: row.optionalInt64(5).map { Timestamp(microseconds: $0) },
            totals: LedgerEntry(
              read: row.int(6), imported: row.int(7), updated: row.int(8), merged: row.int(9),
              unchanged: row.int(10), rejected: row.int(11))))
      }
      return runs
    }
  }

  /// The list as JSON (the command line's contract).
  public var json: JSON {
    .object([
      .init(
        "runs",
        .array(
          runs.map { run in
            .object([
              .init("run_id", .string(run.runID)), .init("status", .string(run.status)),
              .init("source", .string(run.source)),
              .init("files", .array(run.files.map { .string($0) })),
              .init("started_at", .string(run.startedAt.description)),
              .init("finished_at", .optional(run.finishedAt?.description)),
              .init("totals", MigrationReport.json(run.totals)),
            ])
          }))
    ])
  }

  /// The list for people.
  public var text: String {
    guard !runs.isEmpty else { return "No migration has gone into this store." }
    var rows = [["run", "started", "source", "status", "read", "rejected"]]
    for run in runs {
      rows.append([
        run.runID, run.startedAt.description, run.source, run.status, "\(run.totals.read)",
        "\(run.totals.rejected)",
      ])
    }
    return TextTable.lines(rows, leftColumns: 4).joined(separator: "\n")
  }
}
