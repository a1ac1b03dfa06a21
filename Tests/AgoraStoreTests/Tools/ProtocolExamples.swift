/// The calls in the protocol document's examples, in its order, each with the line it stands on.
///
/// `@Name` is an agent, by name or by id; `$key.field` is a field of an earlier result. In what is
/// expected `*` is anything but null, `msg_*` a text that begins so, and `@Name` that agent's id; members
/// that are not said may be there.
enum ProtocolExamples {
  /// One example: the agents that it addresses are there before.
  struct Scene: Sendable, CustomStringConvertible {
    let description: String
    var agents: [String] = []
    let calls: [Call]
  }

  /// Who calls.
  enum Who: Sendable {
    /// A client that has shown nothing, such as one that registers.
    case anybody
    /// A client that acts as the agent it has registered, with no authority at all.
    case agent(String)
    /// An operator with a token of the highest authority.
    case `operator`
  }

  struct Call: Sendable {
    let line: Int
    let tool: String
    let parameters: String
    let who: Who
    /// The result, or the code of the failure.
    let gives: String
    /// The events in order, each as its type and data.
    let emits: [(type: String, data: String)]
    /// Under which the result is kept.
    let key: String

    init(
      _ line: Int, _ tool: String, _ parameters: String, as who: Who = .anybody, gives: String,
      emits: [(type: String, data: String)] = [], key: String = "last"
    ) {
      self.line = line
      self.tool = "agora." + tool
      self.parameters = parameters
      self.who = who
      self.gives = gives
      self.emits = emits
      self.key = key
    }
  }

  // MARK: what comes again and again

  /// A registration answers as lines 1610–1614 have it and tells what lines 1601–1608 do.
  private static func register(
    _ line: Int, _ name: String, _ capabilities: String, _ tier: String? = nil,
    _ more: String = ""
  ) -> Call {
    let tier = tier.map { #","service_tier":"\#($0)""# } ?? ""
    return Call(
      line, "agent.register",
      #"{"agent_name":"\#(name)","capabilities":\#(capabilities)\#(tier)\#(more)}"#,
      gives: #"{"agent_id":"agent_*","status":"registered","available_services":"*"}"#,
      emits: [
        (
          "agent_registered",
          #"{"agent_id":"@\#(name)","agent_name":"\#(name)","capabilities":\#(capabilities)}"#
        )
      ], key: "registration")
  }

  /// A message answers as lines 1656–1660 have it; a direct one tells what lines 1637–1642 do, a
  /// broadcast what lines 1648–1652 do.
  private static func send(
    _ line: Int, to: String, _ content: String, _ more: String = "", type: String = "info",
    as who: Who, from: String
  ) -> Call {
    let event =
      to == "broadcast"
      ? (
        "broadcast_message",
        #"{"message_id":"msg_*","from_agent":"\#(from)","content":"\#(content)"}"#
      )
      : (
        "message_received",
        #"{"message_id":"msg_*","from_agent":"\#(from)","content":"\#(content)","message_type":"\#(type)"}"#
      )
    return Call(
      line, "messaging.send", #"{"to_agent":"\#(to)","content":"\#(content)"\#(more)}"#, as: who,
      gives: #"{"message_id":"msg_*","status":"delivered","timestamp":"*"}"#, emits: [event])
  }

  /// A task answers as lines 420–424 have it; nothing like it was done before.
  private static func assign(
    _ line: Int, _ type: String, _ payload: String, to agent: String, _ more: String = "",
    as who: Who
  ) -> Call {
    Call(
      line, "task.assign",
      #"{"task_type":"\#(type)","payload":\#(payload),"assignee":"@\#(agent)"\#(more)}"#, as: who,
      gives: #"{"task_id":"task_*","status":"pending","estimated_completion":null}"#,
      emits: [("task_assigned", #"{"task_id":"task_*","task_type":"\#(type)"}"#)], key: "task")
  }

  /// An update answers as lines 438–441 have it.
  private static func update(
    _ line: Int, _ more: String, tells status: String, as who: Who
  ) -> Call {
    Call(
      line, "task.update", #"{"task_id":"$task.task_id",\#(more)}"#, as: who,
      gives: #"{"success":true,"updated_at":"*"}"#,
      emits: [("task_updated", #"{"task_id":"$task.task_id","status":"\#(status)"}"#)])
  }

  private static func list(
    _ line: Int, _ agent: String, _ more: String = "", count: Int, as who: Who
  ) -> Call {
    let tasks = Array(
      repeating: #"{"task_id":"task_*","assigned_agent":"@\#(agent)"}"#, count: count)
    return Call(
      line, "task.list", #"{"agent_id":"@\#(agent)","status":"pending"\#(more)}"#, as: who,
      gives: #"{"tasks":[\#(tasks.joined(separator: ","))],"total":\#(count),"has_more":false}"#)
  }

  /// The document's workflows say no `depends_on`, so that all their steps start at once (v5.md:
  /// "parallel by absence of dependence").
  private static func workflow(
    _ line: Int, _ name: String, _ steps: [(String, String)], as who: Who, by creator: String
  ) -> [Call] {
    let written = steps.map { #"{"name":"\#($0.0)","agent":"@\#($0.1)"}"# }.joined(separator: ",")
    let agents = steps.map { #""@\#($0.1)""# }.joined(separator: ",")
    let begun = steps.flatMap { step in
      [
        ("task_assigned", #"{"task_id":"task_*","assigned_agent":"@\#(step.1)"}"#),
        ("workflow_updated", #"{"change":"step_started","step":"\#(step.0)"}"#),
      ]
    }
    let shown = steps.map {
      #"{"name":"\#($0.0)","agent":"@\#($0.1)","status":"pending","task_id":"task_*"}"#
    }
    return [
      Call(
        line, "workflow.create",
        #"{"workflow_name":"\#(name)","steps":[\#(written)],"assigned_agents":[\#(agents)]}"#,
        as: who, gives: #"{"workflow_id":"wf_*","status":"running","created_at":"*"}"#,
        emits: [
          ("workflow_created", #"{"workflow_id":"wf_*","workflow_name":"\#(name)"}"#),
          ("workflow_updated", #"{"status":"running"}"#),
        ] + begun, key: "workflow"),
      // Lines 491–498.
      Call(
        491, "workflow.status", #"{"workflow_id":"$workflow.workflow_id"}"#, as: who,
        gives:
          #"{"workflow_id":"$workflow.workflow_id","status":"running","current_step":1,"total_steps":\#(steps.count),"progress":0,"steps":[\#(shown.joined(separator: ","))],"creator_agent":"@\#(creator)"}"#
      ),
    ]
  }

  private static func agents(
    _ line: Int, _ parameters: String, _ names: [String], as who: Who
  ) -> Call {
    let found = names.map { #"{"agent_id":"@\#($0)","agent_name":"\#($0)","status":"active"}"# }
    return Call(
      line, "query.agents", parameters, as: who,
      gives: #"{"agents":[\#(found.joined(separator: ","))],"count":\#(names.count)}"#)
  }

  // MARK: the examples

  static let all: [Scene] =
    [
      Scene(
        description: "an agent of v5, lines 325–334", agents: ["DocSystemAgent", "ReviewAgent"],
        calls: [
          register(329, "MyAgent", #"["documentation","analysis"]"#),
          send(
            332, to: "@DocSystemAgent", "Hello from v5!", #","priority":"normal""#,
            as: .agent("MyAgent"), from: "@MyAgent"),
          assign(
            333, "review_document", #"{"file":"spec.md"}"#, to: "ReviewAgent", as: .agent("MyAgent")
          ),
        ]),
      Scene(
        description: "onboarding, lines 648–689", agents: ["DocSystemAgent"],
        calls: [
          register(
            654, "MyDocumentationAgent", #"["documentation","analysis","review"]"#, "basic"),
          send(
            667, to: "@DocSystemAgent", "Hello! I'm a new documentation agent ready to help.",
            #","message_type":"introduction","priority":"normal""#, type: "introduction",
            as: .agent("MyDocumentationAgent"), from: "@MyDocumentationAgent"),
          assign(
            675, "documentation_review", #"{"document":"user_guide.md","focus":"clarity"}"#,
            to: "MyDocumentationAgent", #","priority":"normal""#, as: .agent("MyDocumentationAgent")
          ),
          agents(
            683, #"{"capabilities":["documentation"],"status":"active"}"#, ["MyDocumentationAgent"],
            as: .agent("MyDocumentationAgent")),
        ]),
      Scene(
        description: "the complete example, lines 692–736",
        calls: [
          register(703, "QuickStartAgent", #"["documentation","testing"]"#, "basic"),
          send(
            711, to: "broadcast", "New agent QuickStartAgent joining the marketplace!",
            #","message_type":"introduction""#, as: .agent("QuickStartAgent"),
            from: "@QuickStartAgent"),
          Call(
            718, "discovery.list", #"{"status":"active"}"#, as: .agent("QuickStartAgent"),
            gives: #"{"services":"*","count":22}"#),
          list(722, "QuickStartAgent", count: 0, as: .agent("QuickStartAgent")),
          // v5.md overrides the document: admin tools always need a token of enough authority.
          Call(729, "admin.health", "{}", as: .agent("QuickStartAgent"), gives: "forbidden"),
          Call(729, "admin.health", "{}", gives: "unauthorized"),
          Call(
            729, "admin.health", "{}", as: .operator,
            gives: #"{"status":"healthy","components":"*","timestamp":"*"}"#),
        ]),
      Scene(
        description: "Python, lines 872–918",
        agents: ["DataTeam", "DataExtractor", "DataTransformer", "DataLoader"],
        calls: [
          register(881, "PythonAgent", #"["data_analysis","documentation"]"#, "basic"),
          send(
            888, to: "@DataTeam", "Python analysis complete",
            #","message_type":"task_completion","priority":"normal""#, type: "task_completion",
            as: .agent("PythonAgent"), from: "@PythonAgent"),
        ]
          + workflow(
            896, "data_pipeline",
            [
              ("extract", "DataExtractor"), ("transform", "DataTransformer"),
              ("load", "DataLoader"),
            ], as: .agent("PythonAgent"), by: "PythonAgent") + [
            agents(
              907, #"{"capabilities":["data_analysis"],"status":"active"}"#, ["PythonAgent"],
              as: .agent("PythonAgent"))
          ]),
      Scene(
        description: "advanced Python, lines 922–996", agents: ["Requester"],
        calls: [
          register(935, "DocumentationAgent", #"["documentation","review","editing"]"#, "premium"),
          Call(
            943, "messaging.subscribe",
            #"{"agent_id":"@DocumentationAgent","event_types":["task_assigned","workflow_updated"]}"#,
            as: .agent("DocumentationAgent"),
            gives: #"{"subscription_id":"sub_*","status":"subscribed"}"#,
            emits: [("subscription_created", #"{"subscription_id":"sub_*"}"#)]),
          // The task that is processed.
          assign(
            956, "documentation", "{}", to: "DocumentationAgent", as: .agent("DocumentationAgent")),
          list(956, "DocumentationAgent", count: 1, as: .agent("DocumentationAgent")),
          update(
            964, #""status":"in_progress","progress":0"#, tells: "in_progress",
            as: .agent("DocumentationAgent")),
          update(
            974,
            #""status":"completed","progress":100,"notes":"Completed: Documentation updated successfully""#,
            tells: "completed", as: .agent("DocumentationAgent")),
          assign(
            956, "analysis", "{}", to: "DocumentationAgent", as: .agent("DocumentationAgent")),
          update(
            964, #""status":"in_progress","progress":0"#, tells: "in_progress",
            as: .agent("DocumentationAgent")),
          // The error's path.
          update(
            982, #""status":"failed","notes":"Error: it did not work""#, tells: "failed",
            as: .agent("DocumentationAgent")),
          list(956, "DocumentationAgent", count: 0, as: .agent("DocumentationAgent")),
        ]),
      Scene(
        description: "TypeScript, lines 1007–1053",
        agents: ["WebTeam", "BuildAgent", "TestAgent", "DeployAgent"],
        calls: [
          // The SDK's agentName is agent_name on the wire, as in the catalogue.
          register(1015, "TypeScriptAgent", #"["web_development","testing"]"#, "basic"),
          send(
            1022, to: "@WebTeam", "TypeScript deployment ready",
            #","message_type":"task_completion","priority":"high""#, type: "task_completion",
            as: .agent("TypeScriptAgent"), from: "@TypeScriptAgent"),
        ]
          + workflow(
            1030, "web_deployment",
            [("build", "BuildAgent"), ("test", "TestAgent"), ("deploy", "DeployAgent")],
            as: .agent("TypeScriptAgent"), by: "TypeScriptAgent") + [
            Call(
              1041, "discovery.list", #"{"category":"task","status":"active"}"#,
              as: .agent("TypeScriptAgent"),
              gives:
                #"{"services":[{"name":"agora.task.assign"},{"name":"agora.task.history"},{"name":"agora.task.list"},{"name":"agora.task.update"}],"count":4}"#
            )
          ]),
      Scene(
        description: "React, lines 1056–1151",
        calls: [
          register(1069, "ReactAgent", #"["ui_development","user_experience"]"#, "premium"),
          assign(1078, "ui_development", "{}", to: "ReactAgent", as: .agent("ReactAgent")),
          list(1078, "ReactAgent", count: 1, as: .agent("ReactAgent")),
          // "Start Task": progress 50.
          update(
            1097, #""status":"in_progress","progress":50"#, tells: "in_progress",
            as: .agent("ReactAgent")),
          list(1105, "ReactAgent", count: 0, as: .agent("ReactAgent")),
          update(
            1097, #""status":"completed","progress":100"#, tells: "completed",
            as: .agent("ReactAgent")),
          // "Complete Task" of one that waits: it passes through in_progress (v5.md).
          assign(1078, "user_experience", "{}", to: "ReactAgent", as: .agent("ReactAgent")),
          update(
            1097, #""status":"completed","progress":100"#, tells: "completed",
            as: .agent("ReactAgent")),
        ]),
      Scene(
        description: "Rust, lines 1166–1217",
        agents: ["SystemsTeam", "ProfilerAgent", "OptimizerAgent", "BenchmarkAgent"],
        calls: [
          register(
            1176, "RustAgent", #"["systems_programming","performance_optimization"]"#, "enterprise"),
          send(
            1185, to: "@SystemsTeam", "Rust optimization complete - 50% performance improvement",
            #","message_type":"task_completion","priority":"high""#, type: "task_completion",
            as: .agent("RustAgent"), from: "@RustAgent"),
        ]
          + workflow(
            1195, "performance_optimization",
            [
              ("profile", "ProfilerAgent"), ("optimize", "OptimizerAgent"),
              ("benchmark", "BenchmarkAgent"),
            ], as: .agent("RustAgent"), by: "RustAgent") + [
            // Rust's None is left out, or null.
            agents(
              1208,
              #"{"capabilities":["systems_programming"],"status":"active","service_tier":null}"#,
              ["RustAgent"], as: .agent("RustAgent"))
          ]),
      Scene(
        description: "advanced Rust, lines 1221–1346",
        calls: [
          register(
            1237, "SystemsAgent", #"["systems_programming","performance","security"]"#, "enterprise"
          ),
          Call(
            1244, "messaging.subscribe",
            #"{"agent_id":"@SystemsAgent","event_types":["task_assigned","system_alert"]}"#,
            as: .agent("SystemsAgent"),
            gives: #"{"subscription_id":"sub_*","status":"subscribed"}"#,
            emits: [("subscription_created", #"{"agent_id":"@SystemsAgent"}"#)]),
          assign(
            1257, "performance_optimization", "{}", to: "SystemsAgent", as: .agent("SystemsAgent")),
          list(
            1257, "SystemsAgent", #","limit":10,"offset":0"#, count: 1, as: .agent("SystemsAgent")),
          update(
            1296, #""status":"in_progress","progress":0,"notes":"Starting task processing""#,
            tells: "in_progress", as: .agent("SystemsAgent")),
          update(
            1267,
            #""status":"completed","progress":100,"notes":"Completed: Performance optimized by 35%""#,
            tells: "completed", as: .agent("SystemsAgent")),
          assign(1257, "unknown", "{}", to: "SystemsAgent", as: .agent("SystemsAgent")),
          update(
            1275,
            #""status":"failed","progress":null,"notes":"Error: UnsupportedTaskType(\"unknown\")""#,
            tells: "failed", as: .agent("SystemsAgent")),
        ]),
    ] + catalogue + transition
}
