import Synchronization

/// The way to a client whose answer has no known end: who holds it sends, from any thread, and never
/// waits; what the client has not taken is bounded.
public final class ClientStream: Sendable {
  /// What became of something sent.
  public enum Delivery: Sendable, Equatable {
    /// It goes to the client.
    case taken
    /// The client is too slow: nothing was taken, and there is room only when it has read on.
    case full
    /// The client is gone or the stream has ended.
    case closed
  }

  private struct State {
    var waiting: [[UInt8]] = []
    var bytes = 0
    var isFinished = false
    var isClosed = false
    var isDraining = false
    var closed: [@Sendable () -> Void] = []
    var draining: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())
  private let limit: Int
  private let wake: @Sendable () -> Void

  init(limit: Int, wake: @escaping @Sendable () -> Void) {
    self.limit = limit
    self.wake = wake
  }

  /// Sends bytes, all or none of them.
  ///
  /// More than the whole limit at once is taken when nothing else waits.
  @discardableResult
  public func send(_ bytes: [UInt8]) -> Delivery {
    let delivery = state.withLock { state -> Delivery in
      guard !state.isClosed, !state.isFinished else { return .closed }
      guard state.bytes == 0 || state.bytes + bytes.count <= limit else { return .full }
      state.waiting.append(bytes)
      state.bytes += bytes.count
      return .taken
    }
    if delivery == .taken { wake() }
    return delivery
  }

  /// Ends the answer behind what was sent.
  public func finish() {
    state.withLock { $0.isFinished = true }
    wake()
  }

  /// Ends the stream with a last piece, which is taken however full it is; once.
  func finish(with bytes: [UInt8]) {
    state.withLock { state in
      guard !state.isClosed, !state.isFinished else { return }
      state.waiting.append(bytes)
      state.bytes += bytes.count
      state.isFinished = true
    }
    wake()
  }

  /// Calls `body` once when the client is gone or the answer has ended; at once when it is so already.
  ///
  /// It is called on the server's own thread, so it must not wait for anything.
  public func whenClosed(_ body: @escaping @Sendable () -> Void) {
    let isClosed = state.withLock { state in
      if !state.isClosed { state.closed.append(body) }
      return state.isClosed
    }
    if isClosed { body() }
  }

  /// Calls `body` once when the server is about to stop; whoever asks for this ends the stream itself.
  ///
  /// A stream for which nobody asks is ended by the server. It must not wait for anything.
  public func whenDraining(_ body: @escaping @Sendable () -> Void) {
    let isDraining = state.withLock { state in
      if !state.isDraining { state.draining.append(body) }
      return state.isDraining
    }
    if isDraining { body() }
  }

  /// Bytes that the client has not taken.
  public var waitingBytes: Int { state.withLock { $0.bytes } }

  /// The next piece, and whether the end is behind it.
  func take() -> (piece: [UInt8]?, isEnd: Bool) {
    state.withLock { state in
      guard !state.waiting.isEmpty else { return (nil, state.isFinished) }
      let piece = state.waiting.removeFirst()
      state.bytes -= piece.count
      return (piece, state.isFinished && state.waiting.isEmpty)
    }
  }

  /// Tells the holder that nothing goes to the client any more.
  func close() {
    let bodies = state.withLock { state -> [@Sendable () -> Void] in
      guard !state.isClosed else { return [] }
      state.isClosed = true
      state.waiting = []
      state.bytes = 0
      state.draining = []
      defer { state.closed = [] }
      return state.closed
    }
    for body in bodies { body() }
  }

  /// Tells the holder that the server stops; ends the stream where nobody asked to be told.
  func drain() {
    let bodies = state.withLock { state -> [@Sendable () -> Void] in
      guard !state.isDraining else { return [] }
      state.isDraining = true
      if state.draining.isEmpty { state.isFinished = true }
      defer { state.draining = [] }
      return state.draining
    }
    for body in bodies { body() }
  }
}
