/// What an override is done to.
enum OverrideTarget {
  /// Everything.
  case whole
  /// One agent.
  case agent(KnownAgent)
  /// One workflow.
  case workflow(id: String, status: WorkflowStatus)

  /// The id as it stands in `overrides`.
  var id: String {
    switch self {
    case .whole: ToolContext.systemWide
    case .agent(let agent): agent.id
    case .workflow(let id, _): id
    }
  }

  /// What it is, for a sentence.
  var description: String {
    switch self {
    case .whole: "the marketplace"
    case .agent(let agent): "the agent \(agent.name)"
    case .workflow(let id, _): "the workflow \(id)"
    }
  }

  /// Finds what a call names.
  ///
  /// - Throws: ``ToolFailure`` `not_found`, or `conflict` where a v4 name means several agents.
  static func find(_ text: String, in context: ToolContext) throws -> OverrideTarget {
    if text.exact == ToolContext.systemWide.exact { return .whole }
    if Identifier(text)?.kind == .workflow,
      let status = try Standing(context).status(ofWorkflow: text)
    {
      return .workflow(id: text, status: status)
    }
    if let agent = try context.knownAgent(AgentReference(text), parameter: "target_id") {
      return .agent(agent)
    }
    throw ToolFailure(
      .notFound,
      "there is no agent and no workflow \"\(ValueCheck.shown(text))\"; an agent's id or name, a workflow's id or system_wide is due",
      parameter: "target_id")
  }

  /// Whether there is nothing left of it to halt.
  private var end: String? {
    switch self {
    case .whole: nil
    case .agent(let agent): agent.status == .terminated ? agent.status.rawValue : nil
    case .workflow(_, let status): status.isFinished ? status.rawValue : nil
    }
  }

  /// Refuses to halt or to end what has ended.
  func refuseIfEnded() throws {
    guard let end else { return }
    throw ToolFailure(.conflict, "\(description) is \(end) already", parameter: "target_id")
  }

  /// Makes it paused where it is at work, with its first halt.
  func pause(_ reason: String, in context: ToolContext) throws {
    let standing = Standing(context)
    switch self {
    case .whole: break
    case .agent(let agent):
      guard agent.status == .active else { return }
      try standing.remember(agent.status.rawValue, of: agent.id)
      try standing.set(agent, to: .paused, reason: reason)
    case .workflow(let id, let status):
      guard status == .pending || status == .running else { return }
      try standing.remember(status.rawValue, of: id)
      try standing.set(workflow: id, from: status, to: .paused, reason: reason)
    }
  }

  /// Makes it again what it was, with its last halt, unless somebody has changed it meanwhile.
  func unpause(_ reason: String, in context: ToolContext) throws {
    let standing = Standing(context)
    guard let word = try standing.recall(id) else { return }
    switch self {
    case .whole: break
    case .agent(let agent):
      guard agent.status == .paused, let status = AgentStatus(rawValue: word) else { return }
      try standing.set(agent, to: status, reason: reason)
    case .workflow(let id, let status):
      guard status == .paused, let before = WorkflowStatus(rawValue: word) else { return }
      try standing.set(workflow: id, from: status, to: before, reason: reason)
    }
  }

  /// Ends it for good; of the whole, all work that is open.
  func terminate(_ reason: String, in context: ToolContext) throws {
    let standing = Standing(context)
    switch self {
    case .whole: try standing.endEverything(reason: reason)
    case .agent(let agent): try standing.set(agent, to: .terminated, reason: reason)
    case .workflow(let id, let status):
      try standing.set(workflow: id, from: status, to: .terminated, reason: reason)
    }
    _ = try standing.recall(id)
  }
}
