public import AgoraStore

/// Compares a store with an export, row by row and field by field, and changes nothing in the
/// marketplace.
///
/// The export is staged as for a migration. What it says of a row that the store knows is mapped once
/// more and held against the record; nothing is trusted that the migration wrote beside the records.
public struct Verification {
  private var options: MigrationOptions
  private let store: String
  private let clock: Clock
  private let progress: any ProgressObserver
  private let followsLastLimit: Bool
  private let findsSource: Bool

  /// Prepares a comparison.
  ///
  /// - Parameters:
  ///   - options: the exports, their source, the table of rows that do not name theirs, and the limit of a
  ///     row's bytes.
  ///   - store: the store's path.
  ///   - followsLastLimit: whether the limit of the source's last import counts instead.
  ///   - findsSource: whether the source is the usual one or else the only one that there is, whatever
  ///     the options say.
  public init(
    _ options: MigrationOptions, store: String, clock: Clock = .system,
    progress: any ProgressObserver = NoProgress(), followsLastLimit: Bool = false,
    findsSource: Bool = false
  ) {
    self.followsLastLimit = followsLastLimit
    self.findsSource = findsSource
    self.options = options
    self.store = store
    self.clock = clock
    self.progress = progress
  }

  /// Compares, and notes the outcome in the store, where this user may write it.
  ///
  /// - Throws: ``AgoraError`` `not_found` where nothing was imported from the source, `misuse` where it was
  ///   to be found among several; else as a migration of the same exports would.
  public func run() throws -> VerificationReport {
    defer { progress.ended() }
    let opened = try Store(path: store)
    var chosen = self
    chosen.options.source = try KnownSources(opened).choose(
      findsSource ? nil : options.source, prefersDefault: true)
    return try chosen.run(on: opened)
  }

  private func run(on opened: Store) throws -> VerificationReport {
    let folder: String
    do throws(SystemError) {
      folder = try File.temporaryFolder(
        in: System.environment("TMPDIR") ?? "/tmp", prefix: "agora-verify-")
    } catch { throw AgoraError(error, file: "a temporary folder") }
    let staging = folder + "/staging"
    defer {
      try? StagingFile.remove(staging)
      try? File.removeFolder(folder)
    }
    guard opened.isReadOnly else {
      var report = try compare(store, staging: staging)
      // What was found is told, also where another program writes for too long to note it.
      do { try note(report, in: opened) } catch let error as AgoraError where error.code == .busy {
        report.whyNotNoted = "another program writes to the store; verify again for the gate"
      }
      return report
    }
    // Beside a file that may not be written nothing can be staged: a copy is compared, and nobody told.
    return try opened.withCopy { copy in
      var report = try compare(copy.path, staging: staging)
      report.whyNotNoted = "you may not write the store"
      return report
    }
  }

  private func compare(_ path: String, staging: String) throws -> VerificationReport {
    do {
      let connection = try Connection(path: path, mode: .readWrite)
      connection.setBusyTimeout(milliseconds: Pragmas.reading.busyTimeout)
      let history = try RunHistory(connection, source: options.source)
      let (policy, aliases) = (history.orphans, history.aliases.merging(options.aliases) { $1 })
      var rejectedToo = options
      if followsLastLimit, let limit = history.maxRowBytes { rejectedToo.maxRowBytes = limit }
      rejectedToo.maxRejects = nil
      let exports = try ExportStaging(
        rejectedToo, path: staging, existing: connection,
        fresh: StagingRecord(runID: "verification", startedAt: clock.now()), progress: progress)
      let stager = try exports.stage()
      try connection.run(
        Query("attach", "ATTACH ?1 AS stage"), .text(Connection.plainPath(staging)))
      // Only the staging file and temporary tables are written.
      return try connection.transaction(.deferred) {
        let references = try ReferenceResolver(
          connection: connection, source: options.source, policy: policy, aliases: aliases,
          run: exports.run, isExpecting: true)
        let context = LoadContext(
          connection: connection, stage: "stage", source: options.source, run: exports.run,
          tables: stager.tables, references: references,
          rejects: RejectLog(
            connection, schema: "stage", run: exports.run, source: options.source,
            first: stager.rejects.nextNumber, limit: nil), ledger: stager.ledger,
          progress: progress)
        context.listsDamage = true
        try RepeatSettler(context).settle()
        var report = try RecordComparison(context, policies: history.policies).compare()
        report.coverage = try VerificationCoverage(context)
        return report
      }
    } catch let error as SQLiteError {
      // Nothing is written but what is staged.
      throw AgoraError(error, store: store).lackingRoom(
        in: File.folder(of: staging), insteadOf: store)
    } catch let error as SystemError {
      throw AgoraError(error, file: store)
    }
  }

  private static let insert = Query(
    "verifications.insert",
    """
    INSERT INTO verifications(source, run, verified_at, status, rows_compared, mismatches, missing,
      extra, rows_imported, rows_covered)
    SELECT ?1, max(run), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM migration_runs
    WHERE source=?1 AND status<>'rolled_back'
    """)

  private func note(_ report: VerificationReport, in store: Store) throws {
    let now = clock.now().microseconds
    let source = options.source
    try store.noteBriefly { connection in
      try connection.run(
        Self.insert, .text(source), .integer(now),
        .text(report.isIdentical ? "identical" : "different"), .int(report.rowsCompared),
        .int(report.mismatches.count), .int(report.missing.count), .int(report.extra.count),
        .int(report.coverage.imported), .int(report.coverage.covered))
    }
  }
}
