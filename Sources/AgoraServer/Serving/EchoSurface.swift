import AgoraStore

/// `/ws/echo`: gives each message back, for suites that test WebSockets.
struct EchoSurface: Surface {
  /// Bytes of the largest message that such suites send.
  static let messageBytes = 32 << 20

  private let access: Access

  init(_ access: Access) { self.access = access }

  func mount(on router: inout Router) {
    router.add(.get, "/ws/echo") { [access] routed in
      _ = try access.caller(of: routed.request, routed.context, through: .http)
      // A client is read only as fast as it takes what is sent to it: there is always room for one.
      let echo = WebSocketAcceptance { client, message in client.send(message) }
      return WebSocketHandshake.respond(to: routed.request, with: echo)
    }
  }
}
