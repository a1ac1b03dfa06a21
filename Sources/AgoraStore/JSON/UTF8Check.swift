/// Whether bytes are UTF-8 (RFC 3629 §4: no overlong forms, no surrogates, nothing above U+10FFFF).
package enum UTF8Check {
  /// The offset of the first byte that cannot stand where it is; nil when all is well.
  package static func firstFault(_ bytes: Span<UInt8>) -> Int? {
    let raw = bytes.bytes
    let count = bytes.count
    var at = 0
    while at < count {
      if at &+ 8 <= count,
        raw.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
      {
        at &+= 8
        continue
      }
      let lead = bytes[at]
      if lead < 0x80 {
        at &+= 1
        continue
      }
      let length: Int
      var second: ClosedRange<UInt8> = 0x80...0xbf
      switch lead {
      case 0xc2...0xdf: length = 2
      case 0xe0: (length, second) = (3, 0xa0...0xbf)
      case 0xed: (length, second) = (3, 0x80...0x9f)
      case 0xe1...0xef: length = 3
      case 0xf0: (length, second) = (4, 0x90...0xbf)
      case 0xf4: (length, second) = (4, 0x80...0x8f)
      case 0xf1...0xf3: length = 4
      default: return at
      }
      guard at + length <= count, second.contains(bytes[at + 1]) else { return at }
      for index in (at + 2)..<max(at + 2, at + length) where bytes[index] & 0xc0 != 0x80 {
        return at
      }
      at &+= length
    }
    return nil
  }
}
