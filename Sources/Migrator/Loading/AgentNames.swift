import AgoraStore

/// What v4's names for agents stand for: notes them, and finds the agent that a name means.
struct AgentNames {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  // What the newest registration says counts.
  private static let insert = Query(
    "v4_names.register",
    """
    INSERT INTO v4_names(source, kind, name, v5_id, origin, run) VALUES(?1,'agent',?2,?3,?4,?5)
    ON CONFLICT DO UPDATE SET v5_id=excluded.v5_id, origin=excluded.origin
      WHERE excluded.origin='registered' OR v4_names.origin<>'registered'
    """)
  private static let select = Query(
    "v4_names.agent",
    "SELECT v5_id, origin FROM v4_names WHERE source=?1 AND kind='agent' AND name=?2")
  private static let byName = Query(
    "agents.id", "SELECT agent_id FROM agents WHERE agent_name=?1")
  private static let owner = Query(
    "v4_names.owner",
    "SELECT name FROM v4_names WHERE source=?1 AND kind='agent' AND v5_id=?2 AND origin<>'alias'")

  /// What is known of a name: its agent, and how it came to be known.
  func known(_ name: String) throws -> (id: String, origin: String)? {
    try connection.first(
      Self.select, .text(context.source), .text(name), map: { ($0.text(0), $0.text(1)) })
  }

  /// The id of the agent of a name: the one that it has in the store, or the one that the rule gives.
  func id(ofAgent name: String) throws -> String {
    try stored(name) ?? context.references.derivedID(ofAgent: name)
  }

  /// The agent that bears a name in the store.
  func stored(_ name: String) throws -> String? {
    try connection.first(Self.byName, .text(name), map: { $0.text(0) })
  }

  /// The agent that a row means: by name first, then by alias.
  func agent(named written: String) throws -> (name: String, id: String) {
    let name = context.references.currentName(written)
    if let known = try known(name), known.origin == "alias" {
      let owner = try connection.first(
        Self.owner, .text(context.source), .text(known.id), map: { $0.text(0) })
      return (owner ?? name, known.id)
    }
    return (name, try id(ofAgent: name))
  }

  /// Notes what a name stands for.
  func register(_ name: String, as origin: String, id: String) throws {
    try connection.run(
      Self.insert, .text(context.source), .text(name), .text(id), .text(origin),
      .integer(context.run))
  }

  /// The names and aliases of the registrations, all of them before the first capability asks.
  func register(_ table: StagedTable) throws {
    var aliases: [(alias: String, name: String)] = []
    try context.scan(table) { row in
      let facts = try table.mapper.mapAgent()
      let name = context.references.currentName(facts.name)
      let id = try id(ofAgent: name)
      // A registration that stays with its agent gives no other one a name.
      if let stored = try context.replaced(by: row), try former(of: stored, id) != nil { return }
      try register(name, as: "registered", id: id)
      if let alias = facts.alias { aliases.append((alias, name)) }
    }
    let renames = AgentRenames(context)
    for (alias, name) in aliases where context.references.currentName(alias) == alias {
      let id = try id(ofAgent: name)
      let before = context.hasStoredRows ? try known(alias) : nil
      try register(alias, as: "alias", id: id)
      guard let before, before.id != id, before.origin != "registered" else { continue }
      if before.origin == "stub" { try StubMerger(connection).merge(before.id, into: id) }
      try renames.note(from: before.id, to: id)
    }
  }

  private static let describedBy = Query(
    "v4_rows.describes", "SELECT v5_id FROM main.v4_rows WHERE row=?1")
  private static let nameOf = Query(
    "agents.name", "SELECT agent_name FROM agents WHERE agent_id=?1")

  /// The agent that a stored row has described until now, where its newer text names another one and v5
  /// has changed the former: then the row stays with it, and is a conflict.
  func former(of stored: Int64, _ id: String) throws -> (id: String, name: String)? {
    guard
      let former = try connection.first(Self.describedBy, .integer(stored), map: { $0.text(0) }),
      former != id, let record = try RecordTable.agents.read(former, in: connection),
      !RecordTable.agents.isAsImported(record),
      let name = try connection.first(Self.nameOf, .text(former), map: { $0.text(0) })
    else { return nil }
    return (former, name)
  }
}
