import AgoraStore

/// The columns of a row in the order in which they stand in it.
///
/// Rows of one table come with the same columns in the same order by the million, so what depends on
/// the names alone (where a column stands, which columns are left over) is worked out once a layout.
final class RowLayout {
  /// The names as they are spelled in the text, escapes and all.
  let spellings: [[UInt8]]
  /// The names.
  let names: [String]
  /// A name that occurs twice; nil when none does.
  let duplicate: String?

  /// Whether the rows are arrays, whose columns a schema names.
  let isArray: Bool

  init(spellings: [[UInt8]]) {
    isArray = false
    self.spellings = spellings
    names = spellings.map { spelling in
      var name: [UInt8] = []
      JSONText.unescape(spelling.span, 0..<spelling.count, into: &name)
      return String(decoding: name, as: UTF8.self)
    }
    duplicate = Self.duplicate(in: names)
  }

  /// Names are compared byte for byte: two spellings of é are two names.
  private static func duplicate(in names: [String]) -> String? {
    var seen: Set<[UInt8]> = []
    return names.first { !seen.insert($0.exact).inserted }
  }

  init(columns: [String]) {
    isArray = true
    spellings = columns.map { name in
      var spelling: [UInt8] = []
      JSONText.quote(name.exact.span, into: &spelling, withQuotes: false)
      return spelling
    }
    names = columns
    duplicate = Self.duplicate(in: columns)
  }

  /// Where a column stands; nil when the row has none of that name.
  func index(_ name: String) -> Int? { names.firstIndex(of: name) }

  /// Where those of several names stand that the row has, in the order in which they are preferred.
  func indexes(_ candidates: String...) -> [Int] { candidates.compactMap { index($0) } }

  /// Whether a row's names are these, byte for byte.
  func matches(_ text: Span<UInt8>, _ ranges: [Range<Int>]) -> Bool {
    guard ranges.count == spellings.count else { return false }
    for (range, spelling) in zip(ranges, spellings) {
      guard range.count == spelling.count else { return false }
      for offset in spelling.indices where text[range.lowerBound + offset] != spelling[offset] {
        return false
      }
    }
    return true
  }
}
