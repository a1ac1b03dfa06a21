import AgoraStore
import Migrator
import TestSupport
import Testing

/// Counters that restart, against the truth of which row is which.
@Suite struct RestartTests {
  typealias Row = RestartingDeployment.Row

  /// How a record of the store says which row it is, and what may have changed.
  private static let records = [
    "workflow_coordination":
      "SELECT created_at/1000000-1748736000, status='completed', NULL FROM workflows",
    "agent_message": "SELECT substr(content,7), delivered, NULL FROM messages",
    "task_assignment": """
    SELECT substr(task_type,7), progress, (SELECT created_at/1000000-1748736000 FROM workflows w
      WHERE w.workflow_id=t.workflow_id) FROM tasks t
    """,
    "system_events": "SELECT substr(event_type,7), NULL, NULL FROM events",
  ]

  /// What the store has that the truth has not, and the other way round.
  private func faults(_ truth: [Int: Row], _ path: String) throws -> [String] {
    let connection = try Connection(path: path, mode: .readOnly)
    var faults: [String] = []
    for (table, sql) in Self.records {
      var found: Set<Int> = []
      try connection.each(Query("truth.\(table)", sql)) { record in
        let id = Int(record.text(0)) ?? 0
        guard let row = truth[id], row.table == table, found.insert(id).inserted else {
          return faults.append("\(table): a record that is no row, or a second one: \(id)")
        }
        if let state = record.optionalInt(1), state != row.state {
          faults.append("\(table) \(id): \(state) instead of \(row.state)")
        }
        if record.optionalInt(2) != row.workflow {
          faults.append("\(table) \(id): belongs to \(record.optionalInt(2) ?? 0)")
        }
      }
      let lost = truth.values.filter { $0.table == table && !found.contains($0.truth) }
      faults += lost.map { "\(table) \($0.truth) (\($0.id)) is lost" }
    }
    return faults
  }

  @Test(arguments: Array(1...30) as [UInt64])
  func `whatever the counter does, every row ever exported is its own record`(_ seed: UInt64)
    throws
  {
    try withTemporaryFolder { folder in
      var deployment = RestartingDeployment(seed: seed)
      var truth: [Int: Row] = [:]
      let store = folder + "/agora.db"
      for export in 0..<5 {
        for row in deployment.rows { truth[row.truth] = row }
        try write(deployment.export(), to: folder + "/export.json")
        let options = MigrationOptions(exports: [folder + "/export.json"])
        let report = try Migration(options, store: store).run()
        #expect(report.ledger.isBalanced && report.ledger.totals.rejected == 0)
        #expect(report.ambiguousReferences == 0)
        let found = try faults(truth, store)
        #expect(found == [], "export \(export), \(deployment.restarts) restarts")
        let verified = try Verification(options, store: store).run()
        #expect(verified.mismatches.isEmpty && verified.missing.isEmpty, "\(verified.text)")
        for _ in 0..<12 { deployment.live() }
      }
      // Back through all of them.
      let runs = try RunList(Store(path: store)).runs
      for run in runs { _ = try Rollback(run.runID, store: store).run() }
      let left = try StoreDump.marketplace(of: store)
      #expect(left == .object([]))
    }
  }
}
