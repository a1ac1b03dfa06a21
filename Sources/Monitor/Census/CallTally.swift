import AgoraStore

/// The calls of v4 on record, by agent, by reducer and by day.
struct CallTally {
  /// Calls of one agent.
  struct Agent {
    var calls = 0
    var windowCalls = 0
    var earlierCalls = 0
    var last: Timestamp?
    /// The newest days with calls, in order.
    var days: [DayCalls] = []
    var reducers: [ReducerCount] = []
  }

  private(set) var agents: [Agent]
  private(set) var unknown: [String: UnknownCaller] = [:]
  /// The first instant of the record; nil where there is none.
  private(set) var first: Timestamp?
  /// How many callers have their last call after now.
  private(set) var fromTheFuture = 0

  private let now: Timestamp
  private let windowStart: Timestamp
  private let earlierStart: Timestamp
  /// The calls of each caller within the window and the one before, where those go further back than the
  /// days that are kept of each caller.
  private var wide: [String: (window: Int, earlier: Int)]?

  /// The clocks of two machines may differ by so many microseconds.
  private static let tolerance: Int64 = 300_000_000

  init(_ connection: Connection, _ index: AgentIndex, now: Timestamp, window: Int) throws {
    self.now = now
    windowStart = DayTime.shifted(now, days: -window)
    earlierStart = DayTime.shifted(windowStart, days: -window)
    agents = Array(repeating: Agent(), count: index.count)
    // Two windows of whole days and the day that the earlier one cuts through.
    if 2 * window + 1 > LegacyCaller.keptDays { wide = try countWide(connection) }
    var names = AgentNames(index, connection)
    try LegacyCallers(connection).each { caller in
      note(caller)
      if let place = try names.place(of: caller.agent) {
        add(caller, to: place)
      } else {
        addUnknown(caller)
      }
    }
    try correct(connection, &names, at: windowStart) { agent, calls in
      agent.windowCalls = max(0, agent.windowCalls - calls)
      agent.earlierCalls = Numeric.sum(agent.earlierCalls, calls)
    }
    try correct(connection, &names, at: earlierStart) { agent, calls in
      agent.earlierCalls = max(0, agent.earlierCalls - calls)
    }
  }

  private mutating func note(_ caller: LegacyCaller) {
    first = min(first ?? caller.firstAt, caller.firstAt)
    if caller.lastAt.microseconds > now.microseconds,
      caller.lastAt.microseconds - now.microseconds > Self.tolerance
    {
      fromTheFuture += 1
    }
  }

  /// The calls of a caller within the window and the one before, by days: a day that a window cuts
  /// through is taken for the later one, so that nobody is thought to have stopped who has not.
  private func calls(of caller: LegacyCaller) -> (window: Int, earlier: Int) {
    if let wide { return wide[caller.agent] ?? (0, 0) }
    let firstDay = DayTime.day(of: windowStart.microseconds)
    let earlierDay = DayTime.day(of: earlierStart.microseconds)
    var (within, before) = (0, 0)
    for day in caller.days {
      if day.day >= firstDay {
        within = Numeric.sum(within, Int(day.calls))
      } else if day.day >= earlierDay {
        before = Numeric.sum(before, Int(day.calls))
      }
    }
    return (within, before)
  }

  private static let wideCounts = Query(
    "v4_calls.wide",
    """
    SELECT agent, CAST(min(9e18,total(iif(day>=?1,calls,0))) AS INTEGER),
      CAST(min(9e18,total(iif(day<?1,calls,0))) AS INTEGER) FROM (
      SELECT day, agent, calls FROM v4_call_days WHERE day>=?2
      UNION ALL
      SELECT at/86400000000, coalesce(agent_id, claimed, ''), 1 FROM v4_calls WHERE at>=?3)
    GROUP BY agent
    """)

  private func countWide(_ connection: Connection) throws -> [String: (window: Int, earlier: Int)] {
    let firstDay = DayTime.day(of: windowStart.microseconds)
    let earlierDay = DayTime.day(of: earlierStart.microseconds)
    var found: [String: (window: Int, earlier: Int)] = [:]
    try connection.each(
      Self.wideCounts, .int(firstDay), .int(earlierDay),
      .integer(DayTime.start(of: earlierDay).microseconds)
    ) { row in found[row.text(0)] = (max(0, row.int(1)), max(0, row.int(2))) }
    return found
  }

  private mutating func add(_ caller: LegacyCaller, to place: Int) {
    let (within, before) = calls(of: caller)
    agents[place].calls = Numeric.sum(agents[place].calls, caller.calls)
    agents[place].windowCalls = Numeric.sum(agents[place].windowCalls, within)
    agents[place].earlierCalls = Numeric.sum(agents[place].earlierCalls, before)
    let last = DayTime.instant(caller.lastAt.microseconds)
    agents[place].last = max(agents[place].last ?? last, last)
    add(caller.reducers, to: place)
    let oldest = DayTime.day(of: now.microseconds) - CallHistory.days
    if agents[place].days.isEmpty, caller.days.allSatisfy({ Int($0.day) > oldest }) {
      agents[place].days = caller.days
    } else {
      agents[place].days = CallHistory.merged(
        agents[place].days, caller.days.lazy.filter { Int($0.day) > oldest })
    }
  }

  private mutating func add(_ uses: [LegacyCaller.Use], to place: Int) {
    let isAlone = agents[place].reducers.isEmpty
    if isAlone { agents[place].reducers.reserveCapacity(uses.count) }
    for use in uses {
      if !isAlone,
        let at = agents[place].reducers.firstIndex(where: { $0.reducer == use.reducer })
      {
        let sum = Numeric.sum(agents[place].reducers[at].calls, use.calls)
        agents[place].reducers[at] = ReducerCount(reducer: use.reducer, calls: sum)
      } else {
        agents[place].reducers.append(ReducerCount(reducer: use.reducer, calls: use.calls))
      }
    }
    agents[place].reducers.sort {
      $0.calls != $1.calls ? $0.calls > $1.calls : $0.reducer < $1.reducer
    }
  }

  private mutating func addUnknown(_ caller: LegacyCaller) {
    let last = DayTime.instant(caller.lastAt.microseconds)
    var known = unknown[caller.agent] ?? UnknownCaller(name: caller.agent, lastCall: last)
    known.calls = Numeric.sum(known.calls, caller.calls)
    known.windowCalls = Numeric.sum(
      known.windowCalls, last > windowStart ? max(1, calls(of: caller).window) : 0)
    known.lastCall = max(known.lastCall, last)
    unknown[caller.agent] = known
  }

  private static let before = Query(
    "v4_calls.before_on_day",
    """
    SELECT coalesce(agent_id, claimed, ''), count(*) FROM v4_calls WHERE at>=?1 AND at<=?2 GROUP BY 1
    """)

  /// Moves calls that are told one by one out of a window whose first day they share.
  private mutating func correct(
    _ connection: Connection, _ names: inout AgentNames, at start: Timestamp,
    _ body: (inout Agent, Int) -> Void
  ) throws {
    let day = DayTime.start(of: DayTime.day(of: start.microseconds))
    let found = try connection.all(
      Self.before, .integer(day.microseconds), .integer(start.microseconds)
    ) { ($0.text(0), $0.int(1)) }
    for (agent, calls) in found {
      if let place = try names.place(of: agent) { body(&agents[place], calls) }
    }
  }
}
