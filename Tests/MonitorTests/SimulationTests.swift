import AgoraStore
import Monitor
import TestSupport
import Testing

@Suite struct SimulationTests {
  private static let day: Int64 = 86_400_000_000

  @Test func `what hangs on a call is found at first and at second hand`() throws {
    try withTemporaryFolder { folder in
      let market = try TestMarketplace(in: folder)
      let ids = try ["caller", "waiter", "reader"].map { try market.register($0) }
      func task(_ agent: Int, _ more: String = "") throws -> String {
        try market.call(
          "agora.task.assign",
          #"{"task_type":"t","assignee":"\#(ids[agent])","from_agent":"caller","payload":{}\#(more)}"#)[
            "task_id"]?.text ?? ""
      }
      let made = try task(0)
      let waiting = try task(1, #","depends_on":["\#(made)"]"#)
      let last = try task(1, #","depends_on":["\#(waiting)"]"#)
      _ = try task(1)
      let now = market.now.microseconds
      _ = try market.store.write { connection in
        let log = LegacyCallLog(connection)
        func call(
          _ days: Int64, _ reducer: String, _ tool: String?, code: String? = nil,
          _ touched: LegacyCallRecord.Touched = .init()
        ) throws {
          try log.add(
            LegacyCallRecord(
              at: Timestamp(microseconds: now - days * Self.day), door: "cli", database: "d",
              reducer: reducer, shape: nil, claimed: "caller", agent: ids[0], code: code,
              microseconds: 1, tool: tool, touched: touched))
        }
        try call(9, "agent_heartbeat", nil)
        try call(2, "assign_task", "agora.task.assign", .init(task: made, receiver: ids[0]))
        try call(2, "send_agent_message", "agora.messaging.send", .init(receiver: ids[2]))
        try call(1, "nothing", nil, code: "unknown_reducer")
      }
      let found = try SunsetSimulation(
        market.store, at: market.now, days: 7, now: market.now,
        replacements: ["assign_task": "agora.task.assign"])
      #expect(found.calls == 3 && found.failing == 2 && found.refusedAnyway == 1)
      #expect(found.messages == 1 && !found.isPartial)
      #expect(found.reducers.map(\.reducer) == ["assign_task", "send_agent_message"])
      #expect(found.reducers.first?.replacement == "agora.task.assign")
      #expect(found.tasks.filter { $0.hand == .first }.map(\.id) == [made])
      #expect(Set(found.tasks.filter { $0.hand == .second }.map(\.id)) == [waiting, last])
      #expect(found.agents.map(\.name) == ["caller", "waiter", "reader"])
      #expect(found.agents.map(\.missed) == [1, 2, 1] && found.agents.map(\.calls) == [2, 0, 0])
      // A date to come looks at the days up to now; one that is over at the days before it.
      let ahead = try SunsetSimulation(
        market.store, at: Timestamp(microseconds: now + 50 * Self.day), days: 30, now: market.now,
        replacements: [:])
      #expect(ahead.calls == 4)
      let past = try SunsetSimulation(
        market.store, at: Timestamp(microseconds: now - 5 * Self.day), days: 7, now: market.now,
        replacements: [:])
      #expect(past.calls == 1 && past.failing == 1)
      #expect(found.text.contains("2 of 3 calls would have failed"))
      #expect(found.json["tasks"]?.elements?.count == 3)
    }
  }

  @Test func `a task's workflow is concerned with it, and long chains are followed`() throws {
    try withTemporaryFolder { folder in
      let market = try TestMarketplace(in: folder)
      let now = market.now.microseconds
      _ = try market.store.write { connection in
        try connection.execute(
          """
          INSERT INTO workflows(workflow_id,workflow_name,status) VALUES('wf_1','w','running');
          WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<5000)
          INSERT INTO tasks(task_id,workflow_id,task_type,status)
            SELECT 'task_'||i, iif(i=5000,'wf_1',NULL), 't', 'pending' FROM n;
          WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<4999)
          INSERT INTO task_dependencies SELECT 'task_'||i, 'task_'||(i+1) FROM n;
          """)
        try LegacyCallLog(connection).add(
          LegacyCallRecord(
            at: Timestamp(microseconds: now - 5), door: "cli", database: "d", reducer: "r",
            shape: nil, claimed: nil, agent: nil, code: nil, microseconds: 1, tool: nil,
            touched: .init(task: "task_0")))
      }
      let found = try SunsetSimulation(
        market.store, at: market.now, days: 1, now: market.now, replacements: [:])
      #expect(found.tasks.count == 5001 && found.workflows.map(\.hand) == [.second])
      #expect(found.agents.map(\.name) == [""] && found.text.contains("(no name)"))
    }
  }
}
