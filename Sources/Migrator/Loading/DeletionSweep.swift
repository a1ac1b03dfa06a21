import AgoraStore

/// Finds the rows that a table held before and holds no more, and removes them where that is wanted.
struct DeletionSweep {
  private let context: LoadContext
  private let applies: Bool
  private var connection: Connection { context.connection }

  init(_ context: LoadContext, applies: Bool) {
    self.context = context
    self.applies = applies
  }

  /// Looks at the stored rows of the tables that the export holds; a table that it lacks says nothing.
  func sweep() throws {
    try find()
    context.deletedInSource = Int(
      try connection.integer(Query("gone.count", "SELECT count(*) FROM temp.gone")) ?? 0)
    guard applies else { return }
    if context.deletedInSource > 0 { try remove() }
    try AgentRefresh(context).refresh()
    try StubSweep(connection, source: context.source).sweep()
  }

  /// Finds the workflows that will go, before rows are loaded that must not refer to them: where orphans
  /// are rejected, a workflow that this very export takes away is none.
  func foresee() throws {
    guard applies, context.references.rejectsOrphans else { return }
    let rows = Query(
      "gone.workflows",
      """
      SELECT r.row, r.v5_id FROM main.v4_gone g JOIN main.v4_rows r USING(row) WHERE r.table_no=?1
        AND r.row NOT IN (SELECT row FROM main.conflicts WHERE row IS NOT NULL AND \(Conflict.keepsGoneRow))
      """)
    for table in context.tables where table.kind == .workflow {
      let found = try connection.all(
        rows, .integer(table.number), map: { (row: $0.int64(0), id: $0.text(1)) })
      for (row, id) in found {
        // What v5 has changed stays, and is a conflict.
        guard let current = try RecordTable.workflows.read(id, in: connection),
          RecordTable.workflows.isAsImported(current)
        else { continue }
        context.references.epochs.going.insert(row)
      }
    }
    context.references.forgetWorkflows()
  }

  private func find() throws {
    try connection.execute(
      "CREATE TEMP TABLE gone(row INTEGER PRIMARY KEY)", name: "gone.create")
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
      INSERT OR IGNORE INTO main.v4_gone SELECT row, \(context.run) FROM temp.gone;
      """, name: "gone.contents")
  }

  /// A row that v4 has no more.
  struct Gone {
    let row: Int64
    let v4ID: String
    let v5ID: String
    let table: String
  }

  /// Removes the rows and what they made; what v5 has changed stays and is listed.
  private func remove() throws {
    let rows = try connection.all(
      Query(
        "gone.rows",
        """
        SELECT r.row, r.v4_id, r.v5_id, t.name FROM temp.gone g JOIN main.v4_rows r USING(row)
          JOIN main.v4_tables t USING(table_no) ORDER BY r.row
        """),
      map: { Gone(row: $0.int64(0), v4ID: $0.text(1), v5ID: $0.text(2), table: $0.text(3)) })
    var agents: [String] = []
    var workflows: [String] = []
    var going: [Gone] = []
    for row in rows {
      switch V4Schema.kind(of: row.table) {
      case .capability, .registry, .configuration:
        try drop(row)
        agents.append(row.v5ID)
      case .step:
        if let workflow = try workflow(ofStep: row.row) {
          workflows.append(workflow)
        } else {
          _ = try removeRecord(row, .archive)
        }
        try drop(row)
      case let kind:
        guard try removeRecord(row, TableMapper.recordTable(of: kind)) else { continue }
        try drop(row)
        if kind == .workflow { going.append(row) }
      }
    }
    // The workflows first: a step left in one that goes stands in the stub that is left of it.
    try remove(workflows: going)
    try StepLoader(context).rebuild(Array(Set(workflows)))
    try AgentRemainder(context).settle(Array(Set(agents)))
    try dropAliases()
  }

  /// Forgets a row.
  func drop(_ row: Gone) throws {
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

  private static let isRead = Query(
    "message_reads.any", "SELECT EXISTS(SELECT 1 FROM message_reads WHERE message_id=?1)")

  /// Removes a record; false where v5 has changed it, which is a conflict.
  private func removeRecord(_ row: Gone, _ target: RecordTable) throws -> Bool {
    guard let current = try target.read(row.v5ID, in: connection) else { return true }
    let isRead =
      target.name == "messages" ? try connection.integer(Self.isRead, .text(row.v5ID)) == 1 : false
    guard target.isAsImported(current), !isRead else {
      context.conflicts += 1
      try Conflict.list(
        Conflict.Entry(
          run: context.run, table: row.table, v4ID: row.v4ID, v5ID: row.v5ID, row: row.row),
        in: connection)
      return false
    }
    try delete(row, from: target)
    return true
  }

  /// Removes a row's record, whatever v5 has made of it; workflows go by ``remove(workflows:)``.
  func delete(_ row: Gone, from target: RecordTable) throws {
    guard target.name != "workflows" else { return }
    try connection.run(target.delete, .text(row.v5ID))
  }

  /// Removes the workflows of rows that are forgotten already, after what is in them has gone to the
  /// workflows that its rows mean now.
  ///
  /// Where something still refers to one of `workflow_coordination`, it becomes a stub like any other that
  /// nobody made. A stub for one of another table is made there.
  func remove(workflows: [Gone]) throws {
    guard !workflows.isEmpty else { return }
    let refresh = WorkflowRefresh(context)
    try refresh.begin()
    for row in workflows {
      if row.table == WorkflowEpochs.coordinationTable { try leaveStub(of: row) }
      try refresh.note(row.v4ID, row.v5ID)
    }
    try refresh.refresh()
    for row in workflows where row.table != WorkflowEpochs.coordinationTable {
      try leaveStub(of: row)
    }
  }

  private func leaveStub(of row: Gone) throws {
    if try connection.integer(Self.isNeeded, .text(row.v5ID)) == 1 {
      try makeStub(workflow: row)
    } else {
      try connection.run(RecordTable.workflows.delete, .text(row.v5ID))
    }
  }

  /// What v5 has changed does not leave a workflow.
  private static let isNeeded = Query(
    "workflows.needed",
    """
    SELECT EXISTS(SELECT 1 FROM tasks WHERE workflow_id=?1)
      OR EXISTS(SELECT 1 FROM v4_steps WHERE workflow_id=?1)
    """)

  private func makeStub(workflow row: Gone) throws {
    try connection.run(
      Query(
        "workflows.make_stub",
        """
        UPDATE workflows SET workflow_name=?2, status='pending', creator_agent=NULL,
          assigned_agents='[]', created_at=NULL, completed_at=NULL, source_row=NULL, source_hash=NULL,
          metadata='{"migration_source":"v4","stub":true}' WHERE workflow_id=?1
        """), .text(row.v5ID), .text(row.v4ID))
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

  /// An alias is only as long as a registration gives it, or the operator.
  private func dropAliases() throws {
    let given = Set(context.references.oldNames.map(\.exact))
    let left = Query(
      "v4_names.left_aliases",
      """
      SELECT name, v5_id FROM v4_names WHERE source=?1 AND origin='alias' AND NOT EXISTS(
        SELECT 1 FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
        WHERE t.source=?1 AND t.name='agent_registry' AND r.v4_id=v4_names.name)
      """)
    let drop = Query(
      "v4_names.drop_alias", "DELETE FROM v4_names WHERE source=?1 AND kind='agent' AND name=?2")
    let renames = AgentRenames(context)
    for (name, id) in try connection.all(
      left, .text(context.source), map: { ($0.text(0), $0.text(1)) })
    where !given.contains(name.exact) {
      // What refers to the agent by this name means nobody now.
      try renames.note(from: id, to: id)
      try connection.run(drop, .text(context.source), .text(name))
    }
  }
}

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
