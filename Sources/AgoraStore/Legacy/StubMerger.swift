/// Lets an agent take the place of another record for the same one: of a stub, where a registration says
/// only now whose name it is, or of an agent that the operator says was renamed.
package struct StubMerger {
  private let connection: Connection

  package init(_ connection: Connection) { self.connection = connection }

  private static let stub = Query(
    "agents.stub",
    "SELECT agent_id FROM agents WHERE agent_name=?1 AND json_extract(metadata,'$.stub')")

  /// The columns that hold an agent's id, and those whose JSON may hold one.
  private static let columns: [(table: RecordTable, column: String, isJSON: Bool)] = [
    (.messages, "from_agent", false), (.messages, "to_agent", false),
    (.tasks, "assigned_agent", false), (.tasks, "metadata", true),
    (.events, "source_agent", false), (.events, "target_agent", false),
    (.workflows, "creator_agent", false), (.workflows, "assigned_agents", true),
    (.workflows, "steps", true), (.agents, "metadata", true), (.audit, "target", false),
  ]

  private static let names = Query(
    "v4_names.off_stub",
    "UPDATE v4_names SET v5_id=?2, origin='alias' WHERE kind='agent' AND v5_id=?1")

  /// Gives all references to a stub to an agent, and removes the stub.
  ///
  /// - Returns: the stub's id; nil where there is no stub of that name.
  @discardableResult
  package func merge(stubNamed name: String, into agent: String) throws -> String? {
    guard let stub = try connection.first(Self.stub, .text(name), map: { $0.text(0) }),
      stub != agent
    else { return nil }
    try merge(stub, into: agent)
    return stub
  }

  /// Gives all references to a record to an agent, and removes the record.
  package func merge(_ stub: String, into agent: String) throws {
    guard stub != agent else { return }
    for (table, column, isJSON) in Self.columns {
      let id = table.columns[0]
      let condition = isJSON ? "instr(\(column), ?1)>0" : "\(column)=?1"
      let value = isJSON ? "replace(\(column), ?1, ?2)" : "?2"
      let rows = try connection.all(
        Query("\(table.name).of_stub", "SELECT \(id) FROM \(table.name) WHERE \(condition)"),
        .text(stub), map: { $0.text(0) })
      let update = Query(
        "\(table.name).off_stub", "UPDATE \(table.name) SET \(column)=\(value) WHERE \(id)=?3")
      for row in rows {
        // A record that v5 has changed stays one that v5 has changed.
        let isOurs = try table.read(row, in: connection).map(table.isAsImported) ?? false
        try connection.run(update, .text(stub), .text(agent), .text(row))
        if isOurs { try table.reseal(row, in: connection) }
      }
    }
    try connection.run(
      Query(
        "message_reads.off_stub",
        "UPDATE OR REPLACE message_reads SET agent_id=?2 WHERE agent_id=?1"),
      .text(stub), .text(agent))
    try connection.run(Self.names, .text(stub), .text(agent))
    try MergedAgents(connection).move(from: stub, to: agent)
    try LegacyCallLog(connection).rename(stub, to: agent)
    try connection.run(
      Query("agents.drop_stub", "DELETE FROM agents WHERE agent_id=?1"), .text(stub))
  }
}
