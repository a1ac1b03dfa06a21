public import AgoraStore

/// Writes rejected rows as NDJSON, one a line, in the order in which they were met.
public enum RejectsFile {
  private static let columns =
    "SELECT number, v4_table, v4_id, file, byte_offset, max(ordinal,1), code, reason, row, row_blob"

  /// Writes the outstanding rejects of a store.
  ///
  /// - Returns: how many there are.
  /// - Throws: ``AgoraError`` when the file cannot be written.
  @discardableResult
  public static func write(from store: Store, to path: String) throws -> Int {
    try store.refuseOverwriting(path)
    return try store.read { connection in
      let output = try OutputFile(path)
      let count = try write(
        connection, schema: "main", "status=?1", .text("outstanding"), to: output)
      try output.finish()
      return count
    }
  }

  static func write(
    from connection: Connection, schema: String, run: Int64, to output: OutputFile
  ) throws {
    _ = try write(connection, schema: schema, "run=?1", .integer(run), to: output)
  }

  private static func write(
    _ connection: Connection, schema: String, _ condition: String, _ value: SQLValue,
    to output: OutputFile
  ) throws -> Int {
    let query = Query(
      "rejects.write", "\(columns) FROM \(schema).rejects WHERE \(condition) ORDER BY number")
    let chunks = Query(
      "reject_chunks.write",
      "SELECT bytes FROM \(schema).reject_chunks WHERE number=?1 ORDER BY chunk")
    var count = 0
    func line(_ row: borrowing Row) throws {
      count += 1
      try output.append { bytes in
        appendFields(row, to: &bytes)
        if !row.isNull(8) {
          bytes.append(contentsOf: ",\"row\":".utf8)
          row.withBytes(8) { JSONText.quote($0, into: &bytes) }
        } else if !row.isNull(9) {
          bytes.append(contentsOf: ",\"row_base64\":\"".utf8)
          var encoder = Base64Encoder()
          row.withBytes(9) { encoder.append($0, to: &bytes) }
          encoder.finish(to: &bytes)
          bytes.append(0x22)
        }
      }
      if row.isNull(8), row.isNull(9) {
        try appendChunks(row.int64(0), chunks, connection, output)
      }
      try output.append { $0.append(contentsOf: [0x7d, 0x0a]) }
    }
    try connection.each(query, value) { try line($0) }
    try output.flush()
    return count
  }

  private static func appendFields(_ row: borrowing Row, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: "{\"table\":".utf8)
    JSONText.quote(row.text(1), into: &bytes)
    bytes.append(contentsOf: ",\"v4_id\":".utf8)
    JSONWriter.write(.optional(row.optionalText(2)), into: &bytes)
    bytes.append(contentsOf: ",\"file\":".utf8)
    JSONText.quote(row.text(3), into: &bytes)
    bytes.append(contentsOf: ",\"offset\":\(row.int64(4)),\"ordinal\":\(row.int64(5))".utf8)
    bytes.append(contentsOf: ",\"code\":".utf8)
    JSONText.quote(row.text(6), into: &bytes)
    bytes.append(contentsOf: ",\"reason\":".utf8)
    JSONText.quote(row.text(7), into: &bytes)
  }

  /// A row that never was in memory as a whole is written piece by piece, too.
  private static func appendChunks(
    _ number: Int64, _ chunks: Query, _ connection: Connection, _ output: OutputFile
  ) throws {
    var check = UTF8Pieces()
    var isText = true
    try connection.each(chunks, .integer(number)) { row in
      row.withBytes(0) { if isText, check.firstFault($0) != nil { isText = false } }
    }
    if isText, check.isComplete {
      try output.append { $0.append(contentsOf: ",\"row\":\"".utf8) }
      try connection.each(chunks, .integer(number)) { row in
        try row.withBytes(0) { piece in
          try output.append { bytes in
            // Escapes are for single bytes, so a character may lie in two pieces.
            JSONText.quote(piece, into: &bytes, withQuotes: false)
          }
        }
      }
    } else {
      try output.append { $0.append(contentsOf: ",\"row_base64\":\"".utf8) }
      var encoder = Base64Encoder()
      try connection.each(chunks, .integer(number)) { row in
        try row.withBytes(0) { piece in try output.append { encoder.append(piece, to: &$0) } }
      }
      try output.append { encoder.finish(to: &$0) }
    }
    try output.append { $0.append(0x22) }
  }
}
