import AgoraStore
import CompatProxy
import TestSupport
import Testing

@testable import AgoraServer

/// Calls and queries over SpacetimeDB's HTTP API: answers, who may, what a hostile client tries, and v4's
/// end.
@Suite struct SpacetimeCallTests {
  @Test func `a call says what it cost only where it ran, and its ids only to who asks`() throws {
    try SpacetimeServer.serving { server in
      let rows: [(String, String, [(String, String)], Int, Bool)] = [
        ("send_agent_message", #"["A","B","info","x",5]"#, [], 200, true),
        (
          "send_agent_message", #"["A","B","info","x",5]"#, [("Accept", "application/json")], 200,
          true
        ),
        ("send_agent_message", #"["A","B","info","x",5]"#, [("Accept", "*/*")], 200, true),
        ("user_directive", #"["u","x"]"#, [], 530, true),
        ("send_agent_message", "[]", [("Accept", "application/json")], 400, false),
        ("nosuch", "[]", [], 404, false),
      ]
      for (reducer, body, headers, status, ran) in rows {
        let answer = try server.ask(
          "POST \(SpacetimeServer.place)/call/\(reducer)", headers, body: body)
        #expect(answer.status == status)
        let duration = answer.headers["spacetime-execution-duration-micros"].flatMap { Int($0) }
        let energy = answer.headers["spacetime-energy-used"]
        #expect((duration != nil) == ran && (energy == "0") == ran, "\(answer)")
        let wantsJSON = headers.first?.1 == "application/json"
        if status == 200 {
          #expect(wantsJSON ? answer.json["success"] == .bool(true) : answer.text.isEmpty)
          #expect(wantsJSON == (answer.json["message_id"]?.text?.hasPrefix("msg_") ?? false))
          #expect(answer.headers["Content-Type"] == (wantsJSON ? "application/json" : nil))
        }
      }
      let calls = try server.bazaar.rows(
        "SELECT door, database, reducer, outcome, ifnull(code,'-') FROM v4_calls ORDER BY call")
      #expect(calls.count == rows.count && calls.allSatisfy { $0[0] == "http" })
      #expect(
        calls.map { $0[4] } == ["-", "-", "-", "withdrawn", "invalid_arguments", "unknown_reducer"])
    }
  }

  @Test func `rows of SQL are SATS-JSON, for 1_x and for 0_8`() throws {
    try SpacetimeServer.serving { server in
      _ = try server.ask(
        "POST \(SpacetimeServer.place)/call/send_agent_message",
        body: #"["A","B","info","it's \"x\"",3]"#)
      let query =
        "SELECT content, priority, delivered, correlation_id, timestamp FROM agent_message"
      let answer = try server.ask("POST \(SpacetimeServer.place)/sql", body: query)
      let rows = answer.json.elements?.first?["rows"]
      #expect(
        rows?.description
          == #"[["it's \"x\"",3,true,[1,[]],[1749204000000000]]]"#, "\(answer)")
      let elements = answer.json.elements?.first?["schema"]?["elements"]?.elements ?? []
      #expect(
        elements.compactMap { $0["algebraic_type"]?.members?.first?.name }
          == ["String", "I32", "Bool", "Sum", "Product"])
      let stats = #"{"rows_inserted":0,"rows_deleted":0,"rows_updated":0}"#
      #expect(answer.json.elements?.first?["stats"]?.description == stats)
      #expect(answer.headers["spacetime-execution-duration-micros"] != nil)
      let made = try server.ask("POST /identity", body: "")
      let token = made.json["token"]?.text ?? ""
      let old = try server.ask(
        "POST /database/sql/agora-marketplace", [SpacetimeServer.basic(token)], body: query)
      #expect(
        old.json.elements?.first?["rows"]?.description
          == #"[["it's \"x\"",3,true,{"1":[]},1749204000000000]]"#, "\(old)")
      #expect(old.json.elements?.first?["stats"] == nil)
      let table = try server.ask(
        "POST \(SpacetimeServer.place)/sql", [("Accept", "text/plain")],
        body: "SELECT from_agent FROM agent_message")
      #expect(table.text == " from_agent \n------------\n \"A\"        \n")
    }
  }

  // MARK: who may

  @Test
  func
    `the doors of v4 are open on this machine, to no page of a stranger's, and beyond it with a token`()
    throws
  {
    try SpacetimeServer.serving { server in
      for headers in [[("Host", "evil.example")], [("Origin", "https://evil.example")]] {
        let answer = try server.ask("GET \(SpacetimeServer.place)/names", headers)
        #expect(answer.status == 403 && answer.headers["Access-Control-Allow-Origin"] == nil)
      }
      // Also when there are tokens: v4's agents have none.
      _ = try server.token("ann")
      #expect(
        try server.ask("POST \(SpacetimeServer.place)/call/agent_heartbeat", body: #"["A"]"#).status
          == 200)
    }
    try SpacetimeServer.serving(client: "192.0.2.7") {
      $0.address = SocketAddress(host: "0.0.0.0", port: 0)
    } _: { server in
      let heartbeat = "POST \(SpacetimeServer.place)/call/agent_heartbeat"
      let refused = try server.ask(heartbeat, body: #"["ann"]"#)
      #expect(refused.status == 401 && refused.headers["agora-code"] == "unauthorized")
      let token = [("Authorization", "Bearer " + (try server.token("ann").text))]
      _ = try server.bazaar.register("ann")
      let assigned = try server.bazaar.call(
        "agora.task.assign", #"{"task_type":"t","assignee":"ann","payload":{}}"#)
      let others = try server.bazaar.call(
        "agora.agent.register", #"{"agent_name":"carl"}"#)["agent_id"]?.text
      let task = try server.bazaar.call(
        "agora.task.assign", #"{"task_type":"t","assignee":"carl","payload":{}}"#)["task_id"]?.text
      let workflow = try server.bazaar.call(
        "agora.workflow.create",
        #"{"workflow_name":"w","assigned_agents":["carl"],"steps":[{"name":"s","agent":"carl"}],"start":false}"#,
        as: .owner(.swift, as: AgentReference("carl")))["workflow_id"]?.text
      let mine = assigned["task_id"]?.text
      #expect(others != nil && task != nil && workflow != nil && mine != nil)
      let rows: [(String, String, Int)] = [
        ("agent_heartbeat", #"["ann"]"#, 200), ("agent_heartbeat", #"["bob"]"#, 530),
        ("user_override", #"["u","system_wide","terminate","r",0]"#, 530),
        ("complete_task", "[\"\(task ?? "")\"]", 530),
        ("update_task_progress", "[\"\(task ?? "")\",\"ann\",1.0,\"completed\",\"{}\"]", 530),
        ("update_workflow_status", "[\"\(workflow ?? "")\",\"failed\"]", 530),
        ("complete_task", "[\"\(mine ?? "")\"]", 200),
        ("broadcast_to_agents", #"["to all",3]"#, 200),
        ("send_agent_message", #"["ann","bob","info","x",3]"#, 200),
        ("send_agent_message", #"["bob","ann","info","x",3]"#, 530),
        ("user_override", #"["u","system_wide","emergency_halt","r",255]"#, 530),
      ]
      for (reducer, body, status) in rows {
        let answer = try server.ask(
          "POST \(SpacetimeServer.place)/call/\(reducer)", token, body: body)
        #expect(answer.status == status, "\(reducer) \(body): \(answer)")
        if status == 530 { #expect(answer.headers["agora-code"] == "forbidden") }
      }
      let senders = try server.bazaar.rows(
        "SELECT agent_name FROM messages JOIN agents ON agent_id=from_agent WHERE to_agent='broadcast'"
      )
      #expect(senders == [["ann"]])
      let halted = try server.bazaar.rows("SELECT count(*) FROM overrides")
      #expect(halted == [["0"]])
      let operators = try server.token("boss", authority: 255).text
      let done = try server.ask(
        "POST \(SpacetimeServer.place)/call/user_override",
        [("Authorization", "Bearer \(operators)")],
        body: #"["u","ann","pause","r",10]"#)
      #expect(done.status == 200, "\(done)")
    }
  }

  // MARK: hostile clients

  @Test func `what is too large, broken or foreign is refused, and nothing has changed`() throws {
    try SpacetimeServer.serving { server in
      _ = try server.ask("POST \(SpacetimeServer.place)/call/agent_heartbeat", body: #"["A"]"#)
      let before = try server.bazaar.rows("SELECT * FROM agents")
      let huge = String(repeating: "x", count: 10 << 20)
      let large = String(repeating: "x", count: 500_000)
      let rows: [(String, String, Int)] = [
        ("call/agent_heartbeat", "[\"\(huge)\"]", 413), ("sql", "SELECT '\(huge)'", 413),
        ("call/agent_heartbeat", "[\"\(large)\"]", 530),
        ("call/agent_heartbeat", "[\"A\u{0}B\"]", 400),
        ("call/agent_heartbeat", #"["A\u0000B"]"#, 530),
        ("call/agent_heartbeat", String(repeating: "[", count: 100_000), 400),
        ("call/agent_heartbeat", #"{"agent_name":{"agent_name":{}}}"#, 400),
        ("call/%00", "[]", 400), ("call/\(String(repeating: "r", count: 4000))", "[]", 404),
        ("sql", "SELECT * FROM agent_message WHERE content = '\u{0}'", 400),
        ("sql", "SELECT * FROM agent_message; DROP TABLE agents", 400),
        ("sql", "UPDATE agent_message SET content=''", 400),
        ("sql", "PRAGMA table_info(agents)", 400), ("sql", "ATTACH '/etc/passwd' AS x", 400),
        ("sql", "SELECT * FROM pragma_database_list", 400),
        ("sql", "SELECT * FROM main.messages", 400), ("sql", "SELECT * FROM tokens", 400),
        (
          "sql", "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM x) SELECT * FROM x",
          400
        ),
        ("sql", "SELECT writefile('/tmp/x', 'x')", 400),
      ]
      for (path, body, status) in rows {
        let answer = try server.ask("POST \(SpacetimeServer.place)/\(path)", body: body)
        #expect(
          answer.status == status,
          "\(path.prefix(40)) \(body.prefix(60)): \(answer.text.prefix(200))")
        #expect(answer.text.utf8.count < 1000)
      }
      #expect(try server.bazaar.rows("SELECT * FROM agents") == before)
      let sizes = try server.bazaar.rows(
        "SELECT max(length(reducer)), max(length(claimed)) FROM v4_calls")
      #expect(sizes == [["512", "512"]])
    }
  }

  @Test func `the drop-in's words mean over HTTP what they mean on the command line`() throws {
    try SpacetimeServer.serving { server in
      let rows: [(String, Int, String)] = [
        (#"["\"A\"","\"B\"","\"info\"","he said \"hi\"","5"]"#, 200, "message_id"),
        (
          #"["--from_agent","A","--to_agent","B","--message_type","info","--payload","x","--priority","2"]"#,
          200, "message_id"
        ),
        (#"["--wrong","x"]"#, 400, "unexpected argument '--wrong' found"),
        (#"["A"]"#, 400, "invalid length 1"), (#"{"a":1}"#, 400, "a JSON array of words"),
        ("[1]", 400, "a JSON array of words"),
      ]
      for (body, status, part) in rows {
        let answer = try server.ask(
          "POST \(SpacetimeServer.place)/call/send_agent_message",
          [("Content-Type", LegacyCall.wordsType), ("Accept", "application/json")], body: body)
        #expect(answer.status == status && answer.text.contains(part), "\(body): \(answer)")
      }
      let doors = try server.bazaar.rows("SELECT door, count(*) FROM v4_calls GROUP BY 1")
      let said = try server.bazaar.rows("SELECT content FROM messages ORDER BY rowid LIMIT 1")
      #expect(doors == [["cli", "4"]] && said == [["he said \"hi\""]])
    }
  }

  // MARK: the end of v4

  @Test func `v4's end is told in headers, and refused with 410 and what to call instead`() throws {
    try SpacetimeServer.serving { server in
      let day: Int64 = 86_400_000_000
      func set(_ change: @escaping @Sendable (inout SunsetState) -> Void) throws {
        try server.bazaar.store.write { connection in
          var state = try SunsetState(connection)
          change(&state)
          try state.write(to: connection)
        }
      }
      let call = "POST \(SpacetimeServer.place)/call/send_agent_message"
      let body = #"["A","B","info","x",3]"#
      let silent = try server.ask(call, body: body)
      #expect(silent.headers["Deprecation"] == nil && silent.headers["Sunset"] == nil)
      let now = server.bazaar.now.microseconds
      try set {
        $0.phase = .warning
        $0.deprecatedAt = Timestamp(microseconds: now)
        $0.sunsetAt = Timestamp(microseconds: now + 5 * day)
      }
      for (line, text) in [
        (call, body), ("POST \(SpacetimeServer.place)/sql", "SELECT * FROM agent_message"),
      ] {
        let warned = try server.ask(line, body: text)
        #expect(warned.status == 200 && warned.headers["Deprecation"] == "@1749204000")
        #expect(warned.headers["Sunset"] == "Wed, 11 Jun 2025 10:00:00 GMT")
        #expect(warned.headers["Link"]?.contains("successor-version") == true)
        #expect(warned.headers["agora-notice"] == nil)
      }
      let told = try server.ask(call, [("User-Agent", "spacetimedb-cli/1.1.2")], body: body)
      #expect(told.headers["agora-notice"]?.contains("agora call agora.messaging.send") == true)
      try set {
        $0.phase = .brownout
        $0.windows = [
          BrownoutWindow(
            start: Timestamp(microseconds: now), end: Timestamp(microseconds: now + 60_000_000))
        ]
      }
      let browned = try server.ask(call, body: body)
      #expect(browned.status == 410 && browned.headers["Retry-After"] == "60", "\(browned)")
      #expect(browned.headers["Content-Type"] == "application/problem+json")
      #expect(browned.code == "v4_brownout")
      #expect(browned.json["replacement"] == .string("/agora/messaging/send"), "\(browned)")
      let urgent = try server.ask(call, body: #"["A","B","info","x",5]"#)
      #expect(urgent.status == 200)
      server.pass(seconds: 60)
      #expect(try server.ask(call, body: body).status == 200)
      try set { $0.phase = .sunset }
      for (line, text) in [
        (call, body), ("POST \(SpacetimeServer.place)/sql", "SELECT * FROM agent_message"),
      ] {
        let gone = try server.ask(line, body: text)
        #expect(gone.status == 410 && gone.code == "v4_sunset" && gone.headers["Sunset"] != nil)
        #expect(gone.headers["Retry-After"] == nil)
      }
    }
  }
}
