package import AgoraStore

/// The calls of a day.
package typealias DayCalls = LegacyCaller.Day

/// The calls of one agent, or of all, on each of the last days; today is the last and is not over.
package struct CallHistory: Sendable {
  /// How many days a forecast looks back.
  package static let days = 56

  /// The calls on each day, from the first day with a call to today.
  package let counts: [Double]

  /// - Parameter counts: from the oldest day to today; days before the first call are left out.
  package init(_ counts: [Double]) {
    let recent = counts.suffix(Self.days)
    self.counts = Array(recent.drop { $0 <= 0 })
  }

  /// The history up to an instant.
  package init(_ days: [DayCalls], until now: Timestamp) {
    let last = DayTime.day(of: now.microseconds)
    var counts = [Double](repeating: 0, count: Self.days)
    for day in days {
      let place = Int(day.day) - last + Self.days - 1
      if counts.indices.contains(place) { counts[place] += Double(max(0, day.calls)) }
    }
    self.init(counts)
  }

  /// How much of an instant's day is over.
  static func elapsed(_ now: Timestamp) -> Double {
    let start = DayTime.start(of: DayTime.day(of: now.microseconds)).microseconds
    return Double(now.microseconds - start) / Double(DayTime.day)
  }

  /// The days of two names of one agent.
  static func merged(
    _ left: [DayCalls], _ right: some Sequence<DayCalls>
  ) -> [DayCalls] {
    var calls: [Int32: Int32] = [:]
    for day in left + right {
      calls[day.day] = Int32(clamping: Int64(calls[day.day] ?? 0) + Int64(day.calls))
    }
    return calls.sorted { $0.key < $1.key }.map { DayCalls(day: $0.key, calls: $0.value) }
  }

  /// All calls.
  var total: Double { counts.reduce(0, +) }
  /// How many days have a call.
  var activeDays: Int { counts.count { $0 > 0 } }
}
