import Synchronization

/// What waits for one client of a WebSocket beyond what its stream takes: whole frames, in their order.
final class SpacetimeOutbox: Sendable {
  /// The most bytes that wait, as much as one message of SpacetimeDB's has at most.
  static let limit = 32 << 20

  private struct State {
    var client: WebSocketClient?
    var waiting: [String] = []
    var bytes = 0
    var isClosed = false
  }

  private let state = Mutex(State())

  /// Whether nothing more is sent.
  var isClosed: Bool { state.withLock { $0.isClosed } }
  /// Whether frames wait.
  var isWaiting: Bool { state.withLock { !$0.waiting.isEmpty } }

  /// Takes the client, to whom what waits is sent from now on.
  func open(_ client: WebSocketClient) { state.withLock { $0.client = client } }

  /// Sends a frame behind the others; a client for which too much waits is let go.
  func send(_ frame: String) {
    let client: WebSocketClient? = state.withLock { state in
      guard !state.isClosed else { return nil }
      state.waiting.append(frame)
      state.bytes += frame.utf8.count
      Self.flush(&state)
      // One frame alone may be larger: the client has asked for it.
      guard state.waiting.count > 1, state.bytes > Self.limit else { return nil }
      state.isClosed = true
      state.waiting = []
      return state.client
    }
    client?.close(.tryLater, "too slow: \(Self.limit) bytes wait")
  }

  /// Sends what waits, as far as the client takes it.
  func flush() { state.withLock { Self.flush(&$0) } }

  private static func flush(_ state: inout State) {
    guard let client = state.client, !state.isClosed else { return }
    var count = 0
    loop: while count < state.waiting.count {
      switch client.send(.text(state.waiting[count])) {
      case .taken:
        state.bytes -= state.waiting[count].utf8.count
        count += 1
      case .full: break loop
      case .closed:
        state.isClosed = true
        count = state.waiting.count
      }
    }
    state.waiting.removeFirst(count)
  }

  /// Ends the connection.
  func close(_ code: WebSocketCloseCode, _ reason: String) {
    let client = state.withLock { state in
      state.isClosed = true
      state.waiting = []
      return state.client
    }
    client?.close(code, reason)
  }

  /// Notes that the client is gone.
  func end() {
    state.withLock { state in
      state.isClosed = true
      state.waiting = []
      state.client = nil
    }
  }
}
