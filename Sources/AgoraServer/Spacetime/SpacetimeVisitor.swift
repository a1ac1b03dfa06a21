import AgoraStore

/// Who asks one of SpacetimeDB's routes: what its token says, and what the server knows of it.
struct SpacetimeVisitor: Sendable {
  /// The token, the caller's own or one that was made for this request.
  let token: SpacetimeToken
  /// Whether the caller brought it.
  let isGiven: Bool
  /// Who the server takes the caller for, and whether that still holds later.
  let standing: Standing

  /// Who the server takes the caller for.
  var caller: Caller { standing.caller }
  var identity: String { token.identity }

  /// Reads who asks, as SpacetimeDB 1.1.2 does, and 0.6 to 0.8 did.
  ///
  /// - Throws: ``SpacetimeReply`` 400 or 401 in SpacetimeDB's words.
  init(
    _ request: HTTPRequest, as standing: Standing, signer: TokenSigner, now: Timestamp
  ) throws(SpacetimeReply) {
    self.standing = standing
    let caller = standing.caller
    if let text = try Self.credentials(of: request) {
      // This server's own tokens name an agent.
      if TokenSecret(text) != nil, caller.isBound, let agent = caller.agent {
        token = SpacetimeToken(
          issuer: "agora", subject: agent.description, at: now.microseconds / 1_000_000,
          signer: signer)
      } else if let read = SpacetimeToken(reading: text) {
        token = read
      } else {
        throw .text(401, "TokenError(Error(InvalidToken))")
      }
      isGiven = true
    } else {
      token = SpacetimeToken(
        subject: SpacetimeToken.randomSubject(), at: now.microseconds / 1_000_000, signer: signer)
      isGiven = false
    }
  }

  /// The token in the header or the query; nil where there is none.
  private static func credentials(of request: HTTPRequest) throws(SpacetimeReply) -> String? {
    let malformed = SpacetimeReply.text(400, "Authorization is invalid: malformed token")
    let fields = request.headers.all("Authorization")
    if let field = fields.first {
      let parts = field.split(separator: " ", maxSplits: 1)
      guard fields.count == 1, parts.count == 2 else { throw malformed }
      let text = String(parts[1])
      switch parts[0].lowercased() {
      case "bearer": return text
      case "basic":
        guard let inside = unwrapped(text) else { throw malformed }
        return inside
      default: throw malformed
      }
    }
    guard let text = request.target.parameters.first(where: { $0.name == "token" })?.value else {
      return nil
    }
    // 0.6 to 0.8 wrapped it there too.
    return unwrapped(text) ?? text
  }

  /// What is in `base64("token:…")`; nil where it is no such thing.
  private static func unwrapped(_ text: String) -> String? {
    guard let bytes = Base64Text.decode(text),
      let inside = String(validating: bytes, as: UTF8.self), inside.hasPrefix("token:")
    else { return nil }
    return String(inside.dropFirst(6))
  }
}
