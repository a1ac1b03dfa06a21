import AgoraStore

/// Brings the staged rows into the marketplace, each table when all that it refers to is there.
struct Loader {
  private let context: LoadContext

  init(_ context: LoadContext) { self.context = context }

  /// The tables that a load fills by the million.
  static let bulkTables = ["messages", "tasks", "events", "audit", "archive"]

  /// Loads whole tables: what the store has of them and the export has not is gone from v4.
  func load(appliesDeletes: Bool) throws {
    try loadRows()
    try refreshPlaces()
    try DeletionSweep(context, applies: appliesDeletes).sweep()
    try AuditRefresh(context).refresh()
  }

  /// Loads the staged rows, whatever else there is.
  func loadRows() throws {
    try RepeatSettler(context).settle()
    try AgentLoader(context).load(context.tables.filter(\.kind.describesAgents))
    let records = RecordLoader(context)
    // `workflow_coordination` before `workflows`, which only answers for what the former lacks.
    let workflows = context.tables.filter { $0.kind == .workflow }
    for table in workflows where table.name == ReferenceResolver.coordinationTable {
      try records.load(table)
    }
    for table in workflows where table.name != ReferenceResolver.coordinationTable {
      try records.load(table)
    }
    try StepLoader(context).load(context.tables.filter { $0.kind == .step })
    // Audit entries last: they may be about anything, and make nothing.
    for kind in [TableKind.message, .task, .event, .archive, .audit] {
      for table in context.tables where table.kind == kind { try records.load(table) }
    }
    if context.hasStoredRows { try Conflict.forgetMoot(run: context.run, in: context.connection) }
  }

  /// Rows that are unchanged may stand elsewhere in the newer export: an export follows the last one.
  private func refreshPlaces() throws {
    guard context.hasStoredRows else { return }
    try context.connection.run(
      Query(
        "v4_rows.refresh_places",
        """
        UPDATE main.v4_rows SET file=s.file, byte_offset=s.byte_offset, ordinal=s.ordinal
        FROM temp.seen s
        WHERE main.v4_rows.row=s.main_row AND main.v4_rows.ordinal<>s.ordinal
        """))
  }
}
