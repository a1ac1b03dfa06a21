import AgoraStore

/// Forecasts the last call by weighing all shapes of decline by how well they tell the past
/// (`docs/forecast.md`).
package struct ForecastModel: Sendable {
  private let table: ShapeTable

  /// - Parameter today: how much of the last day of every history is over.
  package init(today: Double) {
    table = ShapeTable(today: min(max(today, 1.0 / 1440), 1))
  }

  /// The least that is looked at: days since the first call, days with a call, and calls.
  private static let least = (days: 7, active: 4, calls: 8.0)
  /// What is known of the number of calls a day before any is seen: next to nothing.
  private static let shape0 = 0.5
  private static let rate0 = 0.02

  /// What can be said of a history's end.
  package func outcome(of history: CallHistory) -> ForecastOutcome {
    guard history.counts.count >= Self.least.days, history.activeDays >= Self.least.active,
      history.total >= Self.least.calls
    else { return .tooLittle }
    let fits = fits(history)
    let burst = burst(history, fits)
    let posterior = posterior(history, fits, burst)
    // Silence is cheap to find out about, and most agents get no further.
    let margin = (1 - StopForecast.confidence) / 2
    guard let last = EndCurve.days.last, posterior.chance(at: last) >= 1 - margin else {
      return .noEnd
    }
    return .end(EndCurve(chances: EndCurve.days.map(posterior.chance)))
  }

  /// How a shape fits: the logarithms of its rates weighed by the calls, and the sum of its rates.
  private struct Fit {
    let shape: Int
    let dot: Double
    let sum: Double
  }

  private func fits(_ history: CallHistory) -> [Fit] {
    let days = CallHistory.days
    let offset = days - history.counts.count
    let seen = history.counts.indices.filter { history.counts[$0] > 0 }
    return DeclineShape.all.indices.compactMap { shape in
      let start = shape * days + offset
      var dot = 0.0
      for place in seen {
        let log = table.logs[start + place]
        // A shape that has stopped before a call that came is no shape of these calls.
        guard log > -1e5 else { return nil }
        dot += history.counts[place] * log
      }
      return Fit(shape: shape, dot: dot, sum: table.sums[shape * (days + 1) + offset])
    }
  }

  private func weight(_ fit: Fit, _ total: Double, _ burst: Double) -> Double {
    DeclineShape.all[fit.shape].prior + fit.dot / burst
      - (Self.shape0 + total / burst) * Numeric.log(Self.rate0 + fit.sum / burst)
  }

  /// How many calls come together: 1 where each comes by itself, more where they come in bursts or
  /// some days of the week have more than others.
  private func burst(_ history: CallHistory, _ fits: [Fit]) -> Double {
    let total = history.total
    guard let best = fits.max(by: { weight($0, total, 1) < weight($1, total, 1) }) else { return 1 }
    let days = history.counts.count
    let offset = CallHistory.days - days
    let rate = total / max(best.sum, 1e-9)
    var (squares, expected) = (0.0, 0.0)
    for place in history.counts.indices {
      let mean = rate * Numeric.exp(table.logs[best.shape * CallHistory.days + offset + place])
      let difference = history.counts[place] - mean
      squares += difference * difference
      expected += mean
    }
    let freedom = Double(days) / Double(max(1, days - 3))
    return max(1, squares / max(expected, 1e-9) * freedom)
  }

  private struct Posterior {
    struct Part {
      let shape: DeclineShape
      let weight: Double
      /// The exponent and the scale of the chance that no call comes where so many are expected.
      let exponent: Double
      let scale: Double
    }

    let parts: [Part]

    /// The chance that the last call has been made by some days from now.
    func chance(at days: Double) -> Double {
      var sum = 0.0
      for part in parts {
        let rest = part.shape.remaining(after: days)
        guard rest.isFinite else { continue }
        sum += part.weight * Numeric.exp(-part.exponent * Numeric.log(1 + rest / part.scale))
      }
      return min(sum, 1)
    }
  }

  private func posterior(_ history: CallHistory, _ fits: [Fit], _ burst: Double) -> Posterior {
    let total = history.total
    let weights = fits.map { weight($0, total, burst) }
    let top = weights.max() ?? 0
    var sum = 0.0
    let relative = weights.map { weight in
      let value = Numeric.exp(weight - top)
      sum += value
      return value
    }
    // What is less probable than one in a hundred thousand changes no date.
    let parts = zip(fits, relative).compactMap { fit, weight -> Posterior.Part? in
      guard weight > sum * 1e-5 else { return nil }
      return Posterior.Part(
        shape: DeclineShape.all[fit.shape], weight: weight / sum,
        exponent: Self.shape0 + total / burst, scale: (Self.rate0 + fit.sum / burst) * burst)
    }
    return Posterior(parts: parts)
  }
}
