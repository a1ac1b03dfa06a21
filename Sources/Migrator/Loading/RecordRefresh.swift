import AgoraStore

/// Makes records of known rows once more, where what the rows refer to may have changed.
///
/// The rows are those of `temp.refreshed`. A record that v5 has changed stays as it is.
struct RecordRefresh {
  private let context: LoadContext
  private let references: ReferenceResolver
  /// Whether a record stays as it is that would lose a reference.
  private let onlyFills: Bool
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) {
    self.context = context
    references = context.references
    onlyFills = false
  }

  /// Makes records in which references that were left empty may lead somewhere now, as `references` say.
  init(filling context: LoadContext, by references: ReferenceResolver) {
    self.context = context
    self.references = references
    onlyFills = true
  }

  private static let rows = Query(
    "refreshed.rows",
    """
    SELECT r.row, r.v4_id, r.epoch, r.v5_id, r.file, r.byte_offset, r.ordinal, r.shape, r.parent,
      r.text, t.name
    FROM temp.refreshed c JOIN main.v4_rows r USING(row) JOIN main.v4_tables t USING(table_no)
    WHERE t.source=?1
    """)

  private static let empty = Query("refreshed.empty", "DELETE FROM temp.refreshed")

  /// Makes the records of the rows that a query selects.
  ///
  /// One that would not come in any more goes among the rejects where deletions are applied; one whose newer
  /// text is still to be loaded is made of that.
  ///
  /// - Parameter rows: SQL that gives numbers of `v4_rows`.
  func refresh(_ target: RecordTable, rows: String) throws {
    try refresh(target) {
      try connection.run(
        Query("refreshed.collect", "INSERT OR IGNORE INTO temp.refreshed " + rows))
    }
  }

  /// Makes the records of some rows.
  func refresh(_ target: RecordTable, rows: [Int64]) throws {
    let insert = Query("refreshed.one", "INSERT OR IGNORE INTO temp.refreshed VALUES(?1)")
    try refresh(target) {
      for row in rows { try connection.run(insert, .integer(row)) }
    }
  }

  private func refresh(_ target: RecordTable, collecting collect: () throws -> Void) throws {
    try RefusedRows(context).reject(try refreshed(target, collecting: collect))
  }

  /// Makes the records of collected rows.
  ///
  /// - Returns: the rows that would not come in any more.
  private func refreshed(
    _ target: RecordTable, collecting collect: () throws -> Void
  ) throws -> [RefusedRows.Orphan] {
    // Made once: a table that comes or goes has every statement prepared anew.
    try connection.execute(
      "CREATE TEMP TABLE IF NOT EXISTS refreshed(row INTEGER PRIMARY KEY)",
      name: "refreshed.create")
    try connection.run(Self.empty)
    try collect()
    if context.hasPendingRows {
      try connection.run(
        Query(
          "refreshed.pending",
          "DELETE FROM temp.refreshed WHERE row IN (SELECT main_row FROM temp.replacements)"))
    }
    let refused = RefusedRows(context)
    var making: ReferenceResolver?
    var orphans: [RefusedRows.Orphan] = []
    var mappers: [String: TableMapper] = [:]
    var record = Record()
    // Whom one record refers to says nothing of what is looked up after it.
    defer { references.filled = nil }
    try connection.each(Self.rows, .text(context.source)) { result in
      let row = LoadContext.stagedRow(result)
      let table = result.text(10)
      let mapper = mappers[table] ?? TableMapper(table: table, kind: V4Schema.kind(of: table))
      mappers[table] = mapper
      guard let current = try target.read(row.v5IDText, in: connection),
        target.isAsImported(current)
      else { return }
      let columns = try context.columns(row.shape)
      try result.withBytes(9) { try mapper.loadStored($0, columns: columns, row: row.row) }
      let identity = RecordIdentity(
        id: row.v5ID, v4ID: row.v4ID, sourceRow: row.row, owner: try context.owner(of: row))
      do {
        if onlyFills { references.filled = current.bytes }
        try mapper.map(as: identity, references, into: &record)
      } catch let rejection as Rejection {
        // It came in under other options; what it refers to stays as it is.
        guard refused.rejectsKnown else { return }
        let orphan = RefusedRows.Orphan(row: row.row, rejection: rejection)
        if try refused.isToGo(orphan) { return orphans.append(orphan) }
        // It stays, and what it refers to by a name that nobody bears is not who bore it before.
        let references = try making ?? context.references.makingStubs()
        making = references
        do { try mapper.map(as: identity, references, into: &record) } catch is Rejection { return }
      }
      target.seal(&record)
      guard current.fields.last != record.fields.last else { return }
      if onlyFills, Self.loses(record, current, target) { return }
      try target.overwrite(record, keepingSteps: row.parent == nil, in: connection)
    }
    return orphans
  }

  /// Whether a record would refer to less than it does, as where stubs that other options have left are not
  /// seen.
  private static func loses(_ record: Record, _ current: Record, _ target: RecordTable) -> Bool {
    func object(_ record: Record, _ column: Int) -> JSON {
      (try? JSON.parse(record.string(column) ?? "{}")) ?? .null
    }
    return target.content.contains { column in
      switch target.columns[column] {
      case "assigned_agents":
        let left = JSON.parseList(record.string(column))
        return JSON.parseList(current.string(column)).contains { !left.contains($0) }
      case "metadata":
        let name = "requesting_agent"
        return object(current, column)[name] != nil && object(record, column)[name] == nil
      default: return record.fields[column] == .null && current.fields[column] != .null
      }
    }
  }
}

extension RecordTable {
  private static let stepsText = Query(
    "workflows.steps_text", "SELECT steps FROM workflows WHERE workflow_id=?1")
  private static let setSteps = Query(
    "workflows.set_steps", "UPDATE workflows SET steps=?2 WHERE workflow_id=?1")

  /// Writes a record over the one of its id.
  ///
  /// - Parameter keepsSteps: whether a workflow keeps its steps, which stand in rows of their own.
  func overwrite(_ record: Record, keepingSteps keepsSteps: Bool, in connection: Connection) throws
  {
    guard name == "workflows", keepsSteps else {
      return try connection.statement(update).run(record)
    }
    let id = record.string(0) ?? ""
    let steps = try connection.first(Self.stepsText, .text(id), map: { $0.text(0) })
    try connection.statement(update).run(record)
    try connection.run(Self.setSteps, .text(id), .text(steps ?? "[]"))
  }
}
