/// Lines of columns for a terminal: the first column to the left, the others to the right.
package enum TextTable {
  /// Text without control characters, which a terminal would obey.
  package static func visible(_ text: String) -> String {
    guard !isPlain(text) else { return text }
    guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      return text
    }
    return text.unicodeScalars.reduce(into: "") { result, scalar in
      if scalar.properties.generalCategory == .control {
        result += scalar == "\n" ? "\\n" : "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
  }

  /// Whether a text is printable ASCII and nothing else, as most are: each byte takes one column.
  package static func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f }
  }

  /// How many columns of a terminal a text takes: two for a wide character of East Asia or an emoji, none
  /// for a mark that combines.
  package static func width(_ text: String) -> Int {
    isPlain(text) ? text.utf8.count : text.reduce(0) { $0 + width($1) }
  }

  private static func width(_ character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first, scalar.value >= 0x300 else { return 1 }
    if scalar.properties.isEmojiPresentation || character.unicodeScalars.contains("\u{fe0f}") {
      return 2
    }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: return wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }
  }

  /// What Unicode's East Asian Width (UAX #11) calls wide or fullwidth, in blocks.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x4dbf, 0x4e00...0xa4cf, 0xa960...0xa97c,
    0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff01...0xff60, 0xffe0...0xffe6,
    0x17000...0x18aff, 0x1b000...0x1b2ff, 0x1f200...0x1f2ff, 0x20000...0x3fffd,
  ]

  /// A text that is cut, with an ellipsis, where it takes more than so many columns.
  package static func cut(_ text: String, _ limit: Int) -> String {
    guard width(text) > limit else { return text }
    var (kept, used) = ("", 0)
    for character in text {
      used += width(character)
      guard used < limit else { break }
      kept.append(character)
    }
    return kept + "…"
  }

  /// Lays out rows, the first of which is the head.
  ///
  /// - Parameters:
  ///   - ruleBeforeLast: whether the last row is a sum.
  ///   - leftColumns: how many columns stand to the left.
  package static func lines(
    _ rows: [[String]], ruleBeforeLast: Bool = false, leftColumns: Int = 1
  ) -> [String] {
    guard let head = rows.first else { return [] }
    var layout = TextLayout(head, leftColumns: leftColumns)
    for row in rows.dropFirst() { layout.add(row) }
    var lines: [String] = []
    lines.reserveCapacity(rows.count + 2)
    layout.each { line in lines.append(String(decoding: line, as: UTF8.self)) }
    if ruleBeforeLast, rows.count > 2 { lines.insert(lines[1], at: lines.count - 1) }
    return lines
  }
}
