import AgoraStore
import TestSupport
import Testing

@testable import AgoraServer

/// Calls of tools, of v5 and of v4.
@Suite struct MCPToolUseTests {
  @Test func `a result is there as text and as data, under either name`() throws {
    try withTemporaryFolder { folder in
      let bench = try MCPBench(in: folder)
      try bench.place.register("alice")
      for name in ["agora_agent_status", "agora.agent.status", "agora.agent.status@^1"] {
        let result = try bench.call(name, #"{"agent_id":"alice"}"#)["result"]
        #expect(result?["isError"] == .bool(false), "\(name)")
        let text = result?["content"]?.elements?.first?["text"]?.text ?? ""
        #expect(try JSON.parse(text) == result?["structuredContent"])
        #expect(result?["structuredContent"]?["agent_name"]?.text == "alice")
      }
    }
  }

  @Test func `what a caller can mend is a result that says what`() throws {
    try withTemporaryFolder { folder in
      let bench = try MCPBench(in: folder)
      try bench.place.register("alice")
      let rows: [(String, String, Caller, code: String, words: String)] = [
        ("agora_agent_status", "{}", .owner(.mcp), "invalid_parameter", "agent_id is missing"),
        ("agora_agent_status", #"{"agent":"x"}"#, .owner(.mcp), "invalid_parameter", "agent_id"),
        ("agora_agent_status", #"{"agent_id":7}"#, .owner(.mcp), "invalid_parameter", "agent_id"),
        (
          "agora_agent_status", #"{"agent_id":"bob"}"#, .owner(.mcp), "not_found",
          "agora_query_agents lists"
        ),
        (
          "agora_messaging_send", #"{"to_agent":"alice","content":"x"}"#, .owner(.mcp),
          "invalid_parameter", "from_agent"
        ),
        (
          "agora_messaging_send", #"{"to_agent":"alice","content":"x","priority":"hgih"}"#,
          .owner(.mcp), "invalid_parameter", "mean high?"
        ),
        (
          "agora_messaging_send", #"{"to_agent":"alice","content":"x","from_agent":"alice"}"#,
          .bound(to: AgentReference("bob"), authority: 0, origin: .mcp), "forbidden", "alice"
        ),
        ("agora_admin_health", "{}", .anonymous(.mcp), "unauthorized", "token"),
      ]
      for (name, arguments, caller, code, words) in rows {
        for isModern in [false, true] {
          let result = try bench.call(name, arguments, isModern: isModern, as: caller)["result"]
          #expect(result?["isError"] == .bool(true), "\(name) \(arguments)")
          #expect(result?["structuredContent"] == nil)
          let text = result?["content"]?.elements?.first?["text"]?.text ?? ""
          #expect(text.contains(words) && text.hasSuffix("[\(code)]"), "\(text)")
          #expect(result?["_meta"]?["dev.agora/error"]?["code"]?.text == code)
        }
      }
    }
  }

  @Test func `the caller's agent is the sender where a call names none`() throws {
    try withTemporaryFolder { folder in
      let bench = try MCPBench(in: folder)
      try bench.place.register("alice")
      let sent = try bench.call(
        "agora_messaging_send", #"{"to_agent":"alice","content":"x"}"#,
        as: .owner(.mcp, as: AgentReference("alice")))
      #expect(sent["result"]?["isError"] == .bool(false), "\(sent)")
    }
  }

  @Test func `warnings stand behind the result and in its metadata`() throws {
    try withTemporaryFolder { folder in
      let bench = try MCPBench(in: folder)
      try bench.place.call(
        "agora.admin.manage",
        #"{"action":"deprecate_service","service_name":"agora.query.agents","version":"1.0.0","deprecation_date":"2025-01-01T00:00:00Z","sunset_date":"2025-12-01T00:00:00Z","replacement":"agora.discovery.list@1.0.0"}"#
      )
      for isModern in [false, true] {
        let result = try bench.call("agora_query_agents", isModern: isModern)["result"]
        let blocks = result?["content"]?.elements ?? []
        #expect(blocks.count == 2 && blocks[1]["text"]?.text?.hasPrefix("Warning: ") == true)
        #expect(result?["_meta"]?["dev.agora/warnings"]?.elements?.count == 1)
      }
    }
  }

  @Test func `progress is told to who gives a token, rising and ending at the result`() throws {
    try withTemporaryFolder { folder in
      let bench = try MCPBench(in: folder)
      let tokens: [(String, told: Bool)] = [
        (#""progressToken":7"#, true), (#""progressToken":"a""#, true), ("", false),
        (#""progressToken":null"#, false), (#""progressToken":{}"#, false),
      ]
      for (meta, isTold) in tokens {
        let text = MCPBench.text("tools/call", #""name":"agora_query_agents""#, meta: meta)
        let opening = bench.core.opening(of: try MCPBench.request(text))
        let told = try bench.ask(text).told
        #expect((opening != nil) == isTold && told.count == (isTold ? 1 : 0), "\(meta)")
        let values = ([opening] + told).compactMap { $0?["params"]?["progress"]?.integer }
        #expect(values == (isTold ? [0, 1] : []))
        let token = try JSON.parse("{\(meta)}")["progressToken"]
        #expect(!isTold || opening?["params"]?["progressToken"] == token)
      }
      let unknown = MCPBench.text("tools/call", #""name":"none""#, meta: #""progressToken":7"#)
      #expect(bench.core.opening(of: try MCPBench.request(unknown)) == nil)
    }
  }
}
