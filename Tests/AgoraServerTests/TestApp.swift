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
  func connected() { open.withLock { $0 += 1 } }
  func disconnected() { open.withLock { $0 -= 1 } }
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
