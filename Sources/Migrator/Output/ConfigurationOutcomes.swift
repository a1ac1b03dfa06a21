import AgoraStore

/// What became of each agent configuration of a run, as the protocol's migration assistant tells it.
enum ConfigurationOutcomes {
  /// - Parameter beside: the configurations that were there before this run, as SQL over `r.row`.
  private static func migrated(beside: String) -> Query {
    func count(_ table: String) -> String {
      """
      (SELECT count(*) FROM temp.configuration_contents c
        WHERE c.parent=r.row AND c.name='\(table)')
      """
    }
    return Query(
      "configurations.migrated",
      """
      SELECT a.agent_name, r.v5_id, \(count(AgentConfiguration.taskTable)),
        \(count(AgentConfiguration.workflowTable))
      FROM v4_rows r JOIN v4_tables t USING(table_no) JOIN agents a ON a.agent_id=r.v5_id
      WHERE (r.run=?1 OR \(beside)) AND t.name='\(AgentConfiguration.table)' ORDER BY r.ordinal, r.row
      """)
  }
  private static let any = Query(
    "configurations.any",
    "SELECT EXISTS(SELECT 1 FROM v4_tables WHERE name='agent_config')")

  /// - Parameter hasSeen: whether `temp.seen` has the rows that were there before and are in the export.
  static func read(
    _ connection: Connection, rejectsIn schema: String, run: Int64, hasSeen: Bool
  ) throws -> [MigrationReport.ConfigurationOutcome] {
    guard try connection.integer(any) == 1 else { return [] }
    var outcomes: [MigrationReport.ConfigurationOutcome] = []
    let isSeen = hasSeen ? "r.row IN (SELECT main_row FROM temp.seen)" : "0"
    try connection.execute(
      """
      CREATE TEMP TABLE configuration_contents AS SELECT r.parent, t.name
        FROM v4_rows r JOIN v4_tables t USING(table_no)
        WHERE r.parent IS NOT NULL AND (r.run=\(run) OR \(isSeen));
      CREATE INDEX temp.contents_by_parent ON configuration_contents(parent, name);
      """, name: "configuration_contents.create")
    defer {
      try? connection.execute(
        "DROP TABLE temp.configuration_contents", name: "configuration_contents.drop")
    }
    try connection.each(migrated(beside: isSeen), .integer(run)) { row in
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
