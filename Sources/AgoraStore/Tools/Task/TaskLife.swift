/// What becomes of tasks: every change is written, audited and told in one place, with what follows
/// from it.
struct TaskLife {
  let context: ToolContext
  private var connection: Connection { context.connection }

  init(_ context: ToolContext) { self.context = context }

  /// Puts a new task into its agent's queue.
  func begin(_ task: TaskRecord, reason: String? = nil) throws {
    try task.insert(in: connection)
    try context.audit(task.id, before: nil, after: task.json, reason: reason)
    try tellAssigned(task)
  }

  /// Gives an open task to another agent, which begins it anew.
  func reassign(_ before: TaskRecord, to agent: String, reason: String) throws {
    var after = before
    after.agent = agent
    after.status = .pending
    after.progress = 0
    after.updatedAt = context.now
    try write(before, after, reason: reason)
    try tellAssigned(after)
  }

  /// Makes a task what it is to be; one that fails takes those with it that wait for it.
  ///
  /// - Parameters:
  ///   - passesThrough: whether a task that goes straight from pending to its end is audited as having been
  ///     in progress.
  ///   - tellsWorkflow: whether its step is to follow; one that says the same already need not.
  func change(
    _ before: TaskRecord, to after: TaskRecord, reason: String? = nil, passesThrough: Bool = true,
    tellsWorkflow: Bool = true
  ) throws {
    var start = before
    if passesThrough, before.status == .pending, !after.status.isOpen {
      start.status = .inProgress
      let hop = before.changes(to: start)
      try context.audit(before.id, before: hop.before, after: hop.after, reason: reason)
    }
    try write(start, after, reason: reason)
    if tellsWorkflow { try follow(before, after) }
    if after.status == .failed, before.status != .failed { try failDependents(of: after) }
  }

  /// Fails an open task for a reason that lies outside of it.
  ///
  /// - Parameter tellsWorkflow: whether its step fails with it.
  func fail(_ task: TaskRecord, reason: String, tellsWorkflow: Bool = true) throws {
    try change(
      task, to: failed(task), reason: reason, passesThrough: false, tellsWorkflow: tellsWorkflow)
  }

  private func failed(_ task: TaskRecord) -> TaskRecord {
    var after = task
    after.status = .failed
    after.completedAt = context.now
    after.updatedAt = context.now
    return after
  }

  /// Has what hangs on a task that has been given another status follow it.
  func wasChanged(_ task: TaskRecord) throws {
    try WorkflowLife(context).follow(task)
    if task.status == .failed { try failDependents(of: task) }
  }

  private static let dependency = Query(
    "task_dependencies.of_dependent", "SELECT task_id FROM task_dependencies WHERE depends_on=?1")
  private static let dropDependency = Query(
    "task_dependencies.drop", "DELETE FROM task_dependencies WHERE depends_on=?1 AND task_id=?2")
  private static let setDependencies = Query(
    "tasks.set_dependencies", "UPDATE tasks SET dependencies=?2 WHERE task_id=?1")

  /// Lets go of a task that is about to be removed: what waits for it fails, and nothing depends on it.
  func release(_ task: TaskRecord, reason: String) throws {
    try failDependents(of: task, because: "v4 has no more")
    for id in try connection.all(Self.dependency, .text(task.id), map: { $0.text(0) }) {
      guard let dependent = try TaskRecord.read(id, in: connection) else { continue }
      let left = dependent.dependencies.filter { $0 != task.id }
      try connection.run(
        Self.setDependencies, .text(id), .text(JSONWriter.compact(left.json)))
      try connection.run(Self.dropDependency, .text(task.id), .text(id))
      try context.audit(
        id, before: .object([.init("depends_on", dependent.dependencies.json)]),
        after: .object([.init("depends_on", left.json)]), reason: reason)
    }
  }

  private static let dependents = Query(
    "tasks.dependents",
    """
    SELECT \(TaskRecord.columns) FROM task_dependencies d JOIN tasks t ON t.task_id=d.task_id
    WHERE d.depends_on=?1 AND t.status='pending' ORDER BY t.rowid
    """)

  /// A task that can never be begun fails with the one that it waits for.
  ///
  /// By a list and not by recursion: a chain of tasks may be longer than a stack.
  private func failDependents(of task: TaskRecord, because fate: String = "failed") throws {
    var failing = [task]
    var index = 0
    while index < failing.count {
      let cause = failing[index]
      index += 1
      for before in try connection.all(Self.dependents, .text(cause.id), map: TaskRecord.init) {
        let after = failed(before)
        let fate = cause.id == task.id ? fate : "failed"
        try write(before, after, reason: "it depends on \(cause.id), which \(fate)")
        try follow(before, after)
        failing.append(after)
      }
    }
  }

  private func write(_ before: TaskRecord, _ after: TaskRecord, reason: String?) throws {
    try after.update(in: connection)
    let changes = before.changes(to: after)
    try context.audit(after.id, before: changes.before, after: changes.after, reason: reason)
    var data: [JSON.Member] = [
      .init("task_id", .string(after.id)), .init("status", after.status.json),
      .init("progress", after.progress.json), .init("notes", after.notes.json),
      .init("assigned_agent", after.agent.json), .init("workflow_id", after.workflow.json),
    ]
    if let reason { data.append(.init("reason", .string(reason))) }
    var receivers: [String] = []
    for agent in [before.agent, after.agent, after.requester] {
      if let agent, !receivers.contains(agent) { receivers.append(agent) }
    }
    for receiver in receivers.isEmpty ? [ToolContext.everyone] : receivers {
      try context.emit("task_updated", from: context.actingAgent?.id, to: receiver, data)
    }
  }

  /// Tells a task's workflow.
  private func follow(_ before: TaskRecord, _ after: TaskRecord) throws {
    guard before.status != after.status else { return }
    try WorkflowLife(context).follow(after)
  }

  private func tellAssigned(_ task: TaskRecord) throws {
    try context.emit(
      "task_assigned", from: context.actingAgent?.id, to: task.agent ?? ToolContext.everyone,
      [
        .init("task_id", .string(task.id)), .init("task_type", .string(task.type)),
        .init("assigned_agent", task.agent.json), .init("priority", task.priority.json),
        .init("deadline", task.deadline.json), .init("workflow_id", task.workflow.json),
      ])
  }
}
