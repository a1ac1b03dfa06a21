/// A JSON number taken exactly, for the few columns that are calculated with: 0.295 times 100 is 29.5
/// and rounds to 30, which binary fractions get wrong.
package struct Decimal {
  /// The digits without leading and trailing zeros; empty for zero.
  private let digits: [UInt8]
  /// The number is 0.DIGITS × 10^exponent.
  private let exponent: Int
  private let isNegative: Bool

  /// Reads a number's text (RFC 8259 §6, and a leading plus sign or zeros, which clients write).
  package init?(_ text: String) {
    var rest = Array(text.utf8)[...]
    isNegative = rest.first == 0x2d
    if let sign = rest.first, sign == 0x2d || sign == 0x2b { rest.removeFirst() }
    var digits: [UInt8] = []
    var point: Int?
    while let byte = rest.first {
      if (0x30...0x39).contains(byte) {
        digits.append(byte - 0x30)
      } else if byte == 0x2e, point == nil {
        point = digits.count
      } else {
        break
      }
      rest.removeFirst()
    }
    guard !digits.isEmpty else { return nil }
    var scale = 0
    if let byte = rest.first, byte == 0x65 || byte == 0x45 {
      // A power beyond any use is as good as an unreadable one.
      guard let power = Int(String(decoding: rest.dropFirst(), as: UTF8.self)),
        (-999_999...999_999).contains(power)
      else { return nil }
      scale = power
      rest = []
    }
    guard rest.isEmpty else { return nil }
    let leading = digits.prefix { $0 == 0 }.count
    exponent = (point ?? digits.count) - leading + scale
    digits.removeFirst(leading)
    while digits.last == 0 { digits.removeLast() }
    self.digits = digits
  }

  /// Digits of whole numbers that are written out.
  private static let mostDigits = 400

  /// The one text that all spellings of the number have: digits, or digits and a power of ten.
  package var canonical: String {
    guard !digits.isEmpty else { return "0" }
    let text = (isNegative ? "-" : "") + String(decoding: digits.map { $0 + 0x30 }, as: UTF8.self)
    guard isWhole, exponent <= Self.mostDigits else { return text + "e\(exponent - digits.count)" }
    return text + String(repeating: "0", count: exponent - digits.count)
  }

  /// Whether the number is below zero.
  package var isBelowZero: Bool { isNegative && !digits.isEmpty }
  /// Whether the number is zero.
  package var isZero: Bool { digits.isEmpty }
  /// Whether the number has no fraction.
  package var isWhole: Bool { digits.count <= max(0, exponent) }
  /// The value; nil when it has a fraction or is beyond 64 bits.
  package var integer: Int64? {
    guard isWhole, exponent <= 19 else { return nil }
    var value: Int64 = 0
    for position in 0..<max(0, exponent) {
      let digit = position < digits.count ? Int64(digits[position]) : 0
      let (scaled, overflows) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflowsToo) = scaled.addingReportingOverflow(isNegative ? -digit : digit)
      if overflows || overflowsToo { return nil }
      value = sum
    }
    return value
  }

  /// The number times 10^power, rounded half up; nil when it is below zero or above `limit`.
  package func rounded(timesTenTo power: Int, limit: Int64) -> Int64? {
    guard !isBelowZero, exponent + power <= 18 else { return nil }
    let places = exponent + power
    var value: Int64 = 0
    for position in 0..<max(0, places) {
      value = value * 10 + (position < digits.count ? Int64(digits[position]) : 0)
    }
    if places >= 0, places < digits.count, digits[places] >= 5 { value += 1 }
    return value <= limit ? value : nil
  }

  /// Whether the number is above a whole one.
  package func isAbove(_ bound: Int64) -> Bool {
    guard !isBelowZero else { return false }
    guard exponent <= 18 else { return true }
    var whole: Int64 = 0
    for position in 0..<max(0, exponent) {
      whole = whole * 10 + (position < digits.count ? Int64(digits[position]) : 0)
    }
    return whole > bound || whole == bound && !isWhole
  }
}
