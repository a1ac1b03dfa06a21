import AgoraStore

/// Percent-encoded text of a URI (RFC 3986 §2.1).
public enum PercentCoding {
  /// The text of percent-encoded bytes.
  ///
  /// - Parameter plusIsSpace: whether `+` stands for a blank, as forms write it.
  /// - Returns: nil where `%` has no two hex digits behind it, and for what is no UTF-8 or has a NUL.
  public static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      switch byte {
      case 0x25:
        guard let high = rest.popFirst().flatMap(hexValue),
          let low = rest.popFirst().flatMap(hexValue), high | low != 0
        else { return nil }
        bytes.append(high << 4 | low)
      case 0x2b where plusIsSpace: bytes.append(0x20)
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// The parameters of a query in their order: `a=1&b=2`; one without `=` has an empty value.
  ///
  /// - Returns: nil where a name or a value is not well encoded.
  public static func query(_ text: some StringProtocol) -> [(name: String, value: String)]? {
    var parameters: [(name: String, value: String)] = []
    for part in text.split(separator: "&") {
      let pieces = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = decode(pieces[0], plusIsSpace: true),
        let value = pieces.count > 1 ? decode(pieces[1], plusIsSpace: true) : ""
      else { return nil }
      parameters.append((name, value))
    }
    return parameters
  }

  /// Text with every byte encoded that is not unreserved (RFC 3986 §2.3).
  public static func encode(_ text: String) -> String { PercentEncoding.encode(text) }

  static func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x41...0x46: digit - 0x37
    case 0x61...0x66: digit - 0x57
    default: nil
    }
  }
}
