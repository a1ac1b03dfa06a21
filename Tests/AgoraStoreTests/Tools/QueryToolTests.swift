import AgoraStore
import TestSupport
import Testing

@Suite struct QueryToolTests {
  private let agents = "agora.query.agents"

  private func register(_ bazaar: TestMarketplace, _ parameters: String) throws -> String {
    try bazaar.call("agora.agent.register", parameters)["agent_id"]?.text ?? ""
  }

  private func names(_ result: JSON) -> [String] {
    result["agents"]?.elements?.compactMap { $0["agent_name"]?.text } ?? []
  }

  @Test func `agents are found by all their capabilities, status and tier, page by page`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      for (name, capabilities, tier) in [
        ("d", #"["docs","review"]"#, "basic"), ("b", #"["docs"]"#, "premium"),
        ("a", #"["review","docs","docs"]"#, "basic"), ("c", "[]", "basic"), ("Ä", "[]", "basic"),
      ] {
        _ = try register(
          bazaar,
          #"{"agent_name":"\#(name)","capabilities":\#(capabilities),"service_tier":"\#(tier)"}"#)
      }
      try bazaar.store.write {
        try $0.execute("UPDATE agents SET status='paused' WHERE agent_name='d'")
      }
      let cases: [(String, [String])] = [
        ("{}", ["a", "b", "c", "d", "Ä"]), (#"{"capabilities":["docs"]}"#, ["a", "b", "d"]),
        (#"{"capabilities":["docs","review"]}"#, ["a", "d"]),
        (#"{"capabilities":["review","docs","docs"],"status":"active"}"#, ["a"]),
        (#"{"capabilities":["DOCS"]}"#, []), (#"{"capabilities":["docs","nothing"]}"#, []),
        (#"{"capabilities":["docs"],"service_tier":"premium","status":"active"}"#, ["b"]),
        (#"{"status":"paused"}"#, ["d"]), (#"{"service_tier":"premium"}"#, ["b"]),
        (#"{"service_tier":"basic","status":"active"}"#, ["a", "c", "Ä"]),
        (#"{"status":"suspended"}"#, []), (#"{"cursor":"b"}"#, ["c", "d", "Ä"]),
        (#"{"cursor":"zzz","capabilities":["docs"]}"#, []),
      ]
      for (parameters, expected) in cases {
        let result = try bazaar.call(agents, parameters)
        #expect(names(result) == expected, "\(parameters)")
        #expect(result["count"]?.integer == expected.count && result["next_cursor"] == .null)
      }
      for filter in ["", #","capabilities":["docs"]"#, #","status":"active""#] {
        let whole = names(try bazaar.call(agents, #"{"limit":500\#(filter)}"#))
        var cursor: String? = ""
        var found: [String] = []
        while let place = cursor {
          let page = try bazaar.call(agents, #"{"limit":1,"cursor":"\#(place)"\#(filter)}"#)
          found += names(page)
          cursor = page["next_cursor"]?.text
        }
        #expect(found == whole, "\(filter)")
      }
    }
  }

  @Test func `what agents can do is kept whoever changes it`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      _ = try register(bazaar, #"{"agent_name":"a","capabilities":["x","y"]}"#)
      let changes = [
        ("UPDATE agents SET capabilities='[\"y\",\"z\",1,null]'", [["y", "a"], ["z", "a"]]),
        ("UPDATE agents SET agent_name='b'", [["y", "b"], ["z", "b"]]),
        ("UPDATE agents SET agent_name='c', capabilities='[\"q\"]'", [["q", "c"]]),
        ("UPDATE agents SET capabilities='no JSON'", []),
        ("UPDATE agents SET capabilities='[\"q\"]'", [["q", "c"]]),
        ("DELETE FROM audit; DELETE FROM events; DELETE FROM agents", []),
      ]
      for (sql, expected) in changes {
        try bazaar.store.write { try $0.execute(sql) }
        let rows = try bazaar.rows("SELECT capability, agent_name FROM agent_capabilities")
        #expect(rows == expected, "\(sql)")
      }
    }
  }

  @Test func `an agent's load, availability and record are counted`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let id = try register(bazaar, #"{"agent_name":"a","max_concurrent_tasks":2}"#)
      func entry() throws -> JSON? {
        try bazaar.call(agents, "{}")["agents"]?.elements?.first { $0["agent_name"]?.text == "a" }
      }
      let empty = try entry()
      for field in ["median_completion_seconds", "median_response_seconds"] {
        #expect(empty?[field] == .null, "\(field)")
      }
      // Seconds from creation to completion: 1, 2, 10 and 4; one without a time, one that ended before.
      let tasks = [
        ("completed", "1000000"), ("completed", "2000000"), ("completed", "10000000"),
        ("completed", "4000000"), ("completed", "NULL"), ("completed", "-5"), ("failed", "1"),
        ("pending", "NULL"),
      ]
      try bazaar.store.write { connection in
        for (number, (status, time)) in tasks.enumerated() {
          try connection.execute(
            """
            INSERT INTO tasks(task_id, assigned_agent, task_type, status, created_at, completed_at)
            VALUES('task_\(number)','\(id)','t','\(status)',5,5+\(time))
            """)
        }
      }
      let busy = try entry()
      let expected: [(String, JSON)] = [
        ("load", .int(1)), ("tasks_completed", .int(6)), ("tasks_failed", .int(1)),
        ("median_completion_seconds", .number("3.0")), ("availability", .string("available")),
        ("agent_id", .string(id)),
      ]
      for (field, value) in expected { #expect(busy?[field] == value, "\(field)") }
      let states = [
        (
          "INSERT INTO tasks(task_id, assigned_agent, task_type, status) VALUES('task_x','\(id)','t','in_progress')",
          "busy"
        ),
        ("UPDATE agents SET max_concurrent_tasks=NULL", "available"),
        ("UPDATE agents SET status='paused'", "unavailable"),
        ("UPDATE agents SET status='active'", "available"),
        (
          "INSERT INTO overrides VALUES('ovr_1','\(id)','pause','x',1,'o',1,'active',NULL,NULL)",
          "unavailable"
        ),
        ("UPDATE overrides SET state='lifted'", "available"),
        ("UPDATE overrides SET state='active', target_id='system_wide'", "unavailable"),
      ]
      for (sql, availability) in states {
        try bazaar.store.write { try $0.execute(sql) }
        #expect(try entry()?["availability"]?.text == availability, "\(sql)")
      }
    }
  }

  @Test func `the time to an answer is the median over the messages that were answered`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      for name in ["a", "b", "c"] { try bazaar.register(name) }
      func send(_ from: String, _ to: String, after seconds: Double) throws {
        bazaar.pass(seconds: seconds)
        try bazaar.call(
          "agora.messaging.send", #"{"from_agent":"\#(from)","to_agent":"\#(to)","content":"x"}"#)
      }
      func response(_ name: String) throws -> Double? {
        let found = try bazaar.call(agents, "{}")["agents"]?.elements ?? []
        guard
          case .number(let text)? = found.first(where: { $0["agent_name"]?.text == name })?[
            "median_response_seconds"]
        else { return nil }
        return Double(text)
      }
      try send("b", "a", after: 1)
      #expect(try response("a") == nil)
      // Neither an answer to somebody else nor a broadcast is one to b.
      try send("a", "c", after: 1)
      try send("a", "broadcast", after: 1)
      #expect(try response("a") == nil)
      try send("a", "b", after: 2)
      #expect(try response("a") == 4)
      try send("b", "a", after: 10)
      try send("b", "a", after: 4)
      try send("a", "b", after: 6)
      // 4, 10 and 6 seconds, whether they have been read or not.
      #expect(try response("a") == 6)
      let ids = try bazaar.rows(
        "SELECT message_id FROM messages WHERE to_agent<>'broadcast' LIMIT 1")
      try bazaar.call(
        "agora.messaging.acknowledge", #"{"agent_id":"a","message_ids":["\#(ids[0][0])"]}"#)
      #expect(try response("a") == 6)
      #expect(try response("b") == 10)
      #expect(try response("c") == nil)
      // Messages to oneself are no answers.
      try send("c", "c", after: 1)
      try send("c", "c", after: 1)
      #expect(try response("c") == nil)
    }
  }

  @Test func `services are found by category, version and status, with their use`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      func found(_ parameters: String) throws -> [JSON] {
        let result = try bazaar.call("agora.query.services", parameters)
        let services = result["services"]?.elements ?? []
        #expect(result["count"]?.integer == services.count)
        return services
      }
      let all = ToolCatalog.agora.entries.count
      let messaging = ToolCatalog.agora.entries.count { $0.tool.category == .messaging }
      let cases = [
        ("{}", all), (#"{"category":"messaging"}"#, messaging), (#"{"version":"^1.0"}"#, all),
        (#"{"version":">=1 <2","category":"messaging","status":"active"}"#, messaging),
        (#"{"version":"^2"}"#, 0), (#"{"status":"beta"}"#, 0), (#"{"status":"deprecated"}"#, 0),
      ]
      for (parameters, count) in cases {
        #expect(try found(parameters).count == count, "\(parameters)")
      }
      func use(_ name: String) throws -> [JSON?] {
        let service = try found("{}").first { $0["name"]?.text == name }
        return ["calls", "calls_last_30_days", "last_used_on"].map { service?[$0] }
      }
      #expect(try use("agora.messaging.send") == [.int(0), .int(0), .null])
      try bazaar.register("a")
      let message = #"{"to_agent":"broadcast","content":"x","from_agent":"a"}"#
      for _ in 0..<3 { try bazaar.call("agora.messaging.send", message) }
      _ = try bazaar.failure("agora.messaging.send", "{}")
      #expect(try use("agora.messaging.send") == [.int(3), .int(3), .string("2025-06-06")])
      // Calls that only look are counted before they are written.
      let before = try use("agora.query.services")[0]?.integer ?? 0
      #expect(try use("agora.query.services")[0]?.integer == before + 1 && before > 0)
      bazaar.pass(seconds: 40 * 86_400)
      try bazaar.call("agora.messaging.send", message)
      #expect(try use("agora.messaging.send") == [.int(4), .int(1), .string("2025-07-16")])
    }
  }

  @Test func `the marketplace is counted`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      for (name, list) in [("a", #"["x","y"]"#), ("b", #"["x"]"#)] {
        _ = try register(bazaar, #"{"agent_name":"\#(name)","capabilities":\#(list)}"#)
      }
      let message = #"{"to_agent":"b","content":"x","from_agent":"a"}"#
      try bazaar.call("agora.messaging.send", message)
      bazaar.pass(seconds: 7_200)
      for _ in 0..<2 { try bazaar.call("agora.messaging.send", message) }
      let start = TestMarketplace.start
      try bazaar.store.write {
        try $0.execute(
          """
          INSERT INTO tasks(task_id, assigned_agent, task_type, status, completed_at) VALUES
            ('task_00000000000050008000000000000000',NULL,'t','completed',\(start)),
            ('task_\(String(repeating: "f", count: 32))',NULL,'t','pending',NULL);
          INSERT INTO workflows(workflow_id, workflow_name, status) VALUES('wf_1','w','running');
          INSERT INTO messages(message_id, content) VALUES('msg_01974100000050008000000000000000','v4');
          """)
      }
      let result = try bazaar.call("agora.query.marketplace", "{}")
      func text(_ path: String...) -> String {
        var value: JSON? = result
        for name in path { value = value?[name] }
        return value.map(JSONWriter.compact) ?? ""
      }
      #expect(
        text("counts")
          == #"{"agents":2,"services":\#(ToolCatalog.agora.entries.count),"workflows":1,"tasks":2,"messages":4,"events":5,"subscriptions":0}"#
      )
      #expect(
        text("distribution", "tasks_by_status")
          == #"{"pending":1,"in_progress":0,"completed":1,"failed":0}"#)
      #expect(text("distribution", "workflows_by_status").contains(#""running":1"#))
      #expect(text("distribution", "agents_by_status").contains(#""active":2"#))
      #expect(text("distribution", "agents_by_tier").contains(#""basic":2"#))
      #expect(
        text("distribution", "capabilities")
          == #"[{"capability":"x","agents":2},{"capability":"y","agents":1}]"#)
      #expect(
        text("throughput", "last_hour")
          == #"{"messages_sent":2,"tasks_created":0,"tasks_completed":0,"workflows_created":0}"#)
      #expect(
        text("throughput", "last_day")
          == #"{"messages_sent":3,"tasks_created":0,"tasks_completed":1,"workflows_created":0}"#)
      let service = result["services"]?.elements?.first {
        $0["name"]?.text == "agora.messaging.send"
      }
      #expect(service?["calls"]?.integer == 3)
      #expect(text("halted") == "false" && text("timestamp") == "\"\(bazaar.now)\"")
    }
  }
}
