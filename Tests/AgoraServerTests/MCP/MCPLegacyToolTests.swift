import AgoraStore
import CompatProxy
import TestSupport
import Testing

@testable import AgoraServer

/// v4's tools, under v4's names and the early v5's, with v4's parameters.
@Suite struct MCPLegacyToolTests {
  /// A tool's name, its arguments, and what its answer has.
  static let calls: [(names: [String], arguments: String, members: [String])] = [
    (
      ["register_agent_capability", "agora.agent.register", "agora_agent_register"],
      #"{"agent_id":"old","capability_type":"testing","proficiency_level":8,"max_concurrent_tasks":2}"#,
      ["success", "agent_id", "message"]
    ),
    (
      ["send_agent_message", "agora.messaging.send", "agora_messaging_send"],
      #"{"from_agent":"old","to_agent":"other","message_type":"info","payload":{"a":[1]},"priority":5,"requires_response":false,"correlation_id":null}"#,
      ["success", "message_id", "message"]
    ),
    (
      ["send_agent_message", "agora.messaging.send"],
      #"{"from_agent":"old","to_agent":"other","message_type":"info","content":"x","priority":3}"#,
      ["success", "message_id"]
    ),
    (
      ["assign_task", "agora.task.assign"],
      #"{"workflow_id":"wf-1","task_type":"review","input_data":{"file":"a"},"required_capabilities":["testing"],"requesting_agent":"old"}"#,
      ["success", "task_id"]
    ),
    (
      ["update_task_progress", "agora.task.update"],
      #"{"assignment_id":"task_12345678","agent_id":"old","progress":0.5,"status_update":"working","intermediate_results":{}}"#,
      ["success", "message"]
    ),
    (
      ["start_workflow_coordination", "agora.workflow.start", "agora_workflow_start"],
      #"{"workflow_id":"wf-2","coordinator_agent":"old","participating_agents":["old",null,"old"],"coordination_strategy":"parallel"}"#,
      ["success", "workflow_id"]
    ),
    (
      ["query_coordination_data", "agora.query.data", "agora_query_data"],
      #"{"query_type":"active_agents","filters":{}}"#, ["result"]
    ),
    (
      ["coordination_system_status", "agora.system.status", "agora_system_status"],
      #"{"include_metrics":true,"include_active_tasks":false}"#, []
    ),
  ]

  @Test func `each is done by the translation of all doors, and recorded as a call of v4`() throws {
    try withTemporaryFolder { folder in
      let bench = try MCPBench(in: folder)
      var count = 0
      for (names, arguments, members) in Self.calls {
        for name in names {
          let result = try bench.call(name, arguments)["result"]
          #expect(result?["isError"] == .bool(false), "\(name): \(String(describing: result))")
          let data = result?["structuredContent"]
          for member in members { #expect(data?[member] != nil, "\(name) \(member)") }
          count += 1
          let newest = try bench.place.rows(
            "SELECT door, reducer, code FROM v4_calls ORDER BY rowid DESC LIMIT 1")
          #expect(newest == [["mcp", names[0], "-"]], "\(name)")
        }
      }
      let all = try bench.place.rows("SELECT count(*) FROM v4_calls")
      #expect(all == [["\(count)"]])
      // The query's callers read an array from the text.
      let agents = try bench.call("query_coordination_data", #"{"query_type":"active_agents"}"#)
      let text = agents["result"]?["content"]?.elements?.first?["text"]?.text ?? ""
      #expect(try JSON.parse(text).elements?.isEmpty == false)
      let sent = try bench.place.rows(
        "SELECT content, priority FROM messages ORDER BY rowid LIMIT 1")
      #expect(sent == [[#"{"a":[1]}"#, "4"]])
    }
  }

  @Test func `what a v5 agent says under a shared name is never taken for a call of v4`() throws {
    try withTemporaryFolder { folder in
      let bench = try MCPBench(in: folder)
      try bench.place.register("a")
      let rows: [(String, String, isError: Bool)] = [
        (
          "agora.messaging.send",
          #"{"from_agent":"a","to_agent":"a","message_type":"info","content":"x"}"#, false
        ),
        (
          "agora.messaging.send",
          #"{"from_agent":"a","to_agent":"ghost","message_type":"info","content":"x"}"#, true
        ),
        ("agora.messaging.send", #"{"to_agent":"a","payload":"x"}"#, true),
        (
          "agora.messaging.send",
          #"{"from_agent":"a","to_agent":"a","message_type":"info","content":"x","priority":"urgnt"}"#,
          true
        ),
        (
          "agora.task.update",
          #"{"task_id":"task_0197f4e1a8d47764b47b7d32f81b996b","progress":0.5}"#, true
        ),
        ("agora.agent.register", #"{"agent_name":"b","capabilities":["x"]}"#, false),
        (
          "agora.task.assign", #"{"task_type":"t","assignee":"a","payload":{},"assigne":"a"}"#, true
        ),
      ]
      for (name, arguments, isError) in rows {
        let result = try bench.call(name, arguments)["result"]
        #expect(result?["isError"] == .bool(isError), "\(arguments): \(String(describing: result))")
      }
      let (calls, agents) = (
        try bench.place.rows("SELECT count(*) FROM v4_calls"),
        try bench.place.rows("SELECT agent_name FROM agents ORDER BY 1")
      )
      #expect(calls == [["0"]] && agents == [["a"], ["b"]])
    }
  }

  @Test func `refusals name what is wrong and what to call instead, and are recorded`() throws {
    try withTemporaryFolder { folder in
      let bench = try MCPBench(in: folder)
      let rows: [(String, String, code: String, replacement: String)] = [
        ("assign_task", #"{"workflow_id":"w"}"#, "invalid_arguments", "agora.task.assign"),
        ("send_agent_message", "{}", "invalid_arguments", "agora.messaging.send"),
        (
          "query_coordination_data", #"{"query_type":"nothing"}"#, "unknown_query",
          "agora.query.agents"
        ),
        (
          "update_task_progress", #"{"assignment_id":"t","progress":"soon"}"#, "invalid_arguments",
          "agora.task.update"
        ),
      ]
      for (name, arguments, code, replacement) in rows {
        let result = try bench.call(name, arguments)["result"]
        let error = result?["_meta"]?["dev.agora/error"]
        #expect(result?["isError"] == .bool(true) && error?["code"]?.text == code, "\(name)")
        #expect(error?["replacement"]?.text == replacement)
      }
      #expect(
        try bench.place.rows("SELECT count(*) FROM v4_calls WHERE code IS NOT NULL") == [["4"]])
    }
  }

  @Test func `a token binds its holder here too`() throws {
    try withTemporaryFolder { folder in
      let bench = try MCPBench(in: folder)
      let id = try bench.place.register("mine")
      try bench.place.register("theirs")
      let caller = Caller.bound(to: AgentReference(id), authority: 0, origin: .mcp)
      let rows = [("mine", false), (id, false), ("theirs", true), ("nobody", true)]
      for (name, isError) in rows {
        for parameter in ["from_agent", "from"] {
          let result = try bench.call(
            "send_agent_message",
            #"{"\#(parameter)":"\#(name)","to_agent":"mine","message_type":"info","payload":"x"}"#,
            as: caller)["result"]
          #expect(
            result?["isError"] == .bool(isError),
            "\(parameter) \(name): \(String(describing: result))")
        }
      }
      #expect(try bench.place.rows("SELECT count(*) FROM agents") == [["2"]])
    }
  }

  @Test
  func `they are listed on request only, as deprecated, with parameters that the reducers have`()
    throws
  {
    #expect(MCPLegacyTool.all.count == 7)
    for tool in MCPLegacyTool.all {
      for parameter in tool.parameters {
        #expect(
          tool.reducer.schemaType(of: parameter.name) != nil, "\(tool.name) \(parameter.name)")
      }
    }
    try withTemporaryFolder { folder in
      let bench = try MCPBench(in: folder) {
        $0.listsLegacyTools = true
        $0.naming = .dotted
      }
      let tools =
        try bench.ask(MCPBench.text("tools/list")).answer["result"]?["tools"]?.elements ?? []
      let listed = tools.filter { $0["_meta"]?["dev.agora/version"]?.text == "4.0.0" }
      #expect(listed.compactMap { $0["name"]?.text } == MCPLegacyTool.all.map(\.name))
      for (tool, card) in zip(MCPLegacyTool.all, listed) {
        let replacement = card["_meta"]?["dev.agora/replacement"]?.text
        #expect(replacement == tool.reducer.replacement)
        #expect(
          card["description"]?.text?.hasPrefix("[DEPRECATED - use \(replacement ?? "")]") == true)
        #expect(card["_meta"]?["dev.agora/status"]?.text == "deprecated")
      }
    }
    try withTemporaryFolder { folder in
      let off = try MCPBench(in: folder) {
        $0.leastPhase = .sunset
        $0.listsLegacyTools = true
      }
      #expect(MCPBench.code(try off.call("assign_task")) == -32602)
      let count = try off.ask(MCPBench.text("tools/list")).answer["result"]?["tools"]?.elements?
        .count
      #expect(count == ToolCatalog.agora.names.count)
    }
  }

  @Test func `on the way to v4's end they say what to call instead, and then they are gone`() throws
  {
    try withTemporaryFolder { folder in
      let bench = try MCPBench(in: folder) { $0.listsLegacyTools = true }
      let control = SunsetControl(bench.place.marketplace) { _, _ in [] }
      let send =
        #"{"from_agent":"old","to_agent":"new","message_type":"info","payload":"x","priority":2}"#
      func listed() throws -> [JSON] {
        try (bench.ask(MCPBench.text("tools/list")).answer["result"]?["tools"]?.elements ?? [])
          .filter { $0["name"]?.text == "send_agent_message" }
      }
      let before = try bench.call("send_agent_message", send)["result"]
      #expect(before?["content"]?.elements?.count == 1)
      _ = try control.set(.warning, date: Timestamp("2025-12-01T00:00:00Z"))
      let warned = try bench.call("send_agent_message", send)["result"]
      #expect(
        warned?["isError"] == .bool(false)
          && warned?["structuredContent"]?["success"] == .bool(true))
      let warning = warned?["content"]?.elements?.last?["text"]?.text ?? ""
      #expect(warning.contains("ends on 2025-12-01") && warning.contains("agora.messaging.send"))
      let replacement = warned?["_meta"]?["dev.agora/replacement_call"]
      #expect(replacement?["arguments"]?["content"]?.text == "x", "\(String(describing: warned))")
      let card = try listed().first
      #expect(card?["description"]?.text?.contains("sunset 2025-12-01") == true)
      #expect(card?["_meta"]?["dev.agora/sunset"]?.text == "2025-12-01T00:00:00Z")
      _ = try control.set(.sunset, SunsetControl.Decision(reason: "r"))
      for name in ["send_agent_message", "agora.messaging.send"] {
        let ended = try bench.call(name, send)["result"]
        #expect(ended?["isError"] == .bool(true), "\(name)")
        let error = ended?["_meta"]?["dev.agora/error"]
        #expect(error?["code"]?.text == "v4_sunset", "\(name)")
        #expect(error?["replacement_call"]?["tool"]?.text == "agora.messaging.send")
        #expect(error?["replacement"] == error?["replacement_call"]?["tool"])
      }
      #expect(try listed().isEmpty)
      let calls = try bench.place.rows("SELECT code FROM v4_calls ORDER BY rowid")
      #expect(calls == [["-"], ["-"], ["v4_sunset"], ["v4_sunset"]])
    }
  }
}
