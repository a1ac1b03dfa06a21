import AgoraStore

/// Says which agent each row describes and what v4's names for agents stand for: from all the rows that
/// there are, stored and staged, as a single import of them would.
///
/// A registration's name is an agent; a registration's id is an alias of it, unless another registration
/// has it as its name; any other row describes the agent that its name means then. What v5 has changed
/// keeps its rows.
struct AgentDerivation {
  private let context: LoadContext
  private let names: AgentNames
  private let renames: AgentRenames
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) {
    self.context = context
    names = AgentNames(context)
    renames = AgentRenames(context)
  }

  /// Makes `temp.described`: a row for each row that describes an agent, under the number that it has in the
  /// store or will have.
  func begin() throws {
    try connection.execute(
      """
      CREATE TEMP TABLE described(row INTEGER PRIMARY KEY, staged_row INTEGER, table_no INTEGER,
        rank INTEGER, ordinal INTEGER, agent_id TEXT, agent_name TEXT,
        -- What the row itself says, and the agent that it has described until now.
        written TEXT, alias TEXT, supervisor TEXT, former TEXT,
        -- That agent, where v5 has changed it.
        stays TEXT);
      CREATE INDEX temp.described_by_agent ON described(agent_id, rank, ordinal, row);
      CREATE TEMP TABLE named(name TEXT PRIMARY KEY, owner TEXT, is_alias INTEGER) WITHOUT ROWID;
      CREATE TEMP TABLE owners(name TEXT PRIMARY KEY, id TEXT) WITHOUT ROWID;
      -- The agents that are to be made anew.
      CREATE TEMP TABLE touched(id TEXT PRIMARY KEY) WITHOUT ROWID;
      """, name: "described.create")
  }

  func end() throws {
    try connection.execute(
      """
      DROP TABLE temp.described; DROP TABLE temp.named; DROP TABLE temp.owners;
      DROP TABLE temp.touched;
      """, name: "described.drop")
  }

  /// Derives all of it, and lists in `temp.touched` the agents whose rows are others now.
  ///
  /// - Parameters:
  ///   - tables: the staged tables that describe agents, in the order in which they count.
  ///   - renamed: agents that have got rows by `--alias`.
  func derive(_ tables: [StagedTable], renamed: [String]) throws {
    for table in tables { try describe(table) }
    try RefusedRows(context).settle()
    guard try !context.hasStoredRows || isNeeded(renamed) else { return }
    try resolve(tables)
    try move()
    guard context.hasStoredRows else { return try noteAliases() }
    for id in renamed { try touch(id) }
    try noteAliases()
    try dropNames()
    context.references.forgetAgents()
    try addForeign()
  }

  /// Takes in the rows of other v4 deployments that describe the same agents: a name is one agent on v5.
  private func addForeign() throws {
    try connection.run(
      Query(
        "described.foreign",
        """
        INSERT OR IGNORE INTO temp.described(row, table_no, rank, ordinal, agent_id, agent_name)
        SELECT r.row, r.table_no, \(StagedTable.agentRankSQL), r.ordinal, r.v5_id, a.agent_name
        FROM temp.touched x CROSS JOIN main.v4_rows r ON r.v5_id=x.id
          JOIN main.v4_tables t USING(table_no) JOIN main.agents a ON a.agent_id=x.id
        WHERE r.joined IS NOT NULL AND t.source<>?1
          AND EXISTS(SELECT 1 FROM main.v4_tables o WHERE o.source<>?1)
        """), .text(context.source))
  }

  private func touch(_ id: String) throws {
    try connection.run(
      Query("touched.insert", "INSERT OR IGNORE INTO temp.touched VALUES(?1)"), .text(id))
  }

  /// Whether anything that describes agents has come, gone or changed its place.
  private func isNeeded(_ renamed: [String]) throws -> Bool {
    if !renamed.isEmpty { return true }
    if try renames.hasLeft() || RefusedRows(context).rejectsKnown { return true }
    if context.isFollowing,
      try connection.integer(
        Query("reordered.any", "SELECT EXISTS(SELECT 1 FROM temp.reordered)")) == 1
    {
      return true
    }
    return try connection.integer(
      Query("described.any", "SELECT EXISTS(SELECT 1 FROM temp.described)")) == 1
  }

  // MARK: rows

  private static let insert = Query(
    "described.insert",
    """
    INSERT INTO temp.described(row, staged_row, table_no, rank, ordinal, written, alias, supervisor,
      former, stays) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)
    """)
  private static let describedBy = Query(
    "v4_rows.describes", "SELECT v5_id FROM main.v4_rows WHERE row=?1")

  /// Takes in the staged rows of a table.
  private func describe(_ table: StagedTable) throws {
    try context.scan(table) { try describe($0, table) }
  }

  /// Takes in the staged row that a table's mapper has in hand.
  private func describe(_ row: StagedRow, _ table: StagedTable) throws {
    let facts = try table.mapper.mapAgent()
    let stored = try context.replaced(by: row)
    let former = try stored.flatMap {
      try connection.first(Self.describedBy, .integer($0), map: { $0.text(0) })
    }
    try add(
      facts, table, row: stored ?? row.row, staged: row.row, ordinal: row.ordinal, former: former)
  }

  private func add(
    _ facts: AgentMapping.Facts, _ table: StagedTable, row: Int64, staged: Int64?, ordinal: Int64,
    former: String?
  ) throws {
    let written = context.references.currentName(facts.name)
    var alias = table.kind == .registry ? facts.alias : nil
    if let given = alias, context.references.currentName(given).exact != given.exact { alias = nil }
    // A registration that stays with its agent gives no other one a name.
    var stays: String?
    if table.kind == .registry, let former, try former != names.id(ofAgent: written),
      try names.isBound(former)
    {
      stays = former
    }
    try connection.run(
      Self.insert, .integer(row), .optional(staged), .integer(table.number), .integer(table.rank),
      .integer(ordinal), .text(written), .optional(alias), .optional(facts.supervisor),
      .optional(former), .optional(stays))
  }

  private static let stored = Query(
    "described.stored",
    """
    SELECT r.row, r.text, r.shape, r.table_no, t.name, r.ordinal, r.v5_id
    FROM main.v4_tables t CROSS JOIN main.v4_rows r ON r.table_no=t.table_no
    WHERE t.source=?1 AND t.name IN ('agent_capability','agent_registry','agent_config')
      AND NOT EXISTS(SELECT 1 FROM temp.described d WHERE d.row=r.row)
    """)

  /// Takes in the stored rows that no staged one replaces.
  private func addStored() throws {
    var tables: [Int64: StagedTable] = [:]
    try connection.each(Self.stored, .text(context.source)) { result in
      let number = result.int64(3)
      let table =
        tables[number]
        ?? StagedTable(number: number, source: context.source, name: result.text(4))
      tables[number] = table
      let columns = try context.columns(result.optionalInt64(2))
      try result.withBytes(1) {
        try table.mapper.loadStored($0, columns: columns, row: result.int64(0))
      }
      // One that came in under other options says nothing.
      guard let facts = try? table.mapper.mapAgent() else { return }
      try add(
        facts, table, row: result.int64(0), staged: nil, ordinal: result.int64(5),
        former: result.text(6))
    }
  }

  // MARK: names

  /// Says what each name means and whom each row describes; rows under a supervisor that nobody describes are
  /// rejected where orphans are, and those under them in turn.
  private func resolve(_ tables: [StagedTable]) throws {
    let supervised = Supervisors(context)
    repeat {
      if context.hasStoredRows { try addStored() }
      try name()
    } while try context.references.rejectsOrphans
      && supervised.reject(tables, describingBy: describe)
  }

  private func name() throws {
    try connection.execute(
      """
      DELETE FROM temp.named;
      DELETE FROM temp.owners;
      INSERT OR IGNORE INTO temp.named
        SELECT written, written, 0 FROM temp.described WHERE rank=1 AND stays IS NULL;
      -- A registration that stays with its agent says what it has said of it.
      INSERT OR IGNORE INTO temp.named
        SELECT a.agent_name, a.agent_name, 0 FROM temp.described d
          JOIN main.agents a ON a.agent_id=d.stays WHERE d.rank=1;
      INSERT INTO temp.named
        SELECT d.alias, coalesce(a.agent_name, d.written), 1 FROM temp.described d
          LEFT JOIN main.agents a ON a.agent_id=d.stays
        WHERE d.alias IS NOT NULL ORDER BY d.ordinal, d.row
        ON CONFLICT DO UPDATE SET owner=excluded.owner WHERE is_alias;
      INSERT OR IGNORE INTO temp.named SELECT written, written, 0 FROM temp.described WHERE rank<>1;
      """, name: "named.derive")
    let insert = Query("owners.insert", "INSERT INTO temp.owners VALUES(?1,?2)")
    try connection.each(Query("named.owners", "SELECT DISTINCT owner FROM temp.named")) {
      try connection.run(insert, .text($0.text(0)), .text(try names.id(ofAgent: $0.text(0))))
    }
    try connection.execute(
      """
      UPDATE temp.described SET (agent_name, agent_id)=(
        SELECT o.name, o.id FROM temp.named n JOIN temp.owners o ON o.name=n.owner
        WHERE n.name=described.written);
      """, name: "described.resolve")
    guard context.hasStoredRows else { return }
    let moving = Query(
      "described.moving",
      "SELECT DISTINCT former FROM temp.described WHERE former<>agent_id AND stays IS NULL")
    for former in try connection.all(moving, map: { $0.text(0) }) where try names.isBound(former) {
      try connection.run(
        Query(
          "described.stay",
          """
          UPDATE temp.described SET stays=?1 WHERE former=?1 AND former<>agent_id AND rank<>1
          """), .text(former))
    }
    try connection.execute(
      """
      UPDATE temp.described SET agent_id=stays,
        agent_name=(SELECT agent_name FROM main.agents WHERE agent_id=stays)
      WHERE stays IS NOT NULL
      """, name: "described.stays")
  }

  /// Gives rows to the agents that they describe now.
  private func move() throws {
    guard context.hasStoredRows else {
      // The id that a row was staged with is that of its own name.
      return try connection.execute(
        """
        UPDATE main.v4_rows SET v5_id=d.agent_id FROM temp.described d
          WHERE main.v4_rows.row=d.row AND main.v4_rows.v5_id<>d.agent_id;
        INSERT INTO temp.touched SELECT DISTINCT agent_id FROM temp.described;
        """, name: "v4_rows.name_agents")
    }
    try connection.execute(
      """
      UPDATE \(context.stage).v4_rows SET v5_id=d.agent_id FROM temp.described d
        WHERE \(context.stage).v4_rows.row=d.staged_row AND \(context.stage).v4_rows.v5_id<>d.agent_id;
      UPDATE main.v4_rows SET v5_id=d.agent_id FROM temp.described d
        WHERE main.v4_rows.row=d.row AND d.former<>d.agent_id;
      """, name: "v4_rows.move_to_agents")
    try connection.execute(
      """
      DELETE FROM temp.touched;
      INSERT OR IGNORE INTO temp.touched SELECT agent_id FROM temp.described
        WHERE staged_row IS NOT NULL OR former<>agent_id;
      INSERT OR IGNORE INTO temp.touched SELECT former FROM temp.described WHERE former<>agent_id;
      INSERT OR IGNORE INTO temp.touched SELECT id FROM temp.left_agents;
      DELETE FROM temp.left_agents;
      """, name: "touched.collect")
    guard context.isFollowing else { return }
    try connection.execute(
      "INSERT OR IGNORE INTO temp.touched SELECT id FROM temp.reordered", name: "touched.reordered")
  }

  /// Notes the aliases; who was known by one is one with the agent that it is an alias of.
  private func noteAliases() throws {
    let changed = Query(
      "named.aliases",
      """
      SELECT n.name, o.id FROM temp.named n JOIN temp.owners o ON o.name=n.owner
        LEFT JOIN main.v4_names v ON v.source=?1 AND v.kind='agent' AND v.name=n.name
      WHERE n.is_alias AND (v.name IS NULL OR v.v5_id<>o.id OR v.origin<>'alias') ORDER BY 1
      """)
    let merger = StubMerger(connection)
    for (alias, id) in try connection.all(
      changed, .text(context.source), map: { ($0.text(0), $0.text(1)) })
    {
      if let before = try names.known(alias), before.id != id {
        if before.origin == "registered", try names.isBound(before.id) { continue }
        if before.origin != "alias" { try merger.add(before.id, into: id) }
        try renames.note(from: before.id, to: id)
      }
      try names.register(alias, as: "alias", id: id)
    }
    try merger.finish()
  }

  /// Forgets names that no row gives any more; an agent without rows is a stub from here on.
  private func dropNames() throws {
    let lost = Query(
      "named.lost",
      """
      SELECT v.name, v.v5_id, v.origin FROM main.v4_names v LEFT JOIN temp.named n ON n.name=v.name
      WHERE v.source=?1 AND v.kind='agent' AND v.origin<>'stub'
        AND (n.name IS NULL OR v.origin='alias' AND NOT n.is_alias)
      ORDER BY 1
      """)
    let given = Set(context.references.oldNames.map(\.exact))
    for (name, id, origin) in try connection.all(
      lost, .text(context.source), map: { ($0.text(0), $0.text(1), $0.text(2)) })
    {
      if origin == "alias" {
        guard !given.contains(name.exact) else { continue }
        // What refers to the agent by this name means somebody else now, or nobody.
        try renames.note(from: id, to: id)
        try names.drop(name)
      } else {
        try leave(id, name)
      }
    }
  }

  private static let isDescribed = Query(
    "described.named", "SELECT EXISTS(SELECT 1 FROM temp.described WHERE agent_id=?1)")

  private static let isForeign = Query(
    "described.elsewhere",
    """
    SELECT EXISTS(SELECT 1 FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
      WHERE r.v5_id=?1 AND r.joined IS NOT NULL AND t.source<>?2)
    """)

  /// An agent that may have lost all its rows.
  private func leave(_ id: String, _ name: String) throws {
    guard try connection.integer(Self.isDescribed, .text(id)) == 0 else { return }
    // Another deployment may have it still.
    if try connection.integer(Self.isForeign, .text(id), .text(context.source)) == 1 {
      try touch(id)
      return try names.drop(name)
    }
    guard let record = try RecordTable.agents.read(id, in: connection) else {
      return try names.drop(name)
    }
    guard RecordTable.agents.isAsImported(record) else { return }
    try connection.run(
      Query(
        "agents.make_stub",
        """
        UPDATE agents SET status='active', registered_at=NULL, last_activity=NULL,
          capabilities='[]', max_concurrent_tasks=NULL, source_hash=NULL,
          metadata='{"migration_source":"v4","stub":true}' WHERE agent_id=?1
        """), .text(id))
    try names.register(name, as: "stub", id: id)
    // Where no stubs are made, what refers to it refers to nobody.
    if !context.references.makesStubs { try renames.note(from: id, to: id) }
  }
}
