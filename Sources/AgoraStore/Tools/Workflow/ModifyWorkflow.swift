/// `agora.workflow.modify`: starts, stops and changes a workflow.
public struct ModifyWorkflow: ToolCall {
  /// What can be done with a workflow.
  public enum Action: String, Word {
    /// Begins it.
    case start
    /// Lets what is being done go on and starts nothing more.
    case pause
    /// Goes on after a pause.
    case resume
    /// Ends it.
    case terminate
    /// Gives a step to another agent.
    case reassign
    /// Adds a step.
    case addStep = "add_step"
    /// Removes a step that has not been started.
    case removeStep = "remove_step"
    /// Puts the steps in another order.
    case reorder
  }

  /// The workflow.
  public static let workflow = Parameter<WorkflowID>("workflow_id", "Which workflow")
  /// The action.
  public static let action = Parameter<Action>("action", "What to do")
  /// The step.
  public static let step = Parameter<JSON?>(
    optional: "step",
    "For reassign and remove_step the step's name or id; for add_step the step itself, an object as in agora.workflow.create",
    .content)
  /// The agent.
  public static let agent = Parameter<AgentReference?>(
    optional: "agent", "For reassign: who is to do the step")
  /// The order.
  public static let steps = Parameter<[String]?>(
    optional: "steps", "For reorder: the names or ids of all steps in their new order",
    .name.times(0...10_000))

  /// The declaration.
  public static let tool = Tool(
    .workflow, "modify", title: "Modify a workflow",
    description:
      "Starts, pauses, resumes or terminates a workflow, gives a step to another agent, adds or removes a step, or puts the steps in another order. A paused workflow starts nothing; resuming starts what has become ready. Terminating fails its open tasks.",
    parameters: ParameterList(workflow, action, step, agent, steps), output: WorkflowView.self,
    failures: [.notFound, .forbidden, .conflict], access: .writes, isIdempotent: false,
    isDestructive: true,
    examples: [
      .init(
        #"{"workflow_id":"wf_019740f0a4d07cc0a1b2c3d4e5f60718","action":"add_step","step":{"name":"report","agent":"Reporter","depends_on":["load"],"when":"always"}}"#,
        #"{"workflow_id":"wf_019740f0a4d07cc0a1b2c3d4e5f60718","workflow_name":"data_pipeline","status":"running","current_step":1,"total_steps":1,"progress":0,"steps":[{"step_id":"step_019740f0a4d07cc0a1b2c3d4e5f60719","name":"report","agent":"agent_019740f0a4d07cc0a1b2c3d4e5f6071a","status":"pending","depends_on":[],"when":"always","task_type":"report","payload":{},"priority":"normal","task_id":null,"progress":0,"started_at":null,"completed_at":null,"metadata":null}],"creator_agent":null,"assigned_agents":["agent_019740f0a4d07cc0a1b2c3d4e5f6071a"],"created_at":"2025-06-06T10:00:00Z","completed_at":null,"metadata":{}}"#
      ),
      .init(
        #"{"workflow_id":"wf_019740f0a4d07cc0a1b2c3d4e5f60718","action":"terminate"}"#,
        #"{"workflow_id":"wf_019740f0a4d07cc0a1b2c3d4e5f60718","workflow_name":"data_pipeline","status":"terminated","current_step":0,"total_steps":0,"progress":0,"steps":[],"creator_agent":null,"assigned_agents":[],"created_at":"2025-06-06T10:00:00Z","completed_at":"2025-06-06T10:05:00Z","metadata":{}}"#
      ),
    ])

  /// What is to be done, with what it needs.
  private enum Request {
    case start, pause, resume, terminate
    case reassign(String, AgentReference)
    case add(StepRequest)
    case remove(String)
    case reorder([String])
  }

  private let id: String
  private let request: Request

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    id = try arguments[Self.workflow].description
    let action = try arguments[Self.action]
    let step = try arguments[Self.step]
    let agent = try arguments[Self.agent]
    let steps = try arguments[Self.steps]
    func need<Value>(_ value: Value?, _ name: String) throws(ToolFailure) -> Value {
      if let value { return value }
      throw ToolFailure(
        .invalidParameter, "\(name) is missing: \(action.rawValue) needs it", parameter: name)
    }
    switch action {
    case .start: request = .start
    case .pause: request = .pause
    case .resume: request = .resume
    case .terminate: request = .terminate
    case .reassign:
      request = .reassign(try Self.name(try need(step, "step")), try need(agent, "agent"))
    case .addStep: request = .add(try Self.described(try need(step, "step")))
    case .removeStep: request = .remove(try Self.name(try need(step, "step")))
    case .reorder: request = .reorder(try need(steps, "steps"))
    }
    let needed: Set<String> =
      switch action {
      case .start, .pause, .resume, .terminate: []
      case .reassign: ["step", "agent"]
      case .addStep, .removeStep: ["step"]
      case .reorder: ["steps"]
      }
    for (name, isGiven) in [
      ("step", step != nil), ("agent", agent != nil), ("steps", steps != nil),
    ] where isGiven && !needed.contains(name) {
      throw ToolFailure(
        .invalidParameter, "\(action.rawValue) takes no \(name)", parameter: name)
    }
  }

  private static func name(_ step: JSON) throws(ToolFailure) -> String {
    try ValueCheck.check(step, .text, .name, at: "step")
    return step.text ?? ""
  }

  private static func described(_ step: JSON) throws(ToolFailure) -> StepRequest {
    try ValueCheck.check(step, StepRequest.valueType, .none, at: "step")
    guard let request = StepRequest(json: step) else {
      throw ToolFailure(.invalidParameter, "step cannot be read", parameter: "step")
    }
    try StepPlan.checkCondition(request, at: "step")
    return request
  }

  /// Modifies the workflow.
  public func run(in context: ToolContext) throws -> WorkflowView {
    guard let workflow = try WorkflowRecord.read(id, in: context.connection) else {
      throw ToolFailure(.notFound, "there is no workflow \(id)", parameter: "workflow_id")
    }
    let actor = try context.actorIfAny()
    try context.refuseStrangers(actor, parties: [workflow.creator], "the workflow \(id)")
    try context.refuseIfHalted(id, "the workflow \(workflow.name)")
    var change = WorkflowChange(context, workflow)
    switch request {
    case .start: try change.start()
    case .pause: try change.pause()
    case .resume: try change.resume()
    case .terminate: try change.terminate()
    case .reassign(let step, let agent): try change.reassign(step, to: agent)
    case .add(let step): try change.add(step)
    case .remove(let step): try change.remove(step)
    case .reorder(let steps): try change.reorder(steps)
    }
    return try WorkflowView(change.workflow, in: context.connection)
  }
}
