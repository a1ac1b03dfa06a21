import AgoraStore
import Synchronization
import TestSupport
import Testing

@testable import AgoraServer

/// `subscriptions/listen`: changes, told to those who want to hear of them.
@Suite struct MCPListenTests {
  private final class Paper: Sendable {
    private let lines = Mutex<[JSON]>([])
    func write(_ bytes: [UInt8]) {
      guard let json = try? JSON.parse(Array(bytes.dropLast())) else { return }
      lines.withLock { $0.append(json) }
    }
    /// What was written since the last look.
    func take() -> [JSON] {
      lines.withLock { lines in
        defer { lines = [] }
        return lines
      }
    }
  }

  /// A marketplace whose changes are told when the test says so.
  private struct Place {
    let bench: MCPBench
    let hub: EventHub
    let core: MCPCore

    init(in folder: String) throws {
      bench = try MCPBench(in: folder)
      var rules = EventHub.Rules()
      rules.hasThread = false
      hub = try EventHub(bench.place.marketplace, rules: rules, milliseconds: { 0 })
      core = MCPCore(ToolDoor(bench.place.marketplace), bench.core.options, hub: hub)
    }
  }

  private func listen(_ wanted: String, id: String) -> [UInt8] {
    let text = MCPBench.text(
      "subscriptions/listen", #""notifications":\#(wanted)"#, isModern: true, id: id)
    return Array((text + "\n").utf8)
  }

  private func summary(_ messages: [JSON]) -> [String] {
    messages.map { message in
      let id = message["params"]?["_meta"]?["io.modelcontextprotocol/subscriptionId"]
      let method = message["method"]?.text ?? "answer \(message["id"] ?? .null)"
      return "\(id?.description ?? "-") \(method) \(message["params"]?["uri"]?.text ?? "")"
    }
  }

  @Test func `who listens is acknowledged first, told what it asked for, and no more`() throws {
    try withTemporaryFolder { folder in
      let place = try Place(in: folder)
      let bazaar = place.bench.place
      try bazaar.register("a")
      try bazaar.register("b")
      let workflow =
        try bazaar.call(
          "agora.workflow.create",
          #"{"workflow_name":"w","steps":[{"name":"s","agent":"b"}],"assigned_agents":["b"],"start":false}"#
        )["workflow_id"]?.text ?? ""
      let paper = Paper()
      let lines = MCPLines(place.core, as: .owner(.mcp)) { paper.write($0) }
      lines.feed(
        listen(
          #"{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true}"#,
          id: "1"))
      lines.feed(
        listen(
          #"{"resourceSubscriptions":["agora://agents/a","agora://workflows/\#(workflow)","agora://agents/none","agora://compatibility/matrix","x"]}"#,
          id: "\"two\""))
      let acknowledged = paper.take()
      #expect(
        acknowledged.map { $0["method"]?.text }
          == [String](repeating: "notifications/subscriptions/acknowledged", count: 2))
      #expect(
        acknowledged.map { $0["params"]?["notifications"]?.description } == [
          #"{"toolsListChanged":true}"#,
          #"{"resourceSubscriptions":["agora://agents/a","agora://workflows/\#(workflow)"]}"#,
        ])
      let changes: [(String, String, [String])] = [
        (
          "agora.messaging.send", #"{"to_agent":"b","content":"x","from_agent":"b"}"#, []
        ),
        (
          "agora.messaging.send", #"{"to_agent":"a","content":"x","from_agent":"b"}"#,
          [#""two" notifications/resources/updated agora://agents/a"#]
        ),
        (
          "agora.messaging.send", #"{"to_agent":"broadcast","content":"x","from_agent":"b"}"#,
          [#""two" notifications/resources/updated agora://agents/a"#]
        ),
        (
          "agora.task.assign", #"{"task_type":"t","assignee":"a","payload":{}}"#,
          [#""two" notifications/resources/updated agora://agents/a"#]
        ),
        (
          "agora.workflow.modify", #"{"workflow_id":"\#(workflow)","action":"terminate"}"#,
          [#""two" notifications/resources/updated agora://workflows/\#(workflow)"#]
        ),
        (
          "agora.admin.manage",
          #"{"action":"deprecate_service","service_name":"agora.task.list","version":"1.0.0","deprecation_date":"2025-01-01T00:00:00Z","sunset_date":"2025-12-01T00:00:00Z","replacement":"agora.query.agents"}"#,
          ["1 notifications/tools/list_changed "]
        ),
      ]
      for (tool, arguments, told) in changes {
        try bazaar.call(tool, arguments)
        place.hub.goRound()
        // One call may be several events.
        #expect(Set(summary(paper.take())) == Set(told), "\(tool) \(arguments)")
      }
      // Cancelled, the first one hears nothing more, and is not answered.
      lines.feed(
        Array(
          (#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"# + "\n")
            .utf8))
      try bazaar.call(
        "agora.admin.manage",
        #"{"action":"activate_service","service_name":"agora.task.list","version":"1.0.0"}"#)
      place.hub.goRound()
      #expect(paper.take().isEmpty)
      lines.finish()
      let last = paper.take()
      #expect(last.map { $0["id"] } == [.string("two")])
      #expect(last.first?["result"]?["resultType"]?.text == "complete")
    }
  }

  @Test func `what cannot be wanted is refused, and what is declared is what is done`() throws {
    try withTemporaryFolder { folder in
      let place = try Place(in: folder)
      let paper = Paper()
      let lines = MCPLines(place.core, as: .owner(.mcp)) { paper.write($0) }
      for wanted in [
        "7", "[]", "null", #"{"toolsListChanged":1}"#, #"{"resourceSubscriptions":"x"}"#,
        #"{"resourceSubscriptions":[1]}"#, #"{"promptsListChanged":"yes"}"#,
      ] {
        lines.feed(listen(wanted, id: "1"))
        #expect(paper.take().map { MCPBench.code($0) } == [-32602], "\(wanted)")
      }
      lines.feed(listen("{}", id: "1") + listen("{}", id: "1"))
      #expect(paper.take().map { MCPBench.code($0) } == [nil, -32600])
      let legacy = MCPBench.text("subscriptions/listen", #""notifications":{}"#)
      lines.feed(Array((legacy + "\n").utf8))
      #expect(paper.take().map { MCPBench.code($0) } == [-32602])
      lines.stop()
      for core in [place.core, place.bench.core] {
        let discover = try MCPBench.request(MCPBench.text("server/discover", isModern: true))
        let declared = core.answer(discover, MCPExchange(caller: .owner(.mcp)))["result"]?[
          "capabilities"]
        let isTold = core.tellsChanges
        #expect((declared?["tools"]?["listChanged"] == .bool(true)) == isTold)
        #expect((declared?["resources"]?["subscribe"] == .bool(true)) == isTold)
      }
      let deaf = MCPLines(place.bench.core, as: .owner(.mcp)) { paper.write($0) }
      _ = paper.take()
      deaf.feed(listen("{}", id: "1"))
      #expect(paper.take().map { MCPBench.code($0) } == [-32601])
    }
  }

  @Test func `over HTTP it is a stream that ends with the answer when the server stops`() throws {
    try withTemporaryFolder { folder in
      let place = try Place(in: folder)
      try place.bench.place.register("a")
      var router = Router()
      MCPEndpoint(place.core) { _, _ in Standing(.anonymous(.mcp)) }.mount(on: &router)
      func ask(_ accept: String) throws -> HTTPResponse {
        var request = HTTPRequest(
          method: .post, target: try RequestTarget("/mcp".utf8, method: .post), minorVersion: 1,
          headers: HTTPHeaders([
            ("Host", "a"), ("Content-Type", "application/json"), ("Accept", accept),
            ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "subscriptions/listen"),
          ]))
        request.body = listen(#"{"resourceSubscriptions":["agora://agents/a"]}"#, id: "5")
        return router.respond(to: request, RequestContext(id: "id", client: "127.0.0.1"))
      }
      #expect(try ask("application/json").status == 406)
      let response = try ask("application/json, text/event-stream")
      guard case .stream(let open) = response.body else {
        Issue.record("no stream")
        return
      }
      #expect(response.headers["X-Accel-Buffering"] == "no")
      let stream = ClientStream(limit: 1 << 16) {}
      open(stream)
      func next() -> String { String(decoding: stream.take().piece ?? [], as: UTF8.self) }
      #expect(next().contains("notifications/subscriptions/acknowledged"))
      try place.bench.place.call(
        "agora.messaging.send", #"{"to_agent":"a","content":"x","from_agent":"a"}"#)
      place.hub.goRound()
      let told = next()
      #expect(told.hasPrefix("event: message\ndata: {") && told.hasSuffix("}\n\n"))
      #expect(told.contains("resources/updated") && told.contains(#"subscriptionId":5"#))
      stream.drain()
      let (last, isEnd) = stream.take()
      let text = String(decoding: last ?? [], as: UTF8.self)
      #expect(isEnd && text.contains(#""id":5"#) && text.contains(#""resultType":"complete""#))
    }
  }
}
