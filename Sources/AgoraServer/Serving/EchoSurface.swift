import AgoraStore

/// `/ws/echo`: gives each message back, for suites that test WebSockets.
struct EchoSurface: Surface {
  /// Bytes of the largest message that such suites send.
  static let messageBytes = 32 << 20

  func mount(on router: inout Router) {
    router.add(.get, "/ws/echo") { routed in
      let echo = WebSocketAcceptance { client, message in
        // An echo leaves nothing out: a client that does not read is not read either.
        while client.send(message) == .full { System.pause(milliseconds: 1) }
      }
      return WebSocketHandshake.respond(to: routed.request, with: echo)
    }
  }
}
