extension Timestamp {
  /// What a text said besides the instant itself.
  package struct Reading: Sendable, Equatable {
    package let timestamp: Timestamp
    /// The text had no zone and was taken as UTC.
    package var zoneIsAssumed = false
    /// The text was finer than a microsecond, or a leap second: the instant is the nearest below or next.
    package var isRounded = false
  }

  /// Reads RFC 3339 (§5.6), and ISO 8601 as clients write it: a space for `T`, no zone, no time.
  ///
  /// - Returns: nil when the text is no instant between the years 0001 and 9999.
  package init?(_ text: String) {
    var copy = text
    guard let reading = copy.withUTF8({ Self.read($0.span) }) else { return nil }
    self = reading.timestamp
  }

  package static func read(_ text: Span<UInt8>) -> Reading? {
    var cursor = Cursor(at: 0)
    guard let year = cursor.number(text, 4), cursor.take(text, 0x2d),
      let month = cursor.number(text, 2), cursor.take(text, 0x2d),
      let day = cursor.number(text, 2), year >= 1, (1...12).contains(month),
      day >= 1, day <= lengthOfMonth(month, year: year)
    else { return nil }
    var micros = days(year: year, month: month, day: day) * 86_400_000_000
    if cursor.at == text.count {
      return Reading(timestamp: Timestamp(microseconds: micros), zoneIsAssumed: true)
    }
    guard cursor.take(text, 0x54) || cursor.take(text, 0x74) || cursor.take(text, 0x20),
      let hour = cursor.number(text, 2), hour <= 23, cursor.take(text, 0x3a),
      let minute = cursor.number(text, 2), minute <= 59
    else { return nil }
    var second: Int64 = 0
    if cursor.take(text, 0x3a) {
      guard let value = cursor.number(text, 2), value <= 60 else { return nil }
      second = value
    }
    micros += ((hour * 60 + minute) * 60 + second) * 1_000_000
    var isRounded = second == 60
    if cursor.take(text, 0x2e) || cursor.take(text, 0x2c) {
      guard let (fraction, isExact) = cursor.fraction(text) else { return nil }
      micros += fraction
      isRounded = isRounded || !isExact
    }
    var zoneIsAssumed = false
    if cursor.at == text.count {
      zoneIsAssumed = true
    } else if !(cursor.take(text, 0x5a) || cursor.take(text, 0x7a)) {
      guard let offset = cursor.offset(text) else { return nil }
      micros -= offset * 60_000_000
    }
    guard cursor.at == text.count, writable.contains(micros) else { return nil }
    return Reading(
      timestamp: Timestamp(microseconds: micros), zoneIsAssumed: zoneIsAssumed,
      isRounded: isRounded)
  }

  private static func lengthOfMonth(_ month: Int64, year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// A place in the text and the few things that can stand there.
  private struct Cursor {
    var at: Int

    mutating func take(_ text: Span<UInt8>, _ byte: UInt8) -> Bool {
      guard at < text.count, text[at] == byte else { return false }
      at += 1
      return true
    }

    mutating func number(_ text: Span<UInt8>, _ digits: Int) -> Int64? {
      guard at + digits <= text.count else { return nil }
      var value: Int64 = 0
      for index in at..<(at + digits) {
        guard (0x30...0x39).contains(text[index]) else { return nil }
        value = value * 10 + Int64(text[index] - 0x30)
      }
      at += digits
      return value
    }

    /// One or more digits after the point, as microseconds; finer ones are dropped and reported.
    mutating func fraction(_ text: Span<UInt8>) -> (Int64, isExact: Bool)? {
      var value: Int64 = 0
      var scale: Int64 = 100_000
      var isExact = true
      let start = at
      while at < text.count, (0x30...0x39).contains(text[at]) {
        let digit = Int64(text[at] - 0x30)
        if scale == 0, digit != 0 { isExact = false }
        value += digit * scale
        scale /= 10
        at += 1
      }
      return at == start ? nil : (value, isExact)
    }

    /// `+hh:mm`, `+hhmm` or `+hh` in minutes; RFC 3339 has the first only.
    mutating func offset(_ text: Span<UInt8>) -> Int64? {
      let sign: Int64
      if take(text, 0x2b) { sign = 1 } else if take(text, 0x2d) { sign = -1 } else { return nil }
      guard let hours = number(text, 2), hours <= 23 else { return nil }
      if at == text.count { return sign * hours * 60 }
      _ = take(text, 0x3a)
      guard let minutes = number(text, 2), minutes <= 59 else { return nil }
      return sign * (hours * 60 + minutes)
    }
  }
}
