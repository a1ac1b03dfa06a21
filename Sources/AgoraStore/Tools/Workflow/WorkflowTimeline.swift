/// Something that happened to a workflow.
public struct WorkflowMoment: ToolOutput {
  let timestamp: Timestamp?
  let change: String
  let stepID: String?
  let step: String?
  let task: String?
  let agent: String?
  let status: String?
  let actor: String?
  let reason: String?

  /// The fields.
  public static let shape = Shape<WorkflowMoment>(
    .field("timestamp", "When; null where v4 did not say") { $0.timestamp },
    .field("change", "What happened, such as created, step_started, paused, completed") {
      $0.change
    },
    .field("step_id", "The step that it happened to") { $0.stepID },
    .field("step", "That step's name") { $0.step },
    .field("task_id", "That step's task") { $0.task },
    .field("agent", "The id of the agent that does that step") { $0.agent },
    .field("status", "How far the step, or else the workflow, was then") { $0.status },
    .field("actor", "The id of the agent that did it, or operator, or anonymous") { $0.actor },
    .field("reason", "Why") { $0.reason })

  private static let select = Query(
    "audit.of_workflow",
    """
    SELECT timestamp, action, actor, reason, after FROM audit WHERE target=?1 ORDER BY rowid
    """)

  /// The queries, for the test that looks at their plans.
  package static var queries: [Query] { [select] }

  /// All that happened to a workflow, the oldest first: on v4 as far as its record says, then on v5.
  static func all(of workflow: WorkflowRecord, in connection: Connection) throws -> [WorkflowMoment]
  {
    let audited = try connection.all(select, .text(workflow.id), map: WorkflowMoment.init)
    return past(of: workflow) + audited
  }

  /// What the record of a migrated workflow says itself.
  private static func past(of workflow: WorkflowRecord) -> [WorkflowMoment] {
    guard !workflow.isBornOnV5 else { return [] }
    var moments: [WorkflowMoment] = []
    func add(_ change: WorkflowLife.Change, _ time: Timestamp?, _ step: WorkflowStep? = nil) {
      guard let time else { return }
      moments.append(
        WorkflowMoment(
          timestamp: time, change: change.rawValue, stepID: step?.id, step: step?.name, task: nil,
          agent: step?.agent, status: nil, actor: nil, reason: nil))
    }
    add(.created, workflow.createdAt)
    for step in workflow.steps where step.task == nil {
      add(.stepStarted, step.startedAt, step)
      switch step.status {
      case .completed: add(.stepCompleted, step.completedAt, step)
      case .failed: add(.stepFailed, step.completedAt, step)
      default: break
      }
    }
    let ordered = moments.enumerated().sorted { one, other in
      let (first, second) = (one.element.timestamp, other.element.timestamp)
      return first == second ? one.offset < other.offset : (first.map { $0 < second ?? $0 } ?? true)
    }
    return ordered.map(\.element)
  }

  private init(
    timestamp: Timestamp?, change: String, stepID: String?, step: String?, task: String?,
    agent: String?, status: String?, actor: String?, reason: String?
  ) {
    self.timestamp = timestamp
    self.change = change
    self.stepID = stepID
    self.step = step
    self.task = task
    self.agent = agent
    self.status = status
    self.actor = actor
    self.reason = reason
  }

  private init(_ row: borrowing Row) {
    let after = row.optionalText(4).flatMap { try? JSON.parse($0) }
    let action = row.text(1)
    let prefix = WorkflowLife.Change.prefix
    self.init(
      timestamp: row.optionalInt64(0).map { Timestamp(microseconds: $0) },
      change: action.hasPrefix(prefix) ? String(action.dropFirst(prefix.count)) : action,
      stepID: after?["step_id"]?.text, step: after?["step"]?.text, task: after?["task_id"]?.text,
      agent: after?["agent"]?.text, status: after?["status"]?.text, actor: row.optionalText(2),
      reason: row.optionalText(3))
  }
}
