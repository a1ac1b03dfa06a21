package import AgoraStore

/// A SELECT of v4's agents over views that show v5's records under v4's and v3's names.
package struct LegacySQL {
  private let connection: Connection
  /// What the names of the views that read the store's tables begin with; nobody who asks can know it, for
  /// SQLite tells the guard of a WITH clause as if it were a view.
  private let secret: String
  /// The tables whose views have been made.
  private var made: Set<String> = []

  /// Opens a store for reading.
  package init(path: String) throws {
    connection = try Connection(path: path, mode: .readOnly)
    connection.setBusyTimeout(milliseconds: Pragmas.reading.busyTimeout)
    secret = "v\(UInt64.random(in: 0...UInt64.max))_\(UInt64.random(in: 0...UInt64.max))_"
  }

  /// Makes the views of the tables that a text names.
  private mutating func prepare(for tokens: [SQLToken]) throws {
    let words = Set(tokens.map(\.lowered))
    for table in LegacyTable.all where words.contains(table.name) && !made.contains(table.name) {
      let inner = "temp.\(secret)\(table.name)"
      try connection.execute(
        """
        CREATE TEMP VIEW \(secret)\(table.name) AS \(table.select);
        CREATE TEMP VIEW \(table.name) AS SELECT * FROM \(inner)
        """, name: "view \(table.name)")
      made.insert(table.name)
    }
  }

  /// Opens a store, runs one SELECT and closes it.
  ///
  /// - Throws: ``Refusal`` as ``run(_:within:)``, and where the store cannot be opened.
  package static func answer(
    _ text: String, path: String, within budget: Budget? = nil
  ) throws(Refusal) -> Answer {
    var sql: LegacySQL
    do { sql = try LegacySQL(path: path) } catch { throw .unreadable("try again") }
    return try sql.run(text, within: budget)
  }

  /// What a query gave.
  package struct Answer: Sendable {
    package let columns: [String]
    package let rows: [[SQLValue]]
    /// The type of each column: a table's own by its name, else what its values are.
    package let types: [SATSType]

    init(columns: [String], rows: [[SQLValue]]) {
      self.columns = columns
      self.rows = rows
      types = columns.enumerated().map { index, name in
        LegacyTable.type(ofColumn: name) ?? Self.type(of: rows.lazy.map { $0[index] })
      }
    }

    private static func type(of values: some Sequence<SQLValue>) -> SATSType {
      var type: SATSType?
      var hasNull = false
      for value in values {
        switch value {
        case .null: hasNull = true
        case .integer where type == nil: type = .i64
        case .real where type == nil || type == .i64: type = .f64
        case .text, .blob: type = .string
        default: continue
        }
      }
      return hasNull ? .option(type ?? .string) : type ?? .string
    }
  }

  /// What a query may cost.
  package struct Budget: Sendable {
    /// Seconds.
    package var seconds: Double
    /// Bytes of all rows together.
    package var bytes: Int

    /// Makes a budget.
    package init(seconds: Double, bytes: Int) {
      self.seconds = seconds
      self.bytes = bytes
    }

    /// For those who ask over a network: ten seconds and 32 MiB.
    package static let stranger = Budget(seconds: 10, bytes: 32 << 20)
  }

  /// The most bytes of one text or blob that strangers read or make.
  private static let valueBytes = 8 << 20

  /// The functions that strangers may call: those that take no longer than their arguments are long, make
  /// nothing out of nothing, and reach nothing outside.
  private static let functions: Set<String> = [
    "count", "sum", "total", "avg", "min", "max", "group_concat", "like", "length", "lower",
    "upper", "substr", "substring", "abs", "round", "sign", "typeof", "unicode", "coalesce",
    "ifnull", "nullif", "iif", "date", "time", "datetime", "julianday", "unixepoch", "strftime",
    "current_date", "current_time", "current_timestamp", "json_extract", "json_valid",
    "json_type", "json_array_length", "->", "->>", "row_number", "rank", "dense_rank",
  ]

  /// The tables that can be asked.
  package static let tables = LegacyTable.all.map(\.name)

  /// Runs one SELECT.
  ///
  /// - Throws: ``Refusal`` where it is none, where it reaches beyond the views, where SQLite cannot
  ///   read it, or where it costs more than it may.
  package mutating func run(
    _ text: String, within budget: Budget? = nil
  ) throws(Refusal) -> Answer {
    let sql = try Self.single(text)
    let tokens = SQLToken.read(sql)
    do {
      try checkJoins(tokens)
      try prepare(for: tokens)
    } catch { throw Self.refusal(error, of: sql) }
    let guardian = ReadGuard(
      connection, views: made, readers: Set(made.map { secret + $0 }),
      counted: Self.counted(in: tokens),
      functions: budget == nil ? nil : Self.functions)
    let bound = budget.map {
      ReadBudget(connection, seconds: $0.seconds, valueBytes: min($0.bytes, Self.valueBytes))
    }
    defer { withExtendedLifetime((guardian, bound)) {} }
    let query = Query("sql", sql)
    // The next guard has it prepared anew in any case, and there is no end of different texts.
    defer { connection.forget(query) }
    do {
      let columns = try connection.columns(of: query)
      var rows: [[SQLValue]] = []
      var bytes = 0
      try connection.each(query) { row in
        let values = (0..<row.count).map { row.value(Int32($0)) }
        bytes += values.reduce(32) { $0 + $1.size }
        guard bytes <= budget?.bytes ?? .max else {
          throw Refusal(
            .reducer, "too_large",
            "the answer has more than \(budget?.bytes ?? 0) bytes; ask for fewer rows with WHERE or LIMIT"
          )
        }
        rows.append(values)
      }
      return Answer(columns: columns, rows: rows)
    } catch { throw Self.refusal(error, of: sql) }
  }

  private static let names = Query("tables", "SELECT lower(name) FROM main.sqlite_master")

  /// Refuses joins by columns of equal names with a table that is none of v4's: SQLite does not ask the
  /// guard about those columns.
  private func checkJoins(_ tokens: [SQLToken]) throws {
    guard tokens.contains(where: { !$0.isQuoted && ["natural", "using"].contains($0.lowered) })
    else { return }
    if let refusal = SQLFault.strange(SQLScope(tokens)) { throw refusal }
    // Whatever the way to write it.
    let hidden = Set(try connection.all(Self.names, map: { $0.text(0) })).subtracting(Self.tables)
    let isHidden = { (name: String) in
      hidden.contains(name) || name.hasPrefix("sqlite_") || name.hasPrefix("pragma_")
    }
    if let token = tokens.first(where: { isHidden($0.lowered) }) {
      throw SQLFault.table(token.text)
    }
  }

  /// What any failure is for whoever has asked.
  package static func refusal(_ error: any Error, of text: String) -> Refusal {
    switch error {
    case let refusal as Refusal: refusal
    case let error as SQLiteError: SQLFault.refusal(error, of: text)
    default: Refusal(.reducer, "internal", "the query could not be run")
    }
  }

  /// A number that is another one after each transaction that anybody committed.
  package func version() throws(SQLiteError) -> Int64 {
    try connection.integer(Query("data_version", "PRAGMA data_version")) ?? 0
  }

  /// The store's tables whose rows are counted where a view's are; none that the text itself names.
  private static func counted(in tokens: [SQLToken]) -> Set<String> {
    let words = Set(tokens.map(\.lowered))
    guard !words.contains("main") else { return [] }
    // A plain `workflows` is the view of that name.
    return Set(["agents", "messages", "tasks", "events", "overrides", "subscriptions"])
      .subtracting(words).union(["workflows"])
  }

  /// The one statement in a text, which is a SELECT.
  private static func single(_ text: String) throws(Refusal) -> String {
    var body = Substring(text)
    while let last = body.last, last.isWhitespace || last == ";" { body.removeLast() }
    let tokens = SQLToken.read(String(body))
    guard let word = tokens.first?.lowered, word == "select" || word == "with" else {
      throw SQLFault.statement(String(body), tokens)
    }
    var quote: Character?
    for character in body {
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if character == ";" {
        throw SQLFault.several
      }
    }
    return String(body)
  }
}

extension SQLValue {
  /// About how many bytes of memory it takes.
  fileprivate var size: Int {
    switch self {
    case .null, .integer, .real: 16
    case .text(let text): 16 + text.utf8.count
    case .blob(let bytes): 16 + bytes.count
    }
  }
}

extension LegacySQL.Answer {
  /// The rows as SpacetimeDB 1.1.2's command line draws them, each cell as wide as its column's widest.
  ///
  /// - Parameter bytes: about how many the drawing may have.
  /// - Throws: ``Refusal`` `too_large` where it would have more: one long text among many rows is enough.
  package func table(within bytes: Int = 1 << 30) throws(Refusal) -> String {
    let cells = rows.map { row in zip(types, row).map { $0.shown($1) } }
    let widths = columns.indices.map { column in
      ([columns[column]] + cells.map { $0[column] }).map(\.count).max() ?? 0
    }
    let width = widths.reduce(0) { $0 + $1 + 3 }
    let (size, overflows) = width.multipliedReportingOverflow(by: rows.count + 2)
    guard !overflows, size <= bytes else {
      throw Refusal(
        .reducer, "too_large",
        "the table would have \(rows.count + 2) lines of \(width) characters; ask for fewer columns or rows, or for JSON"
      )
    }
    func line(_ cells: [String]) -> String {
      zip(cells, widths).map { " \($0)\(String(repeating: " ", count: max(0, $1 - $0.count))) " }
        .joined(separator: "|") + "\n"
    }
    let ruler = widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "+")
    return line(columns) + ruler + "\n" + cells.map(line).joined()
  }

  /// The rows as the body of SpacetimeDB's SQL route.
  package func json(microseconds: Int, _ spelling: SATSType.Spelling = .current) -> JSON {
    var members: [JSON.Member] = [
      .init("schema", SATSType.elements(Array(zip(columns, types)), spelling)),
      .init("rows", .array(rows.map { row($0, spelling) })),
    ]
    if spelling == .current {
      members.append(.init("total_duration_micros", .int(microseconds)))
      members.append(
        .init(
          "stats",
          .object([
            .init("rows_inserted", .int(0)), .init("rows_deleted", .int(0)),
            .init("rows_updated", .int(0)),
          ])))
    }
    members.append(.init(LegacyMark.member, .string(LegacyMark.value)))
    return .array([.object(members)])
  }

  /// The rows as objects of their columns.
  package var namedRows: [JSON] {
    rows.map { values in
      .object(
        zip(columns, zip(types, values)).map { .init($0, $1.0.named($1.0.value($1.1))) })
    }
  }

  /// A row by place.
  package func row(_ values: [SQLValue], _ spelling: SATSType.Spelling = .current) -> JSON {
    .array(zip(types, values).map { $0.value($1, spelling) })
  }
}
