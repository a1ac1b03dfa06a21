import AgoraStore

/// Puts the rows of `workflow_step` and `workflow_steps` into their workflows.
struct StepLoader {
  private let context: LoadContext
  /// Whether steps that were added on v5 stay in the workflows that are made anew.
  private let keepsBorn: Bool
  private var connection: Connection { context.connection }

  private let overwritesV5: Bool

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
  /// A v5 tool takes the hash of a workflow away when it changes it, since steps are not in the hash.
  private static let isChangedOnV5 = Query(
    "workflows.changed_on_v5",
    "SELECT EXISTS(SELECT 1 FROM workflows WHERE workflow_id=?1 AND source_hash=0)")

  func load(_ tables: [StagedTable]) throws {
    try begin()
    for table in tables { try stage(table) }
    if context.hasStoredRows { try addStoredSteps(tables) }
    try write()
    for table in tables { try context.keepRows(of: table) }
    try end()
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
      switch try add(row, table, as: stored ?? row.row, ordinal: row.ordinal) {
      case .added: break
      case .noWorkflow: return try archive(row, table, stored: stored)
      case .changedOnV5:
        // The steps that v5 has worked on stand; a new one of v4 is kept whole beside them.
        guard let stored else { return try archive(row, table, stored: nil) }
        try context.conflict(row, table, stored: stored)
        context.ledger[table.name].unchanged += 1
        return try context.drop(row.row)
      }
      if let stored {
        context.ledger[table.name].updated += 1
        try context.adopt(row, into: stored)
      } else {
        context.ledger[table.name].merged += 1
      }
    }
  }

  /// A step that v5 has written is an element of its workflow already, and stays what v5 has made of it.
  private func join(_ row: StagedRow, _ table: StagedTable, stored: Int64?) throws {
    if let stored {
      context.ledger[table.name].unchanged += 1
      try context.adopt(row, into: stored)
      return
    }
    context.ledger[table.name].merged += 1
  }

  /// A step whose workflow does not exist and is not to be made is kept whole.
  private func archive(_ row: StagedRow, _ table: StagedTable, stored: Int64?) throws {
    var record = Record()
    record.text(row.v5ID)
    record.text(table.name)
    record.text(row.v4ID)
    record.text { table.mapper.row.appendObject(to: &$0) }
    record.integer(stored ?? row.row)
    RecordTable.archive.seal(&record)
    if let stored {
      try connection.statement(RecordTable.archive.update).run(record)
      context.ledger[table.name].updated += 1
      return try context.adopt(row, into: stored)
    }
    try connection.statement(RecordTable.archive.insert).run(record)
    context.ledger[table.name].imported += 1
  }

  /// What came of a step that was to stand in its workflow.
  private enum Placement {
    case added, noWorkflow, changedOnV5
  }

  /// Adds the step that the table's mapper has in hand, where its workflow takes it.
  private func add(
    _ row: StagedRow, _ table: StagedTable, as stored: Int64, ordinal: Int64
  ) throws -> Placement {
    var json: [UInt8] = []
    let step = try table.mapper.mapStep(id: row.v5ID, context.references, into: &json)
    guard let workflow = step.workflow else { return .noWorkflow }
    if context.hasStoredRows, !overwritesV5 {
      let id = SQLValue.text(String(decoding: workflow, as: UTF8.self))
      guard try connection.integer(Self.isChangedOnV5, id) == 0 else { return .changedOnV5 }
    }
    var record = Record()
    record.integer(stored)
    record.text(workflow)
    record.integer(step.order == nil ? 0 : 1)
    record.integer(step.order)
    record.integer(table.rank)
    record.integer(ordinal)
    record.text(json)
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
    return .added
  }

  /// The steps that the touched workflows had before stand beside the new ones.
  private func addStoredSteps(_ tables: [StagedTable]) throws {
    let byNumber = Dictionary(uniqueKeysWithValues: tables.map { ($0.number, $0) })
    var others: [Int64: StagedTable] = [:]
    var pending: [(row: StagedRow, table: StagedTable, text: [UInt8])] = []
    try connection.each(
      Query(
        "v4_steps.beside",
        """
        SELECT r.row, r.v4_id, r.epoch, r.v5_id, r.file, r.byte_offset,
          coalesce(p.ordinal, r.ordinal), r.shape, r.parent, r.text, r.table_no, t.name
        FROM main.v4_steps s JOIN main.v4_rows r USING(row) JOIN main.v4_tables t USING(table_no)
          LEFT JOIN temp.seen p ON p.main_row=r.row
        WHERE s.workflow_id IN (
            SELECT workflow_id FROM temp.steps UNION SELECT workflow_id FROM temp.left_workflows)
          AND s.row NOT IN (SELECT row FROM temp.steps)
        """)
    ) { result in
      let number = result.int64(10)
      let table =
        byNumber[number] ?? others[number]
        ?? StagedTable(number: number, source: context.source, name: result.text(11))
      others[number] = table
      pending.append((LoadContext.stagedRow(result), table, result.bytes(9)))
    }
    for (row, table, text) in pending {
      try table.mapper.loadStored(
        text.span, columns: try context.columns(row.shape), row: row.row)
      _ = try add(row, table, as: row.row, ordinal: row.ordinal)
    }
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

  private static let stepsOf = Query(
    "workflows.steps", "SELECT steps FROM workflows WHERE workflow_id=?1")

  /// Appends the steps that were added to a workflow on v5, behind those of its rows.
  private func appendBorn(_ workflow: [UInt8], to steps: inout [UInt8]) throws {
    let id = String(decoding: workflow, as: UTF8.self)
    let stored = try connection.first(Self.stepsOf, .text(id), map: { $0.text(0) })
    for step in (try? JSON.parse(stored ?? "[]"))?.elements ?? [] {
      guard let id = step["step_id"]?.text, BornOnV5.isGiven(id) else { continue }
      if !steps.isEmpty { steps.append(0x2c) }
      JSONWriter.write(step, into: &steps)
    }
  }
}
