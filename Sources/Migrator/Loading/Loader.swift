import AgoraStore

/// Brings the staged rows into the marketplace, each table when all that it refers to is there.
struct Loader {
  private let context: LoadContext

  init(_ context: LoadContext) { self.context = context }

  /// The tables that a load fills by the million.
  static let bulkTables = ["messages", "tasks", "events", "audit", "archive"]

  /// Loads whole tables: what the store has of them and the export has not is gone from v4.
  func load(appliesDeletes: Bool) throws {
    try RepeatSettler(context).settle(droppingDeleted: appliesDeletes)
    if context.hasStoredRows { try KnownPlaces(context).refresh() }
    let deletions = DeletionSweep(context, applies: appliesDeletes)
    if context.hasStoredRows { try deletions.foresee() }
    try loadSettled()
    try deletions.sweep()
    try AuditRefresh(context).refresh()
  }

  /// Loads the staged rows, whatever else there is.
  func loadRows() throws {
    try RepeatSettler(context).settle()
    try loadSettled()
  }

  private func loadSettled() throws {
    try AgentLoader(context).load(context.tables.filter(\.kind.describesAgents))
    let records = RecordLoader(context)
    // `workflow_coordination` before `workflows`, which only answers for what the former lacks.
    let workflows = context.tables.filter { $0.kind == .workflow }
    for table in workflows where table.name == WorkflowEpochs.coordinationTable {
      try records.load(table)
    }
    for table in workflows where table.name != WorkflowEpochs.coordinationTable {
      try records.load(table)
    }
    try StepLoader(context).load(context.tables.filter { $0.kind == .step })
    // Audit entries last: they may be about anything, and make nothing.
    for kind in [TableKind.message, .task, .event, .archive, .audit] {
      for table in context.tables where table.kind == kind { try records.load(table) }
    }
    guard context.hasStoredRows else { return }
    try WorkflowRefresh(context).refreshAfterLoading()
    try AgentRefresh(context).refresh()
    if context.hasKeptReferences { try KeptRefresh(context).refresh() }
    try Conflict.forgetMoot(run: context.run, in: context.connection)
  }
}
