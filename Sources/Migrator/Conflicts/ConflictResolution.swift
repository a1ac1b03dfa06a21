public import AgoraStore

/// Settles conflicts as a person decided, as a run of its own that can be taken back like any other.
///
/// Whichever side is kept, v4's newest text is adopted, so that the same export says nothing new. With
/// v4's side the record is made of it once more; with v5's the record stays, and still counts as changed
/// on v5, so that what v4 changes later is a conflict again.
public struct ConflictResolution {
  /// Whose record stands.
  public enum Side: String, Sendable, CaseIterable {
    /// What v4's row says.
    case v4
    /// What v5 has made of it.
    case v5
  }

  /// Which conflicts are settled.
  public enum Selection: Sendable {
    /// Those of these numbers.
    case numbers([Int])
    /// All that are outstanding; where a v4 deployment is named, its own.
    case all(source: String?)
  }

  private let selection: Selection
  private let side: Side
  private let store: String
  private let waits: Bool
  private let clock: Clock
  private let identifiers: IdentifierSource

  /// Prepares a decision.
  ///
  /// - Parameters:
  ///   - waits: whether another run's lock is waited for.
  public init(
    _ selection: Selection, keeping side: Side, store: String, waits: Bool = false,
    clock: Clock = .system, identifiers: IdentifierSource = IdentifierSource()
  ) {
    self.selection = selection
    self.side = side
    self.store = store
    self.waits = waits
    self.clock = clock
    self.identifiers = identifiers
  }

  /// What was done.
  public struct Report: Sendable {
    /// The run that did it; nil where there was nothing to do.
    public let runID: String?
    let side: Side
    /// The conflicts that were settled.
    public let numbers: [Int]
    let gone: Int
    /// The tasks of v5 that were ended or changed with what v4 says, and those that were made for steps that
    /// have become ready by it.
    var tasksChanged: [String] = []
    /// See ``tasksChanged``.
    var tasksStarted: [String] = []
    var warnings: [String] = []

    /// The report as JSON.
    public var json: JSON {
      .object([
        .init("run_id", .optional(runID)), .init("status", .string("completed")),
        .init("keep", .string(side.rawValue)),
        .init("resolved", .array(numbers.map { .int($0) })),
        .init("deleted", .int(side == .v4 ? gone : 0)),
        .init("tasks_changed", .array(tasksChanged.map { .string($0) })),
        .init("tasks_started", .array(tasksStarted.map { .string($0) })),
        .init("warnings", .array(warnings.map { .string($0) })),
      ])
    }

    /// How many tasks a person is shown.
    private static let shown = 20

    /// The report for people.
    public var text: String {
      guard let runID else { return "No conflicts are outstanding." }
      let list = numbers.map { "\($0)" }.joined(separator: ", ")
      let what = numbers.count == 1 ? "conflict \(list)" : "\(numbers.count) conflicts (\(list))"
      let effect =
        side == .v5
        ? "v5's records stay as they are."
        : gone == numbers.count
          ? "What v4 has no more is removed."
          : gone == 0
            ? "The records are what v4's rows say."
            : "The records are what v4's rows say; \(gone) that v4 has no more are removed."
      var text = "Settled \(what) in run \(runID): \(side.rawValue) is kept. \(effect)"
      for (tasks, fate) in [
        (tasksChanged, "followed"), (tasksStarted, "were made for steps that are ready now"),
      ] where !tasks.isEmpty {
        let list = tasks.prefix(Self.shown).joined(separator: ", ")
        let more = tasks.count > Self.shown ? " and \(tasks.count - Self.shown) more" : ""
        text += "\nTasks of v5 that \(fate): \(list)\(more)."
      }
      return warnings.reduce(text) { $0 + "\nNote: \($1)." }
    }
  }

  /// Settles the conflicts in one transaction.
  ///
  /// - Throws: ``AgoraError`` `not_found` for a number that is none or is settled already, `misuse` for
  ///   conflicts of several v4 deployments, `refused` for a row that is not understood any more, `locked`.
  public func run() throws -> Report {
    // Opened first, for its errors and to bring the schema up to date.
    _ = try Store(path: store)
    let lock = try RunLock(store: store, waits: waits, clock: clock)
    return try withExtendedLifetime(lock) {
      do {
        let connection = try Connection(path: store, mode: .readWrite)
        try Pragmas.loading.apply(to: connection)
        return try connection.transaction { try settle(connection) }
      } catch let error as SQLiteError {
        throw AgoraError(error, store: store)
      }
    }
  }

  private func settle(_ connection: Connection) throws -> Report {
    let started = clock.now()
    let began = System.monotonicSeconds()
    let conflicts = try wanted(connection)
    let numbers = conflicts.map { Int($0.number) }
    guard let source = conflicts.first?.source else {
      return Report(runID: nil, side: side, numbers: [], gone: 0)
    }
    guard conflicts.allSatisfy({ $0.source.exact == source.exact }) else {
      throw AgoraError(
        .misuse, "these conflicts are of several v4 deployments",
        remedy: "Settle those of one at a time; with --all say which with --source.")
    }
    let run =
      try
      (connection.integer(
        Query("migration_runs.last", "SELECT max(run) FROM migration_runs")) ?? 0) + 1
    let undo = try UndoLog(recording: run, on: connection)
    let history = try RunHistory(connection, source: source)
    let references = try ReferenceResolver(
      connection: connection, source: source, policy: history.orphans, aliases: history.aliases,
      run: run)
    let context = LoadContext(
      storedRowsOf: source, run: run, references: references, in: connection)
    for conflict in conflicts where conflict.kind == .changed {
      try conflict.adoptText(in: connection)
      context.ledger[conflict.table].read += 1
      if side == .v4 {
        context.ledger[conflict.table].updated += 1
      } else {
        context.ledger[conflict.table].unchanged += 1
      }
    }
    let decided = try DecidedSteps(
      on: connection, at: started, identifiers,
      reason: numbers.count == 1
        ? "v4's side of conflict \(numbers[0]) was kept"
        : "v4's side of \(numbers.count) conflicts was kept")
    let records = ConflictedRecords(context, decided, store: store)
    switch side {
    case .v4: try records.follow(conflicts)
    case .v5: try records.keep(conflicts)
    }
    for conflict in conflicts {
      try conflict.settle(keeping: side.rawValue, run: run, in: connection)
    }
    let tasks = try decided.tasks()
    try undo.stop()
    let gone = conflicts.filter { $0.kind == .gone }.count
    let report = MigrationReport(
      runID: identifiers.next(.run).description, status: .completed, isDryRun: false,
      source: source, ledger: context.ledger, missingAgents: try references.missing.count("agent"),
      missingWorkflows: try references.missing.count("workflow"), epochs: 0,
      ambiguousReferences: references.ambiguousReferences, conflicts: 0, deletedInSource: gone,
      appliedDeletes: side == .v4, bytes: 0, seconds: System.monotonicSeconds() - began,
      warnings: [], configurations: [])
    try RunRecord.insert(
      report, run: run, startedAt: started, finishedAt: clock.now(), madeStore: false,
      options: .object([
        .init("keep", .string(side.rawValue)),
        .init("conflicts", .array(numbers.map { .int($0) })),
      ]), in: connection)
    return Report(
      runID: report.runID, side: side, numbers: numbers, gone: gone,
      tasksChanged: tasks.changed, tasksStarted: tasks.started, warnings: decided.warnings)
  }

  private func wanted(_ connection: Connection) throws -> [Conflict] {
    switch selection {
    case .all(let source):
      return try Conflict.all(connection).filter { source == nil || $0.source == source }
    case .numbers(let numbers):
      var seen: Set<Int> = []
      return try numbers.filter { seen.insert($0).inserted }.map { number in
        guard let conflict = try Conflict.numbered(number, connection) else {
          throw AgoraError(
            .notFound, "there is no conflict \(number)", file: store,
            remedy: "agora conflicts list shows their numbers.")
        }
        guard conflict.status == "outstanding" else {
          throw AgoraError(
            .notFound, "conflict \(number) is settled already: \(conflict.status) was kept",
            file: store, remedy: "agora rollback takes the run that did it back.")
        }
        return conflict
      }
    }
  }
}
