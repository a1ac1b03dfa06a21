import AgoraStore

/// Brings the records of conflicts to where the decision wants them; the rows have v4's newest texts
/// already.
struct ConflictedRecords {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  // MARK: v5's side

  /// Leaves the records as they are, and notes what v4's rows would make of them: only a record that is
  /// just that is as imported.
  func keep(_ conflicts: [Conflict]) throws {
    let side = V4Side(connection)
    for conflict in conflicts where conflict.kind == .changed {
      let target = conflict.target
      guard let current = try target.read(conflict.v5ID, in: connection),
        // A record of another origin has no hash, and gets none.
        current.fields.last != .null, let expected = try side.record(of: conflict)
      else { continue }
      try target.note(expected, in: connection)
    }
  }

  // MARK: v4's side

  /// Makes the records of v4's rows once more, and removes those that v4 has no more.
  ///
  /// - Throws: ``AgoraError`` `refused` for a row that cannot be understood.
  func follow(_ conflicts: [Conflict], store: String) throws {
    // Every row stands where it stood: nothing was read that could have moved one.
    try connection.execute(
      """
      CREATE TEMP TABLE seen(main_row INTEGER PRIMARY KEY, file INTEGER, byte_offset INTEGER, ordinal INTEGER)
      """, name: "seen.create")
    let changed = conflicts.filter { $0.kind == .changed }
    try rebuildAgents(changed.filter { V4Schema.kind(of: $0.table).describesAgents })
    // Workflows first: a task's reference may depend on them.
    let records = changed.filter {
      let kind = V4Schema.kind(of: $0.table)
      return !kind.describesAgents && kind != .step
    }
    for conflict in records.filter({ $0.target.name == "workflows" })
      + records.filter({ $0.target.name != "workflows" })
    {
      do { try rebuild(conflict) } catch let rejection as Rejection {
        throw AgoraError(
          .refused,
          "v4's row \(conflict.v4ID) of \(conflict.table), conflict \(conflict.number), "
            + "does not pass: \(rejection.reason)", file: store,
          remedy: "Nothing was changed. Keep v5's record, or mend the row on v4 and export again.")
      }
    }
    try rebuildSteps(of: changed.filter { V4Schema.kind(of: $0.table) == .step })
    try remove(conflicts.filter { $0.kind == .gone })
    // What was made for a missing reference may be what an audit entry is about.
    try AuditRefresh(context).refresh()
    try connection.execute("DROP TABLE temp.seen", name: "seen.drop")
  }

  private func rebuildAgents(_ conflicts: [Conflict]) throws {
    var names: [String: String] = [:]
    for conflict in conflicts {
      names[conflict.v5ID] = try conflict.agentName(in: connection)
    }
    guard !names.isEmpty else { return }
    try AgentLoader(context, overwritesV5: true).rebuild(
      names.sorted { $0.key < $1.key }.map { (id: $0.key, name: $0.value) })
  }

  private static let placeStep = Query(
    "v4_steps.insert", "INSERT OR REPLACE INTO main.v4_steps(row, workflow_id) VALUES(?1,?2)")

  /// A step stands in its workflow, whose steps are all as v4 says then; the workflow's own fields stay.
  ///
  /// A step that was new to a workflow that v5 had changed leaves the archive for it. One that v5 has
  /// written stays where it is and says what v4 says.
  private func rebuildSteps(of conflicts: [Conflict]) throws {
    var workflows: Set<String> = []
    for conflict in conflicts {
      if BornOnV5.isGiven(conflict.v5ID) {
        if let step = try conflict.step(context)?.json {
          try BornSteps.follow(conflict.v5ID, step, in: connection)
        }
      } else if let place = try conflict.place(in: connection) {
        workflows.insert(place)
      } else if let place = try conflict.step(context)?.workflow {
        try connection.run(Self.placeStep, .integer(conflict.row), .text(place))
        try connection.run(RecordTable.archive.delete, .text(conflict.v5ID))
        workflows.insert(place)
      }
    }
    guard !workflows.isEmpty else { return }
    try StepLoader(context, overwritesV5: true).rebuild(workflows.sorted())
  }

  private func rebuild(_ conflict: Conflict) throws {
    guard let text = conflict.text else { return }
    let target = conflict.target
    let mapper = TableMapper(table: conflict.table, kind: V4Schema.kind(of: conflict.table))
    var record = try conflict.map(text, with: mapper, context)
    target.seal(&record)
    let isThere = try target.read(conflict.v5ID, in: connection) != nil
    try connection.statement(isThere ? target.update : target.insert).run(record)
    // The steps of a workflow stand in rows of their own, but for those of a configuration.
    if target.name == "workflows", conflict.parent == nil {
      try StepLoader(context, keepsBorn: false).rebuild([conflict.v5ID])
    }
  }

  private func remove(_ conflicts: [Conflict]) throws {
    guard !conflicts.isEmpty else { return }
    let sweep = DeletionSweep(context)
    var workflows: [GoneRow] = []
    for conflict in conflicts {
      let gone = GoneRow(
        row: conflict.row, v4ID: conflict.v4ID, v5ID: conflict.v5ID, table: conflict.table)
      if V4Schema.kind(of: conflict.table) == .step {
        if let place = try conflict.place(in: connection) {
          try WorkflowSteps.remove(conflict.v5ID, from: place, in: connection)
        }
        try sweep.drop(gone)
        continue
      }
      if conflict.target.name == "messages" {
        try UndoLog.removeReads(of: conflict.v5ID, run: context.run, in: connection)
      }
      if conflict.target.name == "workflows" { workflows.append(gone) }
      try sweep.delete(gone, from: conflict.target)
      try sweep.drop(gone)
    }
    try sweep.remove(workflows: workflows)
    try StubSweep(connection, source: context.source).sweep()
  }
}
