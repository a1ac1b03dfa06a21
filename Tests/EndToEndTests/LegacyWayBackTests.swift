import AgoraStore
import CompatProxy
import TestSupport
import Testing

/// What v4's agents brought, imported or by calls, as they read it again: with SQL, and in the bundle that
/// would take them back to v4.
@Suite struct LegacyWayBackTests {
  /// One row of each table that is on record.
  private static let bundle = #"""
    {"agent_capability":[{"capability_id":"id_1","agent_id":"Alice","capability_type":"docs","proficiency_level":8,"max_concurrent_tasks":2,"success_rate":0.9,"resource_requirements":{"some":"gpu"},"is_active":true,"created_at":{"__timestamp_micros_since_unix_epoch__":1748166368123456}}],
    "agent_registry":[{"agent_id":"b-1","agent_name":"Bob","agent_type":"testing","supervisor_id":{"some":"Alice"},"status":"idle","registered_at":1748166368123456,"last_heartbeat":1748166368123456,"config":"{\"x\":1}"}],
    "agent_message":[{"message_id":"id_1","from_agent":"Alice","to_agent":"*","message_type":"Note","content":"hi","priority":5,"requires_response":true,"correlation_id":[0,"c1"],"status":"pending","timestamp":[1748166368123456]}],
    "workflow_coordination":[{"workflow_id":"wf_x","workflow_type":"t","coordinator_agent":"Alice","participating_agents":"[\"Bob\",null]","coordination_strategy":"parallel","status":"active","created_at":1748166368123456}],
    "workflow_step":[{"step_id":"id_9","workflow_id":"wf_x","step_name":"one","step_order":3,"assigned_agent":"Bob","status":"working","input_data":"{\"a\":1}","output_data":"o","started_at":1748166368123456,"completed_at":null}],
    "task_assignment":[{"assignment_id":"id_4","workflow_id":"wf_x","task_type":"review","input_data":"{}","required_capabilities":"[\"testing\"]","requesting_agent":"Alice","agent_id":"Bob","progress":0.5,"status":"working","priority":5,"created_at":1748166368123456}],
    "task_queue":[{"task_id":"tq1","agent_id":"Bob","task_type":"x","priority":1,"payload":"{}","status":"assigned","created_at":1748166368123456,"assigned_at":1748166369000000,"completed_at":null}],
    "system_events":[{"event_id":"evt_1","event_type":"Started","source_agent":"Alice","target_agent":"Bob","timestamp":1748166368123456,"data":"{\"k\":1}","priority":4}],
    "coordination_error":[{"error_id":"id_5","error_message":"boom","agent_id":"Alice","created_at":1748166368123456}],
    "coordination_metrics":[{"metric_id":"id_6","metric_name":"load"}],
    "health_metrics":{"schema":{"elements":[{"name":{"some":"metric_id"},"algebraic_type":{"String":[]}},{"name":{"some":"up"},"algebraic_type":{"Bool":[]}}]},"rows":[["h1",true]]},
    "system_alerts":[{"alert_id":"a1","severity":"high"}],
    "user_notifications":[{"notification_id":"n1","user_id":"u1","notification_type":"info","severity":"low","title":"T","message":"M"}],
    "users":[{"user_id":"u1","name":"Ann"}],
    "user_overrides":[{"override_id":"o1","user_id":"u1","override_type":"emergency","target_id":"Alice","action":"pause","reason":"r","timestamp":1748166368123456,"priority":255}],
    "user_directives":[{"directive_id":"d1","user_id":"u1","directive":"do"}],
    "user_audit_log":[{"log_id":7,"user_id":"u1","action":"login"}],
    "agent_hierarchy":[{"hierarchy_id":"hh","parent":"Alice"}],
    "coordination_locks":[{"lock_id":"l1"}],
    "agent_subscriptions":[{"subscription_id":"s1","agent_id":"Alice","event_pattern":"task_*","callback_url":"http://x","is_active":true,"created_at":1748166368123456,"last_triggered":{"none":[]}}],
    "session_management":[{"session_id":"se1","user_id":"u1"}]}
    """#

  private static let time = "[1748166368123456]"

  /// A query of each table, and the one row that it gives.
  private static let queries: [(String, String)] = [
    (
      "SELECT * FROM agent_capability",
      #"["id_1","Alice","docs",8,2,[1,[]],[0,0.9],"gpu","",true,\#(time)]"#
    ),
    (
      "SELECT * FROM agent_registry WHERE agent_name='Bob'",
      #"["b-1","Bob","testing",[0,"Alice"],"idle",\#(time),\#(time),"{\"x\":1}"]"#
    ),
    (
      "SELECT * FROM agent_message",
      #"["id_1","Alice","broadcast","Note","hi","hi",5,true,[0,"c1"],[1,[]],[1,[]],"{}","pending",\#(time),\#(time),false]"#
    ),
    (
      "SELECT * FROM task_assignment WHERE assignment_id='id_4'",
      #"["id_4","id_4","wf_x","review","{}","{}","[\"testing\"]","Alice","Bob","Bob",0.5,"working","working","{}",5,\#(time),[1,[]]]"#
    ),
    (
      "SELECT * FROM task_queue WHERE task_id='tq1'",
      #"["tq1","Bob","x",1,"{}","assigned",\#(time),[0,[1748166369000000]],[1,[]]]"#
    ),
    (
      "SELECT * FROM workflow_coordination",
      #"["wf_x","t","t","Alice","[\"Bob\"]","parallel","active",\#(time),[1,[]]]"#
    ),
    (
      "SELECT * FROM workflows",
      #"["wf_x","t","active","Alice","[\"Bob\"]",\#(time),[1,[]],"{}"]"#
    ),
    (
      "SELECT * FROM workflow_step",
      #"["id_9","wf_x","one",3,"Bob","working","{\"a\":1}","o",[0,\#(time)],[1,[]]]"#
    ), ("SELECT step_id FROM workflow_steps", #"["id_9"]"#),
    (
      "SELECT * FROM system_events", #"["evt_1","Started","Alice","Bob",\#(time),"{\"k\":1}",4]"#
    ),
    (
      "SELECT error_id, source_agent, timestamp FROM coordination_error",
      #"["id_5","Alice",\#(time)]"#
    ),
    (
      "SELECT data FROM coordination_metrics",
      #"["{\"metric_id\":\"id_6\",\"metric_name\":\"load\"}"]"#
    ),
    ("SELECT data FROM health_metrics", #"["{\"metric_id\":\"h1\",\"up\":true}"]"#),
    ("SELECT alert_id FROM system_alerts", #"["a1"]"#),
    (
      "SELECT notification_id, user_id, notification_type, severity, title, message FROM user_notifications",
      #"["n1","u1","info","low","T","M"]"#
    ), ("SELECT * FROM users", #"["u1","{\"user_id\":\"u1\",\"name\":\"Ann\"}"]"#),
    (
      "SELECT * FROM user_overrides",
      #"["o1","u1","emergency","Alice","pause","r",\#(time),255]"#
    ),
    (
      "SELECT directive_id, user_id, json_extract(data,'$.directive') FROM user_directives",
      #"["d1","u1","do"]"#
    ), ("SELECT log_id, user_id, action FROM user_audit_log", #"[7,"u1","login"]"#),
    ("SELECT hierarchy_id FROM agent_hierarchy", #"["hh"]"#),
    ("SELECT lock_id FROM coordination_locks", #"["l1"]"#),
    (
      "SELECT * FROM agent_subscriptions",
      #"["s1","Alice","task_*","http://x",true,\#(time),[1,[]]]"#
    ), ("SELECT session_id FROM session_management", #"["se1"]"#),
  ]

  private func migrated(in folder: String) throws {
    try write(Self.bundle, to: folder + "/v4.json")
    let run = try Child.run("agora", ["migrate", "v4.json", "--no-progress"], in: folder)
    try #require(run.status == 0, "\(run.talk)")
  }

  @Test func `each table on record shows its imported rows with v4's columns and words`() throws {
    try withTemporaryFolder { folder in
      try migrated(in: folder)
      #expect(Set(Self.queries.compactMap { LegacyTable.names(in: $0.0) }).count == 23)
      for (query, row) in Self.queries {
        let answer = try LegacySQL.answer(query, path: folder + "/agora.db", within: .stranger)
        let rows = answer.rows.map { JSONWriter.compact(answer.row($0)) }
        #expect(rows == [row], "\(query)")
      }
    }
  }

  private static let calls: [[String]] = [
    [
      "register_agent_capability", "--capability_id", "c9", "--agent_id", "Zed",
      "--capability_type", "paint", "--proficiency_level", "77", "--max_concurrent_tasks", "3",
      "--average_completion_time", "1.5", "--success_rate", "0.75", "--resource_requirements",
      "gpu", "--availability_schedule", "always", "--is_active", "true",
    ], ["register_agent_capability", "Zed", "sing", "9", "4"],
    ["register_agent_capability", "Alice", "docs", "10", "5"],
    ["send_agent_message", "Zed", "Alice", "info", "five", "5", "true", "c-1"],
    ["send_message", "m1", "Zed", "Alice", "info", "most", "255"],
    ["create_task", "t-9", "Zed", "paint", "5", "{}"],
    ["start_workflow_coordination", "w-9", "Zed", "[\"Alice\"]", "parallel"],
    ["assign_task", "w-9", "mix", "{}", "[\"nobody can\"]", "Zed"],
  ]

  @Test func `what calls say and v5 has no place for is in the bundle, and read with SQL`() throws {
    try withTemporaryFolder { folder in
      try migrated(in: folder)
      func spacetime(_ words: [String]) throws -> Child {
        try Child.run(
          "spacetime", words, in: folder, environment: ["AGORA_STORE": folder + "/agora.db"])
      }
      for words in Self.calls {
        let run = try spacetime(["call", "agora-marketplace"] + words)
        #expect(run.status == 0, "\(words): \(run.talk)")
      }
      let export = try Child.run("agora", ["export", "--format", "v4", "--with-new"], in: folder)
      let bundle = try JSON.parse(export.output)
      let same = try spacetime(["export", "agora-marketplace", "--format", "json"])
      #expect(same.output == export.output)
      func row(_ table: String, _ column: String, _ value: String) -> JSON? {
        bundle[table]?.elements?.first { $0[column]?.text == value }
      }
      let fields: [(JSON?, [(String, String)])] = [
        (
          row("agent_capability", "capability_type", "docs"),
          [
            ("proficiency_level", "10"), ("max_concurrent_tasks", "5"), ("success_rate", "0.9"),
            ("resource_requirements", #"{"some":"gpu"}"#),
          ]
        ),
        (
          row("agent_capability", "capability_type", "paint"),
          [
            ("proficiency_level", "77"), ("max_concurrent_tasks", "4"), ("success_rate", "0.75"),
            ("average_completion_time", "1.5"), ("availability_schedule", #""always""#),
          ]
        ),
        (
          row("agent_capability", "capability_type", "sing"),
          [("proficiency_level", "9"), ("max_concurrent_tasks", "4")]
        ),
        (
          row("agent_message", "content", "five"),
          [
            ("priority", "5"), ("requires_response", "true"), ("correlation_id", #"[0,"c-1"]"#),
          ]
        ), (row("agent_message", "content", "most"), [("priority", "255")]),
        (row("agent_message", "content", "hi"), [("priority", "5")]),
        (row("task_assignment", "task_type", "paint"), [("priority", "5")]),
        (
          row("task_assignment", "task_type", "mix"),
          [("required_capabilities", #""[\"nobody can\"]""#)]
        ),
        (
          row("workflow_coordination", "workflow_type", "w-9"),
          [("coordination_strategy", #""parallel""#)]
        ),
      ]
      for (row, values) in fields {
        for (name, value) in values {
          #expect(row?[name].map(JSONWriter.compact) == value, "\(name) \(String(describing: row))")
        }
      }
      // A task names its workflow as the workflow's row does.
      let workflow = row("workflow_coordination", "workflow_type", "w-9")?["workflow_id"]?.text
      let named = row("task_assignment", "task_type", "mix")?["workflow_id"]?.text
      #expect(workflow != nil && workflow == named)
      for (query, rows) in [
        (
          "SELECT capability_type, proficiency_level, max_concurrent_tasks FROM agent_capability ORDER BY 1",
          #"["docs",10,5] ["paint",77,4] ["sing",9,4]"#
        ),
        (
          "SELECT content, priority FROM agent_message ORDER BY 1",
          #"["five",5] ["hi",5] ["most",255]"#
        ), ("SELECT priority FROM task_queue WHERE task_id='t-9'", "[5]"),
      ] {
        let answer = try LegacySQL.answer(query, path: folder + "/agora.db")
        let found = answer.rows.map { JSONWriter.compact(answer.row($0)) }.joined(separator: " ")
        #expect(found == rows, "\(query)")
      }
      // Back in a store of its own it says the same.
      try write(export.output, to: folder + "/back.json")
      let back = try Child.run(
        "agora", ["migrate", "back.json", "--no-progress", "--store", "other.db"], in: folder)
      #expect(back.status == 0, "\(back.talk)")
      let answer = try LegacySQL.answer(
        "SELECT priority FROM agent_message WHERE content='most'", path: folder + "/other.db")
      #expect(answer.rows == [[.integer(255)]])
    }
  }
}

extension LegacyTable {
  /// The table that a query names.
  fileprivate static func names(in query: String) -> String? {
    let words = query.split(separator: " ").map(String.init)
    return words.firstIndex(of: "FROM").map { words[$0 + 1] }
  }
}
