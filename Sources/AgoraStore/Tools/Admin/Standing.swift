/// Changes what agents and workflows are, with all that follows from it.
struct Standing {
  let context: ToolContext
  private var connection: Connection { context.connection }

  init(_ context: ToolContext) { self.context = context }

  // MARK: agents

  private static let setAgent = Query(
    "agents.set_status", "UPDATE agents SET status=?2 WHERE agent_id=?1")
  private static let endSubscriptions = Query(
    "subscriptions.end_of_agent",
    """
    UPDATE subscriptions SET status='ended', ended_at=?2 WHERE agent_id=?1 AND status='active'
    """)

  /// Makes an agent's status what it is to be.
  ///
  /// The open tasks of one that is terminated fail, and its
  /// subscriptions end.
  func set(_ agent: KnownAgent, to status: AgentStatus, reason: String?) throws {
    try connection.run(Self.setAgent, .text(agent.id), .text(status.rawValue))
    try context.audit(
      agent.id, before: .object([.init("status", agent.status.json)]),
      after: .object([.init("status", status.json)]), reason: reason)
    if status == .terminated {
      try connection.run(
        Self.endSubscriptions, .text(agent.id), .integer(context.now.microseconds))
      try failTasks(Self.tasksOfAgent, agent.id, reason: "its agent was terminated")
    }
    try context.emit(
      "agent_status_changed", from: context.actingAgent?.id, to: ToolContext.everyone,
      [
        .init("agent_id", .string(agent.id)), .init("agent_name", .string(agent.name)),
        .init("status", status.json), .init("previous_status", agent.status.json),
        .init("reason", reason.json),
      ])
  }

  // MARK: workflows

  private static let workflowStatus = Query(
    "workflows.status", "SELECT status FROM workflows WHERE workflow_id=?1")
  private static let setWorkflow = Query(
    "workflows.set_status",
    "UPDATE workflows SET status=?2 WHERE workflow_id=?1")

  /// The status of a workflow; nil when there is none.
  func status(ofWorkflow id: String) throws -> WorkflowStatus? {
    try connection.first(
      Self.workflowStatus, .text(id), map: { WorkflowStatus(rawValue: $0.text(0)) }
    ).flatMap { $0 }
  }

  /// Makes a workflow's status what it is to be.
  ///
  /// What waits in one that is terminated is skipped and what is open fails; what became ready in one
  /// that runs again is started.
  func set(
    workflow id: String, from before: WorkflowStatus, to status: WorkflowStatus, reason: String
  ) throws {
    guard status != .terminated else {
      return try WorkflowLife(context).terminate(id, reason: reason)
    }
    try connection.run(Self.setWorkflow, .text(id), .text(status.rawValue))
    try context.audit(
      id, before: .object([.init("status", before.json)]),
      after: .object([.init("status", status.json)]), reason: reason)
    try context.emit(
      "workflow_updated", from: context.actingAgent?.id, to: ToolContext.everyone,
      [
        .init("workflow_id", .string(id)), .init("status", status.json),
        .init("previous_status", before.json), .init("reason", .string(reason)),
      ])
    if status == .running { try WorkflowLife(context).goOn(id) }
  }

  // MARK: what is open

  private static let tasksOfAgent = Query(
    "tasks.next_open_of_agent",
    """
    SELECT \(TaskRecord.columns) FROM tasks t
    WHERE t.assigned_agent=?1 AND t.status IN ('pending','in_progress') LIMIT 1
    """)
  private static let anyTask = Query(
    "tasks.next_open",
    "SELECT \(TaskRecord.columns) FROM tasks t WHERE t.status=?1 ORDER BY t.priority DESC LIMIT 1")
  private static let anyWorkflow = Query(
    "workflows.next_open",
    "SELECT workflow_id FROM workflows WHERE status=?1 ORDER BY created_at LIMIT 1")

  /// One at a time, since one that fails takes others with it.
  private func failTasks(_ query: Query, _ value: String, reason: String) throws {
    while let task = try connection.first(query, .text(value), map: TaskRecord.init) {
      try TaskLife(context).fail(task, reason: reason)
    }
  }

  /// Terminates every workflow that has not ended, and fails every task that is open.
  func endEverything(reason: String) throws {
    for status in WorkflowStatus.allCases where !status.isFinished {
      while let id = try connection.first(
        Self.anyWorkflow, .text(status.rawValue), map: { $0.text(0) })
      {
        try set(workflow: id, from: status, to: .terminated, reason: reason)
      }
    }
    for status in TaskStatus.allCases where status.isOpen {
      try failTasks(Self.anyTask, status.rawValue, reason: "everything was terminated")
    }
  }

  // MARK: halts

  private static let remember = Query(
    "halted_status.insert",
    "INSERT INTO halted_status(target_id, status) VALUES(?1,?2) ON CONFLICT DO NOTHING")
  private static let recall = Query(
    "halted_status.of_target", "SELECT status FROM halted_status WHERE target_id=?1")
  private static let forget = Query(
    "halted_status.delete", "DELETE FROM halted_status WHERE target_id=?1")

  /// Notes what a target goes back to when its last halt is lifted.
  func remember(_ status: String, of target: String) throws {
    try connection.run(Self.remember, .text(target), .text(status))
  }

  /// What a target goes back to; it is forgotten with that.
  func recall(_ target: String) throws -> String? {
    let status = try connection.first(Self.recall, .text(target), map: { $0.text(0) })
    try connection.run(Self.forget, .text(target))
    return status
  }
}

extension ToolContext {
  /// Notes the caller's own agent, where it has one, as the one who acts with an operator's right.
  ///
  /// A halt does not stop it: a halted operator can still lift.
  ///
  /// - Throws: ``ToolFailure`` `forbidden` where the agent was suspended or terminated.
  func actAsOperator() throws {
    guard let own = caller.agent, let agent = try knownAgent(own) else { return }
    if caller.isBound, agent.status == .suspended || agent.status == .terminated,
      try hasOperatorsStatus(agent.id)
    {
      throw ToolFailure(
        .forbidden, "the agent \(agent.name) is \(agent.status.rawValue) and may not do this")
    }
    setActor(agent)
  }
}
