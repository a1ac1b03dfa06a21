import AgoraStore
import TestSupport
import Testing

/// Every failure that a tool declares is produced, and what fails changes nothing.
@Suite struct FailureTests {
  /// A call that fails, who makes it, and what has to be so before.
  struct Case {
    let tool: String
    let code: ToolFailure.Code
    let parameters: String
    var caller = Caller.owner(.swift)
    /// SQL that brings the store into the state in which the call fails.
    var given = ""
  }

  static let bound = Caller.bound(to: AgentReference("A"), authority: 10, origin: .http)
  /// A name that two sources of v4 used for different agents.
  static let ambiguous = """
    INSERT INTO v4_names SELECT 's','agent','twice',agent_id,'alias',1 FROM agents WHERE agent_name='A';
    INSERT INTO v4_names SELECT 't','agent','twice',agent_id,'alias',1 FROM agents WHERE agent_name='B'
    """
  static let suspended = """
    UPDATE agents SET status='suspended' WHERE agent_name='A';
    INSERT INTO audit(audit_id, action, target)
    SELECT 'aud_1','agora.admin.manage',agent_id FROM agents WHERE agent_name='A'
    """
  static let crowded = """
    INSERT INTO subscriptions(subscription_id, agent_id, event_types, created_at)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<100)
    SELECT 'sub_'||i, agent_id, '["x"]', 1 FROM agents, n WHERE agent_name='A'
    """
  static let capable = """
    UPDATE agents SET capabilities=(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1024)
      SELECT json_group_array('c'||i) FROM n) WHERE agent_name='A'
    """
  static let large = String(repeating: "x", count: 1 << 20 | 1)
  static let message = "msg_00000000000070008000000000000000"
  static let subscription = "sub_00000000000070008000000000000000"

  /// What is particular to each tool; what all have in common follows from the declarations.
  static let particular: [Case] = [
    Case(
      tool: "agora.agent.register", code: .conflict,
      parameters: #"{"agent_name":"A","capabilities":["one more"]}"#, given: capable),
    Case(
      tool: "agora.agent.register", code: .conflict, parameters: #"{"agent_name":"twice"}"#,
      given: ambiguous),
    Case(
      tool: "agora.agent.register", code: .forbidden, parameters: #"{"agent_name":"B"}"#,
      caller: bound),
    Case(
      tool: "agora.agent.register", code: .forbidden, parameters: #"{"agent_name":"New"}"#,
      caller: bound),
    Case(
      tool: "agora.agent.register", code: .forbidden, parameters: #"{"agent_name":"A"}"#,
      given: suspended),
    Case(
      tool: "agora.agent.register", code: .tooLarge,
      parameters: #"{"agent_name":"A","metadata":{"x":"\#(large)"}}"#),
    Case(
      tool: "agora.agent.register", code: .invalidParameter,
      parameters: #"{"agent_name":"broadcast"}"#),
    Case(
      tool: "agora.agent.register", code: .invalidParameter,
      parameters: #"{"agent_name":"agent_00000000000070008000000000000000"}"#),
    Case(
      tool: "agora.agent.register", code: .invalidParameter,
      parameters: #"{"agent_name":"A","metadata":{"stub":true}}"#),
    Case(
      tool: "agora.agent.status", code: .notFound, parameters: #"{"agent_id":"nobody"}"#),
    Case(
      tool: "agora.agent.status", code: .conflict, parameters: #"{"agent_id":"twice"}"#,
      given: ambiguous),
    Case(
      tool: "agora.messaging.send", code: .notFound,
      parameters: #"{"to_agent":"nobody","content":"","from_agent":"A"}"#),
    Case(
      tool: "agora.messaging.send", code: .conflict,
      parameters: #"{"to_agent":"twice","content":"","from_agent":"A"}"#, given: ambiguous),
    Case(
      tool: "agora.messaging.send", code: .forbidden,
      parameters: #"{"to_agent":"A","content":"","from_agent":"B"}"#, caller: bound),
    Case(
      tool: "agora.messaging.send", code: .forbidden,
      parameters: #"{"to_agent":"B","content":"","from_agent":"A"}"#, given: suspended),
    Case(
      tool: "agora.messaging.send", code: .tooLarge,
      parameters: #"{"to_agent":"B","content":"\#(large)","from_agent":"A"}"#),
    Case(
      tool: "agora.messaging.receive", code: .notFound, parameters: #"{"agent_id":"nobody"}"#),
    Case(
      tool: "agora.messaging.receive", code: .conflict, parameters: #"{"agent_id":"twice"}"#,
      given: ambiguous),
    Case(
      tool: "agora.messaging.receive", code: .forbidden, parameters: #"{"agent_id":"B"}"#,
      caller: bound),
    Case(
      tool: "agora.messaging.receive", code: .invalidParameter,
      parameters: #"{"agent_id":"B","cursor":"1.x"}"#),
    Case(
      tool: "agora.messaging.acknowledge", code: .notFound,
      parameters: #"{"agent_id":"A","message_ids":["\#(message)"]}"#),
    Case(
      tool: "agora.messaging.acknowledge", code: .conflict,
      parameters: #"{"agent_id":"twice","message_ids":["\#(message)"]}"#, given: ambiguous),
    Case(
      tool: "agora.messaging.acknowledge", code: .forbidden,
      parameters: #"{"agent_id":"B","message_ids":["\#(message)"]}"#, caller: bound),
    Case(
      tool: "agora.messaging.subscribe", code: .notFound,
      parameters: #"{"agent_id":"A","event_types":["x"],"filters":{"from_agent":"nobody"}}"#),
    Case(
      tool: "agora.messaging.subscribe", code: .conflict,
      parameters: #"{"agent_id":"A","event_types":["y"]}"#, given: crowded),
    Case(
      tool: "agora.messaging.subscribe", code: .forbidden,
      parameters: #"{"agent_id":"B","event_types":["x"]}"#, caller: bound),
    Case(
      tool: "agora.messaging.subscribe", code: .tooLarge,
      parameters: #"{"agent_id":"A","event_types":["x"],"filters":{"x":"\#(large)"}}"#),
    Case(
      tool: "agora.messaging.subscribe", code: .invalidParameter,
      parameters: #"{"agent_id":"A","event_types":["x"],"filters":{"x":{}}}"#),
    Case(
      tool: "agora.messaging.unsubscribe", code: .notFound,
      parameters: #"{"agent_id":"A","subscription_id":"\#(subscription)"}"#),
    Case(
      tool: "agora.messaging.unsubscribe", code: .conflict,
      parameters: #"{"agent_id":"twice","subscription_id":"\#(subscription)"}"#, given: ambiguous),
    Case(
      tool: "agora.messaging.unsubscribe", code: .forbidden,
      parameters: #"{"agent_id":"B","event_types":["x"]}"#, caller: bound),
    Case(
      tool: "agora.messaging.unsubscribe", code: .tooLarge,
      parameters: #"{"agent_id":"A","event_types":["x"],"filters":{"x":"\#(large)"}}"#),
    Case(
      tool: "agora.messaging.unsubscribe", code: .invalidParameter,
      parameters: #"{"agent_id":"A"}"#),
    Case(
      tool: "agora.query.agents", code: .invalidParameter, parameters: #"{"limit":501}"#),
    Case(
      tool: "agora.query.services", code: .invalidParameter, parameters: #"{"version":"new"}"#),
    Case(
      tool: "agora.discovery.schema", code: .notFound, parameters: #"{"name":"agora.no.such"}"#),
    Case(
      tool: "agora.discovery.schema", code: .invalidParameter,
      parameters: #"{"name":"agora.agent.status","version":"new"}"#),
    Case(
      tool: "agora.discovery.schema", code: .invalidParameter,
      parameters: #"{"name":"agora.agent.status@1.0.0","version":"1.0.0"}"#),
  ]

  /// What every tool can give, and how it comes to that.
  static func common(_ tool: Tool) -> [Case] {
    let example = JSONWriter.compact(tool.examples.first?.parameters ?? .object([]))
    var cases = [
      Case(tool: tool.name, code: .invalidParameter, parameters: "[]"),
      Case(tool: tool.name, code: .invalidParameter, parameters: #"{"no_such_parameter":1}"#),
      Case(
        tool: tool.name, code: .gone, parameters: example,
        given: """
          UPDATE services SET status='deprecated', deprecation_date=1, sunset_date=2, replacement='x',
            status_set_by='operator'
          """),
    ]
    if tool.allFailures.contains(.halted) {
      cases.append(
        Case(
          tool: tool.name, code: .halted, parameters: example,
          given:
            "INSERT INTO overrides VALUES('ovr_1','system_wide','pause','test',255,'operator',1,'active',NULL,NULL)"
        ))
    }
    if tool.authority > 0 {
      cases.append(
        Case(
          tool: tool.name, code: .unauthorized, parameters: example, caller: .anonymous(.http)))
      cases.append(
        Case(
          tool: tool.name, code: .forbidden, parameters: example,
          caller: .bound(to: AgentReference("A"), authority: tool.authority - 1, origin: .http)))
    }
    return cases
  }

  @Test(arguments: CatalogTests.tools.indices)
  func `every failure that a tool declares is given, and changes nothing`(_ index: Int) throws {
    let tool = CatalogTests.tools[index].tool
    let cases =
      Self.common(tool)
      + (Self.particular + Self.ofTasks + Self.ofWorkflows + Self.admin).filter {
        $0.tool == tool.name
      }
    try withTemporaryFolder { folder in
      var untouched: TestMarketplace?
      for (number, example) in cases.enumerated() {
        let bazaar: TestMarketplace
        if let untouched, example.given.isEmpty {
          bazaar = untouched
        } else {
          bazaar = try TestMarketplace(
            store: Store(path: "\(folder)/\(number).db", creates: true))
          for name in ["A", "B"] { try bazaar.register(name) }
          if example.given.isEmpty {
            untouched = bazaar
          } else {
            try bazaar.store.write { try $0.execute(example.given) }
          }
        }
        let before = try bazaar.state()
        let failure = try bazaar.failure(tool.name, example.parameters, as: example.caller)
        let shown = "\(tool.name) \(example.parameters.prefix(200))"
        #expect(failure?.code == example.code, "\(shown): \(failure?.description ?? "succeeded")")
        #expect(try bazaar.state() == before, "\(shown)")
      }
    }
    // Defects and a store that fails are not to be had by a call's parameters.
    let produced = Set(cases.map(\.code)).union([.internal, .unavailable])
    #expect(produced == tool.allFailures, "\(tool.name)")
  }

  @Test func `what is wrong with the store is told as that, and its path to who has the file only`()
    throws
  {
    // SQLite's result code and errno, what a person is told, a caller is told, and whether it lasts.
    let cases: [(Int32, Int32, AgoraError.Code, ToolFailure.Code, Bool)] = [
      (8, 0, .permissionDenied, .unavailable, true),
      (1544, 13, .permissionDenied, .unavailable, true),
      (14, 13, .permissionDenied, .unavailable, true), (14, 24, .tooManyFiles, .unavailable, false),
      (5, 0, .busy, .unavailable, false), (13, 28, .diskFull, .unavailable, false),
      (26, 0, .notAStore, .unavailable, true), (266, 5, .io, .internal, true),
    ]
    for (code, number, error, failure, lasts) in cases {
      let fault = SQLiteError(
        extendedCode: code, message: "m", query: "q", systemNumber: number)
      let told = AgoraError(fault, store: "/secret/agora.db")
      #expect(told.code == error && told.file == "/secret/agora.db", "\(code): \(told)")
      let answer = ToolFailure(told)
      #expect(answer.code == failure && answer.fault == told, "\(code): \(answer)")
      #expect((answer.lastingFault == nil) != lasts, "\(code)")
      #expect(!answer.description.contains("secret"), "\(answer)")
    }
  }

  /// Texts that have undone other programs.
  static let hostile: [String] = [
    #""\u0000""#, #""'; DROP TABLE agents; --""#, #""\" OR 1=1""#, #""%_""#, #""../../etc/passwd""#,
    #""$(reboot)`reboot`""#, #""\ud800""#, #""\u202e\u0007\u001b[2J""#, "1e400",
    "-9223372036854775809", "18446744073709551616", "0.1e-400", "null", "true", "[]", "{}",
    "[[[[[[[[[[1]]]]]]]]]]", #"{"a":{"b":{"c":[null]}}}"#,
    #""\#(String(repeating: "a", count: 100_000))""#, #""{\"$gt\":\"\"}""#, #"["\u0000",{"":""}]"#,
  ]

  @Test func `hostile values in any place do no harm`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      for name in ["MyAgent", "DocSystemAgent"] { try bazaar.register(name) }
      let schema = "SELECT group_concat(sql) FROM sqlite_master"
      let tables = try bazaar.rows(schema)
      // Grows with each commit of another connection, and with nothing else.
      let version = Query("test", "PRAGMA data_version")
      let observer = try Connection(path: bazaar.store.path, mode: .readOnly)
      for entry in CatalogTests.tools {
        let tool = entry.tool
        for field in tool.parameters.fields {
          let others = (tool.examples[0].parameters.members ?? []).filter { $0.name != field.name }
          for value in Self.hostile + [deep(100), deep(500)] {
            let text = JSONWriter.compact(.object(others + [.init(field.name, .null)]))
            // In place of the null, so that numbers come as they are written.
            let arguments = String(text.dropLast(5)) + value + "}"
            let before = try observer.integer(version)
            guard let failure = try bazaar.failure(tool.name, arguments) else { continue }
            let shown = "\(tool.name) \(field.name): \(value.prefix(60))"
            #expect(failure.code != .internal && failure.code != .unavailable, "\(shown)")
            #expect(try observer.integer(version) == before, "\(shown) committed something")
          }
        }
      }
      #expect(try bazaar.rows(schema) == tables)
      let check = try StoreCheck(bazaar.store)
      #expect(check.isSound, "\(check.text)")
    }
  }

  private func deep(_ levels: Int) -> String {
    #"{"a":\#(String(repeating: "[", count: levels) + String(repeating: "]", count: levels))}"#
  }
}
