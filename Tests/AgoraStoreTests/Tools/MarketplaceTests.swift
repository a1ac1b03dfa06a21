import AgoraStore
import TestSupport
import Testing

/// A writing tool in two versions, one that fails half-way, and one that breaks its declaration.
private struct Ping: ToolCall {
  static let tool = Tool(
    .query, "ping", version: SemanticVersion(1, 1, 0), title: "Ping", description: "Answers.",
    parameters: ParameterList(), output: Output.self, access: .reads, isIdempotent: true,
    examples: [])
  struct Output: ToolOutput {
    let version: String
    static let shape = Shape<Output>(.field("version", "The version") { $0.version })
  }
  init(_ arguments: Arguments) throws(ToolFailure) {}
  func run(in context: ToolContext) throws -> Output { Output(version: "1.1.0") }
}

private struct OldPing: ToolCall {
  static let tool = Tool(
    .query, "ping", title: "Ping", description: "Answers.", parameters: ParameterList(),
    output: Ping.Output.self, access: .reads, isIdempotent: true, examples: [],
    deprecation: Tool.Deprecation(
      since: Timestamp(microseconds: TestMarketplace.start - 1),
      sunset: Timestamp(microseconds: TestMarketplace.start + 3_600_000_000),
      replacement: "agora.query.ping@1.1.0"))
  init(_ arguments: Arguments) throws(ToolFailure) {}
  func run(in context: ToolContext) throws -> Ping.Output { Ping.Output(version: "1.0.0") }
}

private struct HalfWay: ToolCall {
  static let tool = Tool(
    .admin, "half", title: "Half", description: "Fails half-way.", parameters: ParameterList(),
    output: Ping.Output.self, failures: [.conflict], access: .writes, authority: 200,
    isIdempotent: true, examples: [])
  init(_ arguments: Arguments) throws(ToolFailure) {}
  func run(in context: ToolContext) throws -> Ping.Output {
    let agent = try context.reservedAgent()
    try context.emit("half", from: agent.id, to: ToolContext.everyone, [])
    try context.audit(agent.id, before: nil, after: nil)
    throw ToolFailure(.conflict, "half-way")
  }
}

private struct Undeclared: ToolCall {
  static let tool = Tool(
    .query, "undeclared", title: "Undeclared", description: "Gives what it does not declare.",
    parameters: ParameterList(), output: Ping.Output.self, access: .reads, isIdempotent: true,
    examples: [])
  init(_ arguments: Arguments) throws(ToolFailure) {}
  func run(in context: ToolContext) throws -> Ping.Output {
    throw ToolFailure(.conflict, "not declared")
  }
}

@Suite struct MarketplaceTests {
  private static let catalog = ToolCatalog([
    Ping.self, OldPing.self, HalfWay.self, Undeclared.self, RegisterAgent.self, SendMessage.self,
  ])

  @Test func `what fails half-way leaves nothing`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder, catalog: Self.catalog)
      let before = try bazaar.state()
      #expect(try bazaar.failure("agora.admin.half", "{}")?.code == .conflict)
      #expect(try bazaar.state() == before)
    }
  }

  @Test func `authority is asked for before anything else`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder, catalog: Self.catalog)
      let agent = AgentReference("a")
      let cases: [(Caller, ToolFailure.Code)] = [
        (.anonymous(.http), .unauthorized),
        (.bound(to: agent, authority: 199, origin: .http), .forbidden),
        (.bound(to: agent, authority: 200, origin: .http), .invalidParameter),
        (.owner(.cli), .invalidParameter),
      ]
      for (caller, code) in cases {
        let failure = try bazaar.failure("agora.admin.half", #"{"x":1}"#, as: caller)
        #expect(failure?.code == code, "\(caller)")
      }
    }
  }

  @Test func `a failure that is not declared is a defect`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder, catalog: Self.catalog)
      let failure = try bazaar.failure("agora.query.undeclared", "{}")
      #expect(failure?.code == .internal && failure?.message.contains("not declare") == true)
    }
  }

  @Test func `deprecated versions warn, are passed over, and end on their day`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder, catalog: Self.catalog)
      func version(_ name: String) throws -> (String?, [String]) {
        let reply = try bazaar.marketplace.call(name, .object([]), as: .owner(.swift))
        return (reply.result["version"]?.text, reply.warnings)
      }
      #expect(try version("agora.query.ping") == ("1.1.0", []))
      let (old, warnings) = try version("agora.query.ping@1.0.0")
      #expect(old == "1.0.0" && warnings.first?.contains("use agora.query.ping@1.1.0") == true)
      bazaar.pass(seconds: 3_600)
      let failure = try bazaar.failure("agora.query.ping@1.0.0", "{}")
      #expect(failure?.code == .gone && failure?.message.contains("1.1.0") == true)
      // An operator deprecates the newer one as well: the range goes to what is still answered.
      try bazaar.store.write {
        try $0.execute(
          """
          UPDATE services SET status='deprecated', deprecation_date=0, sunset_date=NULL,
            replacement='none', status_set_by='operator' WHERE version='1.1.0'
          """)
      }
      #expect(try version("agora.query.ping").0 == "1.1.0")
      #expect(try version("agora.query.ping@^1").1.first?.contains("deprecated") == true)
    }
  }

  @Test func `services are the catalogue's rows, written once, and keep what operators decided`()
    throws
  {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder, catalog: Self.catalog)
      let all = "SELECT * FROM services ORDER BY service_name, version"
      let rows = try bazaar.rows(all)
      #expect(rows.count == 6)
      _ = try TestMarketplace(store: bazaar.store, catalog: Self.catalog)
      #expect(try bazaar.rows(all) == rows)
      try bazaar.store.write {
        try $0.execute(
          """
          UPDATE services SET status='deprecated', deprecation_date=7, replacement='x',
            status_set_by='operator' WHERE service_name='agora.messaging.send';
          UPDATE services SET description='old' WHERE service_name='agora.messaging.send';
          UPDATE services SET status='beta' WHERE service_name='agora.agent.register';
          """)
      }
      _ = try TestMarketplace(store: bazaar.store, catalog: Self.catalog)
      let state = "SELECT service_name, status, deprecation_date, description='old' FROM services"
      let now = try bazaar.rows(
        state + " WHERE service_name LIKE '%send' OR service_name LIKE '%register'")
      #expect(
        Set(now) == [
          ["agora.messaging.send", "deprecated", "7", "0"],
          ["agora.agent.register", "active", "-", "0"],
        ])
    }
  }

  @Test func `while everything is halted nothing is written, and reading goes on`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder, catalog: Self.catalog)
      let id = try bazaar.register("a")
      func halt(_ target: String) throws {
        try bazaar.store.write {
          try $0.execute(
            """
            DELETE FROM overrides;
            INSERT INTO overrides VALUES('ovr_1','\(target)','pause','maintenance',200,'operator',1,'active',NULL,NULL)
            """)
        }
      }
      let message = #"{"to_agent":"broadcast","content":"x","from_agent":"a"}"#
      for target in ["system_wide", id] {
        try halt(target)
        let before = try bazaar.state()
        let failure = try bazaar.failure("agora.messaging.send", message)
        #expect(failure?.code == .halted && failure?.message.contains("maintenance") == true)
        #expect(try bazaar.state() == before)
        _ = try bazaar.call("agora.query.ping", "{}")
      }
      try halt("somebody else")
      try bazaar.call("agora.messaging.send", message)
    }
  }

  @Test func `an agent is found by id, by name, and by what v4 called it`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let id = try bazaar.register("Größe 🚀")
      try bazaar.store.write {
        try $0.execute(
          """
          INSERT INTO agents(agent_id, agent_name) VALUES('agent_a1b2c3d4e5f60718','short'),
            ('agent_00000000000050008000000000000001','other');
          INSERT INTO v4_names VALUES('s','agent','old-name','\(id)','alias',1),
            ('s','agent','twice','\(id)','alias',1),
            ('t','agent','twice','agent_00000000000050008000000000000001','alias',1),
            ('s','workflow','flow','\(id)','stub',1);
          """)
      }
      let named: [(String, String?)] = [
        (id, id), ("Größe 🚀", id), ("old-name", id), ("short", "agent_a1b2c3d4e5f60718"),
        ("agent_a1b2c3d4e5f60718", "agent_a1b2c3d4e5f60718"), ("größe 🚀", nil), ("flow", nil),
        ("Gro\u{308}ße 🚀", nil), ("agent_ffffffffffff7fffbfffffffffffffff", nil),
        ("' OR 1=1 --", nil),
      ]
      for (name, expected) in named {
        let arguments = JSON.object([
          .init("to_agent", .string(name)), .init("content", .string(name)),
          .init("from_agent", .string(id)),
        ])
        let text = JSONWriter.compact(arguments)
        if let expected {
          let sent = try bazaar.call("agora.messaging.send", text)["message_id"]?.text ?? ""
          let row = try bazaar.rows("SELECT to_agent FROM messages WHERE message_id='\(sent)'")
          #expect(row == [[expected]], "\(name)")
        } else {
          let failure = try bazaar.failure("agora.messaging.send", text)
          #expect(failure?.code == .notFound && failure?.parameter == "to_agent", "\(name)")
        }
      }
      let failure = try bazaar.failure(
        "agora.messaging.send", #"{"to_agent":"twice","content":"","from_agent":"short"}"#)
      #expect(failure?.code == .conflict && failure?.message.contains(id) == true)
    }
  }

  @Test func `calls and activity are counted, and only those that were answered`() throws {
    try withTemporaryFolder { folder in
      let store = try Store(path: folder + "/s.db", creates: true)
      var bazaar: TestMarketplace? = try TestMarketplace(store: store, catalog: Self.catalog)
      let id = try bazaar?.register("a") ?? ""
      bazaar?.pass(seconds: 5)
      for _ in 0..<3 { try bazaar?.call("agora.query.ping", "{}") }
      _ = try bazaar?.failure("agora.messaging.send", "{}")
      func counts() throws -> [[String]] {
        try bazaar?.rows("SELECT service_name, calls FROM service_use ORDER BY 1") ?? []
      }
      #expect(try counts() == [["agora.agent.register", "1"]])
      let message = #"{"to_agent":"a","content":"x","from_agent":"a"}"#
      try bazaar?.call("agora.messaging.send", message, as: .owner(.cli))
      let expected = [
        ["agora.agent.register", "1"], ["agora.messaging.send", "1"], ["agora.query.ping", "3"],
      ]
      #expect(try counts() == expected)
      let activity = try bazaar?.rows(
        "SELECT origin, last_at-\(TestMarketplace.start), calls FROM agent_activity ORDER BY 1")
      #expect(activity == [["cli", "5000000", "1"], ["swift", "0", "1"]])
      let agents =
        "SELECT last_activity-\(TestMarketplace.start) FROM agents WHERE agent_id='\(id)'"
      #expect(try bazaar?.rows(agents) == [["5000000"]])
      // What only looked is written when the marketplace is closed.
      try bazaar?.call("agora.query.ping", "{}")
      bazaar = nil
      let calls = Query(
        "test", "SELECT calls FROM service_use WHERE service_name='agora.query.ping'")
      #expect(try store.read { try $0.integer(calls) } == 4)
    }
  }

  @Test func `calls from many threads are all done, each once`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      try bazaar.register("A")
      let workers = (0..<4).map { worker in
        Background {
          var ids: [String] = []
          for number in 0..<50 {
            let sent = try bazaar.call(
              "agora.messaging.send",
              #"{"to_agent":"broadcast","content":"\#(worker) \#(number)","from_agent":"A"}"#)
            ids.append(sent["message_id"]?.text ?? "")
            _ = try bazaar.call("agora.agent.status", #"{"agent_id":"A"}"#)
          }
          return ids
        }
      }
      let ids = try workers.flatMap { try $0.value() }
      #expect(Set(ids).count == 200)
      let events = try bazaar.rows(
        "SELECT json_extract(data,'$.message_id') FROM events ORDER BY seq")
      let messages = try bazaar.rows("SELECT message_id FROM messages ORDER BY rowid")
      #expect(Array(events.dropFirst()) == messages && Set(messages.map(\.[0])) == Set(ids))
      try bazaar.register("A")
      let use = try bazaar.rows("SELECT sum(calls) FROM service_use")
      #expect(use == [["402"]])
    }
  }

  @Test func `ids grow, also when the clock stands still or goes back`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      try bazaar.register("a")
      for step in 0..<50 {
        try bazaar.call("agora.messaging.send", #"{"to_agent":"a","content":"","from_agent":"a"}"#)
        bazaar.pass(seconds: step % 3 == 0 ? -1 : 0)
      }
      let ids = try bazaar.rows("SELECT message_id FROM messages ORDER BY rowid").map(\.[0])
      #expect(ids == ids.sorted() && Set(ids).count == 50)
    }
  }
}
