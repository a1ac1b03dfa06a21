import AgoraStore

/// What the store has on record, for `/metrics`: agents, the migration, and the calls of v4.
struct StoreFigures {
  /// Numbers under two words.
  typealias Counts = [(String, String, Int)]

  let agents: Counts
  let runs: Counts
  let rows: Counts
  let outstanding: Counts
  let legacyCalls: Counts

  private static let agents = Query(
    "metrics.agents", "SELECT status, '', count(*) FROM agents GROUP BY 1 ORDER BY 1")
  private static let runs = Query(
    "metrics.runs",
    "SELECT source, status, count(*) FROM migration_runs GROUP BY 1,2 ORDER BY 1,2")
  private static let rows = Query(
    "metrics.rows",
    """
    WITH sums AS (
      SELECT r.source AS source, sum(l.read) AS read, sum(l.imported) AS imported,
        sum(l.updated) AS updated, sum(l.merged) AS merged, sum(l.unchanged) AS unchanged,
        sum(l.rejected) AS rejected
      FROM migration_ledger l JOIN migration_runs r USING(run) WHERE r.status<>'rolled_back'
      GROUP BY r.source)
    SELECT source, 'read', read FROM sums UNION ALL SELECT source, 'imported', imported FROM sums
    UNION ALL SELECT source, 'updated', updated FROM sums
    UNION ALL SELECT source, 'merged', merged FROM sums
    UNION ALL SELECT source, 'unchanged', unchanged FROM sums
    UNION ALL SELECT source, 'rejected', rejected FROM sums ORDER BY 1,2
    """)
  private static let outstanding = Query(
    "metrics.outstanding",
    """
    SELECT 'conflicts', '', count(*) FROM conflicts WHERE status='outstanding'
    UNION ALL SELECT 'rejects', '', count(*) FROM rejects WHERE status='outstanding'
    """)
  init(_ store: Store) throws {
    let (all, totals) = try store.read { connection in
      let all = try [Self.agents, Self.runs, Self.rows, Self.outstanding].map { query in
        try connection.all(query) { ($0.text(0), $0.text(1), $0.int(2)) }
      }
      return (all, try LegacyCallLog(connection).totals())
    }
    (agents, runs, rows, outstanding) = (all[0], all[1], all[2], all[3])
    // Calls are folded into days and never forgotten, so the sums never go back.
    var sums: [String: [String: Int]] = [:]
    for total in totals {
      sums[total.reducer, default: [:]][total.code ?? "done", default: 0] += total.calls
    }
    legacyCalls = sums.flatMap { reducer, outcomes in
      outcomes.map { (reducer, $0.key, $0.value) }
    }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
  }
}
