import AgoraStore
import TestSupport
import Testing

/// Every reducer and shape, and every command, that v4's agents are known to run, through the drop-in:
/// exit code, standard output, standard error, stored rows.
@Suite struct LegacyCommandTests {
  private static let warning =
    "WARNING: This command is UNSTABLE and subject to breaking changes.\n\n"

  private func spacetime(
    _ words: [String], in folder: String, environment: [String: String] = [:]
  ) throws -> Child {
    try Child.run(
      "spacetime", words, in: folder,
      environment: ["AGORA_STORE": folder + "/s.db", "PATH": "/nowhere"].merging(environment) { $1 }
    )
  }

  /// A word as a JSON string literal.
  private static func q(_ text: String) -> String { "\"\(text)\"" }

  private static func agent(_ name: String) -> String {
    "SELECT capabilities||ifnull(max_concurrent_tasks,'-')||status FROM agents WHERE agent_name='\(name)'"
  }
  private static let message =
    "SELECT content||'|'||message_type||'|'||priority FROM messages ORDER BY rowid DESC LIMIT 1"
  private static let task =
    "SELECT task_type||'|'||status||'|'||progress||'|'||priority FROM tasks ORDER BY rowid DESC LIMIT 1"
  private static let workflow =
    "SELECT workflow_name||'|'||status FROM workflows ORDER BY rowid DESC LIMIT 1"
  private static let event =
    "SELECT event_type FROM events WHERE event_type<>'v4_api_call' ORDER BY seq DESC LIMIT 1"

  /// The words, the field that the answer has, and what stands in the store afterwards.
  private static let calls: [([String], String, String, String)] = [
    (
      ["register_agent_capability", "TestAgent", "testing", "8", "2"], "agent_id",
      agent("TestAgent"), #"["testing"]2active"#
    ),
    (
      ["register_agent_capability", q("Quoted"), q("worker"), q("Quoted"), "null"], "agent_id",
      agent("Quoted"), #"["worker"]-active"#
    ),
    (
      [
        "register_agent_capability", "--agent_id", "Described", "--capability_name", "docs",
        "--description", "Writes",
      ], "agent_id",
      "SELECT capabilities||metadata FROM agents WHERE agent_name='Described'",
      #"["docs"]{"description":"Writes","proficiency":{"docs":80},"compatibility_mode":"true"}"#
    ),
    (
      [
        "register_agent_capability", "--capability_id", "id_1", "--agent_id", "Ten",
        "--capability_type", "testing", "--proficiency_level", "8", "--max_concurrent_tasks", "3",
        "--average_completion_time", "1.5", "--success_rate", "0.9", "--resource_requirements",
        "{}", "--availability_schedule", "always", "--is_active", "true",
      ], "agent_id", agent("Ten"), #"["testing"]3active"#
    ),
    (
      ["register_agent", "v3-1", "coordinator", "Coordinator", "null"], "agent_id",
      agent("Coordinator"), #"["coordinator"]-active"#
    ),
    (
      ["register_agent", "Bare", "worker", "offline"], "agent_id", agent("Bare"),
      #"["worker"]-paused"#
    ),
    (
      [
        "register_agent", "--agent_id", "v3-2", "--agent_name", "Flags", "--agent_type", "worker",
        "--supervisor_id", "Coordinator", "--status", "idle",
      ], "agent_id", agent("Flags"), #"["worker"]-active"#
    ),
    (
      [
        "register_agent", "--agent_name", "Capable", "--agent_type", "worker", "--status",
        "active", "--capabilities", #"["a","b"]"#,
      ], "agent_id", agent("Capable"), #"["a","b"]-active"#
    ),
    (
      ["register_agent", "--agent_name", "Three", "--agent_type", "x", "--status", "active"],
      "agent_id", agent("Three"), #"["x"]-active"#
    ),
    (
      ["register_agent", "a-5", "Five", "premium", "active", #"["x"]"#], "agent_id",
      "SELECT service_tier FROM agents WHERE agent_name='Five'", "premium"
    ),
    (
      ["register_agent", "a-6", "Six", "basic", "active", #"["x"]"#, #"{"k":"v"}"#], "agent_id",
      "SELECT json_extract(metadata,'$.k') FROM agents WHERE agent_name='Six'", "v"
    ),
    (
      ["send_agent_message", "TestAgent", "Doc", "info", "hello 🚀", "3"], "message_id", message,
      "hello 🚀|info|3"
    ),
    (
      [
        "send_agent_message", q("TestAgent"), q("Doc"), q("TaskRequest"), #""{"n": 1}""#, "5",
        "true", q("c-1"),
      ], "message_id", message, #"{"n": 1}|TaskRequest|4"#
    ),
    (
      [
        "send_agent_message", "--from_agent", "TestAgent", "--to_agent", "*", "--message_type",
        "info", "--payload", "all", "--priority", "1", "--requires_response", "false",
        "--correlation_id", "c-2",
      ], "message_id", message, "all|info|1"
    ),
    (
      [
        "send_agent_message", "m-12", "TestAgent", "Doc", "info", "twelve", "2", "false", "300",
        "", "", "{}", "pending",
      ], "message_id", message, "twelve|info|2"
    ),
    (
      ["send_message", "m-6", "TestAgent", "Doc", "info", "six", "high"], "message_id", message,
      "six|info|3"
    ),
    (
      ["broadcast_to_agents", q("hello all"), q("TestAgent")], "message_id", message,
      "hello all|broadcast|2"
    ),
    (
      ["broadcast_to_agents", #""{\"a\":1}""#, q("4")], "message_id", message,
      #"{"a":1}|system|4"#
    ),
    (
      [
        "assign_task", "--workflow_id", "wf-1", "--task_type", "testing", "--input_data", "{}",
        "--required_capabilities", #"["testing"]"#, "--requesting_agent", "TestAgent",
      ], "task_id", task, "testing|pending|0|2"
    ),
    (
      ["assign_task", "wf-1", "flying", "{}", #"["fly"]"#, "TestAgent"], "task_id", task,
      "flying|pending|0|2"
    ),
    (
      ["create_task", q("t-1"), q("TestAgent"), q("review"), "4", q("{}")], "task_id", task,
      "review|pending|0|4"
    ),
    (
      [
        "create_task", "--task_id", "t-2", "--agent_id", "Newcomer", "--task_type", "draw",
        "--priority", "1", "--payload", "{}",
      ], "task_id", task, "draw|pending|0|1"
    ),
    (
      [
        "update_task_progress", "--assignment_id", "t-2", "--agent_id", "Newcomer", "--progress",
        "0.25", "--status_update", "in_progress", "--intermediate_results", "{}",
      ], "task_id", task, "draw|in_progress|25|1"
    ),
    (
      ["update_task_progress", "t-2", "Newcomer", "0.5", "half", "{}"], "task_id", task,
      "draw|in_progress|50|1"
    ),
    (["complete_task", "--task_id", "t-2"], "task_id", task, "draw|completed|100|1"),
    (
      [
        "start_workflow_coordination", "--workflow_id", "wf-2", "--coordinator_agent", "TestAgent",
        "--participating_agents", "[null, null]", "--coordination_strategy", "parallel",
      ], "workflow_id", workflow, "wf-2|running"
    ),
    (
      ["start_workflow_coordination", "wf-3", "TestAgent", #"["Doc"]"#, "sequential"],
      "workflow_id", workflow, "wf-3|running"
    ),
    (
      [
        "create_workflow", "--workflow_id", "wf-4", "--workflow_type", "docs", "--initiator_agent",
        "TestAgent", "--assigned_agents", "[]", "--metadata", "{}",
      ], "workflow_id", workflow, "docs|running"
    ),
    (
      [
        "create_workflow", "--workflow_name", "named", "--steps", #"["a"]"#, "--assigned_agents",
        #"["Doc"]"#,
      ],
      "workflow_id", workflow, "named|running"
    ),
    (["create_workflow", "typed"], "workflow_id", workflow, "typed|running"),
    (
      ["update_workflow_status", "--workflow_id", "wf-3", "--status", "completed"], "workflow_id",
      "SELECT status FROM workflows WHERE workflow_name='wf-3'", "completed"
    ),
    (
      ["update_agent_status", q("TestAgent"), q("offline")], "agent_id", agent("TestAgent"),
      #"["testing"]2paused"#
    ),
    (
      ["update_agent_status", "--agent_name", "TestAgent", "--status", "active"], "agent_id",
      agent("TestAgent"), #"["testing"]2active"#
    ),
    (["agent_heartbeat", q("TestAgent")], "agent_id", agent("TestAgent"), #"["testing"]2active"#),
    (
      ["agent_heartbeat", "--agent_name", "TestAgent", "--status", "active"], "agent_id",
      agent("TestAgent"), #"["testing"]2active"#
    ),
    (
      [
        "create_system_event", q("evt_20250603200759"), q("started"), q("TestAgent"), "null",
        q("{}"), q("3"),
      ], "message", event, "started"
    ),
    (
      [
        "create_system_event", "--event_id", "e-2", "--event_type", "flagged", "--source_agent",
        "TestAgent", "--target_agent", "*", "--data", "{}", "--priority", "1",
      ], "message", event, "flagged"
    ),
    (
      [
        "create_system_event",
        #"{"event_id":"e-3","event_type":"object","source_agent":"TestAgent"}"#,
      ],
      "message", event, "object"
    ),
    (
      [
        "create_user_notification", "--notification_id", "n-1", "--user_id", "u",
        "--notification_type", "info", "--severity", "low", "--title", "T", "--message", "M",
      ], "message", event, "user_notification"
    ),
    (
      [
        "user_override", "--user_id", "u", "--target_id", "Ten", "--action", "pause", "--reason",
        "because", "--priority", "255",
      ], "message", agent("Ten"), #"["testing"]3paused"#
    ),
    (
      ["user_override", "u", "Ten", "resume", "again", "255"], "message", agent("Ten"),
      #"["testing"]3active"#
    ),
  ]

  @Test func `every reducer in every shape succeeds, answers and leaves its row`() throws {
    try withTemporaryFolder { folder in
      var store: Store?
      for (words, field, sql, expected) in Self.calls {
        let run = try spacetime(["call", "agora-marketplace"] + words, in: folder)
        let answer = try? JSON.parse(run.output)
        #expect(run.status == 0 && run.talk == Self.warning, "\(words): \(run.talk)")
        #expect(answer?["success"] == .bool(true) && answer?[field]?.text != nil, "\(words)")
        let open = try store ?? Store(path: folder + "/s.db")
        store = open
        let found = try open.read { try $0.first(Query("test", sql), map: { $0.text(0) }) }
        #expect(found == expected, "\(words): \(found ?? "nothing")")
      }
      for words in [["--query_type", "active_agents", "--filters", "{}"], ["tasks", "{}"]] {
        let run = try spacetime(
          ["call", "agora-marketplace", "query_coordination_data"] + words, in: folder)
        let rows = try JSON.parse(run.output).elements ?? []
        #expect(run.status == 0 && !rows.isEmpty, "\(words)")
        for name in [
          "agent_id", "agent_name", "status", "capabilities", "current_workload", "max_workload",
          "performance_rating", "task_experience",
        ] where words.contains("active_agents") {
          #expect(rows.first?[name] != nil, "\(name)")
        }
      }
      let status = try spacetime(
        [
          "call", "agora-marketplace", "coordination_system_status", "--include_metrics",
          "--include_active_tasks",
        ], in: folder)
      let members = try JSON.parse(status.output).members
      #expect(status.status == 0 && members?.isEmpty == false)
    }
  }

  @Test func `difference 1: a call prints one JSON object, or nothing where that is asked for`()
    throws
  {
    try withTemporaryFolder { folder in
      let call = ["call", "agora-marketplace", "agent_heartbeat", "A"]
      let strict = try spacetime(call, in: folder, environment: ["AGORA_STRICT_CLI": "1"])
      let quiet = try spacetime(call + ["--quiet-stdout"], in: folder)
      let usual = try spacetime(call, in: folder)
      #expect(strict.output.isEmpty && strict.status == 0)
      #expect(quiet.output.isEmpty && quiet.status == 0)
      #expect(try JSON.parse(usual.output)["success"] == .bool(true))
    }
  }

  @Test func `difference 14: publish changes nothing, and empties nothing`() throws {
    try withTemporaryFolder { folder in
      _ = try spacetime(["call", "agora-marketplace", "agent_heartbeat", "A"], in: folder)
      let done = try spacetime(["publish", "agora-marketplace", "--force"], in: folder)
      #expect(done.status == 0 && done.talk.contains("no module to publish"))
      let clear = try spacetime(["publish", "-c", "agora-marketplace", "-y"], in: folder)
      #expect(clear.status == 1 && clear.talk.contains("nothing was done"))
      let left = try spacetime(
        ["sql", "agora-marketplace", "SELECT agent_name FROM agent_registry"], in: folder)
      #expect(left.output.contains("\"A\""))
    }
  }

  @Test func `difference 16: export gives the bundle as v4 would have it now`() throws {
    try withTemporaryFolder { folder in
      let call = ["call", "agora-marketplace"]
      _ = try spacetime(call + ["register_agent_capability", "A", "testing", "8", "2"], in: folder)
      _ = try spacetime(call + ["send_agent_message", "A", "B", "info", "text", "5"], in: folder)
      let words = ["export", "agora-marketplace", "--format", "json"]
      let run = try spacetime(words, in: folder)
      let bundle = try JSON.parse(run.output)
      #expect(run.status == 0, "\(run.talk)")
      #expect(bundle["agent_capability"]?.elements?.first?["agent_id"]?.text == "A")
      #expect(bundle["agent_message"]?.elements?.first?["content"]?.text == "text")
      #expect(
        try spacetime(["export", "agora-marketplace", "--format", "xml"], in: folder).status == 2)
      #expect(try spacetime(["export", "other"], in: folder).status == 1)
    }
  }

  @Test
  func `difference 17: logs tell what happened, in SpacetimeDB's format and without contents`()
    throws
  {
    try withTemporaryFolder { folder in
      let call = ["call", "agora-marketplace"]
      for words in [
        ["register_agent_capability", "A\u{1b}", "testing", "8", "2"],
        ["register_agent_capability", "A", "testing", "8", "2"],
        ["send_agent_message", "A", "B", "info", "very secret", "5"],
        ["no_such_reducer", "secret"],
        ["create_system_event", "e", "started", "A", "*", #"{"a":"secret"}"#, "2"],
        ["assign_task", "w", "work", #"{"a":"secret"}"#, #"["testing"]"#, "A"],
      ] { _ = try spacetime(call + words, in: folder) }
      let all = try spacetime(["logs", "agora-marketplace"], in: folder)
      let lines = all.output.split(separator: "\n")
      #expect(all.status == 0 && all.talk.isEmpty && !all.output.contains("secret"))
      #expect(all.output.contains(#"Agent "A" registered successfully"#))
      #expect(all.output.contains(" WARN: agora:") && all.output.contains("no_such_reducer"))
      for line in lines {
        let parts = line.split(separator: " ", maxSplits: 3)
        #expect(parts.count == 4 && parts[0].utf8.count == 27 && parts[0].hasSuffix("Z"), "\(line)")
        #expect(parts.count > 1 && ["INFO:", "WARN:"].contains(parts[1]), "\(line)")
      }
      for option in [["-n", "2"], ["--num-lines", "2"], ["2"]] {
        let last = try spacetime(["logs", "agora-marketplace"] + option, in: folder)
        #expect(last.output.split(separator: "\n") == lines.suffix(2), "\(option)")
      }
      let object = try spacetime(
        ["logs", "agora-marketplace", "-n", "1", "--format", "json"], in: folder)
      let members = try JSON.parse(object.output).members?.map(\.name)
      #expect(members == ["level", "ts", "target", "filename", "line_number", "message"])
      // Whoever follows gets what comes.
      let follow = try Child.bash(
        """
        spacetime logs agora-marketplace --follow -n 0 > log & pid=$!
        for n in $(seq 200); do
          spacetime call agora-marketplace agent_heartbeat Late >/dev/null 2>&1
          grep -q Late log && break
        done
        kill -9 $pid; wait $pid 2>/dev/null; head -1 log
        """, in: folder, environment: ["AGORA_STORE": folder + "/s.db"])
      #expect(follow.output.contains("Reducer agent_heartbeat called by agent Late"))
    }
  }

  @Test func `calls that have no meaning on v5 are refused by name`() throws {
    try withTemporaryFolder { folder in
      for words in [
        ["user_directive", "u", "x"], ["clear_duplicate_entries"],
        ["cleanup_agent_registration", "A"], ["user_directive"],
        ["cleanup_agent_registration", "A", "B"], ["clear_duplicate_entries", "--all", "x"],
      ] {
        let run = try spacetime(["call", "agora-marketplace"] + words, in: folder)
        #expect(run.status == 1 && run.output.isEmpty && run.talk.contains("nothing was done"))
      }
    }
  }

  @Test func `calls of v4 are replayed on a copy, and the store stays as it was`() throws {
    try withTemporaryFolder { folder in
      _ = try spacetime(["call", "agora-marketplace", "agent_heartbeat", "A"], in: folder)
      func agora(_ words: String..., input: String = "") throws -> Child {
        try Child.run(
          "agora", words + ["--store", "s.db"], in: folder, input: Array(input.utf8))
      }
      let before = try agora("store", "info", "--hash", "--json").output
      let calls = """
        {"database":"agora-marketplace","reducer":"register_agent_capability","args":["New","testing","8","2"]}
        {"reducer":"send_agent_message","args":["New","Other","info","hi",2]}

        {"reducer":"create_task","args":{"task_id":"t","agent_id":"New","task_type":"x"}}
        {"reducer":"complete_task","args":["t"]}
        {"reducer":"nope"}
        {"database":"game","reducer":"move"}
        """
      try write(calls, to: folder + "/calls.ndjson")
      let run = try agora("compat", "replay", "calls.ndjson", "--json")
      let report = try JSON.parse(run.output)
      #expect(run.status == 0, "\(run.talk)")
      let rows = report["calls"]?.elements ?? []
      let codes = rows.map { $0["code"]?.text ?? "done" }
      #expect(codes == ["done", "done", "done", "done", "unknown_reducer", "unknown_database"])
      #expect(rows.map { $0["line"]?.integer } == [1, 2, 4, 5, 6, 7])
      let made = report["totals"]?["made"]
      #expect(made?["agents"]?.integer == 2 && made?["tasks"]?.integer == 1)
      let after = try agora("store", "info", "--hash", "--json").output
      #expect(before == after)
      let piped = try agora("compat", "replay", "-", input: calls)
      #expect(piped.status == 0 && piped.output.contains("Nothing was written."))
      for bad in ["{", "[]", #"{"reducer":"x","args":3}"#] {
        let refused = try agora("compat", "replay", "-", input: calls + "\n" + bad)
        #expect(refused.status == 1 && refused.talk.contains("line 8"), "\(refused.talk)")
      }
    }
  }
}
