import AgoraStore

/// Brings what is known of stored rows up to date with a newer export, before anything is made of its
/// rows: where they stand, and which of them v4 has no more.
struct KnownPlaces {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  func refresh() throws {
    try findReordered()
    try move()
    try ConfigurationContents(context).moveStored()
    try noteGone()
    context.isFollowing = true
  }

  /// Agents and workflows whose rows stand in another order now: they are made in the order of the newest
  /// export, whether one of their rows changed or not.
  private func findReordered() throws {
    try connection.execute(
      "CREATE TEMP TABLE reordered(id TEXT PRIMARY KEY) WITHOUT ROWID", name: "reordered.create")
    let order = """
      row_number() OVER (PARTITION BY id ORDER BY rank, was, row) AS before,
      row_number() OVER (PARTITION BY id ORDER BY rank, now, row) AS after
      """
    let place = """
      r.row, r.ordinal AS was, coalesce(s.ordinal, r.ordinal) AS now
      FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
        LEFT JOIN temp.seen s ON s.main_row=r.row
      """
    let moved = Query(
      "seen.moved",
      """
      SELECT EXISTS(SELECT 1 FROM temp.seen s JOIN main.v4_rows r ON r.row=s.main_row
        WHERE r.joined IS NOT NULL AND r.ordinal<>s.ordinal)
      """)
    guard try connection.integer(moved) == 1 else { return }
    for (name, rows) in [
      (
        "reordered.agents",
        """
        SELECT r.v5_id AS id, \(StagedTable.agentRankSQL) AS rank, \(place)
        WHERE r.joined IS NOT NULL AND t.source=?1
          AND t.name IN ('agent_capability','agent_registry','agent_config')
        """
      ),
      (
        "reordered.workflows",
        """
        SELECT p.workflow_id AS id, t.name<>'workflow_step' AS rank, \(place)
          JOIN main.v4_steps p ON p.row=r.row
        WHERE t.source=?1
        """
      ),
    ] {
      try connection.run(
        Query(
          name,
          """
          INSERT OR IGNORE INTO temp.reordered
          SELECT id FROM (SELECT id, \(order) FROM (\(rows))) WHERE before<>after
          """), .text(context.source))
    }
  }

  /// Rows that are unchanged may stand elsewhere in the newer export: an export follows the last one.
  private func move() throws {
    try connection.run(
      Query(
        "v4_rows.refresh_places",
        """
        UPDATE main.v4_rows SET file=s.file, byte_offset=s.byte_offset, ordinal=s.ordinal
        FROM temp.seen s
        WHERE main.v4_rows.row=s.main_row AND main.v4_rows.ordinal<>s.ordinal
        """))
  }

  /// A table that the export lacks says nothing about its rows; what stands in configurations is in their
  /// list.
  private func noteGone() throws {
    try WorkflowRefresh(context).begin()
    let back = "row IN (SELECT g.row FROM main.v4_gone g JOIN temp.seen s ON s.main_row=g.row)"
    try connection.execute(
      """
      INSERT OR IGNORE INTO temp.recast SELECT v4_id FROM main.v4_rows WHERE \(back);
      DELETE FROM main.v4_gone WHERE \(back);
      """, name: "v4_gone.came_back")
    let isGone = """
      row NOT IN (SELECT main_row FROM temp.seen) AND row NOT IN (SELECT row FROM main.v4_gone)
      """
    let condition = "table_no=?1 AND parent IS NULL AND " + isGone
    for table in context.tables {
      if table.kind == .workflow {
        try connection.run(
          Query(
            "recast.gone",
            "INSERT OR IGNORE INTO temp.recast SELECT v4_id FROM main.v4_rows WHERE \(condition)"),
          .integer(table.number))
      }
      try connection.run(
        Query(
          "v4_gone.note",
          "INSERT INTO main.v4_gone SELECT row, ?2 FROM main.v4_rows WHERE \(condition)"),
        .integer(table.number), .integer(context.run))
      guard table.kind == .configuration else { continue }
      try connection.run(
        Query(
          "v4_gone.note_contents",
          """
          INSERT INTO main.v4_gone SELECT row, ?2 FROM main.v4_rows
          WHERE parent IS NOT NULL AND \(isGone)
            AND table_no IN (SELECT table_no FROM main.v4_tables WHERE source=?1)
          """), .text(context.source), .integer(context.run))
    }
  }
}
