import AgoraStore

/// `/ws` and `/events`: the marketplace's events as they are committed.
struct EventSurface: Surface {
  private let hub: EventHub
  private let tools: ToolDoor
  private let access: Access
  private let hasStream: Bool

  /// Makes it of a hub.
  ///
  /// - Parameter hasStream: whether `/events` is there too.
  init(_ hub: EventHub, _ tools: ToolDoor, _ access: Access, hasStream: Bool = true) {
    self.hub = hub
    self.tools = tools
    self.access = access
    self.hasStream = hasStream
  }

  func mount(on router: inout Router) {
    router.add(.get, "/ws", bodyLimit: 0) { routed in
      let standing = try access.standing(of: routed.request, routed.context, through: .http)
      return WebSocketHandshake.respond(
        to: routed.request, with: EventSocket(hub, tools, as: standing).acceptance)
    }
    guard hasStream else { return }
    router.add(.get, "/events", bodyLimit: 0) { routed in
      let standing = try access.standing(of: routed.request, routed.context, through: .http)
      return try ServerSentEvents(hub, routed.request, as: standing).response
    }
  }
}
