/// v5's records under the names and columns of v4's and v3's tables, as temporary views.
enum LegacyViews {
  private static func instant(_ column: String) -> String {
    """
    strftime('%Y-%m-%dT%H:%M:%S',\(column)/1000000,'unixepoch')
      ||iif(\(column)%1000000=0,'',printf('.%06d',\(column)%1000000))||'+00:00'
    """
  }

  private static func name(_ column: String) -> String {
    "ifnull((SELECT agent_name FROM main.agents WHERE agent_id=\(column)),\(column))"
  }

  private static func v4ID(_ id: String) -> String {
    "coalesce(json_extract(metadata,'$.v4_id'),\(id))"
  }

  private static let capability = """
    SELECT a.agent_id||':'||c.value AS capability_id, a.agent_name AS agent_id,
      c.value AS capability_type,
      coalesce((SELECT p.value FROM json_each(a.metadata,'$.proficiency') p WHERE p.key=c.value),0)
        AS proficiency_level,
      ifnull(a.max_concurrent_tasks,0) AS max_concurrent_tasks, a.status='active' AS is_active,
      \(instant("a.registered_at")) AS created_at
    FROM main.agents a, json_each(a.capabilities) c
    """

  private static let registry = """
    SELECT agent_id, agent_name,
      coalesce(json_extract(metadata,'$.agent_type'),json_extract(capabilities,'$[0]'),'') AS agent_type,
      json_extract(metadata,'$.supervisor_id') AS supervisor_id, status,
      \(instant("registered_at")) AS registered_at, \(instant("last_activity")) AS last_heartbeat,
      metadata AS config FROM main.agents
    """

  private static let message = """
    SELECT \(v4ID("message_id")) AS message_id, \(name("from_agent")) AS from_agent,
      \(name("to_agent")) AS to_agent, message_type, content, content AS payload, priority,
      ifnull(json_extract(metadata,'$.requires_response'),'false')='true' AS requires_response,
      json_extract(metadata,'$.correlation_id') AS correlation_id,
      \(instant("timestamp")) AS timestamp, \(instant("timestamp")) AS created_at, delivered
    FROM main.messages
    """

  private static func tasks(_ id: String, _ agent: String, _ input: String) -> String {
    """
    SELECT \(v4ID("task_id")) AS \(id), workflow_id, task_type, payload AS \(input),
      \(name("assigned_agent")) AS \(agent), status, progress/100.0 AS progress, priority,
      \(instant("created_at")) AS created_at, \(instant("completed_at")) AS completed_at
    FROM main.tasks
    """
  }

  private static func workflows(_ type: String, _ creator: String, _ agents: String) -> String {
    """
    SELECT \(v4ID("workflow_id")) AS workflow_id, workflow_name AS \(type),
      \(name("creator_agent")) AS \(creator), assigned_agents AS \(agents), status,
      \(instant("created_at")) AS created_at, \(instant("completed_at")) AS completed_at, metadata
    FROM main.workflows
    """
  }

  private static let events = """
    SELECT \(v4ID("event_id")) AS event_id, event_type, \(name("source_agent")) AS source_agent,
      \(name("target_agent")) AS target_agent, \(instant("timestamp")) AS timestamp, data,
      CAST(coalesce(json_extract(data,'$.priority'),0) AS INTEGER) AS priority FROM main.events
    """

  /// The views by name.
  static let all: [(name: String, sql: String)] = [
    ("agent_capability", capability), ("agent_registry", registry), ("agent_message", message),
    ("task_assignment", tasks("assignment_id", "assigned_agent", "input_data")),
    ("task_queue", tasks("task_id", "agent_id", "payload")),
    (
      "workflow_coordination",
      workflows("workflow_type", "coordinator_agent", "participating_agents")
    ),
    ("workflows", workflows("workflow_type", "initiator_agent", "assigned_agents")),
    ("system_events", events),
  ]
}
