import AgoraStore

/// Loads the tables whose rows are v5 records of their own: messages, tasks, workflows, events, audit
/// entries and the archive.
struct RecordLoader {
  private let context: LoadContext

  init(_ context: LoadContext) { self.context = context }

  func load(_ table: StagedTable) throws {
    let target = TableMapper.recordTable(of: table.kind)
    let insert = try context.connection.statement(target.insert)
    var record = Record()
    try context.scan(table) { row in
      if let stored = try context.replaced(by: row) {
        return try update(row, table, target, stored: stored)
      }
      try table.mapper.map(
        as: try identity(row, sourceRow: row.row), context.references, into: &record)
      if try fillsStub(row, table) {
        try overwrite(record, target, keepsSteps: false)
      } else {
        try insert.run(record)
      }
      context.ledger[table.name].imported += 1
    }
    try context.keepRows(of: table)
  }

  private func identity(_ row: StagedRow, sourceRow: Int64) throws -> RecordIdentity {
    RecordIdentity(
      id: row.v5ID, v4ID: row.v4ID, sourceRow: sourceRow, owner: try context.owner(of: row))
  }

  private static let dropStub = Query(
    "v4_names.fill",
    "DELETE FROM v4_names WHERE source=?1 AND kind='workflow' AND v5_id=?2 AND origin='stub'")

  /// Whether a reference of an earlier run made this workflow already, as a stub.
  private func fillsStub(_ row: StagedRow, _ table: StagedTable) throws -> Bool {
    guard table.kind == .workflow, context.hasStoredRows else { return false }
    return try context.connection.run(
      Self.dropStub, .text(context.source), .text(String(decoding: row.v5ID, as: UTF8.self))) > 0
  }

  /// A row whose text changed on v4: its record follows, unless v5 changed it too.
  private func update(
    _ row: StagedRow, _ table: StagedTable, _ target: RecordTable, stored: Int64
  ) throws {
    var newer = Record()
    try table.mapper.map(
      as: try identity(row, sourceRow: stored), context.references, into: &newer)
    guard try isAsImported(row, table, target, stored: stored) else {
      // The check took the old text into hand; the newer one is what the conflict is about.
      try reload(row, table)
      try context.conflict(row, table, stored: stored)
      context.ledger[table.name].unchanged += 1
      return try context.drop(row.row)
    }
    try overwrite(newer, target, keepsSteps: true)
    context.ledger[table.name].updated += 1
    try context.adopt(row, into: stored)
  }

  private func reload(_ row: StagedRow, _ table: StagedTable) throws {
    let columns = try context.columns(row.shape)
    try context.connection.each(
      context.staged("v4_rows.text", "SELECT text FROM %.v4_rows WHERE row=?1"), .integer(row.row)
    ) { result in
      try result.withBytes(0) { try table.mapper.reload($0, columns: columns) }
    }
  }

  /// Whether the record is what the row's old text made it.
  private func isAsImported(
    _ row: StagedRow, _ table: StagedTable, _ target: RecordTable, stored: Int64
  ) throws -> Bool {
    var old = Record()
    try context.connection.each(
      Query("v4_rows.old_text", "SELECT text, shape FROM main.v4_rows WHERE row=?1"),
      .integer(stored)
    ) { result in
      let columns = try context.columns(result.optionalInt64(1))
      try result.withBytes(0) { try table.mapper.reload($0, columns: columns) }
    }
    try table.mapper.map(
      as: try identity(row, sourceRow: stored), context.references, into: &old)
    var isEqual = false
    try context.connection.each(target.select, .text(String(decoding: row.v5ID, as: UTF8.self))) {
      result in
      isEqual = target.columns.indices.allSatisfy { column in
        // Steps that stand in rows of their own are theirs to compare.
        target.columns[column] == "steps" && row.parent == nil
          || result.value(Int32(column)) == old.value(column)
      }
    }
    return isEqual
  }

  private func overwrite(_ record: Record, _ target: RecordTable, keepsSteps: Bool) throws {
    guard target.name == "workflows", keepsSteps else {
      return try context.connection.statement(target.update).run(record)
    }
    let id = record.string(0) ?? ""
    let steps = try context.connection.first(
      Query("workflows.steps", "SELECT steps FROM workflows WHERE workflow_id=?1"), .text(id),
      map: { $0.text(0) })
    try context.connection.statement(target.update).run(record)
    try context.connection.run(
      Query("workflows.set_steps", "UPDATE workflows SET steps=?2 WHERE workflow_id=?1"),
      .text(id), .text(steps ?? "[]"))
  }
}
