import AgoraStore
import Monitor
import TestSupport

/// A store with agents whose calls are drawn by chance, and what is true of each of them.
struct GeneratedLife {
  /// What is true of one agent.
  struct Truth {
    var name: String
    let id: String
    let isFromV4: Bool
    var calls: [(at: Int64, reducer: String, refused: Bool)] = []
    var lastOnV5: Int64?
    var tasks = 0

    /// The state by the words of the specification.
    func state(now: Int64, window: Int) -> AgentState {
      let start = now - Int64(window) * 86_400_000_000
      if calls.contains(where: { $0.at > start }) { return .onV4 }
      guard isFromV4 else { return .native }
      return lastOnV5 == nil ? .silent : .migrated
    }
  }

  let market: TestMarketplace
  private(set) var truths: [Truth] = []
  private(set) var anonymous = 0
  let now: Int64

  static let reducers = [
    "send_agent_message", "assign_task", "agent_heartbeat", "update_task_progress",
  ]
  private static let insertAgent = Query(
    "test.agent", "INSERT INTO agents(agent_id, agent_name, metadata) VALUES(?1,?2,?3)")
  private static let insertName = Query(
    "test.name", "INSERT INTO v4_names VALUES('s','agent',?1,?2,'registered',1)")
  private static let insertTask = Query(
    "test.task",
    "INSERT INTO tasks(task_id, assigned_agent, task_type, status) VALUES(?1,?2,'t',?3)")
  private static let insertActivity = Query(
    "test.activity", "INSERT INTO agent_activity VALUES(?1,?2,?3,1)")

  /// Draws a life.
  ///
  /// - Parameter singles: how many calls are kept one by one.
  init(in folder: String, seed: UInt64, agents: Int, singles: Int) throws {
    market = try TestMarketplace(in: folder)
    now = market.now.microseconds
    var dice = SeededDice(seed: seed)
    let day: Int64 = 86_400_000_000
    for number in 0..<agents {
      let isFromV4 = !dice.once(in: 4)
      let version = isFromV4 && !dice.once(in: 3) ? "5" : "7"
      let digits = String(number + 1, radix: 16)
      let id = "agent_0000000000ff\(version)" + String(repeating: "0", count: 19 - digits.count) + digits
      var truth = Truth(name: "agent \(number)", id: id, isFromV4: isFromV4)
      let isCalling = dice.once(in: 2)
      let stopped = Int64.random(in: 0..<25, using: &dice) * day + Int64.random(in: 0..<day, using: &dice)
      for _ in 0..<(isCalling ? Int.random(in: 1...12, using: &dice) : 0) {
        let at = now - stopped - Int64.random(in: 0..<(20 * day), using: &dice)
        truth.calls.append((at, dice.pick(Self.reducers), dice.once(in: 5)))
      }
      if dice.once(in: 2) { truth.lastOnV5 = now - Int64.random(in: 0..<(9 * day), using: &dice) }
      truth.tasks = Int.random(in: 0..<3, using: &dice)
      truths.append(truth)
    }
    anonymous = Int.random(in: 0..<4, using: &dice)
    try write(singles: singles, &dice)
  }

  private func write(singles: Int, _ dice: inout SeededDice) throws {
    let (truths, anonymous, now) = (truths, anonymous, now)
    var calls: [LegacyCallRecord] = []
    for truth in truths {
      for call in truth.calls {
        calls.append(Self.record(call.at, call.reducer, truth.name, truth.id, call.refused))
      }
    }
    for _ in 0..<anonymous { calls.append(Self.record(now - 1_000_000, "x", nil, nil, true)) }
    calls.sort { $0.at < $1.at }
    let drawn = calls
    _ = try market.store.write { connection in
      for truth in truths {
        try connection.run(Self.insertAgent, .text(truth.id), .text(truth.name), .text("{}"))
        if truth.isFromV4 {
          try connection.run(Self.insertName, .text(truth.name), .text(truth.id))
        }
        for task in 0..<(truth.tasks + 1) {
          try connection.run(
            Self.insertTask, .text("task_\(task)_\(truth.id)"), .text(truth.id),
            .text(task < truth.tasks ? "pending" : "completed"))
        }
        if let last = truth.lastOnV5 {
          try connection.run(Self.insertActivity, .text(truth.id), .text("http"), .integer(last))
        }
        try connection.run(Self.insertActivity, .text(truth.id), .text("v4"), .integer(now))
      }
      let log = LegacyCallLog(connection, limit: singles)
      for call in drawn { try log.add(call) }
      try log.fold(at: Timestamp(microseconds: now))
    }
  }

  static func record(
    _ at: Int64, _ reducer: String, _ claimed: String?, _ agent: String?, _ refused: Bool = false
  ) -> LegacyCallRecord {
    LegacyCallRecord(
      at: Timestamp(microseconds: at), door: "cli", database: "agora-marketplace",
      reducer: reducer, shape: nil, claimed: claimed, agent: agent,
      code: refused ? "forbidden" : nil, microseconds: 5, tool: nil)
  }

  /// The report of it.
  func report(window: Int = 7) throws -> MonitorReport {
    try MonitorReport(
      market.marketplace, at: Timestamp(microseconds: now), window: window,
      replacements: ["assign_task": "agora.task.assign"])
  }
}
