import AgoraStore

/// An agent as the stored rows that describe it make it; nothing is written.
struct StoredAgent {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  private static let rows = Query(
    "v4_rows.of_agent",
    """
    SELECT r.row, r.text, r.shape, t.name FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
    WHERE r.v5_id=?1 AND r.joined IS NOT NULL
    ORDER BY \(StagedTable.agentRankSQL), r.ordinal, r.row
    """)

  private static let registered = Query(
    "v4_rows.register_agent",
    """
    SELECT EXISTS(SELECT 1 FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
      WHERE r.v5_id=?1 AND r.joined IS NOT NULL AND t.name<>'agent_capability')
    """)

  /// Whether a registration tells the agent's status exactly.
  func isRegistered(_ id: String) throws -> Bool {
    try connection.integer(Self.registered, .text(id)) == 1
  }

  /// The agent's record; nil where no row describes it.
  ///
  /// - Parameters:
  ///   - references: finds the supervisor; nil for the context's own.
  ///   - conflict: a row's newer text, which is taken instead of the stored one.
  func record(
    _ id: String, _ name: String, _ references: ReferenceResolver? = nil,
    with conflict: Conflict? = nil
  ) throws -> Record? {
    var profile = AgentProfile(id: id, name: name)
    var supervisor: String?
    try connection.each(Self.rows, .text(id)) { result in
      let table = result.text(3)
      let mapper = TableMapper(table: table, kind: V4Schema.kind(of: table))
      if let conflict, conflict.row == result.int64(0), let text = conflict.text {
        try mapper.loadStored(
          text.span, columns: try context.columns(conflict.shape), row: conflict.row)
      } else {
        let columns = try context.columns(result.optionalInt64(2))
        try result.withBytes(1) {
          try mapper.loadStored($0, columns: columns, row: result.int64(0))
        }
      }
      guard let facts = try? mapper.mapAgent() else { return }
      profile.add(facts, kind: mapper.kind)
      supervisor = facts.supervisor ?? supervisor
    }
    guard profile.rows > 0 else { return nil }
    var record = Record()
    profile.write(to: &record)
    guard let supervisor,
      let above = try (references ?? context.references).agent(named: supervisor)
    else {
      return record
    }
    // The supervisor was added when all agents were there, at the end.
    let metadata = (record.string(8) ?? "{}").dropLast()
    var withSupervisor = Record()
    for column in 0..<8 { withSupervisor.append(record.value(column)) }
    withSupervisor.text(
      metadata + ",\"supervisor\":\"\(String(decoding: above, as: UTF8.self))\"}")
    return withSupervisor
  }
}
