import AgoraStore

/// Where arguments stand in the JSON text in which SpacetimeDB's server meets them, for the places in
/// what it says of them.
struct ArgumentText {
  /// A place in a text as serde_json tells it: both from 1, a column in bytes.
  struct Place {
    let line: Int
    let column: Int
  }

  /// The offsets of the arguments' bytes.
  private let spans: [Range<Int>]
  /// How many bytes have been read with the closing bracket.
  private let whole: Int
  /// The offsets of the text's line feeds.
  private let breaks: [Int]

  /// The array that SpacetimeDB's command line makes of its arguments.
  init(_ arguments: [(LegacyType, Written)]) {
    var spans: [Range<Int>] = []
    var at = 1
    for (type, written) in arguments {
      let size =
        switch written {
        case .value(let json): JSONWriter.compact(json).utf8.count
        case .word(let word):
          type.isQuoted && !(word.hasPrefix("\"") && word.hasSuffix("\"") && word != "\"")
            ? word.utf8.count + 2 : word.utf8.count
        }
      spans.append(at..<(at + size))
      at += size + 2
    }
    self.spans = spans
    whole = (spans.last?.upperBound ?? 1) + 1
    breaks = []
  }

  /// A text as it came.
  ///
  /// - Parameter spans: where the arguments stand in it.
  init(_ text: Span<UInt8>, _ spans: [Range<Int>], end: Int) {
    self.spans = spans
    whole = end
    var breaks: [Int] = []
    for index in text.indices where text[index] == 0x0a { breaks.append(index) }
    self.breaks = breaks
  }

  private init(_ other: ArgumentText, spans: [Range<Int>]) {
    self.spans = spans
    whole = other.whole
    breaks = other.breaks
  }

  /// The same text with its arguments in another order.
  func ordered(_ order: [Int]) -> ArgumentText {
    ArgumentText(self, spans: order.compactMap { $0 < spans.count ? spans[$0] : nil })
  }

  /// The place of an argument's first byte.
  func start(of index: Int) -> Place {
    place(index < spans.count ? spans[index].lowerBound + 1 : whole)
  }
  /// The place of an argument's last byte.
  func end(of index: Int) -> Place {
    place(index < spans.count ? spans[index].upperBound : whole)
  }
  /// The place of the closing bracket.
  var end: Place { place(whole) }

  /// The place where so many bytes have been read.
  func place(_ count: Int) -> Place {
    let before = breaks.prefix { $0 < count }
    return Place(line: before.count + 1, column: count - (before.last.map { $0 + 1 } ?? 0))
  }
}
