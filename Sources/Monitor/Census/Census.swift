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

  private static let select = Query(
    "agents.census",
    """
    SELECT agent_id, agent_name, n.v5_id IS NOT NULL,
      iif(metadata='{}' OR NOT json_valid(metadata), 0,
        json_extract(metadata,'$.migration_source') IS NOT NULL
        OR json_extract(metadata,'$.compatibility_mode') IS NOT NULL),
      iif(metadata='{}' OR NOT json_valid(metadata), 0,
        coalesce(json_extract(metadata,'$.stub')=1, 0)),
      iif(metadata='{}' OR NOT json_valid(metadata), 0,
        coalesce(json_extract(metadata,'$.reserved')=1, 0)),
      coalesce(n.is_registered, 0)
    FROM agents a LEFT JOIN (SELECT v5_id, max(origin<>'stub') AS is_registered
      FROM v4_names WHERE kind='agent' GROUP BY v5_id) n ON n.v5_id=a.agent_id
    ORDER BY agent_name
    """)
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
    var found: [AgentStanding] = []
    var index = AgentIndex()
    try connection.each(Self.select) { row in
      guard !row.bool(5) else { return }
      let id = row.text(0)
      index.append(id)
      let isFromV4 = row.bool(2) || row.bool(3) || Self.isOfARow(id)
      found.append(
        AgentStanding(
          name: row.text(1), id: id, isFromV4: isFromV4,
          isStub: row.bool(4) || row.bool(2) && !row.bool(6)))
    }
    try connection.each(Self.activity) { row in
      guard let place = index.place(of: row.text(0)) else { return }
      found[place].lastV5Call = DayTime.instant(row.int64(1))
    }
    try connection.each(Self.tasks) { row in
      guard let place = index.place(of: row.text(0)) else { return }
      found[place].openTasks = row.int(1)
    }
    try connection.each(Self.workflows) { row in
      guard let place = index.place(of: row.text(0)) else { return }
      found[place].openWorkflows = row.int(1)
    }
    let windowStart = DayTime.shifted(now, days: -window)
    let tally = try CallTally(connection, index, now: now, window: window)
    for place in found.indices {
      Self.settle(&found[place], tally.agents[place], since: windowStart)
    }
    // Names were in order already, and an agent's rank is its state's.
    var order: [[Int]] = AgentState.allCases.map { _ in [] }
    for place in found.indices { order[Self.rank(found[place].state)].append(place) }
    let places = Array(order.joined())
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

  private static func rank(_ state: AgentState) -> Int {
    switch state {
    case .onV4: 0
    case .silent: 1
    case .migrated: 2
    case .native: 3
    }
  }

  /// Whether an id was computed of a v4 row (version 5) instead of given on v5.
  private static func isOfARow(_ id: String) -> Bool {
    let digits = id.utf8.suffix(32)
    return digits.count == 32 && digits.dropFirst(12).first == 0x35
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
