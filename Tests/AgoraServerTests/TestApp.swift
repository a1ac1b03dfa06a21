import AgoraStore
import Foundation
import Synchronization
import TestSupport

@testable import AgoraServer

/// A door that handlers wait at until a test opens it.
final class Gate: Sendable {
  private let arrived = DispatchSemaphore(value: 0)
  private let opened = DispatchSemaphore(value: 0)

  func pass() {
    arrived.signal()
    opened.wait()
  }

  func waitForArrival() { arrived.wait() }
  func open() { opened.signal() }
}

/// A box that a test and a handler share.
final class Box<Value: Sendable>: Sendable {
  private let state: Mutex<Value?>
  private let filled = DispatchSemaphore(value: 0)
  init() { state = Mutex(nil) }

  func put(_ value: Value) {
    state.withLock { $0 = value }
    filled.signal()
  }

  /// Waits for a value.
  func take() throws -> Value {
    guard filled.wait(timeout: .now() + 10) == .success, let value = state.withLock({ $0 }) else {
      throw CancellationError()
    }
    return value
  }
}

/// A clock that a test moves.
final class HandClock: Sendable {
  private let time = Mutex<Int64>(1_000_000)
  var now: Int64 { time.withLock { $0 } }
  func go(_ milliseconds: Int64) { time.withLock { $0 += milliseconds } }
}

/// Keeps what the server tells.
final class Witness: ServerObserver {
  let exchanges = Mutex<[Exchange]>([])
  let open = Mutex(0)
  func connected(open count: Int) { open.withLock { $0 = count } }
  func disconnected(open count: Int) { open.withLock { $0 = count } }
  func answered(_ exchange: Exchange) { exchanges.withLock { $0.append(exchange) } }
  var statuses: [Int] { exchanges.withLock { $0.map(\.status.code) } }
}

/// The routes that the tests ask.
struct TestApp: Sendable {
  let gate = Gate()
  let stream = Box<ClientStream>()
  let socket = Box<WebSocketClient>()
  let clock = HandClock()
  let witness = Witness()
  let metrics = ServerMetrics()

  var router: Router {
    var router = Router()
    router.add(.get, "/hello") { _ in .text("hello") }
    router.add(.post, "/echo") { HTTPResponse(200, body: .bytes($0.request.body)) }
    router.add(.put, "/small", bodyLimit: 4) { HTTPResponse(200, body: .bytes($0.request.body)) }
    router.add(.get, "/agents/{id}/status") { .text("status of \($0.places["id"] ?? "")") }
    router.add(.get, "/agents/known/status") { _ in .text("known") }
    router.add(.get, "/files/{path...}") { .text($0.places["path"] ?? "") }
    router.add(.delete, "/agents/{id}/status") { _ in HTTPResponse(204) }
    router.add(.get, "/conflict") { _ in
      throw ToolFailure(.conflict, "it cannot be", parameter: "a", details: .object([]))
    }
    router.add(.get, "/broken") { _ in throw CancellationError() }
    router.add(.get, "/inject") { _ in
      HTTPResponse(200, [("X-A", "b\r\nX-Evil: 1"), ("Bad name", "x"), ("Connection", "x")])
    }
    router.add(.get, "/gate") { [gate] _ in
      gate.pass()
      return .text("through")
    }
    router.add(.get, "/pieces") { routed in
      let wanted = Int(routed.request.target.parameters.first?.value ?? "") ?? 3
      let given = Mutex(0)
      let shared = Shared(given)
      return HTTPResponse(
        200,
        body: .pieces {
          shared.count.withLock { count -> [UInt8]? in
            guard count < wanted else { return nil }
            count += 1
            return [UInt8](repeating: UInt8(count % 26 + 0x61), count: 1000)
          }
        })
    }
    router.add(.get, "/torn") { _ in
      let shared = Shared(Mutex(0))
      return HTTPResponse(
        200,
        body: .pieces {
          guard
            shared.count.withLock({
              $0 += 1; return $0 == 1
            })
          else { throw CancellationError() }
          return Array("part".utf8)
        })
    }
    router.add(.get, "/stream") { [stream] _ in
      HTTPResponse(
        200, [("Content-Type", "text/event-stream")], body: .stream { stream.put($0) })
    }
    router.add(.get, "/ws") { [socket] routed in
      let acceptance = WebSocketAcceptance(opened: { socket.put($0) }) { client, message in
        client.send(message)
      }
      return WebSocketHandshake.respond(to: routed.request, with: acceptance)
    }
    return router
  }

  /// A count that a closure keeps.
  private final class Shared: Sendable {
    let count: Mutex<Int>
    init(_ count: consuming Mutex<Int>) { self.count = count }
  }

  func configuration(_ change: (inout ServerConfiguration) -> Void = { _ in })
    -> ServerConfiguration
  {
    var configuration = ServerConfiguration()
    configuration.addresses = [SocketAddress(host: "127.0.0.1", port: 0)]
    configuration.clock = .fixed(Timestamp(microseconds: 784_111_777_000_000))
    configuration.milliseconds = { [clock] in clock.now }
    configuration.requestID = { "id" }
    configuration.observers = [witness, metrics]
    change(&configuration)
    return configuration
  }

  /// A session as the server makes it.
  func session(_ change: (inout SessionSettings) -> Void = { _ in }) -> Session {
    var settings = SessionSettings(
      handler: router, seconds: { 784_111_777 }, requestID: { "id" }, observers: [witness, metrics])
    change(&settings)
    return Session(settings, client: "test", now: clock.now) {}
  }

  /// Runs a server while `body` works with it.
  func serving<Result>(
    _ change: (inout ServerConfiguration) -> Void = { _ in },
    _ body: (HTTPServer, Int) throws -> Result
  ) throws -> Result {
    let server = try HTTPServer(configuration(change), router)
    let running = Background { try server.run() }
    defer { server.stop() }
    let result = try body(server, server.addresses[0].port)
    server.stop()
    // Those who are still there are cut when the grace is over.
    clock.go(60_000)
    server.look()
    _ = try running.value()
    return result
  }
}

extension Session {
  /// Feeds bytes in pieces, does the work at once, and gives what comes out.
  func talk(_ bytes: [UInt8], cuts: [Int] = [], now: Int64 = 1_000_000) -> [UInt8] {
    var output: [UInt8] = []
    var start = 0
    for end in cuts + [bytes.count] {
      if wantsInput || end == start {
        receive(bytes[start..<end].span, now)
        output += settle(now)
      }
      start = end
    }
    return output
  }

  /// Does all work and takes all output.
  func settle(_ now: Int64 = 1_000_000) -> [UInt8] {
    var output: [UInt8] = []
    while true {
      let bytes = withOutput { Array($0) }
      output += bytes
      sent(bytes.count, now)
      if let work = takeWork() {
        finish(work.perform(settings.handler), now)
      } else if bytes.isEmpty {
        return output
      }
    }
  }
}

/// A client on a real socket that waits for what it reads, ten seconds at most.
final class Client {
  private let descriptor: Int32
  var received: [UInt8] = []

  init(_ port: Int, receiveBuffer: Int32? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var time = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    if var receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(4))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw CancellationError() }
  }

  deinit { close(descriptor) }

  func send(_ text: String) { send(Array(text.utf8)) }
  func send(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      sent += count
    }
  }

  func endOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Has the connection end without the usual words.
  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// Reads once; false at the end.
  @discardableResult
  func read() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count > 0 { received += buffer.prefix(count) }
    return count > 0
  }

  /// Reads until the text has come, and takes all.
  func take(until end: String) throws -> String {
    while !String(decoding: received, as: UTF8.self).contains(end) {
      guard read() else {
        throw AgoraError(.io, "ended with: \(String(decoding: received, as: UTF8.self))")
      }
    }
    defer { received = [] }
    return String(decoding: received, as: UTF8.self)
  }

  /// Reads to the end.
  func takeAll() -> String {
    while read() {}
    defer { received = [] }
    return String(decoding: received, as: UTF8.self)
  }
}
