/// Lines of columns for a terminal: the first column to the left, the others to the right.
package enum TextTable {
  /// Text without control characters, which a terminal would obey.
  package static func visible(_ text: String) -> String {
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

  /// Lays out rows, the first of which is the head.
  ///
  /// - Parameters:
  ///   - ruleBeforeLast: whether the last row is a sum.
  ///   - leftColumns: how many columns stand to the left.
  package static func lines(
    _ rows: [[String]], ruleBeforeLast: Bool = false, leftColumns: Int = 1
  ) -> [String] {
    let rows = rows.map { $0.map(visible) }
    guard let head = rows.first else { return [] }
    let widths = head.indices.map { column in
      rows.map { $0[column].count }.max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      let padded = cells.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column < leftColumns ? cell + space : space + cell
      }
      let text = padded.joined(separator: "  ")
      return String(text.reversed().drop { $0 == " " }.reversed())
    }
    let rule = widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
    var lines = [line(head), rule]
    for (index, row) in rows.enumerated().dropFirst() {
      if ruleBeforeLast, index == rows.count - 1, index > 1 { lines.append(rule) }
      lines.append(line(row))
    }
    return lines
  }
}
