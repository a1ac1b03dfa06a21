import AgoraStore
import Migrator
import TestSupport
import Testing

/// Agents that go by another name in a later export, or by what the operator says of them.
@Suite struct RenameTests {
  private static func export(registration: String, more: String = "") -> String {
    #"""
    {"agent_registry":[{"agent_id":"r",\#(registration)},{"agent_id":"s","agent_name":"s","supervisor_id":"r"}],
    "agent_capability":[{"capability_id":"1","agent_id":"Old","capability_type":"t"}],
    "agent_message":[{"message_id":"1","from_agent":"Old","to_agent":"r","content":"x"},
    {"message_id":"2","from_agent":"New","to_agent":"s","content":"y"}\#(more)],
    "task_assignment":[{"assignment_id":"1","workflow_id":"w","agent_id":"r","requesting_agent":"Old"}],
    "workflow_coordination":[{"workflow_id":"w","coordinator_agent":"Old","participating_agents":["r","Old","New"]}],
    "workflow_step":[{"step_id":"1","workflow_id":"w","step_name":"x","assigned_agent":"Old"}],
    "user_overrides":[{"override_id":"1","target_id":"Old"}]}
    """#
  }

  private static let more = #",{"message_id":"3","from_agent":"Old","content":"z"}"#
  private static let old = #""agent_name":"Old""#

  private static let deltas: [(what: String, first: String, then: String, [String: String])] = [
    (
      "an alias", export(registration: old),
      export(registration: old + #","status":"paused""#, more: more), ["Old": "New"]
    ),
    (
      "an alias and nothing else", export(registration: old), export(registration: old),
      ["Old": "New"]
    ),
    (
      "an alias to a name that nobody had", export(registration: old),
      export(registration: old, more: more), ["Old": "Newest"]
    ),
    (
      "an alias of an agent that nobody described", export(registration: #""agent_name":"r""#),
      export(registration: #""agent_name":"r""#, more: more), ["New": "r"]
    ),
    (
      "another name in the registration", export(registration: old),
      export(registration: #""agent_name":"New""#, more: more), [:]
    ),
    (
      "a name that was only referred to", export(registration: #""agent_name":"r""#),
      export(registration: #""agent_name":"Newest""#, more: more).replacing(
        #""agent_id":"Old","cap"#, with: #""agent_id":"New","cap"#), [:]
    ),
  ]

  @Test func `an agent that was renamed is one agent, as if it had always gone by the name`() throws
  {
    for (what, first, then, aliases) in Self.deltas {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        try migrate(first, into: store)
        let before = try hash(store)
        let delta = try migrate(then, into: store, aliases: aliases)
        let report = try verify(store)
        #expect(report.isIdentical, "\(what): \(report.text)")
        let check = try StoreCheck(Store(path: store))
        #expect(check.isSound, "\(what): \(check.text)")
        let after = try hash(store)
        try migrate(then, into: folder + "/fresh.db", aliases: aliases)
        if what != "another name in the registration", what != "a name that was only referred to" {
          let differences = StoreDump.differences(
            try StoreDump.marketplace(of: folder + "/fresh.db"),
            try StoreDump.marketplace(of: store))
          #expect(differences == [], "\(what)")
        }
        // What was said once holds.
        let again = try migrate(then, into: store)
        #expect(again.ledger.totals.unchanged == again.ledger.totals.read, "\(what)")
        #expect(try hash(store) == after, "\(what)")
        var bundles: [String] = []
        for withNew in [false, true] {
          _ = try V4Export.write(
            Store(path: store), source: nil, to: folder + "/back.json", includingNew: withNew)
          bundles.append(try contents(folder + "/back.json"))
        }
        #expect(bundles[0] == bundles[1], "\(what)")
        for run in [again.runID, delta.runID] { _ = try Rollback(run, store: store).run() }
        #expect(try hash(store) == before, "\(what)")
        try write(first, to: store + ".json")
        let back = try verify(store)
        #expect(back.isIdentical, "\(what): \(back.text)")
      }
    }
  }

  @Test func `an agent that v5 has worked with keeps its name`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate(Self.export(registration: Self.old), into: store)
      try Connection(path: store, mode: .readWrite).execute(
        """
        UPDATE agents SET status='suspended' WHERE agent_name='Old';
        INSERT INTO audit(audit_id, action, target)
          SELECT 'aud_01a20656000070008000000000000009', 'x', agent_id FROM agents WHERE agent_name='Old'
        """)
      let before = try hash(store)
      let refusal = #expect(throws: AgoraError.self) {
        try migrate(Self.export(registration: Self.old), into: store, aliases: ["Old": "New"])
      }
      #expect(refusal?.code == .refused && refusal?.message.contains("Old") == true)
      #expect(try hash(store) == before)
      // Another name in its registration is a conflict.
      let delta = try migrate(Self.export(registration: #""agent_name":"New""#), into: store)
      #expect(delta.conflicts == 1)
      #expect(try hash(store) == before)
      let report = try verify(store)
      #expect(report.isIdentical, "\(report.text)")
      let check = try StoreCheck(Store(path: store))
      #expect(check.isSound, "\(check.text)")
    }
  }

  @Test func `an alias that is another agent's later brings along what was known under it`() throws
  {
    try withTemporaryFolder { folder in
      let (store, alone) = (folder + "/s.db", folder + "/alone.db")
      let export = """
        {"agent_registry":[{"agent_id":"A","agent_name":"A"},{"agent_id":"B","agent_name":"B"}],
        "task_queue":[{"task_id":"1","agent_id":"Ghost"}],
        "workflows":[{"workflow_id":"w","initiator_agent":"Ghost","assigned_agents":["Ghost","A"]}],
        "workflow_steps":[{"step_id":"1","workflow_id":"w","assigned_agent":"Ghost"}]}
        """
      try migrate(export, into: alone, aliases: ["Ghost": "B"])
      try migrate(export, into: store, aliases: ["Ghost": "A"])
      let before = try hash(store)
      let run = try migrate(export, into: store, aliases: ["Ghost": "B"])
      let report = try verify(store)
      #expect(report.isIdentical, "\(report.text)")
      #expect(try hash(store) == hash(alone))
      _ = try Rollback(run.runID, store: store).run()
      #expect(try hash(store) == before)
    }
  }

  @Test func `who registers on v5 later is not who an override of v4 was about`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      let export = #"{"user_overrides":[{"override_id":"1","target_id":"later","reason":"r"}]}"#
      try migrate(export, into: store)
      try Connection(path: store, mode: .readWrite).execute(
        """
        INSERT INTO agents(agent_id, agent_name)
        VALUES('agent_01a20656000070008000000000000001','later')
        """)
      let before = try hash(store)
      let report = try verify(store)
      #expect(report.isIdentical, "\(report.text)")
      let again = try migrate(export, into: store)
      #expect(again.ledger.totals.unchanged == 1)
      #expect(try hash(store) == before)
    }
  }

  @Test func `references that were left empty are filled when what they name comes`() throws {
    let rows = #"""
      "agent_message":[{"message_id":"1","from_agent":"a","to_agent":"b","content":"x"}],
      "task_assignment":[{"assignment_id":"1","workflow_id":"w","agent_id":"a","requesting_agent":"b"}],
      "workflow_step":[{"step_id":"1","workflow_id":"v","step_name":"s","assigned_agent":"a"}],
      "agent_registry":[{"agent_id":"c","agent_name":"c","supervisor_id":"a"}],
      "workflow_coordination":[{"workflow_id":"v","coordinator_agent":"b","participating_agents":["a","c"]}\#

      """#
    let first = "{" + rows + "]}"
    let then =
      "{" + rows + #",{"workflow_id":"w"}],"agent_capability":["#
      + #"{"capability_id":"1","agent_id":"a","capability_type":"t"}]}"#
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      for (export, path) in [(first, store), (then, store), (then, folder + "/fresh.db")] {
        try write(export, to: path + ".json")
        var options = MigrationOptions(exports: [path + ".json"])
        options.orphans = .keep
        _ = try Migration(options, store: path).run()
      }
      let differences = StoreDump.differences(
        try StoreDump.marketplace(of: folder + "/fresh.db"), try StoreDump.marketplace(of: store))
      #expect(differences == [])
      let report = try verify(store)
      #expect(report.isIdentical, "\(report.text)")
      // Who registers on v5 under the name is not filled in, and is no damage.
      try Connection(path: store, mode: .readWrite).execute(
        "INSERT INTO agents(agent_id, agent_name) VALUES('agent_01a20656000070008000000000000001','b')"
      )
      let before = try hash(store)
      let later = try verify(store)
      #expect(later.isIdentical, "\(later.text)")
      var options = MigrationOptions(exports: [store + ".json"])
      options.orphans = .keep
      _ = try Migration(options, store: store).run()
      #expect(try hash(store) == before)
    }
  }
}
