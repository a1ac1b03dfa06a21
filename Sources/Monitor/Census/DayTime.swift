import AgoraStore

/// Days since 1970 in UTC, in arithmetic that no damaged row can make overflow.
enum DayTime {
  /// A day in microseconds.
  static let day: Int64 = 86_400_000_000
  /// The days that can be written as dates.
  static let writable = -719_162...2_932_896

  /// The day of an instant.
  static func day(of instant: Int64) -> Int {
    let whole = instant / day
    return Int(instant % day < 0 ? whole - 1 : whole)
  }

  /// A day's first instant.
  static func start(of day: Int) -> Timestamp {
    let day = min(max(day, writable.lowerBound), writable.upperBound)
    return Timestamp(microseconds: Int64(day) * Self.day)
  }

  /// A day's last instant.
  static func end(of day: Int) -> Timestamp {
    Timestamp(microseconds: start(of: day).microseconds + Self.day - 1)
  }

  /// A day as a date.
  static func date(_ day: Int) -> String { date(of: start(of: day)) }

  /// The date of an instant, UTC.
  static func date(of instant: Timestamp) -> String {
    String(unsafeUninitializedCapacity: 16) { buffer in
      var bytes: [UInt8] = []
      instant.appendDate(to: &bytes)
      return buffer.initialize(fromContentsOf: bytes.prefix(16))
    }
  }

  /// An instant of a row, which may be damaged, within what can be written.
  static func instant(_ microseconds: Int64) -> Timestamp {
    let range = Timestamp.writable
    return Timestamp(microseconds: min(max(microseconds, range.lowerBound), range.upperBound))
  }

  /// An instant some days later, or earlier.
  static func shifted(_ instant: Timestamp, days: Int) -> Timestamp {
    let range = Timestamp.writable
    let days = Int64(min(max(days, -4_000_000), 4_000_000)) * day
    let (sum, overflows) = instant.microseconds.addingReportingOverflow(days)
    guard !overflows else { return instant }
    return Timestamp(microseconds: min(max(sum, range.lowerBound), range.upperBound))
  }
}
