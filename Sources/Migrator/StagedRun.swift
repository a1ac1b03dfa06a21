import AgoraStore

/// One run from the first byte to the store: staging, loading, and the run's own record.
final class StagedRun {
  private let options: MigrationOptions
  private let target: String
  private let staging: String
  private let clock: Clock
  private let identifiers: IdentifierSource
  private let progress: any ProgressObserver
  private let runID: String
  private let startedAt: Timestamp
  /// The existing store; nil when the staging file becomes the store.
  private let existing: Connection?
  private let stage: Connection
  private let exports: ExportStaging
  private let outputs: RunOutputs

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - store: the store that the caller named, which no output may replace.
  ///   - target: the file that the run goes into; a copy of the store in a dry run.
  init(
    _ options: MigrationOptions, store: String, target: String, staging: String, clock: Clock,
    identifiers: IdentifierSource, progress: any ProgressObserver
  ) throws {
    self.options = options
    self.target = target
    self.staging = staging
    self.clock = clock
    self.identifiers = identifiers
    self.progress = progress
    outputs = try RunOutputs(options, store: store)
    // An empty file is a store's name that was taken early, as `mktemp` does.
    if let status = try File.status(target), status.size > 0 {
      let connection = try Connection(path: target, mode: .readWrite)
      _ = try SchemaUpgrade.inspect(connection)
      try Pragmas.loading.apply(to: connection)
      try SchemaUpgrade.apply(to: connection)
      existing = connection
    } else {
      existing = nil
    }
    exports = try ExportStaging(
      options, path: staging, existing: existing,
      fresh: StagingRecord(runID: identifiers.next(.run).description, startedAt: clock.now()),
      progress: progress)
    stage = exports.connection
    runID = exports.record.runID
    startedAt = exports.record.startedAt
  }

  func complete(started: Double) throws -> MigrationReport {
    do {
      let stager = try exports.stage()
      return try load(stager, run: exports.run, started: started)
    } catch let error as AgoraError where error.code == .tooManyRejects {
      try? outputs.writeRejects(from: stage, schema: "main", run: exports.run)
      try? outputs.finishRejects()
      throw error
    }
  }

  // MARK: loading

  private func load(_ stager: Stager, run: Int64, started: Double) throws -> MigrationReport {
    guard let existing else {
      var report = try exports.record.isLoaded ? loaded(run) : loadNew(stager, run, started)
      try enter()
      report.warnings += outputs.finish()
      return report
    }
    try existing.run(
      Query("attach", "ATTACH ?1 AS stage"), .text(Connection.plainPath(staging)))
    if !options.retriesRejects { try OwnExport.refuse(stager.tables, in: existing) }
    var report = try existing.transaction {
      let bulk = try BulkIndexes(dropping: Loader.bulkTables, in: existing)
      let undo = try UndoLog(recording: run, on: existing)
      return try load(
        into: existing, schema: "stage", stager, run: run, started: started, indexes: bulk,
        undo: undo)
    }
    report.warnings += outputs.finish()
    return report
  }

  private func loadNew(_ stager: Stager, _ run: Int64, _ started: Double) throws -> MigrationReport
  {
    try stage.transaction {
      let indexes = try BulkIndexes(dropping: Loader.bulkTables, in: stage)
      let report = try load(
        into: stage, schema: "main", stager, run: run, started: started, indexes: indexes)
      try StagingRecord.finishLoading(ExportStaging.loading(options), in: stage)
      return report
    }
  }

  /// What an interrupted run had loaded, which only lacks the store's name.
  private func loaded(_ run: Int64) throws -> MigrationReport {
    var report = try RunRecord.report(of: run, in: stage)
    report.isResumed = true
    report.appliedDeletes = options.appliesDeletes
    report.configurations = try ConfigurationOutcomes.read(
      stage, rejectsIn: "main", run: run, hasSeen: false)
    try outputs.write(from: stage, rejectsIn: "main", source: options.source, run: run)
    return report
  }

  private func load(
    into connection: Connection, schema: String, _ stager: Stager, run: Int64, started: Double,
    indexes: BulkIndexes, undo: UndoLog? = nil
  ) throws -> MigrationReport {
    // What was said of renamed agents once holds for later exports too.
    let history = try RunHistory(connection, source: options.source)
    let references = try ReferenceResolver(
      connection: connection, source: options.source, policy: options.orphans,
      aliases: history.aliases.merging(options.aliases) { $1 }, run: run)
    if schema == "stage" { try adoptSmallTables(connection) }
    let rejects = RejectLog(
      connection, schema: schema, run: run, source: options.source,
      first: stager.rejects.nextNumber,
      limit: options.maxRejects, count: stager.rejects.count)
    let context = LoadContext(
      connection: connection, stage: schema, source: options.source, run: run,
      tables: stager.tables, references: references, rejects: rejects, ledger: stager.ledger,
      progress: progress)
    context.formerAliases = history.aliases
    context.hasKeptReferences = history.hasKept || options.orphans == .keep
    if options.retriesRejects {
      // Some rows of tables, not tables: what is not among them is not gone.
      context.isRetrying = true
      try Loader(context).loadRows()
      try RejectSource.settle(connection, run: run, runID: runID)
    } else {
      try Loader(context).load(appliesDeletes: options.appliesDeletes)
    }
    try progress.finishing()
    try indexes.build(in: connection)
    guard context.ledger.isBalanced else {
      throw AgoraError(
        .broken, "the ledger does not add up: \(context.ledger)",
        remedy: "Nothing was imported. Please report this with the export.")
    }
    if !options.retriesRejects {
      context.deletedInSource += try KnownRejects(context).adopt(runID: runID)
    }
    try undo?.stop()
    // What is announced is v5's own message, and stays when the run is taken back.
    if options.announces { try Announcement(connection, clock, identifiers).broadcast(run: run) }
    var report = MigrationReport(
      runID: runID, status: context.ledger.totals.rejected > 0 ? .completedWithRejects : .completed,
      isDryRun: options.isDryRun, source: options.source, ledger: context.ledger,
      missingAgents: try references.missing("agent"),
      missingWorkflows: try references.missing("workflow"), epochs: context.epochs,
      ambiguousReferences: references.ambiguousReferences, conflicts: context.conflicts,
      deletedInSource: context.deletedInSource, appliedDeletes: options.appliesDeletes,
      bytes: exports.bytes,
      seconds: System.monotonicSeconds() - started, warnings: exports.warnings,
      configurations: try ConfigurationOutcomes.read(
        connection, rejectsIn: schema, run: run, hasSeen: true))
    report.isResumed = exports.isResumed
    if options.isDryRun { report.status = .dryRun }
    try record(report, run: run, in: connection)
    try outputs.write(from: connection, rejectsIn: schema, source: options.source, run: run)
    return report
  }

  /// What the staging file has besides rows goes into the store first: tables, files and shapes.
  private func adoptSmallTables(_ connection: Connection) throws {
    for table in ["v4_tables", "v4_files", "v4_shapes"] {
      try connection.execute(
        "INSERT INTO main.\(table) SELECT * FROM stage.\(table)", name: "\(table).adopt")
    }
  }

  private func record(_ report: MigrationReport, run: Int64, in connection: Connection) throws {
    try RunRecord.insert(
      report, run: run, startedAt: startedAt, finishedAt: clock.now(), madeStore: existing == nil,
      options: options.json, in: connection)
  }

  /// The staging file becomes the store: synced as a whole, then given the store's name, which must
  /// still be free.
  private func enter() throws {
    guard !options.isDryRun else { return }
    // All that is long comes before the file ceases to be one that can be gone on with.
    try progress.finishing()
    try File.reading(staging).sync()
    try stage.transaction {
      try stage.execute(Stager.dropDeletions, name: "source_deletions.drop")
      try stage.execute(StagingRecord.drop, name: "staging.drop")
    }
    // SQLite syncs the file when it writes the mode into its header, and with it all that was written
    // before; nothing is given the store's name that the disk does not have.
    try stage.execute("PRAGMA synchronous=FULL; PRAGMA journal_mode=WAL", name: "enter")
    try File.reading(staging).sync()
    do throws(SystemError) {
      if try File.status(target)?.size == 0 {
        try File.rename(staging, to: target)
      } else {
        try File.link(staging, to: target)
      }
    } catch {
      guard error.isExisting else { throw error }
      guard try File.status(target) != nil else {
        throw AgoraError.linkToNothing(target)
      }
      throw AgoraError(
        .busy, "somebody made a store here while the export was being read", file: target,
        remedy: "Nothing was changed. Run the same command again; it goes into that store.")
    }
    try File.syncFolder(of: target)
  }
}
