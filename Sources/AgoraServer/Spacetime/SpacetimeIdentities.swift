import AgoraStore
import CompatProxy

/// SpacetimeDB's routes about identities.
struct SpacetimeIdentities: Sendable {
  let signer: TokenSigner
  let clock: Clock

  /// Energy, of which calls of v5 take none.
  static let balance = JSON.object([.init("balance", .string("0"))])

  private var seconds: Int64 { clock.now().microseconds / 1_000_000 }

  /// A new identity and its token.
  func create() -> SpacetimeReply {
    let token = SpacetimeToken(
      subject: SpacetimeToken.randomSubject(), at: seconds, signer: signer)
    return .json(
      .object([
        .init("identity", .string(token.identity)), .init("token", .string(token.text)),
      ]))
  }

  /// A token of the same identity for the next minute.
  func shortToken(_ visitor: SpacetimeVisitor) throws(SpacetimeReply) -> SpacetimeReply {
    guard visitor.isGiven else { throw .text(401, "Authorization required") }
    let token = SpacetimeToken(
      issuer: visitor.token.issuer, subject: visitor.token.subject, at: seconds, lifetime: 60,
      signer: signer)
    return .json(.object([.init("token", .string(token.text))]))
  }

  /// The public key of the tokens that this process makes.
  func publicKey() -> SpacetimeReply {
    SpacetimeReply(
      response: .text(signer.key.pem, type: "application/pem-certificate-chain"))
  }

  /// Whether a token is an identity's.
  func verify(
    _ routed: RoutedRequest, _ visitor: SpacetimeVisitor
  ) throws(SpacetimeReply) -> SpacetimeReply {
    let identity = try Self.identity(routed)
    guard visitor.isGiven else { throw .text(401, "Authorization required") }
    return .text(identity == visitor.identity ? 204 : 400, "")
  }

  /// The databases of an identity: whoever asks is taken for their owner.
  func databases(_ routed: RoutedRequest) throws(SpacetimeReply) -> SpacetimeReply {
    _ = try Self.identity(routed)
    let all = LegacyDatabase.allCases.map { JSON.string(LegacyDatabase.identity(of: $0.rawValue)) }
    return .json(.object([.init("identities", .array(all))]))
  }

  /// The same before 1.0.
  func addresses(_ routed: RoutedRequest) throws(SpacetimeReply) -> SpacetimeReply {
    _ = try Self.identity(routed)
    let all = LegacyDatabase.allCases.map { JSON.string($0.address) }
    return .json(.object([.init("addresses", .array(all))]))
  }

  private static func identity(_ routed: RoutedRequest) throws(SpacetimeReply) -> String {
    let text = routed.places["identity"] ?? ""
    guard let digits = SpacetimeIdentity.plain(text) else {
      throw .text(400, "Invalid URL: Cannot parse `identity` with value `\(text.prefix(80))`")
    }
    return digits
  }
}
