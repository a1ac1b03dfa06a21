import AgoraStore

/// Reads formats of one JSON document a line: rows, subscription updates, WebSocket frames.
///
/// A line that is no JSON is one rejected row, and the next line is read as if nothing had been.
final class LineReader {
  private let export: ExportReader
  private let window: ByteWindow
  private let updates: UpdateReader
  /// A line has named its table, so that one that does not is a fault of the line.
  private var hasNamed = false

  init(_ export: ExportReader) {
    self.export = export
    window = export.input.window
    updates = UpdateReader(export)
  }

  func read() throws {
    while try window.peekAfterSpace() != nil {
      let offset = window.offset
      if let length = try lineLength() {
        try window.withBytes { bytes in
          let line = bytes.extracting(window.start..<(window.start + length))
          try readLine(trimmed(line), at: offset)
        }
        window.drop(length)
      } else {
        try readLongLine(at: offset)
      }
    }
  }

  private var options: ExportReader.Options { export.options }

  /// The table for rows that cannot be told to belong to one.
  static let unknownTable = "unknown"

  /// The bytes up to the end of the line; nil when the line is longer than a row may be.
  private func lineLength() throws -> Int? {
    var scanned = 0
    while true {
      let found = window.withBytes { bytes -> Int? in
        for index in (window.start + scanned)..<bytes.count where bytes[index] == 0x0a {
          return index - window.start
        }
        return nil
      }
      if let found { return found <= export.options.maxRowBytes ? found : nil }
      scanned = window.available
      if scanned > export.options.maxRowBytes { return nil }
      if try !window.fill() { return scanned }
    }
  }

  private func trimmed(_ line: Span<UInt8>) -> Range<Int> {
    var end = line.count
    while end > 0, line[end - 1] == 0x0d || line[end - 1] == 0x20 || line[end - 1] == 0x09 {
      end -= 1
    }
    return 0..<end
  }

  /// Reads a line that lies in memory.
  private func readLine(_ range: Range<Int>, at offset: Int) throws {
    try window.withBytes { bytes in
      let line = bytes.extracting(window.start..<(window.start + range.upperBound))
      var validator = JSONValidator()
      var fault: String?
      switch validator.consume(line, from: 0) {
      case .malformed(let at, let reason): fault = "\(reason) (byte \(offset + at))"
      case .incomplete:
        if !validator.isCompleteAtEnd() { fault = "the line ends too early" }
      case .complete(let end):
        if JSONSlices.skipSpace(line, end) != line.count {
          fault = "something follows the value (byte \(offset + end))"
        }
      }
      let origin = RowOrigin(offset: offset)
      if fault == "the line ends too early", window.isAtEnd, export.format != .lines,
        window.start + range.upperBound >= bytes.count
      {
        // The file was cut off, and with it perhaps most of its rows.
        throw JSONError(
          offset: offset + line.count, reason: "the text ends too early", isTruncated: true)
      }
      if let fault {
        return try refuse(line, at: origin, Rejection(.badJSON, "not JSON: \(fault)"))
      }
      if validator.deepest > ExportReader.depthLimit {
        try export.sink.beginOversized(table: nameless(), at: origin, export.tooLarge)
        try export.sink.oversized(line)
        return try export.sink.endOversized()
      }
      try readDocument(line, at: origin)
    }
  }

  /// Reads a line's document: a row with its table, an update, a frame, or a bare row.
  private func readDocument(_ line: Span<UInt8>, at origin: RowOrigin) throws {
    guard line[0] == 0x7b else {
      return try refuse(line, at: origin, Rejection(.badJSON, "the line is no object"))
    }
    var parts = JSONSlices()
    parts.split(line, at: 0)
    let names = ExportReader.memberNames(line)
    if names.contains("row"), let position = names.firstIndex(of: "table"),
      parts.values[position].kind == .string, Set(names).count == names.count, names.count == 2
    {
      var name: [UInt8] = []
      JSONText.unescape(line, parts.values[position].inside, into: &name)
      guard UTF8Check.firstFault(name.span) == nil else {
        return try refuse(
          line, at: origin, Rejection(.invalidText, "the table's name is not UTF-8"))
      }
      hasNamed = true
      let row = parts.values[1 - position].range
      return try export.sink.row(
        line.extracting(row), table: String(decoding: name, as: UTF8.self),
        at: RowOrigin(offset: origin.offset + row.lowerBound))
    }
    if let first = parts.values.first, first.kind == .object,
      export.format == .frames || export.format == .subscription
    {
      do { return try updates.read(line, at: origin.offset) } catch let error as JSONError {
        return try refuse(line, at: origin, Rejection(.badJSON, "\(error)"))
      } catch let error as AgoraError where error.code == .unknownFormat {
        return try refuse(line, at: origin, Rejection(.badJSON, error.message))
      }
    }
    if AgentConfiguration.isOne(line), export.options.table == nil {
      return try export.sink.row(line, table: AgentConfiguration.table, at: origin)
    }
    let isNamed = options.table != nil || V4Schema.table(inFileName: export.input.path) != nil
    let looksNamed = hasNamed || names.isEmpty || names.contains("row") || names.contains("table")
    if looksNamed, !isNamed {
      return try refuse(
        line, at: origin, Rejection(.badJSON, "the line is neither a row nor a row with its table"))
    }
    do {
      try export.sink.row(line, table: try export.tableName(columns: names), at: origin)
    } catch let error as AgoraError where error.code == .unknownTable && export.format != .lines {
      try refuse(line, at: origin, Rejection(.badJSON, "the line names no table"))
    }
  }

  private func nameless() -> String {
    export.options.table ?? V4Schema.table(inFileName: export.input.path) ?? Self.unknownTable
  }

  private func refuse(_ line: Span<UInt8>, at origin: RowOrigin, _ rejection: Rejection) throws {
    try export.sink.refuse(line, table: nameless(), at: origin, rejection)
  }

  /// A line above the limit: an update streams, since its rows may be small; a row is too large.
  private func readLongLine(at offset: Int) throws {
    if export.format == .subscription || export.format == .frames {
      return try updates.read(JSONReader(window))
    }
    let origin = RowOrigin(offset: offset)
    try export.sink.beginOversized(table: nameless(), at: origin, export.tooLarge)
    var isOpen = true
    while isOpen {
      try window.withBytes { bytes in
        var end = window.start
        while end < bytes.count, bytes[end] != 0x0a { end += 1 }
        isOpen = end == bytes.count
        try export.sink.oversized(bytes.extracting(window.start..<end))
        window.drop(end - window.start)
      }
      if isOpen { isOpen = try window.fill() }
    }
    try export.sink.endOversized()
  }
}
