/// Text for a part of a URI's path or query (RFC 3986 §2.1).
package enum PercentEncoding {
  /// The text with every byte encoded that is not unreserved (§2.3).
  package static func encode(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if isUnreserved(byte) {
        bytes.append(byte)
      } else {
        bytes.append(0x25)
        bytes.append(upperHex(byte >> 4))
        bytes.append(upperHex(byte & 15))
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func upperHex(_ digit: UInt8) -> UInt8 { digit < 10 ? 0x30 + digit : 0x37 + digit }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: true
    default: false
    }
  }
}
