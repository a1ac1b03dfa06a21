package import AgoraStore

/// The whole content of a store as JSON, for golden files and for comparing two stores.
package enum StoreDump {
  private static let provenance: Set<String> = ["source_row", "source_hash", "unread"]

  /// The tables that a migration fills and that do not depend on when or where it ran.
  private static let marketplace: [(table: String, order: String, without: Set<String>)] = [
    ("agents", "agent_id", provenance), ("workflows", "workflow_id", provenance),
    ("messages", "message_id", provenance), ("tasks", "task_id", provenance),
    ("events", "event_id", provenance.union(["seq"])), ("audit", "audit_id", provenance),
    ("archive", "row_id", provenance),
  ]

  /// The marketplace: what is equal however the rows came in.
  package static func marketplace(of path: String) throws -> JSON {
    let connection = try Connection(path: path, mode: .readOnly)
    return .object(
      try marketplace.map { entry in
        .init(entry.table, try dump(connection, entry.table, entry.order, entry.without))
      }.filter { $0.value != .array([]) })
  }

  /// The marketplace, the id map and the rejects.
  package static func all(of path: String) throws -> JSON {
    let connection = try Connection(path: path, mode: .readOnly)
    var members = try marketplace(of: path).members ?? []
    for (table, order, without) in [
      ("id_map", "v4_table, v4_id, epoch, v5_id", ["source"]),
      (
        "rejects", "number",
        ["run", "source", "file", "shape", "parent", "status", "status_reason"] as Set<String>
      ),
    ] {
      let rows = try dump(connection, table, order, without)
      if rows != .array([]) { members.append(.init(table, rows)) }
    }
    return .object(members)
  }

  private static func dump(
    _ connection: Connection, _ table: String, _ order: String, _ without: Set<String>
  ) throws -> JSON {
    let columns = try connection.all(
      Query("table_info", "SELECT name FROM pragma_table_info('\(table)')"), map: { $0.text(0) }
    ).filter { !without.contains($0) }
    var rows: [JSON] = []
    try connection.each(
      Query("dump", "SELECT \(columns.joined(separator: ",")) FROM \(table) ORDER BY \(order)")
    ) { row in
      let members: [JSON.Member] = columns.enumerated().compactMap { index, column in
        switch row.value(Int32(index)) {
        case .null: nil
        case .integer(let value): .init(column, .number("\(value)"))
        case .real(let value): .init(column, .number("\(value)"))
        case .text(let text): .init(column, .string(text))
        case .blob(let bytes): .init(column, .string("\(bytes.count) bytes that are not UTF-8"))
        }
      }
      rows.append(.object(members))
    }
    return .array(rows)
  }

  /// What is in one dump and not in the other, row by row.
  package static func differences(_ one: JSON, _ other: JSON) -> [String] {
    func rows(_ dump: JSON) -> Set<String> {
      Set(
        (dump.members ?? []).flatMap { table in
          (table.value.elements ?? []).map { "\(table.name) \(JSONWriter.compact($0))" }
        })
    }
    let (first, second) = (rows(one), rows(other))
    return first.subtracting(second).sorted().map { "only in the first: \($0)" }
      + second.subtracting(first).sorted().map { "only in the second: \($0)" }
  }
}
