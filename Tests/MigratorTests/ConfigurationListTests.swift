import AgoraStore
import Migrator
import TestSupport
import Testing

/// Lists of agent configurations, imported again and again.
@Suite struct ConfigurationListTests {
  private static let first =
    #"{"agent_id":"A","capabilities":["x"],"active_tasks":[{"task_type":"one"}]}"#
  private static let grown =
    #"{"agent_id":"A","capabilities":["x","y"],"active_tasks":[{"task_type":"one"},{"task_type":"two"}],"workflows":[{"workflow_name":"W","steps":[{"step":"s"}]}]}"#
  private static let further =
    #"{"agent_id":"A","capabilities":["z"],"active_tasks":[{"task_type":"three"}]}"#
  private static let other = #"{"agent_id":"B","capabilities":[]}"#
  private static let nobody = #"{"capabilities":[]}"#

  private static func list(_ entries: [String]) -> String {
    "[" + entries.joined(separator: ",") + "]"
  }

  private static func bundle(_ entries: [String]) -> String {
    "{\"agent_config\":" + list(entries) + "}\n"
  }

  /// Each task and workflow with its agent.
  private func owned(_ store: String) throws -> [String] {
    try Connection(path: store, mode: .readOnly).all(
      Query(
        "test",
        """
        SELECT t.task_type||' '||ifnull(a.agent_name,'-') FROM tasks t LEFT JOIN agents a ON a.agent_id=t.assigned_agent
        UNION ALL SELECT w.workflow_name||' '||ifnull(a.agent_name,'-') FROM workflows w
          LEFT JOIN agents a ON a.agent_id=w.creator_agent ORDER BY 1
        """), map: { $0.text(0) })
  }

  /// Lists one after the other, and what is owned at the end.
  private static let histories: [(lists: [[String]], owned: [String])] = [
    ([[first, other], [grown, other]], ["W A", "one A", "two A"]),
    ([[grown, other], [first]], ["one A"]),
    ([[first, further, nobody]], ["one A", "three A"]),
    ([[first], [first, further]], ["one A", "three A"]),
    ([[first, further], [further]], ["three A"]),
    ([[first, further], [further, first]], ["one A", "three A"]),
    ([[first, other, further], [further, grown, other]], ["W A", "one A", "three A", "two A"]),
    ([[first, further], [other]], []),
    ([[first, first], [first]], ["one A"]),
    (
      [[further, grown], [other, first, nobody], [grown, further]],
      [
        "W A", "one A", "three A", "two A",
      ]
    ),
  ]

  @Test func `many lists are the last one alone, whoever they name twice`() throws {
    for (index, (lists, owned)) in Self.histories.enumerated() {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        var before: [(run: String, hash: String, bundle: String)] = []
        for entries in lists {
          let report = try migrate(Self.list(entries), into: store, deleting: true)
          #expect(report.ledger.isBalanced, "\(index)")
          #expect(report.json["total_agents"]?.integer == entries.count, "\(index)")
          #expect(try MigratorTests.bundle(store) == Self.bundle(entries), "\(index)")
          let verified = try verify(store)
          #expect(verified.isIdentical, "\(index): \(verified.text)")
          before.append((report.runID, try hash(store), try MigratorTests.bundle(store)))
          // And again: nothing new, and the same outcomes.
          let again = try migrate(Self.list(entries), into: store, deleting: true)
          #expect(
            again.ledger.totals.unchanged + again.ledger.totals.rejected
              == again.ledger.totals.read, "\(index)")
          #expect(again.json["results"] == report.json["results"], "\(index)")
          #expect(try hash(store) == before.last?.hash, "\(index)")
          _ = try Rollback(again.runID, store: store).run()
        }
        #expect(try self.owned(store) == owned, "\(index)")
        try migrate(Self.list(lists.last ?? []), into: folder + "/last.db")
        let differences = StoreDump.differences(
          try StoreDump.marketplace(of: store), try StoreDump.marketplace(of: folder + "/last.db"))
        #expect(differences == [], "\(index)")
        let check = try StoreCheck(Store(path: store))
        #expect(check.isSound, "\(index): \(check.text)")
        while let last = before.popLast(), let older = before.last {
          _ = try Rollback(last.run, store: store).run()
          #expect(try hash(store) == older.hash, "\(index)")
          #expect(try MigratorTests.bundle(store) == older.bundle, "\(index)")
        }
      }
    }
  }

  @Test func `a workflow that stands in configurations twice keeps its steps both times`() throws {
    try withTemporaryFolder { folder in
      let (store, alone) = (folder + "/s.db", folder + "/alone.db")
      let workflow = #"{"workflow_name":"W","steps":[{"step":"s"}]}"#
      try migrate(
        "[{\"agent_id\":\"A\",\"capabilities\":[],\"workflows\":[\(workflow)]}]", into: store)
      let twice =
        "[{\"agent_id\":\"A\",\"capabilities\":[],\"workflows\":[\(workflow),\(workflow)]}]"
      try migrate(twice, into: store)
      try migrate(twice, into: alone)
      #expect(try hash(store) == hash(alone))
      let verified = try verify(store)
      #expect(verified.isIdentical, "\(verified.text)")
    }
  }

  @Test func `what stands in configurations is not judged by tables of the same name`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate(Self.list([Self.grown]), into: store)
      let before = try hash(store)
      let report = try migrate(#"{"workflows":[]}"#, into: store, deleting: true)
      #expect(report.deletedInSource == 0 && report.json["total_agents"] == nil)
      #expect(try hash(store) == before)
      let verified = try verify(store)
      #expect(verified.isIdentical, "\(verified.text)")
    }
  }

  @Test func `a task that was rejected in a configuration is settled by the next one`() throws {
    let bad = #"{"agent_id":"A","active_tasks":[{"task_type":"one","progress":900}]}"#
    for (next, waits) in [(Self.first, 0), (Self.other, 0), (bad, 1)] {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        try migrate(Self.list([bad]), into: store)
        #expect(try RejectList(Store(path: store)).rejects.count == 1)
        try migrate(Self.list([next]), into: store, deleting: true)
        #expect(try RejectList(Store(path: store)).rejects.count == waits)
        #expect(try MigratorTests.bundle(store) == Self.bundle([next]))
      }
    }
  }

  @Test func `entries that say the same stay in the order that the export has had them in`() throws
  {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      let entries = ["t3", "t4", "t5"].map { #"{"agent_id":"C","capabilities":["\#($0)"]}"# }
      try migrate(Self.list(entries), into: store)
      try migrate(Self.list([entries[2], entries[2]]), into: store)
      let after = try (hash(store), MigratorTests.bundle(store))
      let again = try migrate(Self.list([entries[2], entries[2]]), into: store)
      #expect(again.ledger.totals.unchanged == 2)
      #expect(try (hash(store), MigratorTests.bundle(store)) == after)
    }
  }
}
