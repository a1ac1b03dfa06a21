import AgoraStore
import TestSupport
import Testing

@testable import AgoraServer

/// The methods of both eras.
@Suite struct MCPCoreTests {
  private func bench<Result>(_ body: (MCPBench) throws -> Result) throws -> Result {
    try withTemporaryFolder { try body(MCPBench(in: $0)) }
  }

  @Test func `every revision of the handshake is spoken, and any other gets the newest`() throws {
    try bench { bench in
      let wanted = [
        ("2025-11-25", "2025-11-25"), ("2025-06-18", "2025-06-18"), ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2024-11-05"), ("2023-01-01", "2025-11-25"), ("", "2025-11-25"),
        // The newest one has no handshake.
        ("2026-07-28", "2025-11-25"),
      ]
      for (asked, given) in wanted {
        let result = try bench.ask(
          MCPBench.text("initialize", #""protocolVersion":"\#(asked)","capabilities":{}"#)
        ).answer["result"]
        #expect(result?["protocolVersion"]?.text == given, "\(asked)")
        #expect(
          result?["capabilities"]
            == .object([
              .init("tools", .object([])), .init("resources", .object([])),
            ]))
        #expect(result?["serverInfo"]?["name"]?.text == "agora")
        #expect(result?["instructions"]?.text?.contains("agora_agent_register") == true)
        #expect(result?["resultType"] == nil && result?["_meta"] == nil)
      }
      #expect(try bench.ask(MCPBench.text("ping")).answer["result"] == .object([]))
    }
  }

  @Test func `discovery says what is spoken, for how long, and by whom`() throws {
    try bench { bench in
      let result = try bench.ask(MCPBench.text("server/discover", isModern: true)).answer["result"]
      #expect(result?["resultType"] == .string("complete"))
      let versions = result?["supportedVersions"]?.elements?.compactMap(\.text)
      #expect(versions == ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"])
      #expect((result?["ttlMs"]?.integer ?? -1) >= 0)
      #expect(result?["cacheScope"]?.text == "public")
      let info = result?["_meta"]?["io.modelcontextprotocol/serverInfo"]
      #expect(info?["name"]?.text == "agora" && info?["version"]?.text == "5.0.0")
    }
  }

  /// A method, its parameters, and the error's code in the modern era and in the legacy one.
  static let refused: [(String, String, modern: Int?, legacy: Int?)] = [
    ("initialize", #""protocolVersion":"2025-06-18""#, -32601, nil),
    ("initialize", "", -32601, -32602), ("initialize", #""protocolVersion":1"#, -32601, -32602),
    ("ping", "", -32601, nil), ("logging/setLevel", #""level":"debug""#, -32601, -32601),
    ("resources/subscribe", #""uri":"x""#, -32601, -32601),
    ("resources/unsubscribe", #""uri":"x""#, -32601, -32601),
    ("prompts/list", "", -32601, -32601), ("completion/complete", "", -32601, -32601),
    ("tasks/get", "", -32601, -32601), ("TOOLS/LIST", "", -32601, -32601), ("", "", -32601, -32601),
    ("tools/list", #""cursor":"nonsense""#, -32602, -32602),
    ("tools/list", #""cursor":7"#, -32602, -32602), ("tools/list", #""cursor":"""#, nil, nil),
    ("tools/list", #""cursor":null"#, nil, nil),
    ("resources/list", #""cursor":"dG9vbHMvbGlzdCB4""#, -32602, -32602),
    ("tools/call", "", -32602, -32602), ("tools/call", #""name":7"#, -32602, -32602),
    ("tools/call", #""name":"agora_no_tool""#, -32602, -32602),
    ("tools/call", #""name":"agora_messaging_send@9","arguments":{}"#, -32602, -32602),
    ("tools/call", #""name":"agora_query_agents","arguments":[]"#, -32602, -32602),
    ("tools/call", #""name":"agora_query_agents","arguments":"x""#, -32602, -32602),
    ("tools/call", #""name":"agora_query_agents","arguments":null"#, nil, nil),
    ("tools/call", #""name":"agora_query_agents""#, nil, nil),
    ("resources/read", "", -32602, -32602),
    ("resources/read", #""uri":"agora://agents/nobody""#, -32602, -32002),
    ("resources/read", #""uri":"agora://agents/""#, -32602, -32002),
    ("resources/read", #""uri":"agora://agents/a/b""#, -32602, -32002),
    ("resources/read", #""uri":"agora://agents/%zz""#, -32602, -32002),
    ("resources/read", #""uri":"agora://workflows/nothing""#, -32602, -32002),
    ("resources/read", #""uri":"file:///etc/passwd""#, -32602, -32002),
  ]

  @Test func `what cannot be answered has its code in either era`() throws {
    try bench { bench in
      for (method, params, modern, legacy) in Self.refused {
        for (isModern, code) in [(true, modern), (false, legacy)] {
          let answer = try bench.ask(MCPBench.text(method, params, isModern: isModern)).answer
          #expect(MCPBench.code(answer) == code, "\(method) \(params) \(isModern): \(answer)")
          if method == "resources/read", !params.isEmpty {
            let uri = try JSON.parse("{\(params)}")["uri"]
            #expect(answer["error"]?["data"]?["uri"] == uri)
          }
        }
      }
    }
  }

  @Test func `a request that says half of what it speaks is told what is missing`() throws {
    try bench { bench in
      let version = #""io.modelcontextprotocol/protocolVersion":"2026-07-28""#
      let capabilities = #""io.modelcontextprotocol/clientCapabilities":{}"#
      let client = #""io.modelcontextprotocol/clientInfo":{"name":"x","version":"1"}"#
      let rows: [(String, String, Int?, String)] = [
        ("tools/list", version, -32602, "clientCapabilities"),
        ("tools/list", capabilities, -32602, "protocolVersion"),
        ("tools/list", client, -32602, "protocolVersion"),
        ("server/discover", "", -32602, "protocolVersion and io"),
        ("subscriptions/listen", "", -32602, "protocolVersion"),
        (
          "tools/list", version + #","io.modelcontextprotocol/clientCapabilities":7"#, -32602,
          "object"
        ),
        (
          "tools/list", #""io.modelcontextprotocol/protocolVersion":7,"# + capabilities, -32602,
          "string"
        ),
        ("tools/list", version + "," + capabilities, nil, ""),
        ("tools/list", version + "," + capabilities + "," + client, nil, ""),
      ]
      for (method, meta, code, words) in rows {
        let answer = try bench.ask(MCPBench.text(method, meta: meta)).answer
        #expect(MCPBench.code(answer) == code, "\(method) \(meta)")
        #expect(words.isEmpty || answer["error"]?["message"]?.text?.contains(words) == true)
      }
      for old in ["2025-11-25", "1900-01-01", ""] {
        let answer = try bench.ask(
          MCPBench.text(
            "tools/list",
            meta: #""io.modelcontextprotocol/protocolVersion":"\#(old)","# + capabilities)
        ).answer
        #expect(MCPBench.code(answer) == -32022)
        let data = answer["error"]?["data"]
        #expect(data?["requested"]?.text == old)
        #expect(data?["supported"]?.elements?.first?.text == "2026-07-28")
      }
    }
  }

  @Test func `modern results say that they are complete, and lists how long they may be kept`()
    throws
  {
    try bench { bench in
      try bench.place.register("alice")
      let rows: [(String, String, scope: String?)] = [
        ("tools/list", "", "public"), ("resources/list", "", "public"),
        ("resources/templates/list", "", "public"),
        ("resources/read", #""uri":"agora://agents/alice""#, "private"),
        ("resources/read", #""uri":"agora://migration/report""#, "private"),
        ("resources/read", #""uri":"agora://compatibility/matrix""#, "public"),
        ("tools/call", #""name":"agora_agent_status","arguments":{"agent_id":"alice"}"#, nil),
        ("tools/call", #""name":"agora_agent_status","arguments":{}"#, nil),
      ]
      for (method, params, scope) in rows {
        let result = try bench.ask(MCPBench.text(method, params, isModern: true)).answer["result"]
        #expect(result?["resultType"]?.text == "complete", "\(method)")
        #expect(result?["cacheScope"]?.text == scope && (result?["ttlMs"] == nil) == (scope == nil))
        #expect(result?["_meta"]?["io.modelcontextprotocol/serverInfo"]?["name"] != nil)
        let legacy = try bench.ask(MCPBench.text(method, params)).answer["result"]
        for member in ["resultType", "ttlMs", "cacheScope"] { #expect(legacy?[member] == nil) }
      }
    }
  }

  @Test func `agents, workflows, the migration and the matrix can be read`() throws {
    try bench { bench in
      let id = try bench.place.register("alice b")
      let workflow =
        try bench.place.call(
          "agora.workflow.create",
          #"{"workflow_name":"w","steps":[{"name":"s","agent":"alice b"}],"assigned_agents":["alice b"]}"#
        )["workflow_id"]?.text ?? ""
      let rows: [(String, String, String)] = [
        ("agora://agents/\(id)", "agent_name", "\"alice b\""),
        ("agora://agents/alice%20b", "agent_id", "\"\(id)\""),
        ("agora://workflows/\(workflow)", "workflow_name", "\"w\""),
        ("agora://migration/report", "phase", "\"compatibility\""),
      ]
      for (uri, member, value) in rows {
        let answer = try bench.ask(MCPBench.text("resources/read", #""uri":"\#(uri)""#)).answer
        let content = answer["result"]?["contents"]?.elements?.first
        #expect(content?["uri"]?.text == uri && content?["mimeType"]?.text == "application/json")
        let json = try JSON.parse(content?["text"]?.text ?? "")
        #expect(json[member]?.description == value, "\(uri): \(json)")
      }
      let matrix = try bench.ask(
        MCPBench.text("resources/read", #""uri":"agora://compatibility/matrix""#)
      ).answer["result"]?["contents"]?.elements?.first?["text"]?.text
      #expect(matrix?.contains("send_agent_message") == true)
      for (method, key) in [
        ("resources/list", "resources"), ("resources/templates/list", "resourceTemplates"),
      ] {
        let entries = try bench.ask(MCPBench.text(method)).answer["result"]?[key]?.elements ?? []
        #expect(entries.count == 2)
        for entry in entries {
          for member in ["name", "title", "description", "mimeType"] {
            #expect(entry[member]?.text?.isEmpty == false, "\(method) \(member)")
          }
        }
      }
    }
  }
}
