/// What becomes of workflows: steps are started when they are ready, skipped when they never will be,
/// and what is over is ended; everything is audited and told.
package struct WorkflowLife {
  private let context: ToolContext
  private var connection: Connection { context.connection }

  package init(_ context: ToolContext) { self.context = context }

  /// What happened to a workflow: the last word of its audit entries, and `change` in its events.
  enum Change: String {
    case created, started, paused, resumed, terminated, completed, failed
    case stepStarted = "step_started"
    case stepBegun = "step_begun"
    case stepCompleted = "step_completed"
    case stepFailed = "step_failed"
    case stepSkipped = "step_skipped"
    case stepReopened = "step_reopened"
    case stepReassigned = "step_reassigned"
    case stepAdded = "step_added"
    case stepRemoved = "step_removed"
    case stepsReordered = "steps_reordered"
    /// A person has decided that a step is what v4 says of it.
    case stepChanged = "step_changed"
    /// A person has decided that the whole is what v4 says of it.
    case handedBack = "handed_back"

    var action: String { Self.prefix + rawValue }
    static let prefix = "agora.workflow."
  }

  // MARK: from outside

  /// Starts what has become ready after a halt was lifted.
  package func goOn(_ id: String) throws {
    guard var workflow = try WorkflowRecord.read(id, in: connection) else { return }
    try settle(&workflow)
  }

  /// Ends a workflow: what waits is skipped, what is open fails.
  package func terminate(_ id: String, reason: String) throws {
    guard var workflow = try WorkflowRecord.read(id, in: connection) else { return }
    try terminate(&workflow, reason: reason)
  }

  /// Follows a task of a step.
  func follow(_ task: TaskRecord) throws {
    guard let id = task.workflow, task.step != nil,
      var workflow = try WorkflowRecord.read(id, in: connection),
      let index = workflow.steps.firstIndex(where: { $0.task == task.id })
    else { return }
    let before = workflow.steps[index]
    let status = StepStatus(task.status)
    guard before.status != status else { return }
    workflow.steps[index].status = status
    workflow.steps[index].completedAt = task.completedAt
    try workflow.update(in: connection)
    let change: Change =
      switch task.status {
      case .pending: .stepReopened
      case .inProgress: .stepBegun
      case .completed: .stepCompleted
      case .failed: .stepFailed
      }
    try note(change, workflow, step: workflow.steps[index], was: before)
    if status.isFinished { try settle(&workflow) }
  }

  // MARK: for the tools

  private static let wasBegun = Query(
    "audit.workflow_begun",
    """
    SELECT action<>'\(Change.handedBack.action)' FROM audit WHERE target=?1 AND source_row IS NULL
      AND action IN ('\(Change.started.action)','\(Change.resumed.action)','\(Change.handedBack.action)')
    ORDER BY rowid DESC LIMIT 1
    """)

  /// Whether v5 runs the workflow: one that v4 left running, or that was handed back to v4, stands still
  /// until somebody starts it here.
  func isRun(_ workflow: WorkflowRecord) throws -> Bool {
    if workflow.isBornOnV5 { return true }
    return try connection.integer(Self.wasBegun, .text(workflow.id)) == 1
  }

  /// Whether an operator has halted the workflow.
  func isHalted(_ id: String) throws -> Bool {
    do {
      try context.refuseIfHalted(id, "the workflow")
      return false
    } catch let failure as ToolFailure where failure.code == .halted { return true }
  }

  /// Starts the steps that are ready, skips those that never will be, and ends the workflow when nothing
  /// is left; nothing of it while the workflow does not run or is halted.
  func settle(_ workflow: inout WorkflowRecord) throws {
    guard workflow.status == .running, try isRun(workflow), try !isHalted(workflow.id) else {
      return
    }
    var started: Set<Int> = []
    var goesOn = true
    while goesOn {
      goesOn = false
      let graph = StepGraph(workflow.steps)
      for index in workflow.steps.indices
      where workflow.steps[index].isWaiting && !started.contains(index) {
        switch graph.readiness(of: index) {
        case .waiting: continue
        case .ready:
          started.insert(index)
          try start(index, of: &workflow)
        case .never:
          let before = workflow.steps[index]
          workflow.steps[index].status = .skipped
          workflow.steps[index].completedAt = context.now
          try note(.stepSkipped, workflow, step: workflow.steps[index], was: before)
          // Those that wait for it may be next.
          goesOn = true
        }
      }
    }
    if !workflow.steps.isEmpty, workflow.steps.allSatisfy(\.status.isFinished) {
      let isFailed = workflow.steps.contains { $0.status == .failed }
      try set(&workflow, isFailed ? .failed : .completed, isFailed ? .failed : .completed)
    } else {
      try workflow.update(in: connection)
    }
  }

  private func start(_ index: Int, of workflow: inout WorkflowRecord) throws {
    let before = workflow.steps[index]
    guard let agent = before.agent else {
      context.warn(
        "the step \"\(ValueCheck.shown(before.name))\" is ready and has no agent; give it one with agora.workflow.modify, action reassign"
      )
      return
    }
    var metadata: [JSON.Member] = [
      .init(TaskRecord.stepKey, .string(before.id)), .init("step", .string(before.name)),
    ]
    if let creator = workflow.creator {
      metadata.append(.init(TaskRecord.requesterKey, .string(creator)))
    }
    let task = TaskRecord(
      id: context.newID(.task), workflow: workflow.id, agent: agent, type: before.taskType,
      payload: before.payload, priority: before.priority, deadline: nil, createdAt: context.now,
      dependencies: [], metadata: JSONObject(metadata))
    workflow.steps[index].status = .pending
    workflow.steps[index].task = task.id
    workflow.steps[index].startedAt = context.now
    workflow.steps[index].completedAt = nil
    try TaskLife(context).begin(task, reason: "the step \(before.name) of \(workflow.id) is ready")
    try note(.stepStarted, workflow, step: workflow.steps[index], was: before)
  }

  /// Gives a workflow another status, and writes it.
  func set(_ workflow: inout WorkflowRecord, _ status: WorkflowStatus, _ change: Change) throws {
    let before = workflow.status
    workflow.status = status
    workflow.completedAt = status.isFinished ? context.now : nil
    try workflow.update(in: connection)
    try note(
      change, workflow, before: .object([.init("status", before.json)]),
      after: .object([.init("status", status.json)]))
  }

  private static let openTasks = Query(
    "tasks.open_of_workflow",
    """
    SELECT \(TaskRecord.columns) FROM tasks t
    WHERE t.workflow_id=?1 AND t.status IN ('pending','in_progress') ORDER BY t.rowid
    """)

  func terminate(_ workflow: inout WorkflowRecord, reason: String) throws {
    // The status first, so that the tasks that fail now start nothing.
    try set(&workflow, .terminated, .terminated)
    for index in workflow.steps.indices where workflow.steps[index].isWaiting {
      let before = workflow.steps[index]
      workflow.steps[index].status = .skipped
      workflow.steps[index].completedAt = context.now
      try note(.stepSkipped, workflow, step: workflow.steps[index], was: before)
    }
    try workflow.update(in: connection)
    let tasks = try connection.all(Self.openTasks, .text(workflow.id), map: TaskRecord.init)
    for task in tasks {
      // One of them may have failed with another meanwhile.
      guard let current = try TaskRecord.read(task.id, in: connection), current.status.isOpen
      else { continue }
      try TaskLife(context).fail(current, reason: reason)
    }
    workflow = try WorkflowRecord.read(workflow.id, in: connection) ?? workflow
  }

  // MARK: audit and events

  /// What of a step the audit and the timeline say.
  private static func summary(_ step: WorkflowStep) -> JSON {
    .object([
      .init("step_id", .string(step.id)), .init("step", .string(step.name)),
      .init("status", step.status.json), .init("agent", step.agent.json),
      .init("task_id", step.task.json),
    ])
  }

  func note(
    _ change: Change, _ workflow: WorkflowRecord, step: WorkflowStep, was before: WorkflowStep?,
    reason: String? = nil
  ) throws {
    try note(
      change, workflow, before: before.map(Self.summary), after: Self.summary(step),
      reason: reason,
      about: [
        .init("step_id", .string(step.id)), .init("step", .string(step.name)),
        .init("task_id", step.task.json), .init("assigned_agent", step.agent.json),
      ])
  }

  func note(
    _ change: Change, _ workflow: WorkflowRecord, before: JSON?, after: JSON?,
    reason: String? = nil, about members: [JSON.Member] = []
  ) throws {
    try context.audit(
      workflow.id, before: before, after: after, reason: reason, action: change.action)
    try context.emit(
      change == .created ? "workflow_created" : "workflow_updated",
      from: context.actingAgent?.id, to: ToolContext.everyone,
      [
        .init("workflow_id", .string(workflow.id)), .init("workflow_name", .string(workflow.name)),
        .init("status", workflow.status.json), .init("change", .string(change.rawValue)),
      ] + members)
  }
}
