package import AgoraStore

/// What the store has on record, for `/metrics` and the report alike: agents, the migration, and the calls
/// of v4.
package struct StoreFigures: Sendable {
  /// Numbers under two words.
  private typealias Counts = [(String, String, Int)]

  private let agents: Counts
  private let runs: Counts
  private let rows: Counts
  private let outstanding: Counts
  private let legacyCalls: Counts

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

  /// - Parameter totals: the calls of v4 by day, reducer and code.
  package init(_ connection: Connection, _ totals: [LegacyCallLog.Total]) throws {
    let all = try [Self.agents, Self.runs, Self.rows, Self.outstanding].map { query in
      try connection.all(query) { ($0.text(0), $0.text(1), $0.int(2)) }
    }
    (agents, runs, rows, outstanding) = (all[0], all[1], all[2], all[3])
    // Calls are folded into days and never forgotten, so the sums never go back.
    var sums: [String: [String: Int]] = [:]
    for total in totals where total.calls > 0 {
      let outcome = total.code ?? "done"
      let sum = sums[total.reducer]?[outcome] ?? 0
      sums[total.reducer, default: [:]][outcome] = Numeric.sum(sum, total.calls)
    }
    legacyCalls = sums.flatMap { reducer, outcomes in
      outcomes.map { (reducer, $0.key, $0.value) }
    }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
  }

  /// Writes the figures.
  package func add(to page: inout PrometheusText) {
    func samples(
      _ counts: Counts, _ names: String...
    ) -> [(labels: [(String, String)], value: Double)] {
      counts.map { (Array(zip(names, [$0.0, $0.1])), Double($0.2)) }
    }
    page.add("agora_agents", .gauge, "Agents by status.", samples(agents, "status"))
    page.add(
      "agora_v4_calls_total", .counter, "Calls of v4's reducers: done, or why they were refused.",
      samples(legacyCalls, "reducer", "outcome"))
    page.add(
      "agora_migration_runs", .gauge, "Migration runs by source and status.",
      samples(runs, "source", "status"))
    page.add(
      "agora_migration_rows", .gauge,
      "Rows of v4 by what became of them, over all runs that were not taken back.",
      samples(rows, "source", "outcome"))
    page.add(
      "agora_migration_outstanding", .gauge, "What a person has yet to decide about.",
      samples(outstanding, "kind"))
  }
}
