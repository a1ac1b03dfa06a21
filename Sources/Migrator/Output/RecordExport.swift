public import AgoraStore

/// Writes the marketplace's records as NDJSON: `{"table":"agents","row":{…}}` a line, instants as RFC
/// 3339 and JSON columns as JSON.
public enum RecordExport {
  private static let tables = [
    "agents", "workflows", "messages", "message_reads", "tasks", "events", "audit", "archive",
  ]
  private static let instants: Set<String> = [
    "registered_at", "last_activity", "created_at", "completed_at", "timestamp", "deadline",
    "updated_at", "read_at",
  ]
  private static let documents: Set<String> = [
    "capabilities", "metadata", "assigned_agents", "steps", "payload", "dependencies", "data",
    "row",
    "before", "after",
  ]

  /// Writes all records of a store to a file.
  ///
  /// - Returns: how many there are.
  public static func write(_ store: Store, to path: String) throws -> Int {
    try store.refuseOverwriting(path)
    return try store.read { connection in
      let output = try OutputFile(path)
      var count = 0
      for table in tables {
        let columns = try connection.all(
          Query("export.columns", "SELECT name FROM pragma_table_info('\(table)')"),
          map: { $0.text(0) }
        ).filter { !ContentHash.provenance.contains($0) }
        let rows = Query("export.rows", "SELECT \(columns.joined(separator: ",")) FROM \(table)")
        try connection.each(rows) { row in
          count += 1
          try output.append { append(row, table, columns, to: &$0) }
        }
      }
      try output.finish()
      return count
    }
  }

  private static func append(
    _ row: borrowing Row, _ table: String, _ columns: [String], to bytes: inout [UInt8]
  ) {
    bytes.append(contentsOf: "{\"table\":\"\(table)\",\"row\":{".utf8)
    for (index, column) in columns.enumerated() {
      if index > 0 { bytes.append(0x2c) }
      bytes.append(contentsOf: "\"\(column)\":".utf8)
      switch row.value(Int32(index)) {
      case .null: bytes.append(contentsOf: "null".utf8)
      case .integer(let value):
        let text =
          instants.contains(column) ? "\"\(Timestamp(microseconds: value))\"" : "\(value)"
        bytes.append(contentsOf: text.utf8)
      case .real(let value): bytes.append(contentsOf: "\(value)".utf8)
      case .text(let text):
        if documents.contains(column), (try? JSON.validate(text.exact.span)) != nil {
          bytes.append(contentsOf: text.utf8)
        } else {
          JSONText.quote(text, into: &bytes)
        }
      case .blob(let blob): JSONText.quote(blob.span, into: &bytes)
      }
    }
    bytes.append(contentsOf: [0x7d, 0x7d, 0x0a])
  }
}
