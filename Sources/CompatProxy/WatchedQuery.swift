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
  /// - Throws: ``Refusal`` in SpacetimeDB's words where it does not give whole rows of one table.
  package static func read(_ text: String) throws(Refusal) -> [WatchedQuery] {
    let tokens = SQLToken.read(text)
    let words = tokens.map(\.lowered)
    guard let first = words.first else { throw refusal(SQLFault.empty.text, text) }
    guard first == "select" else {
      throw refusal(
        first == "with"
          ? SQLFault.unsupported(text).text : "Unsupported: Non-SELECT queries", text)
    }
    if words.dropFirst().elementsEqual(["*", "from", "*"]) {
      return LegacyTable.all.map { WatchedQuery("SELECT * FROM \($0.name)", $0) }
    }
    let scope = SQLScope(tokens)
    for table in scope.tables where LegacyTable(named: table.name) == nil {
      throw Refusal(
        .reducer, "not_found", sentence(SQLFault.table(table.name).text, text))
    }
    if words.contains(where: { unsupported.contains($0) }) {
      throw refusal(SQLFault.unsupported(text).text, text)
    }
    guard let from = words.firstIndex(of: "from"), from + 1 < tokens.count, from > 1 else {
      throw refusal("A FROM clause is required", text)
    }
    let name: String
    switch Array(words[1..<from]) {
    case ["*"]:
      guard !words.contains("join") else {
        throw refusal("SELECT * is not supported for joins", text)
      }
      guard scope.tables.count == 1 else {
        throw refusal("Implicit joins are not supported", text)
      }
      name = tokens[from + 1].text
    case let projection where projection.count == 3 && projection[1...] == [".", "*"]:
      guard let table = scope.tables.first(where: { $0.alias.lowercased() == projection[0] })
      else {
        throw Refusal(
          .reducer, "not_found", sentence("`\(tokens[1].text)` is not in scope", text))
      }
      name = table.name
    default:
      throw refusal(
        "Column projections are not supported in subscriptions; Subscriptions must return a table type",
        text)
    }
    guard let table = LegacyTable(named: name) else {
      throw Refusal(.reducer, "not_found", sentence(SQLFault.table(name).text, text))
    }
    return [WatchedQuery(text, table)]
  }

  private static let unsupported: Set<String> = [
    "order", "group", "having", "limit", "offset", "union", "intersect", "except", "with", "over",
    "left", "right", "full", "outer", "cross", "natural", "distinct",
  ]

  private static func refusal(_ reason: String, _ text: String) -> Refusal {
    Refusal(.reducer, "invalid_sql", sentence(reason, text))
  }

  /// What SpacetimeDB says of a query of a subscription.
  private static func sentence(_ reason: String, _ text: String) -> String {
    "\(reason), executing: `\(text.prefix(200))`"
  }

  /// The name of the first table that a query reads; empty where it reads none.
  package static func firstTable(of text: String) -> String {
    let name = SQLScope(SQLToken.read(text)).tables.first?.name ?? ""
    return LegacyTable(named: name.lowercased())?.name ?? name
  }
}
