import AgoraStore

/// Forecasts the last call by weighing all shapes of decline by how well they tell the past
/// (`docs/forecast.md`).
package struct ForecastModel: Sendable {
  private let table: ShapeTable

  /// - Parameter today: how much of the last day of every history is over, 0–1.
  package init(today: Double) {
    table = ShapeTable(today: min(max(today, 1.0 / 1440), 1))
  }

  /// The least that is looked at: days since the first call, days with a call, and calls.
  private static let least = (days: 7, active: 4, calls: 8.0)
  /// What is known of the number of calls a day before any is seen: next to nothing.
  private static let shape0 = 0.5
  /// Parts that weigh least change no date; so many are kept.
  private static let keptParts = 64

  /// What can be said of a history's end.
  package func outcome(of history: CallHistory) -> ForecastOutcome {
    guard history.counts.count >= Self.least.days, history.activeDays >= Self.least.active,
      history.total >= Self.least.calls
    else { return .tooLittle }
    let fit = fit(history)
    var weights = weights(fit, history, burst: 1)
    let burst = burst(history, weights)
    if burst > 1 { weights = self.weights(fit, history, burst: burst) }
    let parts = parts(weights, history, burst)
    // Silence is cheap to find out about, and most agents get no further.
    let margin = (1 - StopForecast.confidence) / 2
    let (rests, days) = (DeclineShape.rests, EndCurve.days.count)
    guard Self.chance(parts, rests, days - 1, of: days) >= 1 - margin else { return .noEnd }
    return .end(
      EndCurve(chances: (0..<days).map { Self.chance(parts, rests, $0, of: days) }))
  }

  /// The day of the history's first call, among the days of the table.
  private func offset(_ history: CallHistory) -> Int { CallHistory.days - history.counts.count }

  /// How each shape fits: the logarithms of its rates, weighed by the calls.
  private func fit(_ history: CallHistory) -> [Double] {
    let count = ShapeTable.count
    let offset = offset(history)
    var fit = [Double](repeating: 0, count: count)
    fit.withUnsafeMutableBufferPointer { fit in
      table.logs.withUnsafeBufferPointer { logs in
        for (place, calls) in history.counts.enumerated() where calls > 0 {
          let row = (place + offset) * count
          for shape in 0..<count { fit[shape] += calls * logs[row + shape] }
        }
      }
    }
    return fit
  }

  /// The logarithm of how probable each shape is, when calls come in bursts of a size.
  private func weights(_ fit: [Double], _ history: CallHistory, burst: Double) -> [Double] {
    let row = offset(history) * ShapeTable.count
    let exponent = Self.shape0 + history.total / burst
    // Held here: asking the shapes for each would count references as often.
    let priors = DeclineShape.priors
    return fit.indices.map { shape in
      // A shape that has stopped before a call that came is no shape of these calls.
      guard fit[shape] > ShapeTable.never else { return ShapeTable.never }
      return priors[shape] + fit[shape] / burst
        - exponent * table.sumLogs[row + shape]
    }
  }

  /// How many calls come together: 1 where each comes by itself, more where they come in bursts or
  /// some days of the week have more than others.
  private func burst(_ history: CallHistory, _ weights: [Double]) -> Double {
    guard let best = weights.indices.max(by: { weights[$0] < weights[$1] }) else { return 1 }
    let (days, offset) = (history.counts.count, offset(history))
    let sum = table.sums[offset * ShapeTable.count + best]
    guard sum > 0 else { return 1 }
    let rate = history.total / sum
    var squares = 0.0
    for place in history.counts.indices {
      let log = table.logs[(place + offset) * ShapeTable.count + best]
      let difference = history.counts[place] - rate * Numeric.exp(log)
      squares += difference * difference
    }
    let freedom = Double(days) / Double(max(1, days - 3))
    return max(1, squares / history.total * freedom)
  }

  /// A shape with its share of the whole.
  private struct Part {
    let shape: Int
    let weight: Double
    /// The exponent and the scale of the chance that no call comes where so many are expected.
    let exponent: Double
    let scale: Double
  }

  private func parts(_ weights: [Double], _ history: CallHistory, _ burst: Double) -> [Part] {
    let top = weights.max() ?? 0
    var sum = 0.0
    // Beyond e^-12 of the best no shape changes a date.
    var kept: [(shape: Int, weight: Double)] = []
    for (shape, weight) in weights.enumerated() where weight > top - 12 {
      let value = Numeric.exp(weight - top)
      sum += value
      kept.append((shape, value))
    }
    if kept.count > Self.keptParts {
      kept.sort { $0.weight > $1.weight }
      kept.removeLast(kept.count - Self.keptParts)
      sum = kept.reduce(0) { $0 + $1.weight }
    }
    let row = offset(history) * ShapeTable.count
    return kept.map { shape, weight in
      Part(
        shape: shape, weight: weight / sum, exponent: Self.shape0 + history.total / burst,
        scale: table.sums[row + shape])
    }
  }

  /// The chance that the last call has been made by one of ``EndCurve/days``.
  private static func chance(
    _ parts: [Part], _ rests: [Double], _ day: Int, of days: Int
  ) -> Double {
    var chance = 0.0
    for part in parts {
      let rest = rests[part.shape * days + day]
      guard rest.isFinite, part.scale > 0 else { continue }
      chance += part.weight * Numeric.exp(-part.exponent * Numeric.log(1 + rest / part.scale))
    }
    return min(chance, 1)
  }
}
