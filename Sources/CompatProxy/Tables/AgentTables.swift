import AgoraStore

/// Agents as v4's and v3's tables.
extension LegacyTable {
  /// An agent and one thing that it can do, with what v4's row of both said (`detail`) and what a call
  /// of v4 has said (`said`).
  private static let capable = """
    (SELECT a.*, c.value AS capability,
      (SELECT d.value FROM json_each(a.metadata,'$.capability_details') d
        WHERE \(LegacyColumn.value("d.value", "capability_type"))=c.value ORDER BY d.key DESC LIMIT 1)
        AS detail,
      (SELECT r.value FROM json_each(a.metadata,'$.capability_rows') r WHERE r.key=c.value) AS said,
      (SELECT p.value FROM json_each(a.metadata,'$.proficiency') p WHERE p.key=c.value) AS level
    FROM main.agents a, json_each(a.capabilities) c
    WHERE json_extract(a.metadata,'$.reserved') IS NOT 1)
    """

  private static func detail(_ key: String) -> String {
    "coalesce(\(LegacyColumn.value("said", key)),\(LegacyColumn.value("detail", key)))"
  }

  /// The number of tasks in v4's row, where the agent's own limit is still that of v4's rows.
  private static let limit = """
    coalesce(iif(max_concurrent_tasks=(SELECT max(\(LegacyColumn.value("d.value", "max_concurrent_tasks")))
      FROM json_each(metadata,'$.capability_details') d),
      \(LegacyColumn.value("detail", "max_concurrent_tasks")),NULL),
      max_concurrent_tasks,0)
    """

  /// A row that says that it is not active counts where another one of the agent's is.
  private static let isActive = """
    CASE WHEN status<>'active' THEN 0
      WHEN \(LegacyColumn.truth(LegacyColumn.value("said", "is_active"))) IS NOT NULL
        THEN \(LegacyColumn.truth(LegacyColumn.value("said", "is_active")))
      WHEN \(LegacyColumn.truth(LegacyColumn.value("detail", "is_active"))) IS 0 AND EXISTS(
        SELECT 1 FROM json_each(metadata,'$.capability_details') d
        WHERE \(LegacyColumn.truth(LegacyColumn.value("d.value", "is_active"))) IS NOT 0) THEN 0
      ELSE 1 END
    """

  static let capability = LegacyTable(
    "agent_capability",
    [
      "capability_id": .string, "agent_id": .string, "capability_type": .string,
      "proficiency_level": .u32, "max_concurrent_tasks": .u32,
      "average_completion_time": .option(.f64), "success_rate": .option(.f64),
      "resource_requirements": .string, "availability_schedule": .string, "is_active": .bool,
      "created_at": .timestamp,
    ],
    Source(
      capable,
      [
        "capability_id": "coalesce(\(detail("capability_id")),agent_id||':'||capability)",
        "agent_id": "agent_name", "capability_type": "capability",
        "proficiency_level": """
        coalesce(level,\(LegacyColumn.value("detail", "proficiency_level")),
          \(LegacyColumn.value("metadata", "proficiency_level")),0)
        """, "max_concurrent_tasks": limit,
        "average_completion_time": "CAST(\(detail("average_completion_time")) AS REAL)",
        "success_rate": "CAST(\(detail("success_rate")) AS REAL)",
        "resource_requirements": detail("resource_requirements"),
        "availability_schedule": detail("availability_schedule"), "is_active": isActive,
        "created_at":
          "coalesce(\(LegacyColumn.time("detail", "created_at")),\(LegacyColumn.instant("registered_at")))",
      ]))

  private static func registered(_ key: String) -> String {
    LegacyColumn.value("metadata", "registrations[#-1].\(key)")
  }

  /// Who only stands in an import as somebody's receiver had no row on v4; who calls is there.
  static let registry = LegacyTable(
    "agent_registry",
    [
      "agent_id": .string, "agent_name": .string, "agent_type": .string,
      "supervisor_id": .option(.string), "status": .string, "registered_at": .timestamp,
      "last_heartbeat": .timestamp, "config": .string,
    ],
    Source(
      """
      main.agents a WHERE json_extract(metadata,'$.reserved') IS NOT 1
        AND (json_extract(metadata,'$.stub') IS NOT 1
          OR json_extract(metadata,'$.compatibility_mode')='true')
      """,
      [
        "agent_id": """
        coalesce((SELECT r.v4_id FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
          WHERE r.v5_id=a.agent_id AND r.joined IS NOT NULL AND t.name='agent_registry'
          ORDER BY r.row DESC LIMIT 1),
          (SELECT name FROM main.v4_names
            WHERE v5_id=a.agent_id AND kind='agent' AND origin='alias' AND run=0 LIMIT 1),a.agent_name)
        """, "agent_name": "agent_name",
        "agent_type": """
        coalesce(\(LegacyColumn.value("metadata", "agent_type")),\(registered("agent_type")),
          json_extract(capabilities,'$[0]'),'')
        """,
        "supervisor_id":
          "coalesce(\(LegacyColumn.value("metadata", "supervisor_id")),\(registered("supervisor_id")))",
        "status": LegacyColumn.status(
          "a.status",
          said: "coalesce(json_extract(metadata,'$.v4_status'),\(registered("status")))",
          LegacyWords.agentWords), "registered_at": LegacyColumn.instant("registered_at"),
        "last_heartbeat": LegacyColumn.instant("last_activity"),
        "config": """
        coalesce(\(registered("config")),json_remove(metadata,'$.migration_source',
          '$.capability_details','$.capability_rows','$.registrations','$.supervisor','$.notes'))
        """,
      ]))

  static let subscriptions = LegacyTable(
    "agent_subscriptions",
    [
      "subscription_id": .string, "agent_id": .string, "event_pattern": .string,
      "callback_url": .string, "is_active": .bool, "created_at": .timestamp,
      "last_triggered": .option(.timestamp),
    ],
    Source(
      "main.archive WHERE v4_table='agent_subscriptions'",
      [
        "subscription_id": "v4_id", "agent_id": LegacyColumn.value("row", "agent_id"),
        "event_pattern": LegacyColumn.value("row", "event_pattern"),
        "callback_url": LegacyColumn.value("row", "callback_url"),
        "is_active": "coalesce(\(LegacyColumn.truth(LegacyColumn.value("row", "is_active"))),1)",
        "created_at": LegacyColumn.time("row", "created_at"),
        "last_triggered": LegacyColumn.time("row", "last_triggered"),
      ]),
    Source(
      "main.subscriptions s",
      [
        "subscription_id": "s.subscription_id", "agent_id": LegacyColumn.agent("s.agent_id"),
        "event_pattern": "(SELECT group_concat(value,',') FROM json_each(s.event_types))",
        "is_active": "s.status='active'", "created_at": LegacyColumn.instant("s.created_at"),
      ]))
}
