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
    var imported = 0
    try context.scan(table) { row in
      if let stored = try context.replaced(by: row) {
        return try update(row, table, target, stored: stored)
      }
      if row.isBornOnV5 { return try join(row, table, target) }
      let fills = try fillsStub(row, table)
      // A stub that v5's tools have worked on is theirs by now.
      if fills, try ChangedOnV5.holds(row.v5IDText, in: context.connection) {
        try join(row, table, target)
        return try claimStub(row)
      }
      try table.mapper.map(
        as: try identity(row, sourceRow: row.row), context.references, into: &record)
      target.seal(&record)
      if fills {
        try target.overwrite(record, keepingSteps: false, in: context.connection)
        try dropName(of: row)
      } else {
        try insert.run(record)
      }
      imported += 1
    }
    context.ledger[table.name].imported += imported
    try context.keepRows(of: table)
  }

  private func identity(_ row: StagedRow, sourceRow: Int64) throws -> RecordIdentity {
    RecordIdentity(
      id: row.v5ID, v4ID: row.v4ID, sourceRow: sourceRow, owner: try context.owner(of: row))
  }

  private static let isStub = Query(
    "v4_names.is_workflow",
    "SELECT EXISTS(SELECT 1 FROM v4_names WHERE v5_id=?2 AND source=?1 AND kind='workflow' AND origin='stub')"
  )
  private static let dropStub = Query(
    "v4_names.fill",
    "DELETE FROM v4_names WHERE source=?1 AND kind='workflow' AND v5_id=?2 AND origin='stub'")

  /// Whether a reference of an earlier run made this workflow already, as a stub.
  private func fillsStub(_ row: StagedRow, _ table: StagedTable) throws -> Bool {
    guard table.kind == .workflow, context.hasStoredRows else { return false }
    return try context.connection.integer(
      Self.isStub, .text(context.source), .text(row.v5IDText)) == 1
  }

  /// A stub that a row fills is none any more; a row that is rejected fills none.
  private func dropName(of row: StagedRow) throws {
    try context.connection.run(Self.dropStub, .text(context.source), .text(row.v5IDText))
  }

  private static let claim = Query(
    "workflows.claim_stub",
    "UPDATE workflows SET source_row=?2, source_hash=0 WHERE workflow_id=?1 AND source_row IS NULL")

  /// A stub that v5 has worked on stays what v5 has made of it, and is its row's from now on.
  private func claimStub(_ row: StagedRow) throws {
    try context.connection.run(Self.claim, .text(row.v5IDText), .integer(row.row))
    try dropName(of: row)
  }

  /// A row that v5 has written is that record; v5's stands, and where v4 says something else by now it is
  /// a conflict.
  private func join(_ row: StagedRow, _ table: StagedTable, _ target: RecordTable) throws {
    let current = try target.read(row.v5IDText, in: context.connection)
    if let current, !target.saysTheSame(try expected(row, table, sourceRow: row.row), current) {
      try context.conflict(row, table, stored: row.row)
    }
    context.ledger[table.name].merged += 1
  }

  /// The record that the row in hand would make.
  private func expected(
    _ row: StagedRow, _ table: StagedTable, sourceRow: Int64
  ) throws -> Record {
    var record = Record()
    try table.mapper.map(
      as: try identity(row, sourceRow: sourceRow), try context.expectedReferences(), into: &record)
    return record
  }

  /// Whether v4 and v5 have made the same change: then the row's new text is taken, and v5's record is
  /// held against it from now on.
  private func agree(
    _ row: StagedRow, _ table: StagedTable, _ target: RecordTable, _ current: Record, stored: Int64
  ) throws -> Bool {
    let expected = try expected(row, table, sourceRow: stored)
    guard target.saysTheSame(expected, current) else { return false }
    if current.fields.last != .null { try target.note(expected, in: context.connection) }
    context.ledger[table.name].unchanged += 1
    try context.adopt(row, into: stored)
    return true
  }

  /// A row whose text changed on v4: its record follows, unless v5 changed it too.
  private func update(
    _ row: StagedRow, _ table: StagedTable, _ target: RecordTable, stored: Int64
  ) throws {
    let current = try target.read(row.v5IDText, in: context.connection)
    if let current, !target.isAsImported(current),
      try agree(row, table, target, current, stored: stored)
    {
      return
    }
    guard let current, target.isAsImported(current) else {
      try context.conflict(row, table, stored: stored)
      context.ledger[table.name].unchanged += 1
      return try context.drop(row.row)
    }
    var newer = Record()
    try table.mapper.map(
      as: try identity(row, sourceRow: stored), context.references, into: &newer)
    target.seal(&newer)
    try target.overwrite(newer, keepingSteps: row.parent == nil, in: context.connection)
    context.ledger[table.name].updated += 1
    try context.adopt(row, into: stored)
  }
}
