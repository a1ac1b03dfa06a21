import AgoraStore

/// Looks up once more which workflows known rows refer to, where workflows of the ids that they name have
/// come or gone: a further epoch may be the one that they mean.
struct WorkflowRefresh {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  /// Makes the list of ids that may mean another workflow now.
  func begin() throws {
    try connection.execute(
      """
      CREATE TEMP TABLE IF NOT EXISTS recast(v4_id TEXT PRIMARY KEY) WITHOUT ROWID;
      CREATE TEMP TABLE IF NOT EXISTS recast_targets(v4_id TEXT, id TEXT, is_going INTEGER,
        PRIMARY KEY(id, v4_id)) WITHOUT ROWID;
      """, name: "recast.create")
  }

  /// Notes that a workflow goes.
  func note(_ v4ID: String, _ v5ID: String) throws {
    try connection.run(
      Query("recast.note", "INSERT OR IGNORE INTO temp.recast VALUES(?1)"), .text(v4ID))
    try connection.run(
      Query("recast.note_target", "INSERT OR IGNORE INTO temp.recast_targets VALUES(?1,?2,1)"),
      .text(v4ID), .text(v5ID))
  }

  /// Notes that stubs may go.
  func noteStubs() throws {
    let stubs = "FROM main.v4_names WHERE source=?1 AND kind='workflow' AND origin='stub'"
    try connection.run(
      Query("recast.stubs", "INSERT OR IGNORE INTO temp.recast SELECT name \(stubs)"),
      .text(context.source))
    try connection.run(
      Query(
        "recast.stub_targets",
        "INSERT OR IGNORE INTO temp.recast_targets SELECT name, v5_id, 1 \(stubs)"),
      .text(context.source))
  }

  /// Looks at the ids of the workflows that this run has brought or taken away.
  func refreshLoaded() throws {
    try begin()
    for table in context.tables where table.kind == .workflow {
      guard let rows = table.rows else { continue }
      try connection.run(
        Query(
          "recast.new",
          """
          INSERT OR IGNORE INTO temp.recast
          SELECT v4_id FROM main.v4_rows WHERE row BETWEEN ?1 AND ?2 AND table_no=?3
          """), .integer(rows.lowerBound), .integer(rows.upperBound), .integer(table.number))
    }
    try refresh()
  }

  /// Looks up what the ids on the list mean now.
  func refresh() throws {
    try context.references.forgetWorkflows()
    let tables = WorkflowEpochs.tables.map { "'\($0)'" }.joined(separator: ",")
    try connection.run(
      Query(
        "recast.targets",
        """
        INSERT OR IGNORE INTO temp.recast_targets
        SELECT r.v4_id, r.v5_id, 0 FROM temp.recast c CROSS JOIN main.v4_tables t CROSS JOIN main.v4_rows r
          ON r.table_no=t.table_no AND r.v4_id=c.v4_id
        -- What stands in a configuration has no id that anything refers to, and its steps in itself.
        WHERE t.source=?1 AND t.name IN (\(tables)) AND r.parent IS NULL
        UNION ALL
        SELECT n.name, n.v5_id, 0 FROM temp.recast c CROSS JOIN main.v4_names n ON n.name=c.v4_id
        WHERE n.source=?1 AND n.kind='workflow'
        """), .text(context.source))
    try connection.execute(
      """
      DELETE FROM temp.recast_targets WHERE v4_id IN (
        SELECT v4_id FROM temp.recast_targets GROUP BY v4_id HAVING count(*)<2 AND NOT max(is_going));
      """, name: "recast.certain")
    try RecordRefresh(context).refresh(
      .tasks,
      rows: """
        SELECT x.source_row FROM temp.recast_targets g JOIN main.tasks x ON x.workflow_id=g.id
        WHERE x.source_row IS NOT NULL
        """)
    let targets = try connection.all(
      Query("recast.workflows", "SELECT DISTINCT id FROM temp.recast_targets"),
      map: { $0.text(0) })
    if !targets.isEmpty { try StepLoader(context).rebuild(targets) }
  }

  /// Drops the stubs that nothing means any more, and empties the list.
  func finish() throws {
    try begin()
    try dropSuperseded()
    try connection.execute(
      "DELETE FROM temp.recast; DELETE FROM temp.recast_targets", name: "recast.empty")
  }

  /// A stub for an id that has a workflow of its own by now goes, when nothing is left in it.
  private func dropSuperseded() throws {
    let stubs = """
      SELECT n.v5_id FROM temp.recast_targets g JOIN main.v4_names n ON n.v5_id=g.id
      WHERE n.source=?1 AND n.kind='workflow' AND n.origin='stub' AND n.name=g.v4_id
      """
    try connection.run(
      Query(
        "workflows.drop_superseded",
        """
        DELETE FROM main.workflows WHERE workflow_id IN (\(stubs))
          AND steps='[]' AND json_extract(metadata,'$.stub')
          AND NOT EXISTS(SELECT 1 FROM main.tasks x WHERE x.workflow_id=main.workflows.workflow_id)
          AND NOT EXISTS(SELECT 1 FROM main.audit a
            WHERE a.target=main.workflows.workflow_id AND a.source_row IS NULL)
        """), .text(context.source))
    try connection.run(
      Query(
        "v4_names.drop_superseded",
        """
        DELETE FROM main.v4_names WHERE source=?1 AND kind='workflow' AND origin='stub'
          AND v5_id IN (\(stubs)) AND v5_id NOT IN (SELECT workflow_id FROM main.workflows)
        """), .text(context.source))
  }
}
