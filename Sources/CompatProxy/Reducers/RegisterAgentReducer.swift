import AgoraStore

/// `register_agent`: v3's registration, which v4 agents kept using, and the early v5's.
enum RegisterAgentReducer {
  private static let status = LegacyParameter("status", optional: true)
  private static let id = LegacyParameter("agent_id")
  private static let name = LegacyParameter("agent_name")
  private static let type = LegacyParameter("agent_type")

  static let reducer = Reducer(
    "register_agent",
    shapes: [
      CallShape("registration", id, type, name, LegacyParameter("supervisor_id", .optionalString)),
      CallShape("named", LegacyParameter("agent_name"), type, status),
      CallShape(
        "tier", id, name, LegacyParameter("service_tier"), status,
        LegacyParameter("capabilities", optional: true)),
      CallShape(
        "tier-metadata", id, name, LegacyParameter("service_tier"), status,
        LegacyParameter("capabilities", optional: true),
        LegacyParameter("metadata", .optionalString)),
      CallShape(
        "any", LegacyParameter("agent_id", optional: true), name,
        LegacyParameter("agent_type", optional: true),
        LegacyParameter("supervisor_id", .optionalString), status,
        LegacyParameter("capabilities", optional: true), positional: false),
    ], replacement: "agora.agent.register"
  ) { call, _ throws(Refusal) in plan(call) }

  /// Registers an agent under its name; its id of v4 is another name for it.
  static func plan(_ call: BoundCall) -> Plan {
    let name = call.name("agent_name") ?? call.text("agent_id")
    var capabilities = call.list("capabilities")
    if capabilities.isEmpty, let type = call.name("agent_type") { capabilities = [type] }
    var metadata = call.members("agent_type", "supervisor_id")
    if case .object(let members)? = call.document("metadata") { metadata += members }
    var arguments: [JSON.Member] = [
      .init("agent_name", .string(name)), .init("capabilities", capabilities.json),
    ]
    if let tier = call.name("service_tier"), ServiceTier(rawValue: tier) != nil {
      arguments.append(.init("service_tier", .string(tier)))
    } else if let tier = call.name("service_tier") {
      metadata.append(.init("service_tier", .string(tier)))
    }
    if !metadata.isEmpty { arguments.append(.init("metadata", .object(metadata))) }
    var steps: [PlanStep] = [
      .call(PlanStep.ToolUse(tool: "agora.agent.register", arguments: arguments))
    ]
    if let id = call.name("agent_id"), id != name { steps.append(.alias(id, of: name)) }
    if let status = call.name("status") { steps.append(.agentStatus(status, of: name)) }
    return Plan(from: name, "Agent registered", steps)
  }
}
