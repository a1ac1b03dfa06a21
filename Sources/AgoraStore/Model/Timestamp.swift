/// An instant: microseconds since 1970-01-01T00:00:00Z, written as RFC 3339 with `Z`.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Microseconds since 1970 UTC, without leap seconds.
  public let microseconds: Int64

  /// Makes an instant of microseconds since 1970 UTC.
  public init(microseconds: Int64) { self.microseconds = microseconds }

  /// The instants that RFC 3339 can write: the years 0001 to 9999.
  public static let writable: ClosedRange<Int64> = -62_135_596_800_000_000...253_402_300_799_999_999

  /// The earlier instant is the smaller one.
  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.microseconds < right.microseconds
  }

  /// RFC 3339 in UTC; the fraction is left out when it is zero, else it has three or six digits.
  public var description: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(28)
    append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends the ``description``: a report may have a hundred thousand of them.
  package func append(to bytes: inout [UInt8]) {
    let day = appendDate(to: &bytes)
    let inDay = microseconds - day * 86_400_000_000
    let seconds = inDay / 1_000_000
    let fraction = inDay % 1_000_000
    bytes.append(0x54)
    Self.append(seconds / 3600, 2, to: &bytes)
    bytes.append(0x3a)
    Self.append(seconds / 60 % 60, 2, to: &bytes)
    bytes.append(0x3a)
    Self.append(seconds % 60, 2, to: &bytes)
    if fraction != 0 {
      bytes.append(0x2e)
      if fraction % 1000 == 0 {
        Self.append(fraction / 1000, 3, to: &bytes)
      } else {
        Self.append(fraction, 6, to: &bytes)
      }
    }
    bytes.append(0x5a)
  }

  /// Appends the date, `2025-06-06`.
  ///
  /// - Returns: the day, counted from 1970-01-01.
  @discardableResult
  package func appendDate(to bytes: inout [UInt8]) -> Int64 {
    let days = Self.floorDivide(microseconds, 86_400_000_000)
    let (year, month, day) = Self.civil(daysSince1970: days)
    Self.append(year, 4, to: &bytes)
    bytes.append(0x2d)
    Self.append(month, 2, to: &bytes)
    bytes.append(0x2d)
    Self.append(day, 2, to: &bytes)
    return days
  }

  /// Appends a number with zeros before it, to a width at least.
  private static func append(_ value: Int64, _ width: Int, to bytes: inout [UInt8]) {
    var power: Int64 = 1
    for _ in 1..<width { power *= 10 }
    guard value >= 0, value / 10 < power else {
      // No date that can be written has such a year.
      let digits = String(value)
      bytes.append(contentsOf: repeatElement(0x30, count: max(0, width - digits.utf8.count)))
      return bytes.append(contentsOf: digits.utf8)
    }
    while power > 0 {
      bytes.append(0x30 + UInt8(truncatingIfNeeded: value / power % 10))
      power /= 10
    }
  }

  private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    a >= 0 ? a / b : -((-a + b - 1) / b)
  }

  /// Days since 1970 of a date in the proleptic Gregorian calendar, by eras of 400 years that start on
  /// 1 March, so that the leap day ends a year.
  static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = floorDivide(shifted, 400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// The date of a day, counted from 1970-01-01.
  package static func civil(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}
