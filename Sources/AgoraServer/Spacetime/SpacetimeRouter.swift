import AgoraStore

/// Enters SpacetimeDB's routes: whoever asks is looked at first, and each answer has the headers that
/// every answer of SpacetimeDB's has.
struct SpacetimeRouter {
  /// What answers a route.
  typealias Handler =
    @Sendable (RoutedRequest, SpacetimeVisitor) throws(SpacetimeReply) -> SpacetimeReply

  /// The most that a call's arguments or a query may have, as in SpacetimeDB.
  static let bodyLimit = 2 << 20

  let access: Access
  let signer: TokenSigner
  let clock: Clock
  /// The token of whoever is refused before it is known who it is.
  private let nobody: SpacetimeToken

  init(access: Access, signer: TokenSigner, clock: Clock) {
    self.access = access
    self.signer = signer
    self.clock = clock
    nobody = SpacetimeToken(
      subject: SpacetimeToken.randomSubject(), at: clock.now().microseconds / 1_000_000,
      signer: signer)
  }

  /// Adds a route; methods that it does not have are answered with 405 without a body.
  ///
  /// - Parameters:
  ///   - pattern: the path.
  ///   - showsIdentity: whether each answer says who the caller is.
  func add(
    _ pattern: String, to router: inout Router, showsIdentity: Bool = false,
    _ handlers: [HTTPMethod: Handler]
  ) {
    let names = handlers.keys.map(\.rawValue).sorted()
    let allowed = names.joined(separator: ", ")
    for method in HTTPMethod.allCases where method != .head && method != .options {
      let handler = handlers[method]
      var tooLarge = SpacetimeReply.text(
        413, "Failed to buffer the request body: length limit exceeded"
      ).response
      if showsIdentity { show(nobody, in: &tooLarge) }
      tooLarge.headers.append("Access-Control-Allow-Origin", "*")
      router.add(method, pattern, bodyLimit: Self.bodyLimit, tooLarge: tooLarge) { [self] routed in
        try answer(routed, showsIdentity) { visitor throws(SpacetimeReply) in
          guard let handler else { throw .text(405, "", [("Allow", allowed)]) }
          return try handler(routed, visitor)
        }
      }
    }
    router.add(.options, pattern) { [access] routed in
      try access.checkPlace(routed.request)
      return HTTPResponse(
        200,
        [
          ("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "*"),
          ("Access-Control-Allow-Headers", "*"), ("Allow", allowed),
        ])
    }
  }

  /// Says who the caller is.
  private func show(_ token: SpacetimeToken, in response: inout HTTPResponse) {
    response.headers.append("spacetime-identity", token.identity)
    response.headers.append("spacetime-identity-token", token.text)
  }

  private func answer(
    _ routed: RoutedRequest, _ showsIdentity: Bool,
    _ body: (SpacetimeVisitor) throws(SpacetimeReply) -> SpacetimeReply
  ) throws -> HTTPResponse {
    let standing: Standing
    do throws(Problem) {
      standing = try access.legacyStanding(of: routed.request, routed.context)
    } catch {
      var refusal = SpacetimeReply(error).response
      if showsIdentity { show(nobody, in: &refusal) }
      return refusal
    }
    var response: HTTPResponse
    do throws(SpacetimeReply) {
      let visitor = try SpacetimeVisitor(
        routed.request, as: standing, signer: signer, now: clock.now())
      do throws(SpacetimeReply) { response = try body(visitor).response } catch {
        response = error.response
      }
      if showsIdentity { show(visitor.token, in: &response) }
    } catch { response = error.response }
    // Pages of strangers have been refused before; this is for those of this machine.
    response.headers.append("Access-Control-Allow-Origin", "*")
    return response
  }
}
