import AgoraStore

/// Reads `{"agent_message":[{…}],…}`, whose values may also be SQL results.
struct BundleReader {
  private let export: ExportReader
  private let reader: JSONReader

  init(_ export: ExportReader) {
    self.export = export
    reader = JSONReader(export.input.window)
  }

  func read() throws {
    guard try reader.next() == .beginObject else {
      throw export.malformed("an object of tables is due here", at: reader.offset)
    }
    while try reader.next() == .name {
      let table = String(decoding: reader.text, as: UTF8.self)
      guard let byte = try reader.window.peekAfterSpace() else { continue }
      switch byte {
      case 0x5b: try readArray(table)
      case 0x7b where try startsResult(): try SQLResultReader(export, reader).read(table: table)
      default: try refuseMember(table)
      }
    }
    guard try reader.next() == .end else {
      throw JSONError(offset: reader.offset, reason: "something follows the export's object")
    }
  }

  private func readArray(_ table: String) throws {
    _ = try reader.next()
    guard try startsWithResult() else {
      return try export.readRows(reader, table: table)
    }
    while try reader.hasNext() {
      try SQLResultReader(export, reader).read(table: table)
    }
    _ = try reader.next()
  }

  /// Whether the array's first element is an SQL result and no row: its first member tells.
  private func startsWithResult() throws -> Bool {
    guard try reader.window.peekAfterSpace() == 0x7b else { return false }
    return try startsResult()
  }

  /// Whether the object that comes next is an SQL result.
  private func startsResult() throws -> Bool {
    try reader.window.require(4096)
    return reader.window.withBytes { ExportFormat.isResult($0, at: reader.window.start) }
  }

  /// A member that is no table, such as a date of export: kept among the rejects, not passed over.
  private func refuseMember(_ table: String) throws {
    let origin = RowOrigin(offset: reader.offset)
    switch try reader.capture(
      limit: export.options.maxRowBytes, depthLimit: ExportReader.depthLimit)
    {
    case .whole(let range):
      try reader.window.withBytes {
        try export.sink.refuseMember(
          $0.extracting(range), named: table, at: origin,
          Rejection(.badJSON, "this member of the export is no array of rows"))
      }
      reader.take(range)
    case .tooLarge: try export.streamOversized(reader, table: table, at: origin)
    }
  }
}
