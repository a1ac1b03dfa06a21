public import AgoraStore
import Synchronization

/// Writes one JSON object a line for each answered request.
///
/// A thread of its own writes, so that a terminal or a pipe that nobody reads stops no client; what does
/// not fit in meanwhile is counted and said.
public final class AccessLog: ServerObserver {
  private struct State {
    var lines: [JSON] = []
    var dropped = 0
    var isWriting = false
  }

  private let state = Mutex(State())
  private let clock: Clock
  private let capacity: Int
  private let write: @Sendable (String) -> Void

  /// Makes a log.
  ///
  /// - Parameters:
  ///   - capacity: lines that may wait.
  ///   - write: takes some whole lines; it may wait, and is called by one thread at a time.
  public init(
    clock: Clock = .system, capacity: Int = 4096, write: @escaping @Sendable (String) -> Void
  ) {
    self.clock = clock
    self.capacity = capacity
    self.write = write
  }

  /// Nothing is written about connections.
  public func connected(open: Int) {}
  /// Nothing is written about connections.
  public func disconnected(open: Int) {}

  /// Writes a line, soon.
  public func answered(_ exchange: Exchange) {
    let line = JSON.object([
      .init("time", .string(clock.now().description)), .init("request_id", .string(exchange.id)),
      .init("client", .string(exchange.client)),
      .init("method", .optional(exchange.method?.rawValue)),
      .init("path", .optional(exchange.path)), .init("route", .optional(exchange.route)),
      .init("status", .int(exchange.status.code)), .init("received", .int(exchange.received)),
      .init("sent", .int(exchange.sent)), .init("ms", .int(Int(exchange.milliseconds))),
      .init("whole", .bool(exchange.isWhole)),
    ])
    let begins = state.withLock { state -> Bool in
      guard state.lines.count < capacity else {
        state.dropped += 1
        return false
      }
      state.lines.append(line)
      defer { state.isWriting = true }
      return !state.isWriting
    }
    guard begins else { return }
    do throws(SystemError) { try SystemThread.start { [self] in flush() } } catch {
      state.withLock { $0.isWriting = false }
    }
  }

  private func flush() {
    while true {
      let lines = state.withLock { state -> [JSON] in
        var lines = state.lines
        if state.dropped > 0 { lines.append(.object([.init("dropped", .int(state.dropped))])) }
        (state.lines, state.dropped) = ([], 0)
        if lines.isEmpty { state.isWriting = false }
        return lines
      }
      guard !lines.isEmpty else { return }
      write(lines.map { $0.description + "\n" }.joined())
    }
  }
}
