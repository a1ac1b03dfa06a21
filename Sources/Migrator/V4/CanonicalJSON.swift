import AgoraStore

/// JSON in the one spelling that two people agree on: as Python's
/// `json.dumps(value, sort_keys=True, separators=(",", ":"))`, with a number's text as it came.
enum CanonicalJSON {
  /// Appends a value of a text that was validated before.
  ///
  /// - Parameter byValue: whether two spellings of one number are one, for what is only compared.
  static func append(
    _ text: Span<UInt8>, _ slice: JSONSlice, byValue: Bool = false, to target: inout [UInt8]
  ) {
    switch slice.kind {
    case .string: appendString(text, slice.inside, to: &target)
    case .number where byValue: appendNumber(text.extracting(slice.range), to: &target)
    case .number, .bool, .null: target.append(copying: text.extracting(slice.range))
    case .array:
      var parts = JSONSlices()
      parts.split(text, at: slice.range.lowerBound)
      target.append(0x5b)
      for (index, value) in parts.values.enumerated() {
        if index > 0 { target.append(0x2c) }
        append(text, value, byValue: byValue, to: &target)
      }
      target.append(0x5d)
    case .object:
      var parts = JSONSlices()
      parts.split(text, at: slice.range.lowerBound)
      let names = parts.names.map { codePoints(text, $0) }
      // Of a name that stands twice in a nested object Python keeps the last value.
      var last: [[UInt32]: Int] = [:]
      for (index, name) in names.enumerated() { last[name] = index }
      let order = last.values.sorted { names[$0].lexicographicallyPrecedes(names[$1]) }
      target.append(0x7b)
      for (position, index) in order.enumerated() {
        if position > 0 { target.append(0x2c) }
        appendString(text, parts.names[index], to: &target)
        target.append(0x3a)
        append(text, parts.values[index], byValue: byValue, to: &target)
      }
      target.append(0x7d)
    }
  }

  private static func appendNumber(_ number: Span<UInt8>, to target: inout [UInt8]) {
    let text = number.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    // Most numbers are written so already; one with a power beyond any use stays as it is.
    guard text.utf8.count > 18 || !text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return target.append(contentsOf: text.utf8)
    }
    target.append(contentsOf: (Decimal(text)?.canonical ?? text).utf8)
  }

  /// Appends an object of columns, in the order that their names sort in.
  static func appendRow(_ row: V4Row, to target: inout [UInt8]) {
    let order = row.layout.names.indices.sorted {
      row.layout.names[$0].unicodeScalars.lexicographicallyPrecedes(
        row.layout.names[$1].unicodeScalars)
    }
    let text = row.text
    target.append(0x7b)
    for (position, index) in order.enumerated() {
      if position > 0 { target.append(0x2c) }
      let spelling = row.layout.spellings[index]
      appendString(spelling.span, 0..<spelling.count, to: &target)
      target.append(0x3a)
      append(text.span, row.values[index], to: &target)
    }
    target.append(0x7d)
  }

  /// Code points as Python sees them: an unpaired surrogate is one too.
  private static func codePoints(_ text: Span<UInt8>, _ range: Range<Int>) -> [UInt32] {
    var points: [UInt32] = []
    scan(text, range) { points.append($0) }
    return points
  }

  /// Appends a string with everything but printable ASCII escaped, as Python does by default.
  private static func appendString(
    _ text: Span<UInt8>, _ range: Range<Int>, to target: inout [UInt8]
  ) {
    target.append(0x22)
    scan(text, range) { point in
      switch point {
      case 0x22, 0x5c: target.append(contentsOf: [0x5c, UInt8(point)])
      case 0x08: target.append(contentsOf: [0x5c, 0x62])
      case 0x0c: target.append(contentsOf: [0x5c, 0x66])
      case 0x0a: target.append(contentsOf: [0x5c, 0x6e])
      case 0x0d: target.append(contentsOf: [0x5c, 0x72])
      case 0x09: target.append(contentsOf: [0x5c, 0x74])
      case 0x20...0x7e: target.append(UInt8(point))
      case 0x10000...:
        let rest = point - 0x10000
        appendUnit(0xd800 + rest >> 10, to: &target)
        appendUnit(0xdc00 + rest & 0x3ff, to: &target)
      default: appendUnit(point, to: &target)
      }
    }
    target.append(0x22)
  }

  private static func appendUnit(_ unit: UInt32, to target: inout [UInt8]) {
    target.append(contentsOf: [0x5c, 0x75])
    target.append(hex: UInt8(unit >> 8))
    target.append(hex: UInt8(unit & 0xff))
  }

  /// Gives each code point of a JSON string's inside, escapes resolved and pairs joined.
  private static func scan(
    _ text: Span<UInt8>, _ range: Range<Int>, _ body: (UInt32) -> Void
  ) {
    var at = range.lowerBound
    while at < range.upperBound {
      let byte = text[at]
      if byte == 0x5c {
        let escape = text[at + 1]
        at += 2
        switch escape {
        case 0x62: body(0x08)
        case 0x66: body(0x0c)
        case 0x6e: body(0x0a)
        case 0x72: body(0x0d)
        case 0x74: body(0x09)
        case 0x75:
          let unit = hex(text, at)
          at += 4
          if unit & 0xfc00 == 0xd800, at + 6 <= range.upperBound, text[at] == 0x5c,
            text[at + 1] == 0x75, hex(text, at + 2) & 0xfc00 == 0xdc00
          {
            body(0x10000 + (unit & 0x3ff) << 10 + hex(text, at + 2) & 0x3ff)
            at += 6
          } else {
            body(unit)
          }
        default: body(UInt32(escape))
        }
        continue
      }
      let length = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
      var point = length == 1 ? UInt32(byte) : UInt32(byte) & (0x7f >> UInt32(length))
      for offset in 1..<max(1, length) { point = point << 6 | UInt32(text[at + offset] & 0x3f) }
      body(point)
      at += length
    }
  }

  private static func hex(_ text: Span<UInt8>, _ at: Int) -> UInt32 {
    var value: UInt32 = 0
    for index in at..<(at + 4) {
      let byte = text[index]
      value = value << 4 | UInt32(byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57)
    }
    return value
  }
}
