import AgoraStore

/// `/ws/echo`: gives each message back, for suites that test WebSockets.
struct EchoSurface: Surface {
  /// Bytes of the largest message that such suites send.
  static let messageBytes = 32 << 20

  private let access: Access
  /// Milliseconds that a client may take nothing before it is let go; a thread waits for it meanwhile.
  private let patience: Int

  init(_ access: Access, patience: Int = 10_000) {
    self.access = access
    self.patience = patience
  }

  func mount(on router: inout Router) {
    router.add(.get, "/ws/echo") { [access, patience] routed in
      _ = try access.caller(of: routed.request, routed.context, through: .http)
      let echo = WebSocketAcceptance { client, message in
        // An echo leaves nothing out: a client that does not read is not read either.
        var (waited, waiting) = (0, client.waitingBytes)
        while client.send(message) == .full {
          if client.waitingBytes < waiting { (waited, waiting) = (0, client.waitingBytes) }
          guard waited < patience else { return client.close(.tryLater, "nothing is read") }
          System.pause(milliseconds: 1)
          waited += 1
        }
      }
      return WebSocketHandshake.respond(to: routed.request, with: echo)
    }
  }
}
