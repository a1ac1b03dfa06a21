public import AgoraStore

/// The calls of v4 on record, of all agents together.
public struct CallFacts: Sendable {
  /// Calls of one reducer on one day.
  public struct Cell: Sendable, Equatable {
    /// Counted from 1970-01-01, UTC.
    package let day: Int
    /// The reducer, as callers wrote it.
    public let reducer: String
    /// How many calls there were, with those that were refused.
    public internal(set) var calls: Int
    /// How many of them were refused.
    public internal(set) var refused: Int

    /// The day, `2025-06-06`.
    public var date: String { DayTime.date(day) }
  }

  /// Calls of one reducer.
  public struct ReducerFacts: Sendable, Equatable {
    /// The reducer.
    public let reducer: String
    /// How many calls there were.
    public internal(set) var calls = 0
    /// How many of them were refused.
    public internal(set) var refused = 0
    /// How many agents have called it.
    public internal(set) var agents = 0
    /// How many agents that are on v4 have called it.
    public internal(set) var agentsOnV4 = 0
    /// What is called instead on v5; nil where nothing is known of the reducer.
    public let replacement: String?
  }

  /// By day and reducer, in order; only what is not zero.
  public let cells: [Cell]
  /// The reducers, the most called first.
  public let reducers: [ReducerFacts]
  /// Refused calls by code, the most frequent first.
  public let refused: [(code: String, calls: Int)]
  /// All calls.
  public let total: Int
  /// Those of agents and of others within the window.
  public let inWindow: Int
  /// Callers that are no agents.
  public let unattributed: [UnknownCaller]
  /// When the record begins; nil where there is none.
  public let since: Timestamp?

  /// What is called on v5 instead of each reducer.
  public let replacements: [String: String]

  /// The days that a chart shows.
  package static let chartDays = 30

  package init(
    _ totals: [LegacyCallLog.Total], _ census: Census, replacements: [String: String]
  ) {
    var cells: [Cell] = []
    var codes: [String: Int] = [:]
    var total = 0
    for part in totals where part.calls > 0 {
      let day = min(max(Int(part.day), DayTime.writable.lowerBound), DayTime.writable.upperBound)
      let refused = part.code == nil ? 0 : part.calls
      total = Numeric.sum(total, part.calls)
      if let code = part.code { codes[code] = Numeric.sum(codes[code] ?? 0, part.calls) }
      if let last = cells.last, last.day == day, last.reducer == part.reducer {
        cells[cells.count - 1].calls = Numeric.sum(last.calls, part.calls)
        cells[cells.count - 1].refused = Numeric.sum(last.refused, refused)
      } else {
        cells.append(Cell(day: day, reducer: part.reducer, calls: part.calls, refused: refused))
      }
    }
    self.cells = cells
    self.total = total
    refused = codes.map { ($0.key, $0.value) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    reducers = Self.reducers(cells, census, replacements)
    unattributed = census.unknown
    self.replacements = replacements
    inWindow = Numeric.sum(
      census.agents.indices.reduce(0) { Numeric.sum($0, census.agents[$1].windowCalls) },
      census.unknown.reduce(0) { Numeric.sum($0, $1.windowCalls) })
    since = census.firstCall.map { DayTime.instant($0.microseconds) }
  }

  private static func reducers(
    _ cells: [Cell], _ census: Census, _ replacements: [String: String]
  ) -> [ReducerFacts] {
    var found: [String: ReducerFacts] = [:]
    func fresh(_ name: String) -> ReducerFacts {
      ReducerFacts(reducer: name, replacement: replacements[name])
    }
    for cell in cells {
      found[cell.reducer, default: fresh(cell.reducer)].calls = Numeric.sum(
        found[cell.reducer]?.calls ?? 0, cell.calls)
      found[cell.reducer, default: fresh(cell.reducer)].refused = Numeric.sum(
        found[cell.reducer]?.refused ?? 0, cell.refused)
    }
    // By numbers: a hundred thousand agents call twenty reducers, and each would be looked up.
    var numbers: [String: Int] = [:]
    var users: [(agents: Int, onV4: Int)] = []
    for place in census.agents.indices where !census.agents[place].reducers.isEmpty {
      let isOnV4 = census.agents[place].state == .onV4
      for use in census.agents[place].reducers {
        let number = numbers[use.reducer] ?? users.count
        if number == users.count {
          numbers[use.reducer] = number
          users.append((0, 0))
        }
        users[number].agents += 1
        if isOnV4 { users[number].onV4 += 1 }
      }
    }
    for (reducer, number) in numbers {
      found[reducer, default: fresh(reducer)].agents = users[number].agents
      found[reducer, default: fresh(reducer)].agentsOnV4 = users[number].onV4
    }
    return found.values.sorted { ($1.calls, $0.reducer) < ($0.calls, $1.reducer) }
  }

  /// The calls of each of the last days, from the oldest to today.
  package func lastDays(until now: Timestamp) -> [(day: Int, calls: Int, refused: Int)] {
    let today = DayTime.day(of: now.microseconds)
    var days = (0..<Self.chartDays).map {
      (day: today - Self.chartDays + 1 + $0, calls: 0, refused: 0)
    }
    for cell in cells {
      let place = cell.day - today + Self.chartDays - 1
      guard days.indices.contains(place) else { continue }
      days[place].calls = Numeric.sum(days[place].calls, cell.calls)
      days[place].refused = Numeric.sum(days[place].refused, cell.refused)
    }
    return days
  }
}
