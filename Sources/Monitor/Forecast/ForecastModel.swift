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
  /// Parts that weigh least change no date; so many are kept, and none so many powers of e below the best.
  private static let kept = (parts: 120, powers: 8)

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
    // Four days at a time: what is summed up is read and written a quarter as often.
    var days = history.counts.indices.filter { history.counts[$0] > 0 }
    let missing = (4 - days.count % 4) % 4
    days += repeatElement(days.last ?? 0, count: missing)
    fit.withUnsafeMutableBufferPointer { fit in
      table.logs.withUnsafeBufferPointer { logs in
        for group in stride(from: 0, to: days.count, by: 4) {
          func day(_ number: Int) -> (calls: Double, row: Int) {
            let place = days[group + number]
            let isFiller = group + number >= days.count - missing
            return (isFiller ? 0 : history.counts[place], (place + offset) * count)
          }
          let (one, two, three, four) = (day(0), day(1), day(2), day(3))
          for shape in 0..<count {
            fit[shape] +=
              (one.calls * logs[one.row &+ shape] + two.calls * logs[two.row &+ shape])
              + (three.calls * logs[three.row &+ shape] + four.calls * logs[four.row &+ shape])
          }
        }
      }
    }
    return fit
  }

  /// The logarithm of how probable each shape is, when calls come in bursts of a size.
  private func weights(_ fit: [Double], _ history: CallHistory, burst: Double) -> [Double] {
    let row = offset(history) * ShapeTable.count
    let exponent = Self.shape0 + history.total / burst
    let (priors, never) = (DeclineShape.priors, ShapeTable.never)
    var weights = fit
    weights.withUnsafeMutableBufferPointer { weights in
      priors.withUnsafeBufferPointer { priors in
        table.sumLogs.withUnsafeBufferPointer { sums in
          for shape in weights.indices {
            let fit = weights[shape]
            let weight = priors[shape] + fit / burst - exponent * sums[row &+ shape]
            // A shape that has stopped before a call that came is no shape of these calls.
            weights[shape] = fit > never ? weight : never
          }
        }
      }
    }
    return weights
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
    var weight: Double
    /// The exponent and the scale of the chance that no call comes where so many are expected.
    let exponent: Double
    let scale: Double
  }

  private func parts(_ weights: [Double], _ history: CallHistory, _ burst: Double) -> [Part] {
    let top = weights.max() ?? 0
    // How many shapes are that many powers of e below the best.
    var counts = [Int](repeating: 0, count: Self.kept.powers)
    for weight in weights where weight > top - Double(Self.kept.powers) {
      counts[Int(top - weight)] += 1
    }
    var (cut, kept) = (0, 0)
    while cut < Self.kept.powers, kept + counts[cut] <= Self.kept.parts || cut == 0 {
      kept += counts[cut]
      cut += 1
    }
    let row = offset(history) * ShapeTable.count
    let exponent = Self.shape0 + history.total / burst
    var parts: [Part] = []
    parts.reserveCapacity(kept)
    var sum = 0.0
    for (shape, weight) in weights.enumerated() where weight > top - Double(cut) {
      let value = Numeric.exp(weight - top)
      sum += value
      parts.append(
        Part(shape: shape, weight: value, exponent: exponent, scale: table.sums[row + shape]))
    }
    for place in parts.indices { parts[place].weight /= sum }
    return parts
  }

  /// The chance that the last call has been made by one of ``EndCurve/days``.
  private static func chance(
    _ parts: [Part], _ rests: [Double], _ day: Int, of days: Int
  ) -> Double {
    var chance = 0.0
    for part in parts {
      let rest = rests[part.shape * days + day]
      guard rest > 0 else {
        chance += part.weight
        continue
      }
      // log(1 + x) is at least x / (1 + x): what is next to nothing need not be worked out.
      guard rest.isFinite, part.scale > 0, part.exponent * rest < 10 * (part.scale + rest) else {
        continue
      }
      chance += part.weight * Numeric.exp(-part.exponent * Numeric.log(1 + rest / part.scale))
    }
    return min(chance, 1)
  }
}
