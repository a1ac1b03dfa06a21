import AgoraStore

/// Writes the id map as NDJSON: each row of v4 and each name that resolves, with the v5 id.
enum IDMapFile {
  private static let rows = Query(
    "id_map.rows",
    """
    SELECT t.name, r.v4_id, r.epoch, r.v5_id FROM v4_rows r JOIN v4_tables t USING(table_no)
    WHERE t.source=?1 ORDER BY r.row
    """)
  private static let names = Query(
    "id_map.names",
    """
    SELECT CASE kind WHEN 'agent' THEN 'agent' ELSE 'workflow_coordination' END, name, 0, v5_id
    FROM v4_names WHERE source=?1 ORDER BY kind, name
    """)

  static func write(from connection: Connection, source: String, to output: OutputFile) throws {
    for query in [rows, names] {
      try connection.each(query, .text(source)) { row in
        try output.append { bytes in
          bytes.append(contentsOf: "{\"table\":".utf8)
          row.withBytes(0) { JSONText.quote($0, into: &bytes) }
          bytes.append(contentsOf: ",\"v4_id\":".utf8)
          row.withBytes(1) { JSONText.quote($0, into: &bytes) }
          bytes.append(contentsOf: ",\"epoch\":\(row.int64(2)),\"v5_id\":".utf8)
          row.withBytes(3) { JSONText.quote($0, into: &bytes) }
          bytes.append(contentsOf: [0x7d, 0x0a])
        }
      }
    }
    try output.flush()
  }
}
