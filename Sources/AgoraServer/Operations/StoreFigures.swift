import AgoraStore
import CompatProxy

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
  /// Calls are folded into days, so the sum of both never goes back.
  private static let legacyCalls = Query(
    "metrics.v4_calls",
    """
    SELECT reducer, outcome, sum(calls) FROM (
      SELECT reducer, outcome, sum(calls) AS calls FROM v4_call_days GROUP BY 1,2
      UNION ALL SELECT reducer, outcome, count(*) FROM v4_calls GROUP BY 1,2)
    GROUP BY 1,2
    """)

  init(_ store: Store) throws {
    let all = try store.read { connection in
      try [Self.agents, Self.runs, Self.rows, Self.outstanding, Self.legacyCalls].map { query in
        try connection.all(query) { ($0.text(0), $0.text(1), $0.int(2)) }
      }
    }
    (agents, runs, rows, outstanding) = (all[0], all[1], all[2], all[3])
    legacyCalls = Self.bounded(all[4])
  }

  /// Reducers that there are not come from callers, and their names are any.
  private static func bounded(_ calls: Counts) -> Counts {
    let known = Set(Reducer.all.map(\.name))
    var sums: [String: [String: Int]] = [:]
    for (reducer, outcome, count) in calls {
      sums[known.contains(reducer) ? reducer : "other", default: [:]][outcome, default: 0] += count
    }
    return sums.flatMap { reducer, outcomes in
      outcomes.map { (reducer, $0.key, $0.value) }
    }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
  }
}
