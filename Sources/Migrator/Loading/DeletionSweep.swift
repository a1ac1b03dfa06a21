import AgoraStore

/// A row that v4 has no more.
struct GoneRow {
  let row: Int64
  let v4ID: String
  let v5ID: String
  let table: String
}

/// Finds the rows that a table held before and holds no more, and removes them where that is wanted.
///
/// They go before the export's own rows are loaded: what is loaded is to find what a single import of the
/// export would.
struct DeletionSweep {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  /// Takes away what is gone; what refers to it is looked up anew while the rest is loaded.
  func begin() throws {
    try find()
    guard context.appliesDeletes else { return }
    if context.references.rejectsOrphans { try doubtStubs() }
    try remove(
      try connection.all(
        Query(
          "gone.rows",
          """
          SELECT r.row, r.v4_id, r.v5_id, t.name FROM temp.gone g JOIN main.v4_rows r USING(row)
            JOIN main.v4_tables t USING(table_no) ORDER BY r.row
          """), map: Self.row))
  }

  /// Counts what is gone, and settles what is left of it when everything is loaded.
  func finish() throws {
    try find()
    context.deletedInSource = Int(
      try connection.integer(Query("gone.count", "SELECT count(*) FROM temp.gone")) ?? 0)
    guard context.appliesDeletes else { return }
    try settleLeaving()
    try StubSweep(connection, source: context.source).sweep()
  }

  /// Looks at the stored rows of the tables that the export holds; a table that it lacks says nothing.
  private func find() throws {
    try connection.execute(
      "CREATE TEMP TABLE IF NOT EXISTS gone(row INTEGER PRIMARY KEY)", name: "gone.create")
    // What was deleted while changes were being recorded; what came again is not among it any more.
    try connection.run(
      Query(
        "gone.recorded",
        """
        INSERT OR IGNORE INTO temp.gone SELECT r.row FROM \(context.stage).source_removals d
          JOIN main.v4_rows r ON r.table_no=d.table_no AND r.v4_id=d.v4_id AND r.row<d.row
        """))
    for table in context.tables where context.hasStoredRows {
      try connection.run(
        Query(
          "gone.missing",
          """
          INSERT OR IGNORE INTO temp.gone
          SELECT g.row FROM main.v4_gone g JOIN main.v4_rows r USING(row)
          WHERE iif(\(table.kind == .configuration ? "r.parent IS NOT NULL" : "0"),
            r.table_no IN (SELECT table_no FROM main.v4_tables WHERE source=?2),
            r.table_no=?1 AND r.parent IS NULL)
          """), .integer(table.number), .text(context.source))
    }
    // What stood in a configuration goes with it.
    try connection.execute(
      """
      INSERT OR IGNORE INTO temp.gone
        SELECT row FROM main.v4_rows WHERE parent IN (SELECT row FROM temp.gone)
          AND row NOT IN (SELECT main_row FROM temp.seen);
      -- What v5 was to keep, a person has decided.
      DELETE FROM temp.gone WHERE row IN (
        SELECT row FROM main.conflicts WHERE \(Conflict.keepsGoneRow));
      INSERT OR IGNORE INTO main.v4_gone SELECT row, \(context.run) FROM temp.gone
        WHERE row IN (SELECT row FROM main.v4_rows);
      """, name: "gone.contents")
  }

  /// A result of `row, v4_id, v5_id, table` as a row.
  static func row(_ result: borrowing Row) -> GoneRow {
    GoneRow(row: result.int64(0), v4ID: result.text(1), v5ID: result.text(2), table: result.text(3))
  }

  /// Has everything looked up anew that refers to stubs: rows that an export lacked when what they refer to
  /// went are orphans in the next export that holds them.
  private func doubtStubs() throws {
    try AgentRenames(context).noteStubs()
    try WorkflowRefresh(context).noteStubs()
  }

  // MARK: removing

  /// Removes rows and what they made; what v5 has changed stays and is listed.
  func remove(_ rows: [GoneRow]) throws {
    for row in rows {
      switch V4Schema.kind(of: row.table) {
      case .capability, .registry, .configuration:
        try drop(row)
        try AgentRenames(context).note(left: row.v5ID)
      case .step:
        if let workflow = try workflow(ofStep: row.row) {
          guard try !isHeld(row, by: workflow) else {
            try list(row)
            continue
          }
          try StepLoader(context).note(lost: workflow)
        } else {
          _ = try removeRecord(row, .archive)
        }
        try drop(row)
      case let kind:
        guard try removeRecord(row, TableMapper.recordTable(of: kind)) else { continue }
        try drop(row)
        if kind == .workflow { try leave(row) }
      }
    }
  }

  /// Forgets a row.
  func drop(_ row: GoneRow) throws {
    try connection.run(Conflict.forget, .integer(row.row))
    for (name, sql) in [
      ("v4_rows.remove", "DELETE FROM main.v4_rows WHERE row=?1"),
      ("v4_steps.remove", "DELETE FROM main.v4_steps WHERE row=?1"),
      ("v4_gone.remove", "DELETE FROM main.v4_gone WHERE row=?1"),
    ] { try connection.run(Query(name, sql), .integer(row.row)) }
  }

  private func workflow(ofStep row: Int64) throws -> String? {
    try connection.first(
      Query("v4_steps.workflow", "SELECT workflow_id FROM main.v4_steps WHERE row=?1"),
      .integer(row), map: { $0.text(0) })
  }

  /// Whether a step stands in a workflow that v5 has worked on; one that v5 has removed as well goes.
  private func isHeld(_ step: GoneRow, by workflow: String) throws -> Bool {
    try WorkflowSteps.areChangedOnV5(of: workflow, in: connection)
      && context.steps.element(step.v5ID, of: workflow) != nil
  }

  private static let isRead = Query(
    "message_reads.any", "SELECT EXISTS(SELECT 1 FROM message_reads WHERE message_id=?1)")

  private static let isAwaited = Query(
    "task_dependencies.any", "SELECT EXISTS(SELECT 1 FROM task_dependencies WHERE depends_on=?1)")

  /// Whether a record is as v4's row made it, and nothing of v5's hangs on it, so that it may go with the row.
  func isUntouched(_ current: Record, _ target: RecordTable) throws -> Bool {
    guard target.isAsImported(current) else { return false }
    switch target.name {
    case "messages":
      return try connection.integer(Self.isRead, .optional(current.string(0))) == 0
    case "tasks":
      return try connection.integer(Self.isAwaited, .optional(current.string(0))) == 0
    default: return true
    }
  }

  /// Removes a record; false where v5 has changed it, which is a conflict.
  private func removeRecord(_ row: GoneRow, _ target: RecordTable) throws -> Bool {
    guard let current = try target.read(row.v5ID, in: connection) else { return true }
    guard try isUntouched(current, target) else {
      try list(row)
      return false
    }
    try delete(row, from: target)
    return true
  }

  /// Lists a row that v4 has no more and whose record v5 has changed.
  private func list(_ row: GoneRow) throws {
    context.conflicts += 1
    try Conflict.list(
      Conflict.Entry(
        run: context.run, table: row.table, v4ID: row.v4ID, v5ID: row.v5ID, row: row.row),
      in: connection)
  }

  /// Removes a row's record, whatever v5 has made of it; workflows go by ``remove(workflows:)``.
  func delete(_ row: GoneRow, from target: RecordTable) throws {
    guard target.name != "workflows" else { return }
    try connection.run(target.delete, .text(row.v5ID))
  }

  // MARK: workflows

  /// Removes the workflows of rows that are forgotten already, after what is in them has gone to the
  /// workflows that its rows mean now.
  func remove(workflows: [GoneRow]) throws {
    guard !workflows.isEmpty else { return }
    let refresh = WorkflowRefresh(context)
    try refresh.begin()
    for row in workflows { try leave(row) }
    try refresh.refresh()
    try refresh.finish()
    try settleLeaving()
  }

  /// A workflow whose row is gone stays until what refers to it is looked up anew.
  ///
  /// One of `workflow_coordination` is a stub like any other that nobody made from here on; a stub for one of
  /// another table is made there.
  private func leave(_ row: GoneRow) throws {
    if row.table == WorkflowEpochs.coordinationTable { try makeStub(workflow: row) }
    try WorkflowRefresh(context).note(row.v4ID, row.v5ID)
    try context.references.forgetWorkflows()
    context.leaving.append(row)
  }

  /// What nothing refers to goes; what v5 has changed does not leave a workflow.
  private func settleLeaving() throws {
    for row in context.leaving {
      if try connection.integer(Self.isNeeded, .text(row.v5ID)) == 1 {
        try makeStub(workflow: row)
      } else {
        try connection.run(RecordTable.workflows.delete, .text(row.v5ID))
        try connection.run(Self.dropName, .text(context.source), .text(row.v5ID))
      }
    }
    context.leaving.removeAll()
  }

  private static let isNeeded = Query(
    "workflows.needed",
    """
    SELECT EXISTS(SELECT 1 FROM tasks WHERE workflow_id=?1)
      OR EXISTS(SELECT 1 FROM v4_steps WHERE workflow_id=?1)
    """)
  private static let dropName = Query(
    "v4_names.drop_workflow",
    "DELETE FROM v4_names WHERE source=?1 AND kind='workflow' AND v5_id=?2 AND origin='stub'")

  private func makeStub(workflow row: GoneRow) throws {
    try connection.run(
      Query(
        "workflows.make_stub",
        """
        UPDATE workflows SET workflow_name=?2, status='pending', creator_agent=NULL,
          assigned_agents='[]', created_at=NULL, completed_at=NULL, source_row=NULL, source_hash=NULL,
          metadata='{"migration_source":"v4","stub":true}' WHERE workflow_id=?1
        """), .text(row.v5ID), .text(row.v4ID))
    let isKnown = Query(
      "v4_names.has_workflow",
      "SELECT EXISTS(SELECT 1 FROM v4_names WHERE source=?1 AND kind='workflow' AND v5_id=?2)")
    guard try connection.integer(isKnown, .text(context.source), .text(row.v5ID)) == 0 else {
      return
    }
    let note = Query(
      "v4_names.make_workflow_stub",
      """
      INSERT INTO v4_names(source, kind, name, v5_id, origin, run) VALUES(?1,'workflow',?2,?3,'stub',?4)
      ON CONFLICT DO NOTHING
      """)
    // Where v4's id means another one by now, what v5 has left in this one goes by its own.
    for name in [row.v4ID, row.v5ID] {
      let made = try connection.run(
        note, .text(context.source), .text(name), .text(row.v5ID), .integer(context.run))
      if made > 0 { break }
    }
  }
}
