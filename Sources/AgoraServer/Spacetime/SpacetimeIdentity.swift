import AgoraStore

/// An identity of SpacetimeDB: `c200`, a checksum, and a hash of who issued it and to whom.
enum SpacetimeIdentity {
  /// The 64 hex digits of an issuer's subject; nil where the two together are too long.
  static func digits(issuer: String, subject: String) -> String? {
    let prefix: [UInt8] = [0xc2, 0x00]
    guard let hash = BLAKE3.digest(Array("\(issuer)|\(subject)".utf8))?.prefix(26),
      let checksum = BLAKE3.digest(prefix + hash)?.prefix(4)
    else { return nil }
    var text: [UInt8] = []
    for byte in prefix + checksum + hash { text.append(hex: byte) }
    return String(decoding: text, as: UTF8.self)
  }

  /// Whether a text is an identity: 64 hex digits, with or without `0x`.
  static func isIdentity(_ text: String) -> Bool { plain(text) != nil }

  /// The digits in lower case, without `0x`; nil where it is no identity.
  static func plain(_ text: String) -> String? {
    let digits = text.hasPrefix("0x") ? text.dropFirst(2) : text[...]
    guard digits.utf8.count == 64, digits.utf8.allSatisfy({ PercentCoding.hexValue($0) != nil })
    else { return nil }
    return digits.lowercased()
  }
}

/// A token of SpacetimeDB: a JSON Web Token that says who its holder is (RFC 7519).
///
/// It opens nothing here: the doors of v4 are open on this machine, and beyond it the server's own tokens
/// count. So tokens of the old deployment, whose keys nobody has any more, are taken for what they say.
struct SpacetimeToken: Sendable, Equatable {
  /// The token as it is sent.
  let text: String
  /// The holder, 64 hex digits.
  let identity: String
  let issuer: String
  let subject: String

  /// Reads a token.
  ///
  /// - Returns: nil where it is no JSON Web Token, or does not say whose it is.
  init?(reading text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[2].isEmpty, let head = Base64Text.decode(parts[0]),
      (try? JSON.parse(head))?["alg"]?.text != nil, Base64Text.decode(parts[2]) != nil,
      let body = Base64Text.decode(parts[1]), let claims = try? JSON.parse(body)
    else { return nil }
    issuer = claims["iss"]?.text ?? ""
    subject = claims["sub"]?.text ?? ""
    self.text = text
    if claims["iss"]?.text != nil, claims["sub"]?.text != nil {
      guard let digits = SpacetimeIdentity.digits(issuer: issuer, subject: subject) else {
        return nil
      }
      identity = digits
    } else {
      // Before 1.0 a token said the identity only.
      guard let digits = claims["hex_identity"]?.text.flatMap(SpacetimeIdentity.plain) else {
        return nil
      }
      identity = digits
    }
  }

  /// Makes a token.
  ///
  /// - Parameters:
  ///   - seconds: when it is made, since 1970.
  ///   - lifetime: in seconds; nil for one that never ends.
  init(
    issuer: String = "localhost", subject: String, at seconds: Int64, lifetime: Int64? = nil,
    signer: TokenSigner
  ) {
    self.issuer = issuer
    self.subject = subject
    identity = SpacetimeIdentity.digits(issuer: issuer, subject: subject) ?? ""
    let claims = JSON.object([
      .init("hex_identity", .string(identity)), .init("sub", .string(subject)),
      .init("iss", .string(issuer)), .init("aud", .array([.string("spacetimedb")])),
      .init("iat", .number("\(seconds)")),
      .init("exp", lifetime.map { .number("\(seconds + $0)") } ?? .null),
    ])
    text = signer.token(claims)
  }

  /// A subject that nobody has had: a random UUID (RFC 9562 §5.4).
  static func randomSubject() -> String {
    let high = UInt64.random(in: 0...UInt64.max) & 0xffff_ffff_ffff_0fff | 0x4000
    let low = UInt64.random(in: 0...UInt64.max) & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
    func hex(_ word: UInt64) -> String {
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }
    let digits = Array((hex(high) + hex(low)).utf8)
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map {
      String(decoding: digits[$0], as: UTF8.self)
    }.joined(separator: "-")
  }
}

/// Signs the tokens that this process makes, with a key that it draws (RFC 7515, ES256).
struct TokenSigner: Sendable {
  /// The key.
  let key = SigningKey.random()

  private static let header = Base64Text.encodeURL(Array(#"{"typ":"JWT","alg":"ES256"}"#.utf8))

  /// The token of some claims.
  func token(_ claims: JSON) -> String {
    let content =
      Self.header + "." + Base64Text.encodeURL(Array(JSONWriter.compact(claims).utf8))
    return content + "." + Base64Text.encodeURL(key.signature(of: Array(content.utf8)))
  }
}
