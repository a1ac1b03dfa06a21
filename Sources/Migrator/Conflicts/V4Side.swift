import AgoraStore

/// What v4's side of conflicts makes of their records, with nothing written.
final class V4Side {
  private let connection: Connection
  private var contexts: [String: LoadContext] = [:]
  private var mappers: [String: TableMapper] = [:]

  init(_ connection: Connection) { self.connection = connection }

  /// What the rows of a source are looked at with.
  func context(of source: String) throws -> LoadContext {
    if let known = contexts[source] { return known }
    let history = try RunHistory(connection, source: source)
    let made = LoadContext(
      storedRowsOf: source, run: 0,
      references: try ReferenceResolver(
        connection: connection, source: source, policy: history.orphans, aliases: history.aliases,
        run: 0,
        isExpecting: true), in: connection)
    contexts[source] = made
    return made
  }

  /// The record that v4's text makes; nil where v4 has the row no more, or its text makes none.
  func record(of conflict: Conflict) throws -> Record? {
    guard let text = conflict.text else { return nil }
    let context = try context(of: conflict.source)
    let kind = V4Schema.kind(of: conflict.table)
    do {
      if kind.describesAgents {
        return try StoredAgent(context).record(
          conflict.v5ID, try conflict.agentName(in: connection) ?? "", with: conflict)
      }
      let mapper = mappers[conflict.table] ?? TableMapper(table: conflict.table, kind: kind)
      mappers[conflict.table] = mapper
      return try conflict.map(text, with: mapper, context)
    } catch is Rejection {
      return nil
    }
  }

  /// The fields in which v4's record and v5's differ; empty where v5 has none, or v4.
  func differences(of conflict: Conflict) throws -> [(name: String, v4: JSON, v5: JSON)] {
    if V4Schema.kind(of: conflict.table) == .step { return try stepDifferences(of: conflict) }
    let target = conflict.target
    guard let found = try target.read(conflict.v5ID, in: connection),
      let expected = try record(of: conflict)
    else { return [] }
    return RecordComparison.differences(
      expected, found, target, without: BornOnV5.isGiven(conflict.v5ID) ? target.unsaid : []
    ).map { ($0.name, $0.expected, $0.found) }
  }

  /// A step is an element of its workflow; one that is not there differs in all that v4 says of it.
  private func stepDifferences(
    of conflict: Conflict
  ) throws -> [(name: String, v4: JSON, v5: JSON)] {
    let said: (json: JSON, workflow: String?)?
    let context = try context(of: conflict.source)
    do { said = try conflict.step(context) } catch is Rejection { return [] }
    guard let step = said else { return [] }
    let found = try conflict.place(context).flatMap {
      try context.steps.element(conflict.v5ID, of: $0)
    }
    return WorkflowSteps.differences(step.json, found ?? .object([]))
      .map { ($0.name, $0.expected, $0.found) }
  }
}

extension Conflict {
  private static let placeOf = Query(
    "v4_steps.workflow", "SELECT workflow_id FROM main.v4_steps WHERE row=?1")

  /// The workflow that a step's row stands in; nil for one that was new when v5 had changed its workflow.
  func place(_ context: LoadContext) throws -> String? {
    try context.connection.first(Self.placeOf, .integer(row), map: { $0.text(0) })
      ?? context.steps.workflow(ofBorn: v5ID)
  }

  /// The step that the row says now, and its workflow; nil where v4 has the row no more.
  ///
  /// - Throws: ``Rejection``, and ``AgoraError`` `damaged_store`.
  func step(_ context: LoadContext) throws -> (json: JSON, workflow: String?)? {
    guard let text else { return nil }
    let mapper = TableMapper(table: table, kind: .step)
    try mapper.loadStored(text.span, columns: try context.columns(shape), row: row)
    var json: [UInt8] = []
    let step = try mapper.mapStep(id: Array(v5ID.utf8), context.references, into: &json)
    return (try JSON.parse(json), step.workflow.map { String(decoding: $0, as: UTF8.self) })
  }

  /// The v5 table that the conflict's record lies in.
  var target: RecordTable { TableMapper.recordTable(of: V4Schema.kind(of: table)) }

  private static let registeredName = Query(
    "v4_names.registered",
    "SELECT name FROM v4_names WHERE source=?1 AND kind='agent' AND v5_id=?2 AND origin<>'alias'")

  /// The v4 name of the agent that the conflict is about.
  func agentName(in connection: Connection) throws -> String? {
    try connection.first(
      Self.registeredName, .text(source), .text(v5ID), map: { $0.text(0) })
  }

  /// The record that a text of the row makes.
  ///
  /// - Throws: ``Rejection``, and ``AgoraError`` `damaged_store`.
  func map(_ text: [UInt8], with mapper: TableMapper, _ context: LoadContext) throws -> Record {
    try mapper.loadStored(text.span, columns: try context.columns(shape), row: row)
    var record = Record()
    try mapper.map(
      as: RecordIdentity(
        id: Array(v5ID.utf8), v4ID: v4ID, sourceRow: row, owner: try context.owner(inside: parent)),
      context.references, into: &record)
    return record
  }
}
