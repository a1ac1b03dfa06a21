import AgoraStore
import TestSupport
import Testing

@testable import AgoraServer

/// The tools over REST.
@Suite struct RESTTests {
  @Test func `the same suite of calls has the same answers in process and over REST`() throws {
    try withTemporaryFolder { first in
      try withTemporaryFolder { second in
        let direct = try DoorCalls.run(through: DirectDoor(TestMarketplace(in: first)))
        for (answer, call) in zip(direct, DoorCalls.all) {
          #expect(answer.code == call.code, "\(call.tool) \(call.parameters): \(answer)")
        }
        let tools = Set(
          DoorCalls.all.filter { $0.code == nil }.map { $0.tool.prefix { $0 != "@" } })
        #expect(Set(ToolCatalog.agora.names.map { $0[...] }).subtracting(tools).isEmpty)
        let rest = try DoorCalls.run(through: RESTDoor(ServiceHarness(in: second)))
        for (index, call) in DoorCalls.all.enumerated() {
          #expect(rest[index] == direct[index], "\(call.tool) \(call.parameters)")
        }
      }
    }
  }

  @Test func `each code is its status, in a problem document`() {
    let statuses: [ToolFailure.Code: Int] = [
      .invalidParameter: 400, .unauthorized: 401, .forbidden: 403, .notFound: 404, .conflict: 409,
      .gone: 410, .tooLarge: 413, .rateLimited: 429, .internal: 500, .halted: 503,
      .unavailable: 503,
    ]
    for code in ToolFailure.Code.allCases {
      let problem = Problem(ToolFailure(code, "m", parameter: "p", details: .object([])))
      #expect(problem.status.code == statuses[code])
      let json = problem.json
      #expect(json["status"]?.integer == statuses[code] && json["code"]?.text == code.rawValue)
      #expect(json["detail"] == .string("m") && json["parameter"] == .string("p"))
      #expect(json["title"]?.text?.isEmpty == false && json["type"]?.text == "about:blank")
      #expect(problem.response.headers["Content-Type"] == "application/problem+json")
    }
  }

  @Test func `bodies and queries are read strictly`() throws {
    try withTemporaryFolder { folder in
      let harness = try ServiceHarness(in: folder)
      try harness.bazaar.register("ann")
      let register = "POST /agora/agent/register"
      let body = #"{"agent_name":"ann"}"#
      func deep(_ levels: Int) -> String {
        let inner = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        return #"{"agent_name":"ann","metadata":{"a":\#(inner)}}"#
      }
      let rows: [(String, [(String, String)], String?, Int)] = [
        (register, [], body, 200), (register, [("Content-Type", "text/plain")], body, 415),
        (register, [("Content-Type", "application/x-www-form-urlencoded")], body, 415),
        (register, [("Content-Type", "application/json; charset=utf-8")], body, 200),
        (register, [("Content-Type", "application/json;charset=\"UTF-8\"")], body, 200),
        (register, [("Content-Type", "application/json; charset=utf-16")], body, 415),
        (register, [("Content-Type", "application/merge-patch+json")], body, 200),
        (register, [("Content-Type", "application/jsonp")], body, 415),
        (register, [("Content-Encoding", "gzip")], body, 415),
        (register, [("Content-Encoding", "identity")], body, 200), (register, [], nil, 400),
        (register, [], "{", 400), (register, [], "[]", 400), (register, [], "\"x\"", 400),
        (register, [], body + body, 400), (register, [], "{'agent_name':'ann'}", 400),
        (register, [], #"{"agent_name":NaN}"#, 400), (register, [], "\u{feff}" + body, 400),
        (register, [], #"{"agent_name":"ann","agent_name":"bob"}"#, 400),
        (register, [], #"{"agent_name":"ann","x":1}"#, 400), (register, [], deep(62), 200),
        (register, [], deep(63), 400), (register, [], deep(100_000), 400),
        (register + "?agent_name=ann", [], body, 400), (register + "?", [], body, 400),
        ("GET /agora/query/agents", [], nil, 200),
        ("GET /agora/query/agents?limit=1", [], nil, 200),
        ("GET /agora/query/agents?limit=x", [], nil, 400),
        ("GET /agora/query/agents?limit=1&limit=2", [], nil, 400),
        ("GET /agora/query/agents?capabilities=a,b&capabilities=c", [], nil, 200),
        ("GET /agora/query/agents?nonsense=1", [], nil, 400),
        ("GET /agora/query/agents", [], "{}", 400), ("POST /agora/query/agents", [], nil, 200),
        ("GET /agora/messaging/send", [], nil, 405), ("GET /agora/messaging/send@^1", [], nil, 405),
        ("PUT /agora/messaging/send", [], nil, 405), ("DELETE /agora/x/y", [], nil, 405),
        ("GET /agora/no/such", [], nil, 404), ("POST /agora/no/such", [], "{}", 404),
        ("POST /agora/query/agents@1.0.0", [], "{}", 200),
        ("POST /agora/query/agents@%5E1.0", [], "{}", 200),
        ("POST /agora/query/agents@2", [], "{}", 404),
        ("POST /agora/query/agents@nonsense", [], "{}", 400), ("GET /agora/query", [], nil, 404),
        ("GET /agora/query/agents/", [], nil, 404), ("GET /agents/ann/status", [], nil, 200),
        ("GET /agents/nobody/status", [], nil, 404),
        ("GET /agents/ann/status?agent_id=ann", [], nil, 400),
        ("POST /agents/register", [], body, 200), ("GET /agents/register", [], nil, 405),
        ("GET /discovery/list?category=task", [], nil, 200),
        ("GET /discovery/list?category=taks", [], nil, 400),
        ("GET /discovery/schema/agora.task.list", [], nil, 200),
        ("GET /discovery/schema/agora.task.list@%3E=1?x=1", [], nil, 400),
        ("GET /discovery/schema/agora.task.lits", [], nil, 404),
        ("HEAD /agora/query/agents", [], nil, 200), ("OPTIONS /agora/messaging/send", [], nil, 204),
      ]
      for (line, headers, body, status) in rows {
        let answer = try harness.ask(line, headers, body: body)
        #expect(answer.status == status, "\(line) \(headers) \(body ?? ""): \(answer.text)")
        #expect(answer.headers["X-Request-Id"] == "id")
        guard status >= 400, !line.hasPrefix("HEAD") else { continue }
        #expect(answer.headers["Content-Type"] == "application/problem+json", "\(line)")
        #expect(answer.json["status"]?.integer == status && answer.code != nil, "\(line)")
      }
      let large = String(repeating: "x", count: 5 << 20)
      #expect(try harness.ask(register, body: large).status == 413)
      let refused = try harness.ask("GET /agora/messaging/send@^1")
      #expect(refused.headers["Allow"] == "POST, OPTIONS")
    }
  }

  @Test func `a tool that will go says so in its answer's head, and when it is gone`() throws {
    try withTemporaryFolder { folder in
      let harness = try ServiceHarness(in: folder)
      try harness.bazaar.call(
        "agora.admin.manage",
        #"{"action":"deprecate_service","service_name":"agora.query.agents","version":"1.0.0","deprecation_date":"2025-06-01T00:00:00Z","sunset_date":"2025-06-06T10:00:05Z","replacement":"agora.query.services"}"#
      )
      let path = "GET /agora/query/agents"
      let before = try harness.ask(path)
      harness.pass(seconds: 10)
      let after = try harness.ask(path)
      #expect(before.status == 200 && after.status == 410 && after.code == "gone")
      #expect(
        before.headers["Warning"]?.hasPrefix("299 agora \"agora.query.agents@1.0.0 is") == true)
      for answer in [before, after, try harness.ask(path + "?limit=x")] {
        #expect(answer.headers["Deprecation"] == "@1748736000")
        #expect(answer.headers["Sunset"] == "Fri, 06 Jun 2025 10:00:05 GMT")
        #expect(
          answer.headers["Link"]
            == #"</agora/query/services>; rel="successor-version""#)
      }
      #expect(try harness.ask("GET /agora/query/services").headers["Deprecation"] == nil)
    }
  }

  @Test func `the OpenAPI document has every tool, and every reference leads somewhere`() throws {
    try withTemporaryFolder { folder in
      let harness = try ServiceHarness(in: folder)
      let document = try harness.ask("GET /openapi.json").json
      #expect(document["openapi"]?.text == "3.1.0")
      let paths = document["paths"]
      for tool in ToolCatalog.agora.entries.map(\.tool) {
        let path = paths?[ToolPath(tool).path]
        #expect(path?["post"]?["operationId"]?.text == tool.underscoreName, "\(tool.name)")
        #expect((path?["get"] != nil) == (tool.access == .reads))
        let codes = tool.allFailures.map { "\(Problem.status($0).code)" }
        for code in codes { #expect(path?["post"]?["responses"]?[code] != nil, "\(tool.name)") }
      }
      var ids: [String] = []
      for path in paths?.members ?? [] {
        let status = try harness.ask("OPTIONS \(path.name)").status
        #expect(status == 204, "\(path.name)")
        ids += (path.value.members ?? []).compactMap { $0.value["operationId"]?.text }
      }
      #expect(Set(ids).count == ids.count)
      var references: Set<String> = []
      Self.collect(document, into: &references)
      #expect(references.count > 40)
      for reference in references {
        let found = reference.dropFirst(2).split(separator: "/").reduce(document as JSON?) {
          $0?[String($1)]
        }
        #expect(found != nil, "\(reference)")
      }
    }
  }

  private static func collect(_ value: JSON, into references: inout Set<String>) {
    for member in value.members ?? [] {
      if member.name == "$ref", let text = member.value.text { references.insert(text) }
      collect(member.value, into: &references)
    }
    for element in value.elements ?? [] { collect(element, into: &references) }
  }
}
