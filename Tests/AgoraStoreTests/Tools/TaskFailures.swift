import AgoraStore

/// The failures of the tools for tasks and workflows.
extension FailureTests {
  static let task = "task_00000000000070008000000000000000"
  static let workflow = "wf_00000000000070008000000000000000"

  /// A's task of a status.
  static func task(_ status: TaskStatus) -> String {
    "INSERT INTO tasks(task_id, assigned_agent, task_type, status) SELECT '\(task)', agent_id, 'x', '\(status.rawValue)' FROM agents WHERE agent_name='A'"
  }

  /// B's workflow of a status, with a step that is done and one that waits for nobody.
  static func workflow(_ status: WorkflowStatus) -> String {
    """
    INSERT INTO workflows(workflow_id, workflow_name, status, creator_agent, steps)
    SELECT '\(workflow)', 'w', '\(status.rawValue)', agent_id,
      '[{"step_id":"step_00000000000070008000000000000001","name":"done","agent":null,"status":"completed"},'
      || '{"step_id":"step_00000000000070008000000000000002","name":"open","agent":null,"status":"pending","depends_on":["done"]}]'
    FROM agents WHERE agent_name='B'
    """
  }

  static let ofTasks: [Case] = [
    Case(
      tool: "agora.task.assign", code: .notFound,
      parameters: #"{"task_type":"x","assignee":"nobody","payload":{}}"#),
    Case(
      tool: "agora.task.assign", code: .notFound,
      parameters: #"{"task_type":"x","required_capabilities":["flying"],"payload":{}}"#),
    Case(
      tool: "agora.task.assign", code: .notFound,
      parameters: #"{"task_type":"x","assignee":"A","payload":{},"depends_on":["\#(task)"]}"#),
    Case(
      tool: "agora.task.assign", code: .notFound,
      parameters: #"{"task_type":"x","assignee":"A","payload":{},"workflow_id":"\#(workflow)"}"#),
    Case(
      tool: "agora.task.assign", code: .conflict,
      parameters: #"{"task_type":"x","assignee":"twice","payload":{}}"#, given: ambiguous),
    Case(
      tool: "agora.task.assign", code: .conflict,
      parameters: #"{"task_type":"x","assignee":"A","payload":{},"depends_on":["\#(task)"]}"#,
      given: task(.failed)),
    Case(
      tool: "agora.task.assign", code: .conflict,
      parameters: #"{"task_type":"x","assignee":"A","payload":{},"workflow_id":"\#(workflow)"}"#,
      given: workflow(.terminated)),
    Case(
      tool: "agora.task.assign", code: .conflict,
      parameters: #"{"task_type":"x","required_capabilities":[],"payload":{}}"#,
      given: "UPDATE agents SET max_concurrent_tasks=0"),
    Case(
      tool: "agora.task.assign", code: .conflict,
      parameters: #"{"task_type":"x","assignee":"A","payload":{}}"#, given: suspended),
    Case(
      tool: "agora.task.assign", code: .conflict,
      parameters:
        #"{"task_type":"x","assignee":"A","required_capabilities":["flying"],"payload":{}}"#),
    Case(
      tool: "agora.task.assign", code: .forbidden,
      parameters: #"{"task_type":"x","assignee":"B","payload":{}}"#, caller: bound,
      given: suspended),
    Case(
      tool: "agora.task.assign", code: .tooLarge,
      parameters: #"{"task_type":"x","assignee":"A","payload":{"x":"\#(large)"}}"#),
    Case(
      tool: "agora.task.assign", code: .invalidParameter,
      parameters: #"{"task_type":"x","payload":{}}"#),
    Case(
      tool: "agora.task.update", code: .notFound,
      parameters: #"{"task_id":"\#(task)","progress":1}"#),
    Case(
      tool: "agora.task.update", code: .conflict,
      parameters: #"{"task_id":"\#(task)","status":"failed"}"#, given: task(.completed)),
    Case(
      tool: "agora.task.update", code: .conflict,
      parameters: #"{"task_id":"\#(task)","progress":1}"#, given: task(.failed)),
    Case(
      tool: "agora.task.update", code: .conflict,
      parameters: #"{"task_id":"\#(task)","progress":1}"#, given: task(.pending)),
    Case(
      tool: "agora.task.update", code: .forbidden,
      parameters: #"{"task_id":"\#(task)","status":"pending"}"#, caller: bound,
      given: task(.inProgress)),
    Case(
      tool: "agora.task.update", code: .forbidden,
      parameters: #"{"task_id":"\#(task)","status":"failed"}"#,
      caller: .bound(to: AgentReference("B"), authority: 10, origin: .http), given: task(.pending)),
    Case(
      tool: "agora.task.update", code: .invalidParameter,
      parameters: #"{"task_id":"\#(task)"}"#),
    Case(tool: "agora.task.list", code: .notFound, parameters: #"{"agent_id":"nobody"}"#),
    Case(tool: "agora.task.list", code: .notFound, parameters: #"{"workflow_id":"\#(workflow)"}"#),
    Case(
      tool: "agora.task.list", code: .conflict, parameters: #"{"agent_id":"twice"}"#,
      given: ambiguous),
    Case(tool: "agora.task.history", code: .notFound, parameters: #"{"task_id":"\#(task)"}"#),
  ]

  /// A workflow of these steps.
  private static func creating(_ steps: String) -> String {
    #"{"workflow_name":"w","assigned_agents":[],"steps":[\#(steps)]}"#
  }

  /// A change of the workflow.
  private static func modifying(_ parameters: String) -> String {
    #"{"workflow_id":"\#(workflow)",\#(parameters)}"#
  }

  private static let payloads = (0..<20).map {
    #"{"name":"\#($0)","agent":"A","payload":{"x":"\#(String(repeating: "x", count: 60_000))"}}"#
  }.joined(separator: ",")

  static let ofWorkflows: [Case] =
    [
      (.notFound, #"{"name":"a","agent":"nobody"}"#, ""),
      (.conflict, #"{"name":"a","agent":"twice"}"#, ambiguous),
      (.conflict, #"{"name":"a","agent":"A"}"#, suspended),
      (.tooLarge, #"{"name":"a","agent":"A","payload":{"x":"\#(large)"}}"#, ""),
      (.tooLarge, payloads, ""),
      (.invalidParameter, #"{"name":"a","agent":"A"},{"name":"a","agent":"B"}"#, ""),
      (.invalidParameter, #"{"name":"a","agent":"A","depends_on":["b"]}"#, ""),
      (.invalidParameter, #"{"name":"a","agent":"A","depends_on":["a"]}"#, ""),
      (
        .invalidParameter,
        #"{"name":"a","agent":"A","depends_on":["b"]},{"name":"b","agent":"A","depends_on":["c"]},{"name":"c","agent":"A","depends_on":["a"]}"#,
        ""
      ),
      (.invalidParameter, #"{"name":"a","agent":"A","when":"failure"}"#, ""),
      (.invalidParameter, #"{"name":"a"}"#, ""),
      (.invalidParameter, #"{"name":"a","agent":"A","after":"b"}"#, ""),
    ].map { (code: ToolFailure.Code, steps: String, given: String) in
      Case(
        tool: "agora.workflow.create", code: code, parameters: creating(steps), given: given)
    }
    + [
      Case(
        tool: "agora.workflow.create", code: .notFound,
        parameters: #"{"workflow_name":"w","assigned_agents":["nobody"],"steps":[]}"#),
      Case(
        tool: "agora.workflow.create", code: .forbidden, parameters: creating(""), caller: bound,
        given: suspended),
      Case(
        tool: "agora.workflow.status", code: .notFound,
        parameters: #"{"workflow_id":"\#(workflow)"}"#),
      Case(
        tool: "agora.workflow.modify", code: .notFound, parameters: modifying(#""action":"start""#)),
      Case(
        tool: "agora.workflow.modify", code: .forbidden,
        parameters: modifying(#""action":"start""#), caller: bound, given: workflow(.pending)),
      Case(
        tool: "agora.workflow.modify", code: .halted, parameters: modifying(#""action":"start""#),
        given: workflow(.pending)
          + ";INSERT INTO overrides VALUES('ovr_1','\(workflow)','pause','test',255,'operator',1,'active',NULL,NULL)"
      ),
    ]
    + [
      (.notFound, .pending, #""action":"remove_step","step":"other""#),
      (.notFound, .pending, #""action":"reassign","step":"open","agent":"nobody""#),
      (
        .notFound, .pending,
        #""action":"add_step","step":{"name":"new","agent":"A","depends_on":["other"]}"#
      ),
      (.conflict, .paused, #""action":"start""#), (.conflict, .pending, #""action":"pause""#),
      (.conflict, .running, #""action":"resume""#),
      (.conflict, .failed, #""action":"terminate""#),
      (.conflict, .pending, #""action":"reassign","step":"done","agent":"A""#),
      (.conflict, .completed, #""action":"reassign","step":"open","agent":"A""#),
      (.conflict, .pending, #""action":"remove_step","step":"done""#),
      (.conflict, .terminated, #""action":"remove_step","step":"open""#),
      (.conflict, .pending, #""action":"add_step","step":{"name":"open","agent":"A"}"#),
      (.conflict, .completed, #""action":"add_step","step":{"name":"new","agent":"A"}"#),
      (.conflict, .pending, #""action":"reorder","steps":["open"]"#),
      (.invalidParameter, .pending, #""action":"reorder","steps":["open","open"]"#),
      (.invalidParameter, .pending, #""action":"reorder""#),
      (.invalidParameter, .pending, #""action":"start","step":"open""#),
      (.invalidParameter, .pending, #""action":"reassign","step":{"name":"open"},"agent":"A""#),
      (.invalidParameter, .pending, #""action":"add_step","step":"new""#),
      (
        .invalidParameter, .pending,
        #""action":"add_step","step":{"name":"new","agent":"A","when":"failure"}"#
      ),
      (.tooLarge, .pending, #""action":"add_step","step":{"name":"\#(large)"}"#),
    ].map { (code: ToolFailure.Code, status: WorkflowStatus, parameters: String) in
      Case(
        tool: "agora.workflow.modify", code: code, parameters: modifying(parameters),
        given: workflow(status))
    }
}
