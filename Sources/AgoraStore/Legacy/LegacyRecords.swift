/// What calls of v4 need and no tool of v5 does: agents and workflows that are only named, tasks without
/// an agent, statuses that agents give themselves.
extension ToolContext {
  /// The agent of a name; one that nobody registered becomes a stub, as in a migration.
  ///
  /// - Throws: ``ToolFailure`` `invalid_parameter` where nobody can be called so.
  package func agentOrStub(_ name: String, source: String) throws -> KnownAgent {
    if let known = try knownAgent(AgentReference(name), parameter: nil) { return known }
    let isPlain = name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
    let reserved: Set<String> = [Receiver.broadcastWord, Self.systemWide, Self.reservedName]
    guard !name.isEmpty, name.unicodeScalars.count <= 256, isPlain,
      !reserved.contains(name.lowercased()), !LegacyWords.broadcasts.contains(name)
    else {
      throw ToolFailure(
        .invalidParameter, "\"\(ValueCheck.shown(name))\" cannot be an agent's name")
    }
    var record = AgentRecord(
      id: newID(.agent), name: name, tier: .basic, registeredAt: now.microseconds)
    record.metadata = JSONObject([.init("compatibility_mode", .string("true"))])
    record.isStub = true
    try record.insert(in: connection)
    try audit(record.id, before: nil, after: record.json, action: "v4.named_agent")
    try LegacyIDs(connection).rememberAgent(name, as: record.id, .stub, source: source)
    return KnownAgent(id: record.id, name: name, status: .active)
  }

  /// Makes the agent that is named the one who acts.
  ///
  /// - Throws: ``ToolFailure`` `halted`, or `forbidden` where an operator has taken it out of service.
  package func act(asNamed name: String, source: String) throws -> KnownAgent {
    let agent = try agentOrStub(name, source: source)
    try act(as: agent, parameter: "agent_id")
    return agent
  }

  /// Gives an agent another name under which calls of v4 find it, unless somebody else has it; where only a
  /// stub has it, that one was this agent all along.
  package func alias(_ name: String, of agent: KnownAgent, source: String) throws {
    guard name != agent.name else { return }
    // Whoever has a token for one agent could take another's name, and what was sent to it, with this.
    guard !caller.isBound || caller.authority >= Caller.administrative else {
      return warn("a token of one agent gives it no other name")
    }
    if let known = try knownAgent(AgentReference(name), parameter: nil), known.id != agent.id {
      guard known.name == name,
        let stub = try StubMerger(connection).merge(stubNamed: name, into: agent.id)
      else {
        warn("\"\(ValueCheck.shown(name))\" is the name of another agent")
        return
      }
      try audit(
        agent.id, before: .object([.init("agent_id", .string(stub))]),
        after: .object([.init("alias", .string(name))]), action: "v4.merged_stub")
    } else if try knownAgent(AgentReference(name), parameter: nil) != nil {
      return
    }
    try LegacyIDs(connection).rememberAgent(name, as: agent.id, .alias, source: source)
  }

  /// The workflow of a v4 id; one that nobody made becomes a stub, as in a migration.
  package func workflowOrStub(_ v4ID: String, source: String) throws -> String {
    let ids = LegacyIDs(connection)
    if let known = try ids.workflow(v4ID) { return known }
    let workflow = WorkflowRecord(
      id: newID(.workflow), name: v4ID, status: .pending, creator: nil, assignedAgents: [],
      steps: [], createdAt: now,
      metadata: .object([.init("stub", .bool(true)), .init("v4_id", .string(v4ID))]))
    try workflow.insert(in: connection)
    try audit(
      workflow.id, before: nil, after: .object([.init("workflow_name", .string(v4ID))]),
      action: "v4.named_workflow")
    try ids.rememberWorkflow(v4ID, as: workflow.id, .stub, source: source)
    return workflow.id
  }

  private static let unstub = Query(
    "workflows.unstub",
    """
    UPDATE workflows SET workflow_name=?2, creator_agent=?3, assigned_agents=?4,
      metadata=json_patch(json_remove(metadata,'$.stub'),?5) WHERE workflow_id=?1
    """)

  /// Makes a real workflow of one that was only named.
  package func fill(
    workflow id: String, name: String, creator: String?, agents: [String], metadata: JSON
  ) throws {
    try connection.run(
      Self.unstub, .text(id), .text(name), .optional(creator),
      .text(JSONWriter.compact(agents.json)), .text(JSONWriter.compact(metadata)))
    guard var workflow = try WorkflowRecord.read(id, in: connection) else { return }
    try WorkflowLife(self).set(&workflow, .running, .started)
  }

  /// Makes a task that waits for an agent who can do it.
  ///
  /// - Returns: its id.
  package func openTask(
    type: String, payload: JSON, priority: Priority, workflow: String?,
    metadata: [JSON.Member]
  ) throws -> String {
    if let workflow { try refuseIfHalted(workflow, "the workflow \(workflow)") }
    let task = TaskRecord(
      id: newID(.task), workflow: workflow, agent: nil, type: type, payload: payload,
      priority: priority, deadline: nil, createdAt: now, dependencies: [],
      metadata: JSONObject(
        (actingAgent.map { [.init(TaskRecord.requesterKey, .string($0.id))] } ?? []) + metadata))
    try TaskLife(self).begin(task)
    return task.id
  }

  /// Gives a task that waits for an agent to the one that reports on it.
  package func claim(task id: String, for agent: KnownAgent) throws {
    guard let before = try TaskRecord.read(id, in: connection), before.agent == nil else { return }
    var after = before
    after.agent = agent.id
    after.updatedAt = now
    try after.update(in: connection)
    let changes = before.changes(to: after)
    try audit(id, before: changes.before, after: changes.after, action: "v4.claimed_task")
  }

  /// Says how an agent is, in its own word; what an operator decided stays.
  package func setStatus(_ word: String, of agent: KnownAgent) throws {
    guard let before = try AgentRecord.read(agent.id, in: connection) else { return }
    var after = before
    let known = LegacyWords.agentStatus(word)
    if try !hasOperatorsStatus(agent.id) {
      after.status = AgentStatus(rawValue: known.value) ?? .active
    }
    after.metadata = after.metadata.merging(JSONObject([.init("v4_status", .string(word))]))
    guard before != after else { return }
    try after.update(in: connection)
    let changes = before.changes(to: after)
    try audit(
      agent.id, before: changes.before, after: changes.after, action: "v4.update_agent_status")
  }

  /// Says how a workflow is, in v4's word.
  ///
  /// - Returns: its status now.
  package func setStatus(_ word: String, ofWorkflow id: String) throws -> WorkflowStatus? {
    try refuseIfHalted(id, "the workflow \(id)")
    guard var workflow = try WorkflowRecord.read(id, in: connection) else { return nil }
    try refuseStrangers(
      actorIfAny(), parties: [workflow.creator] + workflow.assignedAgents, "the workflow \(id)")
    let status = WorkflowStatus(rawValue: LegacyWords.workflowStatus(word).value) ?? .pending
    guard status != workflow.status, !workflow.status.isFinished else { return workflow.status }
    let life = WorkflowLife(self)
    switch status {
    case .pending: return workflow.status
    case .running:
      try life.set(&workflow, .running, workflow.status == .paused ? .resumed : .started)
      try life.settle(&workflow)
    case .paused: try life.set(&workflow, .paused, .paused)
    case .completed: try life.set(&workflow, .completed, .completed)
    case .failed: try life.set(&workflow, .failed, .failed)
    case .terminated: try life.terminate(id, reason: "a call of v4 said \"\(word)\"")
    }
    return try WorkflowRecord.standing(of: id, in: connection)?.status
  }

  private static let patches: [IdentifierKind: Query] = [
    .agent: Query(
      "agents.patch", "UPDATE agents SET metadata=json_patch(metadata,?2) WHERE agent_id=?1"),
    .message: Query(
      "messages.patch", "UPDATE messages SET metadata=json_patch(metadata,?2) WHERE message_id=?1"),
    .task: Query(
      "tasks.patch", "UPDATE tasks SET metadata=json_patch(metadata,?2) WHERE task_id=?1"),
    .workflow: Query(
      "workflows.patch",
      "UPDATE workflows SET metadata=json_patch(metadata,?2) WHERE workflow_id=?1"),
  ]

  /// Keeps beside a record what v5 has no field for.
  package func keep(_ metadata: [JSON.Member], beside id: String) throws {
    guard !metadata.isEmpty, let kind = Identifier(id)?.kind, let query = Self.patches[kind]
    else { return }
    try connection.run(query, .text(id), .text(JSONWriter.compact(.object(metadata))))
  }
}
