import AgoraStore
import Monitor
import TestSupport
import Testing

@Suite struct ForecastTests {
  /// What became of the forecasts of some histories, each seen from one of its days.
  private struct Score {
    var told = 0
    var covered = 0
    var errors: [Double] = []
    var lineErrors: [Double] = []

    var coverage: Double { told == 0 ? 0 : Double(covered) / Double(told) }
    static func middle(_ values: [Double]) -> Double {
      values.isEmpty ? .infinity : values.sorted()[values.count / 2]
    }

    /// Holds a forecast against the day of the last call, in days from now.
    mutating func judge(_ outcome: ForecastOutcome, _ truth: Double, line: Double?) {
      guard case .end(let curve) = outcome, let low = curve.day(at: 0.1),
        let middle = curve.day(at: 0.5), let high = curve.day(at: 0.9)
      else { return }
      told += 1
      if low.rounded(.up) <= truth, truth <= high.rounded(.up) { covered += 1 }
      errors.append(abs(middle.rounded(.up) - truth))
      if let line { lineErrors.append(abs(line.rounded(.up) - truth)) }
    }
  }

  private let model = ForecastModel(today: 1)

  private func outcome(_ counts: [Int]) -> ForecastOutcome {
    model.outcome(of: CallHistory(counts.map(Double.init)))
  }

  /// Histories, each seen from some day after the first third of its life.
  private func seen(
    _ kinds: [CallingHistory.Kind], _ histories: Int, seed: UInt64, spans: Double = 4
  ) -> [(past: [Int], truth: Double)] {
    var dice = SeededDice(seed: seed)
    var found: [(past: [Int], truth: Double)] = []
    for number in 0..<histories {
      let history = CallingHistory(kinds[number % kinds.count], &dice, spans: spans).counts
      guard history.count > 10 else { continue }
      let seen = Int.random(in: (history.count / 3)..<history.count, using: &dice)
      found.append((Array(history.prefix(seen)), Double(history.count - seen)))
    }
    return found
  }

  private func score(_ kinds: [CallingHistory.Kind], _ histories: Int, seed: UInt64) -> Score {
    var score = Score()
    for (past, truth) in seen(kinds, histories, seed: seed) {
      score.judge(outcome(past), truth, line: straightLine(past))
    }
    return score
  }

  @Test(arguments: CallingHistory.Kind.allCases)
  func `intervals hold what they claim over 200 histories of each kind`(
    kind: CallingHistory.Kind
  ) {
    // Four in five are claimed. One seed for all kinds: none is picked for its luck.
    let score = score([kind], 200, seed: 7)
    #expect(score.told >= 50 && score.coverage >= 0.8, "\(score.told) \(score.coverage)")
    #expect(Score.middle(score.errors) <= Score.middle(score.lineErrors))
  }

  @Test func `all kinds together are told better than by the straight line`() {
    let score = score(CallingHistory.Kind.allCases, 200, seed: 7)
    #expect(score.told >= 80 && score.coverage >= 0.8, "\(score.told) \(score.coverage)")
    // The simpler way is further off where both tell a day (docs/forecast.md).
    #expect(Score.middle(score.errors) < Score.middle(score.lineErrors))
  }

  @Test func `intervals become wider where those of the past held too few`() {
    // Decays that are followed almost to their natural end: the model alone is too sure of itself.
    func outcomes(seed: UInt64) -> [(curve: EndCurve, truth: Double)] {
      seen([.decay], 200, seed: seed, spans: 8).compactMap { past, truth in
        guard case .end(let curve) = outcome(past) else { return nil }
        return (curve, truth)
      }
    }
    func coverage(_ ends: [(curve: EndCurve, truth: Double)], _ bounds: IntervalBounds) -> Double {
      let held = ends.count { curve, truth in
        guard let low = curve.day(at: bounds.low) else { return false }
        let high = curve.day(at: bounds.high) ?? .infinity
        return low.rounded(.up) <= truth && truth <= high.rounded(.up)
      }
      return Double(held) / Double(max(1, ends.count))
    }
    let past = outcomes(seed: 7)
    let bounds = IntervalBounds(
      past.map { .init(chance: $0.curve.chance(by: max(0, $0.truth - 0.5)), isOver: true) })
    let fresh = outcomes(seed: 11)
    let (before, after) = (coverage(fresh, .usual), coverage(fresh, bounds))
    #expect(before < 0.75 && after >= 0.8, "\(before) \(after) \(bounds)")
  }

  @Test func `bounds are never narrower than usual, and what has not ended counts as far as it is`()
  {
    func outcomes(_ chances: [Double], _ isOver: Bool = true) -> [IntervalBounds.Outcome] {
      chances.map { .init(chance: $0, isOver: isOver) }
    }
    let even = stride(from: 0.005, to: 1, by: 0.01).map { $0 }
    #expect(IntervalBounds(outcomes(Array(even.prefix(19)))) == .usual)
    #expect(IntervalBounds(outcomes([Double](repeating: 0.5, count: 50))) == .usual)
    let sure = IntervalBounds(outcomes(even.map { 0.8 + $0 / 5 }))
    #expect(sure.low == IntervalBounds.usual.low && abs(sure.high - 0.98) < 0.01, "\(sure)")
    let late = IntervalBounds(outcomes(even.map { $0 / 5 }))
    #expect(abs(late.low - 0.02) < 0.01 && late.high == 0.9, "\(late)")
    // As many again that are still going on beyond the middle: the high end is further than it looks.
    let open = IntervalBounds(outcomes(even) + outcomes(even.map { 0.5 + $0 / 2 }, false))
    #expect(open.low >= 0.09 && open.high > IntervalBounds(outcomes(even)).high - 0.001, "\(open)")
  }

  @Test func `intervals hold where agents stop one by one, without a sign before`() {
    var dice = SeededDice(seed: 3)
    var score = Score()
    for _ in 0..<60 {
      let flat = Int.random(in: 5...20, using: &dice)
      let falling = Int.random(in: 15...45, using: &dice)
      let agents = Int.random(in: 15...60, using: &dice)
      let ends = (0..<agents).map { _ in flat + Int.random(in: 0..<falling, using: &dice) }
      let last = ends.max() ?? 0
      let callers = (0...last).map { day in ends.count { $0 >= day } }
      let seen = Int.random(
        in: (flat + falling / 3)..<max(last, flat + falling / 3 + 1), using: &dice)
      score.judge(outcome(Array(callers.prefix(seen))), Double(callers.count - seen), line: nil)
    }
    #expect(score.told >= 30 && score.coverage >= 0.72, "\(score.told) \(score.coverage)")
  }

  @Test func `nothing is told where the calls do not bear it`() {
    var dice = SeededDice(seed: 5)
    var told = 0
    for _ in 0..<100 {
      let rate = Int.random(in: 2...40, using: &dice)
      let steady = (0..<40).map { _ in Int.random(in: 0...(2 * rate), using: &dice) }
      if case .end = outcome(steady) { told += 1 }
    }
    // Chance may look like a decline now and then.
    #expect(told <= 10, "\(told)")
    let rising = (1...40).map { $0 * 3 }
    guard case .noEnd = outcome(rising) else {
      Issue.record("an end was told of calls that become more")
      return
    }
    for few in [[], [0, 0], [5], [1, 0, 0, 0, 0, 0, 0, 0, 0, 1], [9, 9, 9]] {
      guard case .tooLittle = outcome(few) else {
        Issue.record("something was told of \(few)")
        continue
      }
    }
    // Beyond any measure, and still no trap.
    _ = model.outcome(of: CallHistory([Double](repeating: 1e15, count: 60)))
  }

  @Test func `an end of all is not before that of one, and dates follow from days`() throws {
    var dice = SeededDice(seed: 8)
    var curves: [EndCurve] = []
    while curves.count < 5 {
      let history = CallingHistory(.line, &dice).counts
      if case .end(let curve) = outcome(history.dropLast(6)) { curves.append(curve) }
    }
    let all = try #require(EndCurve.all(curves))
    let days = curves.compactMap { $0.day(at: 0.5) }
    let latest = try #require(days.max())
    let end = try #require(all.day(at: 0.5))
    #expect(end >= latest)
    let now = Timestamp(microseconds: TestMarketplace.start)
    let forecast = try #require(all.forecast(at: now, lastDay: 20_245))
    #expect(forecast.earliest <= forecast.expected && forecast.expected <= forecast.latest)
    #expect(forecast.earliest >= "2025-06-06")
  }

  @Test func `the report tells how good its forecasts were`() throws {
    try withTemporaryFolder { folder in
      let market = try TestMarketplace(in: folder)
      let now = market.now
      let today = now.microseconds / 86_400_000_000
      var dice = SeededDice(seed: 12)
      var rows: [(agent: String, day: Int64, calls: Int)] = []
      for number in 0..<30 {
        let agent = try market.register("a\(number)")
        let history = CallingHistory(.line, &dice).counts
        // Half of them have stopped.
        let shift = number.isMultiple(of: 2) ? 10 : -8
        for (place, calls) in history.enumerated() where calls > 0 {
          let day = today - Int64(history.count - 1 - place + shift)
          if day <= today { rows.append((agent, day, calls)) }
        }
      }
      let drawn = rows
      _ = try market.store.write { connection in
        let log = LegacyCallLog(connection, limit: 0)
        for row in drawn {
          for call in 0..<row.calls {
            try log.add(
              GeneratedLife.record(row.day * 86_400_000_000 + Int64(call), "r", nil, row.agent))
          }
        }
        try log.fold(at: now)
      }
      let report = try MonitorReport(market.marketplace, at: now, replacements: [:])
      let record = report.forecast.record
      #expect(record.judged >= 5 && record.covered <= record.judged)
      #expect(Double(record.covered) / Double(max(1, record.judged)) >= 0.6)
      let calling = report.agents.filter { $0.state == .onV4 }
      #expect(calling.count { $0.forecast != nil } == report.forecast.agentsWith)
      #expect(report.forecast.agentsWith + report.forecast.agentsWithout == calling.count)
      #expect(report.text.contains("Record: of "))
    }
  }
}
