import AgoraStore

/// A value on its way back to v4, before it is spelled.
enum V4Value {
  case null
  /// A name, an id, a word or a text.
  case text(String)
  case integer(Int64)
  /// A limit; nil for none, since none is something else than nothing.
  case limit(Int64?)
  case bool(Bool)
  /// A number as it was written, whole or not.
  case number(String)
  /// A priority: from 1 to 4, or what v4 has said beyond.
  case priority(Int64)
  /// Progress in whole percent.
  case percent(Int64)
  /// An instant in microseconds; nil for none, since a time is never made up.
  case time(Int64?)
  /// JSON, which v4 keeps as text; nil for none, which is something else than an empty object.
  case json(String?)
  case names([String])

  /// A text, or nothing.
  static func optional(_ text: String?) -> V4Value { text.map { .text($0) } ?? .null }

  /// Whether a row has the value in a column, however it is spelled there.
  func isSaid(by row: V4Row, in column: Int) -> Bool {
    guard let slice = row.value(column) else {
      switch self {
      case .null, .limit(nil), .time(nil), .json(nil): return true
      default: return false
      }
    }
    func isInteger(_ number: Int64) -> Bool { (try? row.integer(column)) == number }
    switch self {
    case .null, .limit(nil), .json(nil): return false
    case .text(let text), .number(let text):
      return slice.kind != .object && slice.kind != .array && row.plain(slice).exact == text.exact
    case .integer(let number), .limit(let number?), .priority(let number):
      return isInteger(number)
    case .bool(let isTrue): return (try? row.bool(column)) == isTrue
    case .percent(let percent): return (try? TaskMapping.share(row, column))?.percent == percent
    case .time(let instant):
      do { return try row.time(column)?.microseconds == instant } catch { return false }
    case .json(let text?):
      var bytes: [UInt8] = []
      row.appendJSON(slice, to: &bytes)
      guard let said = try? JSON.parse(bytes) else { return false }
      return said == (try? JSON.parse(text))
    case .names(let names):
      guard let said = try? row.names(column) else { return false }
      return said.map { $0?.exact } == names.map(\.exact)
    }
  }
}

/// How the values of a column are spelled in v4's rows, as far as its rows show.
struct V4Form {
  /// The option around a value (`docs/mapping.md`).
  enum Wrapping { case none, some, array, zero }

  private(set) var wrapping = Wrapping.none
  private(set) var kind: JSONSlice.Kind?
  /// A value as it stands in a row, without the option.
  private(set) var sample: [UInt8] = []
  /// Whether a row may have nothing in the column.
  var isOptional = false
  /// Texts that stand in the column, the newest first.
  private(set) var words: [String] = []
  /// Whether progress is written in percent.
  private var isPercentage = false

  /// What is known of a column of which there are no rows.
  static let unknown = V4Form()

  /// Takes in the value of one more row, older than those before.
  mutating func see(_ row: V4Row, _ column: Int) {
    let outer = row.values[column]
    let inner = row.value(column)
    if inner != outer, outer.kind != .null {
      let text = row.text
      let at = JSONSlices.skipSpace(text.span, outer.range.lowerBound + 1)
      wrapping =
        outer.kind == .array
        ? .array
        : text[at...].dropFirst().first.map { $0 == 0x73 || $0 == 0x6e } == true ? .some : .zero
    }
    guard let inner else {
      isOptional = true
      return
    }
    if kind == nil {
      kind = inner.kind
      sample = Array(row.text[inner.range])
    }
    guard inner.kind == .string || inner.kind == .number else { return }
    let word = row.plain(inner)
    if word.utf8.count <= 32 { words.append(word) }
    if Decimal(word)?.isAbove(1) == true { isPercentage = true }
  }

  /// The text of the sample, where it is one.
  private var sampleText: String? {
    guard kind == .string, sample.count >= 2 else { return nil }
    var bytes: [UInt8] = []
    JSONText.unescape(sample.span, 1..<(sample.count - 1), into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  // MARK: spelling

  /// Appends a value in the column's form.
  func append(_ value: V4Value, to bytes: inout [UInt8]) {
    guard let inner = spelled(value) else { return appendNothing(value, to: &bytes) }
    switch wrapping {
    case .none: bytes.append(contentsOf: inner)
    case .some, .zero:
      bytes.append(contentsOf: (wrapping == .some ? "{\"some\":" : "{\"0\":").utf8)
      bytes.append(contentsOf: inner)
      bytes.append(0x7d)
    case .array:
      bytes.append(contentsOf: "[0,".utf8)
      bytes.append(contentsOf: inner)
      bytes.append(0x5d)
    }
  }

  /// A column in which every row has something wants something of its kind.
  private func appendNothing(_ value: V4Value, to bytes: inout [UInt8]) {
    let text: String =
      switch wrapping {
      case .some: "{\"none\":[]}"
      case .zero: "{\"1\":[]}"
      case .array: "[1,[]]"
      case .none:
        switch value {
        case .time, .json, .limit: "null"
        case _ where isOptional: "null"
        default:
          switch kind {
          case .string:
            switch sampleText?.utf8.first {
            case 0x7b: "\"{}\""
            case 0x5b: "\"[]\""
            default: "\"\""
            }
          case .number: "0"
          case .bool: "false"
          default: "null"
          }
        }
      }
    bytes.append(contentsOf: text.utf8)
  }

  /// The value without an option; nil where there is none.
  private func spelled(_ value: V4Value) -> [UInt8]? {
    switch value {
    case .null, .time(nil), .json(nil), .limit(nil): nil
    case .text(let text):
      // An id that is a number in v4 is one again.
      kind == .number && Int64(text).map { "\($0)" } == text ? Array(text.utf8) : Self.quoted(text)
    case .integer(let number), .limit(let number?): whole(number)
    case .number(let text): kind == .string ? Self.quoted(text) : Array(text.utf8)
    case .bool(let isTrue): bool(isTrue)
    case .priority(let number): priority(number)
    case .percent(let percent): share(percent)
    case .time(let instant?): time(instant)
    case .json(let text?): json(text)
    case .names(let names):
      json(JSONWriter.compact(.array(names.map { .string($0) })))
    }
  }

  private static func quoted(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    JSONText.quote(text, into: &bytes)
    return bytes
  }

  private func whole(_ number: Int64) -> [UInt8] {
    kind == .string ? Self.quoted("\(number)") : Array("\(number)".utf8)
  }

  private func bool(_ isTrue: Bool) -> [UInt8] {
    switch kind {
    case .number: return Array((isTrue ? "1" : "0").utf8)
    case .string:
      let isDigit = sampleText == "1" || sampleText == "0"
      return Self.quoted(isDigit ? (isTrue ? "1" : "0") : (isTrue ? "true" : "false"))
    default: return Array((isTrue ? "true" : "false").utf8)
    }
  }

  private static let priorities = ["low", "normal", "high", "urgent", "emergency"]

  private func priority(_ number: Int64) -> [UInt8] {
    guard kind == .string else { return Array("\(number)".utf8) }
    if let text = sampleText, Int64(text) != nil { return Self.quoted("\(number)") }
    let index = Int(min(5, max(1, number)) - 1)
    return Self.quoted(Self.priorities[index])
  }

  private func share(_ percent: Int64) -> [UInt8] {
    // A percentage of 1 would be read as all of it.
    let text: String
    if isPercentage, percent != 1 {
      text = "\(percent)"
    } else if percent % 100 == 0 {
      text = "\(percent / 100)"
    } else {
      text =
        "0." + (percent < 10 ? "0" : "") + (percent % 10 == 0 ? "\(percent / 10)" : "\(percent)")
    }
    return kind == .string ? Self.quoted(text) : Array(text.utf8)
  }

  private func json(_ text: String) -> [UInt8] {
    let bytes = text.exact
    // Where v4's own are containers; what an option looks like would be read as one.
    if kind == .object || kind == .array, let first = bytes.first, first == 0x7b || first == 0x5b,
      !Self.looksLikeOption(bytes)
    {
      return bytes
    }
    return Self.quoted(text)
  }

  private static func looksLikeOption(_ bytes: [UInt8]) -> Bool {
    var parts = JSONSlices()
    parts.split(bytes.span, at: 0)
    if bytes.first == 0x5b { return parts.values.count == 2 && parts.values[0].range.count == 1 }
    guard parts.names.count == 1 else { return false }
    return ["some", "none", "0", "1"].contains(
      String(decoding: bytes[parts.names[0]], as: UTF8.self))
  }

  private func time(_ micros: Int64) -> [UInt8] {
    let named = "{\"__timestamp_micros_since_unix_epoch__\":\(micros)}"
    switch kind {
    case .number: return Array("\(micros)".utf8)
    case .array: return Array("[\(micros)]".utf8)
    case .string:
      guard let text = sampleText, !text.isEmpty, Int64(text) == nil else {
        return Self.quoted("\(micros)")
      }
      return Self.quoted(written(Timestamp(microseconds: micros), as: text))
    default: return Array(named.utf8)
    }
  }

  /// An instant as another one is written: with its zone or without, with `T` or a space.
  private func written(_ instant: Timestamp, as text: String) -> String {
    var bytes = Array(instant.description.utf8)
    let zone = Array(text.utf8.suffix(6))
    if zone.last != 0x5a, zone.last != 0x7a {
      bytes.removeLast()
      let hasOffset = zone.first == 0x2b || zone.first == 0x2d && text.utf8.count > 16
      if hasOffset, zone.count == 6, zone[3] == 0x3a { bytes.append(contentsOf: "+00:00".utf8) }
    }
    if text.utf8.dropFirst(10).first == 0x20, bytes.count > 10 { bytes[10] = 0x20 }
    return String(decoding: bytes, as: UTF8.self)
  }
}
