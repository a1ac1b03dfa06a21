import AgoraStore
import Foundation
import TestSupport
import Testing

@testable import AgoraServer

/// A text message as a client sends it.
private func message(_ text: String) -> [UInt8] {
  let bytes = Array(text.utf8)
  let head: [UInt8] =
    bytes.count < 126
    ? [0x81, 0x80 | UInt8(bytes.count)]
    : [0x81, 0xfe, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)]
  return head + [0, 0, 0, 0] + bytes
}

/// The texts of a server's frames; a close frame is its code and reason.
private func texts(_ bytes: [UInt8]) -> [String] {
  var rest = bytes[...]
  var texts: [String] = []
  while rest.count >= 2 {
    let opcode = rest.removeFirst() & 15
    var length = Int(rest.removeFirst())
    if length == 126 { length = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst()) }
    if length == 127 {
      length = rest.prefix(8).reduce(0) { $0 << 8 | Int($1) }
      rest.removeFirst(8)
    }
    let payload = rest.prefix(length)
    rest = rest.dropFirst(length)
    if opcode == 8 {
      let code = payload.prefix(2).reduce(0) { $0 << 8 | Int($1) }
      texts.append("closed \(code) \(String(decoding: payload.dropFirst(2), as: UTF8.self))")
    } else {
      texts.append(String(decoding: payload, as: UTF8.self))
    }
  }
  return texts
}

/// A marketplace with two agents, and clients of its events without sockets.
private final class EventApp {
  let folder: String
  let market: TestMarketplace
  let hub: EventHub
  let clock = HandClock()
  let access: Access
  let tools: ToolDoor
  private(set) var token: TokenRegister.Created?

  /// - Parameter authority: that of Bob's token; nil for no token.
  init(authority: Int? = nil, thread: Bool = false) throws {
    folder = FileManager.default.temporaryDirectory.path + "/agora-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    market = try TestMarketplace(in: folder)
    for name in ["Ann", "Bob"] {
      try market.call("agora.agent.register", #"{"agent_name":"\#(name)"}"#)
    }
    var rules = EventHub.Rules()
    rules.hasThread = thread
    hub = try EventHub(market.marketplace, rules: rules, milliseconds: { [clock] in clock.now })
    access = Access(market.store, milliseconds: { [clock] in clock.now })
    tools = ToolDoor(market.marketplace)
    if let authority {
      token = try TokenRegister(market.store).create(
        agent: "Bob", authority: authority, expiresAt: nil, at: market.now)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  var router: Router {
    var router = Router()
    EventSurface(hub, tools, access).mount(on: &router)
    return router
  }

  func session(_ stream: Int = 256 << 10) -> Session {
    let settings = SessionSettings(
      handler: router, streamLimit: stream, seconds: { 784_111_777 }, requestID: { "id" })
    return Session(settings, client: "127.0.0.1", now: clock.now) {}
  }

  private var authorization: String {
    token.map { "Authorization: Bearer \($0.text)\r\n" } ?? ""
  }

  /// A client of `/ws`.
  func socket(_ stream: Int = 256 << 10) -> Session {
    let session = session(stream)
    _ = session.talk(
      Array(
        ("GET /ws HTTP/1.1\r\nHost: localhost\r\n\(authorization)Upgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
          .utf8))
    return session
  }

  /// What a client is answered, without what the events bring.
  func ask(_ session: Session, _ text: String) throws -> [JSON] {
    var output = session.talk(message(text), now: clock.now)
    session.advance(clock.now)
    output += session.settle(clock.now)
    return try texts(output).map { try JSON.parse($0) }
  }

  /// What has come for a client since.
  func news(_ session: Session) -> [UInt8] {
    hub.goRound()
    session.advance(clock.now)
    return session.settle(clock.now)
  }

  func events(_ session: Session) throws -> [JSON] {
    try texts(news(session)).map { try JSON.parse($0) }
  }

  func send(_ content: String, to receiver: String, from sender: String = "Ann") throws {
    try market.call(
      "agora.messaging.send",
      #"{"to_agent":"\#(receiver)","content":"\#(content)","from_agent":"\#(sender)"}"#)
  }
}

@Suite struct EventTests {
  @Test func `who looks on wants no more than who subscribes, and both are counted`() throws {
    let app = try EventApp()
    let client = app.socket()
    let types = (0..<65).map { #""t\#($0)""# }.joined(separator: ",")
    let long = String(repeating: "x", count: 5_000)
    let rows = [
      (#""event_types":[\#(types)]"#, "invalid_parameter"),
      (#""event_types":["\#(long)"]"#, "invalid_parameter"),
      (#""event_types":["a"],"filters":{"a":"\#(long)"}"#, "too_large"),
      (#""event_types":[]"#, "invalid_parameter"), (#""event_types":null"#, "invalid_parameter"),
      (#""event_types":["a"],"more":1"#, "invalid_parameter"),
    ]
    for agent in ["", #""agent_id":"Bob","#] {
      for (wish, code) in rows {
        let answer = try app.ask(client, #"{"type":"subscribe",\#(agent)\#(wish)}"#)
        #expect(answer.first?["error"]?["code"]?.text == code, "\(agent) \(wish.prefix(60))")
      }
    }
    let bob = try app.ask(
      client, #"{"type":"subscribe","agent_id":"Bob","event_types":["message_received"]}"#)
    let id = try #require(bob.first?["subscription_id"]?.text)
    _ = try app.ask(client, #"{"type":"unsubscribe","subscription_id":"\#(id)"}"#)
    let done = app.tools.figures.figures.filter { $0.key.outcome == "done" }.map(\.key.tool)
      .sorted()
    #expect(done == ["agora.messaging.subscribe", "agora.messaging.unsubscribe"])
  }

  @Test func `a client subscribes, gets what is for its agent, and stops`() throws {
    let app = try EventApp()
    let bob = app.socket()
    let answer = try app.ask(
      bob, #"{"type":"subscribe","agent_id":"Bob","event_types":["message_received"]}"#)
    let id = try #require(answer.first?["subscription_id"]?.text)
    #expect(answer.count == 1 && answer[0]["type"]?.text == "subscribed" && id.hasPrefix("sub_"))
    try app.send("one", to: "Bob")
    try app.send("not for Bob", to: "Ann", from: "Bob")
    try app.send("two", to: "Bob")
    let events = try app.events(bob)
    #expect(events.count == 2)
    for event in events {
      let names = event["event"]?.members?.map(\.name) ?? []
      let fields = [
        "event_id", "event_type", "source_agent", "target_agent", "data", "timestamp",
      ]
      #expect(event["type"]?.text == "event" && event["subscription_id"]?.text == id)
      #expect(names == fields && event["event"]?["event_type"]?.text == "message_received")
    }
    let again = try app.events(bob)
    let pong = try app.ask(bob, #"{"type":"ping"}"#)
    #expect(again.isEmpty && pong.map { $0["type"]?.text } == ["pong"])
    let end = try app.ask(bob, #"{"type":"unsubscribe","subscription_id":"\#(id)"}"#)
    try app.send("three", to: "Bob")
    let late = try app.events(bob)
    #expect(end.first?["type"]?.text == "unsubscribed" && late.isEmpty && app.hub.count == 0)
  }

  @Test func `a client that comes back with its last event misses nothing and gets nothing twice`()
    throws
  {
    let app = try EventApp()
    let wish = #""agent_id":"Bob","event_types":["message_received"]"#
    let first = app.socket()
    _ = try app.ask(first, "{\"type\":\"subscribe\",\(wish)}")
    for number in 0..<5 { try app.send("before \(number)", to: "Bob") }
    let before = try app.events(first)
    let last = try #require(before.last?["event"]?["event_id"]?.text)
    first.abort(app.clock.now)
    app.hub.goRound()
    #expect(before.count == 5 && app.hub.count == 0)
    // More than one look at the log goes through.
    for number in 0..<600 { try app.send("between \(number)", to: "Bob") }
    let second = app.socket()
    _ = try app.ask(second, "{\"type\":\"subscribe\",\(wish),\"since\":\"\(last)\"}")
    try app.send("after", to: "Bob")
    var ids: [String] = []
    while true {
      let more = try app.events(second).compactMap { $0["event"]?["event_id"]?.text }
      if more.isEmpty { break }
      ids += more
    }
    #expect(ids.count == 601 && ids == ids.sorted() && !ids.contains(last))
  }

  @Test func `what cannot be subscribed to is said with its code`() throws {
    let app = try EventApp()
    let rows = [
      ("{", "invalid_parameter"), ("[]", "invalid_parameter"), ("{}", "invalid_parameter"),
      (#"{"type":"dance"}"#, "invalid_parameter"), (#"{"type":7}"#, "invalid_parameter"),
      (#"{"type":"subscribe","agent_id":"Bob"}"#, "invalid_parameter"),
      (#"{"type":"subscribe","agent_id":"Bob","event_types":"x"}"#, "invalid_parameter"),
      (#"{"type":"subscribe","agent_id":"Nobody","event_types":["*"]}"#, "not_found"),
      (#"{"type":"subscribe","event_types":[7]}"#, "invalid_parameter"),
      (#"{"type":"subscribe","event_types":["*"],"filters":[]}"#, "invalid_parameter"),
      (#"{"type":"subscribe","event_types":["*"],"since":"evt_nothing"}"#, "not_found"),
      (#"{"type":"subscribe","event_types":["*"],"since":{}}"#, "invalid_parameter"),
      (#"{"type":"subscribe","event_types":["*"],"sinse":"x"}"#, "invalid_parameter"),
      (#"{"type":"subscribe","subscription_id":"sub_1","agent_id":"Bob"}"#, "invalid_parameter"),
      (#"{"type":"subscribe","subscription_id":"sub_1"}"#, "not_found"),
      (#"{"type":"unsubscribe"}"#, "invalid_parameter"),
      (#"{"type":"unsubscribe","subscription_id":"sub_1","agent_id":"Bob"}"#, "invalid_parameter"),
    ]
    let socket = app.socket()
    for (text, code) in rows {
      let answer = try app.ask(socket, text)
      let found = answer.first?["error"]?["code"]?.text
      #expect(answer.count == 1 && found == code, "\(text): \(answer)")
    }
    #expect(app.hub.count == 0)
    var many: [JSON] = []
    for _ in 0...EventSocket.limit {
      many = try app.ask(socket, #"{"type":"subscribe","event_types":["x"]}"#)
    }
    #expect(many.first?["error"]?["code"]?.text == "conflict" && app.hub.count == EventSocket.limit)
    let binary = socket.talk([0x82, 0x81, 0, 0, 0, 0, 1])
    #expect(texts(binary).first?.hasPrefix("closed 1003") == true)
  }

  @Test func `nobody sees what is for another`() throws {
    let rows: [(Int?, String, Int?)] = [
      (nil, "", 1), (nil, #""agent_id":"Bob","#, 2), (0, "", 2), (0, #""agent_id":"Ann","#, nil),
      (255, "", 3), (255, #""agent_id":"Bob","#, 2),
    ]
    for (authority, agent, count) in rows {
      let app = try EventApp(authority: authority)
      let socket = app.socket()
      let answer = try app.ask(
        socket,
        "{\"type\":\"subscribe\",\(agent)\"event_types\":[\"message_received\",\"broadcast_sent\"]}"
      )
      try app.send("to all", to: "broadcast")
      try app.send("to Bob", to: "Bob")
      try app.send("to Ann", to: "Ann", from: "Bob")
      let events = try app.events(socket)
      if let count {
        #expect(events.count == count, "\(agent): \(answer) \(events)")
      } else {
        #expect(events.isEmpty && answer.first?["error"]?["code"]?.text == "forbidden")
      }
    }
  }

  @Test func `one who reads too slowly is waited for, and then told how to go on`() throws {
    let app = try EventApp()
    let slow = app.socket(8192)
    _ = try app.ask(
      slow, #"{"type":"subscribe","agent_id":"Bob","event_types":["message_received"]}"#)
    for number in 0..<400 { try app.send("\(number)", to: "Bob") }
    for _ in 0..<50 { app.hub.goRound() }
    // Nothing was taken from the session: only what fits waits for it.
    slow.advance(app.clock.now)
    #expect(slow.outputCount < 32000 && app.hub.count == 1)
    var ids: [String] = []
    for _ in 0..<200 {
      ids += try app.events(slow).compactMap { $0["event"]?["event_id"]?.text }
    }
    #expect(ids.count == 400 && Set(ids).count == 400 && ids == ids.sorted())
    for number in 0..<400 { try app.send("\(number)", to: "Bob") }
    app.hub.goRound()
    app.clock.go(EventHub.Rules().patience)
    app.hub.goRound()
    slow.advance(app.clock.now)
    let rest = texts(slow.settle(app.clock.now))
    let events = try rest.dropLast().map { try JSON.parse($0) }
    let last = try #require(events.last?["event"]?["event_id"]?.text)
    #expect(rest.last == "closed 1013 too slow; resume with since \(last)")
  }

  @Test func `a stream does not outlive its token`() throws {
    let app = try EventApp(authority: 0)
    let socket = app.socket()
    // One that has subscribed to nothing is looked at by nobody else.
    let idle = app.socket()
    _ = try app.ask(socket, #"{"type":"subscribe","event_types":["*"]}"#)
    let pong = try app.ask(idle, #"{"type":"ping"}"#)
    app.clock.go(EventHub.Rules().recheck)
    let before = app.news(socket)
    let id = try #require(app.token?.token.id)
    _ = try TokenRegister(app.market.store).revoke(id, at: app.market.now)
    app.clock.go(EventHub.Rules().recheck)
    let after = texts(app.news(socket))
    #expect(!texts(before).contains { $0.hasPrefix("closed") })
    #expect(after == ["closed 1008 the token is not valid any more"])
    let late = idle.talk(message(#"{"type":"subscribe","event_types":["*"]}"#), now: app.clock.now)
    #expect(pong.first?["type"]?.text == "pong" && texts(late) == after)
  }

  @Test func `a message counts against the rate of its token`() throws {
    let app = try EventApp(authority: 0)
    let socket = app.socket()
    var codes: Set<String> = []
    for _ in 0..<2000 {
      let answer = try app.ask(socket, #"{"type":"ping"}"#)
      codes.insert(answer.first?["error"]?["code"]?.text ?? answer.first?["type"]?.text ?? "")
    }
    #expect(codes == ["pong", "rate_limited"])
  }

  @Test func `the same events come as server-sent events`() throws {
    let app = try EventApp()
    func open(_ query: String, _ fields: String = "") -> (Session, String) {
      let session = app.session()
      let head = session.talk(
        Array("GET /events\(query) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n".utf8))
      session.advance(app.clock.now)
      return (session, String(decoding: head + session.settle(app.clock.now), as: UTF8.self))
    }
    let (bob, head) = open("?agent_id=Bob&event_types=message_received,task_assigned")
    #expect(head.hasPrefix("HTTP/1.1 200") && head.contains("Content-Type: text/event-stream"))
    #expect(head.contains("retry: 2000\n\n"))
    try app.send("one\\nline", to: "Bob")
    let first = String(decoding: app.news(bob), as: UTF8.self)
    let id = try #require(
      first.components(separatedBy: .newlines).first { $0.hasPrefix("id: ") }?.dropFirst(4))
    #expect(first.contains("\nevent: message_received\ndata: {\"event_id\":\"\(id)\""))
    app.clock.go(EventHub.Rules().keepAlive)
    let silence = String(decoding: app.news(bob), as: UTF8.self)
    #expect(silence.contains(": still here\n\n"))
    bob.abort(app.clock.now)
    try app.send("two", to: "Bob")
    let (back, _) = open("?agent_id=Bob&since=evt_old", "Last-Event-ID: \(id)\r\n")
    let missed = String(decoding: app.news(back), as: UTF8.self)
    #expect(missed.components(separatedBy: "data: ").count == 2 && app.hub.count == 1)
    let rows = [
      ("?agent_id=Nobody", "404"), ("?filters=%7B", "400"), ("?filters=7", "400"),
      ("?colour=blue", "400"), ("?since=evt_1", "404"), ("?subscription_id=sub_1", "404"),
      ("?subscription_id=sub_1&agent_id=Bob", "400"),
    ]
    for (query, status) in rows {
      let (_, answer) = open(query)
      #expect(answer.hasPrefix("HTTP/1.1 \(status)"), "\(query): \(answer)")
    }
  }

  @Test func `events of this process and of another come over a real socket`() throws {
    let app = try EventApp(thread: true)
    defer { app.hub.stop() }
    var configuration = ServerConfiguration()
    configuration.addresses = [SocketAddress(host: "127.0.0.1", port: 0)]
    let server = try HTTPServer(configuration, app.router)
    let running = Background { try server.run() }
    let client = try Client(server.addresses[0].port)
    client.send("GET /events?agent_id=Bob HTTP/1.1\r\nHost: localhost\r\n\r\n")
    _ = try client.take(until: "retry")
    try app.send("from here", to: "Bob")
    _ = try client.take(until: "message_received")
    // As another process would: another marketplace on the same file.
    let other = try Marketplace(Store(path: app.folder + "/agora.db", creates: false))
    let arguments = try JSON.parse(
      #"{"to_agent":"Bob","content":"from there","from_agent":"Ann"}"#)
    _ = try other.call("agora.messaging.send", arguments, as: .owner(.cli))
    _ = try client.take(until: "message_received")
    server.stop()
    _ = client.takeAll()
    _ = try running.value()
  }
}
