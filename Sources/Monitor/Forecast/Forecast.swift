public import AgoraStore

/// When v4 will not be called any more: by everybody, and how good such forecasts have been.
public struct Forecast: Sendable {
  /// How the forecast for all was come to.
  public enum Basis: String, Word {
    /// Each agent that calls v4 has a forecast; the last one counts.
    case agents
    /// The number of agents that call v4 on a day.
    case callers
  }

  /// When all will have stopped; nil where ``reason`` says why not.
  public internal(set) var all: StopForecast?
  /// What ``all`` was made of; nil where there is none.
  public internal(set) var basis: Basis?
  /// Why there is no forecast for all; nil where there is one.
  public internal(set) var reason: String?
  /// How many agents on v4 have a forecast of their own.
  public internal(set) var agentsWith = 0
  /// How many have none.
  public internal(set) var agentsWithout = 0
  /// How good the forecasts of the last weeks were.
  public internal(set) var record = ForecastRecord()

  init() {}

  /// The forecast as JSON; those of single agents stand with the agents.
  var json: JSON {
    .object([
      .init("all", all?.json ?? .null), .init("basis", .optional(basis?.rawValue)),
      .init("reason", .optional(reason)), .init("agents_with_forecast", .int(agentsWith)),
      .init("agents_without_forecast", .int(agentsWithout)), .init("record", record.json),
    ])
  }
}

/// How good the forecasts were that the same calls would have given some weeks ago.
public struct ForecastRecord: Sendable, Equatable {
  /// How many forecasts can be judged by now.
  public internal(set) var judged = 0
  /// How many of their intervals held the day of the last call.
  public internal(set) var covered = 0
  /// The median of how many days the expected day was off; nil where nobody has stopped.
  public internal(set) var medianError: Double?
  /// Between which chances the intervals of today lie, so that four in five hold the day.
  package internal(set) var bounds = IntervalBounds.usual
  /// Whether the intervals of today are wider than the model's own, because those held too few.
  public var isWidened: Bool { bounds != .usual }

  var json: JSON {
    .object([
      .init("judged", .int(judged)), .init("covered", .int(covered)),
      .init("claimed", .double(StopForecast.confidence)),
      .init("median_error_days", medianError.map { .double($0) } ?? .null),
      .init("widened", .bool(isWidened)),
    ])
  }
}

extension Census {
  /// How many agents are tried for the record at most; more would not make it better.
  private static let tried = 200
  /// The days ago at which forecasts are made again for the record.
  private static let ago = [7, 14, 21, 28]

  /// Makes the forecasts of the agents on v4, and of all.
  mutating func forecast(at now: Timestamp, window: Int) -> Forecast {
    var result = Forecast()
    result.record = record(at: now, window: window)
    let model = ForecastModel(today: CallHistory.elapsed(now))
    var curves: [EndCurve] = []
    let today = DayTime.day(of: now.microseconds)
    var callers = [Double](repeating: 0, count: CallHistory.days)
    let oldest = today - CallHistory.days + 1
    for place in agents.indices {
      for day in days[place] {
        let at = Int(day.day) &- oldest
        if callers.indices.contains(at), day.calls > 0 { callers[at] += 1 }
      }
    }
    for place in AgentState.onV4.range(in: counts) {
      let history = CallHistory(days[place], until: now)
      let lastDay = agents[place].lastV4Call.map { DayTime.day(of: $0.microseconds) } ?? today
      if case .end(let curve) = model.outcome(of: history),
        let found = curve.forecast(
          at: now, lastDay: min(lastDay, today), within: result.record.bounds)
      {
        set(found, at: place)
        curves.append(curve)
        result.agentsWith += 1
      } else {
        result.agentsWithout += 1
      }
    }
    if result.agentsWithout == 0, let curve = EndCurve.all(curves),
      let all = curve.forecast(
        at: now, lastDay: lastDay(until: today), within: result.record.bounds)
    {
      (result.all, result.basis) = (all, .agents)
      return result
    }
    forecastAll(&result, callers, EndCurve.all(curves), model, now)
    return result
  }

  private func lastDay(until today: Int) -> Int {
    let last = lastCall.map { DayTime.day(of: $0.microseconds) }
    return min(last ?? today, today)
  }

  private func forecastAll(
    _ result: inout Forecast, _ callers: [Double], _ known: EndCurve?, _ model: ForecastModel,
    _ now: Timestamp
  ) {
    let today = DayTime.day(of: now.microseconds)
    let history = CallHistory(callers)
    let isOver = result.agentsWith + result.agentsWithout == 0
    switch model.outcome(of: history) {
    case _ where isOver: result.reason = "nobody calls v4 any more"
    case .tooLittle:
      result.reason = "too few calls are on record: a forecast needs a week with calls on four days"
    case .noEnd:
      result.reason = "the calls do not become fewer in such a way that an end could be told"
    case .end(let curve):
      result.all = curve.notBefore(known).forecast(
        at: now, lastDay: lastDay(until: today), within: result.record.bounds)
      result.basis = result.all == nil ? nil : .callers
      if result.all == nil {
        result.reason = "the calls become fewer too slowly for an end within a year to be told"
      }
    }
  }

  /// Makes the forecasts of the last weeks again, from what was known then, and holds them against what
  /// has happened since.
  private func record(at now: Timestamp, window: Int) -> ForecastRecord {
    let today = DayTime.day(of: now.microseconds)
    let model = ForecastModel(today: 1)
    let known = agents.indices.filter { days[$0].count >= 4 }
    let step = max(1, known.count / Self.tried)
    var result = ForecastRecord()
    var errors: [Int] = []
    var outcomes: [IntervalBounds.Outcome] = []
    for place in stride(from: 0, to: known.count, by: step).map({ known[$0] }) {
      guard let last = agents[place].lastV4Call.map({ DayTime.day(of: $0.microseconds) }) else {
        continue
      }
      let hasStopped = agents[place].state != .onV4
      for days in Self.ago where today - days <= last + window {
        let then = DayTime.end(of: today - days)
        let past = self.days[place].filter { Int($0.day) <= today - days }
        guard let lastThen = past.last, Int(lastThen.day) > today - days - window,
          case .end(let curve) = model.outcome(of: CallHistory(past, until: then)),
          let forecast = curve.forecast(at: then, lastDay: Int(lastThen.day))
        else { continue }
        // To the middle of the day: an end is known to the day only.
        let until = max(0, Double(last - (today - days)) - 0.5)
        outcomes.append(.init(chance: curve.chance(by: until), isOver: hasStopped))
        if hasStopped {
          result.judged += 1
          if (forecast.earliestDay...forecast.latestDay).contains(last) { result.covered += 1 }
          errors.append(abs(forecast.expectedDay - last))
        } else if forecast.latestDay < today {
          // It calls on, and should have stopped.
          result.judged += 1
        }
      }
    }
    result.bounds = IntervalBounds(outcomes)
    errors.sort()
    if !errors.isEmpty { result.medianError = Double(errors[errors.count / 2]) }
    return result
  }
}
