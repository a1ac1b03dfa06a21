/// What stands in the way of a task's change.
struct TaskGuards {
  private let context: ToolContext
  private let task: TaskRecord
  private var connection: Connection { context.connection }

  init(_ context: ToolContext, _ task: TaskRecord) {
    self.context = context
    self.task = task
  }

  private static let workflow = Query(
    "workflows.standing", "SELECT status, creator_agent FROM workflows WHERE workflow_id=?1")

  private func standing() throws -> (status: String, creator: String?)? {
    guard let id = task.workflow else { return nil }
    return try connection.first(
      Self.workflow, .text(id), map: { ($0.text(0), $0.optionalText(1)) })
  }

  /// Refuses a bound caller who neither does the task nor asked for it.
  func refuseStrangers(_ actor: KnownAgent?) throws {
    guard context.caller.isBound else { return }
    let creator = try standing()?.creator
    try context.refuseStrangers(
      actor, parties: [task.agent, task.requester, creator], "the task \(task.id)")
  }

  /// Refuses a change of status that may not be made, or not now.
  func checkChange(to status: TaskStatus) throws {
    if status == .pending { return try checkReopening() }
    guard task.status.isOpen else {
      throw ToolFailure(
        .conflict,
        "the task is \(task.status.rawValue), which is final; an operator can put it back to pending",
        parameter: "status")
    }
    // Giving up what was never begun needs nobody's leave.
    if task.status == .pending, status != .failed { try checkStart() }
  }

  private static let openDependency = Query(
    "tasks.open_dependency",
    """
    SELECT t.task_id, t.status FROM task_dependencies d JOIN tasks t ON t.task_id=d.depends_on
    WHERE d.task_id=?1 AND t.status<>'completed' LIMIT 1
    """)

  private func checkStart() throws {
    let open = try connection.first(
      Self.openDependency, .text(task.id), map: { ($0.text(0), $0.text(1)) })
    if let (id, status) = open {
      throw ToolFailure(
        .conflict,
        "the task cannot start: it depends on \(id), which is \(status)",
        parameter: "status", details: .object([.init("waits_for", .string(id))]))
    }
    if let workflow = task.workflow {
      try context.refuseIfHalted(workflow, "the workflow \(workflow)")
      let status = try standing()?.status
      if status == WorkflowStatus.paused.rawValue || status == WorkflowStatus.terminated.rawValue {
        throw ToolFailure(
          .conflict,
          "the task cannot start: its workflow \(workflow) is \(status ?? "")", parameter: "status")
      }
    }
    if let agent = task.agent { try context.refuseIfHalted(agent, "the agent \(agent)") }
  }

  private static let begunDependent = Query(
    "tasks.begun_dependent",
    """
    SELECT t.task_id FROM task_dependencies d JOIN tasks t ON t.task_id=d.task_id
    WHERE d.depends_on=?1 AND t.status IN ('in_progress','completed') LIMIT 1
    """)
  private static let failedDependency = Query(
    "tasks.failed_dependency",
    """
    SELECT t.task_id FROM task_dependencies d JOIN tasks t ON t.task_id=d.depends_on
    WHERE d.task_id=?1 AND t.status='failed' LIMIT 1
    """)

  private func checkReopening() throws {
    guard context.caller.authority >= Caller.administrative else {
      throw ToolFailure(
        .forbidden,
        "only an operator (authority \(Caller.administrative) or more) can put a task back to pending",
        parameter: "status")
    }
    if !task.status.isOpen {
      if let id = try connection.first(
        Self.begunDependent, .text(task.id), map: { $0.text(0) })
      {
        throw ToolFailure(
          .conflict, "the task cannot be reopened: \(id), which depends on it, has begun",
          parameter: "status")
      }
    }
    if let id = try connection.first(Self.failedDependency, .text(task.id), map: { $0.text(0) }) {
      throw ToolFailure(
        .conflict, "the task cannot be reopened: \(id), on which it depends, has failed",
        parameter: "status")
    }
  }
}
