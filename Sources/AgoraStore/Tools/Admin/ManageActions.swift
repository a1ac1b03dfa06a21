/// What the actions of ``Manage`` do.
extension Manage {
  private static let termination = Query(
    "overrides.strongest_termination",
    "SELECT max(priority) FROM overrides WHERE target_id=?1 AND action='terminate'")

  func set(
    _ reference: AgentReference, to status: AgentStatus, in context: ToolContext
  ) throws -> Output {
    let agent = try context.agent(reference, parameter: "agent_id")
    try context.refuseIfHalted(agent.id, "the agent \(agent.name)")
    if agent.status == .terminated, status != .terminated,
      let level = try context.connection.integer(Self.termination, .text(agent.id)),
      level > Int64(context.caller.authority)
    {
      throw ToolFailure(
        .forbidden,
        "the agent \(agent.name) was terminated at level \(level), and this caller has \(context.caller.authority)",
        parameter: "agent_id")
    }
    // The same status again is a decision where v4 or nobody has decided so far.
    let isDecided = try context.hasOperatorsStatus(agent.id)
    let isChanged = agent.status != status
    if isChanged || !isDecided { try Standing(context).set(agent, to: status, reason: reason) }
    return Output(
      action: action, target: agent.id, isChanged: isChanged,
      agent: try AgentView.read(agent.id, in: context.connection), executedAt: context.now)
  }

  func decide(
    _ state: ServiceRegister.State, on tool: Tool, in context: ToolContext
  ) throws -> Output {
    let before = try ServiceRegister.state(of: tool, in: context.connection)
    let isChanged = before.status != state.status || before.deprecation != state.deprecation
    if isChanged {
      try ServiceRegister.decide(state, on: tool, in: context)
      let target = try ServiceRegister.id(of: tool, in: context.connection)
      try context.audit(
        target ?? tool.versionedName, before: .object(before.members),
        after: .object(state.members), reason: reason)
      try context.emit(
        state.status == .deprecated ? "service_deprecated" : "service_activated",
        from: context.actingAgent?.id, to: ToolContext.everyone,
        [
          .init("service_name", .string(tool.name)),
          .init("version", .string(tool.version.description)),
        ] + state.members)
    }
    return Output(
      action: action, target: tool.versionedName, isChanged: isChanged,
      service: try ServiceView(tool, in: context.connection), executedAt: context.now)
  }

  func set(_ setting: Setting, to value: Int, in context: ToolContext) throws -> Output {
    let before = try setting.stored(in: context.connection)
    if before != value {
      try setting.set(value, in: context)
      let change: [JSON.Member] = [.init("value", .int(value))]
      try context.audit(
        setting.key, before: before.map { .object([.init("value", .int($0))]) },
        after: .object(change), reason: reason)
      try context.emit(
        "configuration_changed", from: context.actingAgent?.id, to: ToolContext.everyone,
        [.init("key", .string(setting.key))] + change
          + [.init("previous_value", before.json)])
    }
    return Output(
      action: action, target: setting.key, isChanged: before != value,
      settings: [try SettingView(setting, in: context.connection)], executedAt: context.now)
  }
}

extension ServiceRegister.State {
  /// The state for the audit and for events.
  fileprivate var members: [JSON.Member] {
    [
      .init("status", status.json), .init("deprecation_date", (deprecation?.since).json),
      .init("sunset_date", (deprecation?.sunset).json),
      .init("replacement", (deprecation?.replacement).json),
      .init("migration_guide", (deprecation?.guide).json),
    ]
  }
}
