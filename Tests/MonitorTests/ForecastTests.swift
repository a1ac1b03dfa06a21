import AgoraStore
import Monitor
import TestSupport
import Testing

@Suite struct ForecastTests {
  /// What became of the forecasts of some histories, each seen from one of its days.
  private struct Score {
    var asked = 0
    var told = 0
    var covered = 0
    var errors: [Double] = []
    var lineErrors: [Double] = []
    var widths: [Double] = []

    var coverage: Double { told == 0 ? 0 : Double(covered) / Double(told) }
    static func middle(_ values: [Double]) -> Double {
      values.isEmpty ? .infinity : values.sorted()[values.count / 2]
    }
  }

  private func score(
    _ kinds: [CallingHistory.Kind], histories: Int, seed: UInt64
  ) -> Score {
    var dice = SeededDice(seed: seed)
    var score = Score()
    let model = ForecastModel(today: 1)
    for number in 0..<histories {
      let history = CallingHistory(kinds[number % kinds.count], &dice).counts
      guard history.count > 10 else { continue }
      // Seen from some day after the first third of its life.
      let seen = Int.random(in: (history.count / 3)..<history.count, using: &dice)
      let past = Array(history.prefix(seen))
      let truth = Double(history.count - seen)
      score.asked += 1
      guard case .end(let curve) = model.outcome(of: CallHistory(past.map(Double.init), today: 1)),
        let low = curve.day(at: 0.1), let middle = curve.day(at: 0.5), let high = curve.day(at: 0.9)
      else { continue }
      score.told += 1
      // Days, as they are told: the last call comes on the day that ends after `truth` days.
      if low.rounded(.up) <= truth, truth <= high.rounded(.up) { score.covered += 1 }
      score.widths.append(high - low)
      score.errors.append(abs(middle.rounded(.up) - truth))
      if let line = straightLine(past) { score.lineErrors.append(abs(line.rounded(.up) - truth)) }
    }
    return score
  }

  @Test func `intervals cover what they claim over 200 histories with known ends`() {
    let score = score(CallingHistory.Kind.allCases, histories: 200, seed: 7)
    print(
      "forecast: asked \(score.asked) told \(score.told) covered \(score.coverage) error \(Score.middle(score.errors)) line \(Score.middle(score.lineErrors)) of \(score.lineErrors.count) width \(Score.middle(score.widths))"
    )
    // Four in five are claimed; of some hundred, chance alone takes or gives seven in a hundred.
    #expect(score.told >= 70)
    #expect(score.coverage >= 0.73, "\(score.coverage)")
  }

  @Test func `by kind`() {
    for kind in CallingHistory.Kind.allCases {
      let score = score([kind], histories: 200, seed: 11)
      print(
        "forecast \(kind): told \(score.told) covered \(score.coverage) error \(Score.middle(score.errors)) line \(Score.middle(score.lineErrors)) of \(score.lineErrors.count) width \(Score.middle(score.widths))"
      )
    }
  }
}
