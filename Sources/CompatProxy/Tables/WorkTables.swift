import AgoraStore

/// Messages, tasks, workflows and their steps as v4's and v3's tables.
extension LegacyTable {
  static let message = LegacyTable(
    "agent_message",
    [
      "message_id": .string, "from_agent": .string, "to_agent": .string, "message_type": .string,
      "content": .string, "payload": .string, "priority": .i32, "requires_response": .bool,
      "correlation_id": .option(.string), "thread_id": .option(.string),
      "timeout_seconds": .option(.u32), "metadata": .string, "status": .string,
      "timestamp": .timestamp, "created_at": .timestamp, "delivered": .bool,
    ],
    Source(
      "main.messages m",
      [
        "message_id": LegacyColumn.id("m.message_id", given: "m.metadata", row: "m.source_row"),
        "from_agent": LegacyColumn.agent("m.from_agent"),
        "to_agent": LegacyColumn.agent("m.to_agent"), "message_type": "m.message_type",
        "content": "m.content", "payload": "m.content",
        "priority": LegacyColumn.priority(
          "m.priority", said: LegacyColumn.kept("m.metadata", "priority")),
        "requires_response":
          "ifnull(\(LegacyColumn.truth(LegacyColumn.kept("m.metadata", "requires_response"))),0)",
        "correlation_id": LegacyColumn.kept("m.metadata", "correlation_id"),
        "thread_id": LegacyColumn.kept("m.metadata", "thread_id"),
        "timeout_seconds": """
        coalesce(\(LegacyColumn.kept("m.metadata", "timeout_seconds")),
          \(LegacyColumn.value("m.metadata", "v4.timeout")))
        """,
        "metadata": metadata(
          "m", without: "requires_response", "timeout_seconds", "correlation_id", "thread_id",
          "status", "priority"),
        "status": """
        (SELECT CASE
          WHEN (lower(said) IN ('delivered','read','processed','acknowledged','true','1'))=done
            THEN said
          WHEN done THEN 'delivered' ELSE 'pending' END
          FROM (SELECT \(LegacyColumn.kept("m.metadata", "status")) AS said, m.delivered AS done))
        """, "timestamp": LegacyColumn.instant("m.timestamp"),
        "created_at": LegacyColumn.instant("m.timestamp"), "delivered": "m.delivered",
      ]))

  /// The metadata that v4 gave a record: those of its row, or of the call that made it.
  private static func metadata(_ record: String, without keys: String...) -> String {
    let paths = (["v4_id"] + keys).map { "'$.\($0)'" }.joined(separator: ",")
    return """
      coalesce(\(LegacyColumn.value("\(record).metadata", "v4.metadata")),
        iif(\(record).source_row IS NULL,json_remove(\(record).metadata,\(paths)),'{}'))
      """
  }

  // MARK: tasks

  private static let task: [String: String] = {
    let id = LegacyColumn.id("t.task_id", given: "t.metadata", row: "t.source_row")
    let agent = LegacyColumn.agent("t.assigned_agent")
    let status = LegacyColumn.status(
      "t.status", said: LegacyColumn.value("t.metadata", "v4.status"), LegacyWords.taskWords)
    return [
      "assignment_id": id, "task_id": id, "workflow_id": LegacyColumn.workflow("t.workflow_id"),
      "task_type": "t.task_type", "input_data": "t.payload", "payload": "t.payload",
      "required_capabilities":
        "ifnull(\(LegacyColumn.kept("t.metadata", "required_capabilities")),'[]')",
      "requesting_agent": """
      coalesce(\(LegacyColumn.agent("json_extract(t.metadata,'$.requesting_agent')")),
        \(LegacyColumn.value("t.metadata", "v4.requesting_agent")))
      """, "agent_id": agent, "assigned_agent": agent, "progress": "t.progress/100.0",
      "status": status, "status_update": status,
      "intermediate_results":
        "ifnull(\(LegacyColumn.kept("t.metadata", "intermediate_results")),'{}')",
      "priority": LegacyColumn.priority(
        "t.priority", said: LegacyColumn.kept("t.metadata", "priority")),
      "created_at": LegacyColumn.instant("t.created_at"),
      "assigned_at": LegacyColumn.time("t.metadata", "v4.assigned_at"),
      "completed_at": LegacyColumn.instant("t.completed_at"),
    ]
  }()

  static let assignment = LegacyTable(
    "task_assignment",
    [
      "assignment_id": .string, "task_id": .string, "workflow_id": .string, "task_type": .string,
      "input_data": .string, "payload": .string, "required_capabilities": .string,
      "requesting_agent": .string, "agent_id": .string, "assigned_agent": .string,
      "progress": .f32, "status": .string, "status_update": .string,
      "intermediate_results": .string, "priority": .i32, "created_at": .timestamp,
      "completed_at": .option(.timestamp),
    ], Source("main.tasks t", task))

  static let queue = LegacyTable(
    "task_queue",
    [
      "task_id": .string, "agent_id": .string, "task_type": .string, "priority": .i32,
      "payload": .string, "status": .string, "created_at": .timestamp,
      "assigned_at": .option(.timestamp), "completed_at": .option(.timestamp),
    ], Source("main.tasks t", task))

  // MARK: workflows

  /// What is only referred to had no row on v4 either.
  private static let made = "main.workflows w WHERE json_extract(w.metadata,'$.stub') IS NOT 1"

  private static let workflow: [String: String] = {
    let agents = LegacyColumn.agents("w.assigned_agents")
    let creator = LegacyColumn.agent("w.creator_agent")
    return [
      "workflow_id": LegacyColumn.ownWorkflow, "workflow_type": "w.workflow_name",
      "name": "w.workflow_name", "coordinator_agent": creator, "initiator_agent": creator,
      "participating_agents": agents, "assigned_agents": agents,
      "coordination_strategy": LegacyColumn.kept("w.metadata", "coordination_strategy"),
      "status": LegacyColumn.status(
        "w.status", said: LegacyColumn.value("w.metadata", "v4.status"),
        LegacyWords.workflowWords), "created_at": LegacyColumn.instant("w.created_at"),
      "completed_at": LegacyColumn.instant("w.completed_at"), "metadata": metadata("w"),
    ]
  }()

  static let coordination = LegacyTable(
    "workflow_coordination",
    [
      "workflow_id": .string, "workflow_type": .string, "name": .string,
      "coordinator_agent": .string, "participating_agents": .string,
      "coordination_strategy": .string, "status": .string, "created_at": .timestamp,
      "completed_at": .option(.timestamp),
    ], Source(made, workflow))

  static let workflows = LegacyTable(
    "workflows",
    [
      "workflow_id": .string, "workflow_type": .string, "status": .string,
      "initiator_agent": .string, "assigned_agents": .string, "created_at": .timestamp,
      "completed_at": .option(.timestamp), "metadata": .string,
    ], Source(made, workflow))

  private static func left(_ key: String) -> String {
    LegacyColumn.value("s.value", "metadata.v4.\(key)")
  }

  /// The steps of all workflows; v4's and v3's table of them.
  static func step(_ name: String) -> LegacyTable {
    let agent = LegacyColumn.agent("json_extract(s.value,'$.agent')")
    return LegacyTable(
      name,
      [
        "step_id": .string, "workflow_id": .string, "step_name": .string, "step_order": .i32,
        "assigned_agent": .string, "status": .string, "input_data": .string,
        "output_data": .string, "started_at": .option(.timestamp),
        "completed_at": .option(.timestamp),
      ],
      Source(
        "main.workflows w, json_each(w.steps) s",
        [
          "step_id": """
          coalesce((SELECT r.v4_id FROM main.v4_rows r WHERE r.v5_id=json_extract(s.value,'$.step_id')
            AND r.joined IS NOT NULL LIMIT 1),json_extract(s.value,'$.step_id'))
          """, "workflow_id": LegacyColumn.ownWorkflow,
          "step_name": "json_extract(s.value,'$.name')",
          "step_order": "ifnull(json_extract(s.value,'$.order'),s.key+1)",
          "assigned_agent": agent,
          "status": LegacyColumn.status(
            "json_extract(s.value,'$.status')", said: left("status"), LegacyWords.taskWords),
          "input_data": "coalesce(json_extract(s.value,'$.payload'),\(left("input_data")))",
          "output_data": left("output_data"),
          "started_at": "replace(json_extract(s.value,'$.started_at'),'Z','+00:00')",
          "completed_at": "replace(json_extract(s.value,'$.completed_at'),'Z','+00:00')",
        ]))
  }
}
