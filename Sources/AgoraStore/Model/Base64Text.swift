/// Base64 as tokens and headers have it (RFC 4648 §4 and §5).
package enum Base64Text {
  /// Bytes in the alphabet for URLs, without padding.
  package static func encodeURL(_ bytes: [UInt8]) -> String {
    var text = Array(Base64Encoder.text(of: bytes.span).utf8)
    while text.last == 0x3d { text.removeLast() }
    for index in text.indices {
      if text[index] == 0x2b { text[index] = 0x2d }
      if text[index] == 0x2f { text[index] = 0x5f }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of a text in either alphabet, padded or not; nil where it is none.
  package static func decode(_ text: some StringProtocol) -> [UInt8]? {
    var digits = Array(text.utf8)
    var padding = 0
    while digits.last == 0x3d, padding < 2 {
      digits.removeLast()
      padding += 1
    }
    guard digits.count % 4 != 1, padding == 0 || (digits.count + padding) % 4 == 0 else {
      return nil
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 4 * 3 + 2)
    var bits: UInt32 = 0
    var count: UInt32 = 0
    for digit in digits {
      guard let value = value(of: digit) else { return nil }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> count))
      }
    }
    return bytes
  }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case 0x41...0x5a: digit - 0x41
    case 0x61...0x7a: digit - 0x61 + 26
    case 0x30...0x39: digit - 0x30 + 52
    case 0x2b, 0x2d: 62
    case 0x2f, 0x5f: 63
    default: nil
    }
  }
}
