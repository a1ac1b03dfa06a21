import AgoraStore

/// What v4's names for agents stand for in the store.
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
    """)
  private static let select = Query(
    "v4_names.agent",
    "SELECT v5_id, origin FROM v4_names WHERE source=?1 AND kind='agent' AND name=?2")
  private static let byName = Query(
    "agents.id", "SELECT agent_id FROM agents WHERE agent_name=?1")
  private static let delete = Query(
    "v4_names.drop", "DELETE FROM v4_names WHERE source=?1 AND kind='agent' AND name=?2")

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

  /// Notes what a name stands for.
  func register(_ name: String, as origin: String, id: String) throws {
    try connection.run(
      Self.insert, .text(context.source), .text(name), .text(id), .text(origin),
      .integer(context.run))
  }

  /// Forgets a name.
  func drop(_ name: String) throws {
    try connection.run(Self.delete, .text(context.source), .text(name))
  }

  /// Whether v5 has changed an agent, or it came from elsewhere: then it keeps the rows that describe it.
  func isBound(_ id: String) throws -> Bool {
    guard let record = try RecordTable.agents.read(id, in: connection) else { return false }
    return !RecordTable.agents.isAsImported(record)
  }
}
