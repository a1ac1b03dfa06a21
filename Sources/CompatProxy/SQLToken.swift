/// A word or a sign of SQL.
struct SQLToken {
  let text: String
  /// In lower case, for comparisons; empty for what is quoted with apostrophes.
  let lowered: String
  /// Whether it is quoted, so that it is no word of the language.
  let isQuoted: Bool

  private init(_ bytes: some Sequence<UInt8>, _ quote: UInt8? = nil) {
    text = String(decoding: Array(bytes), as: UTF8.self)
    lowered = quote == 0x27 ? "" : text.lowercased()
    isQuoted = quote != nil
  }

  private static let quotes: [UInt8: UInt8] = [0x27: 0x27, 0x22: 0x22, 0x60: 0x60, 0x5b: 0x5d]

  /// The tokens of a text; comments and semicolons are none.
  ///
  /// Read byte by byte, as SQLite does: to a reader of whole characters a mark behind a quote makes another
  /// character of it, and what stands behind it could hide in a text that is none.
  static func read(_ text: String) -> [SQLToken] {
    var tokens: [SQLToken] = []
    let bytes = Array(text.utf8)
    var index = 0
    func end(from start: Int, while holds: (UInt8) -> Bool) -> Int {
      bytes[start...].firstIndex { !holds($0) } ?? bytes.count
    }
    while index < bytes.count {
      let byte = bytes[index]
      let next = index + 1 < bytes.count ? bytes[index + 1] : 0
      if [0x20, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x3b].contains(byte) {
        index += 1
      } else if byte == 0x2d, next == 0x2d {
        index = end(from: index) { $0 != 0x0a }
      } else if byte == 0x2f, next == 0x2a {
        index += 2
        while index < bytes.count, bytes[index] != 0x2a || bytes.dropFirst(index + 1).first != 0x2f
        {
          index += 1
        }
        index = min(bytes.count, index + 2)
      } else if let quote = quotes[byte] {
        let last = end(from: index + 1) { $0 != quote }
        tokens.append(SQLToken(bytes[(index + 1)..<last], byte))
        index = min(bytes.count, last + 1)
      } else if isPart(byte) {
        let last = end(from: index, while: isPart)
        tokens.append(SQLToken(bytes[index..<last]))
        index = last
      } else {
        tokens.append(SQLToken(bytes[index...index]))
        index += 1
      }
    }
    return tokens
  }

  private static func isPart(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f, 0x24, 0x80...0xff: true
    default: false
    }
  }

  /// Whether it can be a name.
  var isName: Bool {
    isQuoted ? lowered != "" || text.isEmpty : lowered.utf8.first.map(Self.isPart) ?? false
  }
}

/// The tables that a statement reads, as far as its words say.
struct SQLScope {
  /// A table behind FROM or JOIN, or after a comma there.
  struct Table {
    /// The name with what stands before it, as in `main.agents`.
    let name: String
    /// The name under which its columns are called.
    let alias: String
  }

  private(set) var tables: [Table] = []
  /// The names of a WITH clause, in lower case.
  private(set) var own: Set<String> = []

  private static let ends: Set<String> = [
    "where", "group", "having", "order", "limit", "offset", "union", "intersect", "except",
    "select", "window",
  ]
  private static let joins: Set<String> = [
    "join", "inner", "left", "right", "full", "cross", "natural", "outer", "on", "using",
  ]

  init(_ tokens: [SQLToken]) {
    // How FROM's list stands at each depth of brackets: whether a table is due.
    var isInFrom = [false]
    var isDue = false
    var index = 0
    while index < tokens.count {
      let token = tokens[index]
      index += 1
      let word = token.isQuoted ? "" : token.lowered
      switch word {
      case "(": isInFrom.append(isDue)
      case ")":
        if isInFrom.count > 1 { isInFrom.removeLast() }
        isDue = false
      case "from":
        isInFrom[isInFrom.count - 1] = true
        isDue = true
      case "join": isDue = true
      // `IN table` reads a table too.
      case "in": isDue = index < tokens.count && tokens[index].text != "("
      case ",": isDue = isInFrom.last ?? false
      case _ where Self.ends.contains(word):
        isInFrom[isInFrom.count - 1] = false
        isDue = false
      case "as" where !isDue && index < tokens.count && tokens[index].text == "(" && index > 1:
        var place = index - 2
        if tokens[place].text == ")" {
          place = (tokens[..<place].lastIndex { $0.text == "(" } ?? 1) - 1
        }
        if tokens.indices.contains(place) { own.insert(tokens[place].lowered) }
      default:
        guard isDue, token.isName else { continue }
        isDue = false
        index = add(tokens, from: index - 1)
      }
    }
  }

  /// - Returns: the place behind the table and its alias.
  private mutating func add(_ tokens: [SQLToken], from start: Int) -> Int {
    var index = start + 1
    var parts = [tokens[start].text]
    while index + 1 < tokens.count, tokens[index].text == ".", tokens[index + 1].isName {
      parts.append(tokens[index + 1].text)
      index += 2
    }
    // What takes arguments is no table.
    if index < tokens.count, tokens[index].text == "(", !tokens[index].isQuoted { return index }
    var alias = parts.last ?? ""
    if index < tokens.count, !tokens[index].isQuoted, tokens[index].lowered == "as" { index += 1 }
    if index < tokens.count, tokens[index].isName,
      tokens[index].isQuoted
        || !Self.ends.contains(tokens[index].lowered) && !Self.joins.contains(tokens[index].lowered)
    {
      alias = tokens[index].text
      index += 1
    }
    tables.append(Table(name: parts.joined(separator: "."), alias: alias))
    return index
  }
}
