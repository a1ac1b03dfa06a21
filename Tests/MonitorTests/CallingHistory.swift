import Monitor
import TestSupport

/// The calls of one agent from its first day to its last, whose last day is known.
struct CallingHistory {
  /// How the calls become fewer.
  enum Kind: CaseIterable {
    /// By the same number each day.
    case line
    /// By the same number each day, and hardly any on two days of the week.
    case weekly
    /// In steps, as one of several jobs after the other is moved.
    case steps
    /// By the same part each day.
    case decay
    /// By the same number each day, but several calls come together.
    case bursts
    /// Slowly at first, then ever faster.
    case accelerating
  }

  /// The calls of each day; the last one is the last with a call.
  let counts: [Int]

  /// Draws a history.
  ///
  /// - Parameter spans: how often a decay leaves a third until its last day.
  init(_ kind: Kind, _ dice: inout SeededDice, spans: Double = 4) {
    let flat = Int.random(in: 5...25, using: &dice)
    let falling = Int.random(in: 15...60, using: &dice)
    let rate = Double.random(in: 6...60, using: &dice)
    let burst = kind == .bursts ? Int.random(in: 3...6, using: &dice) : 1
    let weekend = Int.random(in: 0...6, using: &dice)
    let steps = Int.random(in: 3...6, using: &dice)
    let span = Double(falling) / spans
    var counts: [Int] = []
    for day in 0..<(flat + falling) {
      let part = Double(max(0, day - flat)) / Double(falling)
      var mean = rate
      switch kind {
      case .line, .bursts: mean *= 1 - part
      case .weekly:
        mean *= (1 - part) * (day % 7 == weekend || day % 7 == (weekend + 1) % 7 ? 0.2 : 1)
      case .steps: mean *= 1 - (part * Double(steps)).rounded(.up) / Double(steps + 1)
      case .decay: mean *= Self.exp(-Double(max(0, day - flat)) / span)
      case .accelerating: mean *= 1 - part * part
      }
      counts.append(Self.poisson(mean / Double(burst), &dice) * burst)
    }
    while counts.last == 0 { counts.removeLast() }
    self.counts = counts
  }

  /// e to a power, by its series: the tests need no more of mathematics.
  private static func exp(_ power: Double) -> Double {
    // Below zero the terms would take each other away, and nothing exact would be left.
    guard power >= 0 else { return 1 / exp(-power) }
    var (term, sum, step) = (1.0, 1.0, 1.0)
    while term > sum * 1e-16 {
      term *= power / step
      sum += term
      step += 1
    }
    return sum
  }

  /// A count of chance with a mean: how many steps of chance fit into it.
  private static func poisson(_ mean: Double, _ dice: inout SeededDice) -> Int {
    guard mean > 0 else { return 0 }
    // In parts, for e to the power of a great mean is too close to zero.
    var (left, count) = (mean, 0)
    while left > 0 {
      let part = min(left, 20)
      left -= part
      let limit = exp(-part)
      var product = Double.random(in: 0..<1, using: &dice)
      while product > limit {
        count += 1
        product *= Double.random(in: 0..<1, using: &dice)
      }
    }
    return count
  }
}

/// The simpler way that the forecast is held against: the straight line that fits the daily calls best,
/// to where it meets zero.
func straightLine(_ counts: [Int]) -> Double? {
  let recent = Array(counts.suffix(28))
  let count = Double(recent.count)
  guard count >= 7 else { return nil }
  let middle = (count - 1) / 2
  let mean = Double(recent.reduce(0, +)) / count
  var (above, below) = (0.0, 0.0)
  for (day, calls) in recent.enumerated() {
    above += (Double(day) - middle) * (Double(calls) - mean)
    below += (Double(day) - middle) * (Double(day) - middle)
  }
  guard below > 0, above < 0 else { return nil }
  return max(0, middle - mean * below / above - (count - 1))
}
