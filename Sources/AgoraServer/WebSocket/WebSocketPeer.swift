/// The state of one client's WebSocket on the server's thread.
final class WebSocketPeer {
  /// What is to be done with what the client sent.
  enum Step {
    case nothing
    case send([UInt8])
    case deliver(WebSocketMessage)
    /// The bytes are the close frame that answers; then the connection ends.
    case end([UInt8])
  }

  let stream: ClientStream
  let client: WebSocketClient
  let acceptance: WebSocketAcceptance
  var reader: WebSocketReader
  /// Whether a close frame was sent.
  var isClosing = false
  private var lastHeard: Int64
  private var hasAsked = false
  private var closeSince: Int64?

  init(_ stream: ClientStream, _ acceptance: WebSocketAcceptance, limit: Int, now: Int64) {
    self.stream = stream
    self.acceptance = acceptance
    client = WebSocketClient(stream: stream)
    reader = WebSocketReader(limit: limit)
    lastHeard = now
  }

  func heard(_ now: Int64) {
    lastHeard = now
    hasAsked = false
  }

  func close(_ code: WebSocketCloseCode, _ reason: String) {
    stream.finish(with: WebSocketWriter.close(code, reason))
  }

  /// Notes since when the client's close frame is awaited.
  func awaitClose(_ now: Int64) { closeSince = closeSince ?? now }

  func deadline(_ timeouts: Timeouts) -> Int64 {
    if let closeSince { return closeSince + timeouts.linger }
    return lastHeard + (hasAsked ? 2 : 1) * timeouts.heartbeat
  }

  /// The ping to send; nil when the client is to be let go.
  func expire() -> [UInt8]? {
    guard closeSince == nil, !hasAsked else { return nil }
    hasAsked = true
    return WebSocketWriter.frame(opcode: 9, [])
  }

  func next() -> Step {
    do throws(WebSocketFault) {
      while let event = try reader.next() {
        switch event {
        case .message(let message): return .deliver(message)
        case .pong: continue
        // No frame may follow the close frame.
        case .ping where isClosing: continue
        case .ping(let payload): return .send(WebSocketWriter.frame(opcode: 10, payload))
        case .close(let code, _): return .end(WebSocketWriter.close(code))
        }
      }
      return .nothing
    } catch {
      return .end(WebSocketWriter.close(error.code, error.message))
    }
  }
}
