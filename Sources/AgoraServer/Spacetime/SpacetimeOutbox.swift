import Synchronization

/// How much waits in the outboxes of all clients together.
final class OutboxBudget: Sendable {
  /// Bytes at most.
  let limit: Int
  private let bytes = Atomic<Int>(0)

  init(limit: Int = 64 << 20) { self.limit = limit }

  /// Notes that more waits, or less.
  ///
  /// - Returns: whether that is more than there is room for.
  func change(by count: Int) -> Bool {
    bytes.wrappingAdd(count, ordering: .relaxed).newValue > limit
  }
}

/// What waits for one client of a WebSocket beyond what its stream takes: whole frames, in their order.
final class SpacetimeOutbox: Sendable {
  /// The most bytes that wait, as much as one message of SpacetimeDB's has at most.
  static let limit = 32 << 20
  /// Bytes that may wait for each client, however much waits for the others.
  private static let least = 65_536

  private struct State {
    var client: WebSocketClient?
    var waiting: [String] = []
    var bytes = 0
    /// The bytes that the budget knows of.
    var noted = 0
    var isClosed = false

    mutating func close() {
      isClosed = true
      waiting = []
      bytes = 0
    }
  }

  private let state = Mutex(State())
  private let budget: OutboxBudget

  init(_ budget: OutboxBudget = OutboxBudget()) { self.budget = budget }

  deinit { _ = budget.change(by: -state.withLock { $0.noted }) }

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
      let isTooMuch = state.waiting.count > 1 && state.bytes > Self.limit
      let hasNoRoom = note(&state) && state.bytes > Self.least
      guard isTooMuch || hasNoRoom else { return nil }
      state.close()
      _ = note(&state)
      return state.client
    }
    client?.close(.tryLater, "too slow: more waits than there is room for")
  }

  /// Sends what waits, as far as the client takes it.
  func flush() {
    state.withLock { state in
      Self.flush(&state)
      _ = note(&state)
    }
  }

  /// Brings the budget up to date.
  ///
  /// - Returns: whether all clients together have more waiting than there is room for.
  private func note(_ state: inout State) -> Bool {
    defer { state.noted = state.bytes }
    return budget.change(by: state.bytes - state.noted)
  }

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
      state.close()
      _ = note(&state)
      return state.client
    }
    client?.close(code, reason)
  }

  /// Notes that the client is gone.
  func end() {
    state.withLock { state in
      state.close()
      _ = note(&state)
      state.client = nil
    }
  }
}
