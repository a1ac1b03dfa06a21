/// `agora.workflow.create`: steps for several agents, one after the other or at once.
public struct CreateWorkflow: ToolCall {
  /// The name.
  public static let workflowName = Parameter<String>(
    "workflow_name", "What the workflow is called", .name)
  /// The steps.
  public static let steps = Parameter<[StepRequest]>(
    "steps", "The steps; those that depend on no other run at once",
    Limits.none.times(0...StepPlan.countLimit))
  /// The agents.
  public static let assignedAgents = Parameter<[AgentReference]>(
    "assigned_agents", "The agents that take part; those of the steps do in any case",
    Limits.none.times(0...1_000))
  /// Anything else.
  public static let metadata = Parameter<JSONObject>(
    "metadata", "Anything else", .metadata, default: JSONObject())
  /// Whether it starts at once.
  public static let start = Parameter<Bool>(
    "start", "Whether it starts at once; else agora.workflow.modify starts it", default: true)

  /// The declaration.
  public static let tool = Tool(
    .workflow, "create", title: "Create a workflow",
    description:
      "Makes a workflow of steps and starts it: each step that is ready becomes a task of its agent, and what it makes ready follows when it is done. One without steps runs until it is given some or is terminated.",
    parameters: ParameterList(workflowName, steps, assignedAgents, metadata, start),
    output: Output.self, failures: [.notFound, .forbidden, .conflict], access: .writes,
    isIdempotent: false,
    examples: [
      .init(
        #"{"workflow_name":"data_pipeline","steps":[{"name":"extract","agent":"DataExtractor"},{"name":"transform","agent":"DataTransformer","depends_on":["extract"]},{"name":"load","agent":"DataLoader","depends_on":["transform"]}],"assigned_agents":["DataExtractor","DataTransformer","DataLoader"]}"#,
        #"{"workflow_id":"wf_019740f0a4d07cc0a1b2c3d4e5f60718","status":"running","created_at":"2025-06-06T10:00:00Z"}"#
      )
    ])

  /// What creating answers.
  public struct Output: ToolOutput {
    /// The workflow's id.
    public let workflowID: String
    /// How far it is.
    public let status: WorkflowStatus
    /// When it was made.
    public let createdAt: Timestamp

    /// The fields.
    public static let shape = Shape<Output>(
      .field("workflow_id", "The workflow's id") { $0.workflowID },
      .field("status", "running, or pending where it was not to start") { $0.status },
      .field("created_at", "When it was made") { $0.createdAt })
  }

  private let name: String
  private let steps: [StepRequest]
  private let agents: [AgentReference]
  private let metadata: JSONObject
  private let starts: Bool

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    name = try arguments[Self.workflowName]
    steps = try arguments[Self.steps]
    agents = try arguments[Self.assignedAgents]
    metadata = try arguments[Self.metadata]
    starts = try arguments[Self.start]
    try StepPlan.check(steps)
  }

  /// Makes the workflow.
  public func run(in context: ToolContext) throws -> Output {
    let creator = try context.actorIfAny()
    let assignment = Assignment(context)
    var workflow = WorkflowRecord(
      id: context.newID(.workflow), name: name, status: .pending, creator: creator?.id,
      assignedAgents: [], steps: [], createdAt: context.now, metadata: metadata.json)
    for (index, agent) in agents.enumerated() {
      workflow.addAgent(
        try assignment.named(agent, parameter: "assigned_agents[\(index)]").id)
    }
    for (index, step) in steps.enumerated() {
      let agent = try assignment.named(step.agent, parameter: "steps[\(index)].agent").id
      workflow.addAgent(agent)
      workflow.steps.append(WorkflowStep(step, id: context.newID(.step), agent: agent))
    }
    try workflow.insert(in: context.connection)
    let life = WorkflowLife(context)
    try life.note(
      .created, workflow, before: nil,
      after: .object([
        .init("workflow_name", .string(name)), .init("status", workflow.status.json),
        .init("assigned_agents", workflow.assignedAgents.json),
        .init("steps", steps.map(\.name).json),
      ]))
    if starts {
      try life.set(&workflow, .running, .started)
      try life.settle(&workflow)
    }
    return Output(workflowID: workflow.id, status: workflow.status, createdAt: context.now)
  }
}
