import AgoraStore

/// The shapes in which people hold v4 exports, told apart by their first bytes.
enum ExportFormat: String {
  /// `{"agent_message":[{…}]}`, also with SQL results as values.
  case bundle
  /// `[{"schema":…,"rows":[…]}]` of one table.
  case sqlResults = "sql"
  /// `{"schema":…,"rows":[…]}` of one table.
  case sqlResult = "sql_object"
  /// `[{…},{…}]`: rows of one table, or agent configurations.
  case rows
  /// `{"table":"agent_message","row":{…}}` a line, or bare rows.
  case lines
  /// What `spacetime subscribe` prints: `{"agent_message":{"deletes":[],"inserts":[{…}]}}` a line.
  case subscription
  /// Frames of the WebSocket protocol v1.json.spacetimedb, one a line.
  case frames
  /// The table that `spacetime sql` draws with characters.
  case drawing = "psql"

  /// The frames that a server of v1.json.spacetimedb sends.
  private static let frameNames: Set<String> = [
    "IdentityToken", "InitialSubscription", "TransactionUpdate", "TransactionUpdateLight",
    "SubscribeApplied", "UnsubscribeApplied", "SubscribeMultiApplied", "UnsubscribeMultiApplied",
    "SubscriptionError", "OneOffQueryResponse",
  ]

  /// Recognises the shape by the window's first bytes.
  ///
  /// - Throws: ``AgoraError`` `unknown_format`.
  static func recognise(_ window: ByteWindow, path: String) throws -> ExportFormat {
    try window.require(65536)
    let offset = window.offset
    return try window.withBytes { bytes in
      let text = bytes.extracting(window.start..<bytes.count)
      guard let format = recognise(text) else {
        throw AgoraError(
          .unknownFormat, "this is none of the shapes in which a v4 export comes", file: path,
          offset: offset,
          remedy: "agora migrate --help lists them. JSON must start with { or [.")
      }
      return format
    }
  }

  private static func recognise(_ text: Span<UInt8>) -> ExportFormat? {
    if isDrawing(text) { return .drawing }
    var peek = Peek(at: 0)
    switch peek.byte(text) {
    case 0x5b:
      guard let first = peek.enter(text) else { return .rows }
      // Rows that are arrays mean nothing without their columns.
      if first == 0x5b { return nil }
      return isResult(text, at: peek.at) ? .sqlResults : .rows
    case 0x7b:
      if isResult(text, at: peek.at) { return .sqlResult }
      guard peek.enter(text) == 0x22, let name = peek.name(text) else { return .bundle }
      let format = recogniseObject(text, &peek, name)
      // What is written over several lines, or cut off, is one document.
      return format == .lines && !firstLineIsWhole(text) ? .bundle : format
    default: return nil
    }
  }

  /// Whether the first line is a value of its own, as far as can be seen.
  private static func firstLineIsWhole(_ text: Span<UInt8>) -> Bool {
    let start = JSONSlices.skipSpace(text, 0)
    var end = start
    while end < text.count, text[end] != 0x0a { end += 1 }
    var validator = JSONValidator()
    switch validator.consume(text.extracting(start..<end), from: 0) {
    case .complete: return true
    // A line longer than what is seen of it.
    case .incomplete: return end == text.count && text.count >= 65536
    case .malformed: return true
    }
  }

  /// Whether an object is an SQL result: its first member that is no scalar is a schema or the rows.
  static func isResult(_ text: Span<UInt8>, at start: Int) -> Bool {
    var peek = Peek(at: start)
    guard peek.byte(text) == 0x7b, peek.enter(text) == 0x22 else { return false }
    while let name = peek.name(text) {
      let value = peek.byte(text)
      if name == "schema", value == 0x7b {
        var inner = peek
        return inner.enter(text) == 0x22 && inner.name(text) == "elements"
      }
      if name == "rows", value == 0x5b {
        // Rows before their schema: arrays, or none.
        var inner = peek
        let first = inner.enter(text)
        return first == 0x5b || first == 0x5d
      }
      guard peek.skipScalar(text) else { return false }
      _ = peek.byte(text)
    }
    return false
  }

  private static func recogniseObject(
    _ text: Span<UInt8>, _ peek: inout Peek, _ name: String
  ) -> ExportFormat {
    switch peek.byte(text) {
    case 0x5b:
      guard let first = peek.enter(text) else { return .bundle }
      if first == 0x7b || first == 0x5d { return .bundle }
      // An array of scalars is a column of a bare row, unless a table stands beside it.
      return namesTable(text) ? .bundle : .lines
    case 0x7b:
      if frameNames.contains(name) { return .frames }
      if name == "row" { return .lines }
      if isResult(text, at: peek.at) { return .bundle }
      guard peek.enter(text) == 0x22, let inner = peek.name(text) else { return .bundle }
      if inner == "deletes" || inner == "inserts" { return .subscription }
      return namesTable(text) ? .bundle : .lines
    default:
      // A bundle may begin with words about itself.
      return namesTable(text) ? .bundle : .lines
    }
  }

  /// Whether a member of the object, wherever it stands, has a v4 table's name and what a table could
  /// have: rows, a result, or nothing.
  ///
  /// Agent configurations have `workflows` of their own.
  private static func namesTable(_ text: Span<UInt8>) -> Bool {
    var peek = Peek(at: 0)
    guard peek.byte(text) == 0x7b, peek.enter(text) == 0x22 else { return false }
    while let name = peek.name(text) {
      let first = peek.byte(text)
      let isTabular = first == 0x5b || first == 0x7b || first == 0x6e
      if isTabular, name != "workflows", V4Schema.table(named: name) != nil { return true }
      guard peek.skipValue(text) else { return false }
    }
    return false
  }

  /// A second line of nothing but dashes and plus signs.
  private static func isDrawing(_ text: Span<UInt8>) -> Bool {
    var at = 0
    while at < text.count, text[at] != 0x0a { at += 1 }
    at += 1
    var dashes = 0
    while at < text.count, text[at] != 0x0a, text[at] != 0x0d {
      guard text[at] == 0x2d || text[at] == 0x2b else { return false }
      dashes += 1
      at += 1
    }
    return dashes > 2
  }

  /// Looks at the structure without judging it: whatever is odd is left to the reader, which knows
  /// how to complain.
  private struct Peek {
    var at: Int

    mutating func byte(_ text: Span<UInt8>) -> UInt8? {
      at = JSONSlices.skipSpace(text, at)
      return at < text.count ? text[at] : nil
    }

    /// Goes into the container that starts here; its first byte.
    mutating func enter(_ text: Span<UInt8>) -> UInt8? {
      at += 1
      return byte(text)
    }

    /// Takes a member's name and the colon.
    mutating func name(_ text: Span<UInt8>) -> String? {
      guard byte(text) == 0x22, let end = endOfString(text) else { return nil }
      var name: [UInt8] = []
      name.append(copying: text.extracting((at + 1)..<(end - 1)))
      at = end
      guard byte(text) == 0x3a else { return nil }
      at += 1
      _ = byte(text)
      return String(decoding: name, as: UTF8.self)
    }

    /// Takes a scalar and the comma after it; false when there is none.
    mutating func skipScalar(_ text: Span<UInt8>) -> Bool {
      guard let first = byte(text), first != 0x7b, first != 0x5b else { return false }
      if first == 0x22 {
        guard let end = endOfString(text) else { return false }
        at = end
      } else {
        while at < text.count, text[at] != 0x2c, text[at] != 0x7d { at += 1 }
      }
      guard byte(text) == 0x2c else { return false }
      at += 1
      return true
    }

    /// Takes a value of any kind and the comma after it; false when there is none.
    mutating func skipValue(_ text: Span<UInt8>) -> Bool {
      guard let first = byte(text), first == 0x7b || first == 0x5b else { return skipScalar(text) }
      var depth = 0
      while at < text.count {
        switch text[at] {
        case 0x22:
          guard let end = endOfString(text) else { return false }
          at = end
          continue
        case 0x7b, 0x5b: depth += 1
        case 0x7d, 0x5d: depth -= 1
        default: break
        }
        at += 1
        if depth == 0 { break }
      }
      guard depth == 0, byte(text) == 0x2c else { return false }
      at += 1
      return true
    }

    private func endOfString(_ text: Span<UInt8>) -> Int? {
      var end = at + 1
      while end < text.count {
        if text[end] == 0x22 { return end + 1 }
        end += text[end] == 0x5c ? 2 : 1
      }
      return nil
    }
  }
}
