/// The chances between which an interval lies: a tenth and nine tenths, or wider where the forecasts that
/// the same calls would have given some weeks ago were too sure of themselves.
package struct IntervalBounds: Sendable, Equatable {
  package private(set) var low: Double
  package private(set) var high: Double

  /// The bounds of a model that is as sure as it should be.
  package static let usual = IntervalBounds()

  /// What became of a forecast: which chance it gave to what has happened.
  package struct Outcome: Sendable {
    /// The chance that the last call would have been made by the day on which it was, or by today where
    /// it has not been made yet.
    package let chance: Double
    /// Whether the last call has been made.
    package let isOver: Bool

    package init(chance: Double, isOver: Bool) {
      self.chance = chance
      self.isOver = isOver
    }
  }

  /// Of fewer ends nothing is learned.
  private static let least = 20

  private init() {
    let margin = (1 - StopForecast.confidence) / 2
    (low, high) = (margin, 1 - margin)
  }

  /// Widens the usual bounds to where the tenth and the nine tenths of the outcomes lie.
  ///
  /// What has not ended yet counts up to where it is (Kaplan and Meier 1958): leaving it out would make all
  /// ends look early.
  package init(_ outcomes: [Outcome]) {
    self.init()
    guard outcomes.count(where: \.isOver) >= Self.least else { return }
    let (lowest, highest) = (low, high)
    var (left, isLow) = (1.0, true)
    let ordered = outcomes.sorted {
      $0.chance != $1.chance ? $0.chance < $1.chance : $0.isOver && !$1.isOver
    }
    for (place, outcome) in ordered.enumerated() where outcome.isOver {
      left *= 1 - 1 / Double(ordered.count - place)
      if isLow, 1 - left >= lowest {
        low = min(lowest, outcome.chance)
        isLow = false
      }
      if 1 - left >= highest {
        high = min(max(highest, outcome.chance), Self.highest)
        return
      }
    }
    // Too many have not ended where it was said that they would.
    if let last = ordered.last(where: \.isOver) {
      high = min(max(highest, last.chance), Self.highest)
    }
  }

  /// Beyond it the curve says nothing.
  private static let highest = 0.995
}
