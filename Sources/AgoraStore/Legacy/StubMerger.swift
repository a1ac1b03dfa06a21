/// Lets agents take the places of other records for the same ones: of stubs, where a registration says only
/// now whose name one is, or of agents that the operator says were renamed.
///
/// Each table is looked through once for all of them: ``add(_:into:)`` any number, then ``finish()``.
package final class StubMerger {
  private let connection: Connection
  private let successors: Successors
  private var hasBegun = false

  package init(_ connection: Connection) {
    self.connection = connection
    successors = Successors(connection)
  }

  private static let stub = Query(
    "agents.stub",
    "SELECT agent_id FROM agents WHERE agent_name=?1 AND json_extract(metadata,'$.stub')")

  /// Gives all references to a stub to an agent, and removes the stub.
  ///
  /// - Returns: the stub's id; nil where there is no stub of that name.
  @discardableResult
  package func merge(stubNamed name: String, into agent: String) throws -> String? {
    guard let stub = try connection.first(Self.stub, .text(name), map: { $0.text(0) }),
      stub != agent
    else { return nil }
    try add(stub, into: agent)
    try finish()
    return stub
  }

  private static let names = Query(
    "v4_names.off_stub",
    "UPDATE v4_names SET v5_id=?2, origin='alias' WHERE kind='agent' AND v5_id=?1")

  /// Lets an agent take a record's names and what is told of it at once; its references go to the agent, and
  /// the record goes, with ``finish()``.
  package func add(_ stub: String, into agent: String) throws {
    guard stub != agent else { return }
    if !hasBegun { try successors.begin() }
    hasBegun = true
    try successors.add(stub, agent)
    try connection.run(Self.names, .text(stub), .text(agent))
    try MergedAgents(connection).move(from: stub, to: agent)
  }

  // MARK: references

  /// The columns that hold an agent's id, and those whose JSON may hold one.
  private static let columns: [(table: RecordTable, column: String, isJSON: Bool)] = [
    (.messages, "from_agent", false), (.messages, "to_agent", false),
    (.tasks, "assigned_agent", false), (.tasks, "metadata", true),
    (.events, "source_agent", false), (.events, "target_agent", false),
    (.workflows, "creator_agent", false), (.workflows, "assigned_agents", true),
    (.workflows, "steps", true), (.agents, "metadata", true), (.audit, "target", false),
  ]

  /// Gives all references to the records that were added to their agents, and removes the records.
  package func finish() throws {
    guard hasBegun else { return }
    hasBegun = false
    for (table, column, isJSON) in Self.columns {
      try empty()
      if isJSON {
        try findInside(table, column)
      } else {
        try connection.run(
          Query(
            "\(table.name).of_stubs",
            """
            INSERT INTO temp.succeeded SELECT x.\(table.columns[0]), \(Successors.of("x.\(column)"))
            FROM \(table.name) x WHERE x.\(column) IN \(Successors.all)
            """))
      }
      try writeFound(table, column)
    }
    try connection.run(
      Query(
        "message_reads.off_stubs",
        """
        UPDATE OR REPLACE message_reads SET agent_id=\(Successors.of("agent_id"))
        WHERE agent_id IN \(Successors.all)
        """))
    try LegacyCallLog(connection).rename(successors)
    try connection.run(
      Query("agents.drop_stubs", "DELETE FROM agents WHERE agent_id IN \(Successors.all)"))
  }

  private func empty() throws {
    try connection.execute(
      """
      CREATE TEMP TABLE IF NOT EXISTS succeeded(id TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
      DELETE FROM temp.succeeded;
      """, name: "succeeded.empty")
  }

  /// Notes the records of a table in whose JSON one of the ids stands, with what it is to be.
  private func findInside(_ table: RecordTable, _ column: String) throws {
    let note = Query("succeeded.insert", "INSERT INTO temp.succeeded VALUES(?1,?2)")
    try connection.each(
      Query(
        "\(table.name).with_agents",
        "SELECT \(table.columns[0]), \(column) FROM \(table.name) WHERE instr(\(column),'agent_')>0"
      )
    ) { row in
      let text = try row.withBytes(1) { try replaced($0) }
      guard let text else { return }
      try connection.run(
        note, .text(row.text(0)), .text(String(decoding: text, as: UTF8.self)))
    }
  }

  private func writeFound(_ table: RecordTable, _ column: String) throws {
    let update = Query(
      "\(table.name).off_stub",
      "UPDATE \(table.name) SET \(column)=?2 WHERE \(table.columns[0])=?1")
    try connection.each(Query("succeeded.all", "SELECT id, value FROM temp.succeeded")) { row in
      let id = row.text(0)
      // A record that v5 has changed stays one that v5 has changed.
      let isOurs = try table.read(id, in: connection).map(table.isAsImported) ?? false
      try connection.run(update, .text(id), .text(row.text(1)))
      if isOurs { try table.reseal(id, in: connection) }
    }
  }

  private static let prefix = Array("agent_".utf8)

  /// A text with the ids in it replaced; nil where none of them stands in it.
  private func replaced(_ text: Span<UInt8>) throws -> [UInt8]? {
    var result: [UInt8]?
    var copied = 0
    var place = 0
    while place + Self.prefix.count <= text.count {
      guard Self.prefix.indices.allSatisfy({ text[place + $0] == Self.prefix[$0] }) else {
        place += 1
        continue
      }
      var end = place + Self.prefix.count
      while end < text.count, Self.isHexDigit(text[end]) { end += 1 }
      let id = text.extracting(place..<end).withUnsafeBufferPointer {
        String(decoding: $0, as: UTF8.self)
      }
      if let successor = try successors.successor(of: id) {
        var bytes = result ?? []
        bytes.append(copying: text.extracting(copied..<place))
        bytes.append(contentsOf: successor.utf8)
        result = bytes
        copied = end
      }
      place = end
    }
    result?.append(copying: text.extracting(copied..<text.count))
    return result
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }
}
