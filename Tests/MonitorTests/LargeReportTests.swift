import AgoraStore
import Monitor
import TestSupport
import Testing

/// The report of a large store.
///
/// With `LARGE_REPORT` set to a path, a store of 100,000 agents and 10,000,000 folded calls is left there,
/// to be measured in a release build: `time agora monitor --store PATH --json`.
@Suite struct LargeReportTests {
  private static let agent = Query(
    "large.agent", "INSERT INTO agents(agent_id, agent_name) VALUES(?1,?2)")
  private static let name = Query(
    "large.name", "INSERT INTO v4_names VALUES('s','agent',?2,?1,'registered',1)")
  private static let activity = Query(
    "large.activity", "INSERT INTO agent_activity VALUES(?1,'mcp',?2,1)")
  private static let caller = Query(
    "large.caller", "INSERT INTO v4_callers VALUES(?1,?2,?3,?4,0,?5,?6)")
  private static let total = Query("large.total", "INSERT INTO v4_call_totals VALUES(?1,?2,'',?3)")
  private static let reducers = ["send_agent_message", "update_task_progress", "agent_heartbeat"]

  /// Of ten agents one is on v4 and its calls decline, five have moved, two are silent, two are native.
  private static func fill(_ store: Store, agents: Int, now: Int64) throws -> Int {
    let today = now / 86_400_000_000
    return try store.write { connection in
      var totals: [Int64: Int] = [:]
      var all = 0
      for number in 0..<agents {
        let kind = number % 10
        let digits = String(number + 1, radix: 16)
        let id =
          "agent_0000000000ff\(kind < 8 ? 5 : 7)" + String(repeating: "0", count: 19 - digits.count)
          + digits
        try connection.run(agent, .text(id), .text("agent number \(number)"))
        if kind < 8 {
          try connection.run(name, .text(id), .text("agent number \(number)"))
        }
        if (1...5).contains(kind) || kind > 7 {
          try connection.run(activity, .text(id), .integer(now - 1_000_000))
        }
        guard kind < 6 else { continue }
        let last = kind == 0 ? today - Int64(number / 10 % 5) : today - 10 - Int64(number % 20)
        let days = (0..<20).map { back -> (day: Int64, calls: Int) in
          (last - Int64(19 - back), max(1, (19 - back) * (166 / 19) / 5 + number % 3))
        }
        for day in days { totals[day.day, default: 0] += day.calls }
        let calls = days.reduce(0) { $0 + $1.calls } + 120
        totals[today - 70, default: 0] += 120
        all += calls
        let instant = last * 86_400_000_000
        try connection.run(
          caller, .text(id), .integer(instant - 70 * 86_400_000_000),
          .integer(min(instant + 5, now)),
          .int(calls), .text(days.map { "\($0.day):\($0.calls)" }.joined(separator: " ")),
          .text("\(reducers[number % 3]):\(calls - 9) assign_task:9"))
      }
      for (day, calls) in totals {
        try connection.run(total, .integer(day), .text("send_agent_message"), .int(calls))
      }
      return all
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a report of any number of calls reads one row an agent`() throws {
    try withTemporaryFolder { folder in
      let kept = System.environment("LARGE_REPORT")
      let agents = kept != nil || Crowd.isStress ? 100_000 : 1_000
      let market = try TestMarketplace(
        store: Store(path: kept ?? folder + "/large.db", creates: true))
      let calls = try Self.fill(market.store, agents: agents, now: market.now.microseconds)
      let start = ContinuousClock.now
      let report = try MonitorReport(market.marketplace, at: market.now, replacements: [:])
      let time = ContinuousClock.now - start
      if agents > 1_000 { print("\(agents) agents, \(calls) calls: \(time)") }
      #expect(report.calls.total == calls && report.agents.count == agents)
      let counts = AgentState.allCases.map { report.count($0) }
      #expect(counts == [1, 2, 5, 2].map { $0 * agents / 10 })
      #expect(report.forecast.agentsWith + report.forecast.agentsWithout == agents / 10)
      #expect(report.forecast.agentsWith > agents / 50)
    }
  }
}
