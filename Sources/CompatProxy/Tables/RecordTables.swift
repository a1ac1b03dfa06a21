/// Events, what operators did, and rows that v5 has no place for, as v4's and v3's tables.
///
/// Of most of these tables v4 says no more than the name: they show their id, what v5 knows of a row, and
/// in `data` the row as it came. Their rows are the imported ones; calls of v4 add none.
extension LegacyTable {
  /// The imported rows of a table with the records that they made.
  private static func imported(_ table: String, _ record: String, _ id: String) -> String {
    """
    main.v4_tables n JOIN main.v4_rows r USING(table_no)
      JOIN main.\(record) x ON x.\(id)=r.v5_id AND x.source_row=r.row WHERE n.name='\(table)'
    """
  }

  /// An imported row as an object, whether it came as one or as an array.
  private static let row = """
    iif(r.shape IS NULL,r.text,(SELECT json_group_object(c.value,
      CASE v.type WHEN 'object' THEN json(v.value) WHEN 'array' THEN json(v.value)
        WHEN 'true' THEN json('true') WHEN 'false' THEN json('false') ELSE v.value END)
      FROM main.v4_shapes h, json_each(h.columns) c, json_each(r.text) v
      WHERE h.shape=r.shape AND v.key=c.key))
    """

  /// A table whose rows are events of its name.
  static func record(_ name: String, _ id: String) -> LegacyTable {
    LegacyTable(
      name,
      [id: .string, "source_agent": .string, "timestamp": .timestamp, "data": .string],
      hasWholeRows: true,
      Source(
        imported(name, "events", "event_id"),
        [
          id: "r.v4_id", "source_agent": LegacyColumn.agent("x.source_agent"),
          "timestamp": LegacyColumn.instant("x.timestamp"), "data": row,
        ]))
  }

  static let events = LegacyTable(
    "system_events",
    [
      "event_id": .string, "event_type": .string, "source_agent": .string,
      "target_agent": .string, "timestamp": .timestamp, "data": .string, "priority": .i32,
    ],
    Source(
      """
      main.events e WHERE e.source_row IS NULL OR (SELECT n.name FROM main.v4_rows r
        JOIN main.v4_tables n USING(table_no) WHERE r.row=e.source_row)='system_events'
      """,
      [
        "event_id": LegacyColumn.id("e.event_id", given: "e.data", row: "e.source_row"),
        "event_type": "e.event_type", "source_agent": LegacyColumn.agent("e.source_agent"),
        "target_agent": LegacyColumn.agent("e.target_agent"),
        "timestamp": LegacyColumn.instant("e.timestamp"), "data": "e.data",
        "priority": """
        CAST(coalesce(json_extract(e.data,'$.priority'),
          \(LegacyColumn.value("e.metadata", "v4.priority")),0) AS INTEGER)
        """,
      ]))

  private static func notification(_ object: String) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: [
        "notification_id", "user_id", "notification_type", "severity", "title", "message",
      ].map { ($0, LegacyColumn.value(object, $0)) })
  }

  static let notifications = LegacyTable(
    "user_notifications",
    [
      "notification_id": .string, "user_id": .string, "notification_type": .string,
      "severity": .string, "title": .string, "message": .string, "created_at": .timestamp,
    ],
    Source(
      "(SELECT r.*, \(row) AS object, x.timestamp AS instant FROM \(imported("user_notifications", "events", "event_id")))",
      notification("object").merging([
        "notification_id": "v4_id", "created_at": LegacyColumn.instant("instant"),
      ]) { $1 }),
    Source(
      "main.events e WHERE e.event_type='user_notification' AND e.source_row IS NULL",
      notification("e.data").merging(["created_at": LegacyColumn.instant("e.timestamp")]) { $1 }))

  // MARK: operators

  /// Who is said to have asked: a call of v4 writes it before the reason.
  private static let hasUser = "o.actor='operator' AND instr(o.reason,': ')>0"

  private static func target(_ id: String) -> String {
    LegacyColumn.workflow("(SELECT \(LegacyColumn.agent(id)))")
  }

  static let overrides = LegacyTable(
    "user_overrides",
    [
      "override_id": .string, "user_id": .string, "override_type": .string, "target_id": .string,
      "action": .string, "reason": .string, "timestamp": .timestamp, "priority": .i32,
    ],
    Source(
      imported("user_overrides", "audit", "audit_id"),
      [
        "override_id": "r.v4_id", "user_id": "x.actor",
        "override_type": LegacyColumn.value("x.metadata", "v4.override_type"),
        "target_id": target("x.target"), "action": "x.action", "reason": "x.reason",
        "timestamp": LegacyColumn.instant("x.timestamp"),
        "priority": LegacyColumn.value("x.metadata", "v4.priority"),
      ]),
    Source(
      "main.overrides o",
      [
        "override_id": "o.override_id",
        "user_id": """
        iif(\(hasUser),substr(o.reason,1,instr(o.reason,': ')-1),\(LegacyColumn.agent("o.actor")))
        """, "override_type": "o.action", "target_id": target("o.target_id"),
        "action": "o.action",
        "reason": "iif(\(hasUser),substr(o.reason,instr(o.reason,': ')+2),o.reason)",
        "timestamp": LegacyColumn.instant("o.executed_at"), "priority": "o.priority",
      ]))

  static let directives = LegacyTable(
    "user_directives",
    [
      "directive_id": .string, "user_id": .string, "target_id": .string,
      "timestamp": .timestamp, "data": .string,
    ], hasWholeRows: true,
    Source(imported("user_directives", "audit", "audit_id"), audited("directive_id")))

  static let auditLog = LegacyTable(
    "user_audit_log",
    [
      "log_id": .u64, "user_id": .string, "action": .string, "target_id": .string,
      "timestamp": .timestamp, "data": .string,
    ], hasWholeRows: true,
    Source(imported("user_audit_log", "audit", "audit_id"), audited("log_id")))

  private static func audited(_ id: String) -> [String: String] {
    [
      id: "r.v4_id", "user_id": "x.actor", "action": "x.action", "target_id": target("x.target"),
      "timestamp": LegacyColumn.instant("x.timestamp"), "data": row,
    ]
  }

  // MARK: the archive

  /// A table whose rows are kept whole.
  static func archived(_ name: String, _ id: String) -> LegacyTable {
    LegacyTable(
      name, [id: .string, "data": .string], hasWholeRows: true,
      Source("main.archive WHERE v4_table='\(name)'", [id: "v4_id", "data": "row"]))
  }
}
