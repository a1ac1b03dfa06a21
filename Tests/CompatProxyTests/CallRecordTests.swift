import CompatProxy
import TestSupport
import Testing

@testable import AgoraStore

/// The record of v4's calls, folded and not.
@Suite struct CallRecordTests {
  /// A call as it is recorded, on a day and by an agent that a seed picks.
  private func record(_ dice: inout SeededDice, day: Int64) -> LegacyCallRecord {
    let agent = dice.pick(["agent_a", "agent_b", "agent_c"])
    let reducer = dice.pick(["send_agent_message", "agent_heartbeat", "no such: thing"])
    let isUnknown = reducer.hasPrefix("no")
    return LegacyCallRecord(
      at: Timestamp(
        microseconds: day * 86_400_000_000 + Int64.random(in: 0..<86_400, using: &dice)),
      door: "cli", database: "d", reducer: reducer, shape: nil,
      claimed: dice.once(in: 9) ? "nobody" : agent, agent: dice.once(in: 9) ? nil : agent,
      code: isUnknown ? "unknown_reducer" : dice.once(in: 4) ? "v4_brownout" : nil,
      microseconds: 1, tool: nil)
  }

  /// What the sums have to be, counted one by one.
  private struct Truth {
    var calls: [String: Int] = [:]
    var days: [String: [Int32: Int]] = [:]
    var last: [String: Timestamp] = [:]
    var refused: [String: Int] = [:]
    var byCode: [String: Int] = [:]

    mutating func add(_ call: LegacyCallRecord) {
      let agent = call.agent ?? call.claimed ?? ""
      let day = call.at.microseconds / 86_400_000_000
      calls[agent, default: 0] += 1
      days[agent, default: [:]][Int32(day), default: 0] += 1
      last[agent] = max(last[agent] ?? call.at, call.at)
      if call.code != nil { refused[agent, default: 0] += 1 }
      let reducer = call.code == "unknown_reducer" ? LegacyCaller.unknownReducer : call.reducer
      byCode["\(day) \(reducer) \(call.code ?? "")", default: 0] += 1
    }
  }

  @Test
  func `folded and single calls together are what was called, by agent, day, reducer and code`()
    throws
  {
    try withTemporaryFolder { folder in
      let store = try Store(path: folder + "/s.db", creates: true)
      let (found, counted, truth) = try store.write { connection in
        var (dice, truth) = (SeededDice(seed: 11), Truth())
        let log = LegacyCallLog(connection, limit: 40)
        for number in 0..<600 {
          // Now and then a clock jumps back.
          let day = 20_000 + Int64(number / 9) - (dice.once(in: 20) ? 5 : 0)
          let call = record(&dice, day: day)
          truth.add(call)
          try log.add(call)
          if number % 50 == 49 {
            try log.fold(at: Timestamp(microseconds: (20_000 + Int64(number / 9)) * 86_400_000_000))
          }
        }
        var found: [LegacyCaller] = []
        try LegacyCallers(connection).each { found.append($0) }
        return (found, try log.totals(), truth)
      }
      #expect(found.count == truth.calls.count)
      for caller in found {
        let agent = caller.agent
        #expect(caller.calls == truth.calls[agent] && caller.refused == truth.refused[agent])
        #expect(caller.lastAt == truth.last[agent])
        let newest = Set((truth.days[agent] ?? [:]).keys.sorted().suffix(LegacyCaller.keptDays - 8))
        let days = caller.days.filter { newest.contains($0.day) }
        #expect(days.map(\.day) == newest.sorted())
        #expect(days.allSatisfy { Int($0.calls) == truth.days[agent]?[$0.day] })
        #expect(caller.days.count <= LegacyCaller.keptDays)
        #expect(caller.reducers.reduce(0) { $0 + $1.calls } == caller.calls)
      }
      for total in counted {
        #expect(truth.byCode["\(total.day) \(total.reducer) \(total.code ?? "")"] == total.calls)
      }
      #expect(counted.reduce(0) { $0 + $1.calls } == 600)
    }
  }

  @Test func `an agent that turns out to be another one takes its calls along`() throws {
    try withTemporaryFolder { folder in
      let store = try Store(path: folder + "/s.db", creates: true)
      let callers = try store.write { connection in
        var dice = SeededDice(seed: 3)
        let log = LegacyCallLog(connection, limit: 10)
        for number in 0..<60 { try log.add(record(&dice, day: 20_000 + Int64(number / 3))) }
        try log.fold(at: Timestamp(microseconds: 20_030 * 86_400_000_000))
        let successors = Successors(connection)
        try successors.begin()
        for agent in ["agent_a", "nobody"] { try successors.add(agent, "agent_b") }
        try log.rename(successors)
        var callers: [LegacyCaller] = []
        try LegacyCallers(connection).each { callers.append($0) }
        return callers
      }
      #expect(callers.map(\.agent).sorted() == ["agent_b", "agent_c"])
      #expect(callers.reduce(0) { $0 + $1.calls } == 60)
    }
  }

  @Test func `no count that a damaged store holds stops the record`() throws {
    try withTemporaryFolder { folder in
      let store = try Store(path: folder + "/s.db", creates: true)
      let most = "\(Int64.max)"
      let caller = try store.write { connection in
        for name in ["agent_a", "agent_b"] {
          try connection.execute(
            "INSERT INTO v4_callers VALUES('\(name)',0,0,\(most),\(most),'20000:9','x:\(most)')")
        }
        var dice = SeededDice(seed: 3)
        let log = LegacyCallLog(connection)
        for _ in 0..<20 { try log.add(record(&dice, day: 20_000)) }
        let successors = Successors(connection)
        try successors.begin()
        try successors.add("agent_a", "agent_b")
        try log.rename(successors)
        return try LegacyCallers(connection).caller("agent_b")
      }
      #expect(caller?.calls == .max && caller?.refused == .max)
    }
  }
}

extension LegacyCallers {
  /// What one agent, or one name that nobody has registered, has called; nil where it has not.
  func caller(_ agent: String) throws -> LegacyCaller? {
    var found: LegacyCaller?
    try each { if $0.agent == agent { found = $0 } }
    return found
  }
}
