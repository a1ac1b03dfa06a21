import AgoraStore
import Monitor
import TestSupport
import Testing

@Suite struct CensusTests {
  @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6, 13, 14, 40])
  func `the figures are those of counting one by one`(seed: UInt64) throws {
    try withTemporaryFolder { folder in
      // Some seeds keep all calls one by one, others only a few, the rest as counts of days.
      let singles = seed.isMultiple(of: 2) ? 100_000 : 40
      let life = try GeneratedLife(in: folder, seed: seed, agents: 60, singles: singles)
      let window = Int(seed) * 3
      let report = try life.report(window: window)
      let byID = Dictionary(uniqueKeysWithValues: report.agents.map { ($0.id, $0) })
      #expect(report.agents.count == life.truths.count)
      var wrong: [String] = []
      for truth in life.truths {
        guard let agent = byID[truth.id] else {
          wrong.append("\(truth.name) is missing")
          continue
        }
        let expected = truth.state(now: life.now, window: window)
        if agent.state != expected { wrong.append("\(truth.name): \(agent.state), is \(expected)") }
        if agent.v4Calls != truth.calls.count {
          wrong.append("\(truth.name): \(agent.v4Calls) calls")
        }
        if agent.lastV4Call?.microseconds != truth.calls.map(\.at).max() {
          wrong.append("\(truth.name): last call \(agent.lastV4Call?.description ?? "-")")
        }
        if agent.lastV5Call?.microseconds != truth.lastOnV5 { wrong.append("\(truth.name): v5") }
        if agent.openTasks != truth.tasks { wrong.append("\(truth.name): tasks") }
        if Set(agent.reducers.map(\.reducer)) != Set(truth.calls.map(\.reducer)) {
          wrong.append("\(truth.name): reducers")
        }
        let day: Int64 = 86_400_000_000
        let (start, earlier) = (life.now - Int64(window) * day, life.now - 2 * Int64(window) * day)
        let within = truth.calls.count { $0.at > start }
        let before = truth.calls.count { $0.at <= start && $0.at > earlier }
        // Where days are only counted, the day that a window cuts through is taken for the later one.
        let cut = truth.calls.count { $0.at <= start && $0.at >= start / day * day }
        let cutBefore = truth.calls.count { $0.at <= earlier && $0.at >= earlier / day * day }
        func isExact(_ days: Int) -> Bool { singles > 1000 && days < LegacyCallLog.days }
        let most = within + (isExact(window) ? 0 : cut)
        if !(within...most).contains(agent.windowCalls) {
          wrong.append("\(truth.name): \(agent.windowCalls) within the window, are \(within)")
        }
        let moved = agent.windowCalls - within
        let mostBefore = before - moved + (isExact(2 * window) ? 0 : cutBefore)
        let trends = (before - moved...max(before - moved, mostBefore)).map {
          CallTrend(now: agent.windowCalls, before: $0)
        }
        if !trends.contains(agent.trend) {
          wrong.append("\(truth.name): \(agent.trend), of \(within) and \(before)")
        }
      }
      #expect(wrong.isEmpty, "\(wrong)")
      let all = life.truths.flatMap(\.calls)
      #expect(report.calls.total == all.count + life.anonymous)
      #expect(
        report.calls.refused.reduce(0) { $0 + $1.calls }
          == all.count { $0.refused } + life.anonymous)
      for reducer in report.calls.reducers where reducer.reducer != "x" {
        #expect(reducer.calls == all.count { $0.reducer == reducer.reducer })
      }
      #expect(report.calls.unattributed.map(\.calls).reduce(0, +) == life.anonymous)
    }
  }

  @Test func `a window of any length counts all of its days`() throws {
    try withTemporaryFolder { folder in
      let market = try TestMarketplace(in: folder)
      let id = try market.register("steady")
      let day: Int64 = 86_400_000_000
      let now = market.now.microseconds
      _ = try market.store.write { connection in
        let log = LegacyCallLog(connection)
        for number in (0...400).reversed() {
          try log.add(
            GeneratedLife.record(now - Int64(number) * day - 1, "agent_heartbeat", "steady", id))
        }
        try log.fold(at: market.now)
      }
      for window in [1, 7, 30, 31, 32, 40, 60, 90, 180] {
        let report = try MonitorReport(
          market.marketplace, at: market.now, window: window, replacements: [:])
        let agent = try #require(report.agents.first { $0.name == "steady" })
        // The day that a window cuts through may be taken for the later one.
        #expect(
          (window...window + 1).contains(agent.windowCalls), "\(window): \(agent.windowCalls)")
        #expect(agent.trend == .steady, "\(window): \(agent.trend)")
      }
    }
  }

  @Test func `the protocol's counts come from the states`() throws {
    try withTemporaryFolder { folder in
      let life = try GeneratedLife(in: folder, seed: 9, agents: 40, singles: 100_000)
      let report = try life.report()
      let states = life.truths.map { $0.state(now: life.now, window: 7) }
      func count(_ state: AgentState) -> Int { states.count { $0 == state } }
      let summary = report.json["migration_summary"]
      let left = count(.migrated) + count(.silent)
      let expected = [
        "total_agents": 40, "v5_native_agents": count(.native), "v4_migrated_agents": left,
        "v4_compatibility_agents": count(.onV4), "silent_agents": count(.silent),
      ]
      for (name, value) in expected { #expect(summary?[name]?.integer == value, "\(name)") }
      let rate = Double(left) / Double(left + count(.onV4)) * 100
      #expect(abs(report.completionRate - rate) < 1e-9)
    }
  }

  @Test func `the pieces of the JSON are the JSON`() throws {
    try withTemporaryFolder { folder in
      let life = try GeneratedLife(in: folder, seed: 3, agents: 30, singles: 50)
      for report in [try life.report(), try Self.empty(folder + "/empty.db")] {
        var bytes: [UInt8] = []
        report.writeJSON { bytes += $0 }
        let read = try JSON.parse(String(decoding: bytes, as: UTF8.self))
        #expect(read == report.json)
        let agents = read["agents"]?.elements ?? []
        #expect(agents.count == report.agents.count)
        for (written, agent) in zip(agents, report.agents) {
          let texts = [
            "name": agent.name, "agent_id": agent.id, "state": agent.state.rawValue,
            "last_v4_call": agent.lastV4Call?.description,
            "last_v5_call": agent.lastV5Call?.description, "trend": agent.trend.rawValue,
          ]
          let numbers = [
            "v4_calls": agent.v4Calls, "open_tasks": agent.openTasks,
            "open_workflows": agent.openWorkflows, "v4_calls_in_window": agent.windowCalls,
          ]
          #expect(texts.allSatisfy { written[$0.key]?.text == $0.value }, "\(written)")
          #expect(numbers.allSatisfy { written[$0.key]?.integer == $0.value }, "\(written)")
          let reducers = written["reducers"]?.elements?.compactMap(\.text)
          #expect(reducers == agent.reducers.map(\.reducer))
          #expect((written["replacements"] != nil) == (agent.state == .onV4))
        }
      }
    }
  }

  private static func empty(_ path: String) throws -> MonitorReport {
    try report(TestMarketplace(store: Store(path: path, creates: true)))
  }

  private static func report(_ market: TestMarketplace) throws -> MonitorReport {
    try MonitorReport(market.marketplace, at: market.now, replacements: [:])
  }

  @Test func `a store without anything from v4 says so, and nobody has to be waited for`() throws {
    try withTemporaryFolder { folder in
      let market = try TestMarketplace(in: folder)
      let empty = try Self.report(market)
      #expect(empty.completionRate == 100 && empty.completionReason == "there are no agents yet")
      try market.register("born here")
      let native = try Self.report(market)
      #expect(native.completionRate == 100 && native.isReady)
      #expect(native.completionReason.contains("nothing to migrate"))
      #expect(native.count(.native) == 1 && native.forecast.all == nil)
      for made in [empty, native] {
        #expect(!made.text.isEmpty && made.page.contains("No migration has gone into this store"))
        #expect(!made.markdown.isEmpty && !made.prometheus.isEmpty)
      }
    }
  }

  @Test func `renamed agents, jumping clocks and damaged rows are told in sensible words`() throws {
    try withTemporaryFolder { folder in
      let life = try GeneratedLife(in: folder, seed: 21, agents: 12, singles: 100_000)
      let id = try #require(life.truths.first { !$0.calls.isEmpty }).id
      _ = try life.market.store.write { connection in
        for sql in [
          "UPDATE agents SET agent_name='renamed' WHERE agent_id='\(id)'",
          "UPDATE agents SET metadata='{broken' WHERE agent_name='agent 3'",
          "INSERT INTO v4_calls(at,door,database,reducer,claimed,agent_id,outcome,microseconds) VALUES(\(Int64.max),'cli','d','later','renamed','\(id)','done',1)",
          "INSERT INTO v4_calls(at,door,database,reducer,claimed,agent_id,outcome,microseconds) VALUES(\(Int64.min),'cli','d','earlier','agent 3',NULL,'done',1)",
          "INSERT INTO v4_call_totals VALUES(\(Int64.max),'later','',\(Int64.max))",
          "INSERT INTO v4_call_totals VALUES(\(Int64.min),'later','x',-5)",
          "INSERT OR REPLACE INTO v4_callers VALUES('\(id)',\(Int64.min),\(Int64.max),\(Int64.max),3,'99999999999:7 abc: :: 12','::: x')",
          "INSERT INTO agent_activity VALUES('agent_odd','http',\(Int64.min),1)",
          "INSERT INTO agents(agent_id,agent_name,metadata) VALUES('agent_odd',char(10)||'<b>','[1]')",
          "INSERT INTO migration_runs VALUES(1,'run_x','s','completed',\(Int64.max),NULL,0,'','nonsense',NULL)",
        ] { try connection.execute(sql) }
      }
      let report = try life.report()
      let renamed = try #require(report.agents.first { $0.name == "renamed" })
      #expect(renamed.id == id && renamed.state == .onV4)
      #expect(report.notes.contains { $0.contains("a clock has jumped") })
      #expect(!report.text.isEmpty && !report.page.contains("\n<b>") && !report.prometheus.isEmpty)
      var bytes: [UInt8] = []
      report.writeJSON { bytes += $0 }
      let read = try JSON.parse(String(decoding: bytes, as: UTF8.self))
      #expect(read["agents"]?.elements?.count == 13)
    }
  }

  @Test func `a name that a caller gave is whose it became`() throws {
    try withTemporaryFolder { folder in
      let market = try TestMarketplace(in: folder)
      _ = try market.store.write { connection in
        try LegacyCallLog(connection).add(
          GeneratedLife.record(TestMarketplace.start - 5, "assign_task", "late", nil, true))
      }
      let before = try Self.report(market)
      #expect(before.calls.unattributed.map(\.name) == ["late"])
      try market.register("late")
      let after = try Self.report(market)
      #expect(after.calls.unattributed.isEmpty)
      #expect(after.agents.first { $0.name == "late" }?.state == .onV4)
    }
  }

  @Test func `the trend is told only where chance does not explain it`() {
    let table: [(now: Int, before: Int, trend: CallTrend)] = [
      (0, 0, .none), (3, 0, .new), (0, 4, .stopped), (5, 7, .steady), (100, 160, .falling),
      (160, 100, .rising), (100, 101, .steady), (.max, 1, .rising),
    ]
    for row in table {
      #expect(CallTrend(now: row.now, before: row.before) == row.trend, "\(row)")
    }
  }
}
