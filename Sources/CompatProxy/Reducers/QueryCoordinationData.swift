import AgoraStore

/// `query_coordination_data`: agents, tasks, workflows or figures, as a JSON array.
enum QueryCoordinationData {
  static let reducer = Reducer(
    "query_coordination_data",
    shapes: [
      CallShape(
        "query", LegacyParameter("query_type"), LegacyParameter("filters", optional: true)),
      CallShape("type", LegacyParameter("query_type")),
    ], replacement: "agora.query.agents"
  ) { call, _ throws(Refusal) in
    let type = call.text("query_type")
    guard let rows = Plan.QueryRows(rawValue: type) else {
      throw Refusal(
        .reducer, "unknown_query",
        "unknown query type \(type); there are active_agents, tasks, workflows, metrics")
    }
    let filters = call.document("filters")?.members ?? []
    func filter(_ name: String) -> JSON? { filters.first { $0.name == name }?.value }
    var arguments: [JSON.Member] = []
    switch rows {
    case .agents:
      arguments.append(.init("status", .string(filter("status")?.text ?? "active")))
      if let wanted = filter("capabilities") ?? filter("required_capabilities") {
        arguments.append(.init("capabilities", wanted))
      } else if let one = filter("capability") ?? filter("capability_type") {
        arguments.append(.init("capabilities", .array([one])))
      }
      arguments.append(.init("limit", .int(500)))
    case .tasks:
      for (name, place) in [
        ("agent_id", "agent_id"), ("assigned_agent", "agent_id"), ("status", "status"),
      ] {
        if let value = filter(name)?.text { arguments.append(.init(place, .string(value))) }
      }
      arguments.append(.init("limit", .int(500)))
    case .workflows, .metrics: break
    }
    return Plan(
      from: nil, "", .ask(tool(rows), arguments), answer: .rows(rows))
  }

  private static func tool(_ rows: Plan.QueryRows) -> String {
    switch rows {
    case .agents: "agora.query.agents"
    case .tasks: "agora.task.list"
    case .workflows, .metrics: "agora.query.marketplace"
    }
  }
}

/// `coordination_system_status`: one object about the whole.
enum CoordinationSystemStatus {
  static let reducer = Reducer(
    "coordination_system_status",
    shapes: [
      CallShape("status"),
      CallShape(
        "detailed", LegacyParameter("include_metrics", .bool, optional: true),
        LegacyParameter("include_active_tasks", .bool, optional: true)),
    ], replacement: "agora.admin.health"
  ) { call, _ throws(Refusal) in
    Plan(
      from: nil, "", .ask("agora.query.marketplace", []),
      answer: .status(
        metrics: call.bool("include_metrics") ?? true,
        tasks: call.bool("include_active_tasks") ?? false))
  }
}
