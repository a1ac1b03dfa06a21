import AgoraStore

/// What the export does not account for: tables that it leaves out, rows and records that should not be there.
extension RecordComparison {
  /// The store's tables that the export does not hold; what stands in configurations is in their list.
  func findTablesLeftOut() throws {
    let stored = try connection.all(
      Query(
        "v4_tables.with_rows",
        """
        SELECT name FROM main.v4_tables t WHERE source=?1 AND EXISTS(SELECT 1 FROM main.v4_rows r
          WHERE r.table_no=t.table_no AND r.parent IS NULL
            AND r.row NOT IN (SELECT row FROM main.v4_gone))
        ORDER BY table_no
        """), .text(context.source), map: { $0.text(0) })
    let held = Set(context.tables.map(\.name.exact))
    report.tablesNotCompared = stored.filter { !held.contains($0.exact) }
  }

  /// Stored rows of the export's tables that the export has not; those that an import has found gone
  /// before are listed apart.
  func findExtraRows() throws {
    for table in context.tables {
      // What stands in configurations belongs to their list.
      let inList =
        table.kind == .configuration
        ? """
        OR r.parent IS NOT NULL
          AND r.table_no IN (SELECT table_no FROM main.v4_tables WHERE source=?2)
        """ : "AND ?2 IS NOT NULL"
      let rows = Query(
        "v4_rows.extra",
        """
        SELECT v4_id, v5_id,
          EXISTS(SELECT 1 FROM main.conflicts c WHERE c.row=r.row AND \(Conflict.keepsGoneRow)),
          EXISTS(SELECT 1 FROM main.v4_gone g WHERE g.row=r.row), t.name
        FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
        WHERE (r.table_no=?1 AND r.parent IS NULL \(inList))
          AND row NOT IN (SELECT main_row FROM temp.seen)
        """)
      try connection.each(rows, .integer(table.number), .text(context.source)) { row in
        let record = VerificationReport.Record(
          table: row.text(4), v4ID: row.text(0), v5ID: row.text(1))
        if row.bool(2) {
          self.noteChanged(record)
        } else if row.bool(3) {
          self.report.deletedInSource.append(record)
        } else {
          self.report.extra.append(record)
        }
      }
    }
  }

  /// Records that no v4 row claims and that were not born on v5, whose ids are time-ordered.
  func findUnclaimedRecords() throws {
    for table in [
      RecordTable.workflows, .messages, .tasks, .events, .audit, .archive,
    ] {
      let id = table.columns[0]
      let unclaimed = Query(
        "\(table.name).unclaimed",
        """
        SELECT \(id) FROM \(table.name) x LEFT JOIN main.v4_rows r ON r.row=x.source_row
        WHERE r.row IS NULL OR r.v5_id<>x.\(id)
        """)
      for record in try connection.all(unclaimed, map: { $0.text(0) })
      where try !BornOnV5.isGiven(record) && !isStub(record) {
        report.extra.append(.init(table: table.name, v4ID: nil, v5ID: record))
      }
    }
    let steps = Query(
      "steps.unclaimed",
      """
      SELECT coalesce(iif(j.type='object', json_extract(j.value,'$.step_id'), NULL), w.workflow_id)
      FROM workflows w JOIN json_each(iif(json_valid(w.steps), w.steps, '[]')) j
        LEFT JOIN main.v4_rows r ON r.row=w.source_row
      WHERE r.parent IS NULL AND NOT EXISTS(SELECT 1 FROM main.v4_rows s JOIN main.v4_steps p ON p.row=s.row
        WHERE s.v5_id=iif(j.type='object', json_extract(j.value,'$.step_id'), NULL)
          AND s.joined IS NOT NULL AND p.workflow_id=w.workflow_id)
      """)
    for record in try connection.all(steps, map: { $0.text(0) }) where !BornOnV5.isGiven(record) {
      report.extra.append(.init(table: "steps", v4ID: nil, v5ID: record))
    }
    let agents = Query(
      "agents.unclaimed",
      """
      SELECT agent_id FROM agents a WHERE NOT EXISTS(SELECT 1 FROM v4_names n WHERE n.v5_id=a.agent_id)
      """)
    for record in try connection.all(agents, map: { $0.text(0) }) where !BornOnV5.isGiven(record) {
      report.extra.append(.init(table: "agents", v4ID: nil, v5ID: record))
    }
  }

  private func isStub(_ id: String) throws -> Bool {
    try connection.integer(
      Query(
        "v4_names.is_stub",
        "SELECT EXISTS(SELECT 1 FROM v4_names WHERE v5_id=?1 AND kind='workflow')"),
      .text(id)) == 1
  }
}
