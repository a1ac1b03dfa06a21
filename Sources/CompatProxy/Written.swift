package import AgoraStore

/// An argument as it was written: a word of the command line, or a value of a JSON document.
package enum Written: Sendable, Equatable {
  case word(String)
  case value(JSON)

  /// The argument as JSON, where it is any: a word that is none gives nil.
  var json: JSON? {
    switch self {
    case .value(let json): json
    case .word(let word): try? JSON.parse(word)
    }
  }

  /// The argument as text, whatever its spelling: bare words as they are, words in quotes as the JSON
  /// string that they are or, where what is inside was not escaped, as what is inside.
  var text: String {
    switch self {
    case .value(.string(let text)): return text
    case .value(let json): return JSONWriter.compact(json)
    case .word(let word):
      guard word.utf8.count >= 2, word.utf8.first == 0x22, word.utf8.last == 0x22 else {
        return word
      }
      if case .string(let text)? = try? JSON.parse(word) { return text }
      return String(decoding: word.utf8.dropFirst().dropLast(), as: UTF8.self)
    }
  }

  /// The argument of an option, in all of SATS-JSON's spellings; nil for none.
  var unwrapped: Written? {
    if case .word(let word) = self {
      // Only what looks like an option is taken apart: a payload is JSON too.
      guard word == "null" || word.utf8.first == 0x7b || word.utf8.first == 0x5b,
        let json = try? JSON.parse(word)
      else { return self }
      guard let inside = Self.optionInside(json) else { return self }
      return inside.map { .value($0) }
    }
    guard case .value(let json) = self, let inside = Self.optionInside(json) else { return self }
    return inside.map { .value($0) }
  }

  /// What is inside an option: nil where the value is no option, `.some(nil)` for none.
  private static func optionInside(_ json: JSON) -> JSON?? {
    switch json {
    case .null: return .some(nil)
    case .object(let members) where members.count == 1:
      switch members[0].name {
      case "some", "0": return .some(members[0].value)
      case "none", "1": return isUnit(members[0].value) ? .some(nil) : nil
      default: return nil
      }
    case .array(let elements) where elements.count == 2:
      if elements[0] == .number("0") { return .some(elements[1]) }
      if elements[0] == .number("1"), isUnit(elements[1]) { return .some(nil) }
      return nil
    default: return nil
    }
  }

  private static func isUnit(_ json: JSON) -> Bool { json == .array([]) || json == .object([]) }

  /// The argument as a number, quoted or not.
  var number: Decimal? { Decimal(text) }

  /// The argument as a truth value, quoted or not.
  var bool: Bool? {
    switch text.lowercased() {
    case "true", "1", "yes": true
    case "false", "0", "no": false
    default: nil
    }
  }

  /// An instant in any of v4's spellings: microseconds, `[n]`,
  /// `{"__timestamp_micros_since_unix_epoch__":n}`, RFC 3339, ISO 8601 without a zone.
  var instant: Timestamp? {
    if case .object(let members)? = json, members.count == 1,
      members[0].name == "__timestamp_micros_since_unix_epoch__"
    {
      return Written.value(members[0].value).micros
    }
    if case .array(let elements)? = json, elements.count == 1 {
      return Written.value(elements[0]).micros
    }
    if let micros { return micros }
    var text = text
    return text.withUTF8 { Timestamp.read($0.span) }?.timestamp
  }

  private var micros: Timestamp? {
    guard let value = number?.integer, Timestamp.writable.contains(value) else { return nil }
    return Timestamp(microseconds: value)
  }

  /// The argument as a JSON value: what it is, or what the text in it is; other text as a string.
  var document: JSON {
    if case .value(let json) = self, case .string = json {
    } else if let json, json.text == nil {
      return json
    }
    let text = text
    return (try? JSON.parse(text)) ?? .string(text)
  }
}
