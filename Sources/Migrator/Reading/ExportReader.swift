import AgoraStore

/// Reads one export of any shape from end to end and gives its rows to a sink.
final class ExportReader {
  /// What the reader is told by the command line.
  struct Options {
    /// The table of rows that do not name theirs (`--table`).
    var table: String?
    /// The most bytes of a row that is kept in memory.
    var maxRowBytes = 16 << 20
  }

  /// The deepest nesting of a row.
  static let depthLimit = 512

  let input: ExportInput
  let format: ExportFormat
  let options: Options
  let sink: any RowSink
  /// Whether the rows did not name their table, so that `--table` was asked for it.
  private(set) var usedTableName = false

  /// Opens an export and recognises its shape.
  init(path: String, options: Options, sink: any RowSink) throws {
    input = try ExportInput(path)
    format = try ExportFormat.recognise(input.window, path: path)
    self.options = options
    self.sink = sink
  }

  /// Reads the whole export.
  ///
  /// - Throws: ``AgoraError`` `bad_json` or `truncated` with the byte offset where the text is not
  ///   what its shape asks for; whatever the sink throws.
  func read() throws {
    do {
      switch format {
      case .bundle: try BundleReader(self).read()
      case .sqlResults, .sqlResult: try SQLResultReader(self).readDocument()
      case .rows: try RowArrayReader(self).read()
      case .lines, .subscription, .frames: try LineReader(self).read()
      case .drawing: try DrawingReader(self).read()
      }
      try input.finish()
    } catch let error as JSONError {
      // A damaged archive shows as an odd text; its own error says more.
      try input.drain()
      throw AgoraError(
        error.isTruncated ? .truncated : .badJSON, error.reason, file: input.path,
        offset: error.offset,
        remedy: "Nothing was imported. Export again, or mend the file at that byte.")
    }
  }

  /// The failure of a text that is JSON and still no export.
  func malformed(_ message: String, at offset: Int) -> AgoraError {
    AgoraError(
      .unknownFormat, message, file: input.path, offset: offset,
      remedy: "agora migrate --help lists the shapes of an export.")
  }

  /// The table of rows that do not name theirs: by `--table`, the file's name, or the columns.
  ///
  /// - Throws: ``AgoraError`` `unknown_table`, which is a misuse of the command line.
  func tableName(columns: [String]) throws -> String {
    usedTableName = true
    if let table = options.table { return table }
    if let table = V4Schema.table(inFileName: input.path) { return table }
    if let table = V4Schema.table(fitting: columns) { return table }
    throw AgoraError(
      .unknownTable, "the rows do not name their table, and their columns fit no single one",
      file: input.path, remedy: "Say which it is with --table NAME.")
  }

  /// Gives the elements of the array that the reader stands in to the sink.
  ///
  /// - Parameter columns: the columns of elements that are arrays.
  func readRows(
    _ reader: JSONReader, table: String, columns: [String]? = nil
  ) throws {
    try sink.table(table)
    let window = reader.window
    while try reader.hasNext() {
      _ = try window.peekAfterSpace()
      let origin = RowOrigin(offset: window.offset, columns: columns)
      switch try reader.capture(limit: options.maxRowBytes, depthLimit: Self.depthLimit) {
      case .whole(let range):
        try window.withBytes { try sink.row($0.extracting(range), table: table, at: origin) }
        reader.take(range)
      case .tooLarge: try streamOversized(reader, table: table, at: origin)
      }
    }
    _ = try reader.next()
  }

  /// Gives a row that is too large to be held in pieces.
  ///
  /// - Parameter isDeleted: whether it was deleted from v4 at that place.
  func streamOversized(
    _ reader: JSONReader, table: String, at origin: RowOrigin, isDeleted: Bool = false
  ) throws {
    if isDeleted {
      try sink.beginOversizedDeletion(table: table, at: origin)
    } else {
      try sink.beginOversized(table: table, at: origin, tooLarge)
    }
    try reader.stream { try sink.oversized($0) }
    try sink.endOversized()
  }

  var tooLarge: Rejection {
    Rejection(
      .tooLarge,
      "the row has more than \(options.maxRowBytes) bytes or \(Self.depthLimit) levels of nesting")
  }

  /// The names of an object's members; empty for anything else.
  static func memberNames(_ text: Span<UInt8>) -> [String] {
    let start = JSONSlices.skipSpace(text, 0)
    guard start < text.count, text[start] == 0x7b else { return [] }
    var parts = JSONSlices()
    parts.split(text, at: start)
    var names: [String] = []
    for range in parts.names {
      var name: [UInt8] = []
      JSONText.unescape(text, range, into: &name)
      names.append(String(decoding: name, as: UTF8.self))
    }
    return names
  }
}
