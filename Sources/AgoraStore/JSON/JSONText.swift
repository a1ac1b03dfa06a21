/// Strings between JSON's spelling and plain UTF-8.
package enum JSONText {
  /// Appends the text that a JSON string's inside spells (without its quotes, grammar checked before).
  ///
  /// - Parameter asName: whether an unpaired surrogate stays as its escape, so that names which differ in
  ///   one are two names.
  /// - Returns: true when an unpaired surrogate escape was written as U+FFFD, since UTF-8 has no form
  ///   for it.
  @discardableResult
  package static func unescape(
    _ text: Span<UInt8>, _ range: Range<Int>, into target: inout [UInt8], asName: Bool = false
  ) -> Bool {
    var at = range.lowerBound
    var hadLoneSurrogate = false
    while at < range.upperBound {
      var end = at
      while true {
        end = min(JSONValidator.endOfPlainText(text, from: end), range.upperBound)
        guard end < range.upperBound, text[end] != 0x5c else { break }
        end += 1
      }
      if end > at { target.append(copying: text.extracting(at..<end)) }
      at = end
      guard at + 1 < range.upperBound else { break }
      let escape = text[at + 1]
      at += 2
      switch escape {
      case 0x62: target.append(0x08)
      case 0x66: target.append(0x0c)
      case 0x6e: target.append(0x0a)
      case 0x72: target.append(0x0d)
      case 0x74: target.append(0x09)
      case 0x75:
        let first = codeUnit(text, at)
        at += 4
        if first & 0xf800 != 0xd800 {
          append(Unicode.Scalar(first), to: &target)
        } else if first < 0xdc00, at + 6 <= range.upperBound, text[at] == 0x5c,
          text[at + 1] == 0x75, codeUnit(text, at + 2) & 0xfc00 == 0xdc00
        {
          let second = codeUnit(text, at + 2)
          at += 6
          let scalar = 0x10000 + (first & 0x3ff) << 10 + second & 0x3ff
          append(Unicode.Scalar(scalar), to: &target)
        } else {
          hadLoneSurrogate = true
          if asName {
            target.append(contentsOf: "\\u\(String(first, radix: 16))".utf8)
          } else {
            append(nil, to: &target)
          }
        }
      default: target.append(escape)
      }
    }
    return hadLoneSurrogate
  }

  /// The value of four hex digits.
  static func codeUnit(_ text: Span<UInt8>, _ at: Int) -> UInt32 {
    var value: UInt32 = 0
    for index in at..<(at + 4) {
      let byte = text[index]
      let digit = byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  private static func append(_ scalar: Unicode.Scalar?, to target: inout [UInt8]) {
    target.append(contentsOf: UTF8.encode(scalar ?? "\u{fffd}") ?? UTF8.encodedReplacementCharacter)
  }

  /// Appends a text as a JSON string with its quotes: what must be escaped is, and nothing else.
  ///
  /// - Parameter withQuotes: false for a piece of a longer string.
  package static func quote(
    _ text: Span<UInt8>, into target: inout [UInt8], withQuotes: Bool = true
  ) {
    if withQuotes { target.append(0x22) }
    var at = 0
    while at < text.count {
      let end = JSONValidator.endOfPlainText(text, from: at)
      if end > at { target.append(copying: text.extracting(at..<end)) }
      at = end
      guard at < text.count else { break }
      escape(text[at], into: &target)
      at += 1
    }
    if withQuotes { target.append(0x22) }
  }

  /// Appends a string as a JSON string with its quotes.
  package static func quote(_ text: String, into target: inout [UInt8]) {
    var copy = text
    copy.withUTF8 { quote($0.span, into: &target) }
  }

  static func escape(_ byte: UInt8, into target: inout [UInt8]) {
    target.append(0x5c)
    switch byte {
    case 0x22, 0x5c: target.append(byte)
    case 0x08: target.append(0x62)
    case 0x0c: target.append(0x66)
    case 0x0a: target.append(0x6e)
    case 0x0d: target.append(0x72)
    case 0x09: target.append(0x74)
    default:
      target.append(contentsOf: [0x75, 0x30, 0x30])
      target.append(hex: byte)
    }
  }
}
