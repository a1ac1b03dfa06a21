/// `agora.workflow.status`: how far a workflow is, and what happened so far.
public struct ShowWorkflow: ToolCall {
  /// Which.
  public static let workflow = Parameter<WorkflowID>("workflow_id", "Which workflow")

  /// The declaration.
  public static let tool = Tool(
    .workflow, "status", title: "Show a workflow",
    description:
      "Shows a workflow, its steps and how far each is, and everything that happened to it in order of time.",
    parameters: ParameterList(workflow), output: Output.self, failures: [.notFound],
    access: .reads, isIdempotent: true,
    examples: [
      .init(
        #"{"workflow_id":"wf_019740f0a4d07cc0a1b2c3d4e5f60718"}"#,
        #"{"workflow_id":"wf_019740f0a4d07cc0a1b2c3d4e5f60718","workflow_name":"data_pipeline","status":"running","current_step":1,"total_steps":1,"progress":40,"steps":[{"step_id":"step_019740f0a4d07cc0a1b2c3d4e5f60719","name":"extract","agent":"agent_019740f0a4d07cc0a1b2c3d4e5f6071a","status":"in_progress","depends_on":[],"when":"success","task_type":"extract","payload":{},"priority":"normal","task_id":"task_019740f0a4d07cc0a1b2c3d4e5f6071b","progress":40,"started_at":"2025-06-06T10:00:00Z","completed_at":null,"metadata":null}],"creator_agent":null,"assigned_agents":["agent_019740f0a4d07cc0a1b2c3d4e5f6071a"],"created_at":"2025-06-06T10:00:00Z","completed_at":null,"metadata":{},"halted":false,"timeline":[{"timestamp":"2025-06-06T10:00:00Z","change":"created","step_id":null,"step":null,"task_id":null,"agent":null,"status":"pending","actor":"operator","reason":null}]}"#
      )
    ])

  /// What is known of a workflow.
  public struct Output: ToolOutput {
    /// The workflow.
    public let workflow: WorkflowView
    /// Whether an operator has halted it.
    public let isHalted: Bool
    /// What happened, the oldest first.
    public let timeline: [WorkflowMoment]

    /// The fields.
    public static let shape = Shape<Output>(
      .fields(of: WorkflowView.self) { $0.workflow },
      .field("halted", "Whether an operator has halted it: nothing of it starts meanwhile") {
        $0.isHalted
      },
      .field("timeline", "What happened, the oldest first") { $0.timeline })
  }

  private let id: String

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    id = try arguments[Self.workflow].description
  }

  /// Looks the workflow up.
  public func run(in context: ToolContext) throws -> Output {
    guard let workflow = try WorkflowRecord.read(id, in: context.connection) else {
      throw ToolFailure(.notFound, "there is no workflow \(id)", parameter: "workflow_id")
    }
    return Output(
      workflow: try WorkflowView(workflow, in: context.connection),
      isHalted: try WorkflowLife(context).isHalted(id),
      timeline: try WorkflowMoment.all(of: workflow, in: context.connection))
  }
}
