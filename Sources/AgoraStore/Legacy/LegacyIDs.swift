/// How the names and ids of v4 resolve: those of migrated rows and those that calls of v4 brought, in one
/// namespace, for agents used v3's tables beside v4's under the same ids.
package struct LegacyIDs {
  private let connection: Connection

  package init(_ connection: Connection) { self.connection = connection }

  /// The kinds of ids that stand in `v4_call_ids`.
  package enum Kind: String, Sendable {
    case message, task, event, capability
  }

  private static let called = Query(
    "v4_call_ids.find", "SELECT v5_id FROM v4_call_ids WHERE kind=?1 AND v4_id=?2")
  private static let insert = Query(
    "v4_call_ids.insert",
    "INSERT OR IGNORE INTO v4_call_ids(kind, v4_id, v5_id, source) VALUES(?1,?2,?3,?4)")
  /// Where the counter had restarted, the last row is meant.
  private static let migrated = Query(
    "v4_rows.by_v4_id",
    """
    SELECT r.v5_id FROM v4_rows r JOIN v4_tables t USING(table_no)
    WHERE t.name IN (SELECT value FROM json_each(?1)) AND r.v4_id=?2
    ORDER BY r.epoch DESC, r.row DESC LIMIT 1
    """)
  private static let workflowName = Query(
    "v4_names.workflow",
    "SELECT v5_id FROM v4_names WHERE kind='workflow' AND name=?1 ORDER BY rowid DESC LIMIT 1")
  private static let insertName = Query(
    "v4_names.call",
    """
    INSERT INTO v4_names(source, kind, name, v5_id, origin, run) VALUES(?1,?2,?3,?4,?5,0)
    ON CONFLICT DO UPDATE SET v5_id=excluded.v5_id, origin=excluded.origin
      WHERE v4_names.run=0
    """)
  private static let exists: [IdentifierKind: Query] = [
    .workflow: Query("workflows.there", "SELECT 1 FROM workflows WHERE workflow_id=?1"),
    .task: Query("tasks.there", "SELECT 1 FROM tasks WHERE task_id=?1"),
    .message: Query("messages.there", "SELECT 1 FROM messages WHERE message_id=?1"),
  ]

  private func isThere(_ kind: IdentifierKind, _ id: String) throws -> Bool {
    guard let query = Self.exists[kind] else { return false }
    return try connection.integer(query, .text(id)) == 1
  }

  private func migrated(_ tables: String, _ id: String, _ kind: IdentifierKind) throws -> String? {
    let found = try connection.first(
      Self.migrated, .text(tables), .text(id), map: { $0.text(0) })
    guard let found, try isThere(kind, found) else { return nil }
    return found
  }

  /// The workflow of a v4 or v5 id; nil where nobody made it.
  package func workflow(_ id: String) throws -> String? {
    if Identifier(id)?.kind == .workflow, try isThere(.workflow, id) { return id }
    if let known = try connection.first(Self.workflowName, .text(id), map: { $0.text(0) }),
      try isThere(.workflow, known)
    {
      return known
    }
    return try migrated(#"["workflow_coordination","workflows"]"#, id, .workflow)
  }

  /// The task of a v4 or v5 id; nil where nobody made it.
  package func task(_ id: String) throws -> String? {
    if Identifier(id)?.kind == .task, try isThere(.task, id) { return id }
    if let known = try made(.task, id) { return known }
    return try migrated(#"["task_assignment","task_queue","active_tasks"]"#, id, .task)
  }

  private static let standing = Query(
    "tasks.standing", "SELECT status, assigned_agent FROM tasks WHERE task_id=?1")

  /// How a task of a v5 id is, and whether it has an agent.
  package func standing(ofTask id: String) throws -> (status: TaskStatus, hasAgent: Bool)? {
    try connection.first(Self.standing, .text(id)) { row in
      (TaskStatus(rawValue: row.text(0)) ?? .pending, !row.isNull(1))
    }
  }

  /// The message of a v4 or v5 id; nil where nobody sent it.
  package func message(_ id: String) throws -> String? {
    if Identifier(id)?.kind == .message, try isThere(.message, id) { return id }
    if let known = try made(.message, id) { return known }
    return try migrated(#"["agent_message"]"#, id, .message)
  }

  /// What a call of v4 made under an id of its own.
  package func made(_ kind: Kind, _ id: String) throws -> String? {
    try connection.first(Self.called, .text(kind.rawValue), .text(id), map: { $0.text(0) })
  }

  /// Remembers what a call's own id stands for; the first meaning of an id stays.
  package func remember(_ kind: Kind, _ id: String, as v5ID: String, source: String) throws {
    try connection.run(
      Self.insert, .text(kind.rawValue), .text(id), .text(v5ID), .text(source))
  }

  /// How a name came to be known.
  package enum Origin: String, Sendable {
    case registered, alias, stub
  }

  /// Remembers a name of an agent.
  package func rememberAgent(
    _ name: String, as v5ID: String, _ origin: Origin, source: String
  ) throws {
    try remember("agent", name, v5ID, origin, source)
  }

  /// Remembers a workflow's id.
  package func rememberWorkflow(
    _ id: String, as v5ID: String, _ origin: Origin, source: String
  ) throws {
    try remember("workflow", id, v5ID, origin, source)
  }

  private func remember(
    _ kind: String, _ name: String, _ v5ID: String, _ origin: Origin, _ source: String
  ) throws {
    try connection.run(
      Self.insertName, .text(source), .text(kind), .text(name), .text(v5ID),
      .text(origin.rawValue))
  }
}
