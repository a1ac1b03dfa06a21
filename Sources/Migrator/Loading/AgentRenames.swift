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

  /// Notes that references to stubs may mean nobody.
  func noteStubs() throws {
    try begin()
    try connection.run(
      Query(
        "renamed.stubs",
        """
        INSERT OR IGNORE INTO temp.renamed
        SELECT v5_id FROM main.v4_names WHERE source=?1 AND kind='agent' AND origin='stub'
        """), .text(context.source))
  }

  /// Notes that an agent has lost a row.
  func note(left agent: String) throws {
    try begin()
    try connection.run(
      Query("left_agents.insert", "INSERT OR IGNORE INTO temp.left_agents VALUES(?1)"), .text(agent)
    )
  }

  /// Whether agents have lost rows: those in `temp.left_agents`.
  func hasLeft() throws -> Bool {
    try begin()
    return try connection.integer(
      Query("left_agents.any", "SELECT EXISTS(SELECT 1 FROM temp.left_agents)")) == 1
  }

  /// Whether references to some agents, those in `temp.renamed`, are to be looked up anew.
  func hasRenamed() throws -> Bool {
    try begin()
    return try connection.integer(
      Query("renamed.any", "SELECT EXISTS(SELECT 1 FROM temp.renamed)")) == 1
  }

  /// Notes that the references to these agents have been looked up.
  func forgetRenamed() throws {
    try connection.execute("DELETE FROM temp.renamed", name: "renamed.empty")
  }

  // MARK: aliases

  /// Brings what is known under the old names of `--alias` to the agents of the new ones.
  ///
  /// - Returns: the agents that have got rows by it.
  /// - Throws: ``AgoraError`` `refused` where v5 has worked with the agent of an old name.
  func follow() throws -> [String] {
    let names = AgentNames(context)
    let merger = StubMerger(connection)
    var agents: [String] = []
    for old in context.references.oldNames {
      let name = context.references.currentName(old)
      let id = try names.id(ofAgent: name)
      guard let known = try names.known(old) else {
        // v4's rows may have meant an agent that v5 had before.
        if let other = try names.stored(old), other != id { try note(from: other, to: id) }
        // So far they have meant the agent of an alias that is another one's by now.
        if let former = context.formerAliases[old].map(context.references.currentName),
          case let other = try names.id(ofAgent: former), other != id
        {
          try note(from: other, to: id)
        }
        continue
      }
      guard known.id != id else { continue }
      try note(from: known.id, to: id)
      if known.origin != "alias" {
        try refuseWorkedOn(known.id, old, name)
        if try moveRows(from: known.id, to: id) { agents.append(id) }
        try merger.add(known.id, into: id)
        try connection.run(
          Query(
            "v4_names.follow",
            """
            UPDATE v4_names SET v5_id=?3, origin='alias'
            WHERE source=?1 AND kind='agent' AND v5_id=?2
            """), .text(context.source), .text(known.id), .text(id))
        // Somebody has to bear the name that the references lead to.
        if try !agents.contains(id)
          && RecordTable.agents.read(id, in: connection) == nil
        {
          _ = try context.references.agent(named: name)
        }
      } else {
        try names.register(old, as: "alias", id: id)
      }
    }
    try merger.finish()
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
