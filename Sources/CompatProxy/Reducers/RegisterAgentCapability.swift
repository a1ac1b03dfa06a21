import AgoraStore

/// `register_agent_capability`: an agent and one thing that it can do.
enum RegisterAgentCapability {
  static let reducer = Reducer(
    "register_agent_capability",
    shapes: [
      CallShape(
        "capability", LegacyParameter("agent_id"), LegacyParameter("capability_type"),
        LegacyParameter("proficiency_level", .u32), LegacyParameter("max_concurrent_tasks", .u32),
        fits: { $0[2].number != nil }),
      // v3's arguments of register_agent under the new name.
      CallShape(
        "registration", LegacyParameter("agent_id"), LegacyParameter("agent_type"),
        LegacyParameter("agent_name"), LegacyParameter("supervisor_id", .optionalString),
        fits: { $0[2].number == nil }),
      CallShape(
        "described", LegacyParameter("agent_id"), LegacyParameter("capability_name"),
        LegacyParameter("description", optional: true),
        LegacyParameter("proficiency_level", .u32, optional: true), positional: false),
      CallShape(
        "row", LegacyParameter("capability_id", optional: true), LegacyParameter("agent_id"),
        LegacyParameter("capability_type"),
        LegacyParameter("proficiency_level", .u32, optional: true),
        LegacyParameter("max_concurrent_tasks", .u32, optional: true),
        LegacyParameter("average_completion_time", .float, optional: true),
        LegacyParameter("success_rate", .float, optional: true),
        LegacyParameter("resource_requirements", optional: true),
        LegacyParameter("availability_schedule", optional: true),
        LegacyParameter("is_active", .bool, optional: true)),
    ], replacement: "agora.agent.register"
  ) { call, _ throws(Refusal) in
    if call.name("agent_name") != nil { return RegisterAgentReducer.plan(call) }
    let name = call.text("agent_id")
    var arguments: [JSON.Member] = [.init("agent_name", .string(name))]
    if let capability = call.name("capability_type") ?? call.name("capability_name") {
      arguments.append(.init("capabilities", .array([.string(capability)])))
    }
    if let level = call.integer("proficiency_level") ?? defaultLevel(call) {
      arguments.append(.init("proficiency_level", .int(level)))
    }
    if let most = call.integer("max_concurrent_tasks") {
      arguments.append(.init("max_concurrent_tasks", .int(most)))
    }
    let metadata = call.members(
      "description", "average_completion_time", "success_rate", "resource_requirements",
      "availability_schedule", "is_active")
    if !metadata.isEmpty { arguments.append(.init("metadata", .object(metadata))) }
    return Plan(
      from: name, "Agent capability registered",
      .call(
        PlanStep.ToolUse(
          tool: "agora.agent.register", arguments: arguments,
          id: call.name("capability_id").map { (.capability, $0) }, metadata: row(call))))
  }

  /// What v4's row of this capability says and v5 has no place for, each capability under its own name.
  private static func row(_ call: BoundCall) -> [JSON.Member] {
    let said = call.members(
      "capability_id", "average_completion_time", "success_rate",
      "resource_requirements", "availability_schedule", "is_active")
    guard let capability = call.name("capability_type"), !said.isEmpty else { return [] }
    return [.init("capability_rows", .object([.init(capability, .object(said))]))]
  }

  /// The level that v4's client takes where a described capability says none.
  private static func defaultLevel(_ call: BoundCall) -> Int? {
    call.name("capability_name") == nil ? nil : 80
  }
}
