import AgoraStore
import TestSupport
import Testing

@testable import AgoraServer

/// The Streamable HTTP transport, in process.
@Suite struct MCPEndpointTests {
  /// An answer taken apart.
  private struct Answer {
    var status = 0
    var headers = HTTPHeaders()
    var body = ""

    var json: JSON? { try? JSON.parse(body) }
    /// The messages of a stream of events.
    var events: [JSON] {
      body.split(separator: "\n").filter { $0.hasPrefix("data: ") }.compactMap {
        try? JSON.parse(String($0.dropFirst(6)))
      }
    }
  }

  private struct Place {
    let bench: MCPBench
    let router: Router

    init(in folder: String) throws {
      bench = try MCPBench(in: folder)
      let access = Access(bench.place.store)
      var router = Router()
      MCPEndpoint(bench.core) { try access.standing(of: $0, $1, through: .mcp) }.mount(on: &router)
      self.router = router
    }

    func send(
      _ body: String, _ fields: [(String, String)], method: HTTPMethod = .post
    ) throws -> Answer {
      var headers: [(String, String)] = [("Host", "127.0.0.1:8080")]
      if method == .post, !fields.contains(where: { $0.0 == "Content-Type" }) {
        headers.append(("Content-Type", "application/json"))
      }
      headers += fields.filter { !$0.1.isEmpty }
      if let host = fields.first(where: { $0.0 == "Host" }) {
        headers.removeAll { $0.0 == "Host" }
        headers.append(host)
      }
      var request = HTTPRequest(
        method: method, target: try RequestTarget("/mcp".utf8, method: method), minorVersion: 1,
        headers: HTTPHeaders(headers))
      request.body = Array(body.utf8)
      let response = router.respond(to: request, RequestContext(id: "id", client: "127.0.0.1"))
      var bytes: [UInt8] = []
      switch response.body {
      case .bytes(let all): bytes = all
      case .pieces(let next): while let piece = try next() { bytes += piece }
      default: break
      }
      return Answer(
        status: response.status.code, headers: response.headers,
        body: String(decoding: bytes, as: UTF8.self))
    }
  }

  private func place<Result>(_ body: (Place) throws -> Result) throws -> Result {
    try withTemporaryFolder { try body(Place(in: $0)) }
  }

  private static let both = ("Accept", "application/json, text/event-stream")
  private static let modern = ("MCP-Protocol-Version", "2026-07-28")

  /// Fields of a request for a page of tools, its body's own version, and the answer's status and code.
  static let listed: [([(String, String)], isModern: Bool, Int, Int?)] = [
    ([], false, 200, nil), ([("MCP-Protocol-Version", "2025-11-25")], false, 200, nil),
    ([("MCP-Protocol-Version", "2024-11-05")], false, 200, nil),
    ([("MCP-Protocol-Version", "1999-01-01")], false, 400, -32022),
    ([("mcp-session-id", "whatever")], false, 200, nil),
    ([modern, ("Mcp-Method", "tools/list")], true, 200, nil),
    ([("mcp-protocol-version", "2026-07-28"), ("MCP-METHOD", "tools/list")], true, 200, nil),
    ([modern, ("Mcp-Method", "tools/list"), ("Mcp-Session-Id", "x")], true, 200, nil),
    ([], true, 400, -32020), ([modern], true, 400, -32020),
    ([("Mcp-Method", "tools/list")], true, 400, -32020),
    ([modern, ("Mcp-Method", "prompts/list")], true, 400, -32020),
    ([modern, ("Mcp-Method", "TOOLS/LIST")], true, 400, -32020),
    ([("MCP-Protocol-Version", "2025-11-25"), ("Mcp-Method", "tools/list")], true, 400, -32020),
    ([modern, modern, ("Mcp-Method", "tools/list")], true, 400, -32020),
    ([modern, ("Mcp-Method", "tools/list"), ("Mcp-Method", "tools/list")], true, 400, -32020),
    // The field says that it is modern, and the body does not.
    ([modern, ("Mcp-Method", "tools/list")], false, 400, -32602),
  ]

  @Test func `the fields of the head have to say what the body says`() throws {
    try place { place in
      for (fields, isModern, status, code) in Self.listed {
        let answer = try place.send(
          MCPBench.text("tools/list", isModern: isModern), fields + [Self.both])
        #expect(answer.status == status, "\(fields): \(answer.body.prefix(200))")
        #expect(answer.json.flatMap { MCPBench.code($0) } == code, "\(fields)")
        #expect(answer.headers["Content-Type"] == "application/json")
        #expect(answer.headers["Mcp-Session-Id"] == nil)
      }
    }
  }

  @Test func `names stand in the head as they are, or wrapped where they cannot`() throws {
    try place { place in
      try place.bench.place.register("é")
      let uri = "agora://agents/é"
      let wrapped = "=?base64?\(Base64Encoder.text(of: Array(uri.utf8).span))?="
      let rows: [(String, String, [String], Int, Int?)] = [
        ("tools/call", #""name":"agora_query_agents""#, ["agora_query_agents"], 200, nil),
        ("tools/call", #""name":"agora_query_agents""#, [], 400, -32020),
        ("tools/call", #""name":"agora_query_agents""#, ["agora.query.agents"], 400, -32020),
        ("tools/call", #""name":"agora_query_agents""#, ["AGORA_QUERY_AGENTS"], 400, -32020),
        ("tools/call", #""name":"agora_query_agents""#, ["agora_query_agents", "x"], 400, -32020),
        (
          "tools/call", #""name":"agora_query_agents""#, ["=?base64?YWdvcmFfcXVlcnlfYWdlbnRz?="],
          200, nil
        ),
        (
          "tools/call", #""name":"agora_query_agents""#, ["=?base64?YWdvcmFfcXVlcnlfYWdlbnR?="],
          400, -32020
        ),
        ("tools/call", #""name":"agora_query_agents""#, ["=?base64?####?="], 400, -32020),
        ("tools/call", #""name":"agora_query_agents""#, ["=?base64?/w==?="], 400, -32020),
        ("tools/call", #""name":"=?base64?""#, ["=?base64?"], 400, -32602),
        ("tools/call", #""name":"none""#, ["none"], 400, -32602),
        ("tools/call", "", [], 400, -32602),
        ("resources/read", #""uri":"\#(uri)""#, [wrapped], 200, nil),
        ("resources/read", #""uri":"agora://agents/no""#, ["agora://agents/no"], 400, -32602),
        ("prompts/get", #""name":"x""#, ["x"], 404, -32601),
        ("ping", "", [], 404, -32601), ("initialize", "", [], 404, -32601),
      ]
      for (method, params, names, status, code) in rows {
        let fields =
          [Self.modern, ("Mcp-Method", method), Self.both] + names.map { ("Mcp-Name", $0) }
        let answer = try place.send(MCPBench.text(method, params, isModern: true), fields)
        #expect(answer.status == status, "\(method) \(params) \(names): \(answer.body.prefix(200))")
        #expect(answer.json.flatMap { MCPBench.code($0) } == code, "\(method) \(params) \(names)")
      }
      let future =
        #""io.modelcontextprotocol/protocolVersion":"2099-01-01","io.modelcontextprotocol/clientCapabilities":{}"#
      let answer = try place.send(
        MCPBench.text("tools/list", meta: future),
        [("MCP-Protocol-Version", "2099-01-01"), ("Mcp-Method", "tools/list"), Self.both])
      #expect(answer.status == 400 && answer.json.flatMap { MCPBench.code($0) } == -32022)
    }
  }

  @Test func `legacy errors have their status, and there is nothing to get and no session to end`()
    throws
  {
    try place { place in
      let version = ("MCP-Protocol-Version", "2025-11-25")
      let ping = MCPBench.text("ping")
      let rows: [(String, [(String, String)], HTTPMethod, Int, Int?)] = [
        (
          MCPBench.text("initialize", #""protocolVersion":"2025-11-25","capabilities":{}"#), [],
          .post, 200, nil
        ),
        (ping, [version], .post, 200, nil),
        (MCPBench.text("nothing"), [version], .post, 200, -32601),
        (MCPBench.text("tools/call"), [version], .post, 200, -32602),
        ("[\(ping)]", [version], .post, 400, -32600), ("{", [version], .post, 400, -32700),
        ("", [version], .post, 400, -32700), ("{}", [version], .post, 400, -32600),
        (#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, [version], .post, 202, nil),
        (#"{"jsonrpc":"2.0","method":"anything"}"#, [], .post, 202, nil),
        (#"{"jsonrpc":"2.0","id":4,"result":{}}"#, [version], .post, 202, nil),
        (#"{"jsonrpc":"2.0","method":"x"}"#, [("MCP-Protocol-Version", "1")], .post, 400, -32022),
        (ping, [("Content-Type", "text/plain")], .post, 415, nil),
        (ping, [("Content-Type", "")], .post, 415, nil),
        (ping, [("Content-Type", "application/json; charset=utf-8")], .post, 200, nil),
        (ping, [("Origin", "http://evil.example")], .post, 403, nil),
        (ping, [("Origin", "http://localhost:3000")], .post, 200, nil),
        (ping, [("Host", "evil.example")], .post, 403, nil),
        (ping, [("Host", "localhost:8080")], .post, 200, nil),
        (ping, [("Authorization", "Bearer wrong")], .post, 401, nil),
        ("", [], .get, 405, nil), ("", [], .delete, 405, nil), ("", [], .put, 405, nil),
      ]
      for (body, fields, method, status, code) in rows {
        let answer = try place.send(body, fields + [Self.both], method: method)
        #expect(answer.status == status, "\(method) \(body) \(fields): \(answer.body)")
        if status < 401 { #expect(answer.json.flatMap { MCPBench.code($0) } == code, "\(body)") }
        if status == 202 { #expect(answer.body.isEmpty) }
        if status == 405 { #expect(answer.headers["Allow"]?.contains("POST") == true) }
        if status == 401 {
          #expect(answer.headers["WWW-Authenticate"]?.hasPrefix("Bearer") == true)
        }
      }
    }
  }

  @Test func `the answer has the form that the client takes`() throws {
    try place { place in
      let rows: [([(String, String)], Int, String)] = [
        ([], 200, "application/json"), ([("Accept", "*/*")], 200, "application/json"),
        ([("Accept", "application/*")], 200, "application/json"),
        ([("Accept", "application/json;q=0.9")], 200, "application/json"),
        ([("Accept", "text/event-stream")], 200, "text/event-stream"),
        ([("Accept", "APPLICATION/JSON"), ("Accept", "text/html")], 200, "application/json"),
        ([("Accept", "text/html")], 406, "application/problem+json"),
      ]
      for (fields, status, type) in rows {
        let answer = try place.send(MCPBench.text("ping"), fields)
        #expect(answer.status == status && answer.headers["Content-Type"] == type, "\(fields)")
      }
      let event = try place.send(MCPBench.text("ping"), [("Accept", "text/event-stream")])
      #expect(event.events.map { $0["result"] } == [.object([])])
      #expect(event.headers["X-Accel-Buffering"] == "no")
    }
  }

  @Test
  func `a call with a token for its progress is answered as a stream that ends with the result`()
    throws
  {
    try place { place in
      for isModern in [false, true] {
        let fields =
          isModern
          ? [Self.modern, ("Mcp-Method", "tools/call"), ("Mcp-Name", "agora_query_agents")] : []
        let text = MCPBench.text(
          "tools/call", #""name":"agora_query_agents""#, meta: #""progressToken":"p""#,
          isModern: isModern)
        let answer = try place.send(text, fields + [Self.both])
        #expect(answer.headers["Content-Type"] == "text/event-stream")
        #expect(!answer.body.contains("id:"))
        let events = answer.events
        #expect(events.map { $0["params"]?["progress"]?.integer } == [0, 1, nil])
        #expect(events.last?["result"]?["isError"] == .bool(false))
        let plain = try place.send(text, fields + [("Accept", "application/json")])
        #expect(plain.json?["result"]?["isError"] == .bool(false))
      }
    }
  }

  @Test func `a client that is gone before its call begins has cancelled it`() throws {
    try place { place in
      try place.bench.place.register("a")
      var request = HTTPRequest(
        method: .post, target: try RequestTarget("/mcp".utf8, method: .post), minorVersion: 1,
        headers: HTTPHeaders([("Host", "localhost"), ("Content-Type", "application/json")]))
      request.body = Array(
        MCPBench.text(
          "tools/call",
          #""name":"agora_messaging_send","arguments":{"to_agent":"a","content":"x","from_agent":"a"}"#,
          meta: #""progressToken":1"#
        ).utf8)
      let response = place.router.respond(
        to: request, RequestContext(id: "id", client: "127.0.0.1"))
      guard case .pieces(let next) = response.body else {
        Issue.record("no stream")
        return
      }
      #expect(String(decoding: try next() ?? [], as: UTF8.self).contains("\"progress\":0"))
      #expect(try place.bench.place.rows("SELECT count(*) FROM messages") == [["0"]])
      #expect(String(decoding: try next() ?? [], as: UTF8.self).contains("delivered"))
      #expect(try next() == nil)
      #expect(try place.bench.place.rows("SELECT count(*) FROM messages") == [["1"]])
    }
  }
}
