import AgoraStore
import TestSupport
import Testing

/// Nothing that a tool asks of the store goes through a table that grows without bounds.
@Suite struct QueryPlanTests {
  /// What may be gone through from end to end: few rows, or rows that a query itself has made.
  static let small: Set<String> = [
    "services", "event_floor", "configuration", "CONSTANT", "sqlite_master",
  ]

  /// What counts over the whole marketplace has to go through it, along an index.
  static let whole = "marketplace."
  /// A plan that shows looks for rows without their agent, which are skipped while none is owed.
  static let skipped: Set<String> = ["agents.insert", "agents.insert_reserved"]

  static func scans(_ connection: Connection) throws -> [String] {
    let queries = connection.preparedQueries.filter {
      $0.name != "plan" && !$0.name.hasPrefix(Self.whole) && !Self.skipped.contains($0.name)
    }
    return try queries.flatMap { query -> [String] in
      let plan = try connection.all(
        Query("plan", "EXPLAIN QUERY PLAN " + query.sql), map: { $0.text(3) })
      return plan.filter { step in
        let words = step.split(separator: " ").map(String.init)
        guard words.first == "SCAN", words.count > 1 else { return false }
        // A walk along an index from its end to a limit stops early.
        let isWalk =
          step.contains(" INDEX ") && query.sql.contains("LIMIT")
          || words[1].hasPrefix("(subquery")
        return !isWalk && !Self.small.contains(words[1])
      }.map { "\(query.name): \($0)" }
    }
  }

  @Test func `every statement of every tool finds its rows by an index`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      for name in ["MyAgent", "DocSystemAgent"] { try bazaar.register(name) }
      let message = try bazaar.call(
        "agora.messaging.send",
        #"{"to_agent":"DocSystemAgent","content":"x","from_agent":"MyAgent"}"#)["message_id"]
      let receive = #"{"agent_id":"MyAgent""#
      let calls = [
        ("agora.messaging.receive", receive + "}"),
        ("agora.messaging.receive", receive + #","since":"2025-06-06T00:00:00Z","limit":1}"#),
        ("agora.messaging.receive", receive + #","unread_only":true,"message_type":"x"}"#),
        ("agora.messaging.receive", receive + #","cursor":"-.\#(message?.text ?? "")"}"#),
        ("agora.messaging.receive", receive + #","cursor":"5.\#(message?.text ?? "")"}"#),
        (
          "agora.messaging.acknowledge",
          #"{"agent_id":"DocSystemAgent","message_ids":["\#(message?.text ?? "")"]}"#
        ),
        ("agora.query.agents", "{}"),
        ("agora.admin.manage", #"{"action":"get_config"}"#),
        (
          "agora.admin.manage",
          #"{"action":"set_agent_status","agent_id":"MyAgent","status":"terminated"}"#
        ),
        (
          "agora.admin.manage",
          #"{"action":"set_agent_status","agent_id":"MyAgent","status":"active"}"#
        ),
        ("agora.query.agents", #"{"status":"active","cursor":"a"}"#),
        ("agora.query.agents", #"{"service_tier":"basic"}"#),
        ("agora.query.agents", #"{"service_tier":"basic","status":"paused"}"#),
        ("agora.query.agents", #"{"capabilities":["a"],"service_tier":"basic"}"#),
        ("agora.query.agents", #"{"capabilities":["a","b"],"status":"paused"}"#),
        ("agora.messaging.unsubscribe", #"{"agent_id":"MyAgent","event_types":["y"]}"#),
      ]
      // Calls that a later one of them refuses have prepared their statements all the same.
      for (tool, parameters) in calls { _ = try bazaar.failure(tool, parameters) }
      for entry in CatalogTests.tools {
        for example in entry.tool.examples {
          _ = try bazaar.failure(entry.tool.name, JSONWriter.compact(example.parameters))
        }
      }
      for action in ["resume", "terminate", "resume"] {
        _ = try bazaar.failure(
          "agora.admin.override",
          #"{"target_id":"system_wide","action":"\#(action)","reason":"x","priority":255}"#)
      }
      let market = bazaar.marketplace
      _ = try market.events(after: .beginning, matching: EventFilter())
      _ = try? market.position(after: "evt_00000000000070008000000000000000")
      var found = try bazaar.store.withWriter { connection in
        // Only every thousandth event does this.
        for query in EventRetention.queries + HealthProbe.queries {
          _ = try connection.statement(query)
        }
        return try Self.scans(connection)
      }
      // The readers take turns.
      for _ in 0..<4 { found += try bazaar.store.read { try Self.scans($0) } }
      #expect(Set(found).isEmpty, "\(Set(found).sorted().joined(separator: "\n"))")
    }
  }
}
