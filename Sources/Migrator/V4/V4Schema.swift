/// What becomes of a v4 table's rows.
enum TableKind: Sendable {
  case capability, registry, configuration
  case message, task, workflow, step, event, audit, archive

  /// Whether the rows describe agents, several of them one agent.
  var describesAgents: Bool { self == .capability || self == .registry || self == .configuration }
}

/// The tables of v4 and v3 that are known, with the columns that are on record (`docs/mapping.md`).
enum V4Schema {
  struct Table: Sendable {
    let name: String
    let kind: TableKind
    /// The names that the id column goes by, the best first.
    let idColumns: [String]
    /// Every column on record, for recognising a table by its columns.
    let columns: Set<String>
  }

  private static func table(
    _ name: String, _ kind: TableKind, id: [String], _ columns: String
  ) -> Table {
    let names = columns.split(separator: " ").map(String.init)
    return Table(name: name, kind: kind, idColumns: id, columns: Set(names + id))
  }

  /// The tables on record.
  static let tables: [Table] = [
    table(
      "agent_capability", .capability, id: ["capability_id"],
      """
      agent_id agent_name capability_type proficiency_level max_concurrent_tasks \
      average_completion_time success_rate resource_requirements availability_schedule is_active \
      created_at
      """),
    table(
      "agent_registry", .registry, id: ["agent_id"],
      "agent_name agent_type supervisor_id status registered_at last_heartbeat config capabilities"),
    table(
      "agent_config", .configuration, id: ["agent_id"], "capabilities active_tasks workflows"),
    table(
      "agent_message", .message, id: ["message_id"],
      """
      from_agent to_agent message_type payload content priority requires_response correlation_id \
      thread_id timeout timeout_seconds metadata status timestamp created_at delivered
      """),
    table(
      "task_assignment", .task, id: ["assignment_id", "task_id"],
      """
      workflow_id task_type input_data payload required_capabilities requesting_agent agent_id \
      assigned_agent progress status status_update intermediate_results priority created_at \
      completed_at
      """),
    table(
      "task_queue", .task, id: ["task_id"],
      "agent_id task_type priority payload status created_at assigned_at completed_at"),
    table(
      "workflow_coordination", .workflow, id: ["workflow_id"],
      """
      workflow_type name coordinator_agent participating_agents coordination_strategy status \
      created_at completed_at
      """),
    table(
      "workflows", .workflow, id: ["workflow_id"],
      "workflow_type status initiator_agent assigned_agents created_at completed_at metadata"),
    table("workflow_step", .step, id: ["step_id"], stepColumns),
    table("workflow_steps", .step, id: ["step_id"], stepColumns),
    table(
      "system_events", .event, id: ["event_id"],
      "event_type source_agent target_agent timestamp data priority"),
    table("coordination_error", .event, id: ["error_id"], ""),
    table("coordination_metrics", .event, id: ["metric_id"], ""),
    table("health_metrics", .event, id: ["metric_id"], ""),
    table("system_alerts", .event, id: ["alert_id"], ""),
    table(
      "user_notifications", .event, id: ["notification_id"],
      "user_id notification_type severity title message"),
    table(
      "user_overrides", .audit, id: ["override_id"],
      "user_id override_type target_id action reason timestamp priority"),
    table("user_directives", .audit, id: ["directive_id"], ""),
    table("user_audit_log", .audit, id: ["log_id"], ""),
    table("users", .archive, id: ["user_id"], ""),
    table("agent_hierarchy", .archive, id: ["hierarchy_id"], ""),
    table("coordination_locks", .archive, id: ["lock_id"], ""),
    table(
      "agent_subscriptions", .archive, id: ["subscription_id"],
      "agent_id event_pattern callback_url is_active created_at last_triggered"),
    table("session_management", .archive, id: ["session_id"], ""),
  ]

  private static let stepColumns = """
    workflow_id step_name step_order assigned_agent agent status input_data output_data started_at \
    completed_at
    """

  private static let byName = Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0) })

  /// The table on record under a name.
  static func table(named name: String) -> Table? { byName[name] }

  /// What becomes of a table's rows; tables that are not on record are kept whole.
  static func kind(of name: String) -> TableKind {
    // The tables of an agent configuration, whose tasks stand in their agent.
    if name == "active_tasks" { return .task }
    return byName[name]?.kind ?? .archive
  }

  /// The one known table that has all of these columns; nil where none or several have.
  static func table(fitting columns: [String]) -> String? {
    let present = Set(columns)
    let fitting = tables.filter { table in
      table.columns.count > table.idColumns.count && present.isSubset(of: table.columns)
        && table.idColumns.contains(where: present.contains)
    }
    if fitting.count == 1 { return fitting[0].name }
    guard fitting.isEmpty else { return nil }
    // Columns beyond those on record: the id column decides where only one table has it.
    let owners = tables.filter { table in
      table.idColumns.contains { present.contains($0) && $0 != "agent_id" && $0 != "workflow_id" }
    }
    return owners.count == 1 ? owners[0].name : nil
  }

  /// The known table that a file's name speaks of, as in `agent_message.json` or
  /// `2025-06-01-agent_message.sql.json`; nil where it speaks of none.
  static func table(inFileName path: String) -> String? {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let isWord = { (character: Character) in
      character.isASCII && (character.isLetter || character.isNumber || character == "_")
    }
    let words = name.split { !isWord($0) }.map(String.init)
    let known = words.filter { byName[$0] != nil }
    return Set(known).count == 1 ? known[0] : nil
  }
}
