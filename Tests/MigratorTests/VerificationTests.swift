import AgoraStore
import Migrator
import TestSupport
import Testing

/// What comparing a store with an export says.
@Suite struct VerificationTests {
  /// A row of each kind before v4 changed it and after, and what v5 has made of its record.
  private static let rows: [(table: String, before: String, after: String, onV5: String)] = [
    (
      "agent_message", #""message_id":"1","content":"x","priority":1"#,
      #""message_id":"1","content":"x","priority":2"#, "UPDATE messages SET priority=4"
    ),
    (
      "task_assignment", #""assignment_id":"1","priority":1"#, #""assignment_id":"1","priority":2"#,
      "UPDATE tasks SET priority=4"
    ),
    (
      "agent_capability", #""capability_id":"1","agent_id":"a","is_active":true"#,
      #""capability_id":"1","agent_id":"a","is_active":false"#,
      "UPDATE agents SET status='suspended'"
    ),
    (
      "workflow_coordination", #""workflow_id":"1","status":"active""#,
      #""workflow_id":"1","status":"done""#, "UPDATE workflows SET status='failed', source_hash=0"
    ),
  ]

  @Test func `a record that v5 has changed is told once, whatever else is with it`() throws {
    for (table, before, after, onV5) in Self.rows {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        func export(_ row: String) -> String { "{\"\(table)\":[{\(row)},{\(row)}]}" }
        try migrate(export(before), into: store)
        let kind = Self.v5Table(of: table)
        try Connection(path: store, mode: .readWrite).execute(
          """
          \(onV5);
          INSERT INTO audit(audit_id, action, target)
            SELECT 'aud_01a20656000070008000000000000009', 'x', \(kind.dropLast())_id FROM \(kind);
          """)
        #expect(try verify(store).changedOnV5.count == 1, "\(table)")
        #expect(try migrate(export(after), into: store).conflicts > 0, "\(table)")
        let report = try verify(store)
        #expect(report.isIdentical && report.changedOnV5.count == 1, "\(table): \(report.text)")
        let listed = report.json["changed_on_v5"]?.elements?.compactMap { $0["v5_id"]?.text }
        #expect(listed?.count == 1, "\(table)")
      }
    }
  }

  /// The v5 table of a v4 table's records.
  private static func v5Table(of table: String) -> String {
    switch table {
    case "agent_message": "messages"
    case "task_assignment": "tasks"
    case "agent_capability": "agents"
    default: "workflows"
    }
  }
}
