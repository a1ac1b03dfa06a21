import AgoraStore
import Migrator
import TestSupport
import Testing

/// What v5 made of a marketplace goes to v4 with `--with-new` and comes back from there.
@Suite struct ThereAndBackTests {
  /// What v5 has made of a marketplace, and what of it v4 has to hear.
  private static let lives: [(what: String, export: String, onV5: String, told: String?)] = [
    (
      "an agent that was born on v5",
      #"{"agent_capability":[{"capability_id":"1","agent_id":"a","capability_type":"t","level":3}]}"#,
      """
      INSERT INTO agents(agent_id, agent_name, status, capabilities, max_concurrent_tasks, metadata)
      VALUES('agent_01a20656000070008000000000000001','born','paused','["x","y"]',3,'{"k":1}')
      """, "born"
    ),
    (
      "one without capabilities, beside registrations",
      #"{"agent_registry":[{"agent_id":"a","agent_name":"a","agent_type":"t","config":"{}","n":1}]}"#,
      """
      INSERT INTO agents(agent_id, agent_name, status, registered_at)
      VALUES('agent_01a20656000070008000000000000001','born','suspended',77)
      """, "born"
    ),
    (
      "an agent that v4 only refers to, suspended",
      #"{"agent_message":[{"message_id":"1","from_agent":"ghost","content":"x"}]}"#,
      """
      UPDATE agents SET status='suspended';
      INSERT INTO audit(audit_id, action, target) SELECT 'aud_01a20656000070008000000000000009', 'x', agent_id FROM agents
      """, "suspended"
    ),
    (
      "a workflow that v4 only refers to, started, with steps of v4",
      #"{"workflow_step":[{"step_id":"1","workflow_id":"lost","step_name":"s","status":"pending"}]}"#,
      """
      UPDATE workflows SET status='running', source_hash=0,
        steps=json_set(steps,'$[0].status','in_progress');
      INSERT INTO audit(audit_id, action, target) SELECT 'aud_01a20656000070008000000000000009', 'x', workflow_id FROM workflows
      """, #""status":"running""#
    ),
    (
      "one beside the other table of workflows",
      #"{"workflows":[{"workflow_id":"w"}],"task_assignment":[{"assignment_id":"1","workflow_id":"lost"}]}"#,
      """
      UPDATE workflows SET status='terminated', source_hash=0 WHERE source_row IS NULL;
      INSERT INTO audit(audit_id, action, target)
        SELECT 'aud_01a20656000070008000000000000009', 'x', workflow_id FROM workflows WHERE source_row IS NULL
      """, "terminated"
    ),
    (
      "an agent that v4 only refers to and v5 let be",
      #"{"agent_message":[{"message_id":"1","from_agent":"ghost","content":"x"}]}"#,
      "INSERT INTO audit(audit_id, action, target) SELECT 'aud_01a20656000070008000000000000009', 'x', agent_id FROM agents",
      nil
    ),
  ]

  @Test func `what the store itself exported changes nothing when it comes back`() throws {
    for (what, export, onV5, told) in Self.lives {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        try migrate(export, into: store)
        try Connection(path: store, mode: .readWrite).execute(onV5)
        let before = try hash(store)
        let newer = try bundle(store, withNew: true)
        if let told {
          #expect(newer.contains(told), "\(what): \(newer)")
        } else {
          #expect(newer == export + "\n", "\(what)")
        }
        let report = try migrate(newer, into: store)
        #expect(report.conflicts == 0 && report.ledger.totals.imported == 0, "\(what)")
        #expect(try hash(store) == before, "\(what)")
        let verified = try verify(store)
        #expect(verified.isIdentical, "\(what): \(verified.text)")
        #expect(try bundle(store, withNew: true) == newer, "\(what)")
        let again = try migrate(newer, into: store)
        #expect(again.ledger.totals.unchanged == again.ledger.totals.read, "\(what)")
        let check = try StoreCheck(Store(path: store))
        #expect(check.isSound, "\(what): \(check.text)")
        for run in [again.runID, report.runID] { _ = try Rollback(run, store: store).run() }
        #expect(try hash(store) == before, "\(what)")
        // A store of its own hears of it too.
        try migrate(newer, into: folder + "/fresh.db")
        #expect(try bundle(folder + "/fresh.db", withNew: true) == newer, "\(what)")
      }
    }
  }
}
