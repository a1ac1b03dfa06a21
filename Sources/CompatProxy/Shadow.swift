package import AgoraStore

/// What calls of v4 would do, found out on a copy of the store: nothing of it happens.
package struct Shadow: Sendable {
  /// One call and what it would be answered.
  package struct Entry: Sendable {
    /// The line of the file that it stands on, from 1.
    package let line: Int
    package let call: LegacyCall
    package let shape: String?
    package let agent: String?
    package let tool: String?
    /// What it would print; the ids in it are made up.
    package let output: JSON
    /// Why it would be refused; nil where it would be done.
    package let refusal: Refusal?
    /// What its answer would carry because v4 is deprecated.
    package let notice: SunsetNotice?
  }

  /// The calls in their order.
  package let entries: [Entry]
  /// How many rows more each of these tables would have.
  package let made: [(table: String, rows: Int)]

  /// The most bytes that a file of calls can have.
  package static let limit = 64 << 20

  private static let tables = ["agents", "messages", "tasks", "workflows", "overrides"]

  /// Plays calls through, one after the other; each sees what those before it did.
  ///
  /// - Parameter calls: the calls with their lines.
  package init(_ calls: [(line: Int, call: LegacyCall)], on store: Store) throws {
    (entries, made) = try store.withCopy { copy in
      let marketplace = try Marketplace(copy)
      let proxy = Proxy(marketplace)
      func counts() throws -> [Int] {
        try copy.read { connection in
          try Self.tables.map {
            Int(try connection.integer(Query("shadow.\($0)", "SELECT count(*) FROM \($0)")) ?? 0)
          }
        }
      }
      let before = try counts()
      let entries = try calls.map { line, call in try Self.entry(line, call, proxy, copy) }
      let after = try counts()
      let made = zip(Self.tables, zip(before, after)).map { (table: $0, rows: $1.1 - $1.0) }
      return (entries, made)
    }
  }

  private static func entry(
    _ line: Int, _ call: LegacyCall, _ proxy: Proxy, _ copy: Store
  ) throws -> Entry {
    guard LegacyDatabase(named: call.database) != nil else {
      return Entry(
        line: line, call: call, shape: nil, agent: nil, tool: nil, output: .null,
        refusal: Refusal(
          .reducer, "unknown_database",
          "\(TextTable.visible(String(call.database.prefix(128)))) is none of v4's databases"),
        notice: nil)
    }
    let answer = proxy.answer(call)
    let record = try copy.read { try LegacyCallLog($0).newest(1).first }
    return Entry(
      line: line, call: call, shape: record?.shape, agent: record?.claimed, tool: record?.tool,
      output: answer.output, refusal: answer.refusal, notice: answer.notice)
  }

  // MARK: reading calls

  /// Reads calls, one JSON object a line: `{"database","reducer","args":[…]}`; an object in `args` gives
  /// arguments by name.
  ///
  /// Where all arguments are strings they are taken as words of a command line are, and as values of a
  /// JSON array otherwise.
  ///
  /// - Parameter file: the file's name, for errors.
  /// - Throws: ``AgoraError`` `bad_json` naming the line.
  package static func calls(
    in text: [UInt8], file: String
  ) throws(AgoraError) -> [(line: Int, call: LegacyCall)] {
    var calls: [(line: Int, call: LegacyCall)] = []
    for (index, line) in text.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated()
    {
      let bytes = Array(line.last == 0x0d ? line.dropLast() : line)
      guard bytes.contains(where: { $0 != 0x20 && $0 != 0x09 }) else { continue }
      let place = Place(file: file, line: index + 1, offset: line.startIndex)
      calls.append((index + 1, try call(bytes, place)))
    }
    return calls
  }

  /// Where a call stands.
  private struct Place {
    let file: String
    let line: Int
    /// The byte offset of the line.
    let offset: Int

    func error(_ reason: String, at offset: Int = 0, remedy: String? = nil) -> AgoraError {
      AgoraError(
        .badJSON, "line \(line): \(reason)", file: file, offset: self.offset + offset,
        remedy: remedy)
    }
  }

  private static func call(_ bytes: [UInt8], _ place: Place) throws(AgoraError) -> LegacyCall {
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes) } catch {
      throw place.error(error.reason, at: error.offset)
    }
    guard let reducer = json["reducer"]?.text else {
      throw place.error(
        "there is no reducer",
        remedy: #"Write {"database":"agora-marketplace","reducer":"agent_heartbeat","args":["A"]}."#
      )
    }
    let arguments: LegacyCall.Arguments
    switch json["args"] ?? json["arguments"] {
    case .array(let values)?:
      let words = values.compactMap(\.text)
      arguments = words.count == values.count ? .words(words) : .values(values)
    case .object(let members)?: arguments = .named(members)
    case nil, .null?: arguments = .words([])
    default:
      throw place.error("args is neither an array nor an object")
    }
    return LegacyCall(
      database: json["database"]?.text ?? LegacyDatabase.marketplace.rawValue, reducer: reducer,
      arguments: arguments)
  }
}

extension Shadow {
  /// How many calls would be refused.
  package var refused: Int { entries.count { $0.refusal != nil } }

  private var codes: [(code: String, calls: Int)] {
    Dictionary(grouping: entries.compactMap { $0.refusal?.code }, by: { $0 })
      .map { ($0, $1.count) }.sorted { $0.0 < $1.0 }
  }

  /// The report as JSON (the command line's contract).
  package var json: JSON {
    .object([
      .init(
        "calls",
        .array(
          entries.map { entry in
            .object([
              .init("line", .int(entry.line)), .init("database", .string(entry.call.database)),
              .init("reducer", .string(entry.call.reducer)),
              .init("shape", .optional(entry.shape)), .init("agent", .optional(entry.agent)),
              .init("outcome", .string(entry.refusal == nil ? "done" : "refused")),
              .init("code", .optional(entry.refusal?.code)),
              .init("message", .optional(entry.refusal?.text)),
              .init("tool", .optional(entry.tool)), .init("output", entry.output),
              .init("replacement", entry.notice?.replacement.json ?? .null),
            ])
          })),
      .init(
        "totals",
        .object([
          .init("calls", .int(entries.count)), .init("done", .int(entries.count - refused)),
          .init("refused", .int(refused)),
          .init("codes", .object(codes.map { .init($0.code, .int($0.calls)) })),
          .init("made", .object(made.map { .init($0.table, .int($0.rows)) })),
        ])),
      .init("wrote", .bool(false)),
    ])
  }

  /// The report in words.
  package var text: String {
    var lines = entries.map { entry in
      let name = String(entry.call.reducer.prefix(64))
      let agent = entry.agent.map { " by \(String($0.prefix(64)))" } ?? ""
      let end =
        entry.refusal.map { "refused (\($0.code)): \(String($0.text.prefix(200)))" }
        ?? "done" + (entry.tool.map { " with \($0)" } ?? "")
      return TextTable.visible("\(entry.line)  \(name)\(agent): \(end)")
    }
    if !lines.isEmpty { lines.append("") }
    lines.append(
      "\(entries.count) calls: \(entries.count - refused) would be done, \(refused) refused"
        + (codes.isEmpty
          ? "" : " (" + codes.map { "\($0.code) \($0.calls)" }.joined(separator: ", ") + ")") + ".")
    let changed = made.filter { $0.rows != 0 }
    if !changed.isEmpty {
      lines.append(
        "They would make " + changed.map { "\($0.rows) \($0.table)" }.joined(separator: ", ") + ".")
    }
    lines.append("Nothing was written.")
    return lines.joined(separator: "\n")
  }
}
