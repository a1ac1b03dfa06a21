package import AgoraStore

/// A SELECT of v4's agents over views that show v5's records under v4's and v3's names.
package struct LegacySQL {
  private let connection: Connection
  /// The views that read the store's tables; nobody who asks can know their names, for SQLite tells the
  /// guard of a WITH clause as if it were a view.
  private let inner: Set<String>

  /// Opens a store for reading.
  package init(path: String) throws {
    connection = try Connection(path: path, mode: .readOnly)
    connection.setBusyTimeout(milliseconds: Pragmas.reading.busyTimeout)
    let secret = "v\(UInt64.random(in: 0...UInt64.max))_\(UInt64.random(in: 0...UInt64.max))_"
    for (name, sql) in LegacyViews.all {
      try connection.execute(
        """
        CREATE TEMP VIEW \(secret)\(name) AS \(sql);
        CREATE TEMP VIEW \(name) AS SELECT * FROM temp.\(secret)\(name)
        """, name: "view \(name)")
    }
    inner = Set(LegacyViews.all.map { secret + $0.name })
  }

  /// What a query gave.
  package struct Answer {
    package let columns: [String]
    package let rows: [[SQLValue]]
  }

  /// The tables that can be asked.
  package static let tables = LegacyViews.all.map(\.name)

  /// Runs one SELECT.
  ///
  /// - Throws: ``Refusal`` where it is none, where it reaches beyond the views, or where SQLite cannot
  ///   read it.
  package func run(_ text: String) throws(Refusal) -> Answer {
    let sql = try Self.single(text)
    let guardian = ReadGuard(connection, views: Set(Self.tables), readers: inner)
    defer { withExtendedLifetime(guardian) {} }
    let query = Query("sql", sql)
    do {
      let columns = try connection.columns(of: query)
      var rows: [[SQLValue]] = []
      try connection.each(query) { row in
        rows.append((0..<row.count).map { row.value(Int32($0)) })
      }
      return Answer(columns: columns, rows: rows)
    } catch let error as SQLiteError {
      throw Self.refusal(error)
    } catch { throw Refusal(.reducer, "internal", "\(error)") }
  }

  /// The one statement in a text, which is a SELECT.
  private static func single(_ text: String) throws(Refusal) -> String {
    var body = Substring(text)
    while let last = body.last, last.isWhitespace || last == ";" { body.removeLast() }
    let word = body.drop { $0.isWhitespace }.prefix { $0.isLetter }.lowercased()
    guard word == "select" || word == "with" else {
      throw Refusal(
        .reducer, "forbidden",
        "Only owners are authorized to run SQL DML statements: the store is changed by calls only")
    }
    var quote: Character?
    for character in body {
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if character == ";" {
        throw Refusal(.reducer, "invalid_sql", "only one statement at a time is run")
      }
    }
    return String(body)
  }

  private static func refusal(_ error: SQLiteError) -> Refusal {
    let prefix = "no such table: "
    if error.message.hasPrefix(prefix) {
      return Refusal(
        .reducer, "not_found", "`\(error.message.dropFirst(prefix.count))` is not a valid table")
    }
    if error.message.contains("prohibited") || error.message.contains("not authorized") {
      let tables = tables.joined(separator: ", ")
      return Refusal(
        .reducer, "forbidden", "only these tables can be asked: \(tables) (\(error.message))")
    }
    return Refusal(.reducer, "invalid_sql", error.message)
  }
}

extension LegacySQL.Answer {
  /// The rows as SpacetimeDB 1.1.2's command line draws them.
  package var table: String {
    let cells = rows.map { row in
      zip(columns, row).map { Self.shown($1, LegacyViews.kind(of: $0)) }
    }
    let widths = columns.indices.map { column in
      ([columns[column]] + cells.map { $0[column] }).map(\.count).max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      zip(cells, widths).map { " \($0)\(String(repeating: " ", count: max(0, $1 - $0.count))) " }
        .joined(separator: "|") + "\n"
    }
    let ruler = widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "+")
    return line(columns) + ruler + "\n" + cells.map(line).joined()
  }

  private static func shown(_ value: SQLValue, _ kind: LegacyViews.Kind) -> String {
    switch value {
    case .null: "(none = ())"
    case .integer(let number): kind == .bool ? "\(number != 0)" : "\(number)"
    case .real(let number): "\(number)"
    case .text(let text): kind == .instant ? text : "\"\(text)\""
    case .blob(let bytes): "\(bytes)"
    }
  }

  /// The rows as the body of SpacetimeDB's SQL route.
  package func json(microseconds: Int) -> JSON {
    let elements = columns.enumerated().map { index, column in
      JSON.object([
        .init("name", .object([.init("some", .string(column))])),
        .init("algebraic_type", .object([.init(type(ofColumn: index), .array([]))])),
      ])
    }
    return .array([
      .object([
        .init("schema", .object([.init("elements", .array(elements))])),
        .init("rows", .array(rows.map { .array(zip(columns, $0).map { Self.json($1, $0) }) })),
        .init("total_duration_micros", .int(microseconds)),
        .init(
          "stats",
          .object([
            .init("rows_inserted", .int(0)), .init("rows_deleted", .int(0)),
            .init("rows_updated", .int(0)),
          ])),
      ])
    ])
  }

  /// A column's type, by its name and what stands in it.
  private func type(ofColumn index: Int) -> String {
    if LegacyViews.kind(of: columns[index]) == .bool { return "Bool" }
    for row in rows {
      switch row[index] {
      case .integer: return "I64"
      case .real: return "F64"
      case .text, .blob: return "String"
      case .null: continue
      }
    }
    return "String"
  }

  private static func json(_ value: SQLValue, _ column: String) -> JSON {
    switch value {
    case .null: .null
    case .integer(let number):
      LegacyViews.kind(of: column) == .bool ? .bool(number != 0) : .number("\(number)")
    case .real(let number): .double(number)
    case .text(let text): .string(text)
    case .blob: .null
    }
  }
}
