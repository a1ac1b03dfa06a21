public import AgoraStore

/// Takes the newest migration run back: the marketplace is what it was before, apart from what v5 agents
/// have written since and what does not depend on the run.
public struct Rollback {
  private let runID: String
  private let keepsNewer: Bool
  private let store: String
  private let clock: Clock

  /// Prepares a rollback.
  ///
  /// - Parameters:
  ///   - runID: the run; it must be the newest that has not been taken back.
  ///   - keepsNewer: whether what newer records depend on stays, instead of refusing for their sake.
  public init(_ runID: String, keepsNewer: Bool = false, store: String, clock: Clock = .system) {
    self.runID = runID
    self.keepsNewer = keepsNewer
    self.store = store
    self.clock = clock
  }

  /// What was done.
  public struct Report: Sendable {
    /// The run that was taken back.
    public let runID: String
    /// Rows that the run had brought and that are gone.
    public var removed = 0
    /// Rows that are again as they were before the run.
    public var restored = 0
    /// Records that stay for the sake of newer ones.
    public var kept: [String] = []

    /// The report as JSON.
    public var json: JSON {
      .object([
        .init("run_id", .string(runID)), .init("status", .string("rolled_back")),
        .init("removed", .int(removed)), .init("restored", .int(restored)),
        .init("kept", .array(kept.map { .string($0) })),
      ])
    }

    /// The report for people.
    public var text: String {
      var text = "Took back \(runID): \(removed) rows removed, \(restored) restored."
      if !kept.isEmpty {
        text += "\nKept for the sake of newer records: "
        text += kept.prefix(Rollback.shown).joined(separator: ", ")
        if kept.count > Rollback.shown {
          text += " and \(kept.count - Rollback.shown) more (--json lists all)"
        }
      }
      return text
    }
  }

  /// Takes the run back in one transaction.
  ///
  /// - Throws: ``AgoraError`` `not_found`, `refused` where a newer run is to go first or newer records
  ///   depend on this one, `locked`.
  public func run() throws -> Report {
    // Opened first, for its errors and to bring the schema up to date.
    _ = try Store(path: store)
    let lock = try RunLock(store: store, waits: false, clock: clock)
    return try withExtendedLifetime(lock) {
      do {
        let connection = try Connection(path: store, mode: .readWrite)
        try Pragmas.loading.apply(to: connection)
        return try connection.transaction { try takeBack(connection) }
      } catch let error as SQLiteError {
        throw AgoraError(error, store: store)
      }
    }
  }

  private func takeBack(_ connection: Connection) throws -> Report {
    let (run, madeStore) = try newestRun(connection)
    if madeStore { try claimEverything(run, connection) }
    try UndoLog.makeRoom(run: run, in: connection)
    let dependents = try Dependents(connection, run: run)
    try refuseTakenNames(run, connection)
    if !keepsNewer, !dependents.records.isEmpty {
      let count = dependents.records.count
      throw AgoraError(
        .refused,
        "\(count) newer \(count == 1 ? "record depends" : "records depend") on run \(runID)",
        file: store,
        remedy: "Nothing was changed. What they depend on is kept with --keep-newer.",
        details: Self.details(dependents.records, runID))
    }
    var report = Report(runID: runID)
    let merged = MergedAgents(connection)
    let pairs = try merged.takeBack(run: run)
    try RejectDismissal.keeping(in: connection) {
      for table in UndoLog.tables.reversed() {
        let outcome = try UndoLog.revert(
          table, run: run, keeping: "SELECT key FROM temp.kept WHERE table_name='\(table)'",
          in: connection)
        report.removed += outcome.removed
        report.restored += outcome.restored
      }
    }
    try UndoLog.revertReads(run: run, in: connection)
    try UndoLog.revertDependencies(in: connection)
    try merged.settle(pairs)
    report.kept = keepsNewer ? try dependents.keptRecords() : []
    try connection.run(
      Query(
        "migration_runs.roll_back", "UPDATE migration_runs SET status='rolled_back' WHERE run=?1"),
      .integer(run))
    return report
  }

  /// How many records a person is shown.
  private static let shown = 20

  private static func details(_ records: [Dependent], _ runID: String) -> AgoraError.Details {
    var lines = records.prefix(shown).map { TextTable.visible($0.text) }
    if records.count > shown {
      lines.append("… and \(records.count - shown) more; with --json all are listed")
    }
    return .init(
      lines: lines,
      members: [
        .init("run_id", .string(runID)),
        .init("newer_records", .array(records.map(\.json))),
      ])
  }

  /// An agent that the run took away cannot come back while somebody else has its name.
  ///
  /// - Throws: ``AgoraError`` `refused`.
  private func refuseTakenNames(_ run: Int64, _ connection: Connection) throws {
    let taken = try connection.all(
      Query(
        "undo_agents.taken",
        """
        SELECT DISTINCT a.agent_id, a.agent_name, u.agent_id FROM undo_agents u
          JOIN agents a ON a.agent_name=u.agent_name AND a.agent_id<>u.agent_id
        WHERE u.undo_run=?1 AND a.agent_id NOT IN (SELECT id FROM temp.going) ORDER BY a.agent_name
        """), .integer(run),
      map: {
        Dependent(
          table: "agents", id: $0.text(0), reason: .hasName, name: $0.text(1), on: [$0.text(2)])
      })
    guard !taken.isEmpty else { return }
    throw AgoraError(
      .refused,
      "\(taken.count) \(taken.count == 1 ? "agent has" : "agents have") the name of one that run "
        + "\(runID) had removed", file: store,
      remedy: "Nothing was changed. --keep-newer cannot help: two agents cannot have one name.",
      details: Self.details(taken, runID))
  }

  private func newestRun(_ connection: Connection) throws -> (Int64, madeStore: Bool) {
    let runs = try connection.all(
      Query(
        "migration_runs.newest",
        "SELECT run, run_id, status, made_store FROM migration_runs ORDER BY run DESC"),
      map: { (run: $0.int64(0), id: $0.text(1), status: $0.text(2), madeStore: $0.bool(3)) })
    guard let wanted = runs.first(where: { $0.id == runID }) else {
      throw AgoraError(
        .notFound, "there is no run \(runID)", file: store,
        remedy: "agora runs lists them.")
    }
    guard wanted.status != "rolled_back" else {
      throw AgoraError(.refused, "run \(runID) was taken back before", file: store)
    }
    guard let newest = runs.first(where: { $0.status != "rolled_back" }), newest.id == runID else {
      let newer = runs.first { $0.status != "rolled_back" }?.id ?? ""
      throw AgoraError(
        .refused, "run \(runID) is not the newest", file: store,
        remedy: "Take the newer ones back first: agora rollback \(newer)")
    }
    return (wanted.run, wanted.madeStore)
  }

  /// The run that the store began with recorded nothing: all that v4 gave is its work, now that no other
  /// run is left.
  private func claimEverything(_ run: Int64, _ connection: Connection) throws {
    for table in UndoLog.tables {
      let condition =
        switch table {
        case "agents": " WHERE agent_id IN (SELECT v5_id FROM v4_names)"
        case "workflows":
          " WHERE source_row IS NOT NULL OR workflow_id IN (SELECT v5_id FROM v4_names)"
        case "messages", "tasks", "events", "audit", "archive": " WHERE source_row IS NOT NULL"
        // What v5 learned later of who was who outlasts it.
        case "merged_agents": " WHERE 0"
        default: ""
        }
      try connection.execute(
        """
        INSERT INTO undo_\(table)(undo_run,undo_op,undo_key)
        SELECT \(run),'insert',rowid FROM \(table)\(condition)
        """, name: "undo.claim")
    }
  }
}
