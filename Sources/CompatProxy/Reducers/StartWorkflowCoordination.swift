import AgoraStore

/// `start_workflow_coordination`: a workflow under the caller's id, with its participants.
enum StartWorkflowCoordination {
  static let reducer = Reducer(
    "start_workflow_coordination",
    shapes: [
      CallShape(
        "workflow", LegacyParameter("workflow_id"), LegacyParameter("coordinator_agent"),
        LegacyParameter("participating_agents", optional: true),
        LegacyParameter("coordination_strategy", optional: true))
    ], replacement: "agora.workflow.create"
  ) { call, _ throws(Refusal) in
    plan(
      call, id: call.text("workflow_id"), name: call.text("workflow_id"),
      creator: call.name("coordinator_agent"), agents: call.list("participating_agents"),
      metadata: call.members("coordination_strategy"))
  }

  /// Whether v5 takes these steps.
  static func areSteps(_ steps: [JSON]) -> Bool {
    Replacement.takes(
      "agora.workflow.create",
      .object([
        .init("workflow_name", .string("x")), .init("steps", .array(steps)),
        .init("assigned_agents", .array([])),
      ]))
  }

  /// A workflow that is made under an id, or filled in where it was only named.
  static func plan(
    _ call: BoundCall, id: String?, name: String, creator: String?, agents: [String],
    steps requests: [JSON] = [], metadata: [JSON.Member]
  ) -> Plan {
    let doers = requests.compactMap { $0["agent"]?.text }.filter { !agents.contains($0) }
    var steps = (agents + doers).map { PlanStep.named($0) }
    if let creator { steps.insert(.named(creator), at: 0) }
    var metadata = metadata
    if let id { metadata.append(.init("v4_id", .string(id))) }
    let use = PlanStep.ToolUse(
      tool: "agora.workflow.create",
      arguments: [
        .init("workflow_name", .string(name)), .init("steps", .array(requests)),
        .init("assigned_agents", agents.json), .init("metadata", .object(metadata)),
      ], actor: creator)
    steps.append(id.map { .coordinate(use, id: $0) } ?? .call(use))
    return Plan(from: creator, "Workflow started", steps)
  }
}
