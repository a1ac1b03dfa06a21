import AgoraStore
import Migrator
import TestSupport
import Testing

/// Configurations of agents that a later export has so that they are refused, and what stands in them.
@Suite struct RefusedConfigurationTests {
  @Test func `a known configuration that is refused goes with what stands in it`() throws {
    try withTemporaryFolder { folder in
      let (store, alone) = (folder + "/s.db", folder + "/alone.db")
      let row =
        #"{"agent_id":"A","capabilities":[],"supervisor_id":"C","active_tasks":[{"description":"t"}]}"#
      try migrate(
        "[{\"agent_id\":\"C\",\"capabilities\":[]},\(row)]", into: store, orphans: .reject)
      let before = try hash(store)
      let report = try migrate("[\(row)]", into: store, deleting: true, orphans: .reject)
      #expect(report.ledger.isBalanced && report.ledger.totals == .init(read: 1, rejected: 1))
      try migrate("[\(row)]", into: alone, orphans: .reject)
      #expect(try hash(store) == hash(alone))
      #expect(try bundle(store) == bundle(alone))
      let check = try StoreCheck(Store(path: store))
      #expect(check.isSound, "\(check.text)")
      let verified = try verify(store)
      #expect(verified.isIdentical, "\(verified.text)")
      _ = try Rollback(report.runID, store: store).run()
      #expect(try hash(store) == before)
    }
  }

  /// What an export said first of an agent, and then so that one of its configurations is refused.
  private static let deltas = [
    // For what it is, with rows that stand in it once and twice.
    (
      #"[{"agent_id":"A","capabilities":["t"],"active_tasks":[{"description":"p"},{"description":"q"},{"description":"p"}]}]"#,
      #"[{"agent_id":"A","capabilities":5,"active_tasks":[{"description":"p"},{"description":"q"},{"description":"p"}]}]"#
    ),
    // For whom it refers to, with a new row, and one that is refused for itself.
    (
      #"[{"agent_id":"A","capabilities":["t"],"active_tasks":[{"description":"p","workflow_id":"Z"},{"description":"q"}]}]"#,
      #"[{"agent_id":"A","supervisor_id":"Z","active_tasks":[{"description":"p","workflow_id":"Z"},{"description":"q"},{"description":"new"}]}]"#
    ),
    // A new entry, with a row that stood in another one, which is still there or is not.
    (
      #"[{"agent_id":"A","x":1,"active_tasks":[{"description":"q"}]}]"#,
      #"[{"agent_id":"A","x":1},{"agent_id":"A","supervisor_id":"Z","active_tasks":[{"description":"q"}]}]"#
    ),
    (
      #"[{"agent_id":"A","capabilities":["t"],"active_tasks":[{"description":"q"}]},{"agent_id":"A","x":1}]"#,
      #"[{"agent_id":"A","x":1},{"agent_id":"A","supervisor_id":"Z","active_tasks":[{"description":"q"}]}]"#
    ),
    // Two entries with the same row, of which one is refused, and a workflow in both.
    (
      #"[{"agent_id":"B","capabilities":["a"]},{"agent_id":"B","capabilities":["b"],"active_tasks":[{"description":"p"},{"description":"q","workflow_id":"Z"}]}]"#,
      #"[{"agent_id":"B","capabilities":["c"],"active_tasks":[{"description":"p"}]},{"agent_id":"B","capabilities":["b"],"supervisor_id":"Z","active_tasks":[{"description":"p"},{"description":"q","workflow_id":"Z"}]}]"#
    ),
    (
      #"[{"agent_id":"A","x":1,"workflows":[{"workflow_id":"w","workflow_name":"W"}]}]"#,
      #"[{"agent_id":"A","x":2,"supervisor_id":"Z","workflows":[{"workflow_id":"w","workflow_name":"W"}]},{"agent_id":"A","x":1,"workflows":[{"workflow_id":"w","workflow_name":"W"}]}]"#
    ),
  ]

  private static func list(_ entries: String) -> String { "{\"agent_config\":\(entries)}" }

  @Test(arguments: [true, false])
  func `what stands in a configuration that is refused by now is a part of the reject`(
    deletes: Bool
  ) throws {
    for (first, newer) in Self.deltas {
      let second = Self.list(newer)
      try withTemporaryFolder { folder in
        let (store, alone) = (folder + "/s.db", folder + "/alone.db")
        func expectSound(_ when: String) throws {
          let check = try StoreCheck(Store(path: store))
          #expect(check.isSound, "\(when), \(second): \(check.text)")
          let verified = try verify(store)
          #expect(verified.isIdentical, "\(when), \(second): \(verified.text)")
        }
        try migrate(Self.list(first), into: store, orphans: .reject)
        let before = try (hash(store), bundle(store))
        let report = try migrate(second, into: store, deleting: deletes, orphans: .reject)
        #expect(report.ledger.isBalanced && report.ledger.totals.rejected > 0, "\(second)")
        try expectSound("after the delta")
        let after = try (hash(store), bundle(store))
        if deletes {
          try migrate(second, into: alone, orphans: .reject)
          #expect(try after == (hash(alone), bundle(alone)), "\(second)")
        }
        let again = try migrate(second, into: store, deleting: deletes, orphans: .reject)
        let totals = again.ledger.totals
        #expect(again.ledger.isBalanced && totals.read == totals.unchanged + totals.rejected)
        #expect(try (hash(store), bundle(store)) == after, "\(second)")
        var options = MigrationOptions.retryingRejects()
        options.orphans = .stub
        let retry = try Migration(options, store: store).run()
        #expect(retry.ledger.isBalanced, "\(second)")
        try expectSound("after the retry")
        for run in [retry, again, report] { _ = try Rollback(run.runID, store: store).run() }
        #expect(try (hash(store), bundle(store)) == before, "\(second)")
      }
    }
  }

  @Test func `a known configuration that is refused by now takes along what is new in it`() throws {
    try withTemporaryFolder { folder in
      let (store, alone) = (folder + "/s.db", folder + "/alone.db")
      let tasks = #""active_tasks":[{"description":"p"},{"description":"q","workflow_id":"W"},5]"#
      let known = #"{"agent_id":"A","supervisor_id":"Z",\#(tasks)}"#
      let unread = #"{"agent_id":"A","capabilities":7,\#(tasks)}"#
      let newer = Self.list(#"[{"agent_id":"A","x":1,\#(tasks)},\#(unread),\#(known)]"#)
      try migrate(Self.list("[\(known)]"), into: store, orphans: .keep)
      let before = try (hash(store), bundle(store))
      let report = try migrate(newer, into: store, deleting: true, orphans: .reject)
      #expect(report.ledger.isBalanced)
      let check = try StoreCheck(Store(path: store))
      #expect(check.isSound, "\(check.text)")
      try migrate(newer, into: alone, orphans: .reject)
      let after = try (hash(store), bundle(store))
      #expect(try after == (hash(alone), bundle(alone)))
      let again = try migrate(newer, into: store, deleting: true, orphans: .reject)
      #expect(try (hash(store), bundle(store)) == after)
      for run in [again, report] { _ = try Rollback(run.runID, store: store).run() }
      #expect(try (hash(store), bundle(store)) == before)
    }
  }
}
