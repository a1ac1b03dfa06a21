import AgoraStore

/// Reads what SpacetimeDB answers to SQL: `{"schema":{"elements":[…]},"rows":[[…]]}`, in the type
/// spellings of 0.8 and 1.x.
struct SQLResultReader {
  private let export: ExportReader
  private let reader: JSONReader

  init(_ export: ExportReader, _ reader: JSONReader? = nil) {
    self.export = export
    self.reader = reader ?? JSONReader(export.input.window)
  }

  /// Reads a document that is one result or an array of them, all of one table.
  func readDocument() throws {
    if export.format == .sqlResult {
      try read(table: nil)
    } else {
      _ = try reader.next()
      while try reader.hasNext() { try read(table: nil) }
      _ = try reader.next()
    }
    guard try reader.next() == .end else {
      throw JSONError(offset: reader.offset, reason: "something follows the result")
    }
  }

  /// Reads one result; the reader stands before its object.
  ///
  /// - Parameter table: the table's name, where something outside of the result said it.
  func read(table: String?) throws {
    guard try reader.next() == .beginObject else {
      throw export.malformed("an SQL result is due here", at: reader.offset)
    }
    var columns: [String]?
    var hasRows = false
    while try reader.next() == .name {
      let name = reader.text
      if name == Array("schema".utf8) {
        columns = try readSchema(reader)
      } else if name == Array("rows".utf8) {
        let names = try columns ?? findSchemaAhead()
        let table = try table ?? export.tableName(columns: names)
        guard try reader.next() == .beginArray else {
          throw export.malformed("the rows of an SQL result are no array", at: reader.offset)
        }
        try export.readRows(reader, table: table, columns: names)
        hasRows = true
      } else if name == Array(LegacyMark.member.utf8), try reader.window.peekAfterSpace() == 0x22 {
        try OwnExport.check(reader, export)
      } else {
        try reader.skip()
      }
    }
    guard hasRows else {
      throw export.malformed(
        table.map { "the table \($0) is neither an array of rows nor an SQL result" }
          ?? "an SQL result without rows", at: reader.offset)
    }
  }

  /// The columns' names, which are all that a schema is read for.
  private func readSchema(_ reader: JSONReader) throws -> [String] {
    let offset = reader.offset
    guard case .whole(let range) = try reader.capture(limit: 16 << 20, depthLimit: JSON.depthLimit)
    else { throw export.malformed("a schema of more than 16 MiB", at: offset) }
    var copy: [UInt8] = []
    reader.window.withBytes { copy.append(copying: $0.extracting(range)) }
    reader.take(range)
    let schema: JSON
    do { schema = try JSON.parse(copy) } catch {
      throw JSONError(offset: offset + error.offset, reason: error.reason)
    }
    guard let elements = schema["elements"]?.elements else {
      throw export.malformed("a schema without elements", at: offset)
    }
    return try elements.enumerated().map { index, element in
      let name = element["name"]
      if let text = name?.text ?? name?["some"]?.text { return text }
      // SQL may give a column without a name, as COUNT(*) once did.
      guard name == .null || name == nil || name?["none"] != nil else {
        throw export.malformed("column \(index) of a schema has no readable name", at: offset)
      }
      return "column_\(index)"
    }
  }

  /// Finds the schema where it follows the rows: by reading the file a second time from the start.
  private func findSchemaAhead() throws -> [String] {
    guard export.input.canReopen else {
      throw AgoraError(
        .unknownFormat, "the schema follows the rows, which cannot be read from a pipe", file: "-",
        offset: reader.offset, remedy: "Save the export to a file and name it.")
    }
    let ahead = try ExportInput(export.input.path)
    while ahead.window.offset < reader.offset {
      guard try ahead.window.peek() != nil else { break }
      ahead.window.drop(min(reader.offset - ahead.window.offset, ahead.window.available))
    }
    // A value is due, as after a name; the reader is told so by the containers it lies in.
    let scout = JSONReader(ahead.window)
    try scout.stream { _ in }
    let rest = JSONReader(ahead.window, containers: [true])
    while try rest.next() == .name {
      if rest.text == Array("schema".utf8) { return try readSchema(rest) }
      try rest.skip()
    }
    throw export.malformed("an SQL result without a schema", at: reader.offset)
  }
}
