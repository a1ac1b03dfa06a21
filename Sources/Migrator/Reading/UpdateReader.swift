import AgoraStore

/// Reads the changes of tables: what `spacetime subscribe` prints, and the frames of
/// v1.json.spacetimedb, whose rows are strings that hold JSON.
final class UpdateReader {
  private let export: ExportReader
  /// The last row of each table that came as an object, whose columns are those of the arrays behind it:
  /// rows that come from a transaction are arrays.
  private var last: [[UInt8]: [UInt8]] = [:]
  /// The columns of such a row, once they were asked for.
  private var columns: [[UInt8]: [String]] = [:]

  init(_ export: ExportReader) { self.export = export }

  /// Reads a document that lies in memory.
  func read(_ text: Span<UInt8>, at offset: Int) throws {
    var copy: [UInt8] = []
    copy.append(copying: text)
    var pending = copy
    let window = ByteWindow(base: offset) { buffer, _ in
      defer { pending = [] }
      buffer.append(contentsOf: pending)
      return pending.count
    }
    try read(JSONReader(window))
  }

  /// Reads a document that streams by.
  func read(_ reader: JSONReader) throws {
    guard try reader.next() == .beginObject else {
      throw export.malformed("an object is due here", at: reader.offset)
    }
    while try reader.next() == .name {
      let name = String(decoding: reader.text, as: UTF8.self)
      if export.format == .subscription {
        try readChanges(reader, table: name)
      } else if name == "IdentityToken" {
        try reader.skip()
      } else {
        try search(reader)
      }
    }
  }

  /// Looks for table updates at any depth of a frame.
  private func search(_ reader: JSONReader) throws {
    switch try reader.next() {
    case .beginObject:
      var table: String?
      while try reader.next() == .name {
        let name = String(decoding: reader.text, as: UTF8.self)
        let byte = try reader.window.peekAfterSpace()
        switch (name, byte) {
        case ("table_name", 0x22):
          _ = try reader.next()
          table = String(decoding: reader.text, as: UTF8.self)
          if let table { try export.sink.table(table) }
        case ("reducer_call", _): try reader.skip()
        case ("updates", 0x5b):
          _ = try reader.next()
          while try reader.hasNext() { try readChanges(reader, table: table) }
          _ = try reader.next()
        case ("table_rows", 0x7b): try readChanges(reader, table: table)
        case ("rows", 0x5b):
          _ = try reader.next()
          try readRows(reader, table: try named(table, reader), areDeleted: false)
        default: try search(reader)
        }
      }
    case .beginArray:
      while try reader.hasNext() { try search(reader) }
      _ = try reader.next()
    default: break
    }
  }

  private func named(_ table: String?, _ reader: JSONReader) throws -> String {
    guard let table else {
      throw export.malformed("rows before the name of their table", at: reader.offset)
    }
    return table
  }

  /// Reads `{"deletes":[…],"inserts":[…]}`.
  ///
  /// What is deleted and inserted again is an update, so the order of the two lists is the order
  /// in which they are meant.
  private func readChanges(_ reader: JSONReader, table: String?) throws {
    let table = try named(table, reader)
    guard try reader.next() == .beginObject else {
      throw export.malformed("the changes of table \(table) are no object", at: reader.offset)
    }
    while try reader.next() == .name {
      let name = String(decoding: reader.text, as: UTF8.self)
      let byte = try reader.window.peekAfterSpace()
      if (name == "deletes" || name == "inserts") && byte == 0x5b {
        _ = try reader.next()
        try readRows(reader, table: table, areDeleted: name == "deletes")
      } else if name == LegacyMark.member, byte == 0x22 {
        try OwnExport.check(reader, export)
      } else {
        try reader.skip()
      }
    }
  }

  private func readRows(_ reader: JSONReader, table: String, areDeleted: Bool) throws {
    try export.sink.table(table)
    while try reader.hasNext() {
      _ = try reader.window.peekAfterSpace()
      var origin = RowOrigin(offset: reader.offset)
      switch try reader.capture(
        limit: export.options.maxRowBytes, depthLimit: ExportReader.depthLimit)
      {
      case .tooLarge:
        try export.streamOversized(reader, table: table, at: origin, isDeleted: areDeleted)
      case .whole(let range):
        try reader.window.withBytes { bytes in
          let element = bytes.extracting(range)
          guard element[0] == 0x22 else {
            return try give(element, table: table, at: &origin, areDeleted: areDeleted)
          }
          // The row's text is inside the string.
          var text: [UInt8] = []
          JSONText.unescape(element, 1..<(element.count - 1), into: &text)
          var validator = JSONValidator()
          let outcome = validator.consume(text.span, from: 0)
          guard case .complete(let end) = outcome,
            JSONSlices.skipSpace(text.span, end) == text.count,
            validator.deepest <= ExportReader.depthLimit
          else {
            return try refuse(
              element, table: table, at: origin, areDeleted: areDeleted,
              Rejection(.badJSON, "the string does not hold a row's JSON"))
          }
          try give(text.span, table: table, at: &origin, areDeleted: areDeleted)
        }
        reader.take(range)
      }
    }
    _ = try reader.next()
  }

  private func knownColumns(of table: String) -> [String]? {
    if let known = columns[table.exact] { return known }
    guard let row = last[table.exact] else { return nil }
    let names = ExportReader.memberNames(row.span)
    columns[table.exact] = names
    return names
  }

  /// Gives what is no row; where it was deleted, it is one that was rejected before.
  private func refuse(
    _ text: Span<UInt8>, table: String, at origin: RowOrigin, areDeleted: Bool,
    _ rejection: Rejection
  ) throws {
    if areDeleted {
      try export.sink.deleted(text, table: table, at: origin)
    } else {
      try export.sink.refuse(text, table: table, at: origin, rejection)
    }
  }

  private func give(
    _ row: Span<UInt8>, table: String, at origin: inout RowOrigin, areDeleted: Bool
  ) throws {
    let start = JSONSlices.skipSpace(row, 0)
    if row[start] == 0x7b {
      var text: [UInt8] = []
      text.append(copying: row)
      last[table.exact] = text
      columns[table.exact] = nil
    } else if row[start] == 0x5b {
      guard let known = knownColumns(of: table) else {
        return try refuse(
          row, table: table, at: origin, areDeleted: areDeleted,
          Rejection(.badJSON, "a row without column names before any row that has them"))
      }
      origin.columns = known
    }
    if areDeleted {
      try export.sink.deleted(row, table: table, at: origin)
    } else {
      try export.sink.row(row, table: table, at: origin)
    }
  }
}
