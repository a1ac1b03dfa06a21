/// A hash of the marketplace's content: equal for two stores with the same records, whatever the order
/// in which they came, the layout of the pages, or the runs that brought them.
///
/// It covers agents, workflows, messages, tasks, events, audit and the archive; not runs, ledgers, logs
/// or services. It tells a difference, and is no protection against somebody who wants to forge one.
package enum ContentHash {
  /// The tables with the columns that name a record.
  private static let tables = [
    ("agents", "agent_id"), ("workflows", "workflow_id"), ("messages", "message_id"),
    ("tasks", "task_id"), ("events", "event_id"), ("audit", "audit_id"), ("archive", "row_id"),
  ]

  /// Columns that say where a record came from, stands in a log or was read, not what it is.
  package static let provenance: Set<String> = ["source_row", "source_hash", "seq", "unread"]

  /// Reads every record once; 40 hex digits.
  package static func compute(_ connection: Connection) throws -> String {
    var total = SHA1()
    for (table, id) in tables {
      let columns = try connection.all(
        Query("hash.columns", "SELECT name FROM pragma_table_info('\(table)') ORDER BY name"),
        map: { $0.text(0) }
      ).filter { !provenance.contains($0) }
      total.update("\(table)(\(columns.joined(separator: ",")))\n")
      let rows = Query(
        "hash.rows", "SELECT \(columns.joined(separator: ",")) FROM \(table) ORDER BY \(id)")
      try connection.each(rows) { row in
        for column in columns.indices { feed(row, Int32(column), &total) }
      }
    }
    return String(decoding: total.hex(), as: UTF8.self)
  }

  /// A column with its kind and length, so that no two rows of columns look the same.
  private static func feed(_ row: borrowing Row, _ column: Int32, _ hash: inout SHA1) {
    switch row.value(column) {
    case .null: hash.update("n")
    case .integer(let value): hash.update("i\(value);")
    case .real(let value): hash.update("r\(value);")
    case .text, .blob:
      row.withBytes(column) { bytes in
        hash.update("t\(bytes.count);")
        hash.update(bytes)
      }
    }
  }
}
