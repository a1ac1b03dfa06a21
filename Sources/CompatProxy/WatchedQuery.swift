import AgoraStore

/// A SELECT whose rows somebody watches: all columns of one of v4's tables, of the rows that it names.
package struct WatchedQuery: Sendable, Hashable {
  /// The SELECT as it was written.
  package let text: String
  /// The table whose rows it gives.
  package let table: LegacyTable

  private init(_ text: String, _ table: LegacyTable) {
    self.text = text
    self.table = table
  }

  package static func == (left: WatchedQuery, right: WatchedQuery) -> Bool {
    left.text.exact == right.text.exact
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(text.exact) }

  /// Reads a query of a subscription; `SELECT * FROM *` is one of each table.
  ///
  /// - Throws: ``Refusal`` where it does not give whole rows of one table.
  package static func read(_ text: String) throws(Refusal) -> [WatchedQuery] {
    let tokens = Token.read(text)
    let words = tokens.map(\.lowered)
    guard words.first == "select" else {
      throw refusal("a subscription is a SELECT", text)
    }
    if words.dropFirst().elementsEqual(["*", "from", "*"]) {
      return LegacyTable.all.map { WatchedQuery("SELECT * FROM \($0.name)", $0) }
    }
    if let word = words.first(where: { unsupported.contains($0) }) {
      throw refusal("\(word.uppercased()) is not supported in subscriptions", text)
    }
    guard let from = words.firstIndex(of: "from"), from + 1 < tokens.count else {
      throw refusal("FROM is missing", text)
    }
    let name: String
    switch Array(words[1..<from]) {
    case ["*"]:
      guard !words.contains("join"), !tokens[from...].contains(where: { $0.lowered == "," }) else {
        throw refusal("a subscription to a join has to say whose rows it gives: t.*", text)
      }
      name = tokens[from + 1].text
    case let projection where projection.count == 3 && projection[1...] == [".", "*"]:
      guard let table = Self.table(named: projection[0], in: tokens[from...]) else {
        throw Refusal(.reducer, "not_found", "`\(tokens[1].text)` is not in scope")
      }
      name = table
    default:
      throw refusal("column projections are not supported in subscriptions", text)
    }
    guard let table = LegacyTable(named: name) else {
      throw Refusal(.reducer, "not_found", "`\(name)` is not a valid table")
    }
    return [WatchedQuery(text, table)]
  }

  private static let unsupported: Set<String> = [
    "order", "group", "having", "limit", "offset", "union", "intersect", "except", "with", "over",
    "left", "right", "full", "outer", "cross", "natural", "distinct",
  ]

  private static func refusal(_ reason: String, _ text: String) -> Refusal {
    Refusal(
      .reducer, "invalid_sql", "Unsupported: \(reason), executing: `\(text.prefix(200))`")
  }

  /// The table that a name or an alias stands for, behind FROM.
  private static func table(named name: String, in tokens: ArraySlice<Token>) -> String? {
    for (index, token) in zip(tokens.indices, tokens)
    where token.lowered == "from" || token.lowered == "join" {
      let rest = tokens[(index + 1)...]
      guard let table = rest.first else { continue }
      if table.lowered == name { return table.text }
      let alias = rest.dropFirst().first { $0.lowered != "as" }
      if alias?.lowered == name { return table.text }
    }
    return nil
  }

  /// A word or a sign of SQL.
  private struct Token {
    let text: String
    /// In lower case, for comparisons; empty for what is quoted with apostrophes.
    let lowered: String

    static func read(_ text: String) -> [Token] {
      var tokens: [Token] = []
      var rest = Substring(text)
      while let first = rest.first {
        if first.isWhitespace || first == ";" {
          rest.removeFirst()
        } else if first == "'" || first == "\"" {
          let inside = rest.dropFirst().prefix { $0 != first }
          rest = rest[inside.endIndex...].dropFirst()
          tokens.append(
            Token(text: String(inside), lowered: first == "'" ? "" : inside.lowercased()))
        } else if first.isLetter || first.isNumber || first == "_" {
          let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
          rest = rest[word.endIndex...]
          tokens.append(Token(text: String(word), lowered: word.lowercased()))
        } else {
          rest.removeFirst()
          tokens.append(Token(text: String(first), lowered: String(first)))
        }
      }
      return tokens
    }
  }
}
