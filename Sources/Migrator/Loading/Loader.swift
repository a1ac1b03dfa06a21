import AgoraStore

/// Brings the staged rows into the marketplace, each table when all that it refers to is there.
struct Loader {
  private let context: LoadContext

  init(_ context: LoadContext) { self.context = context }

  /// The tables that a load fills by the million.
  static let bulkTables = ["messages", "tasks", "events", "audit", "archive"]

  /// Loads whole tables: what the store has of them and the export has not is gone from v4.
  func load(appliesDeletes: Bool) throws {
    context.appliesDeletes = appliesDeletes
    context.takesSpellings = context.hasStoredRows
    try RepeatSettler(context).settle(droppingDeleted: appliesDeletes)
    let deletions = DeletionSweep(context)
    if context.hasStoredRows {
      try KnownPlaces(context).refresh()
      try Respellings(context).refresh()
      try deletions.begin()
    }
    try loadSettled()
    try deletions.finish()
    try AuditRefresh(context).refresh()
  }

  /// Loads the staged rows, whatever else there is.
  func loadRows() throws {
    try RepeatSettler(context).settle()
    try loadSettled()
    try ConfigurationContents(context).moveRetried()
    try AuditRefresh(context).refresh()
  }

  /// Each kind of row when all that it may refer to is settled: what is known already, and refers to what
  /// has come or gone, is looked up anew just before.
  private func loadSettled() throws {
    let (isDelta, refused) = (context.hasStoredRows, RefusedRows(context))
    context.hasPendingRows = isDelta
    try AgentLoader(context).load(context.tables.filter(\.kind.describesAgents))
    if isDelta { try AgentRefresh(context).refreshWorkflows() }
    let records = RecordLoader(context)
    // `workflow_coordination` before `workflows`, which only answers for what the former lacks.
    let workflows = context.tables.filter { $0.kind == .workflow }
    for table in workflows where table.name == WorkflowEpochs.coordinationTable {
      try records.load(table)
    }
    for table in workflows where table.name != WorkflowEpochs.coordinationTable {
      try records.load(table)
    }
    try refused.settle()
    if isDelta {
      if context.hasKeptReferences { try KeptRefresh(context).refuseWorkflows() }
      try WorkflowRefresh(context).refreshLoaded()
      try AgentRefresh(context).refresh()
    }
    try StepLoader(context).load(context.tables.filter { $0.kind == .step })
    // Audit entries last: they may be about anything, and make nothing.
    for kind in [TableKind.message, .task, .event, .archive, .audit] {
      for table in context.tables where table.kind == kind { try records.load(table) }
    }
    try refused.settle()
    context.hasPendingRows = false
    guard isDelta else { return }
    try WorkflowRefresh(context).finish()
    if context.hasKeptReferences { try KeptRefresh(context).refresh() }
    try Conflict.forgetMoot(run: context.run, in: context.connection)
  }
}
