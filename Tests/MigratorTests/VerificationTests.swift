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

  private static let export =
    #"{"workflow_coordination":[{"workflow_id":"w"}],"workflow_step":[{"step_id":"1","workflow_id":"w","step_name":"one"}],"task_assignment":[{"assignment_id":"t"},{"assignment_id":"u"}],"user_overrides":[{"override_id":"o"}],"custom":[{"id":1}]}"#
  private static let list =
    #"[{"agent_id":"A","capabilities":["x"],"workflows":[{"workflow_name":"W","steps":[{"step":"s"}]}]}]"#

  /// An alteration behind the store's back, of which nothing that v4 says is true or untrue, and the
  /// fields or records that it is found by.
  private static let alterations: [(export: String, sql: String, found: [String])] = [
    (export, "UPDATE tasks SET notes='x' WHERE rowid=1", ["notes"]),
    (
      export, "UPDATE tasks SET deadline=1, dependencies='[1]' WHERE rowid=2",
      ["deadline", "dependencies"]
    ),
    (export, "UPDATE audit SET before='{}'", ["before"]),
    (
      export, #"UPDATE workflows SET steps=json_insert(steps,'$[#]',json('{"step_id":"step_x"}'))"#,
      ["step_x"]
    ),
    (
      list, #"UPDATE workflows SET steps=json_insert(steps,'$[#]',json('{"step_id":"step_x"}'))"#,
      ["steps"]
    ),
    (export, "UPDATE workflows SET steps='[\"x'", ["missing 1"]),
    // What is kept whole for want of a workflow.
    (
      #"{"workflow_step":[{"step_id":"1","workflow_id":"gone"}]}"#,
      "UPDATE archive SET row='{}', v4_id='2', v4_table='x'", ["v4_table", "v4_id", "row"]
    ),
    // What rows only refer to.
    (
      #"{"task_assignment":[{"assignment_id":"1","workflow_id":"gone"}]}"#,
      "UPDATE workflows SET workflow_name='x', status='failed', created_at=1",
      ["workflow_name", "status", "created_at"]
    ),
    (
      #"{"task_assignment":[{"assignment_id":"1","workflow_id":"gone"}]}"#,
      "PRAGMA foreign_keys=OFF; UPDATE tasks SET workflow_id=NULL; DELETE FROM workflows",
      ["workflow_id", "missing gone"]
    ),
    // Steps that changed places; one that asks for a place stands in front of the others.
    (
      #"{"workflow_step":[{"step_id":"1","workflow_id":"w"},{"step_id":"2","workflow_id":"w"},{"step_id":"3","workflow_id":"w","step_order":7}]}"#,
      "UPDATE workflows SET steps=(SELECT json_group_array(json(value)) FROM (SELECT value FROM json_each(steps) ORDER BY key DESC))",
      ["steps"]
    ),
    (
      export, "UPDATE v4_rows SET text='{' WHERE v4_id='t'",
      ["missing t", "t"]
    ),
  ]

  @Test func `what no row of v4 speaks of is looked at too, and damage is listed`() throws {
    for (export, sql, found) in Self.alterations {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        try migrate(export, into: store, orphans: sql.contains("archive") ? .keep : .stub)
        let clean = try verify(store)
        #expect(clean.isIdentical, "\(clean.text)")
        try Connection(path: store, mode: .readWrite).execute(sql)
        let report = try verify(store)
        let names =
          report.mismatches.map(\.field) + report.missing.map { "missing \($0.v4ID ?? "")" }
          + report.extra.map { $0.table == "steps" ? $0.v5ID ?? "" : $0.v4ID ?? "" }
        #expect(names == found, "\(sql): \(report.text)")
      }
    }
  }

  @Test func `options under which nothing came change nothing that is expected`() throws {
    let messages =
      #""agent_message":[{"message_id":"m1","from_agent":"Z","to_agent":"C"},{"message_id":"m2","priority":{}}]"#
    let steps =
      #""workflow_coordination":[{"workflow_id":"w","participating_agents":["Z"],"x":1}],"workflow_step":[{"step_id":"s","workflow_id":"w","agent":"Z"}],"task_queue":[{"task_id":"t","requesting_agent":"Z","x":1}]"#
    let agents =
      #""agent_registry":[{"agent_id":"C","agent_name":"C"},{"agent_id":"D","agent_name":"D","supervisor_id":"Z"}]"#
    let overrides = #""user_overrides":[{"override_id":"o","target_id":"Z"}]"#
    for policy in OrphanPolicy.allCases {
      for other in OrphanPolicy.allCases where other != policy {
        try withTemporaryFolder { folder in
          let store = folder + "/s.db"
          let what = "\(policy), then \(other)"
          try migrate("{\(messages),\(steps)}", into: store, orphans: policy)
          if policy == .stub {
            // v5 works on one of the stubs, and v4 describes it later.
            try Connection(path: store, mode: .readWrite).execute(
              """
              UPDATE agents SET metadata='{"migration_source":"v4"}' WHERE agent_name='C';
              INSERT INTO audit(audit_id, action, target)
                SELECT 'aud_01a20656000070008000000000000009', 'x', agent_id FROM agents WHERE agent_name='C';
              """)
          }
          let export = "{\(agents),\(messages),\(steps),\(overrides)}"
          try migrate(export, into: store, orphans: policy)
          let before = try verify(store)
          #expect(before.isIdentical, "\(what): \(before.text)")
          var options = MigrationOptions.retryingRejects()
          options.orphans = other
          let retry = try Migration(options, store: store).run()
          let isIdle = retry.ledger.totals.rejected == retry.ledger.totals.read
          let after = try verify(store)
          #expect(after.isIdentical, "\(what): \(after.text)")
          if isIdle { #expect(after.json == before.json, "\(what)") }
          // Nor does an import that finds everything known.
          let again = try migrate(export, into: store, orphans: other)
          let known = try verify(store)
          #expect(known.isIdentical, "\(what), \(again.ledger.totals): \(known.text)")
        }
      }
    }
  }

  @Test func `what v5 has made of a workflow that rows only refer to is its own work`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate(
        #"{"task_assignment":[{"assignment_id":"1","workflow_id":"gone"},{"assignment_id":"2","workflow_id":"other"}]}"#,
        into: store)
      try Connection(path: store, mode: .readWrite).execute(
        """
        UPDATE workflows SET status='running' WHERE workflow_name='gone';
        INSERT INTO audit(audit_id, action, target)
          SELECT 'aud_01a20656000070008000000000000009', 'x', workflow_id FROM workflows
          WHERE workflow_name='gone';
        """)
      let report = try verify(store)
      #expect(report.isIdentical && report.changedOnV5.count == 1, "\(report.text)")
    }
  }

  @Test func `what was found is told also while another program writes`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate(Self.export, into: store)
      let writer = try Connection(path: store, mode: .readWrite)
      try writer.execute("BEGIN IMMEDIATE")
      let beside = try verify(store)
      #expect(beside.isIdentical && beside.json["noted"] == .bool(false), "\(beside.text)")
      #expect(beside.text.contains("another program writes"))
      try writer.execute("ROLLBACK")
      #expect(try verify(store).json["noted"] == .bool(true))
    }
  }

  @Test func `what leaves out tables says so, and is no verification of the store`() throws {
    let notes = Query(
      "test",
      "SELECT count(*) FROM verifications WHERE status='identical' AND rows_covered=rows_imported")
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate(Self.export, into: store)
      func compare(_ export: String) throws -> (left: [String], isIdentical: Bool, notes: Int64?) {
        try write(export, to: store + ".json")
        let report = try verify(store)
        let count = try Connection(path: store, mode: .readOnly).integer(notes)
        #expect(
          report.json["tables_not_compared"]?.elements?.compactMap(\.text)
            == report.tablesNotCompared)
        return (report.tablesNotCompared, report.isIdentical, count)
      }
      let nothing = try compare("{}")
      #expect(nothing.left.count == 5 && nothing.isIdentical && nothing.notes == 0)
      let part = try compare(#"{"custom":[{"id":1}]}"#)
      #expect(part.left.count == 4 && !part.left.contains("custom") && part.notes == 0)
      let whole = try compare(Self.export)
      #expect(whole.left.isEmpty && whole.isIdentical && whole.notes == 1)
    }
  }

  @Test func `a check finds rows of v4 that nothing leads to`() throws {
    for (sql, name) in [
      ("DELETE FROM v4_tables", "places of v4 rows"), ("DELETE FROM v4_files", "places of v4 rows"),
      ("DELETE FROM v4_rows WHERE v4_id='1'", "places of v4 rows"),
      ("UPDATE v4_rows SET text='{'", "JSON of v4_rows.text"),
      ("UPDATE migration_runs SET report=''", "JSON of migration_runs.report"),
    ] {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        try migrate(Self.export, into: store)
        #expect(try StoreCheck(Store(path: store)).isSound)
        try Connection(path: store, mode: .readWrite).execute(sql)
        let wrong = try StoreCheck(Store(path: store)).findings.filter { $0.faults > 0 }
        #expect(wrong.map(\.name) == [name])
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
