import AgoraStore

/// Steps that stand in no workflow, kept whole in the archive.
struct StepArchive {
  private let connection: Connection

  init(_ connection: Connection) { self.connection = connection }

  /// Keeps the step that the table's mapper has in hand.
  ///
  /// - Parameter number: the number of its row in `v4_rows`.
  func keep(_ row: StagedRow, _ table: StagedTable, as number: Int64) throws {
    let isThere = try RecordTable.archive.read(row.v5IDText, in: connection) != nil
    try write(row, table.mapper, as: number, isThere: isThere)
  }

  /// Keeps a step that is in the archive in the words that the mapper has in hand.
  func respell(_ row: StagedRow, _ mapper: TableMapper) throws {
    let target = RecordTable.archive
    guard let current = try target.read(row.v5IDText, in: connection),
      target.isAsImported(current)
    else { return }
    try write(row, mapper, as: row.row, isThere: true)
  }

  private func write(
    _ row: StagedRow, _ mapper: TableMapper, as number: Int64, isThere: Bool
  ) throws {
    let target = RecordTable.archive
    var record = Self.record(row, mapper, as: number)
    target.seal(&record)
    try connection.statement(isThere ? target.update : target.insert).run(record)
  }

  /// What the archive has of the step that a mapper has in hand, without its hash.
  static func record(_ row: StagedRow, _ mapper: TableMapper, as number: Int64) -> Record {
    var record = Record()
    record.text(row.v5ID)
    record.text(mapper.table)
    record.text(row.v4ID)
    record.text { mapper.row.appendObject(to: &$0) }
    record.integer(number)
    return record
  }

  private static let rows = Query(
    "archive.steps",
    """
    SELECT r.row, r.v4_id, r.epoch, r.v5_id, r.file, r.byte_offset, r.ordinal, r.shape, r.parent,
      r.text, r.table_no, t.name
    FROM main.archive a JOIN main.v4_rows r ON r.row=a.source_row JOIN main.v4_tables t USING(table_no)
    WHERE t.source=?1 AND t.name IN ('workflow_step','workflow_steps')
      AND r.row NOT IN (SELECT row FROM main.v4_steps)
      AND r.row NOT IN (
        SELECT row FROM main.conflicts WHERE row IS NOT NULL AND status='outstanding')
    """)

  /// Gives each step that was there before and about which there is no conflict, in its table's mapper.
  func each(_ context: LoadContext, _ body: (StagedRow, StagedTable) throws -> Void) throws {
    var tables: [Int64: StagedTable] = [:]
    try connection.each(Self.rows, .text(context.source)) { result in
      let number = result.int64(10)
      let table =
        tables[number]
        ?? StagedTable(number: number, source: context.source, name: result.text(11))
      tables[number] = table
      let row = LoadContext.stagedRow(result)
      let columns = try context.columns(row.shape)
      try result.withBytes(9) { try table.mapper.loadStored($0, columns: columns, row: row.row) }
      try body(row, table)
    }
  }
}
