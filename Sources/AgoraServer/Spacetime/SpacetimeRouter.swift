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
      router.add(method, pattern, bodyLimit: Self.bodyLimit) { [self] routed in
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

  private func answer(
    _ routed: RoutedRequest, _ showsIdentity: Bool,
    _ body: (SpacetimeVisitor) throws(SpacetimeReply) -> SpacetimeReply
  ) throws -> HTTPResponse {
    let standing = try access.legacyStanding(of: routed.request, routed.context)
    var response: HTTPResponse
    do throws(SpacetimeReply) {
      let visitor = try SpacetimeVisitor(
        routed.request, as: standing, signer: signer, now: clock.now())
      do throws(SpacetimeReply) { response = try body(visitor).response } catch {
        response = error.response
      }
      if showsIdentity {
        response.headers.append("spacetime-identity", visitor.identity)
        response.headers.append("spacetime-identity-token", visitor.token.text)
      }
    } catch { response = error.response }
    // Pages of strangers have been refused before; this is for those of this machine.
    response.headers.append("Access-Control-Allow-Origin", "*")
    return response
  }
}
