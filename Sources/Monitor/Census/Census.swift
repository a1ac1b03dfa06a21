package import AgoraStore

/// Every agent with its state, from the calls that are on record on both sides.
package struct Census {
  /// The agents: on v4, silent, migrated, native; each in the order of names.
  package private(set) var agents: [AgentStanding] = []
  /// Callers of v4 that are no agents, the latest first.
  package let unknown: [UnknownCaller]
  /// The newest days with calls of each agent, in the order of ``agents``.
  let days: [[DayCalls]]
  /// When the record of calls begins; nil where there is none.
  package let firstCall: Timestamp?
  /// How many callers have their last call after now, because a clock has jumped.
  package let fromTheFuture: Int

  /// How many agents are in each state, by ``AgentState/rank``.
  let counts: [Int]
  /// Whether any agent came from v4.
  let hasAnyFromV4: Bool
  /// When an agent last called v4.
  let lastCall: Timestamp?

  /// What an agent's own record says, as a sum: 1 it came from v4, 2 it is a stub, 4 its name is reserved.
  ///
  /// Records are taken apart only where they hold one of the words, and what the id says already is not
  /// asked: it would take longer than all else.
  private static let select = Query(
    "agents.census",
    """
    SELECT agent_id, agent_name, CASE WHEN metadata='{}' THEN 0
      WHEN NOT ((substr(agent_id,19,1)<>'5' AND (instr(metadata,'migration_source')
          OR instr(metadata,'compatibility_mode')))
        OR instr(metadata,'stub') OR instr(metadata,'reserved')) THEN 0
      WHEN NOT json_valid(metadata) THEN 0
      ELSE (json_extract(metadata,'$.migration_source') IS NOT NULL
          OR json_extract(metadata,'$.compatibility_mode') IS NOT NULL)
        + 2*(json_extract(metadata,'$.stub') IS 1) + 4*(json_extract(metadata,'$.reserved') IS 1)
      END
    FROM agents ORDER BY agent_name
    """)
  private static let names = Query(
    "v4_names.of_agents", "SELECT v5_id, origin<>'stub' FROM v4_names WHERE kind='agent'")
  private static let activity = Query(
    "agent_activity.on_v5",
    "SELECT agent_id, max(last_at) FROM agent_activity WHERE origin<>'v4' GROUP BY agent_id")
  private static let tasks = Query(
    "tasks.open_by_agent",
    """
    SELECT assigned_agent, count(*) FROM tasks
    WHERE status IN ('pending','in_progress') AND assigned_agent IS NOT NULL GROUP BY 1
    """)
  private static let workflows = Query(
    "workflows.open_by_creator",
    """
    SELECT creator_agent, count(*) FROM workflows
    WHERE status IN ('pending','running','paused') AND creator_agent IS NOT NULL GROUP BY 1
    """)

  /// Counts.
  ///
  /// - Parameter window: how many days without a call of v4 make an agent one that has left it.
  package init(_ connection: Connection, now: Timestamp, window: Int) throws {
    var (found, index) = try Self.agents(connection)
    try connection.each(Self.activity) { row in
      guard let place = row.withBytes(0, { index.place(of: AgentID($0)) }) else { return }
      found[place].lastV5Call = DayTime.instant(row.int64(1))
    }
    try connection.each(Self.tasks) { row in
      guard let place = row.withBytes(0, { index.place(of: AgentID($0)) }) else { return }
      found[place].openTasks = row.int(1)
    }
    try connection.each(Self.workflows) { row in
      guard let place = row.withBytes(0, { index.place(of: AgentID($0)) }) else { return }
      found[place].openWorkflows = row.int(1)
    }
    let windowStart = DayTime.shifted(now, days: -window)
    let tally = try CallTally(connection, index, now: now, window: window)
    index = AgentIndex()
    // Names were in order already, and an agent's rank is its state's.
    var order: [[Int32]] = AgentState.allCases.map { _ in [] }
    var (hasAnyFromV4, lastCall) = (false, Timestamp?.none)
    for place in found.indices {
      Self.settle(&found[place], tally.agents[place], since: windowStart)
      order[found[place].state.rank].append(Int32(truncatingIfNeeded: place))
      hasAnyFromV4 = hasAnyFromV4 || found[place].isFromV4
      if let last = tally.agents[place].last { lastCall = max(lastCall ?? last, last) }
    }
    (self.hasAnyFromV4, self.lastCall) = (hasAnyFromV4, lastCall)
    counts = order.map(\.count)
    let places = order.joined().map { Int($0) }
    days = places.map { tally.agents[$0].days }
    // In place: a second list of a hundred thousand agents would be a fifth of all memory.
    for place in places.indices {
      var from = places[place]
      while from < place { from = places[from] }
      if from != place { found.swapAt(place, from) }
    }
    agents = found
    firstCall = tally.first
    fromTheFuture = tally.fromTheFuture
    unknown = tally.unknown.values.sorted {
      ($1.lastCall, $0.name) < ($0.lastCall, $1.name)
    }
  }

  /// The agents by their records and names, in the order of names.
  private static func agents(
    _ connection: Connection
  ) throws -> (agents: [AgentStanding], index: AgentIndex) {
    var found: [AgentStanding] = []
    var index = AgentIndex()
    try connection.each(select) { row in
      let said = row.int(2)
      guard said & 4 == 0 else { return }
      let id = row.withBytes(0) { AgentID($0) }
      index.append(id)
      found.append(
        AgentStanding(
          name: row.text(1), id: id, isFromV4: said & 1 == 1 || id.isOfARow, isStub: said & 2 == 2))
    }
    // Of each name: whether there is one, and whether one of them was registered.
    var named = [(isNamed: Bool, isRegistered: Bool)](
      repeating: (false, false), count: found.count)
    try connection.each(names) { row in
      guard let place = row.withBytes(0, { index.place(of: AgentID($0)) }) else { return }
      named[place].isNamed = true
      if row.bool(1) { named[place].isRegistered = true }
    }
    for place in found.indices where named[place].isNamed {
      found[place].isFromV4 = true
      if !named[place].isRegistered { found[place].isStub = true }
    }
    return (found, index)
  }

  /// The agents of a state, in the order of names.
  package func agents(in state: AgentState) -> ArraySlice<AgentStanding> {
    agents[state.range(in: counts)]
  }

  private static func settle(
    _ agent: inout AgentStanding, _ calls: CallTally.Agent, since windowStart: Timestamp
  ) {
    agent.v4Calls = calls.calls
    agent.windowCalls = calls.windowCalls
    agent.earlierCalls = calls.earlierCalls
    agent.lastV4Call = calls.last
    agent.reducers = calls.reducers
    let isCalling = calls.last.map { $0 > windowStart } ?? false
    // Where days are only counts, the last call may be within the window and its day be cut.
    if isCalling { agent.windowCalls = max(1, agent.windowCalls) } else { agent.windowCalls = 0 }
    agent.state =
      if isCalling {
        .onV4
      } else if agent.isFromV4 {
        agent.lastV5Call == nil ? .silent : .migrated
      } else {
        .native
      }
  }

  /// Lets what else is known of agents be noted.
  mutating func update(_ body: (inout AgentStanding) -> Void) {
    for place in agents.indices { body(&agents[place]) }
  }

  /// Notes a forecast.
  mutating func set(_ forecast: StopForecast?, at place: Int) { agents[place].forecast = forecast }
}
