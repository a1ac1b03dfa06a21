public import AgoraStore

/// How far the way from v4 to v5 is: who still calls v4, whether it can be switched off, and when.
///
/// One value, which prints as text, JSON, Markdown, Prometheus' exposition and a page.
public struct MonitorReport: Sendable {
  /// After how many days without a call of v4 an agent has left it, where nobody says otherwise.
  public static let usualWindow = 7

  /// The store's path.
  public let store: String
  /// The instant of the report.
  public let generatedAt: Timestamp
  /// After how many days without a call of v4 an agent has left it.
  public let window: Int
  /// Every agent: on v4, silent, migrated, native, each in the order of names.
  public let agents: [AgentStanding]
  /// How many there are in each state, by ``AgentState/rank``.
  private let counts: [Int]
  /// The calls of v4.
  public let calls: CallFacts
  /// What the migrations have left behind.
  public let facts: MigrationFacts
  /// How the marketplace does, measured.
  public let health: HealthStatus
  /// What is wrong with it, in words; empty where nothing is.
  public let healthNotes: [String]
  /// How far v4 is from its end.
  package let sunset: SunsetState
  /// What has to be so before v4 is switched off.
  public let gates: [Gate]
  /// When v4 will not be called any more.
  public let forecast: Forecast
  /// What `/metrics` has of the store without asking the monitor.
  let figures: StoreFigures
  /// What is odd about the record itself.
  public let notes: [String]
  /// Whether anything came from v4 or calls it.
  public let hasLegacy: Bool

  /// Makes the report.
  ///
  /// - Parameters:
  ///   - window: days, 1–365.
  ///   - replacements: what is called on v5 instead of each reducer.
  /// - Throws: ``AgoraError`` when the store cannot be read, ``ToolFailure`` when its health cannot.
  public init(
    _ marketplace: Marketplace, at now: Timestamp, window: Int = usualWindow,
    replacements: [String: String]
  ) throws {
    let window = min(max(window, 1), 365)
    let measured = try Self.measure(marketplace)
    let read = try marketplace.store.read { connection in
      try Reading(connection, now: now, window: window, replacements: replacements)
    }
    store = marketplace.store.path
    generatedAt = now
    self.window = window
    agents = read.census.agents
    counts = read.census.counts
    calls = read.calls
    facts = read.facts
    forecast = read.forecast
    sunset = read.sunset
    figures = read.figures
    (health, healthNotes) = measured
    let readiness = ReadinessGates(
      census: read.census, facts: read.facts, calls: read.calls, sunset: read.sunset,
      health: measured.status,
      healthReason: measured.notes.isEmpty
        ? "all that was measured is well" : measured.notes.joined(separator: "; "),
      now: now, window: window)
    hasLegacy = readiness.hasLegacy
    gates = readiness.all.map { $0.at(marketplace.store.path) }
    notes = Self.notes(read.census)
  }

  /// What is read of the store, on one snapshot.
  private struct Reading: Sendable {
    var census: Census
    let calls: CallFacts
    let facts: MigrationFacts
    let sunset: SunsetState
    let forecast: Forecast
    let figures: StoreFigures

    init(
      _ connection: Connection, now: Timestamp, window: Int, replacements: [String: String]
    ) throws {
      census = try Census(connection, now: now, window: window)
      sunset = try SunsetState(connection)
      let register = SunsetRegister(connection)
      try census.note(register.exemptions(), register.acknowledgements(), at: now)
      facts = try MigrationFacts(connection)
      let totals = try LegacyCallLog(connection).totals()
      calls = CallFacts(totals, census, replacements: replacements)
      figures = try StoreFigures(connection, totals)
      forecast = census.forecast(at: now, window: window)
    }
  }

  private static func measure(
    _ marketplace: Marketplace
  ) throws -> (status: HealthStatus, notes: [String]) {
    let result = try marketplace.call("agora.admin.health", .object([]), as: .owner(.swift)).result
    let status = result["status"]?.text.flatMap(HealthStatus.init(rawValue:)) ?? .critical
    let notes = (result["components"]?.members ?? []).compactMap { member -> String? in
      guard let word = member.value["status"]?.text, word != HealthStatus.healthy.rawValue else {
        return nil
      }
      return "\(member.name) is \(word): \(member.value["message"]?.text ?? "")"
    }
    return (status, notes)
  }

  private static func notes(_ census: Census) -> [String] {
    guard census.fromTheFuture > 0 else { return [] }
    return [
      "\(Words.count(census.fromTheFuture, "caller")) of v4 \(census.fromTheFuture == 1 ? "has a call" : "have calls") dated after this report: a clock has jumped"
    ]
  }

  // MARK: what follows

  /// The agents of a state.
  public func count(_ state: AgentState) -> Int { state.range(in: counts).count }

  /// The agents of a state, in the order of names.
  public func agents(in state: AgentState) -> ArraySlice<AgentStanding> {
    agents[state.range(in: counts)]
  }

  /// Whether v4 can be switched off.
  public var isReady: Bool { gates.allSatisfy(\.passed) }

  /// The protocol's `v4_migrated_agents`: those that have left v4, and those that are silent.
  public var leftV4: Int { count(.migrated) + count(.silent) }

  /// The part of v4's agents that has left v4, in percent; all of none is 100.
  public var completionRate: Double {
    let (left, calling) = (leftV4, count(.onV4))
    guard left + calling > 0 else { return 100 }
    return Double(left) / (Double(left) + Double(calling)) * 100
  }

  /// ``completionRate`` in words that say what it is of.
  package var completionReason: String {
    let (left, calling) = (leftV4, count(.onV4))
    if left + calling == 0 {
      return agents.isEmpty
        ? "there are no agents yet" : "no agent came from v4, so there is nothing to migrate"
    }
    return
      "\(left) of \(Words.count(left + calling, "agent")) from v4 no longer \(left == 1 ? "calls" : "call") it"
  }

  /// The next instant at which something changes by itself: a window of a brownout, or the end.
  package var nextDate: (what: String, at: Timestamp)? {
    if let open = sunset.openWindow(at: generatedAt) { return ("brownout ends", open.end) }
    if sunset.phase == .brownout, let next = sunset.nextWindow(after: generatedAt) {
      return ("brownout begins", next.start)
    }
    guard sunset.phase != .sunset, let end = sunset.end else { return nil }
    return (end > generatedAt ? "v4 ends" : endedWords, end)
  }

  /// What an end that is over is called: v4 is not off by its date alone.
  var endedWords: String { sunset.phase == .sunset ? "v4 ended" : "v4 was to end" }
}

extension Census {
  /// Notes what somebody has decided about agents.
  mutating func note(
    _ exemptions: [SunsetExemption], _ acknowledged: [SilentAcknowledgement], at now: Timestamp
  ) {
    guard !exemptions.isEmpty || !acknowledged.isEmpty else { return }
    var until: [String: Timestamp] = [:]
    for exemption in exemptions where exemption.until > now {
      until[exemption.agent] = max(until[exemption.agent] ?? exemption.until, exemption.until)
    }
    let reasons = Dictionary(acknowledged.map { ($0.agent, $0.reason) }) { $1 }
    update { agent in
      let exempt = until[agent.id] ?? until[agent.name]
      let reason = reasons[agent.id] ?? reasons[agent.name]
      if exempt != nil || reason != nil {
        agent.note(exemptUntil: exempt, acknowledged: reason)
      }
    }
  }
}
