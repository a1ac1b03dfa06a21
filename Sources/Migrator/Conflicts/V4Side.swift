import AgoraStore

/// What v4's side of conflicts makes of their records, with nothing written.
final class V4Side {
  private let connection: Connection
  private var contexts: [String: LoadContext] = [:]
  private var mappers: [String: TableMapper] = [:]

  init(_ connection: Connection) { self.connection = connection }

  private func context(of source: String) throws -> LoadContext {
    if let known = contexts[source] { return known }
    let (policy, aliases) = try RunHistory.lastOptions(connection, source: source)
    let made = LoadContext(
      storedRowsOf: source, run: 0,
      references: try ReferenceResolver(
        connection: connection, source: source, policy: policy, aliases: aliases, run: 0,
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
    let target = conflict.target
    guard let found = try target.read(conflict.v5ID, in: connection),
      let expected = try record(of: conflict)
    else { return [] }
    return RecordComparison.differences(expected, found, target).map {
      ($0.name, $0.expected, $0.found)
    }
  }
}

extension Conflict {
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
