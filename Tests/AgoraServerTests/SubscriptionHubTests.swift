import AgoraStore
import CompatProxy
import Synchronization
import TestSupport
import Testing

@testable import AgoraServer

/// What the hub of subscriptions does with its clients, without sockets.
@Suite struct SubscriptionHubTests {
  /// One client of a hub.
  private struct HubClient {
    let bazaar: TestMarketplace
    let hub: SubscriptionHub
    let socket: SpacetimeSocket
    let stream: ClientStream

    /// - Parameter patience: longer than a machine takes that is busy with other things.
    static func with(
      limit: Int = SubscriptionHub.bytes, patience: Double = 600,
      as standing: Standing = Standing(.anonymous(.v4)),
      _ body: (HubClient) throws -> Void
    ) throws {
      try withTemporaryFolder { folder in
        let bazaar = try TestMarketplace(in: folder)
        let hub = try SubscriptionHub(
          bazaar.marketplace, clock: .system, limit: limit, patience: patience)
        let routed = RoutedRequest(
          request: HTTPRequest(
            method: .get, target: try RequestTarget(Array("/".utf8), method: .get),
            minorVersion: 1, headers: HTTPHeaders()),
          context: RequestContext(id: "id", client: "127.0.0.1"),
          places: ["database": "agora-marketplace"])
        let visitor = try SpacetimeVisitor(
          routed.request, as: standing, signer: TokenSigner(), now: bazaar.now)
        let stream = ClientStream(limit: 1 << 20) {}
        let socket = SpacetimeSocket(
          hub, try SpacetimeDatabase(routed), visitor, connection: 1, isLight: false)
        socket.acceptance.opened(WebSocketClient(stream: stream))
        defer { stream.close() }
        try body(HubClient(bazaar: bazaar, hub: hub, socket: socket, stream: stream))
      }
    }

    func send(_ text: String) {
      socket.acceptance.received(WebSocketClient(stream: stream), .text(text))
    }

    func close() { stream.close() }

    /// What it was sent since it was asked last: frames with their heads, which are not for reading.
    var heard: String {
      var bytes: [UInt8] = []
      while let piece = stream.take().piece { bytes += piece }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  @Test func `a watched query that grows beyond what is kept is ended`() throws {
    try HubClient.with(limit: 2000) { client in
      let (bazaar, hub) = (client.bazaar, client.hub)
      client.send(
        #"{"Subscribe":{"query_strings":["SELECT * FROM agent_message"],"request_id":1}}"#)
      client.send(
        #"{"SubscribeSingle":{"query":"SELECT * FROM workflows","request_id":2,"query_id":{"id":7}}}"#
      )
      #expect(hub.count.queries == 2)
      let long = String(repeating: "x", count: 3000)
      let answer = Proxy(bazaar.marketplace).answer(
        LegacyCall(
          database: "agora-marketplace", reducer: "send_agent_message",
          arguments: .document(Array(#"["A","B","info","\#(long)",3]"#.utf8))))
      #expect(answer.refusal == nil)
      let end = System.monotonicSeconds() + 10
      while hub.count.queries > 1, System.monotonicSeconds() < end { System.yield() }
      #expect(hub.count == (1, 1))
    }
  }

  @Test func `clients that go leave nothing behind`() throws {
    try HubClient.with { client in
      let hub = client.hub
      client.send(#"{"Subscribe":{"query_strings":["SELECT * FROM *"],"request_id":1}}"#)
      #expect(hub.count.clients == 1 && hub.count.queries == LegacyTable.all.count)
      client.close()
      let end = System.monotonicSeconds() + 10
      while hub.count.clients > 0, System.monotonicSeconds() < end { System.yield() }
      #expect(hub.count == (0, 0))
    }
  }

  @Test func `one frame names no more queries than one client watches, told at once`() throws {
    try HubClient.with { client in
      let many = (0..<20_000).map { #""SELECT * FROM workflows WHERE workflow_id='\#($0)'""# }
      let same = Array(repeating: many[0], count: 20_000)
      func ask(_ texts: [String]) -> String {
        _ = client.heard
        client.send(
          #"{"Subscribe":{"query_strings":[\#(texts.joined(separator: ","))],"request_id":1}}"#)
        return client.heard
      }
      #expect(ask(many).contains("one client watches 256 queries at most"))
      #expect(ask(same).contains("InitialSubscription") && client.hub.count.queries == 1)
    }
  }

  @Test func `what takes too long to be read again after each change is not watched`() throws {
    try HubClient.with(patience: 0) { client in
      client.send(Self.single)
      let heard = client.heard
      #expect(
        heard.contains("SubscriptionError") && heard.contains("takes more than 0.0 s to read"))
      #expect(client.hub.count.queries == 0)
    }
  }

  @Test func `what waits for all clients together is bounded, and each may have a little`() {
    let budget = OutboxBudget(limit: 200_000)
    let streams = (0..<4).map { _ in ClientStream(limit: 10) {} }
    let boxes = streams.map { stream in
      let box = SpacetimeOutbox(budget)
      box.open(WebSocketClient(stream: stream))
      box.send("first")
      return box
    }
    let frame = String(repeating: "x", count: 90_000)
    for box in boxes { box.send(frame) }
    #expect(boxes.map(\.isClosed) == [false, false, true, true])
    boxes[0].send("a little")
    #expect(boxes[0].isClosed == false)
    boxes[0].end()
    boxes[1].close(.policy, "over")
    #expect(budget.change(by: 200_000) == false && budget.change(by: 1))
  }

  private static let query =
    #"{"OneOffQuery":{"message_id":"01","query_string":"SELECT * FROM workflows"}}"#
  private static let single =
    #"{"SubscribeSingle":{"query":"SELECT * FROM workflows","request_id":2,"query_id":{"id":7}}}"#
  private static let call =
    #"{"CallReducer":{"reducer":"send_agent_message","args":"[\"A\",\"B\",\"info\",\"x\",3]","request_id":3,"flags":0}}"#

  /// What the door says of the caller at the moment.
  private final class Verdict: Sendable { let status = Atomic<Int>(200) }

  @Test func `who calls too often is told so in each frame's own answer, and stays connected`()
    throws
  {
    let verdict = Verdict()
    let standing = Standing(.anonymous(.v4)) { _ in
      let status = verdict.status.load(ordering: .relaxed)
      return status == 200 ? nil : Problem(HTTPStatus(status), "x", "more than 2 a second")
    }
    try HubClient.with(as: standing) { client in
      _ = client.heard
      verdict.status.store(429, ordering: .relaxed)
      let rows = [
        (Self.query, "OneOffQueryResponse"), (Self.single, "SubscriptionError"),
        (Self.call, "TransactionUpdate"),
      ]
      for (frame, name) in rows {
        client.send(frame)
        let heard = client.heard
        #expect(heard.contains(name) && heard.contains("more than 2 a second"), "\(heard)")
      }
      #expect(client.hub.count.queries == 0 && !client.socket.isOver)
      let messages = try client.bazaar.store.read {
        try $0.integer(Query("test", "SELECT count(*) FROM messages"))
      }
      #expect(messages == 0)
      verdict.status.store(200, ordering: .relaxed)
      client.send(Self.single)
      #expect(client.heard.contains("SubscribeApplied"))
      // The server's own looks end who has no right any more, and a frame does so at once.
      verdict.status.store(401, ordering: .relaxed)
      client.hub.check()
      #expect(client.socket.isOver)
    }
  }

  @Test func `with v4's end subscriptions end, and say what there is instead`() throws {
    try HubClient.with { client in
      client.send(Self.single)
      client.hub.check()
      #expect(!client.socket.isOver)
      _ = client.heard
      try client.bazaar.store.write { connection in
        var state = try SunsetState(connection)
        state.phase = .sunset
        try state.write(to: connection)
      }
      client.hub.check()
      #expect(client.socket.isOver)
      #expect(client.heard.contains("v4 has ended; call agora.messaging.subscribe"))
    }
  }

  @Test func `a client that takes nothing is let go before it costs much`() {
    let outbox = SpacetimeOutbox()
    let stream = ClientStream(limit: 1000) {}
    outbox.open(WebSocketClient(stream: stream))
    let frame = String(repeating: "x", count: 1 << 20)
    for _ in 0..<40 { outbox.send(frame) }
    #expect(outbox.isClosed && !outbox.isWaiting)
    #expect(stream.waitingBytes < 2 << 20)
    // What waits comes in its order, as the client takes it.
    let other = SpacetimeOutbox()
    let slow = ClientStream(limit: 10) {}
    other.open(WebSocketClient(stream: slow))
    for text in ["a", "b", "c", "d", "e"] { other.send(text) }
    var taken: [UInt8] = []
    for _ in 0..<10 {
      while let piece = slow.take().piece { taken += piece }
      other.flush()
    }
    #expect(String(decoding: taken.filter { $0 > 0x20 && $0 < 0x7f }, as: UTF8.self) == "abcde")
  }
}
