import AgoraStore
import Foundation
import TestSupport
import Testing

@testable import AgoraServer

/// A frame as a client sends it.
private func frame(
  _ opcode: UInt8, _ payload: [UInt8], final: Bool = true, reserved: UInt8 = 0, masked: Bool = true,
  lengthBytes: Int? = nil
) -> [UInt8] {
  var bytes = [(final ? 0x80 : 0) | reserved | opcode]
  let size = lengthBytes ?? (payload.count < 126 ? 0 : payload.count < 65536 ? 2 : 8)
  let short = size == 0 ? payload.count : size == 2 ? 126 : 127
  bytes.append((masked ? 0x80 : 0) | UInt8(short))
  for shift in (0..<size).reversed() { bytes.append(UInt8(payload.count >> (8 * shift) & 255)) }
  guard masked else { return bytes + payload }
  let mask: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]
  return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 & 3] }
}

private func text(_ text: String) -> [UInt8] { Array(text.utf8) }

/// What a reader made of bytes.
private enum Frames: Equatable {
  case events([WebSocketReader.Event])
  case refused(UInt16, after: Int)

  init(_ bytes: [UInt8], cuts: [Int] = [], limit: Int = 100_000) {
    var reader = WebSocketReader(limit: limit)
    var events: [WebSocketReader.Event] = []
    var start = 0
    do throws(WebSocketFault) {
      for end in cuts + [bytes.count] {
        reader.feed(bytes[start..<end].span)
        start = end
        while let event = try reader.next() { events.append(event) }
      }
      self = .events(events)
    } catch { self = .refused(error.code.number, after: events.count) }
  }
}

@Suite struct WebSocketTests {
  @Test func `the handshake proves that the key was read`() {
    // The example of RFC 6455 §1.3.
    #expect(
      WebSocketKey.proof(of: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    let whole = [
      "Upgrade": "websocket", "Connection": "keep-alive, Upgrade", "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ]
    let rows: [(String, String?, String)] = [
      ("X", nil, "101 Switching"), ("Upgrade", "WebSocket", "101"), ("Upgrade", nil, "426"),
      ("Upgrade", "h2c", "426"), ("Connection", "close", "426"),
      ("Sec-WebSocket-Version", "8", "426"),
      ("Sec-WebSocket-Version", nil, "426"), ("Sec-WebSocket-Key", nil, "400"),
      ("Sec-WebSocket-Key", "short", "400"),
      ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZ===", "400"),
    ]
    for (name, value, status) in rows {
      var fields = whole
      fields[name] = value
      let head = fields.map { "\($0): \($1)\r\n" }.joined()
      let session = TestApp().session()
      let answer = session.talk(text("GET /ws HTTP/1.1\r\nHost: a\r\n\(head)\r\n"))
      let shown = String(decoding: answer, as: UTF8.self)
      let hasVersion = shown.contains("Sec-WebSocket-Version: 13")
      #expect(shown.hasPrefix("HTTP/1.1 \(status)"), "\(name): \(shown)")
      if name == "Sec-WebSocket-Version" { #expect(hasVersion) }
    }
  }

  @Test func `frames become messages, in whatever pieces they come`() {
    let long = [UInt8](repeating: 0x7a, count: 70000)
    let rows: [([UInt8], [WebSocketReader.Event])] = [
      (frame(1, []), [.message(.text(""))]), (frame(1, text("ä€😀")), [.message(.text("ä€😀"))]),
      (frame(2, [0, 255]), [.message(.binary([0, 255]))]),
      (frame(2, Array(long.prefix(125))), [.message(.binary(Array(long.prefix(125))))]),
      (frame(2, Array(long.prefix(126))), [.message(.binary(Array(long.prefix(126))))]),
      (frame(2, Array(long.prefix(65535))), [.message(.binary(Array(long.prefix(65535))))]),
      (frame(2, long), [.message(.binary(long))]),
      (frame(9, text("p")) + frame(10, []), [.ping(text("p")), .pong([])]),
      // A character over two fragments, with a ping between them and empty ones around.
      (
        frame(1, [0xe2], final: false) + frame(0, [], final: false) + frame(9, [1])
          + frame(0, [0x82], final: false) + frame(0, [0xac]), [.ping([1]), .message(.text("€"))]
      ),
      (
        frame(2, [1], final: false) + frame(0, [2]) + frame(1, [0x61]),
        [.message(.binary([1, 2])), .message(.text("a"))]
      ),
      (frame(8, []) + frame(1, [0x61]), [.close(nil, "")]),
      (frame(8, [3, 232] + text("bye")), [.close(.normal, "bye")]),
      (frame(8, [0x0f, 0xa0]), [.close(WebSocketCloseCode(4000), "")]),
    ]
    for (bytes, events) in rows {
      #expect(Frames(bytes) == .events(events))
      if bytes.count < 200 {
        let different = bytes.indices.filter { Frames(bytes, cuts: [$0]) != .events(events) }
        #expect(different.isEmpty && Frames(bytes, cuts: Array(bytes.indices)) == .events(events))
      }
    }
  }

  @Test func `each breach of the protocol has its code`() {
    var rows: [(UInt16, [UInt8])] = [
      (1002, frame(1, [], reserved: 0x40)), (1002, frame(1, [], reserved: 0x20)),
      (1002, frame(2, [1], reserved: 0x10)), (1002, frame(1, [0x61], masked: false)),
      (1002, frame(9, [], final: false)), (1002, frame(9, [UInt8](repeating: 0, count: 126))),
      (1002, frame(0, [])), (1002, frame(0, [], final: false)),
      (1002, frame(1, [], final: false) + frame(1, [])),
      (1002, frame(2, [], final: false) + frame(2, [], final: false)),
      (1002, frame(2, [1], lengthBytes: 2)), (1002, frame(2, [1], lengthBytes: 8)),
      (1002, [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), (1002, frame(8, [3])),
      (1009, frame(2, [UInt8](repeating: 0, count: 100_001))),
      (1009, [0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]),
      (
        1009,
        frame(2, [UInt8](repeating: 0, count: 60000), final: false)
          + frame(0, [UInt8](repeating: 0, count: 60000))
      ),
      (1007, frame(8, [3, 232, 0xff])),
    ]
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
      rows.append((1002, frame(UInt8(opcode), [])))
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535] {
      rows.append((1002, frame(8, [UInt8(code >> 8), UInt8(code & 255)])))
    }
    for bad: [UInt8] in [
      [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82],
      [0x61, 0x80],
      [0xf8, 0x88, 0x80, 0x80, 0x80],
    ] {
      rows.append((1007, frame(1, bad)))
      rows.append((1007, frame(1, [bad[0]], final: false) + frame(0, Array(bad.dropFirst()))))
    }
    // Said at once, before the message has come to its end.
    rows.append((1007, frame(1, [0x61, 0xff, 0x61, 0x61, 0x61], final: false)))
    for (code, bytes) in rows {
      let wanted = Frames.refused(code, after: 0)
      #expect(Frames(bytes) == wanted, "\(code) \(bytes.prefix(20))")
      if bytes.count < 200 {
        #expect(Frames(bytes, cuts: Array(bytes.indices)) == wanted, "in pieces: \(bytes)")
      }
    }
  }

  @Test func `damaged frames in any pieces are read in one way and never trap`() {
    var dice = SeededDice(seed: 0xf4a3e)
    let rounds = Int(ProcessInfo.processInfo.environment["FUZZ_ROUNDS"] ?? "") ?? 2000
    let samples = [
      frame(1, text("ä€😀")), frame(2, [1, 2, 3], final: false), frame(0, [4]), frame(9, [5]),
      frame(1, [0xe2], final: false), frame(0, [0x82, 0xac]), frame(8, [3, 232]),
      frame(2, [UInt8](repeating: 9, count: 130)),
    ]
    for round in 0..<rounds {
      var bytes = (0..<4).flatMap { _ in dice.pick(samples) }
      for _ in 0..<Int.random(in: 0...3, using: &dice) {
        let at = Int.random(in: bytes.indices, using: &dice)
        if dice.once(in: 3) {
          bytes.remove(at: at)
        } else {
          bytes[at] = UInt8.random(in: 0...255, using: &dice)
        }
      }
      let cuts = (0..<4).map { _ in Int.random(in: bytes.indices, using: &dice) }.sorted()
      let (whole, cut) = (Frames(bytes), Frames(bytes, cuts: cuts))
      if whole != cut { Issue.record("round \(round): \(bytes) at \(cuts)") }
    }
  }

  private static let opening = text(
    "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")

  /// A session that is a WebSocket, and what it answers to frames.
  private func open(_ app: TestApp = TestApp()) -> Session {
    let session = app.session()
    _ = session.talk(Self.opening)
    return session
  }

  @Test func `messages are answered, pings too, and a close is echoed`() {
    let bye: [UInt8] = [0x88, 5, 3, 232] + text("bye")
    let rows: [([UInt8], [UInt8], Bool)] = [
      (frame(1, text("hi")), [0x81, 2] + text("hi"), false),
      (frame(9, [7]) + frame(1, text("a")), [0x8a, 1, 7, 0x81, 1, 0x61], false),
      (
        frame(2, [UInt8](repeating: 1, count: 200)),
        [0x82, 126, 0, 200] + [UInt8](repeating: 1, count: 200), false
      ),
      (
        frame(2, [UInt8](repeating: 1, count: 65536)),
        [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0] + [UInt8](repeating: 1, count: 65536), false
      ),
      (frame(8, []), [0x88, 0], true), (frame(8, [3, 232]), [0x88, 2, 3, 232], true),
      (frame(8, [3, 232] + text("bye")), Array(bye.prefix(4)).map { $0 == 5 ? 2 : $0 }, true),
      (frame(1, [0xff]), [0x88, 23, 3, 239] + text("a text is not UTF-8").prefix(21), true),
    ]
    for (bytes, answer, isOver) in rows {
      let session = open()
      let output = session.talk(bytes)
      let start = bytes == frame(1, [0xff]) ? 4 : answer.count
      #expect(session.isOver == isOver)
      #expect(
        output.prefix(start).dropFirst(start == 4 ? 2 : 0)
          == answer.prefix(start).dropFirst(start == 4 ? 2 : 0))
      if start != 4 { #expect(output.count == answer.count) }
    }
    // Frames that came right behind the handshake are not lost.
    let session = TestApp().session()
    let output = session.talk(Self.opening + frame(1, text("early")))
    #expect(output.suffix(7) == [0x81, 5] + text("early"))
  }

  @Test func `a silent client is asked, and then let go`() {
    let time = Timeouts().heartbeat
    let (silent, living) = (open(), open())
    for session in [silent, living] {
      session.expire(1_000_000 + time)
      #expect(session.settle(1_000_000 + time) == [0x89, 0])
    }
    living.receive(frame(10, []).span, 1_000_001 + time)
    for session in [silent, living] { session.expire(1_000_000 + 2 * time) }
    #expect(silent.isBroken && !living.isOver)
  }

  @Test func `the server closes with words, and waits for the client's only a moment`() throws {
    let app = TestApp()
    let session = open(app)
    let client = try app.socket.take()
    client.send(.text("last"))
    client.close(.policy, "enough")
    #expect(client.send(.text("late")) == .closed)
    session.advance(1_000_000)
    #expect(session.settle() == [0x81, 4] + text("last") + [0x88, 8, 3, 240] + text("enough"))
    // A message that crosses the close frame is not answered any more.
    #expect(session.talk(frame(1, text("x")) + frame(9, [])).isEmpty && !session.isOver)
    #expect(session.talk(frame(8, [3, 240])).isEmpty && session.isOver)
    let other = open(app)
    other.drain(1_000_000)
    #expect(other.settle().prefix(4).suffix(2) == [3, 233])
    other.expire(1_000_000 + Timeouts().linger)
    #expect(other.isBroken)
  }

  @Test func `what a client does not take is bounded, and it is not read meanwhile`() throws {
    let app = TestApp()
    let session = open(app)
    let client = try app.socket.take()
    let piece = WebSocketMessage.binary([UInt8](repeating: 0, count: 10000))
    let sent = (0..<1000).prefix { _ in client.send(piece) == .taken }.count
    #expect(sent < 30 && client.send(piece) == .full)
    session.advance(1_000_000)
    #expect(session.outputCount < 80000 && !session.wantsInput)
    // Pings of one who reads nothing do not pile up.
    session.receive(Array((0..<20000).flatMap { _ in frame(9, []) }).span, 1_000_000)
    #expect(session.outputCount < 80000)
    let closed = Box<Bool>()
    client.whenClosed { closed.put(true) }
    session.abort(1_000_000)
    #expect(try closed.take() && client.send(piece) == .closed)
  }

  @Test func `the echo works over a real socket, for many at once`() throws {
    let app = TestApp()
    try app.serving { _, port in
      let clients = try (0..<32).map { _ in try Client(port) }
      for client in clients {
        client.send(Self.opening)
        _ = try client.take(until: "\r\n\r\n")
      }
      for round in 0..<10 {
        for client in clients { client.send(frame(1, text("round \(round)."))) }
        for client in clients { _ = try client.take(until: "round \(round).") }
      }
      clients[0].send(frame(8, [3, 232]))
      #expect(clients[0].takeAll().utf8.first != nil)
    }
  }
}
