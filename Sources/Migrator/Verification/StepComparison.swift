import AgoraStore

/// Holds the steps of workflows against their rows.
struct StepComparison {
  private let context: LoadContext
  private let findings: RecordComparison
  private var connection: Connection { context.connection }

  init(_ context: LoadContext, _ findings: RecordComparison) {
    self.context = context
    self.findings = findings
  }

  private static let workflowOfStep = Query(
    "workflows.of_step",
    "SELECT w.workflow_id FROM v4_steps s JOIN workflows w USING(workflow_id) WHERE s.row=?1")

  func compare() throws {
    for table in context.tables where table.kind == .step {
      try findings.eachKnownRow(of: table) { row, id in
        let place = try connection.first(
          Self.workflowOfStep, .integer(row.row), map: { $0.text(0) })
        guard let workflow = place else {
          // A step that v5 has written stands in its workflow as v5 has it.
          if row.isBornOnV5 { return }
          guard let found = try RecordTable.archive.read(id, in: connection) else {
            return findings.missing(table.name, row.v4ID, id)
          }
          let expected = StepArchive.record(row, table.mapper, as: row.row)
          return try findings.differ(
            table.name, row.v4ID, id, RecordComparison.differences(expected, found, .archive))
        }
        guard let found = try context.steps.element(id, of: workflow) else {
          return try findings.absent(table.name, row.v4ID, id, in: workflow)
        }
        var fields = try differences(row, table, found, context.references)
        for references in fields.isEmpty ? [] : try findings.otherReferences()
        where try differences(row, table, found, references).isEmpty { fields = [] }
        try findings.differ(table.name, row.v4ID, id, in: workflow, fields)
      }
    }
    if context.tables.contains(where: { $0.kind == .step }) { try compareOrder() }
  }

  // MARK: order

  private static let inOrder = Query(
    "v4_steps.in_order",
    """
    SELECT p.workflow_id, r.v5_id FROM main.v4_steps p JOIN main.v4_rows r USING(row)
      JOIN main.v4_tables t USING(table_no)
    WHERE t.source=?1 ORDER BY p.workflow_id, t.name<>'workflow_step', r.ordinal, r.row
    """)

  /// Holds the order of steps against that of the rows as the last import had them: first those that ask for
  /// a place, by it.
  ///
  /// Only the steps of one workflow are held at a time.
  private func compareOrder() throws {
    var current = ""
    var rows: [String] = []
    try connection.each(Self.inOrder, .text(context.source)) { result in
      let workflow = result.text(0)
      if workflow != current {
        try compareOrder(of: current, rows)
        current = workflow
        rows.removeAll(keepingCapacity: true)
      }
      rows.append(result.text(1))
    }
    try compareOrder(of: current, rows)
  }

  private func compareOrder(of workflow: String, _ rows: [String]) throws {
    guard rows.count > 1 else { return }
    // What is missing, doubled or written on v5 has no place here.
    var orders: [String: Int?] = [:]
    var found: [String] = []
    for step in try WorkflowSteps.elements(of: workflow, in: connection) {
      guard let id = step["step_id"]?.text, orders[id] == nil else { continue }
      orders[id] = .some(step["order"]?.integer)
      found.append(id)
    }
    let ids = Set(rows)
    found.removeAll { !ids.contains($0) }
    let there = rows.filter { orders[$0] != nil }
    let placed = there.enumerated().compactMap { index, id in
      orders[id].flatMap { $0 }.map { (order: $0, index: index, id: id) }
    }.sorted { ($0.order, $0.index) < ($1.order, $1.index) }
    let expected = placed.map(\.id) + there.filter { orders[$0].flatMap { $0 } == nil }
    guard expected != found else { return }
    let (table, v4ID) = try name(of: workflow)
    try findings.differ(
      table, v4ID, workflow,
      [("steps", .array(expected.map { .string($0) }), .array(found.map { .string($0) }))])
  }

  private static let row = Query(
    "workflows.row",
    """
    SELECT t.name, r.v4_id FROM main.workflows w JOIN main.v4_rows r ON r.row=w.source_row
      JOIN main.v4_tables t USING(table_no) WHERE w.workflow_id=?1
    """)
  private static let stubName = Query(
    "v4_names.of_workflow", "SELECT name FROM main.v4_names WHERE v5_id=?1 AND kind='workflow'")

  /// What a workflow is in v4: its table and id.
  private func name(of workflow: String) throws -> (table: String, v4ID: String) {
    if let row = try connection.first(
      Self.row, .text(workflow), map: { ($0.text(0), $0.text(1)) })
    {
      return row
    }
    let name = try connection.first(Self.stubName, .text(workflow), map: { $0.text(0) })
    return (WorkflowEpochs.coordinationTable, name ?? workflow)
  }

  // MARK: fields

  /// In what a step differs from what its row makes.
  private func differences(
    _ row: StagedRow, _ table: StagedTable, _ found: JSON, _ references: ReferenceResolver
  ) throws -> [(name: String, expected: JSON, found: JSON)] {
    var json: [UInt8] = []
    _ = try table.mapper.mapStep(id: row.v5ID, references, into: &json)
    let expected = try JSON.parse(json)
    let names = (expected.members ?? []).map(\.name)
    let others = (found.members ?? []).map(\.name).filter { !names.contains($0) }
    return (names + others).compactMap { name in
      let (one, other) = (expected[name] ?? .null, found[name] ?? .null)
      return one == other ? nil : (name, one, other)
    }
  }
}
