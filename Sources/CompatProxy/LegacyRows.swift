import AgoraStore

/// What v4's two queries answer, of v5's marketplace.
struct LegacyRows {
  private let group: CallGroup

  init(_ group: CallGroup) { self.group = group }

  func answer(_ answer: Plan.Answer, _ tool: String, _ arguments: [JSON.Member]) throws -> JSON {
    switch answer {
    case .ids: .null
    case .rows(.agents): .array(try agents(arguments))
    case .rows(.tasks): .array(try tasks(arguments))
    case .rows(.workflows): .array(try workflows())
    case .rows(.metrics): .array([try ask(tool, [])])
    case .status(let metrics, let tasks): try status(metrics: metrics, tasks: tasks)
    }
  }

  private func ask(_ tool: String, _ arguments: [JSON.Member]) throws -> JSON {
    try group.call(tool, .object(arguments), as: .owner(.v4))
  }

  /// How many tasks an agent that says no limit takes, for callers that calculate with it.
  private static let usualWorkload = 10

  private static let experience = Query(
    "tasks.experience",
    """
    SELECT task_type, count(*) FROM tasks WHERE assigned_agent=?1 AND status='completed'
    GROUP BY task_type ORDER BY task_type LIMIT 100
    """)

  private func agents(_ arguments: [JSON.Member]) throws -> [JSON] {
    var rows: [JSON] = []
    var cursor: String?
    repeat {
      let page = try ask(
        "agora.query.agents",
        arguments + (cursor.map { [.init("cursor", .string($0))] } ?? []))
      for agent in page["agents"]?.elements ?? [] { rows.append(try row(ofAgent: agent)) }
      cursor = page["next_cursor"]?.text
    } while cursor != nil
    return rows
  }

  private func row(ofAgent agent: JSON) throws -> JSON {
    let id = agent["agent_id"]?.text ?? ""
    let completed = agent["tasks_completed"]?.integer ?? 0
    let failed = agent["tasks_failed"]?.integer ?? 0
    let rating = completed + failed == 0 ? 1 : Double(completed) / Double(completed + failed)
    let experience = try group.connection.all(Self.experience, .text(id)) { row in
      JSON.Member(row.text(0), .int(row.int(1)))
    }
    return .object([
      .init("agent_id", .string(id)), .init("agent_name", agent["agent_name"] ?? .null),
      .init("status", agent["status"] ?? .null),
      .init("capabilities", agent["capabilities"] ?? .array([])),
      .init("current_workload", agent["load"] ?? .int(0)),
      .init(
        "max_workload", .int(agent["max_concurrent_tasks"]?.integer ?? Self.usualWorkload)),
      .init("performance_rating", .double(rating)), .init("task_experience", .object(experience)),
    ])
  }

  private func tasks(_ arguments: [JSON.Member]) throws -> [JSON] {
    var rows: [JSON] = []
    var hasMore = true
    while hasMore {
      let page = try ask(
        "agora.task.list", arguments + [.init("offset", .int(rows.count))])
      let tasks = page["tasks"]?.elements ?? []
      rows += tasks.map { task in
        .object([
          .init("task_id", task["task_id"] ?? .null),
          .init("assignment_id", task["metadata"]?["v4_id"] ?? task["task_id"] ?? .null),
          .init("workflow_id", task["workflow_id"] ?? .null),
          .init("task_type", task["task_type"] ?? .null),
          .init("agent_id", task["assigned_name"] ?? .null),
          .init("status", task["status"] ?? .null),
          .init("progress", .double(Double(task["progress"]?.integer ?? 0) / 100)),
          .init("priority", task["priority"] ?? .null),
          .init("input_data", task["payload"] ?? .null),
          .init("created_at", task["created_at"] ?? .null),
        ])
      }
      hasMore = !tasks.isEmpty && page["has_more"] == .bool(true)
    }
    return rows
  }

  private static let workflows = Query(
    "workflows.legacy",
    """
    SELECT w.workflow_id, w.workflow_name, w.status, a.agent_name,
      (SELECT json_group_array(ifnull(p.agent_name, j.value)) FROM json_each(w.assigned_agents) j
        LEFT JOIN agents p ON p.agent_id=j.value), json_extract(w.metadata,'$.v4_id')
    FROM workflows w LEFT JOIN agents a ON a.agent_id=w.creator_agent
    ORDER BY w.created_at, w.workflow_id
    """)

  private func workflows() throws -> [JSON] {
    try group.connection.all(Self.workflows) { row in
      .object([
        .init("workflow_id", .string(row.optionalText(5) ?? row.text(0))),
        .init("v5_id", .string(row.text(0))), .init("name", .string(row.text(1))),
        .init("status", .string(row.text(2))),
        .init("coordinator_agent", .optional(row.optionalText(3))),
        .init("participating_agents", (try? JSON.parse(row.text(4))) ?? .array([])),
      ])
    }
  }

  private func status(metrics: Bool, tasks: Bool) throws -> JSON {
    let figures = try ask("agora.query.marketplace", [])
    let spread = figures["distribution"]
    let isHalted = figures["halted"] == .bool(true)
    var members: [JSON.Member] = [
      .init("status", .string(isHalted ? "halted" : "operational")),
      .init("active_agents", spread?["agents_by_status"]?["active"] ?? .int(0)),
      .init("total_agents", figures["counts"]?["agents"] ?? .int(0)),
      .init("active_workflows", spread?["workflows_by_status"]?["running"] ?? .int(0)),
      .init("pending_tasks", spread?["tasks_by_status"]?["pending"] ?? .int(0)),
      .init("running_tasks", spread?["tasks_by_status"]?["in_progress"] ?? .int(0)),
      .init("messages", figures["counts"]?["messages"] ?? .int(0)),
      .init("timestamp", figures["timestamp"] ?? .null),
    ]
    if metrics {
      members.append(
        .init(
          "metrics",
          .object([
            .init("counts", figures["counts"] ?? .null), .init("distribution", spread ?? .null),
            .init("throughput", figures["throughput"] ?? .null),
          ])))
    }
    if tasks {
      let open = try ["pending", "in_progress"].flatMap {
        try self.tasks([.init("status", .string($0)), .init("limit", .int(100))])
      }
      members.append(.init("active_tasks", .array(open)))
    }
    return .object(members)
  }
}
