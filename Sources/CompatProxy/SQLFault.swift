import AgoraStore

/// Why a query is not run, in SpacetimeDB 1.1.2's words: nobody learns from them what else there is in the
/// store, or that it is SQLite's.
enum SQLFault {
  /// A table that is none of v4's, whether the store has one of that name or not.
  static func table(_ name: some StringProtocol) -> Refusal {
    Refusal(.reducer, "not_found", "`\(shown(name))` is not a valid table")
  }

  static let empty = Refusal(.reducer, "invalid_sql", "Empty SQL query")
  static let several = Refusal(
    .reducer, "invalid_sql", "Multiple SQL statements are not supported")
  static let change = Refusal(
    .reducer, "forbidden", "Only owners are authorized to run SQL DML statements")

  static func unsupported(_ what: String) -> Refusal {
    Refusal(.reducer, "invalid_sql", "Unsupported: \(shown(what))")
  }

  /// A statement that does not begin as a query.
  static func statement(_ text: String, _ tokens: [SQLToken]) -> Refusal {
    guard let first = tokens.first else { return empty }
    switch first.lowered {
    case "insert", "update", "delete", "set": return change
    case "show":
      return Refusal(
        .reducer, "invalid_sql",
        "`\(shown(tokens.dropFirst().first?.text ?? ""))` is not a valid system variable")
    case _ where statements.contains(first.lowered): return unsupported(text)
    default: return parsing("Expected an SQL statement", first.text, in: text)
    }
  }

  private static let statements: Set<String> = [
    "create", "drop", "alter", "pragma", "attach", "detach", "explain", "analyze", "vacuum",
    "values", "replace", "begin", "commit", "rollback", "savepoint", "release", "reindex", "merge",
    "truncate", "copy", "grant", "revoke", "call", "table", "use", "describe", "declare",
  ]

  private static func parsing(_ expected: String, _ found: String, in text: String) -> Refusal {
    var place = ""
    if found != "EOF", let range = text.firstRange(of: found) {
      let before = text[..<range.lowerBound]
      let lines = before.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      place = " at Line: \(lines.count), Column \((lines.last?.count ?? 0) + 1)"
    }
    return Refusal(
      .reducer, "invalid_sql", "sql parser error: \(expected), found: \(shown(found))\(place)")
  }

  /// A text that is not too long to be told.
  private static func shown(_ text: some StringProtocol) -> String {
    text.count > 200 ? text.prefix(200) + "…" : String(text)
  }

  /// What is said of a statement that reads a table which is none of v4's and none of its own; nil where it
  /// reads no such one.
  static func strange(_ scope: SQLScope) -> Refusal? {
    for table in scope.tables where LegacyTable(named: table.name.lowercased()) == nil {
      guard !scope.own.contains(table.name.lowercased()) else { continue }
      guard table.name.contains(".") else { return Self.table(table.name) }
      return Refusal(
        .reducer, "not_found", "Multi-part names are not supported: \(shown(table.name))")
    }
    return nil
  }

  // MARK: what SQLite says

  /// What a failure of SQLite's is for whoever has asked.
  static func refusal(_ error: SQLiteError, of text: String) -> Refusal {
    if error.isInterruption {
      return Refusal(
        .reducer, "timeout", "the query takes too long; ask for less with WHERE or LIMIT")
    }
    if error.isPassing { return .unreadable("try again") }
    if error.isTooBig {
      return Refusal(.reducer, "too_large", "the query, or a value in it, is too large")
    }
    let scope = SQLScope(SQLToken.read(text))
    // Before anything else: what SQLite says of another table's columns tells that it is there.
    if let refusal = strange(scope) { return refusal }
    let message = error.message
    func rest(after prefix: String) -> Substring? {
      message.hasPrefix(prefix) ? message.dropFirst(prefix.count) : nil
    }
    if let name = rest(after: "no such table: ") { return table(name) }
    if message.hasPrefix("'"), message.hasSuffix("' is not a function") {
      return table(message.dropFirst().dropLast("' is not a function".count))
    }
    if let name = rest(after: "no such column: ") { return column(String(name), in: scope) }
    if message.hasPrefix("ambiguous column name: ") { return ambiguous }
    if let name = rest(after: "no such function: ")
      ?? rest(after: "not authorized to use function: ")
    {
      return Refusal(.reducer, "forbidden", "Unsupported expression: \(shown(name))()")
    }
    if rest(after: "access to ") != nil { return Refusal(.reducer, "forbidden", outOfScope) }
    if rest(after: "not authorized") != nil {
      return Refusal(.reducer, "forbidden", "Unsupported: \(shown(text))")
    }
    if message == "incomplete input" {
      return parsing("Expected an expression:", "EOF", in: text)
    }
    if let found = quoted(message, after: "near ") {
      return parsing("Expected end of statement", found, in: text)
    }
    if let found = quoted(message, after: "unrecognized token: ") {
      return parsing("Expected an expression:", found, in: text)
    }
    return unsupported(text)
  }

  private static let outOfScope = "the query reads what is not in scope"

  /// What stands in double quotes behind a prefix.
  private static func quoted(_ message: String, after prefix: String) -> String? {
    guard message.hasPrefix(prefix + "\"") else { return nil }
    let inside = message.dropFirst(prefix.count + 1)
    return inside.lastIndex(of: "\"").map { String(inside[..<$0]) }
  }

  private static func column(_ name: String, in scope: SQLScope) -> Refusal {
    let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
    if parts.count == 2 {
      let isKnown = scope.tables.contains { $0.alias.lowercased() == parts[0].lowercased() }
      return Refusal(
        .reducer, "invalid_sql",
        isKnown
          ? "`\(shown(parts[0]))` does not have a field `\(shown(parts[1]))`"
          : "`\(shown(parts[0]))` is not in scope")
    }
    guard let table = scope.tables.first else {
      return Refusal(.reducer, "invalid_sql", "`\(shown(name))` is not in scope")
    }
    guard scope.tables.count == 1 else { return ambiguous }
    return Refusal(
      .reducer, "invalid_sql", "`\(shown(table.alias))` does not have a field `\(shown(name))`")
  }

  private static let ambiguous = Refusal(
    .reducer, "invalid_sql", "Names must be qualified when using joins")
}
