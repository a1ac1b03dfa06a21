import AgoraStore

/// Makes one agent of all the rows that describe it.
struct AgentLoader {
  private let context: LoadContext
  /// Whether agents are made of their rows even where v5 has changed them.
  private let overwritesV5: Bool
  private let names: AgentNames
  private var connection: Connection { context.connection }

  init(_ context: LoadContext, overwritesV5: Bool = false) {
    self.context = context
    names = AgentNames(context)
    self.overwritesV5 = overwritesV5
  }

  /// Loads the tables that describe agents, and makes those anew whose rows are others now.
  func load(_ tables: [StagedTable]) throws {
    let derivation = AgentDerivation(context)
    try derivation.begin()
    try Supervision(context).begin()
    let renamed = context.hasStoredRows ? try AgentRenames(context).follow() : []
    try derivation.derive(tables.sorted { $0.rank < $1.rank }, renamed: renamed)
    try build(tables)
    try Supervision(context).write()
    for table in tables { try context.keepRows(of: table) }
    try derivation.end()
  }

  /// Makes agents anew of the rows that they still have, those without any left out.
  ///
  /// - Parameter references: what finds their superiors; nil for the load's own.
  func rebuild(
    _ agents: [(id: String, name: String)], references: ReferenceResolver? = nil
  ) throws {
    let derivation = AgentDerivation(context)
    try derivation.begin()
    try Supervision(context).begin()
    for agent in agents { try describeAgain(agent.id, agent.name) }
    try build([])
    try Supervision(context, references: references).write()
    try derivation.end()
  }

  /// Takes in the stored rows of an agent.
  private func describeAgain(_ id: String, _ name: String) throws {
    try connection.run(
      Query(
        "described.again",
        """
        INSERT INTO temp.described(row, table_no, rank, ordinal, agent_id, agent_name)
        SELECT r.row, r.table_no, \(StagedTable.agentRankSQL), r.ordinal, r.v5_id, ?2
        FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
        WHERE r.v5_id=?1 AND r.joined IS NOT NULL
        """), .text(id), .text(name))
    try connection.run(
      Query("touched.insert", "INSERT OR IGNORE INTO temp.touched VALUES(?1)"), .text(id))
  }

  /// An agent in the making.
  private struct Draft {
    var profile: AgentProfile
    /// The staged rows that are new, and those that are newer texts of stored ones.
    var added: [StagedTable] = []
    var changed: [(table: StagedTable, staged: Int64, stored: Int64)] = []
    var supervisor: String?
    /// What the new rows name.
    var addedCapabilities: [String] = []
    /// Whether all new rows are what v5 has told v4 of the agent.
    var isEcho = true
  }

  /// Goes through the agents and makes each of its rows, in the order in which they count.
  private func build(_ tables: [StagedTable]) throws {
    var byNumber = Dictionary(uniqueKeysWithValues: tables.map { ($0.number, $0) })
    var draft: Draft?
    try connection.each(
      Query(
        "described.ordered",
        """
        SELECT row, staged_row, table_no, agent_id, agent_name FROM temp.described
        WHERE agent_id IN (SELECT id FROM temp.touched)
        ORDER BY agent_id, rank, ordinal, row
        """)
    ) { result in
      let id = result.text(3)
      if draft?.profile.id != id {
        if let draft { try write(draft) }
        draft = Draft(profile: AgentProfile(id: id, name: result.text(4)))
      }
      let number = result.int64(2)
      let table = try byNumber[number] ?? storedTable(number)
      byNumber[number] = table
      let row = result.int64(0)
      let staged = result.optionalInt64(1)
      if let facts = try facts(table, staged ?? row, in: staged == nil ? "main" : context.stage) {
        draft?.profile.add(facts, kind: table.kind)
        if let supervisor = facts.supervisor { draft?.supervisor = supervisor }
        if staged == row {
          draft?.addedCapabilities += facts.capabilities
          if draft?.isEcho == true, !table.mapper.isEcho(of: id) { draft?.isEcho = false }
        }
      }
      guard let staged else { return }
      if staged == row {
        draft?.added.append(table)
      } else {
        draft?.changed.append((table, staged, row))
      }
    }
    if let draft { try write(draft) }
  }

  private func facts(
    _ table: StagedTable, _ row: Int64, in schema: String
  ) throws -> AgentMapping.Facts? {
    let query = Query(
      "v4_rows.agent_text", "SELECT text, shape FROM \(schema).v4_rows WHERE row=?1")
    var isThere = false
    try connection.each(query, .integer(row)) { result in
      isThere = true
      let columns = try context.columns(result.optionalInt64(1))
      try result.withBytes(0) { try table.mapper.loadStored($0, columns: columns, row: row) }
    }
    return isThere ? try table.mapper.mapAgent() : nil
  }

  private func storedTable(_ number: Int64) throws -> StagedTable {
    let name = try connection.first(
      Query("v4_tables.name", "SELECT name FROM main.v4_tables WHERE table_no=?1"),
      .integer(number), map: { $0.text(0) })
    return StagedTable(number: number, source: context.source, name: name ?? "")
  }

  /// Writes an agent and counts its rows: the first one made it, or filled a stub; the others joined it.
  private func write(_ draft: Draft) throws {
    var record = Record()
    draft.profile.write(to: &record)
    RecordTable.agents.seal(&record)
    let current = try RecordTable.agents.read(draft.profile.id, in: connection)
    var isNew = false
    var isOurs = true
    var agrees = false
    if let current {
      // A stub that v5's tools have worked on is theirs by now.
      let isStub =
        try (try? JSON.parse(current.string(8) ?? ""))?["stub"] == .bool(true)
        && !ChangedOnV5.holds(draft.profile.id, in: connection)
      if isStub || overwritesV5 || RecordTable.agents.isAsImported(current) {
        try connection.statement(RecordTable.agents.update).run(record)
        isNew = isStub
      } else {
        isOurs = false
        agrees = RecordTable.agree(rows: record, agent: current)
        // What v5 has told v4 itself is nothing new.
        if !draft.added.isEmpty, !(draft.isEcho && agrees) { try join(draft, record, current) }
        if agrees || draft.changed.isEmpty { try followTimes(record, current) }
      }
    } else {
      try connection.statement(RecordTable.agents.insert).run(record)
      isNew = true
    }
    if isOurs, let supervisor = draft.supervisor {
      try Supervision(context).note(supervisor, of: draft.profile.id)
    }
    try names.register(draft.profile.name, as: "registered", id: draft.profile.id)
    for (index, table) in draft.added.enumerated() {
      if index == 0, isNew {
        context.ledger[table.name].imported += 1
      } else {
        context.ledger[table.name].merged += 1
      }
    }
    for change in draft.changed { try settle(change, isOurs: isOurs, agrees: agrees) }
  }

  /// A row that changed on v4: the agent follows it, unless v5 changed the agent.
  private func settle(
    _ change: (table: StagedTable, staged: Int64, stored: Int64), isOurs: Bool, agrees: Bool
  ) throws {
    try context.take(change.staged, change.table) { row in
      try settle(row, change.table, stored: change.stored, isOurs: isOurs, agrees: agrees)
    }
  }

  private func settle(
    _ row: StagedRow, _ table: StagedTable, stored: Int64, isOurs: Bool, agrees: Bool
  ) throws {
    if isOurs {
      context.ledger[table.name].updated += 1
      try context.adopt(row, into: stored)
    } else if agrees {
      // Both sides have made the same change.
      context.ledger[table.name].unchanged += 1
      try context.adopt(row, into: stored)
    } else {
      context.ledger[table.name].unchanged += 1
      try context.conflict(row, table, stored: stored)
      try context.drop(row.row)
    }
  }

  /// Of a migrated agent v5 keeps no times, so that they are what v4's rows say whatever else v5 has changed.
  private func followTimes(_ record: Record, _ current: Record) throws {
    guard current.fields.last != .null,
      (4...5).contains(where: { record.value($0) != current.value($0) })
    else { return }
    try connection.run(
      Query(
        "agents.follow_times",
        "UPDATE agents SET registered_at=?2, last_activity=?3 WHERE agent_id=?1"),
      current.value(0), record.value(4), record.value(5))
  }

  /// An agent that is in the store from elsewhere keeps all it has, and is given what v4 adds.
  private func join(_ draft: Draft, _ record: Record, _ current: Record) throws {
    var capabilities =
      (try? JSON.parse(current.string(6) ?? "[]"))?.elements?.compactMap(\.text) ?? []
    var known = Set(capabilities.map(\.exact))
    for name in draft.addedCapabilities where known.insert(name.exact).inserted {
      capabilities.append(name)
    }
    var members = (try? JSON.parse(current.string(8) ?? "{}"))?.members ?? []
    // v4 describes it now, so it is more than a name.
    members.removeAll { $0.name == "stub" }
    for member in (try? JSON.parse(record.string(8) ?? "{}"))?.members ?? []
    where !members.contains(where: { $0.name == member.name }) {
      members.append(member)
    }
    try connection.run(
      Query("agents.join", "UPDATE agents SET capabilities=?2, metadata=?3 WHERE agent_id=?1"),
      .text(draft.profile.id),
      .text(JSONWriter.compact(.array(capabilities.map { .string($0) }))),
      .text(JSONWriter.compact(.object(members))))
  }
}
