/// Lines of bytes that come in pieces, with a limit to their length.
struct LineSplitter {
  /// What stood between two line feeds.
  enum Line: Equatable {
    case whole([UInt8])
    /// More than the limit; nothing of it was kept.
    case tooLong
  }

  private let limit: Int
  private var partial: [UInt8] = []
  private var isSkipping = false

  /// - Parameter limit: bytes of a line, without its end.
  init(limit: Int) { self.limit = limit }

  /// Takes a piece in and gives the lines that end in it.
  mutating func append(_ piece: [UInt8]) -> [Line] {
    var lines: [Line] = []
    var rest = piece[...]
    while let end = rest.firstIndex(of: 0x0a) {
      keep(rest[..<end])
      lines.append(take())
      rest = rest[(end + 1)...]
    }
    keep(rest)
    return lines
  }

  /// The line that has no end; nil where nothing is left.
  mutating func finish() -> Line? { partial.isEmpty && !isSkipping ? nil : take() }

  private mutating func keep(_ bytes: ArraySlice<UInt8>) {
    guard !isSkipping else { return }
    guard partial.count + bytes.count <= limit else {
      isSkipping = true
      partial = []
      return
    }
    partial += bytes
  }

  private mutating func take() -> Line {
    defer {
      partial = []
      isSkipping = false
    }
    return isSkipping ? .tooLong : .whole(partial)
  }
}
