import AgoraStore

/// The v4 id of a row that cannot be taken apart: one that is cut off, not UTF-8, or too large to be held.
///
/// It only says which row it is, so that it is known when it comes mended.
enum LeadingKey {
  /// How many of a row's first bytes are looked at.
  static let reach = 4096

  /// Finds the id as far as the text can be read; nil where none stands there.
  ///
  /// - Parameters:
  ///   - columns: the columns of a row that is an array.
  static func find(
    in text: Span<UInt8>, table: String, columns: [String]? = nil
  ) -> String? {
    var scan = Scan(at: JSONSlices.skipSpace(text, 0))
    var names: [String] = []
    var values: [Range<Int>?] = []
    guard scan.at < text.count, text[scan.at] == (columns == nil ? 0x7b : 0x5b) else { return nil }
    scan.at += 1
    while true {
      if let columns {
        // Of an array of another length nobody knows which value is the id.
        guard values.count < columns.count else { return nil }
        names.append(columns[values.count])
      } else {
        guard let name = scan.string(text).flatMap({ string(text, $0) }),
          scan.take(0x3a, text)
        else { break }
        names.append(name)
      }
      guard let value = scan.value(text) else {
        names.removeLast()
        break
      }
      values.append(value.isScalar ? value.range : nil)
      guard scan.take(0x2c, text) else { break }
    }
    if let columns, values.count != columns.count, scan.take(0x5d, text) { return nil }
    let identity = RowIdentity.columns(of: table, in: RowLayout(columns: names))
    guard !identity.isForeign else { return nil }
    for candidate in identity.candidates {
      guard let range = values[candidate], let id = string(text, range), !id.isEmpty else {
        continue
      }
      return id
    }
    return nil
  }

  /// A string without its quotes, or a number's text; nil where it is neither.
  private static func string(_ text: Span<UInt8>, _ range: Range<Int>) -> String? {
    let part = text.extracting(range)
    guard UTF8Check.firstFault(part) == nil, (try? JSON.validate(part)) != nil else { return nil }
    var bytes: [UInt8] = []
    switch text[range.lowerBound] {
    case 0x22:
      JSONText.unescape(
        text, range.lowerBound + 1..<range.upperBound - 1, into: &bytes, asName: true)
    case 0x2d, 0x30...0x39: bytes.append(copying: part)
    default: return nil
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A place in a text that may end, or be no JSON, anywhere.
  private struct Scan {
    var at: Int

    /// Passes over a mark; false where another byte stands there.
    mutating func take(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
      at = JSONSlices.skipSpace(text, at)
      guard at < text.count, text[at] == byte else { return false }
      at = JSONSlices.skipSpace(text, at + 1)
      return true
    }

    /// Passes over a string; nil where none ends in the text.
    mutating func string(_ text: Span<UInt8>) -> Range<Int>? {
      at = JSONSlices.skipSpace(text, at)
      guard at < text.count, text[at] == 0x22 else { return nil }
      let start = at
      var end = start + 1
      while end < text.count, text[end] != 0x22 { end += text[end] == 0x5c ? 2 : 1 }
      guard end < text.count else { return nil }
      at = end + 1
      return start..<at
    }

    /// Passes over a value; nil where none ends in the text.
    mutating func value(_ text: Span<UInt8>) -> (range: Range<Int>, isScalar: Bool)? {
      at = JSONSlices.skipSpace(text, at)
      guard at < text.count else { return nil }
      let start = at
      switch text[at] {
      case 0x22: return string(text).map { ($0, true) }
      case 0x7b, 0x5b:
        var depth = 0
        while at < text.count {
          switch text[at] {
          case 0x22:
            guard string(text) != nil else { return nil }
            continue
          case 0x7b, 0x5b: depth += 1
          case 0x7d, 0x5d: depth -= 1
          default: break
          }
          at += 1
          if depth == 0 { return (start..<at, false) }
        }
        return nil
      default:
        while at < text.count, text[at] != 0x2c, text[at] != 0x7d, text[at] != 0x5d,
          JSONSlices.skipSpace(text, at) == at
        { at += 1 }
        // A number at the very end may go on.
        return at < text.count && at > start ? (start..<at, true) : nil
      }
    }
  }
}
