import AgoraStore
import Migrator
import TestSupport
import Testing

/// What operators and v5 said of an agent, when it turns out to be another one, and when that is taken back.
@Suite struct MergedAgentTests {
  private static let capability =
    #"{"capability_id":"id_1","agent_id":"Old","capability_type":"doc","proficiency_level":5,"max_concurrent_tasks":1,"is_active":true,"created_at":1748000000000000}"#
  private static let first = #"{"agent_capability":[\#(capability)]}"#
  private static let second =
    #"{"agent_capability":[\#(capability)],"agent_message":[{"message_id":"id_2","from_agent":"Old","to_agent":"New","message_type":"info","content":"x","priority":2,"timestamp":1748000000000001,"delivered":false}]}"#

  private struct Decisions: Equatable {
    var exemption: Timestamp?
    var acknowledged: [String] = []
    var halts: [String] = []
    var subscriptions: [String] = []
    var activity = 0
    var calls: [String: Int] = [:]
  }

  /// Everything that is kept of an agent beside its own record.
  private func decisions(_ store: Store, on name: String) throws -> Decisions {
    try store.read { connection in
      let agent = try KnownAgent.find(AgentReference(name), in: connection)?.id ?? "nobody"
      let register = SunsetRegister(connection)
      func texts(_ sql: String) throws -> [String] {
        try connection.all(Query("test", sql), .text(agent), map: { $0.text(0) })
      }
      var found = Decisions()
      found.exemption = try register.exemption(of: agent, called: nil)
      found.acknowledged = try register.acknowledgements().filter { $0.agent == agent }.map(
        \.reason)
      found.halts = try texts("SELECT reason FROM overrides WHERE target_id=?1")
      found.subscriptions = try texts("SELECT event_types FROM subscriptions WHERE agent_id=?1")
      found.activity = Int(
        try connection.integer(
          Query("test", "SELECT sum(calls) FROM agent_activity WHERE agent_id=?1"), .text(agent))
          ?? 0)
      try LegacyCallers(connection).each { if $0.agent == agent { found.calls[name] = $0.calls } }
      return found
    }
  }

  @Test func `a migration that makes two agents one, taken back, leaves both what they had`() throws
  {
    try withTemporaryFolder { folder in
      let path = folder + "/a.db"
      try migrate(Self.first, into: path)
      let bazaar = try TestMarketplace(store: Store(path: path))
      let old = try #require(
        try bazaar.store.read { try KnownAgent.find(AgentReference("Old"), in: $0)?.id })
      try bazaar.call("agora.messaging.subscribe", #"{"agent_id":"Old","event_types":["message"]}"#)
      let at = Timestamp(microseconds: 1_800_000_000_000_000)
      try bazaar.store.write { connection in
        let register = SunsetRegister(connection)
        try register.exempt(
          SunsetExemption(agent: old, name: "Old", until: at, reason: "slow", grantedAt: at))
        try register.acknowledge(
          SilentAcknowledgement(agent: old, name: "Old", reason: "gone", at: at))
        // A tool would have paused the record itself, and nobody's work is given to another agent.
        try connection.execute(
          """
          INSERT INTO overrides VALUES('override_1','\(old)','pause','stop',9,'operator',0,'active',
            NULL,NULL)
          """)
        try LegacyCallLog(connection).add(
          LegacyCallRecord(
            at: at, door: "cli", database: "d", reducer: "agent_heartbeat", shape: nil,
            claimed: "Old", agent: old, code: nil, microseconds: 1, tool: nil,
            touched: .init(receiver: old)))
      }
      let before = try decisions(bazaar.store, on: "Old")
      #expect(before.exemption == at && before.acknowledged == ["gone"])
      #expect(before.halts == ["stop"] && before.subscriptions.count == 1)
      #expect(before.activity > 0 && before.calls == ["Old": 1])

      let run = try migrate(Self.second, into: path, aliases: ["Old": "New"]).runID
      let merged = try decisions(bazaar.store, on: "New")
      #expect(merged.exemption == at && merged.halts == before.halts)
      #expect(merged.subscriptions == before.subscriptions && merged.calls == ["New": 1])
      #expect(merged.activity == before.activity)
      // It is another agent that nobody has looked at; an id that was told once means it all the same.
      #expect(merged.acknowledged.isEmpty)
      let known = try bazaar.store.read { connection in
        (
          try KnownAgent.find(AgentReference(old), in: connection)?.name,
          try SunsetRegister(connection).exemptions().map(\.agent),
          try connection.all(
            Query("test", "SELECT receiver_id FROM v4_calls"), map: { $0.text(0) })
        )
      }
      #expect(known.0 == "New" && known.1 == known.2 && known.1 != [old])

      let report = try Rollback(run, store: path).run()
      #expect(report.kept.isEmpty)
      let after = try (decisions(bazaar.store, on: "Old"), decisions(bazaar.store, on: "New"))
      #expect(after.0 == before, "\(after)")
      #expect(after.1 == Decisions(), "\(after)")
    }
  }

  /// What refers to agents of four names, from every column.
  private static let references = {
    func rows(_ row: (Int, [String]) -> String) -> String {
      (0..<4).map { n in row(n, (0..<4).map { "s\((n + $0) % 4)" }) }.joined(separator: ",")
    }
    let messages = rows { n, s in
      #"{"message_id":"\#(n)","from_agent":"\#(s[0])","to_agent":"\#(s[1])","content":"\#(s[2])"}"#
    }
    let tasks = rows { n, s in
      #"{"assignment_id":"\#(n)","workflow_id":"w\#(n)","agent_id":"\#(s[0])","requesting_agent":"\#(s[1])"}"#
    }
    let workflows = rows { n, s in
      #"{"workflow_id":"w\#(n)","coordinator_agent":"\#(s[0])","participating_agents":["\#(s[0])","\#(s[1])","x"]}"#
    }
    let steps = rows { n, s in
      #"{"step_id":"\#(n)","workflow_id":"w\#(n)","step_name":"x","assigned_agent":"\#(s[3])"}"#
    }
    let events = rows { n, s in
      #"{"event_id":"\#(n)","event_type":"x","source_agent":"\#(s[0])","target_agent":"\#(s[2])"}"#
    }
    let agents = rows { n, s in
      #"{"agent_id":"r\#(n)","agent_name":"r\#(n)","supervisor_id":"\#(s[0])"}"#
    }
    return #"{"agent_message":[\#(messages)],"task_assignment":[\#(tasks)],"#
      + #""workflow_coordination":[\#(workflows)],"workflow_step":[\#(steps)],"#
      + #""system_events":[\#(events)],"agent_registry":[\#(agents)]}"#
  }()

  private func merged(
    _ path: String, _ body: (Connection, [String]) throws -> Void
  ) throws -> [String] {
    try migrate(Self.references, into: path)
    let connection = try Connection(path: path, mode: .readWrite)
    let ids = try connection.all(
      Query("test", "SELECT agent_id FROM agents WHERE agent_name GLOB 's?' ORDER BY agent_name"),
      map: { $0.text(0) })
    try connection.execute(
      """
      INSERT INTO message_reads SELECT message_id, agent_id, 5 FROM messages, agents;
      INSERT INTO v4_calls(at, door, database, reducer, claimed, agent_id, receiver_id, outcome, microseconds)
        SELECT 7, 'cli', 'd', 'x', agent_id, iif(rowid%2, agent_id, NULL), agent_id, 'done', 1 FROM agents;
      INSERT INTO v4_call_days SELECT 3, agent_id, 'x', '', rowid, 4 FROM agents;
      INSERT INTO v4_callers SELECT agent_id, 3, 4, rowid, 0, '3:1', 'x:1' FROM agents;
      UPDATE messages SET content=from_agent||'0', source_hash=1 WHERE rowid=1;
      """)
    try connection.transaction { try body(connection, ids) }
    return try [
      "messages", "tasks", "workflows", "events", "agents", "audit", "message_reads", "v4_calls",
      "v4_call_days", "v4_callers", "v4_names", "merged_agents",
    ].map { table in
      let columns = try connection.all(
        Query("test", "SELECT name FROM pragma_table_info('\(table)')"), map: { $0.text(0) })
      let rows = try connection.all(
        Query(
          "test", "SELECT json_array(\(columns.joined(separator: ","))) FROM \(table) ORDER BY 1"),
        map: { $0.text(0) })
      return rows.joined(separator: "\n")
    }
  }

  @Test func `agents that are merged together are as if they had been merged one by one`() throws {
    // Into one that goes in turn, into one that stays, and two into one.
    let pairs = [(0, 1), (1, 2), (3, 2)]
    try withTemporaryFolder { folder in
      var gone: [String] = []
      let together = try merged(folder + "/a.db") { connection, ids in
        gone = [ids[0], ids[1], ids[3]]
        let merger = StubMerger(connection)
        for (old, new) in pairs { try merger.add(ids[old], into: ids[new]) }
        try merger.finish()
      }
      let apart = try merged(folder + "/b.db") { connection, ids in
        for (old, new) in pairs {
          let merger = StubMerger(connection)
          try merger.add(ids[old], into: ids[new])
          try merger.finish()
        }
      }
      #expect(together == apart)
      // What only looks like an id, what callers said they were, and what has been merged, keeps it.
      for (number, table) in together.dropLast().enumerated() where number != 7 {
        for id in gone {
          let places = table.replacing("\(id)0", with: "").replacing(#"","\#(id)""#, with: "")
          #expect(!places.contains("\"\(id)\""), "\(table)")
        }
      }
      #expect(together[0].contains(gone[0] + "0"))
    }
  }
}
