/// Workflows whose steps, or whose steps' tasks, are to be what v4 says of them, since a person has decided
/// so: what v5 had begun of them follows, and what has become ready is started.
///
/// Everything is audited and told as a tool's change is. One value settles what was decided at once, so that
/// nothing is started between two decisions.
package final class DecidedSteps {
  private let context: ToolContext
  private let life: WorkflowLife
  private let reason: String
  private var connection: Connection { context.connection }
  private var touched: [String] = []
  /// Where the audit stood before.
  private let began: Int64

  /// - Parameters:
  ///   - reason: why, for the audit.
  package init(
    on connection: Connection, at now: Timestamp, _ ids: IdentifierSource, reason: String
  ) throws {
    began = try connection.integer(Query("audit.last", "SELECT max(rowid) FROM audit")) ?? 0
    context = ToolContext(
      connection, tool: UpdateTask.tool, now: now, caller: .owner(.cli), catalog: .agora,
      identifiers: IdentifierSequence(ids), usage: UsageLog())
    life = WorkflowLife(context)
    self.reason = reason
  }

  /// Sentences for the person who decided.
  package var warnings: [String] { context.warnings }

  private static let tasks = Query(
    "audit.tasks_since",
    """
    SELECT target, max(before IS NULL) AS is_new FROM audit
    WHERE rowid>?1 AND substr(target,1,5)='task_' GROUP BY target ORDER BY min(rowid)
    """)

  /// The tasks that were changed or ended so far, and those that were made for steps that have become ready,
  /// each in order.
  package func tasks() throws -> (changed: [String], started: [String]) {
    let all = try connection.all(
      Self.tasks, .integer(began), map: { (id: $0.text(0), isNew: $0.bool(1)) })
    return (all.filter { !$0.isNew }.map(\.id), all.filter(\.isNew).map(\.id))
  }

  // MARK: steps

  /// Gives a workflow steps as they are to be, each in the place of the one of its id or where its order
  /// puts it; their tasks follow.
  ///
  /// A task that is open gets the step's status and agent; one that is over stays as history, and its
  /// step has it no more unless it says the same.
  package func put(_ steps: [JSON], into id: String) throws {
    guard var workflow = try WorkflowRecord.read(id, in: connection) else { return }
    var followers: [(task: TaskRecord, step: WorkflowStep?)] = []
    var notes: [(WorkflowLife.Change, WorkflowStep, WorkflowStep?)] = []
    for json in steps {
      var step = WorkflowStep(json: json)
      if step.task != nil { step.task = nil }
      let index = workflow.steps.firstIndex { $0.id.exact == step.id.exact }
      let before = index.map { workflow.steps[$0] }
      if let task = try before?.task.flatMap({ try TaskRecord.read($0, in: connection) }) {
        if Self.keeps(task, step, workflow) { step.task = task.id }
        followers.append((task, step.task == nil ? nil : step))
      }
      guard step != before else { continue }
      Self.place(step, at: index, in: &workflow.steps)
      notes.append((Self.change(from: before, to: step), step, before))
    }
    guard !notes.isEmpty else { return }
    try workflow.update(in: connection)
    touch(id)
    for (change, step, before) in notes {
      try life.note(change, workflow, step: step, was: before, reason: reason)
    }
    for (task, step) in followers { try follow(task, step) }
  }

  /// Whether a step goes on with the task that it has.
  private static func keeps(
    _ task: TaskRecord, _ step: WorkflowStep, _ workflow: WorkflowRecord
  ) -> Bool {
    switch step.status {
    case .skipped: false
    case .completed, .failed: task.status.isOpen || StepStatus(task.status) == step.status
    // Nothing is open in what is over, and nothing without somebody to do it.
    case .pending, .inProgress:
      task.status.isOpen && step.agent != nil && !workflow.status.isFinished
    }
  }

  /// What the audit calls it.
  private static func change(
    from before: WorkflowStep?, to step: WorkflowStep
  ) -> WorkflowLife.Change {
    guard let before else { return .stepAdded }
    guard before.status != step.status else { return .stepChanged }
    switch step.status {
    case .pending: return .stepReopened
    case .inProgress: return .stepBegun
    case .completed: return .stepCompleted
    case .failed: return .stepFailed
    case .skipped: return .stepSkipped
    }
  }

  /// Steps of v4 stand in their order, those without one behind the others; v5's own stay where they are.
  private static func place(_ step: WorkflowStep, at index: Int?, in steps: inout [WorkflowStep]) {
    if let index, steps[index].order == step.order {
      steps[index] = step
      return
    }
    if let index { steps.remove(at: index) }
    let isOfV4 = { (other: WorkflowStep) in Identifier(other.id)?.isBornOnV5 != true }
    let order = step.order ?? .max
    let next = steps.firstIndex { isOfV4($0) && ($0.order ?? .max) > order }
    let last = steps.lastIndex(where: isOfV4).map { $0 + 1 }
    steps.insert(step, at: next ?? last ?? 0)
  }

  /// Takes steps out of a workflow; what v5 had open for them fails.
  package func remove(_ ids: [String], from workflow: String) throws {
    guard var record = try WorkflowRecord.read(workflow, in: connection) else { return }
    let gone = Set(ids.map(\.exact))
    let removed = record.steps.filter { gone.contains($0.id.exact) }
    guard !removed.isEmpty else { return }
    record.steps.removeAll { gone.contains($0.id.exact) }
    try record.update(in: connection)
    touch(workflow)
    for step in removed {
      try life.note(.stepRemoved, record, step: step, was: step, reason: reason)
    }
    try fail(removed.compactMap(\.task))
  }

  // MARK: whole workflows

  /// The tasks of a workflow's steps.
  package func tasks(ofSteps workflow: String) throws -> [String] {
    try WorkflowRecord.read(workflow, in: connection)?.steps.compactMap(\.task) ?? []
  }

  /// Notes that a workflow is v4's again: v5 runs it no more until somebody starts it here.
  ///
  /// - Parameter tasks: what its steps had been made on v5; what is open of it fails.
  package func handBack(_ id: String, tasks: [String]) throws {
    try fail(tasks)
    guard let workflow = try WorkflowRecord.read(id, in: connection), try life.isRun(workflow)
    else { return }
    try life.note(
      .handedBack, workflow, before: nil, after: .object([.init("status", workflow.status.json)]),
      reason: reason)
  }

  /// Fails those of some tasks that are open, and that no step has any more.
  package func fail(_ tasks: [String]) throws { try fail(tasks, areOfSteps: false) }

  private func fail(_ tasks: [String], areOfSteps: Bool) throws {
    for id in tasks {
      guard let task = try TaskRecord.read(id, in: connection), task.status.isOpen else { continue }
      try TaskLife(context).fail(task, reason: reason, tellsWorkflow: areOfSteps)
    }
  }

  /// Has what hangs on a workflow of v5's own follow it, which has been given another status already: where
  /// it is over now, what waits is skipped and what is open fails.
  package func follow(workflow id: String) throws {
    guard var workflow = try WorkflowRecord.read(id, in: connection) else { return }
    guard workflow.status.isFinished else { return touch(id) }
    let tasks = workflow.steps.compactMap(\.task)
    for index in workflow.steps.indices where workflow.steps[index].isWaiting {
      let before = workflow.steps[index]
      workflow.steps[index].status = .skipped
      workflow.steps[index].completedAt = context.now
      try life.note(
        .stepSkipped, workflow, step: workflow.steps[index], was: before, reason: reason)
    }
    try workflow.update(in: connection)
    try fail(tasks, areOfSteps: true)
  }

  // MARK: tasks

  /// Has what hangs on a task follow it, which has been given another status already: its step, and the
  /// tasks that wait for it.
  package func follow(task id: String) throws {
    guard let task = try TaskRecord.read(id, in: connection) else { return }
    if let workflow = task.workflow, task.step != nil { touch(workflow) }
    try TaskLife(context).wasChanged(task)
  }

  /// Has what hangs on a task go on without it: its step fails where it was not over, and so do those that
  /// wait for it.
  package func forget(_ id: String) throws {
    guard let task = try TaskRecord.read(id, in: connection) else { return }
    try TaskLife(context).release(task, reason: reason)
    guard let holder = task.workflow,
      var workflow = try WorkflowRecord.read(holder, in: connection),
      let index = workflow.steps.firstIndex(where: { $0.task == id })
    else { return }
    let before = workflow.steps[index]
    workflow.steps[index].task = nil
    if !before.status.isFinished {
      workflow.steps[index].status = .failed
      workflow.steps[index].completedAt = context.now
    }
    try workflow.update(in: connection)
    touch(holder)
    try life.note(
      before.status.isFinished ? .stepChanged : .stepFailed, workflow,
      step: workflow.steps[index], was: before, reason: reason)
  }

  /// Brings an open task to where its step is; one that its step has no more fails.
  ///
  /// Their workflow need not be told, which says so already: each time all of it would be read.
  private func follow(_ task: TaskRecord, _ step: WorkflowStep?) throws {
    guard task.status.isOpen, var current = try TaskRecord.read(task.id, in: connection) else {
      return
    }
    guard let step else {
      return try TaskLife(context).fail(current, reason: reason, tellsWorkflow: false)
    }
    if !step.status.isFinished, let agent = step.agent, agent != current.agent {
      try TaskLife(context).reassign(current, to: agent, reason: reason)
      current = try TaskRecord.read(task.id, in: connection) ?? current
    }
    var after = current
    after.status = step.status.ofTask
    guard after.status != current.status else { return }
    after.updatedAt = context.now
    switch after.status {
    case .pending: after.progress = 0
    case .inProgress: break
    case .completed, .failed:
      if after.status == .completed { after.progress = 100 }
      after.completedAt = step.completedAt ?? context.now
    }
    try TaskLife(context).change(
      current, to: after, reason: reason, passesThrough: after.status == .completed,
      tellsWorkflow: false)
  }

  // MARK: what follows

  private func touch(_ workflow: String) {
    if !touched.contains(workflow) { touched.append(workflow) }
  }

  /// Starts what has become ready in the workflows that v5 runs, and ends those that are over.
  package func settle() throws {
    for id in touched {
      guard var workflow = try WorkflowRecord.read(id, in: connection) else { continue }
      try life.settle(&workflow)
    }
    touched.removeAll()
  }
}

extension StepStatus {
  /// How far the task of a step is that is so far.
  fileprivate var ofTask: TaskStatus {
    switch self {
    case .pending: .pending
    case .inProgress: .inProgress
    case .completed: .completed
    case .failed, .skipped: .failed
    }
  }
}
