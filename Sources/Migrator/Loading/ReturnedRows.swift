import AgoraStore

/// Rows that v5 has written, taken to v4 by an export, and back here: they are the records that they came
/// from.
struct ReturnedRows {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  /// Gives the staged rows back the ids of their records.
  func claim() throws {
    for table in context.tables { try claim(table) }
  }

  private func claim(_ table: StagedTable) throws {
    let target = TableMapper.recordTable(of: table.kind)
    let isThere: String
    switch table.kind {
    case .message, .task, .workflow, .event:
      isThere =
        "EXISTS(SELECT 1 FROM main.\(target.name) x WHERE x.\(target.columns[0])=v4_rows.v4_id)"
    case .step:
      let any = context.staged(
        "v4_rows.any_born",
        "SELECT EXISTS(SELECT 1 FROM %.v4_rows WHERE table_no=?1 AND \(BornOnV5.condition(on: "v4_id")))"
      )
      guard try connection.integer(any, .integer(table.number)) == 1 else { return }
      try context.steps.collectBorn()
      isThere = "v4_id IN \(StepElements.born)"
    default: return
    }
    try connection.run(
      context.staged(
        "v4_rows.claim",
        """
        UPDATE %.v4_rows SET v5_id=v4_id
        WHERE table_no=?1 AND epoch=0 AND \(BornOnV5.condition(on: "v4_id")) AND \(isThere)
        """), .integer(table.number))
  }
}
