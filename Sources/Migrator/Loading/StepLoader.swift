import AgoraStore

/// Puts the rows of `workflow_step` and `workflow_steps` into their workflows.
struct StepLoader {
  private let context: LoadContext
  /// Whether steps that were added on v5 stay in the workflows that are made anew.
  private let keepsBorn: Bool
  private var connection: Connection { context.connection }

  private let overwritesV5: Bool
  private let orphans = Orphans()

  /// Known steps that are refused once all are written.
  private final class Orphans { var rows: [RefusedRows.Orphan] = [] }

  /// - Parameters:
  ///   - keepsBorn: whether steps that were added on v5 stay.
  ///   - overwritesV5: whether steps that v5 has worked on are made of v4's rows all the same.
  init(_ context: LoadContext, keepsBorn: Bool = true, overwritesV5: Bool = false) {
    self.overwritesV5 = overwritesV5
    self.context = context
    self.keepsBorn = keepsBorn && context.hasStoredRows
  }

  private static let insertStep = Query(
    "steps.insert",
    """
    INSERT OR REPLACE INTO temp.steps(row, workflow_id, is_placed, place, rank, ordinal, json)
    VALUES(?1,?2,?3,?4,?5,?6,?7)
    """)
  private static let insertPlace = Query(
    "v4_steps.insert", "INSERT OR REPLACE INTO main.v4_steps(row, workflow_id) VALUES(?1,?2)")
  private static let setSteps = Query(
    "workflows.set_steps", "UPDATE workflows SET steps=?2 WHERE workflow_id=?1")

  func load(_ tables: [StagedTable]) throws {
    try begin()
    for table in tables { try stage(table) }
    try RefusedRows(context).settle()
    if context.isFollowing {
      try connection.execute(
        "INSERT OR IGNORE INTO temp.left_workflows SELECT id FROM temp.reordered",
        name: "steps.reordered")
    }
    if context.hasStoredRows {
      if context.hasKeptReferences { try returnArchived() }
      try addStoredSteps(tables)
    }
    try write()
    for table in tables { try context.keepRows(of: table) }
    try end()
    try RefusedRows(context).reject(orphans.rows)
  }

  /// Notes that a workflow has lost a step, for when the steps are loaded.
  func note(lost workflow: String) throws {
    try connection.run(
      Query("reordered.note", "INSERT OR IGNORE INTO temp.reordered VALUES(?1)"), .text(workflow))
  }

  /// Puts the steps that are left into workflows that have lost some.
  func rebuild(_ workflows: [String]) throws {
    try begin()
    for workflow in workflows {
      try connection.run(
        Query("steps.lost", "INSERT OR IGNORE INTO temp.left_workflows VALUES(?1)"),
        .text(workflow))
    }
    try addStoredSteps([])
    try write()
    try end()
    try RefusedRows(context).reject(orphans.rows)
  }

  private func begin() throws {
    try connection.execute(
      """
      CREATE TEMP TABLE steps(row INTEGER PRIMARY KEY, workflow_id TEXT, is_placed INTEGER,
        place INTEGER, rank INTEGER, ordinal INTEGER, json TEXT);
      -- Workflows that have lost a step to another one.
      CREATE TEMP TABLE left_workflows(workflow_id TEXT PRIMARY KEY);
      """, name: "steps.create")
  }

  private func end() throws {
    try connection.execute(
      "DROP TABLE temp.steps; DROP TABLE temp.left_workflows", name: "steps.drop")
  }

  private func stage(_ table: StagedTable) throws {
    try context.scan(table) { row in
      let stored = try context.replaced(by: row)
      if row.isBornOnV5 { return try join(row, table, stored: stored) }
      let step = try map(row, table)
      guard let workflow = step.workflow else { return try archive(row, table, stored: stored) }
      if try isChangedOnV5(workflow) || isChangedOnV5(place(of: stored)) {
        return try leave(row, table, step, stored: stored)
      }
      if stored != nil, try place(of: stored) == nil {
        // It had no workflow to stand in until now.
        try connection.run(RecordTable.archive.delete, .text(row.v5IDText))
      }
      try add(step, to: workflow, table, as: stored ?? row.row, ordinal: row.ordinal)
      if let stored {
        context.ledger[table.name].updated += 1
        try context.adopt(row, into: stored)
      } else {
        context.ledger[table.name].merged += 1
      }
    }
  }

  /// A step that v5 has written is an element of its workflow already, and stays what v5 has made of it;
  /// where v4 says something else by now it is a conflict.
  private func join(_ row: StagedRow, _ table: StagedTable, stored: Int64?) throws {
    var json: [UInt8] = []
    let place = try table.mapper.mapStep(
      id: row.v5ID, context.expectedReferences(), into: &json
    ).workflow
    let found = try context.steps.born(row.v5IDText, near: place)
    let agrees = try found.map { try WorkflowSteps.differences(JSON.parse(json), $0).isEmpty }
    guard let stored else {
      if agrees == false { try context.conflict(row, table, stored: row.row) }
      context.ledger[table.name].merged += 1
      return
    }
    context.ledger[table.name].unchanged += 1
    guard agrees == false else { return try context.adopt(row, into: stored) }
    try context.conflict(row, table, stored: stored)
    try context.drop(row.row)
  }

  /// A step whose workflow does not exist and is not to be made is kept whole.
  private func archive(_ row: StagedRow, _ table: StagedTable, stored: Int64?) throws {
    try StepArchive(connection).keep(row, table, as: stored ?? row.row)
    guard let stored else {
      context.ledger[table.name].imported += 1
      return
    }
    try leavePlace(stored)
    context.ledger[table.name].updated += 1
    try context.adopt(row, into: stored)
  }

  /// Takes a step out of the workflow that it stands in, if any.
  private func leavePlace(_ stored: Int64) throws {
    try connection.run(Self.leaveWorkflow, .integer(stored))
    try connection.run(Self.removePlace, .integer(stored))
  }

  private static let leaveWorkflow = Query(
    "steps.leave",
    """
    INSERT OR IGNORE INTO temp.left_workflows
    SELECT workflow_id FROM main.v4_steps WHERE row=?1
    """)
  private static let removePlace = Query(
    "v4_steps.remove", "DELETE FROM main.v4_steps WHERE row=?1")

  /// The steps of a workflow that v5 has worked on stand: a change of one is a conflict, unless v5 has made
  /// the same, and a new one is kept whole beside them and listed.
  private func leave(
    _ row: StagedRow, _ table: StagedTable, _ step: MappedStep, stored: Int64?
  ) throws {
    guard let stored else {
      try archive(row, table, stored: nil)
      return try context.conflict(row, table, stored: row.row)
    }
    context.ledger[table.name].unchanged += 1
    if let place = try place(of: stored), let workflow = step.workflow, place == workflow,
      let found = try context.steps.element(row.v5IDText, of: place),
      WorkflowSteps.differences(try JSON.parse(step.json), found).isEmpty
    {
      return try context.adopt(row, into: stored)
    }
    try context.conflict(row, table, stored: stored)
    try context.drop(row.row)
  }

  /// A step before it stands in its workflow.
  private struct MappedStep {
    /// nil where the reference was kept empty.
    let workflow: [UInt8]?
    let order: Int64?
    let json: [UInt8]
  }

  /// The step that the table's mapper has in hand.
  private func map(
    _ row: StagedRow, _ table: StagedTable, _ references: ReferenceResolver? = nil
  ) throws -> MappedStep {
    var json: [UInt8] = []
    let step = try table.mapper.mapStep(
      id: row.v5ID, references ?? context.references, into: &json)
    return MappedStep(workflow: step.workflow, order: step.order, json: json)
  }

  /// A stored step that stands in a workflow; nil where it is refused by now.
  ///
  /// Where it came in under other options or a newer text of it is still to be loaded, it stays as it is.
  private func mapStored(
    _ row: StagedRow, _ table: StagedTable, in place: [UInt8]
  ) throws -> MappedStep? {
    let refused = RefusedRows(context)
    do {
      if try !context.isPending(row.row) { return try map(row, table) }
    } catch let rejection as Rejection where refused.rejectsKnown {
      let orphan = RefusedRows.Orphan(row: row.row, rejection: rejection)
      if try refused.isToGo(orphan) {
        orphans.rows.append(orphan)
        return nil
      }
      // It stays, and an agent of a name that nobody bears is not the one who bore it before.
      do { return try map(row, table, try context.references.makingStubs()) } catch is Rejection {}
    } catch is Rejection {}
    guard let found = try context.steps.element(row.v5IDText, of: place) else { return nil }
    return MappedStep(
      workflow: place, order: found["order"]?.integer.map(Int64.init),
      json: Array(JSONWriter.compact(found).utf8))
  }

  /// Steps that were kept whole for want of a workflow stand in it when it has come.
  private func returnArchived() throws {
    try StepArchive(connection).each(context) { row, table in
      guard let step = try? map(row, table), let workflow = step.workflow,
        try !isChangedOnV5(workflow)
      else { return }
      try connection.run(RecordTable.archive.delete, .text(row.v5IDText))
      try add(step, to: workflow, table, as: row.row, ordinal: row.ordinal)
    }
  }

  private static let placeOf = Query(
    "v4_steps.place", "SELECT workflow_id FROM main.v4_steps WHERE row=?1")

  /// The workflow that a stored row's step stands in.
  private func place(of stored: Int64?) throws -> [UInt8]? {
    guard let stored else { return nil }
    return try connection.first(Self.placeOf, .integer(stored), map: { $0.bytes(0) })
  }

  /// Whether v5 has worked on a workflow, so that its steps are not to be touched.
  private func isChangedOnV5(_ workflow: [UInt8]?) throws -> Bool {
    guard let workflow, context.hasStoredRows, !overwritesV5 else { return false }
    return try WorkflowSteps.areChangedOnV5(
      of: String(decoding: workflow, as: UTF8.self), in: connection)
  }

  /// Adds a step to its workflow.
  private func add(
    _ step: MappedStep, to workflow: [UInt8], _ table: StagedTable, as stored: Int64, ordinal: Int64
  ) throws {
    var record = Record()
    record.integer(stored)
    record.text(workflow)
    record.integer(step.order == nil ? 0 : 1)
    record.integer(step.order)
    record.integer(table.rank)
    record.integer(ordinal)
    record.text(step.json)
    try connection.statement(Self.insertStep).run(record)
    if context.hasStoredRows {
      try connection.run(
        Query(
          "steps.left",
          """
          INSERT OR IGNORE INTO temp.left_workflows
          SELECT workflow_id FROM main.v4_steps WHERE row=?1 AND workflow_id<>?2
          """), .integer(stored), .text(String(decoding: workflow, as: UTF8.self)))
    }
    record.reset()
    record.integer(stored)
    record.text(workflow)
    try connection.statement(Self.insertPlace).run(record)
  }

  /// The steps that the touched workflows had before stand beside the new ones, each in the workflow that
  /// its row means now: where workflows came or went, that may be another one of them.
  private func addStoredSteps(_ tables: [StagedTable]) throws {
    var byNumber = Dictionary(uniqueKeysWithValues: tables.map { ($0.number, $0) })
    // A workflow that gets a step from another one is touched by it.
    while try addStoredSteps(&byNumber) {}
  }

  /// One look at the touched workflows; true where a step has gone to another one.
  private func addStoredSteps(_ tables: inout [Int64: StagedTable]) throws -> Bool {
    var hasMoved = false
    try connection.execute(
      """
      CREATE TEMP TABLE stored_steps AS SELECT s.row, s.workflow_id FROM main.v4_steps s
      WHERE s.workflow_id IN (
          SELECT workflow_id FROM temp.steps UNION SELECT workflow_id FROM temp.left_workflows)
        AND s.row NOT IN (SELECT row FROM temp.steps)
      """, name: "stored_steps.collect")
    defer { try? connection.execute("DROP TABLE temp.stored_steps", name: "stored_steps.drop") }
    try connection.each(
      Query(
        "v4_steps.beside",
        """
        SELECT r.row, r.v4_id, r.epoch, r.v5_id, r.file, r.byte_offset, r.ordinal, r.shape, r.parent,
          r.text, r.table_no, t.name, s.workflow_id
        FROM temp.stored_steps s JOIN main.v4_rows r USING(row) JOIN main.v4_tables t USING(table_no)
        """)
    ) { result in
      let number = result.int64(10)
      let table =
        tables[number]
        ?? StagedTable(number: number, source: context.source, name: result.text(11))
      tables[number] = table
      let row = LoadContext.stagedRow(result)
      let place = result.bytes(12)
      guard try !isChangedOnV5(place) else { return }
      let columns = try context.columns(row.shape)
      try result.withBytes(9) {
        try table.mapper.loadStored($0, columns: columns, row: row.row)
      }
      guard let step = try mapStored(row, table, in: place) else { return }
      guard step.workflow != nil else {
        // No stub is to be made in the place of what is gone.
        try StepArchive(connection).keep(row, table, as: row.row)
        return try leavePlace(row.row)
      }
      let meant = try isChangedOnV5(step.workflow) ? nil : step.workflow
      if let meant, meant != place { hasMoved = true }
      try add(step, to: meant ?? place, table, as: row.row, ordinal: row.ordinal)
    }
    return hasMoved
  }

  /// Writes each touched workflow's steps: in `step_order`, then those without one, in the order of
  /// appearance.
  private func write() throws {
    var current: [UInt8] = []
    var steps: [UInt8] = []
    let update = try connection.statement(Self.setSteps)
    var record = Record()
    func flush() throws {
      guard !current.isEmpty else { return }
      if keepsBorn { try appendBorn(current, to: &steps) }
      record.reset()
      record.text(current)
      record.text { bytes in
        bytes.append(0x5b)
        bytes.append(contentsOf: steps)
        bytes.append(0x5d)
      }
      try update.run(record)
    }
    let left =
      keepsBorn
      ? """
      (SELECT json_group_array(json(j.value)) FROM json_each(workflows.steps) j
        WHERE \(BornOnV5.condition(on: "json_extract(j.value,'$.step_id')")))
      """ : "'[]'"
    try connection.execute(
      """
      UPDATE workflows SET steps=\(left) WHERE workflow_id IN (
        SELECT workflow_id FROM temp.left_workflows EXCEPT SELECT workflow_id FROM temp.steps)
        \(overwritesV5 ? "" : "AND source_hash IS NOT 0")
      """, name: "workflows.without_steps")
    try connection.each(
      Query(
        "steps.ordered",
        """
        SELECT workflow_id, json FROM temp.steps
        ORDER BY workflow_id, is_placed DESC, place, rank, ordinal, row
        """)
    ) { result in
      let workflow = result.bytes(0)
      if workflow != current {
        try flush()
        current = workflow
        steps.removeAll(keepingCapacity: true)
      } else {
        steps.append(0x2c)
      }
      result.withBytes(1) { steps.append(copying: $0) }
    }
    try flush()
  }

  /// Appends the steps that were added to a workflow on v5, behind those of its rows.
  private func appendBorn(_ workflow: [UInt8], to steps: inout [UInt8]) throws {
    let id = String(decoding: workflow, as: UTF8.self)
    for step in try WorkflowSteps.elements(of: id, in: connection) {
      guard let id = step["step_id"]?.text, BornOnV5.isGiven(id) else { continue }
      if !steps.isEmpty { steps.append(0x2c) }
      JSONWriter.write(step, into: &steps)
    }
  }
}
