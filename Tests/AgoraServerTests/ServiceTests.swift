import AgoraStore
import Foundation
import TestSupport
import Testing

@testable import AgoraServer

/// The whole server on real sockets.
@Suite struct ServiceTests {
  /// Runs a server while `body` works with it.
  private func serving(
    _ change: (inout ServiceOptions) -> Void = { _ in },
    _ body: (Service, ServiceParts) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      var options = ServiceOptions()
      options.address = SocketAddress(host: "127.0.0.1", port: 0)
      change(&options)
      let parts = ServiceParts(bazaar.marketplace, options, log: ServerLog { _ in })
      let service = try Service(parts)
      let running = Background { try service.run() }
      defer { service.stop() }
      try body(service, parts)
      service.stop()
      try running.value()
    }
  }

  private func request(_ line: String, _ body: String = "") -> String {
    "\(line) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  @Test func `clients register and send over one connection, and another port has events alone`()
    throws
  {
    try serving {
      $0.eventsPort = 0
      $0.echoes = true
    } _: { service, _ in
      let client = try Client(service.address.port)
      for name in ["ann", "bob"] {
        client.send(request("POST /agents/register", #"{"agent_name":"\#(name)"}"#))
        _ = try client.take(until: "available_services")
      }
      client.send(
        request(
          "POST /agora/messaging/send", #"{"from_agent":"ann","to_agent":"bob","content":"x"}"#))
      #expect(try client.take(until: "}").contains("\"status\":\"delivered\""))
      let port = try #require(service.eventsAddress?.port)
      let events = try Client(port)
      events.send(request("GET /health"))
      #expect(try events.take(until: "}").hasPrefix("HTTP/1.1 404"))
      let echo = try Client(service.address.port)
      echo.send(
        "GET /ws/echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
      #expect(try echo.take(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101"))
      echo.send([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69])
      #expect(try echo.take(until: "hi").hasSuffix("hi"))
    }
  }

  @Test func `an echo is for who may call`() throws {
    try withTemporaryFolder { folder in
      let harness = try ServiceHarness(in: folder) { $0.echoes = true }
      let fields = [
        ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
      ]
      #expect(try harness.ask("GET /ws/echo", fields).status == 101)
      let token = try harness.token("ann").text
      #expect(try harness.ask("GET /ws/echo", fields).status == 401)
      let mine = fields + [("Authorization", "Bearer \(token)")]
      #expect(try harness.ask("GET /ws/echo", mine).status == 101)
    }
  }

  @Test func `health is told also while every thread waits for the store`() throws {
    try serving { service, parts in
      let other = try Connection(path: parts.store.path, mode: .readWrite)
      try other.execute("BEGIN IMMEDIATE")
      let waiting = try (0..<12).map { number in
        let client = try Client(service.address.port)
        client.send(request("POST /agents/register", #"{"agent_name":"w\#(number)"}"#))
        return client
      }
      let client = try Client(service.address.port)
      for line in ["GET /health", "HEAD /health", "GET /health?x=1"] {
        client.send(request(line))
        #expect(try client.take(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200"))
      }
      try other.execute("ROLLBACK")
      for client in waiting {
        #expect(try client.take(until: "available_services").hasPrefix("HTTP/1.1 200"))
      }
    }
  }

  @Test func `beyond this machine it listens with a token only, or insecurely`() throws {
    let rows: [(String, Bool, Int, AgoraError.Code?)] = [
      ("0.0.0.0", false, 0, .refused), ("0.0.0.0", true, 0, nil), ("0.0.0.0", false, 1, nil),
      ("::", false, 0, .refused), ("127.0.0.1", false, 0, nil), ("0.0.0.0", false, 2, .refused),
    ]
    for (host, isInsecure, tokens, code) in rows {
      try withTemporaryFolder { folder in
        let bazaar = try TestMarketplace(in: folder)
        var options = ServiceOptions()
        options.address = SocketAddress(host: host, port: 0)
        options.isInsecure = isInsecure
        let parts = ServiceParts(bazaar.marketplace, options, log: ServerLog { _ in })
        if tokens > 0 {
          // One that nobody can use any more opens nothing.
          let made = try TokenRegister(bazaar.store).create(
            agent: "a", authority: 0, expiresAt: nil, at: bazaar.now)
          if tokens == 2 {
            _ = try TokenRegister(bazaar.store).revoke(made.token.id, at: bazaar.now)
          }
        }
        var found: AgoraError.Code?
        do { _ = try Service(parts) } catch let error as AgoraError { found = error.code }
        #expect(found == code, "\(host) \(isInsecure) \(tokens)")
      }
    }
  }

  @Test func `many idle clients and some busy ones are served at once, without an error`() throws {
    try serving { service, parts in
      let port = service.address.port
      let idle = try (0..<200).map { _ in try Client(port) }
      let name = #"{"agent_name":"ann"}"#
      let first = try Client(port)
      first.send(request("POST /agents/register", name))
      _ = try first.take(until: "available_services")
      let busy = (0..<16).map { number in
        Background { () -> Int in
          let client = try Client(port)
          var done = 0
          for round in 0..<10 {
            client.send(
              round % 2 == 0
                ? request(
                  "POST /agora/messaging/send",
                  #"{"from_agent":"ann","to_agent":"broadcast","content":"\#(number).\#(round)"}"#)
                : request("GET /health"))
            if try client.take(until: "}").hasPrefix("HTTP/1.1 200") { done += 1 }
          }
          return done
        }
      }
      let done = try busy.map { try $0.value() }
      #expect(done == Array(repeating: 10, count: 16))
      #expect(parts.metrics.figures.open >= 201)
      for client in idle.prefix(3) {
        client.send(request("GET /health"))
        _ = try client.take(until: "5.0.0")
      }
    }
  }
}
