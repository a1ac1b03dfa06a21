import AgoraStore

/// Brings the records of conflicts to where the decision wants them; the rows have v4's newest texts
/// already.
struct ConflictedRecords {
  private let context: LoadContext
  private let decided: DecidedSteps
  private let store: String
  private var connection: Connection { context.connection }

  /// - Parameter decided: what has v5's own work follow.
  init(_ context: LoadContext, _ decided: DecidedSteps, store: String) {
    self.context = context
    self.decided = decided
    self.store = store
  }

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

  /// Makes the records of v4's rows once more, and removes those that v4 has no more; what v5 had begun
  /// with them follows.
  ///
  /// - Throws: ``AgoraError`` `refused` for a row that cannot be understood.
  func follow(_ conflicts: [Conflict]) throws {
    // Every row stands where it stood: nothing was read that could have moved one.
    try connection.execute(
      """
      CREATE TEMP TABLE seen(main_row INTEGER PRIMARY KEY, file INTEGER, byte_offset INTEGER, ordinal INTEGER)
      """, name: "seen.create")
    let changed = conflicts.filter { $0.kind == .changed }
    try rebuildAgents(changed.filter { V4Schema.kind(of: $0.table).describesAgents })
    // Steps have their places before their workflows are made, which are made of all of them.
    let steps = try place(changed.filter { V4Schema.kind(of: $0.table) == .step })
    // Workflows first: a task's reference may depend on them.
    let records = changed.filter {
      let kind = V4Schema.kind(of: $0.table)
      return !kind.describesAgents && kind != .step
    }
    let workflows = records.filter { $0.target.name == "workflows" }
    for conflict in workflows + records.filter({ $0.target.name != "workflows" }) {
      try refusing(conflict) { try rebuild(conflict) }
    }
    let remade = Set(workflows.map(\.v5ID))
    for (workflow, steps) in steps.sorted(by: { $0.key < $1.key })
    where !remade.contains(workflow) { try decided.put(steps, into: workflow) }
    try remove(conflicts.filter { $0.kind == .gone }, remade: remade)
    try decided.settle()
    // What was made for a missing reference may be what an audit entry is about.
    try AuditRefresh(context).refresh()
    try connection.execute("DROP TABLE temp.seen", name: "seen.drop")
  }

  /// Says of which conflict a row is that does not pass.
  private func refusing<Result>(_ conflict: Conflict, _ body: () throws -> Result) throws -> Result
  {
    do { return try body() } catch let rejection as Rejection {
      throw AgoraError(
        .refused,
        "v4's row \(conflict.v4ID) of \(conflict.table), conflict \(conflict.number), "
          + "does not pass: \(rejection.reason)", file: store,
        remedy: "Nothing was changed. Keep v5's record, or mend the row on v4 and export again.")
    }
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

  // MARK: steps

  private static let placeStep = Query(
    "v4_steps.insert", "INSERT OR REPLACE INTO main.v4_steps(row, workflow_id) VALUES(?1,?2)")

  /// The steps as they are to be, by their workflows.
  ///
  /// One that was new to a workflow that v5 had changed leaves the archive for it. One that v5 has written
  /// stays where it is, and says of itself what v4 says.
  private func place(_ conflicts: [Conflict]) throws -> [String: [JSON]] {
    var steps: [String: [JSON]] = [:]
    for conflict in conflicts {
      guard let said = try refusing(conflict, { try conflict.step(context) }) else { continue }
      if BornOnV5.isGiven(conflict.v5ID) {
        guard let workflow = try context.steps.workflow(ofBorn: conflict.v5ID),
          let step = try context.steps.element(conflict.v5ID, of: workflow)
        else { continue }
        steps[workflow, default: []].append(WorkflowSteps.step(step, as: said.json))
      } else if let workflow = try conflict.place(context) {
        steps[workflow, default: []].append(said.json)
      } else if let workflow = said.workflow {
        try connection.run(Self.placeStep, .integer(conflict.row), .text(workflow))
        try connection.run(RecordTable.archive.delete, .text(conflict.v5ID))
        steps[workflow, default: []].append(said.json)
      }
    }
    return steps
  }

  // MARK: records

  private func rebuild(_ conflict: Conflict) throws {
    guard let text = conflict.text else { return }
    let target = conflict.target
    let mapper = TableMapper(table: conflict.table, kind: V4Schema.kind(of: conflict.table))
    var record = try conflict.map(text, with: mapper, context)
    let current = try target.read(conflict.v5ID, in: connection)
    if let current, BornOnV5.isGiven(conflict.v5ID) {
      return try rebuild(current, as: record, target, conflict)
    }
    target.seal(&record)
    let isWorkflow = target.name == "workflows"
    let begun = isWorkflow ? try decided.tasks(ofSteps: conflict.v5ID) : []
    try connection.statement(current == nil ? target.insert : target.update).run(record)
    if isWorkflow {
      // The steps of a workflow stand in rows of their own, but for those of a configuration.
      if conflict.parent == nil {
        try StepLoader(context, keepsBorn: false).rebuild([conflict.v5ID])
      }
      try decided.handBack(conflict.v5ID, tasks: begun)
    } else if target.name == "tasks" {
      try decided.follow(task: conflict.v5ID)
    }
  }

  /// A record that v5 has written says what v4 says of it; what v4 cannot say stays, and it stays v5's own.
  private func rebuild(
    _ current: Record, as v4: Record, _ target: RecordTable, _ conflict: Conflict
  ) throws {
    let unsaid = target.unsaid
    let said = Set(target.content.filter { !unsaid.contains(target.columns[$0]) })
    var record = Record()
    for column in target.columns.indices {
      record.append(said.contains(column) ? v4.value(column) : current.value(column))
    }
    try connection.statement(target.update).run(record)
    switch target.name {
    case "workflows": try decided.follow(workflow: conflict.v5ID)
    case "tasks": try decided.follow(task: conflict.v5ID)
    default: break
    }
  }

  // MARK: what is gone

  /// Takes steps out of their workflows, those of one workflow at once.
  private func removeSteps(
    _ conflicts: [Conflict], remade: Set<String>, _ sweep: DeletionSweep
  ) throws {
    var steps: [(place: String, ids: [String])] = []
    var places: [String: Int] = [:]
    for conflict in conflicts {
      guard let place = try conflict.place(context) else { continue }
      if let known = places[place] {
        steps[known].ids.append(conflict.v5ID)
      } else {
        places[place] = steps.count
        steps.append((place, [conflict.v5ID]))
      }
    }
    for (place, ids) in steps {
      if remade.contains(place) {
        try WorkflowSteps.remove(ids, from: place, in: connection)
      } else {
        try decided.remove(ids, from: place)
      }
    }
    for conflict in conflicts { try sweep.drop(conflict.gone) }
  }

  /// - Parameter remade: the workflows that are v4's again already.
  private func remove(_ conflicts: [Conflict], remade: Set<String>) throws {
    guard !conflicts.isEmpty else { return }
    let sweep = DeletionSweep(context)
    var workflows: [GoneRow] = []
    var begun: [String] = []
    try removeSteps(
      conflicts.filter { V4Schema.kind(of: $0.table) == .step }, remade: remade, sweep)
    for conflict in conflicts where V4Schema.kind(of: conflict.table) != .step {
      let gone = conflict.gone
      switch conflict.target.name {
      case "messages":
        try UndoLog.removeReads(of: conflict.v5ID, run: context.run, in: connection)
      case "tasks": try decided.forget(conflict.v5ID)
      case "workflows":
        begun += try decided.tasks(ofSteps: conflict.v5ID)
        try StepLoader(context, keepsBorn: false, overwritesV5: true).rebuild([conflict.v5ID])
        workflows.append(gone)
      default: break
      }
      try sweep.delete(gone, from: conflict.target)
      try sweep.drop(gone)
    }
    try decided.fail(begun)
    try sweep.remove(workflows: workflows)
    for workflow in workflows { try decided.handBack(workflow.v5ID, tasks: []) }
    try StubSweep(connection, source: context.source).sweep()
  }
}

extension Conflict {
  /// The row of a conflict as one that v4 has no more.
  fileprivate var gone: GoneRow { GoneRow(row: row, v4ID: v4ID, v5ID: v5ID, table: table) }
}
