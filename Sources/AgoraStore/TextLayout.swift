/// A table for a terminal whose rows come one by one: what the cells say lies in one buffer, so that there
/// may be a hundred thousand rows.
package struct TextLayout {
  private let leftColumns: Int
  private var bytes: [UInt8] = []
  private var cells: [(length: Int32, width: Int32)] = []
  private var widths: [Int]

  /// - Parameters:
  ///   - head: what stands above the columns.
  ///   - leftColumns: how many columns stand to the left; the others stand to the right.
  ///   - rows: about how many there will be.
  package init(_ head: [String], leftColumns: Int, rows: Int = 0) {
    self.leftColumns = leftColumns
    widths = head.map { _ in 0 }
    cells.reserveCapacity((rows + 1) * head.count)
    bytes.reserveCapacity(rows * 48)
    add(head)
  }

  /// Adds a row, which has as many cells as the head; what a terminal would obey is made visible.
  package mutating func add(_ row: [String]) {
    for column in widths.indices {
      let text = TextTable.visible(column < row.count ? row[column] : "")
      let width = TextTable.width(text)
      widths[column] = max(widths[column], width)
      cells.append((Int32(clamping: text.utf8.count), Int32(clamping: width)))
      bytes.append(contentsOf: text.utf8)
    }
  }

  /// Lends each line in turn, without its end: the head, a rule, the rows.
  package func each(_ body: ([UInt8]) throws -> Void) rethrows {
    guard !widths.isEmpty else { return }
    var line: [UInt8] = []
    var (start, cell) = (0, 0)
    for row in 0..<(cells.count / widths.count) {
      line.removeAll(keepingCapacity: true)
      for column in widths.indices {
        let (length, width) = (Int(cells[cell].length), Int(cells[cell].width))
        let space = repeatElement(UInt8(0x20), count: max(0, widths[column] - width))
        if column > 0 { line.append(contentsOf: [0x20, 0x20]) }
        if column >= leftColumns { line.append(contentsOf: space) }
        line.append(contentsOf: bytes[start..<(start + length)])
        if column < leftColumns { line.append(contentsOf: space) }
        (start, cell) = (start + length, cell + 1)
      }
      while line.last == 0x20 { line.removeLast() }
      try body(line)
      if row == 0 { try body(rule) }
    }
  }

  private var rule: [UInt8] {
    Array(
      widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ").utf8)
  }
}
