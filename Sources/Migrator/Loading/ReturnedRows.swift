import AgoraStore

/// Rows that v5 has written, taken to v4 by an export, and back here: they are the records that they came
/// from.
struct ReturnedRows {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  /// Gives the staged rows back the ids of their records.
  func claim() throws {
    try findBornSteps()
    for table in context.tables { try claim(table) }
    try connection.execute("DROP TABLE temp.born_steps", name: "born_steps.drop")
  }

  /// The steps that v5 has written, where the export has any rows that could be one.
  private func findBornSteps() throws {
    try connection.execute(
      "CREATE TEMP TABLE born_steps(id TEXT PRIMARY KEY) WITHOUT ROWID", name: "born_steps.create")
    for table in context.tables where table.kind == .step {
      let any = context.staged(
        "v4_rows.any_born",
        "SELECT EXISTS(SELECT 1 FROM %.v4_rows WHERE table_no=?1 AND \(BornOnV5.condition(on: "v4_id")))"
      )
      guard try connection.integer(any, .integer(table.number)) == 1 else { continue }
      return try connection.execute(
        """
        INSERT OR IGNORE INTO temp.born_steps
        SELECT json_extract(j.value,'$.step_id') FROM main.workflows w, json_each(w.steps) j
        WHERE \(BornOnV5.condition(on: "json_extract(j.value,'$.step_id')"))
        """, name: "born_steps.collect")
    }
  }

  private func claim(_ table: StagedTable) throws {
    let target = TableMapper.recordTable(of: table.kind)
    let isThere: String
    switch table.kind {
    case .message, .task, .workflow, .event:
      isThere =
        "EXISTS(SELECT 1 FROM main.\(target.name) x WHERE x.\(target.columns[0])=v4_rows.v4_id)"
    case .step: isThere = "v4_id IN (SELECT id FROM temp.born_steps)"
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
