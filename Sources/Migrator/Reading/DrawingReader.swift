import AgoraStore

/// Reads the table that `spacetime sql` draws with characters.
///
/// The drawing is lossy: quotes inside strings are not escaped, and a string with line breaks goes on
/// in the next line under blank cells. Columns are cut where the ruler line says.
struct DrawingReader {
  private let export: ExportReader
  private let window: ByteWindow

  init(_ export: ExportReader) {
    self.export = export
    window = export.input.window
  }

  /// One cell: the column's name and where it stands, in characters.
  private struct Column {
    let name: String
    let cut: Range<Int>
  }

  private struct Line {
    let offset: Int
    let characters: [Character]
    let bytes: [UInt8]
  }

  func read() throws {
    guard let head = try nextLine(), let ruler = try nextLine() else { return }
    let columns = cut(head.characters, by: ruler.characters)
    let table = try export.tableName(columns: columns.map(\.name))
    try export.sink.table(table)
    var cells: [String] = []
    var original: [UInt8] = []
    var offset = 0
    while let line = try nextLine() {
      let found = columns.map { text(in: line.characters, $0.cut) }
      guard found.contains(where: { !$0.isEmpty }) else { continue }
      // Only a cell of more than one line leaves its neighbours blank.
      let continues =
        !cells.isEmpty
        && zip(cells, found).allSatisfy { $1.isEmpty || $0.hasPrefix("\"") && !isClosed($0) }
      if continues {
        for index in found.indices where !isClosed(cells[index]) && cells[index].hasPrefix("\"") {
          cells[index] += "\n" + found[index]
        }
        original.append(0x0a)
        original.append(contentsOf: line.bytes)
        guard original.count <= export.options.maxRowBytes else {
          throw AgoraError(
            .badJSON, "a row of the drawing is larger than a row may be",
            file: export.input.path, offset: offset,
            remedy: "Export as JSON, or raise --max-row-bytes.")
        }
        continue
      }
      if !cells.isEmpty { try give(columns, cells, original, table, offset) }
      if let last = columns.last, line.characters.count <= last.cut.lowerBound {
        // Cut off before the last column: what is there cannot be told from what is not.
        try export.sink.refuse(
          line.bytes.span, table: table, at: RowOrigin(offset: line.offset),
          Rejection(.badJSON, "the line ends before its last column"))
        (cells, original) = ([], [])
        continue
      }
      (cells, original, offset) = (found, line.bytes, line.offset)
    }
    if !cells.isEmpty { try give(columns, cells, original, table, offset) }
  }

  /// A string is over when it ends with a quote that is not its first character.
  private func isClosed(_ cell: String) -> Bool {
    !cell.hasPrefix("\"") || cell.utf8.count > 1 && cell.hasSuffix("\"")
  }

  private func cut(_ head: [Character], by ruler: [Character]) -> [Column] {
    var columns: [Column] = []
    var start = 0
    for (index, character) in (ruler + ["+"]).enumerated() where character == "+" {
      let range = start..<(index == ruler.count ? Int.max : index)
      columns.append(Column(name: text(in: head, range), cut: range))
      start = index + 1
    }
    return columns
  }

  private func text(in line: [Character], _ range: Range<Int>) -> String {
    let clamped = range.clamped(to: 0..<line.count)
    var cell = line[clamped]
    while let first = cell.first, first == " " { cell.removeFirst() }
    while let last = cell.last, last == " " { cell.removeLast() }
    return String(cell)
  }

  private func nextLine() throws -> Line? {
    guard try window.peek() != nil else { return nil }
    let offset = window.offset
    var bytes: [UInt8] = []
    while let byte = try window.peek() {
      window.drop(1)
      if byte == 0x0a { break }
      bytes.append(byte)
      guard bytes.count <= export.options.maxRowBytes else {
        throw AgoraError(
          .badJSON, "a line of the drawing is longer than a row may be", file: export.input.path,
          offset: offset, remedy: "Export as JSON, or raise --max-row-bytes.")
      }
    }
    if bytes.last == 0x0d { bytes.removeLast() }
    return Line(
      offset: offset, characters: Array(String(decoding: bytes, as: UTF8.self)), bytes: bytes)
  }

  /// Gives a row to the sink as the object that its cells mean.
  private func give(
    _ columns: [Column], _ cells: [String], _ original: [UInt8], _ table: String, _ offset: Int
  ) throws {
    let origin = RowOrigin(offset: offset)
    guard UTF8Check.firstFault(original.span) == nil else {
      return try export.sink.refuse(
        original.span, table: table, at: origin, Rejection(.invalidText, "the line is not UTF-8"))
    }
    let members = zip(columns, cells).map { JSON.Member($0.name, value(of: $1)) }
    var text: [UInt8] = []
    JSONWriter.write(.object(members), into: &text)
    try export.sink.row(text.span, table: table, at: origin)
  }

  /// What a cell means: strings stand in quotes, options as `(some = …)` and `(none = ())`.
  private func value(of cell: String) -> JSON {
    if cell.count >= 2, cell.hasPrefix("\""), cell.hasSuffix("\"") {
      return .string(String(cell.dropFirst().dropLast()))
    }
    if cell == "(none = ())" || cell.isEmpty { return .null }
    if cell.hasPrefix("(some = "), cell.hasSuffix(")") {
      return value(of: String(cell.dropFirst(8).dropLast()))
    }
    switch cell {
    case "true": return .bool(true)
    case "false": return .bool(false)
    default:
      var validator = JSONValidator()
      let bytes = Array(cell.utf8)
      let isNumber =
        validator.consume(bytes.span, from: 0) == .incomplete && validator.isCompleteAtEnd()
      return isNumber ? .number(cell) : .string(cell)
    }
  }
}
