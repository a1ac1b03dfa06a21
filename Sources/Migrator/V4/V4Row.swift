import AgoraStore

/// One v4 row, taken apart: its text and where each column's value stands in it.
///
/// One object serves a whole table: ``load(_:columns:)`` puts the next row into the same memory.
final class V4Row {
  /// The row's text, an object or an array.
  private(set) var text: [UInt8] = []
  /// The columns' names.
  private(set) var layout = RowLayout(columns: [])
  private var parts = JSONSlices()
  private var layouts: [RowLayout] = []
  private var arrayLayouts: [[[UInt8]]: RowLayout] = [:]

  /// The columns' values in the order of ``layout``.
  var values: [JSONSlice] { parts.values }

  /// Takes a row apart; the text is well-formed JSON.
  ///
  /// - Parameters:
  ///   - columns: the columns of a row that is an array.
  /// - Throws: ``Rejection`` `invalid_text`, `bad_json`, `duplicate_key`.
  func load(_ bytes: Span<UInt8>, columns: [String]? = nil) throws(Rejection) {
    parts.removeAll()
    guard UTF8Check.firstFault(bytes) == nil else {
      throw Rejection(.invalidText, "the row is not UTF-8")
    }
    try loadChecked(bytes, columns: columns)
  }

  /// ``load(_:columns:)`` for text that was taken before.
  func loadChecked(_ bytes: Span<UInt8>, columns: [String]? = nil) throws(Rejection) {
    text.removeAll(keepingCapacity: true)
    text.append(copying: bytes)
    let start = JSONSlices.skipSpace(bytes, 0)
    guard start < bytes.count else { throw Rejection(.badJSON, "the row is empty") }
    switch bytes[start] {
    case 0x7b:
      parts.split(bytes, at: start)
      layout = objectLayout(bytes)
    case 0x5b:
      guard let columns else { throw Rejection(.badJSON, "the row is an array, not an object") }
      parts.split(bytes, at: start)
      let count = parts.values.count
      guard count == columns.count else {
        parts.removeAll()
        throw Rejection(.badJSON, "the row has \(count) values and its schema \(columns.count)")
      }
      layout = arrayLayout(columns)
    default: throw Rejection(.badJSON, "the row is no object")
    }
    if let duplicate = layout.duplicate {
      throw Rejection(.duplicateKey, "the key \"\(duplicate)\" stands twice in the row")
    }
  }

  /// How many layouts are remembered: tables whose rows all differ must not fill the memory.
  private static let layoutLimit = 16

  private func objectLayout(_ bytes: Span<UInt8>) -> RowLayout {
    if layout.matches(bytes, parts.names) { return layout }
    for known in layouts where known.matches(bytes, parts.names) { return known }
    var spellings: [[UInt8]] = []
    for range in parts.names {
      var spelling: [UInt8] = []
      spelling.append(copying: bytes.extracting(range))
      spellings.append(spelling)
    }
    let made = RowLayout(spellings: spellings)
    if layouts.count == Self.layoutLimit { layouts.removeFirst() }
    layouts.append(made)
    return made
  }

  private func arrayLayout(_ columns: [String]) -> RowLayout {
    if layout.isArray, layout.names == columns,
      layout.names.elementsEqual(columns, by: { $0.utf8.elementsEqual($1.utf8) })
    {
      return layout
    }
    let key = columns.map(\.exact)
    if let known = arrayLayouts[key] { return known }
    if arrayLayouts.count == Self.layoutLimit { arrayLayouts.removeAll() }
    let made = RowLayout(columns: columns)
    arrayLayouts[key] = made
    return made
  }
}
