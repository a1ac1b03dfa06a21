import AgoraStore
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import AgoraServer

/// The server on real sockets of this machine, with a clock that the tests move.
@Suite struct ServerTests {
  private let hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

  @Test func `sixty-four busy clients are served beside a thousand idle ones`() throws {
    let app = TestApp()
    try app.serving { _, port in
      let idle = try (0..<1000).map { _ in try Client(port) }
      for client in idle.prefix(500) { client.send("GET /he") }
      let busy = try (0..<64).map { _ in try Client(port) }
      for round in 0..<5 {
        for client in busy { client.send(hello) }
        for client in busy {
          let answer = try client.take(until: "hello")
          if !answer.hasPrefix("HTTP/1.1 200") { Issue.record("round \(round): \(answer)") }
        }
      }
      for client in idle.prefix(500) { client.send("llo HTTP/1.1\r\nHost: a\r\n\r\n") }
      for client in idle.prefix(500) { _ = try client.take(until: "hello") }
      #expect(app.witness.open.withLock { $0 } == 1064)
    }
    #expect(app.witness.open.withLock { $0 } == 0 && app.metrics.figures.connections == 1064)
  }

  @Test func `handlers that wait stop nobody, as long as a worker is free`() throws {
    let app = TestApp()
    try app.serving {
      $0.workers = 3
    } _: { _, port in
      let waiting = try (0..<2).map { _ in try Client(port) }
      for client in waiting { client.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n") }
      for _ in waiting { app.gate.waitForArrival() }
      let other = try Client(port)
      other.send(hello + hello)
      #expect(try other.take(until: "hello").hasPrefix("HTTP/1.1 200"))
      for _ in waiting { app.gate.open() }
      for client in waiting { _ = try client.take(until: "through") }
    }
  }

  @Test func `a slow sender is told so when its time is over, and nobody waits for it`() throws {
    let app = TestApp()
    try app.serving { server, port in
      let slow = try Client(port)
      slow.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
      let other = try Client(port)
      other.send(hello)
      _ = try other.take(until: "hello")
      // The slow one was read before the other one's answer, or is now.
      slow.send("a")
      app.clock.go(60_000)
      server.look()
      let answer = slow.takeAll()
      #expect(answer.hasPrefix("HTTP/1.1 408") || answer.isEmpty, "\(answer)")
      #expect(other.takeAll().isEmpty)
    }
  }

  @Test func `a client that takes nothing is cut, and holds no worker meanwhile`() throws {
    let app = TestApp()
    try app.serving {
      $0.workers = 1
    } _: { server, port in
      let slow = try Client(port, receiveBuffer: 4096)
      slow.send("GET /pieces?n=100000 HTTP/1.1\r\nHost: a\r\n\r\n")
      _ = try slow.take(until: "HTTP/1.1 200")
      let other = try Client(port)
      for _ in 0..<50 {
        other.send(hello)
        _ = try other.take(until: "hello")
      }
      // What the system keeps for the client may still be filling; then nothing moves any more.
      let end = Date(timeIntervalSinceNow: 10)
      while app.witness.exchanges.withLock({ $0.allSatisfy(\.isWhole) }), Date() < end {
        app.clock.go(30_000)
        server.look()
        sched_yield()
      }
    }
    #expect(
      app.witness.exchanges.withLock { $0.filter { !$0.isWhole }.map(\.route) } == ["/pieces"])
  }

  @Test func `the answer to a body that is too large is read, though the body is not`() throws {
    let app = TestApp()
    try app.serving { _, port in
      let client = try Client(port)
      client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n")
      client.send([UInt8](repeating: 0x61, count: 300_000))
      client.endOutput()
      #expect(client.takeAll().hasPrefix("HTTP/1.1 413"))
    }
  }

  @Test func `clients that vanish are let go, whatever they were doing`() throws {
    let app = TestApp()
    try app.serving { _, port in
      let texts = [
        "", "GET /he", "PUT /small HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\na", hello,
        "GET /gate HTTP/1.1\r\nHost: a\r\n\r\n", "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /pieces?n=99999 HTTP/1.1\r\nHost: a\r\n\r\n",
      ]
      let closed = DispatchSemaphore(value: 0)
      for resets in [false, true] {
        for text in texts {
          let client = try Client(port)
          client.send(text)
          if text.contains("/gate") { app.gate.waitForArrival() }
          if text.contains("/stream") {
            try app.stream.take().whenClosed { closed.signal() }
          }
          if resets { client.reset() }
          if text.contains("/gate") { app.gate.open() }
        }
      }
      #expect(closed.wait(timeout: .now() + 10) == .success)
      #expect(closed.wait(timeout: .now() + 10) == .success)
      let end = Date(timeIntervalSinceNow: 10)
      while app.witness.open.withLock({ $0 }) > 0, Date() < end { sched_yield() }
      #expect(app.witness.open.withLock { $0 } == 0)
    }
  }

  @Test func `who comes when all places are taken gets that of an idle one, or waits`() throws {
    let app = TestApp()
    try app.serving {
      $0.connections = 2
    } _: { _, port in
      let busy = try Client(port)
      busy.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n")
      app.gate.waitForArrival()
      let idle = try Client(port)
      idle.send(hello)
      _ = try idle.take(until: "hello")
      let third = try Client(port)
      third.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(idle.takeAll().isEmpty)
      app.gate.waitForArrival()
      let fourth = try Client(port)
      fourth.send(hello)
      app.gate.open()
      app.gate.open()
      #expect(try fourth.take(until: "hello").hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test func `requests that need more memory than there is are refused`() throws {
    let app = TestApp()
    try app.serving {
      $0.heldBytes = 300_000
    } _: { _, port in
      let client = try Client(port)
      client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n")
      client.send([UInt8](repeating: 0x61, count: 600_000))
      #expect(try client.take(until: "\"unavailable\"").hasPrefix("HTTP/1.1 503"))
    }
  }

  @Test func `a stream goes on until it is finished, and is full when nobody reads it`() throws {
    let app = TestApp()
    try app.serving { _, port in
      let client = try Client(port)
      client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
      let stream = try app.stream.take()
      for number in 0..<3 {
        stream.send(Array("data: \(number)\n\n".utf8))
        _ = try client.take(until: "data: \(number)\n\n")
      }
      var sent = 0
      while stream.send([UInt8](repeating: 0x7e, count: 65536)) == .taken, sent < 1000 { sent += 1 }
      #expect(sent < 1000 && stream.waitingBytes <= 256 << 10)
      stream.finish()
      #expect(stream.send([1]) == .closed)
      client.send(hello)
      let rest = try client.take(until: "hello")
      #expect(rest.contains("\r\n0\r\n\r\nHTTP/1.1 200 OK"))
      #expect(rest.utf8.count { $0 == 0x7e } == sent * 65536)
    }
  }

  @Test func `stopping takes nobody new, finishes what runs, and ends streams`() throws {
    let app = TestApp()
    let server = try HTTPServer(app.configuration { $0.grace = .max / 4 }, app.router)
    let port = server.addresses[0].port
    let running = Background { try server.run() }
    let clients = try (0..<4).map { _ in try Client(port) }
    clients[0].send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n")
    app.gate.waitForArrival()
    clients[1].send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
    _ = try app.stream.take()
    clients[2].send(hello)
    _ = try clients[2].take(until: "hello")
    clients[3].send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na")
    clients[2].send(hello)
    _ = try clients[2].take(until: "hello")
    server.stop()
    #expect(clients[2].takeAll().isEmpty)
    #expect(throws: CancellationError.self) { try Client(port) }
    #expect(clients[1].takeAll().hasSuffix("\r\n0\r\n\r\n"))
    clients[3].send("b")
    let last = clients[3].takeAll()
    #expect(last.contains("Connection: close") && last.hasSuffix("ab"))
    app.gate.open()
    let through = clients[0].takeAll()
    #expect(through.contains("Connection: close") && through.hasSuffix("through"))
    for client in clients { client.endOutput() }
    app.clock.go(5000)
    server.look()
    try running.value()
  }

  @Test func `a port that is taken and what is no address are refused with words`() throws {
    let app = TestApp()
    let server = try HTTPServer(app.configuration(), app.router)
    let taken = server.addresses[0]
    let rows: [(SocketAddress, AgoraError.Code)] = [
      (taken, .addressInUse), (SocketAddress(host: "nonsense", port: 0), .misuse),
      (SocketAddress(host: "127.0.0.1", port: 65536), .misuse),
    ]
    for (address, code) in rows {
      let error = #expect(throws: AgoraError.self) {
        try HTTPServer(app.configuration { $0.addresses = [address] }, app.router)
      }
      #expect(error?.code == code && error?.remedy != nil)
    }
    let both = [SocketAddress(host: "localhost", port: 0), SocketAddress(host: "::1", port: 0)]
    if let two = try? HTTPServer(app.configuration { $0.addresses = both }, app.router) {
      #expect(two.addresses.map(\.host) == ["127.0.0.1", "::1"] && two.addresses[1].isLoopback)
      #expect(two.addresses[1].description.hasPrefix("[::1]:"))
    }
  }
}
