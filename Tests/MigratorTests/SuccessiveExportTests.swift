import AgoraStore
import Migrator
import TestSupport
import Testing

/// Exports of a deployment one after the other, deletions applied, are as the last one alone.
@Suite struct SuccessiveExportTests {
  struct History: Sendable, CustomTestStringConvertible {
    let what: String
    let exports: [String]
    /// Whether the last export has all tables of those before it, and so says all.
    var isWhole = true
    var testDescription: String { what }

    init(_ what: String, _ exports: [String], isWhole: Bool = true) {
      self.what = what
      self.exports = exports.map { "{" + $0 + "}" }
      self.isWhole = isWhole
    }
  }

  private static let noRegistry = #""agent_registry":[]"#
  private static let noCapability = #""agent_capability":[]"#
  private static func registry(_ id: String, _ name: String, _ more: String = "") -> String {
    #""agent_registry":[{"agent_id":"\#(id)","agent_name":"\#(name)"\#(more)}]"#
  }
  private static func capability(_ agent: String) -> String {
    #""agent_capability":[{"capability_id":"1","agent_id":"\#(agent)","capability_type":"x"}]"#
  }
  private static func task(_ agent: String, status: String = "pending") -> String {
    #""task_queue":[{"task_id":"t","agent_id":"\#(agent)","status":"\#(status)"}]"#
  }
  private static func event(_ agent: String) -> String {
    #""system_events":[{"event_id":"e","event_type":"e","source_agent":"\#(agent)"}]"#
  }
  private static func workflow(_ rows: String) -> String {
    #""workflow_coordination":[\#(rows)]"#
  }
  private static let inWorkflow = #"""
    "task_assignment":[{"assignment_id":"t","workflow_id":"w"}],
    "workflow_step":[{"step_id":"s1","workflow_id":"w","step_order":1},{"step_id":"s2","workflow_id":"w"}],
    "workflow_steps":[{"step_id":"s3","workflow_id":"w","step_name":"three"}],
    "user_overrides":[{"override_id":"o","target_id":"w"},{"override_id":"p","target_id":"A"}]
    """#

  /// Rows in two spellings.
  private static let spelled = [
    #"""
    "task_queue":[{"task_id":"t","agent_id":"A"}],
    "agent_registry":[{"agent_id":"r","agent_name":"B","supervisor_id":"A"}]
    """#,
    #"""
    "task_queue":[{"agent_id": "A", "task_id":"t"}],
    "agent_registry":[{"agent_name":"B","agent_id":"r","supervisor_id":"A"}]
    """#,
  ]
  /// A step in two spellings, and a task that stands several times.
  private static let spelledTwice = [
    #"""
    "workflow_step":[{"step_id":"s1","workflow_id":"w"}],
    "task_queue":[{"task_id":"u","agent_id":"A","status":"pending"}]
    """#,
    #"""
    "workflow_step":[{"workflow_id":"w","step_id":"\u0073\u0031"}],
    "task_queue":[{"agent_id":"A","task_id":"u","status":"pending"},{"agent_id":"A","task_id":"u","status":"done"},
      {"agent_id":"A","status":"pending","task_id":"u"},{"status":"pending","agent_id":"A","task_id":"u"}]
    """#,
  ]

  static let histories: [History] = [
    History(
      "a registration goes whose id was an alias",
      [registry("reg-A", "A"), task("reg-A") + "," + noRegistry]),
    History(
      "an agent goes whose name is an alias by now",
      [
        capability("reg-B"),
        registry("reg-B", "B") + "," + noCapability + "," + event("reg-B"),
      ]),
    History(
      "a registration says that a capability was another agent's",
      [
        capability("reg-B") + "," + event("reg-B"),
        registry("reg-B", "B") + "," + capability("reg-B") + "," + event("reg-B"),
      ]),
    History(
      "a capability is its own agent's when the registration goes",
      [
        registry("reg-B", "B") + "," + capability("reg-B") + "," + event("reg-B"),
        noRegistry + "," + capability("reg-B") + "," + event("reg-B"),
      ]),
    History(
      "a registration says another name",
      [
        registry("r", "B") + "," + capability("r") + "," + event("r"),
        registry("r", "C") + "," + capability("r") + "," + event("r"),
        registry("r", "r") + "," + capability("r") + "," + event("r"),
      ]),
    History(
      "an agent goes that rows refer to",
      [
        capability("A") + "," + task("A") + "," + event("A"),
        noCapability + "," + task("A") + "," + event("A"),
      ]),
    History(
      "an update refers to nobody",
      [capability("A") + "," + task("A"), capability("A") + "," + task("Ghost", status: "done")]),
    History(
      "rows are spelled otherwise when they come to refer to nobody",
      [
        capability("A") + "," + spelled[0],
        noCapability + "," + spelled[1],
      ]),
    History(
      "a step is spelled otherwise when it comes to refer to nobody, and a task that stands several times",
      [
        capability("A") + "," + workflow(#"{"workflow_id":"w"}"#) + "," + spelledTwice[0],
        noCapability + "," + workflow("") + "," + spelledTwice[1],
      ], isWhole: false),
    History(
      "an update cannot be read",
      [task("A"), task("A", status: #"done","created_at":"never"#)]),
    History(
      "a supervisor goes, and those under it in turn",
      [
        #""agent_registry":[{"agent_id":"A","agent_name":"A"},{"agent_id":"B","agent_name":"B","supervisor_id":"A"},{"agent_id":"C","agent_name":"C","supervisor_id":"B"}],"#
          + task("C") + "," + event("B"),
        #""agent_registry":[{"agent_id":"B","agent_name":"B","supervisor_id":"A"},{"agent_id":"C","agent_name":"C","supervisor_id":"B"}],"#
          + task("C") + "," + event("B"),
      ]),
    History(
      "an update of a registration names a supervisor that nobody is",
      [
        registry("r", "B") + "," + event("r"),
        registry("r", "B", #","supervisor_id":"Ghost""#) + "," + event("r"),
      ]),
    History(
      "a workflow goes that rows refer to, and comes again",
      [
        workflow(#"{"workflow_id":"w"}"#) + "," + inWorkflow, workflow("") + "," + inWorkflow,
        workflow(#"{"workflow_id":"w"}"#) + "," + inWorkflow,
      ]),
    History(
      "a workflow goes that rows refer to",
      [workflow(#"{"workflow_id":"w"}"#) + "," + inWorkflow, workflow("") + "," + inWorkflow]),
    History(
      "a workflow stands in the other table",
      [
        #""workflows":[{"workflow_id":"w"}],"workflow_coordination":[],"# + inWorkflow,
        #""workflows":[],"workflow_coordination":[{"workflow_id":"w","status":"done"}],"#
          + inWorkflow,
        #""workflows":[{"workflow_id":"w"}],"workflow_coordination":[],"# + inWorkflow,
      ]),
    History(
      "an update of a workflow names a coordinator that nobody is",
      [
        workflow(#"{"workflow_id":"w","participating_agents":"[]"}"#) + "," + inWorkflow,
        workflow(#"{"workflow_id":"w","participating_agents":"[\"Ghost\"]"}"#) + "," + inWorkflow,
      ]),
    History(
      "an override is about what only rows refer to that go",
      [
        inWorkflow + "," + task("A"),
        #""user_overrides":[{"override_id":"o","target_id":"w"},{"override_id":"p","target_id":"A"}],"#
          + #""task_assignment":[],"workflow_step":[],"workflow_steps":[],"task_queue":[]"#,
      ]),
    History(
      "a deletion that was recorded takes a workflow away as a row comes for it",
      [
        workflow(#"{"workflow_id":"w"}"#),
        #""workflow_coordination":{"deletes":[{"workflow_id":"w"}],"inserts":[]},"#
          + #""workflow_step":{"deletes":[],"inserts":[{"step_id":"s1","workflow_id":"w"}]}"#,
      ], isWhole: false),
  ]

  /// Exports in parts: what a part lacks may come to refer to what is gone by the time that it comes.
  static let partial: [History] = [
    History(
      "a workflow's coordinator goes while the workflow is not told of",
      [
        registry("r1", "b") + "," + workflow(#"{"workflow_id":"w","coordinator_agent":"b"}"#),
        noRegistry,
        noRegistry + "," + workflow(#"{"workflow_id":"w","coordinator_agent":"b"}"#),
      ]),
    History(
      "a name is another agent's by the time that a row of it comes again",
      [
        #""agent_registry":[{"agent_id":"r1","agent_name":"b"},{"agent_id":"u1","agent_name":"a","supervisor_id":"b"}],"#
          + workflow(#"{"workflow_id":"w","coordinator_agent":"u1"}"#) + "," + inWorkflow + ","
          + task("u1") + "," + event("u1"),
        registry("a", "u2"),
        registry("a", "u2") + "," + workflow(#"{"workflow_id":"w","coordinator_agent":"u1"}"#)
          + "," + inWorkflow + "," + task("u1") + "," + event("u1"),
      ]),
    History(
      "a supervisor goes while the registrations are not told of",
      [
        capability("b") + "," + registry("r", "a", #","supervisor_id":"b""#) + "," + event("a"),
        noCapability,
        noCapability + "," + registry("r", "a", #","supervisor_id":"b""#) + "," + event("a"),
      ]),
    History(
      "a step's agent goes while the steps are not told of",
      [
        registry("u1", "a") + "," + workflow(#"{"workflow_id":"w"}"#)
          + #","workflow_step":[{"step_id":"s","workflow_id":"w","assigned_agent":"u1"}]"#,
        registry("a", "u2"),
        registry("a", "u2") + "," + workflow(#"{"workflow_id":"w"}"#)
          + #","workflow_step":[{"step_id":"s","workflow_id":"w","assigned_agent":"u1"}]"#,
      ]),
  ]

  /// The last export's tables come one by one before it comes whole, forwards or backwards.
  @Test(arguments: histories.filter(\.isWhole), OrphanPolicy.allCases)
  func `tables that come one by one are as all of them together`(
    _ history: History, _ orphans: OrphanPolicy
  ) throws {
    try withTemporaryFolder { folder in
      let last = history.exports.last ?? ""
      try migrate(last, into: folder + "/alone.db", deleting: true, orphans: orphans)
      let tables = try (JSON.parse(last).members ?? []).map {
        "{\(JSONWriter.compact(.string($0.name))):\(JSONWriter.compact($0.value))}"
      }
      var orders = [("back", Array(tables.reversed()))]
      // Only here does a row go for what another one lacks, in whichever order they come.
      if orphans == .reject { orders.append(("on", tables)) }
      for (name, parts) in orders {
        let store = "\(folder)/\(name).db"
        for export in history.exports.dropLast() + parts + [last] {
          try migrate(export, into: store, deleting: true, orphans: orphans)
        }
        let differences = StoreDump.differences(
          try StoreDump.marketplace(of: folder + "/alone.db"), try StoreDump.marketplace(of: store))
        #expect(differences == [], "\(name)")
        #expect(try verify(store).isIdentical, "\(name)")
      }
    }
  }

  @Test(arguments: histories + partial, OrphanPolicy.allCases)
  func `what is left is what the last export says`(_ history: History, _ orphans: OrphanPolicy)
    throws
  {
    try withTemporaryFolder { folder in
      let (store, alone) = (folder + "/all.db", folder + "/alone.db")
      var runs: [String] = []
      var hashes: [String] = []
      for export in history.exports {
        runs.append(try migrate(export, into: store, deleting: true, orphans: orphans).runID)
        hashes.append(try hash(store))
        let report = try verify(store)
        #expect(report.isIdentical, "\(report.text)")
      }
      let check = try StoreCheck(Store(path: store))
      #expect(check.isSound, "\(check.text)")
      if history.isWhole {
        let last = history.exports.last ?? ""
        try migrate(last, into: alone, deleting: true, orphans: orphans)
        let differences = StoreDump.differences(
          try StoreDump.marketplace(of: alone), try StoreDump.marketplace(of: store))
        #expect(differences == [])
        #expect(try hash(alone) == hashes.last)
        let again = try migrate(last, into: store, deleting: true, orphans: orphans)
        let totals = again.ledger.totals
        #expect(totals.unchanged + totals.rejected == totals.read)
        #expect(try hash(store) == hashes.last)
        _ = try Rollback(again.runID, store: store).run()
      }
      while let run = runs.popLast() {
        #expect(try hash(store) == hashes.popLast())
        _ = try Rollback(run, store: store).run()
      }
    }
  }
}
