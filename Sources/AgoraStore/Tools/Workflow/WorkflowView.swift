/// A workflow as others see it.
public struct WorkflowView: ToolOutput {
  /// A step of it.
  public struct Step: ToolOutput {
    let step: WorkflowStep
    let dependsOn: [String]
    let progress: Int

    /// The fields.
    public static let shape = Shape<Step>(
      .field("step_id", "The step's id") { $0.step.id },
      .field("name", "Its name") { $0.step.name },
      .field("agent", "The id of the agent that does it; null where v4 named none") {
        $0.step.agent
      },
      .field("status", "How far it is") { $0.step.status },
      .field(
        "depends_on",
        "The names of the steps that come before, ids where v4 gave no name of its own"
      ) {
        $0.dependsOn
      },
      .field("when", "When it is begun, as to those steps") { $0.step.when },
      .field("task_type", "What kind of task it is") { $0.step.taskType },
      .field("payload", "What the task is about") { $0.step.payload },
      .field("priority", "How urgent it is") { $0.step.priority },
      .field("task_id", "Its task; null before it is started") { $0.step.task },
      .field("progress", "How much of it is done, 0 to 100") { $0.progress },
      .field("started_at", "When it was started") { $0.step.startedAt },
      .field("completed_at", "When it was over") { $0.step.completedAt },
      .field("metadata", "What v4 said besides; null for a step of v5") { $0.step.leftOver })
  }

  let workflow: WorkflowRecord
  /// The steps in their order.
  public let steps: [Step]

  /// How much of it is done, in percent: the mean of its steps.
  public var progress: Int {
    if steps.isEmpty { return workflow.status == .completed ? 100 : 0 }
    return steps.reduce(0) { $0 + $1.progress } / steps.count
  }

  /// The fields.
  public static let shape = Shape<WorkflowView>(
    .field("workflow_id", "The workflow's id") { $0.workflow.id },
    .field("workflow_name", "Its name") { $0.workflow.name },
    .field("status", "How far it is") { $0.workflow.status },
    .field(
      "current_step",
      "The number of the first step that is not over, from 1; 0 before the start, the last one's at the end"
    ) { $0.workflow.currentStep },
    .field("total_steps", "How many steps there are") { $0.steps.count },
    .field("progress", "How much of it is done, 0 to 100") { $0.progress },
    .field("steps", "The steps in their order") { $0.steps },
    .field("creator_agent", "The id of the agent that made it") { $0.workflow.creator },
    .field("assigned_agents", "The ids of the agents that take part") {
      $0.workflow.assignedAgents
    },
    .field("created_at", "When it was made; null where v4 did not say") { $0.workflow.createdAt },
    .field("completed_at", "When it was over") { $0.workflow.completedAt },
    .field("metadata", "Anything else") { $0.workflow.metadata })

  private static let progressOfTasks = Query(
    "tasks.progress_of_workflow",
    "SELECT task_id, progress FROM tasks WHERE workflow_id=?1 AND status='in_progress'")

  init(_ workflow: WorkflowRecord, in connection: Connection) throws {
    self.workflow = workflow
    var progress: [String: Int] = [:]
    try connection.each(Self.progressOfTasks, .text(workflow.id)) {
      progress[$0.text(0)] = $0.int(1)
    }
    let graph = StepGraph(workflow.steps)
    var counts: [[UInt8]: Int] = [:]
    for step in workflow.steps { counts[step.name.exact, default: 0] += 1 }
    steps = workflow.steps.enumerated().map { index, step in
      Step(
        step: step,
        dependsOn: graph.dependencies[index].map { place in
          let other = workflow.steps[place]
          return counts[other.name.exact] == 1 ? other.name : other.id
        },
        progress: step.status.isFinished ? 100 : step.task.flatMap { progress[$0] } ?? 0)
    }
  }
}
