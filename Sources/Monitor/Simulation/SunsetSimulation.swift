public import AgoraStore

/// What would have failed had v4 been off: the calls on record of some days, and what hangs on them.
public struct SunsetSimulation: Sendable {
  /// Whether something hangs on the calls themselves or on what they would have made.
  public enum Hand: Int, Sendable {
    /// A call that fails makes or changes it.
    case first = 1
    /// It waits for something of the first hand.
    case second = 2
  }

  /// An agent that would have noticed.
  public struct Agent: Sendable {
    /// The agent's id; nil where the calls came from nobody who is known.
    public let id: String?
    /// Its name, or the one that it gave; empty where it gave none.
    public let name: String
    /// Whether its own calls fail.
    public let hand: Hand
    /// How many of its calls fail.
    public internal(set) var calls = 0
    /// What it would have missed, where its own calls do not fail: messages and tasks of others.
    public internal(set) var missed = 0
  }

  /// A task that would not have been what it is.
  public struct Task: Sendable {
    /// The task's id.
    public let id: String
    /// Its type; empty where it is gone.
    public let type: String
    /// Its status now.
    public let status: String
    /// The workflow that it belongs to.
    public let workflow: String?
    /// The agent that has it.
    public let agent: String?
    /// Whether a call made or changed it, or it waits for one that a call did.
    public let hand: Hand
  }

  /// A workflow that would not have been what it is.
  public struct Workflow: Sendable {
    /// The workflow's id.
    public let id: String
    /// Its name; empty where it is gone.
    public let name: String
    /// Its status now.
    public let status: String
    /// Whether a call made or changed it, or one of its tasks is concerned.
    public let hand: Hand
  }

  /// When v4 is taken to be off.
  public private(set) var at: Timestamp
  /// The first instant of the calls that are looked at.
  public private(set) var from: Timestamp
  /// The last one.
  public private(set) var to: Timestamp
  /// How many calls were looked at.
  public private(set) var calls = 0
  /// How many of them would have failed.
  public private(set) var failing = 0
  /// How many were refused as it was.
  public private(set) var refusedAnyway = 0
  /// How many messages would not have been sent.
  public private(set) var messages = 0
  /// The reducers whose calls fail, the most called first.
  public private(set) var reducers: [CallFacts.ReducerFacts] = []
  /// Who would have noticed; those whose own calls fail first.
  public private(set) var agents: [Agent] = []
  /// The tasks.
  public private(set) var tasks: [Task] = []
  /// The workflows.
  public private(set) var workflows: [Workflow] = []
  /// Whether calls of these days are kept as counts only and could not be looked at.
  public private(set) var isPartial = false

  /// Looks at the calls of the days before an instant, or before now where that instant has still to come.
  ///
  /// - Parameters:
  ///   - days: how many, 1–365.
  ///   - replacements: what is called on v5 instead of each reducer.
  public init(
    _ store: Store, at: Timestamp, days: Int, now: Timestamp, replacements: [String: String]
  ) throws {
    self.at = at
    to = min(at, now)
    from = DayTime.shifted(to, days: -min(max(days, 1), 365))
    let empty = self
    self = try store.read { connection in
      var filled = empty
      try filled.look(connection, replacements)
      return filled
    }
  }

  private static let foldedSince = Query(
    "v4_call_totals.newest", "SELECT EXISTS(SELECT 1 FROM v4_call_totals WHERE day>=?1 AND day<=?2)")

  private mutating func look(
    _ connection: Connection, _ replacements: [String: String]
  ) throws {
    isPartial =
      try connection.integer(
        Self.foldedSince, .int(DayTime.day(of: from.microseconds)),
        .int(DayTime.day(of: to.microseconds))) == 1
    var concerned = Concerned()
    var callers: [String: Agent] = [:]
    var used: [String: (calls: Int, agents: Set<String>)] = [:]
    try LegacyCallLog(connection).each(since: from) { call in
      guard call.at <= to else { return }
      calls += 1
      guard call.code == nil else {
        refusedAnyway += 1
        return
      }
      failing += 1
      let key = call.agent ?? "?" + (call.claimed ?? "")
      callers[key, default: Agent(id: call.agent, name: call.claimed ?? "", hand: .first)].calls += 1
      used[call.reducer, default: (0, [])].calls += 1
      used[call.reducer, default: (0, [])].agents.insert(key)
      if call.tool == "agora.messaging.send" { messages += 1 }
      concerned.note(call.touched)
    }
    reducers = used.map { name, use in
      var facts = CallFacts.ReducerFacts(reducer: name, replacement: replacements[name])
      facts.calls = use.calls
      facts.agents = use.agents.count
      return facts
    }.sorted { ($1.calls, $0.reducer) < ($0.calls, $1.reducer) }
    try concerned.spread(connection)
    tasks = try concerned.tasksInOrder(connection)
    workflows = try concerned.workflowsInOrder(connection)
    agents = try Self.agents(callers, concerned, tasks, connection)
  }

  private static let name = Query(
    "agents.name", "SELECT agent_name FROM agents WHERE agent_id=?1")

  private static func agents(
    _ callers: [String: Agent], _ concerned: Concerned, _ tasks: [Task], _ connection: Connection
  ) throws -> [Agent] {
    var missed = concerned.receivers
    for task in tasks {
      if let agent = task.agent { missed[agent, default: 0] += 1 }
    }
    var found = try callers.values.map { caller in
      let known = try caller.id.flatMap { id in
        try connection.first(name, .text(id), map: { $0.text(0) })
      }
      var agent = Agent(id: caller.id, name: known ?? caller.name, hand: .first)
      agent.calls = caller.calls
      agent.missed = caller.id.flatMap { missed[$0] } ?? 0
      return agent
    }
    for (id, count) in missed where callers[id] == nil {
      guard let known = try connection.first(name, .text(id), map: { $0.text(0) }) else { continue }
      var agent = Agent(id: id, name: known, hand: .second)
      agent.missed = count
      found.append(agent)
    }
    return found.sorted {
      ($0.hand.rawValue, $1.calls, $1.missed, $0.name)
        < ($1.hand.rawValue, $0.calls, $0.missed, $1.name)
    }
  }
}
