public import AgoraStore

/// Where a v5 record came from, or what became of a v4 row: file, offset, run, epoch, rule, or reason.
public struct Explanation: Sendable {
  /// One v4 row, or name, that an id stands for.
  public struct Match: Sendable {
    let v5ID: String?
    let v4Table: String
    let v4ID: String?
    let epoch: Int
    let runID: String?
    let file: String?
    let offset: Int?
    let ordinal: Int?
    let rule: String
    /// `imported`, `merged`, `stub`, `alias` or `rejected`.
    let status: String
    let reason: String?

    /// What an epoch beyond the first means.
    fileprivate var epochText: String {
      // Rows that are named by their content and entries of one agent have no counter.
      v4ID?.hasPrefix("~") == true || v4Table == AgentConfiguration.table
        ? "again: \(epoch + 1). of its name" : "epoch \(epoch): the counter had restarted"
    }
  }

  /// The matches, rows before names and rejects.
  public let matches: [Match]

  private static let columns = """
    SELECT r.v5_id, t.name, r.v4_id, r.epoch, m.run_id, f.path, r.byte_offset, r.ordinal, r.joined,
      r.row
    FROM v4_rows r JOIN v4_tables t USING(table_no) LEFT JOIN v4_files f USING(file)
      LEFT JOIN migration_runs m ON m.run=r.run
    """
  private static let tables = Query("v4_tables.numbers", "SELECT table_no FROM v4_tables")
  private static let byV4ID = Query(
    "v4_rows.by_v4_id", columns + " WHERE r.table_no=?1 AND r.v4_id=?2 ORDER BY r.epoch")
  private static let byRow = Query("v4_rows.by_row", columns + " WHERE r.row=?1")
  private static let joined = Query(
    "v4_rows.by_joined", columns + " WHERE r.v5_id=?1 AND r.joined IS NOT NULL ORDER BY r.row")
  private static let names = Query(
    "v4_names.by_name",
    """
    SELECT n.v5_id, n.kind, n.name, n.origin, m.run_id FROM v4_names n
      LEFT JOIN migration_runs m ON m.run=n.run WHERE n.name=?1 OR n.v5_id=?1
    """)
  private static let rejects = Query(
    "rejects.by_v4_id",
    """
    SELECT r.v4_table, r.v4_id, m.run_id, r.file, r.byte_offset, max(r.ordinal,1), r.code, r.reason
    FROM rejects r LEFT JOIN migration_runs m ON m.run=r.run
    WHERE r.v4_table=?1 AND r.v4_id=?2 AND r.source=?3 AND r.\(RejectStatus.stands)
    """)
  private static let rejectTables = Query(
    "rejects.tables", "SELECT DISTINCT v4_table, source FROM rejects")

  /// Looks up a v4 or v5 id, or an agent's name.
  ///
  /// - Throws: ``AgoraError`` `not_found`.
  public init(_ id: String, in store: Store) throws {
    matches = try store.read { connection in
      var matches: [Match] = []
      var seen: Set<Int64> = []
      func add(_ row: borrowing Row, firstOfRecord: inout Set<String>) {
        guard seen.insert(row.int64(9)).inserted else { return }
        matches.append(Self.match(row, &firstOfRecord))
      }
      var records: Set<String> = []
      if let row = try Self.sourceRow(of: id, connection) {
        try connection.each(Self.byRow, .integer(row)) { add($0, firstOfRecord: &records) }
      }
      try connection.each(Self.joined, .text(id)) { add($0, firstOfRecord: &records) }
      for table in try connection.all(Self.tables, map: { $0.int64(0) }) {
        try connection.each(Self.byV4ID, .integer(table), .text(id)) {
          add($0, firstOfRecord: &records)
        }
      }
      try connection.each(Self.names, .text(id)) { row in
        if let match = Self.name(row, hasRows: !matches.isEmpty) { matches.append(match) }
        guard row.text(2) == id else { return }
        // An agent's name leads to the rows that describe it.
        try connection.each(Self.joined, .text(row.text(0))) { add($0, firstOfRecord: &records) }
      }
      for (table, source) in try connection.all(
        Self.rejectTables, map: { ($0.text(0), $0.text(1)) })
      {
        try connection.each(Self.rejects, .text(table), .text(id), .text(source)) {
          matches.append(Self.reject($0))
        }
      }
      return matches
    }
    guard !matches.isEmpty else {
      throw AgoraError(
        .notFound, "nothing is known of \"\(id)\"", file: store.path,
        remedy: "Give a v4 id such as id_7, a v5 id such as msg_…, or an agent's name.")
    }
  }

  /// The v4 row of a v5 record; nil for records that were born on v5 or are made of several rows.
  private static func sourceRow(of id: String, _ connection: Connection) throws -> Int64? {
    guard let kind = Identifier(id)?.kind else { return nil }
    let table: RecordTable? =
      switch kind {
      case .message: .messages
      case .task: .tasks
      case .workflow: .workflows
      case .event: .events
      case .audit: .audit
      case .archivedRow: .archive
      default: nil
      }
    guard let table else { return nil }
    return try connection.integer(
      Query(
        "\(table.name).source_row",
        "SELECT source_row FROM \(table.name) WHERE \(table.columns[0])=?1"), .text(id))
  }

  private static func match(_ row: borrowing Row, _ records: inout Set<String>) -> Match {
    let table = row.text(1)
    let kind = V4Schema.kind(of: table)
    let isFirst = !kind.describesAgents || records.insert(row.text(0)).inserted
    let status = kind == .step || !isFirst ? "merged" : "imported"
    return Match(
      v5ID: row.text(0), v4Table: table, v4ID: row.text(2), epoch: row.int(3),
      runID: row.optionalText(4), file: row.optionalText(5), offset: row.int(6),
      ordinal: row.int(7), rule: rule(table, kind), status: status, reason: nil)
  }

  /// The rule of the mapping that was followed, in words.
  private static func rule(_ table: String, _ kind: TableKind) -> String {
    let target = TableMapper.recordTable(of: kind).name
    return switch kind {
    case .capability, .registry, .configuration: "\(table) → \(target): one agent per name"
    case .step: "\(table) → \(target).steps"
    case .archive: "\(table) → \(target): no place in v5, kept whole"
    default: "\(table) → \(target)"
    }
  }

  private static func name(_ row: borrowing Row, hasRows: Bool) -> Match? {
    let isAgent = row.text(1) == "agent"
    let origin = row.text(3)
    // A registered name is told by its rows.
    guard origin != "registered" || !hasRows else { return nil }
    let what = isAgent ? "agent" : "workflow"
    let (rule, reason): (String, String?) =
      switch origin {
      case "stub": ("reference → stub", "rows refer to this \(what), and none describes it")
      case "alias": ("agent_registry → alias", "another name of the agent")
      default: ("agent name → agents", nil)
      }
    return Match(
      v5ID: row.text(0), v4Table: isAgent ? "agent" : WorkflowEpochs.coordinationTable,
      v4ID: row.text(2), epoch: 0, runID: row.optionalText(4), file: nil, offset: nil, ordinal: nil,
      rule: rule, status: origin == "registered" ? "imported" : origin, reason: reason)
  }

  private static func reject(_ row: borrowing Row) -> Match {
    Match(
      v5ID: nil, v4Table: row.text(0), v4ID: row.optionalText(1), epoch: 0,
      runID: row.optionalText(2), file: row.text(3), offset: row.int(4), ordinal: row.int(5),
      rule: row.text(6), status: "rejected", reason: row.text(7))
  }

  /// The explanation as JSON (the command line's contract).
  public var json: JSON {
    .object([
      .init(
        "matches",
        .array(
          matches.map { match in
            .object([
              .init("v5_id", .optional(match.v5ID)), .init("v4_table", .string(match.v4Table)),
              .init("v4_id", .optional(match.v4ID)), .init("epoch", .int(match.epoch)),
              .init("run_id", .optional(match.runID)), .init("file", .optional(match.file)),
              .init("offset", match.offset.map { .int($0) } ?? .null),
              .init("ordinal", match.ordinal.map { .int($0) } ?? .null),
              .init("rule", .string(match.rule)), .init("status", .string(match.status)),
              .init("reason", .optional(match.reason)),
            ])
          }))
    ])
  }

  /// The explanation for people.
  public var text: String {
    matches.map { match in
      var lines = [
        "\(match.v4Table) \(match.v4ID ?? "-")"
          + (match.epoch > 0 ? " (\(match.epochText))" : "")
          + ": \(match.status)" + (match.v5ID.map { " as \($0)" } ?? "")
      ]
      lines.append("  rule    \(match.rule)")
      if let reason = match.reason { lines.append("  reason  \(reason)") }
      if let file = match.file, let offset = match.offset, let ordinal = match.ordinal {
        lines.append("  from    \(file), byte \(offset), row \(ordinal) of its table")
      }
      if let run = match.runID { lines.append("  run     \(run)") }
      return lines.joined(separator: "\n")
    }.joined(separator: "\n")
  }
}
