import AgoraStore

/// What a route does with a connection that has become a WebSocket.
public struct WebSocketAcceptance: Sendable {
  let opened: @Sendable (WebSocketClient) -> Void
  let received: @Sendable (WebSocketClient, WebSocketMessage) -> Void

  /// Makes it of two closures, which run on a worker's thread, one at a time for each client.
  ///
  /// - Parameters:
  ///   - opened: called once; whoever keeps the client can send to it from then on.
  ///   - received: called for each message in its order; no more is read from the client meanwhile.
  public init(
    opened: @escaping @Sendable (WebSocketClient) -> Void = { _ in },
    received: @escaping @Sendable (WebSocketClient, WebSocketMessage) -> Void
  ) {
    self.opened = opened
    self.received = received
  }
}

/// The way to a client of a WebSocket: sends from any thread and never waits.
public final class WebSocketClient: Sendable {
  let stream: ClientStream

  init(stream: ClientStream) { self.stream = stream }

  /// Sends a message, whole or not at all.
  @discardableResult
  public func send(_ message: WebSocketMessage) -> ClientStream.Delivery {
    stream.send(WebSocketWriter.frame(message))
  }

  /// Closes behind what was sent (RFC 6455 §7.1.2).
  public func close(_ code: WebSocketCloseCode = .normal, _ reason: String = "") {
    stream.finish(with: WebSocketWriter.close(code, reason))
  }

  /// Calls `body` once when the client is gone; it must not wait for anything.
  public func whenClosed(_ body: @escaping @Sendable () -> Void) { stream.whenClosed(body) }

  /// Bytes that the client has not taken.
  public var waitingBytes: Int { stream.waitingBytes }
}

/// The opening handshake (RFC 6455 §4.2).
public enum WebSocketHandshake {
  /// The answer to a request that may ask for a WebSocket: 101, or what is missing.
  public static func respond(
    to request: HTTPRequest, with acceptance: WebSocketAcceptance
  ) -> HTTPResponse {
    do throws(Problem) {
      return HTTPResponse(
        101,
        [
          ("Upgrade", "websocket"),
          ("Sec-WebSocket-Accept", WebSocketKey.proof(of: try key(of: request))),
        ], body: .webSocket(acceptance))
    } catch { return error.response }
  }

  /// The key of a request that asks for a WebSocket as it has to.
  ///
  /// - Throws: ``Problem`` 400 or 426.
  static func key(of request: HTTPRequest) throws(Problem) -> String {
    let headers = request.headers
    var upgrade = Problem(426, "upgrade_required", "this is a WebSocket; ask for an upgrade")
    upgrade.headers.append("Upgrade", "websocket")
    guard headers.lists("Upgrade", "websocket"), headers.lists("Connection", "upgrade") else {
      throw upgrade
    }
    guard request.method == .get, request.minorVersion >= 1, request.body.isEmpty else {
      throw Problem.malformed("a WebSocket begins with GET of HTTP/1.1 without a body")
    }
    guard headers.all("Sec-WebSocket-Version") == ["13"] else {
      upgrade.detail = "the WebSocket's version has to be 13"
      upgrade.headers.append("Sec-WebSocket-Version", "13")
      throw upgrade
    }
    let keys = headers.all("Sec-WebSocket-Key")
    guard let key = keys.first, keys.count == 1, isKey(key) else {
      throw Problem.malformed("Sec-WebSocket-Key has to be 16 bytes in Base64")
    }
    return key
  }

  /// 16 bytes in Base64: 22 digits and two signs of padding.
  private static func isKey(_ key: String) -> Bool {
    let digits = key.utf8.prefix(22)
    return key.utf8.count == 24 && key.hasSuffix("==")
      && digits.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2b, 0x2f: true
        default: false
        }
      }
  }
}
