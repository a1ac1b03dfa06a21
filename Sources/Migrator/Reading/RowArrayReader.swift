import AgoraStore

/// Reads `[{…},{…}]`: the rows of one table, or a list of agent configurations.
struct RowArrayReader {
  private let export: ExportReader
  private let reader: JSONReader

  init(_ export: ExportReader) {
    self.export = export
    reader = JSONReader(export.input.window)
  }

  func read() throws {
    _ = try reader.next()
    if try reader.hasNext() {
      let table = try self.table()
      try export.readRows(reader, table: table)
    } else {
      // An empty table, if anything says which.
      if let table = export.options.table ?? V4Schema.table(inFileName: export.input.path) {
        _ = try export.tableName(columns: [])
        try export.sink.table(table)
      }
      _ = try reader.next()
    }
    guard try reader.next() == .end else {
      throw JSONError(offset: reader.offset, reason: "something follows the array of rows")
    }
  }

  /// The table, by the first row's columns where nothing else says it.
  private func table() throws -> String {
    guard
      case .whole(let range) = try reader.capture(
        limit: export.options.maxRowBytes, depthLimit: ExportReader.depthLimit)
    else { return try export.tableName(columns: []) }
    let (columns, isConfiguration) = reader.window.withBytes { bytes in
      let row = bytes.extracting(range)
      return (ExportReader.memberNames(row), AgentConfiguration.isOne(row))
    }
    if isConfiguration, export.options.table == nil { return AgentConfiguration.table }
    return try export.tableName(columns: columns)
  }
}

/// The agent configurations that the protocol's migration assistant takes.
enum AgentConfiguration {
  /// The name that the ledger has for them.
  static let table = "agent_config"
  /// The tables of the rows that stand in them.
  static let taskTable = "active_tasks"
  static let workflowTable = "workflows"

  /// Whether an object is a configuration: an agent with its capabilities, tasks or workflows as arrays.
  static func isOne(_ text: Span<UInt8>) -> Bool {
    let start = JSONSlices.skipSpace(text, 0)
    guard start < text.count, text[start] == 0x7b else { return false }
    var parts = JSONSlices()
    parts.split(text, at: start)
    let names = ExportReader.memberNames(text)
    guard names.contains("agent_id") else { return false }
    return zip(names, parts.values).contains { name, value in
      ["capabilities", taskTable, workflowTable].contains(name) && value.kind == .array
    }
  }
}
