import AgoraStore

/// Removes stubs that nothing refers to any more.
struct StubSweep {
  private let connection: Connection
  private let source: String

  init(_ connection: Connection, source: String) {
    self.connection = connection
    self.source = source
  }

  func sweep() throws {
    try connection.execute(
      """
      CREATE TEMP TABLE referred(id TEXT PRIMARY KEY) WITHOUT ROWID;
      INSERT OR IGNORE INTO temp.referred SELECT workflow_id FROM tasks WHERE workflow_id IS NOT NULL;
      INSERT OR IGNORE INTO temp.referred SELECT workflow_id FROM workflows WHERE steps<>'[]';
      """, name: "referred.create")
    // Workflows first: what only they refer to is free when they are gone.
    try remove("workflow", from: "workflows", id: "workflow_id")
    try connection.execute(
      """
      INSERT OR IGNORE INTO temp.referred SELECT from_agent FROM messages WHERE from_agent IS NOT NULL;
      INSERT OR IGNORE INTO temp.referred SELECT to_agent FROM messages WHERE to_agent IS NOT NULL;
      INSERT OR IGNORE INTO temp.referred SELECT agent_id FROM message_reads;
      INSERT OR IGNORE INTO temp.referred SELECT assigned_agent FROM tasks WHERE assigned_agent IS NOT NULL;
      INSERT OR IGNORE INTO temp.referred SELECT json_extract(metadata,'$.requesting_agent') FROM tasks
        WHERE json_extract(metadata,'$.requesting_agent') IS NOT NULL;
      INSERT OR IGNORE INTO temp.referred SELECT source_agent FROM events WHERE source_agent IS NOT NULL;
      INSERT OR IGNORE INTO temp.referred SELECT target_agent FROM events WHERE target_agent IS NOT NULL;
      INSERT OR IGNORE INTO temp.referred SELECT creator_agent FROM workflows WHERE creator_agent IS NOT NULL;
      INSERT OR IGNORE INTO temp.referred SELECT j.value FROM workflows w, json_each(w.assigned_agents) j;
      INSERT OR IGNORE INTO temp.referred SELECT json_extract(j.value,'$.agent') FROM workflows w, json_each(w.steps) j
        WHERE json_extract(j.value,'$.agent') IS NOT NULL;
      INSERT OR IGNORE INTO temp.referred SELECT json_extract(metadata,'$.supervisor') FROM agents
        WHERE json_extract(metadata,'$.supervisor') IS NOT NULL;
      """, name: "referred.agents")
    try remove("agent", from: "agents", id: "agent_id")
    try connection.execute("DROP TABLE temp.referred", name: "referred.drop")
  }

  private func remove(_ kind: String, from table: String, id: String) throws {
    let condition = """
      SELECT v5_id FROM v4_names WHERE source=?1 AND kind='\(kind)' AND origin='stub'
        AND v5_id NOT IN (SELECT id FROM temp.referred)
      """
    // A stub that v5 has made an agent of its own is one no more, and one that its tools have worked on
    // stays.
    try connection.run(
      Query(
        "\(table).sweep_stubs",
        """
        DELETE FROM \(table) WHERE \(id) IN (\(condition)) AND json_extract(metadata,'$.stub')
          AND NOT EXISTS(SELECT 1 FROM main.audit WHERE target=\(table).\(id) AND source_row IS NULL)
        """), .text(source))
    try connection.run(
      Query(
        "v4_names.sweep_stubs",
        """
        DELETE FROM v4_names WHERE source=?1 AND kind='\(kind)' AND origin='stub'
          AND v5_id NOT IN (SELECT \(id) FROM \(table))
        """), .text(source))
  }
}
