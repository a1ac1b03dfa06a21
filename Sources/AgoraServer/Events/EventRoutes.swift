public import AgoraStore

/// `/ws` and `/events`: the marketplace's events as they are committed.
public struct EventRoutes: Sendable {
  /// Says who makes a request.
  ///
  /// It throws a ``Problem`` or a ``ToolFailure`` for who may not.
  public typealias Identify = @Sendable (HTTPRequest, RequestContext) throws -> Caller

  private let hub: EventHub
  private let identify: Identify

  /// Makes the routes of a hub.
  public init(_ hub: EventHub, identify: @escaping Identify) {
    self.hub = hub
    self.identify = identify
  }

  /// Adds all of them.
  public func mount(on router: inout Router) {
    mountSocket(on: &router)
    router.add(.get, "/events", bodyLimit: 0) { [hub, identify] routed in
      let caller = try identify(routed.request, routed.context)
      return try ServerSentEvents(hub, routed.request, as: caller).response
    }
  }

  /// Adds `/ws` alone, for a port that has nothing else.
  public func mountSocket(on router: inout Router) {
    router.add(.get, "/ws", bodyLimit: 0) { [hub, identify] routed in
      let caller = try identify(routed.request, routed.context)
      return WebSocketHandshake.respond(
        to: routed.request, with: EventSocket(hub, as: caller).acceptance)
    }
  }
}
