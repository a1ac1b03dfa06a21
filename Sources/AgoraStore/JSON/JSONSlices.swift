/// A JSON value's place in a text.
package struct JSONSlice: Sendable, Equatable {
  /// What kind of value it is, known by its first byte.
  package enum Kind: Sendable { case string, number, bool, null, object, array }

  package let kind: Kind
  /// The whole value, a string with its quotes.
  package let range: Range<Int>

  package init(kind: Kind, range: Range<Int>) {
    self.kind = kind
    self.range = range
  }

  /// A string without its quotes.
  package var inside: Range<Int> {
    kind == .string ? (range.lowerBound + 1)..<(range.upperBound - 1) : range
  }
}

/// The members of an object or the elements of an array as slices of a text that was validated before.
package struct JSONSlices: Sendable {
  /// The members' names without quotes, empty for an array.
  package private(set) var names: [Range<Int>] = []
  /// The members' values or the elements.
  package private(set) var values: [JSONSlice] = []

  package init() {}

  /// Forgets what was split.
  package mutating func removeAll() {
    names.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
  }

  /// Splits the object or array that starts at `start`.
  package mutating func split(_ text: Span<UInt8>, at start: Int) {
    removeAll()
    let isObject = text[start] == 0x7b
    var at = Self.skipSpace(text, start + 1)
    while at < text.count, text[at] != 0x7d, text[at] != 0x5d {
      if isObject {
        let end = Self.endOfString(text, at)
        names.append((at + 1)..<(end - 1))
        at = Self.skipSpace(text, end)
        at = Self.skipSpace(text, at + 1)
      }
      let slice = Self.value(text, at)
      values.append(slice)
      at = Self.skipSpace(text, slice.range.upperBound)
      if at < text.count, text[at] == 0x2c { at = Self.skipSpace(text, at + 1) }
    }
  }

  /// The value that starts at `at`, in a text that was validated before.
  package static func value(_ text: Span<UInt8>, _ at: Int) -> JSONSlice {
    switch text[at] {
    case 0x22: JSONSlice(kind: .string, range: at..<endOfString(text, at))
    case 0x7b: JSONSlice(kind: .object, range: at..<endOfContainer(text, at))
    case 0x5b: JSONSlice(kind: .array, range: at..<endOfContainer(text, at))
    case 0x74, 0x66: JSONSlice(kind: .bool, range: at..<endOfWord(text, at))
    case 0x6e: JSONSlice(kind: .null, range: at..<endOfWord(text, at))
    default: JSONSlice(kind: .number, range: at..<endOfWord(text, at))
    }
  }

  @inline(__always)
  package static func skipSpace(_ text: Span<UInt8>, _ start: Int) -> Int {
    var at = start
    while at < text.count, JSONValidator.isSpace(text[at]) { at &+= 1 }
    return at
  }

  @inline(__always)
  private static func endOfString(_ text: Span<UInt8>, _ start: Int) -> Int {
    var at = start + 1
    while true {
      at = JSONValidator.endOfPlainText(text, from: at)
      guard at < text.count else { return text.count }
      if text[at] == 0x22 { return at + 1 }
      at += text[at] == 0x5c ? 2 : 1
    }
  }

  private static func endOfWord(_ text: Span<UInt8>, _ start: Int) -> Int {
    var at = start
    while at < text.count {
      let byte = text[at]
      if byte == 0x2c || byte == 0x7d || byte == 0x5d || JSONValidator.isSpace(byte) { break }
      at &+= 1
    }
    return at
  }

  private static func endOfContainer(_ text: Span<UInt8>, _ start: Int) -> Int {
    var depth = 0
    var at = start
    while at < text.count {
      switch text[at] {
      case 0x22:
        at = endOfString(text, at)
        continue
      case 0x7b, 0x5b: depth += 1
      case 0x7d, 0x5d:
        depth -= 1
        if depth == 0 { return at + 1 }
      default: break
      }
      at &+= 1
    }
    return at
  }
}
