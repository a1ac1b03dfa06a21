import AgoraStore

/// `/ws` and `/events`: the marketplace's events as they are committed.
struct EventSurface: Surface {
  private let hub: EventHub
  private let access: Access
  private let hasStream: Bool

  /// Makes it of a hub.
  ///
  /// - Parameter hasStream: whether `/events` is there too.
  init(_ hub: EventHub, _ access: Access, hasStream: Bool = true) {
    self.hub = hub
    self.access = access
    self.hasStream = hasStream
  }

  func mount(on router: inout Router) {
    router.add(.get, "/ws", bodyLimit: 0) { routed in
      let (caller, objection) = try identify(routed)
      return WebSocketHandshake.respond(
        to: routed.request, with: EventSocket(hub, as: caller, objection: objection).acceptance)
    }
    guard hasStream else { return }
    router.add(.get, "/events", bodyLimit: 0) { routed in
      let (caller, objection) = try identify(routed)
      return try ServerSentEvents(hub, routed.request, as: caller) {
        objection()?.endsStreams != true
      }.response
    }
  }

  /// Who asks, and what speaks against it later: a stream may outlive its token.
  private func identify(
    _ routed: RoutedRequest
  ) throws(Problem) -> (Caller, objection: @Sendable () -> Problem?) {
    let (request, context) = (routed.request, routed.context)
    let caller = try access.caller(of: request, context, through: .http)
    return (
      caller,
      { [access] in
        do throws(Problem) {
          _ = try access.caller(of: request, context, through: .http)
          return nil
        } catch { return error }
      }
    )
  }
}

extension Problem {
  /// Whether a stream has to end with it: its token is gone, where a full rate passes.
  var endsStreams: Bool { status.code == 401 || status.code == 403 }
}
