package import AgoraStore

/// When calls of v4 will have stopped, with an interval that is right four times out of five.
public struct StopForecast: Sendable, Equatable {
  /// How often the interval holds the day of the last call.
  public static let confidence = 0.8

  /// The first day of the interval, as days since 1970.
  package let earliestDay: Int
  /// The day of the last call: it comes later as probably as earlier.
  package let expectedDay: Int
  /// The last day of the interval.
  package let latestDay: Int
  /// The chance that the last call has been made already.
  public let stoppedAlready: Double

  /// The first day of the interval, `2025-06-06`.
  public var earliest: String { DayTime.date(earliestDay) }
  /// The day of the last call, which comes later as probably as earlier.
  public var expected: String { DayTime.date(expectedDay) }
  /// The last day of the interval.
  public var latest: String { DayTime.date(latestDay) }

  /// The forecast as JSON.
  package var json: JSON {
    .object([
      .init("expected", .string(expected)), .init("earliest", .string(earliest)),
      .init("latest", .string(latest)), .init("confidence", .double(Self.confidence)),
      .init("stopped_already", .double((stoppedAlready * 1000).rounded() / 1000)),
    ])
  }
}

/// What can be said of the end of some calls.
package enum ForecastOutcome: Sendable {
  /// There are too few calls to say anything.
  case tooLittle
  /// They do not become fewer, or not so that an end can be told.
  case noEnd
  /// They come to an end.
  case end(EndCurve)
}

/// How probable it is that the last call has been made by some days from now.
package struct EndCurve: Sendable {
  /// The days from now at which ``chances`` says it.
  package static let days: [Double] = [
    0, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 7, 8.5, 10, 12, 14, 16.5, 19, 22, 26, 30, 35, 41, 48, 56, 65,
    76, 90, 106, 125, 150, 180, 220, 270, 365,
  ]
  package var chances: [Double]

  /// The day by which it has been made with a chance; nil where that is beyond a year.
  package func day(at chance: Double) -> Double? {
    guard let after = chances.firstIndex(where: { $0 >= chance }) else { return nil }
    guard after > 0 else { return 0 }
    let (low, high) = (chances[after - 1], chances[after])
    let part = high > low ? (chance - low) / (high - low) : 1
    return Self.days[after - 1] + part * (Self.days[after] - Self.days[after - 1])
  }

  /// The chance that it has been made by some days from now.
  package func chance(by day: Double) -> Double {
    guard let after = Self.days.firstIndex(where: { $0 >= day }) else {
      return chances.last ?? 1
    }
    guard after > 0 else { return chances[0] }
    let part = (day - Self.days[after - 1]) / (Self.days[after] - Self.days[after - 1])
    return chances[after - 1] + part * (chances[after] - chances[after - 1])
  }

  /// The forecast; nil where the interval does not end within a year.
  ///
  /// - Parameters:
  ///   - lastDay: the day of the last call so far.
  ///   - bounds: the chances between which the interval lies.
  package func forecast(
    at now: Timestamp, lastDay: Int, within bounds: IntervalBounds = .usual
  ) -> StopForecast? {
    guard let low = day(at: bounds.low), let middle = day(at: 0.5), let high = day(at: bounds.high)
    else { return nil }
    func date(_ days: Double) -> Int {
      guard days > 0 else { return lastDay }
      let later = now.microseconds + Int64(days * Double(DayTime.day))
      return max(lastDay, DayTime.day(of: later))
    }
    return StopForecast(
      earliestDay: date(low), expectedDay: date(middle), latestDay: date(high),
      stoppedAlready: chances[0])
  }

  /// When all of several will have ended: each by itself.
  package static func all(_ curves: [EndCurve]) -> EndCurve? {
    guard var all = curves.first else { return nil }
    for curve in curves.dropFirst() {
      for place in all.chances.indices { all.chances[place] *= curve.chances[place] }
    }
    return all
  }

  /// Not before another end: what all of them do cannot be over before what some of them do.
  package func notBefore(_ other: EndCurve?) -> EndCurve {
    guard let other else { return self }
    return EndCurve(chances: zip(chances, other.chances).map { min($0, $1) })
  }
}
