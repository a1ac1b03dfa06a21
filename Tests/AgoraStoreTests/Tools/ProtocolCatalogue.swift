/// The protocol's catalogue, each tool with every parameter that it lists, and the calls of its part on
/// the transition from v4.
extension ProtocolExamples {
  /// Line 541: what each target tells besides.
  private static let targets: [(id: String, tells: [(type: String, data: String)])] = [
    ("@Receiver", [("agent_status_changed", "{}")]),
    ("$workflow.workflow_id", [("workflow_updated", "{}")]), ("system_wide", []),
  ]

  private static let overrides: [Call] = targets.flatMap { target in
    ["pause", "resume", "emergency_halt", "resume"].map { action -> Call in
      let done = (type: "override_executed", data: #"{"action":"\#(action)","reason":"r"}"#)
      return Call(
        541, "admin.override",
        #"{"target_id":"\#(target.id)","action":"\#(action)","reason":"r","priority":255}"#,
        as: .operator, gives: #"{"override_id":"ovr_*","status":"executed","executed_at":"*"}"#,
        emits: target.tells + [done])
    }
  }

  /// Lines 557–571.
  private static let checks: [Call] = ["database", "mcp_server", "agents"].map {
    component -> Call in
    Call(
      559, "admin.health", #"{"component":"\#(component)"}"#, as: .operator,
      gives: #"{"status":"healthy","components":"*","timestamp":"*"}"#)
  }

  /// Line 1813: the numbers of v4 as words.
  private static let priorities: [Call] = ["low", "normal", "high", "urgent"].map {
    priority -> Call in
    let event = (
      type: "message_received",
      data:
        #"{"message_id":"msg_*","from_agent":"@v4_a","content":"c","message_type":"coordination"}"#
    )
    return Call(
      1816, "messaging.send",
      #"{"from_agent":"@v4_a","to_agent":"@v4_b","content":"c","message_type":"coordination","priority":"\#(priority)"}"#,
      gives: #"{"message_id":"msg_*","status":"delivered","timestamp":"*"}"#, emits: [event])
  }

  static let catalogue: [Scene] = [
    Scene(
      description: "the catalogue, lines 354–571", agents: ["Sender", "Receiver"],
      calls: [
        // Lines 356–372.
        Call(
          358, "messaging.send",
          #"{"to_agent":"@Receiver","content":"c","message_type":"alert","priority":"urgent"}"#,
          as: .agent("Sender"),
          gives: #"{"message_id":"msg_*","status":"delivered","timestamp":"*"}"#,
          emits: [("message_received", #"{"message_type":"alert"}"#)], key: "message"),
        // Lines 374–388.
        Call(
          376, "messaging.receive",
          #"{"agent_id":"@Receiver","since":"2025-06-06T10:00:00Z","message_type":"alert"}"#,
          as: .agent("Receiver"),
          gives:
            #"{"messages":[{"message_id":"$message.message_id","from_agent":"@Sender","to_agent":"@Receiver","message_type":"alert","content":"c","priority":"urgent","delivered":true}],"count":1}"#
        ),
        // Lines 390–403: broadcast_sent is the document's other word for broadcast_message.
        Call(
          392, "messaging.subscribe",
          #"{"agent_id":"@Receiver","event_types":["message_received","broadcast_sent"]}"#,
          as: .agent("Receiver"), gives: #"{"subscription_id":"sub_*","status":"subscribed"}"#,
          emits: [
            (
              "subscription_created",
              #"{"event_types":["broadcast_message","message_received"]}"#
            )
          ]),
        // Lines 408–425.
        Call(
          410, "task.assign",
          #"{"task_type":"documentation","assignee":"@Receiver","payload":{"a":1},"deadline":"2025-06-07T10:00:00Z","priority":"low"}"#,
          as: .agent("Sender"),
          gives: #"{"task_id":"task_*","status":"pending","estimated_completion":null}"#,
          emits: [("task_assigned", #"{"priority":"low","deadline":"2025-06-07T10:00:00Z"}"#)],
          key: "task"),
        // Lines 444–460.
        Call(
          446, "task.list", #"{"agent_id":"@Receiver","status":"pending","limit":50,"offset":0}"#,
          as: .agent("Receiver"),
          gives:
            #"{"tasks":[{"task_id":"$task.task_id","payload":{"a":1},"priority":"low"}],"total":1,"has_more":false}"#
        ),
        // Lines 427–442; the one who asked for the task is told besides.
        Call(
          429, "task.update",
          #"{"task_id":"$task.task_id","status":"completed","progress":100,"notes":"n"}"#,
          as: .agent("Receiver"), gives: #"{"success":true,"updated_at":"*"}"#,
          emits: [
            ("task_updated", #"{"status":"completed","progress":100,"notes":"n"}"#),
            ("task_updated", #"{"status":"completed"}"#),
          ]),
        // Lines 465–481.
        Call(
          467, "workflow.create",
          #"{"workflow_name":"w","steps":[{"name":"s","agent":"@Receiver"}],"assigned_agents":["@Receiver"],"metadata":{"k":"v"}}"#,
          as: .agent("Sender"),
          gives: #"{"workflow_id":"wf_*","status":"running","created_at":"*"}"#,
          emits: [
            ("workflow_created", "{}"), ("workflow_updated", "{}"), ("task_assigned", "{}"),
            ("workflow_updated", "{}"),
          ], key: "workflow"),
        // Lines 483–499.
        Call(
          485, "workflow.status", #"{"workflow_id":"$workflow.workflow_id"}"#, as: .agent("Sender"),
          gives:
            #"{"workflow_id":"$workflow.workflow_id","status":"running","current_step":1,"total_steps":1,"progress":0,"steps":[{"name":"s"}],"metadata":{"k":"v"}}"#
        ),
        // Lines 504–518.
        Call(
          506, "query.agents", #"{"capabilities":[],"status":"active","service_tier":"basic"}"#,
          gives: #"{"agents":[{"agent_id":"@Receiver"},{"agent_id":"@Sender"}],"count":2}"#),
        // Lines 520–534.
        Call(
          522, "query.services", #"{"category":"messaging","version":"^1.0.0","status":"active"}"#,
          gives: #"{"services":"*","count":5}"#),
        // Lines 539–555; v5.md: a caller acts with at most its own level.
        Call(
          541, "admin.override",
          #"{"target_id":"@Receiver","action":"pause","reason":"r","priority":255}"#,
          as: .agent("Sender"), gives: "forbidden"),
      ]
        + overrides + checks),
    Scene(
      description: "service discovery, lines 595–628",
      calls: [
        Call(602, "discovery.list", "{}", gives: #"{"services":"*","count":22}"#),
        Call(
          605, "discovery.list", #"{"category":"messaging"}"#,
          gives:
            #"{"services":[{"name":"agora.messaging.acknowledge"},{"name":"agora.messaging.receive"},{"name":"agora.messaging.send","version":"1.0.0","category":"messaging","status":"active","description":"*","schema":"*","last_updated":"*"},{"name":"agora.messaging.subscribe"},{"name":"agora.messaging.unsubscribe"}],"count":5}"#
        ),
        Call(
          608, "discovery.list", #"{"status":"active"}"#, gives: #"{"services":"*","count":22}"#),
        Call(
          611, "discovery.schema", #"{"name":"agora.messaging.send","version":"1.0.0"}"#,
          gives:
            #"{"name":"agora.messaging.send","version":"1.0.0","category":"messaging","status":"active","description":"*","schema":"*","last_updated":"*"}"#
        ),
      ]),
  ]

  static let transition: [Scene] = [
    Scene(
      description: "the compatibility layer, lines 1740–1824", agents: ["v4_b"],
      calls: [
        Call(
          1785, "agent.register",
          #"{"agent_name":"v4_a","capabilities":["review"],"service_tier":"basic","max_concurrent_tasks":3,"proficiency_level":8}"#,
          gives: #"{"agent_id":"agent_*","status":"registered"}"#,
          emits: [("agent_registered", #"{"agent_name":"v4_a","capabilities":["review"]}"#)]),
        // A second capability of the same agent comes as a second registration.
        Call(
          1785, "agent.register",
          #"{"agent_name":"v4_a","capabilities":["testing"],"service_tier":"basic","max_concurrent_tasks":3,"proficiency_level":5}"#,
          gives: #"{"agent_id":"@v4_a","status":"registered"}"#,
          emits: [("agent_registered", #"{"capabilities":["review","testing"]}"#)]),
      ]
        + priorities),
    Scene(
      description: "the migration assistant, lines 1863–2034", agents: ["Other"],
      calls: [
        Call(
          1890, "agent.register",
          #"{"agent_name":"DocumentationAgent","capabilities":["documentation","review"],"service_tier":"basic"}"#,
          gives: #"{"agent_id":"agent_*","status":"registered"}"#,
          emits: [("agent_registered", #"{"agent_name":"DocumentationAgent"}"#)]),
        Call(
          1956, "task.assign",
          #"{"task_type":"documentation","assignee":"@DocumentationAgent","payload":{"file":"readme.md"},"priority":"normal"}"#,
          gives: #"{"task_id":"task_*","status":"pending"}"#,
          emits: [("task_assigned", #"{"priority":"normal"}"#)]),
        // Line 2020 has a step of v4, {"step":"validate"}. v5.md overrides it: a step has a name and an
        // agent, and what is neither is refused with its place.
        Call(
          1973, "workflow.create",
          #"{"workflow_name":"doc_review","steps":[{"step":"validate"}],"assigned_agents":["@DocumentationAgent"]}"#,
          gives: "invalid_parameter"),
        Call(
          1973, "workflow.create",
          #"{"workflow_name":"doc_review","steps":[{"name":"validate","agent":"@DocumentationAgent"}],"assigned_agents":["@DocumentationAgent"]}"#,
          gives: #"{"workflow_id":"wf_*"}"#,
          emits: [
            ("workflow_created", #"{"workflow_name":"doc_review"}"#), ("workflow_updated", "{}"),
            ("task_assigned", #"{"assigned_agent":"@DocumentationAgent"}"#),
            ("workflow_updated", "{}"),
          ]),
        // Its client sends without a from_agent; v5.md: a notice comes from the agent agora then.
        Call(
          1928, "messaging.send",
          #"{"to_agent":"broadcast","content":"Agent DocumentationAgent successfully migrated to Agora v5","message_type":"system_announcement","priority":"normal"}"#,
          gives: #"{"message_id":"msg_*","status":"delivered"}"#,
          emits: [
            ("broadcast_message", #"{"message_id":"msg_*","from_agent":"@agora"}"#)
          ]),
        // Lines 2099–2119 of the monitor.
        Call(
          2099, "query.agents", #"{"status":"active"}"#,
          gives:
            #"{"agents":[{"agent_name":"DocumentationAgent","metadata":{}},{"agent_name":"Other","metadata":{}},{"agent_name":"agora"}],"count":3}"#
        ),
        // v5.md overrides the document: it needs a token of enough authority.
        Call(2115, "admin.health", "{}", gives: "unauthorized"),
        Call(2115, "admin.health", "{}", as: .operator, gives: #"{"status":"healthy"}"#),
      ]),
    Scene(
      description: "the deprecation notice, lines 2057–2065", agents: ["Reader"],
      calls: [
        Call(
          2058, "messaging.send",
          #"{"to_agent":"broadcast","content":"v4 APIs will be sunset in 1 week. Please migrate to v5. Contact support for assistance.","message_type":"deprecation_notice","priority":"high"}"#,
          gives: #"{"message_id":"msg_*","status":"delivered","timestamp":"*"}"#,
          emits: [("broadcast_message", #"{"message_id":"msg_*","from_agent":"@agora"}"#)],
          key: "notice"),
        Call(
          2058, "messaging.receive", #"{"agent_id":"@Reader"}"#, as: .agent("Reader"),
          gives:
            #"{"messages":[{"message_id":"$notice.message_id","from_name":"agora","to_agent":"broadcast","message_type":"deprecation_notice","priority":"high"}],"count":1}"#
        ),
      ]),
  ]
}
