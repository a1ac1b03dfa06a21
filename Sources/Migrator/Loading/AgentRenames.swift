import AgoraStore

/// Agents that known rows name in another way now: by an alias that the operator has given since, or by a
/// registration that says another name.
struct AgentRenames {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  private func begin() throws {
    try connection.execute(
      """
      CREATE TEMP TABLE IF NOT EXISTS renamed(id TEXT PRIMARY KEY) WITHOUT ROWID;
      CREATE TEMP TABLE IF NOT EXISTS left_agents(id TEXT PRIMARY KEY) WITHOUT ROWID;
      """, name: "renamed.create")
  }

  /// Notes that references to one agent may mean another one.
  func note(from former: String, to id: String) throws {
    try begin()
    let insert = Query("renamed.insert", "INSERT OR IGNORE INTO temp.renamed VALUES(?1)")
    try connection.run(insert, .text(former))
    try connection.run(insert, .text(id))
  }

  /// Notes that an agent has lost a row to another one.
  func note(left agent: String) throws {
    try begin()
    try connection.run(
      Query("left_agents.insert", "INSERT OR IGNORE INTO temp.left_agents VALUES(?1)"), .text(agent)
    )
  }

  private static let agentOf = Query(
    "v4_rows.agent_of", "SELECT v5_id FROM main.v4_rows WHERE row=?1")
  private static let setAgent = Query(
    "v4_rows.move_to_agent", "UPDATE main.v4_rows SET v5_id=?2 WHERE row=?1")

  /// Gives a stored row to the agent that its newer text describes.
  func move(_ stored: Int64, to id: String) throws {
    let former = try connection.first(Self.agentOf, .integer(stored), map: { $0.text(0) })
    guard let former, former != id else { return }
    try connection.run(Self.setAgent, .integer(stored), .text(id))
    try note(left: former)
  }

  /// The agents that have lost rows, which are forgotten here.
  func takeLeft() throws -> [String] {
    try begin()
    let left = try connection.all(
      Query("left_agents.all", "SELECT id FROM temp.left_agents"), map: { $0.text(0) })
    try connection.execute("DELETE FROM temp.left_agents", name: "left_agents.empty")
    return left
  }

  /// The agents whose references are to be looked up anew, which are forgotten here.
  func takeRenamed() throws -> [String] {
    try begin()
    let renamed = try connection.all(
      Query("renamed.all", "SELECT id FROM temp.renamed"), map: { $0.text(0) })
    try connection.execute("DELETE FROM temp.renamed", name: "renamed.empty")
    return renamed
  }

  // MARK: aliases

  /// Brings what is known under the old names of `--alias` to the agents of the new ones.
  ///
  /// - Returns: the agents that have got rows by it, with their names.
  /// - Throws: ``AgoraError`` `refused` where v5 has worked with the agent of an old name.
  func follow() throws -> [(id: String, name: String)] {
    let names = AgentNames(context)
    var agents: [(id: String, name: String)] = []
    for old in context.references.oldNames {
      let name = context.references.currentName(old)
      let id = try names.id(ofAgent: name)
      guard let known = try names.known(old) else {
        // v4's rows may have meant an agent that v5 had before.
        if let other = try names.stored(old), other != id { try note(from: other, to: id) }
        continue
      }
      guard known.id != id else { continue }
      try note(from: known.id, to: id)
      if known.origin != "alias" {
        try refuseWorkedOn(known.id, old, name)
        if try moveRows(from: known.id, to: id) { agents.append((id, name)) }
        try StubMerger(connection).merge(known.id, into: id)
        try connection.run(
          Query(
            "v4_names.follow",
            """
            UPDATE v4_names SET v5_id=?3, origin='alias'
            WHERE source=?1 AND kind='agent' AND v5_id=?2
            """), .text(context.source), .text(known.id), .text(id))
        // Somebody has to bear the name that the references lead to.
        if try !agents.contains(where: { $0.id == id })
          && RecordTable.agents.read(id, in: connection) == nil
        {
          _ = try context.references.agent(named: name)
        }
      } else {
        try names.register(old, as: "alias", id: id)
      }
    }
    return agents
  }

  private func refuseWorkedOn(_ id: String, _ old: String, _ name: String) throws {
    guard let record = try RecordTable.agents.read(id, in: connection) else { return }
    let isStub = (try? JSON.parse(record.string(8) ?? "{}"))?["stub"] == .bool(true)
    let isOurs = isStub || RecordTable.agents.isAsImported(record)
    guard try !isOurs || ChangedOnV5.holds(id, in: connection) else { return }
    throw AgoraError(
      .refused,
      "\"\(old)\" cannot become \"\(name)\": v5 has worked with the agent since it came over",
      remedy: "Nothing was changed. Leave out --alias \(old)=\(name).")
  }

  private func moveRows(from former: String, to id: String) throws -> Bool {
    try connection.run(
      Query(
        "v4_rows.rename_agent",
        "UPDATE main.v4_rows SET v5_id=?2 WHERE v5_id=?1 AND joined IS NOT NULL"), .text(former),
      .text(id)) > 0
  }
}

/// Agents that have lost rows: each is made of those that it still has, and one without any is a stub.
struct AgentRemainder {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  private static let rows = Query(
    "v4_rows.of_agent",
    "SELECT count(*) FROM main.v4_rows WHERE v5_id=?1 AND joined IS NOT NULL")

  func settle(_ ids: [String]) throws {
    var remaining: [(id: String, name: String)] = []
    for id in ids.sorted() {
      guard let record = try RecordTable.agents.read(id, in: connection) else { continue }
      if try connection.integer(Self.rows, .text(id)) != 0 {
        remaining.append((id, record.string(1) ?? ""))
      } else if RecordTable.agents.isAsImported(record) {
        try makeStub(id)
      }
    }
    try AgentLoader(context).rebuild(remaining)
  }

  private func makeStub(_ id: String) throws {
    try connection.run(
      Query(
        "agents.make_stub",
        """
        UPDATE agents SET status='active', registered_at=NULL, last_activity=NULL,
          capabilities='[]', max_concurrent_tasks=NULL, source_hash=NULL,
          metadata='{"migration_source":"v4","stub":true}' WHERE agent_id=?1
        """), .text(id))
    try connection.run(
      Query(
        "v4_names.make_agent_stub",
        "UPDATE v4_names SET origin='stub' WHERE kind='agent' AND v5_id=?1 AND origin='registered'"),
      .text(id))
  }
}
