package import AgoraStore
import Synchronization

/// MCP over lines (the stdio transport): lines go in, lines come out, in whatever order calls end.
///
/// It has no descriptors and waits for nothing: whoever has them feeds it and writes for it.
package final class MCPLines: Sendable {
  /// Bytes of a line that are taken: more than the limits of all parameters of any tool together.
  package static let lineLimit = 8 << 20

  private let core: MCPCore
  private let caller: Caller
  private let queue = MCPQueue()
  private let write: @Sendable ([UInt8]) -> Void
  private let limit: Int
  private let splitter: Mutex<LineSplitter>
  /// The requests that are under way, and whether their clients still want to know.
  private let running = Mutex<[RPCID: [Pending]]>([:])
  /// Bytes of the requests that are under way.
  private let held = Mutex(0)
  /// The subscriptions that go on.
  private let listening = Mutex<[RPCID: EventFeed]>([:])
  /// How many subscriptions go on at once.
  private static let listeningLimit = 64

  /// A request under way.
  private final class Pending: Sendable {
    private let state = Mutex(State.open)
    private enum State { case open, cancelled, answered }

    var isCancelled: Bool { state.withLock { $0 == .cancelled } }
    func cancel() { state.withLock { if $0 == .open { $0 = .cancelled } } }
    /// - Returns: false where nobody wants the answer.
    func answer() -> Bool {
      state.withLock { state in
        guard state == .open else { return false }
        state = .answered
        return true
      }
    }
  }

  /// - Parameters:
  ///   - limit: bytes of a line that are taken.
  ///   - write: takes whole lines with their ends; called on any thread, also on several at once.
  package init(
    _ core: MCPCore, as caller: Caller, limit: Int = MCPLines.lineLimit,
    write: @escaping @Sendable ([UInt8]) -> Void
  ) {
    self.limit = limit
    splitter = Mutex(LineSplitter(limit: limit))
    self.core = core
    self.caller = caller
    self.write = write
  }

  /// Requests without an answer beyond which no more should be fed.
  private static let pendingLimit = 1024
  /// Bytes of theirs beyond which no more should be fed.
  private static let heldLimit = 64 << 20

  /// How many requests have no answer yet.
  package var pending: Int { queue.count }
  /// Whether so much waits that whoever feeds should wait too.
  package var isFull: Bool {
    pending >= Self.pendingLimit || held.withLock { $0 } >= Self.heldLimit
  }

  /// Takes bytes in.
  package func feed(_ bytes: [UInt8]) {
    for line in splitter.withLock({ $0.append(bytes) }) { take(line) }
  }

  /// Takes the end of the input: what has no line's end is a line too.
  package func finish() {
    if let line = splitter.withLock({ $0.finish() }) { take(line) }
    endListening()
  }

  /// Lets go of what has not begun, and of those who listen.
  package func stop() {
    queue.clear()
    endListening()
  }

  private func endListening() {
    let feeds = listening.withLock { feeds in
      defer { feeds = [:] }
      return Array(feeds.values)
    }
    for feed in feeds { feed.end(.failed("the server ends")) }
  }

  private func take(_ line: LineSplitter.Line) {
    switch line {
    case .tooLong:
      let error = RPCError(
        .invalidRequest, "a message has \(limit) bytes at most; this one was not read")
      send(error.answer(to: nil))
    case .whole(let bytes):
      let isBlank = bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
      if !isBlank { take(bytes) }
    }
  }

  private func take(_ bytes: [UInt8]) {
    do throws(RPCMessage.Fault) {
      switch try RPCMessage(bytes) {
      case .response: break
      case .notification(let method, let params): note(method, params)
      case .request(let request): run(request, bytes.count)
      }
    } catch { send(error.error.answer(to: error.id)) }
  }

  private func note(_ method: String, _ params: [JSON.Member]) {
    guard method == "notifications/cancelled",
      let id = params.first(where: { $0.name == "requestId" }).flatMap({ RPCID($0.value) })
    else { return }
    for pending in running.withLock({ $0[id] ?? [] }) { pending.cancel() }
    listening.withLock { $0.removeValue(forKey: id) }?.stop()
  }

  private func listen(_ request: RPCRequest) {
    do throws(RPCError) {
      try MCPEnvelope(request).check()
      guard listening.withLock({ $0[request.id] == nil && $0.count < Self.listeningLimit }) else {
        throw RPCError(
          .invalidRequest,
          "a subscription has an id of its own, and \(Self.listeningLimit) go on at once")
      }
      let feed = try core.listen(
        request,
        to: MCPCore.Listener(
          send: { [self] messages in
            for message in messages { send(message) }
            return .taken
          }, end: { [self] last in send(last) }))
      listening.withLock { $0[request.id] = feed }
    } catch { send(error.answer(to: request.id)) }
  }

  private func run(_ request: RPCRequest, _ size: Int) {
    if request.method == "subscriptions/listen" { return listen(request) }
    guard let kind = core.work(of: request) else {
      return send(core.answer(request, MCPExchange(caller: caller)))
    }
    let pending = Pending()
    running.withLock { $0[request.id, default: []].append(pending) }
    held.withLock { $0 += size }
    queue.add(kind) { [self] in
      defer {
        forget(request.id, pending)
        held.withLock { $0 -= size }
      }
      guard !pending.isCancelled else { return }
      if let opening = core.opening(of: request) { send(opening) }
      let exchange = MCPExchange(caller: caller) { [self] message in
        if !pending.isCancelled { send(message) }
      }
      let answer = core.answer(request, exchange)
      if pending.answer() { send(answer) }
    }
  }

  private func forget(_ id: RPCID, _ pending: Pending) {
    running.withLock { running in
      let rest = running[id]?.filter { $0 !== pending } ?? []
      running[id] = rest.isEmpty ? nil : rest
    }
  }

  private func send(_ message: JSON) {
    var bytes: [UInt8] = []
    JSONWriter.write(message, into: &bytes)
    bytes.append(0x0a)
    write(bytes)
  }
}

extension MCPCore {
  /// What a request does to the store; nil for one that is answered without it.
  func work(of request: RPCRequest) -> MCPQueue.Kind? {
    switch request.method {
    case "tools/list", "resources/read": return .reads
    case "tools/call":
      guard case .string(let name)? = request["name"] else { return .reads }
      let tool = try? marketplace.catalog.entry(name).tool
      // A call of v4 is recorded, whatever it does.
      return tool?.access == .reads && (MCPLegacyTool.named(name) == nil) ? .reads : .writes
    default: return nil
    }
  }
}
