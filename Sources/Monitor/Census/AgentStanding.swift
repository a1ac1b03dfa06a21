public import AgoraStore

/// One agent as the evidence shows it.
///
/// There may be a hundred thousand of these: what few agents have lies behind one reference.
public struct AgentStanding: Sendable {
  /// What only some agents have.
  private final class Rare: Sendable {
    let exemptUntil: Timestamp?
    let acknowledged: String?
    let forecast: StopForecast?

    init(_ exemptUntil: Timestamp?, _ acknowledged: String?, _ forecast: StopForecast?) {
      self.exemptUntil = exemptUntil
      self.acknowledged = acknowledged
      self.forecast = forecast
    }
  }

  /// The agent's name.
  public let name: String
  /// The agent's id, which is made a text where it is asked for.
  let agentID: AgentID
  /// The agent's id.
  public var id: String { agentID.text }
  /// Where it is on its way.
  public internal(set) var state = AgentState.native
  /// Whether it came from v4, by a migration or by its calls.
  public internal(set) var isFromV4: Bool
  /// Whether it was only ever named and never registered.
  public internal(set) var isStub: Bool
  private var lastCalls: (v4: Int64, v5: Int64) = (.min, .min)
  /// When it last called v4; to the end of the day where calls are kept as counts of a day only.
  public internal(set) var lastV4Call: Timestamp? {
    get { Self.instant(lastCalls.v4) }
    set { lastCalls.v4 = newValue?.microseconds ?? .min }
  }
  /// When it was last seen on v5.
  public internal(set) var lastV5Call: Timestamp? {
    get { Self.instant(lastCalls.v5) }
    set { lastCalls.v5 = newValue?.microseconds ?? .min }
  }
  /// How many of its calls of v4 are on record, with those that were refused.
  public internal(set) var v4Calls = 0
  /// How many of them were within the window.
  public internal(set) var windowCalls = 0
  /// How many of them were within the window before.
  public internal(set) var earlierCalls = 0
  /// The reducers that it has called, the most called first.
  public internal(set) var reducers: [ReducerCount] = []
  private var owned: (tasks: Int32, workflows: Int32) = (0, 0)
  /// How many tasks it has still to do.
  public internal(set) var openTasks: Int {
    get { Int(owned.tasks) }
    set { owned.tasks = Int32(clamping: newValue) }
  }
  /// How many workflows it made that have not ended.
  public internal(set) var openWorkflows: Int {
    get { Int(owned.workflows) }
    set { owned.workflows = Int32(clamping: newValue) }
  }
  private var rare: Rare?
  /// Until when it is exempt from brownouts.
  public var exemptUntil: Timestamp? { rare?.exemptUntil }
  /// Why somebody said that its silence is known.
  public var acknowledged: String? { rare?.acknowledged }
  /// When it will have stopped calling v4.
  public internal(set) var forecast: StopForecast? {
    get { rare?.forecast }
    set {
      guard rare != nil || newValue != nil else { return }
      rare = Rare(exemptUntil, acknowledged, newValue)
    }
  }

  /// Whether somebody would miss it.
  public var ownsSomething: Bool { openTasks > 0 || openWorkflows > 0 }
  /// How its calls have changed.
  public var trend: CallTrend { CallTrend(now: windowCalls, before: earlierCalls) }

  init(name: String, id: AgentID, isFromV4: Bool, isStub: Bool) {
    self.name = name
    agentID = id
    self.isFromV4 = isFromV4
    self.isStub = isStub
  }

  /// Notes what somebody has decided about it.
  mutating func note(exemptUntil: Timestamp?, acknowledged: String?) {
    rare = Rare(exemptUntil, acknowledged, forecast)
  }

  /// No row has the least number: instants of rows are kept within what can be written.
  private static func instant(_ microseconds: Int64) -> Timestamp? {
    microseconds == .min ? nil : Timestamp(microseconds: microseconds)
  }
}
