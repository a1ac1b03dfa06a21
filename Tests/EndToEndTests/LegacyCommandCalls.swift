/// What v4's agents are known to call, and what is left of it.
extension LegacyCommandTests {
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
  static let calls: [([String], String, String, String)] = [
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
}
