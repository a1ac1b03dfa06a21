import AgoraStore

/// A token as its holder has it: `agora_`, the token's id, and 256 random bits.
///
/// The id finds the row and is no secret; only a hash of the whole is stored.
struct TokenSecret: Sendable {
  static let prefix = "agora_"

  /// The token's id, `tok_` and 16 hex digits.
  let id: String
  /// The text that stands behind `Bearer`.
  let text: String

  /// Makes a new one of the system's randomness, which is fit for secrets.
  static func random() -> TokenSecret {
    var generator = SystemRandomNumberGenerator()
    var bytes: [UInt8] = []
    for _ in 0..<5 {
      let word: UInt64 = generator.next()
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(hex: UInt8(truncatingIfNeeded: word >> UInt64(shift)))
      }
    }
    let digits = String(decoding: bytes, as: UTF8.self)
    return TokenSecret(id: "tok_\(digits.prefix(16))", secret: String(digits.dropFirst(16)))
  }

  private init(id: String, secret: String) {
    self.id = id
    text = Self.prefix + id.dropFirst(4) + "_" + secret
  }

  /// Reads what a client sent; nil when it has not the form of one.
  init?(_ text: String) {
    guard text.hasPrefix(Self.prefix) else { return nil }
    let parts = text.dropFirst(Self.prefix.count).split(
      separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count == 16, parts[1].utf8.count == 64,
      parts.allSatisfy({ $0.utf8.allSatisfy { PercentCoding.hexValue($0) != nil } })
    else { return nil }
    self.init(id: "tok_\(parts[0])", secret: String(parts[1]))
  }

  /// The id of the token that an operator names, who may have taken the whole token for it.
  ///
  /// - Returns: the text itself where it is no token's, and never anything that can be a token's secret.
  static func id(named text: String) -> String {
    guard text.hasPrefix(prefix) else { return text }
    let digits = text.dropFirst(prefix.count).prefix { $0 != "_" }
    // What is cut off or pasted wrongly has its secret in a place that nobody knows.
    guard digits.utf8.count == 16, digits.utf8.allSatisfy({ PercentCoding.hexValue($0) != nil })
    else { return prefix + "…" }
    return "tok_\(digits)"
  }

  /// What is stored of it.
  var hash: String {
    var digits: [UInt8] = []
    for byte in SHA256.digest(Array(text.utf8)) { digits.append(hex: byte) }
    return String(decoding: digits, as: UTF8.self)
  }

  /// Whether it is the one of a stored hash, in a time that does not tell how much of it fits.
  func matches(_ stored: String) -> Bool {
    let (mine, theirs) = (Array(hash.utf8), Array(stored.utf8))
    guard mine.count == theirs.count else { return false }
    var difference: UInt8 = 0
    for (one, other) in zip(mine, theirs) { difference |= one ^ other }
    return difference == 0
  }
}
