import AgoraStore

/// What became of each agent configuration of a run, as the protocol's migration assistant tells it.
enum ConfigurationOutcomes {
  private static let migrated = Query(
    "configurations.migrated",
    """
    SELECT a.agent_name, r.v5_id,
      (SELECT count(*) FROM v4_rows c JOIN v4_tables t USING(table_no) WHERE c.parent=r.row AND t.name='active_tasks'),
      (SELECT count(*) FROM v4_rows c JOIN v4_tables t USING(table_no) WHERE c.parent=r.row AND t.name='workflows')
    FROM v4_rows r JOIN v4_tables t USING(table_no) JOIN agents a ON a.agent_id=r.v5_id
    WHERE r.run=?1 AND t.name='agent_config' ORDER BY r.row
    """)
  private static let any = Query(
    "configurations.any",
    "SELECT EXISTS(SELECT 1 FROM v4_tables WHERE name='agent_config')")

  static func read(
    _ connection: Connection, rejectsIn schema: String, run: Int64
  ) throws -> [MigrationReport.ConfigurationOutcome] {
    guard try connection.integer(any) == 1 else { return [] }
    var outcomes: [MigrationReport.ConfigurationOutcome] = []
    try connection.each(migrated, .integer(run)) { row in
      outcomes.append(
        .init(
          v4AgentID: row.text(0), v5AgentID: row.text(1), tasks: row.int(2), workflows: row.int(3),
          error: nil))
    }
    let failed = Query(
      "configurations.failed",
      """
      SELECT v4_id, reason FROM \(schema).rejects WHERE run=?1 AND v4_table='agent_config'
      ORDER BY number
      """)
    try connection.each(failed, .integer(run)) { row in
      outcomes.append(
        .init(
          v4AgentID: row.text(0), v5AgentID: nil, tasks: 0, workflows: 0, error: row.text(1)))
    }
    return outcomes
  }
}
