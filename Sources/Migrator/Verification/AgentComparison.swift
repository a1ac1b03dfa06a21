import AgoraStore

/// Holds agents against the rows that describe them, and stubs against what a stub is.
struct AgentComparison {
  private let context: LoadContext
  private let findings: RecordComparison
  private var connection: Connection { context.connection }

  init(_ context: LoadContext, _ findings: RecordComparison) {
    self.context = context
    self.findings = findings
  }

  func compare() throws {
    let names = Query(
      "v4_names.agents",
      "SELECT name, v5_id, origin FROM v4_names WHERE source=?1 AND kind='agent' AND origin<>'alias' ORDER BY name"
    )
    for (name, id, origin) in try connection.all(
      names, .text(context.source), map: { ($0.text(0), $0.text(1), $0.text(2)) })
    {
      guard let found = try RecordTable.agents.read(id, in: connection) else {
        findings.missing("agent", name, id)
        continue
      }
      let expected = origin == "stub" ? stub(id, name) : try described(id, name)
      guard let expected else { continue }
      var fields = RecordComparison.differences(expected, found, .agents)
      // An agent that v5 knew before keeps what it had, and more was given to it.
      if found.fields.last == .null, origin != "stub" {
        fields.removeAll { ["capabilities", "metadata", "status"].contains($0.name) }
      }
      try findings.differ("agent", name, id, fields)
    }
  }

  private func stub(_ id: String, _ name: String) -> Record {
    var record = Record()
    record.text(id)
    record.text(name)
    record.text("basic")
    record.text("active")
    record.null()
    record.null()
    record.text("[]")
    record.null()
    record.text("{\"migration_source\":\"v4\",\"stub\":true}")
    return record
  }

  private static let rows = Query(
    "v4_rows.of_agent",
    """
    SELECT r.row, r.text, r.shape, t.name FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
    WHERE r.v5_id=?1 AND r.joined IS NOT NULL
    ORDER BY \(StagedTable.agentRankSQL),
      r.ordinal, r.row
    """)

  /// The agent that its rows make; nil where it has none here.
  private func described(_ id: String, _ name: String) throws -> Record? {
    var profile = AgentProfile(id: id, name: name)
    var supervisor: String?
    try connection.each(Self.rows, .text(id)) { result in
      let table = result.text(3)
      let mapper = TableMapper(table: table, kind: V4Schema.kind(of: table))
      let columns = try context.columns(result.optionalInt64(2))
      try result.withBytes(1) {
        try mapper.loadStored($0, columns: columns, row: result.int64(0))
      }
      guard let facts = try? mapper.mapAgent() else { return }
      profile.add(facts, kind: mapper.kind)
      supervisor = facts.supervisor ?? supervisor
    }
    guard profile.rows > 0 else { return nil }
    var record = Record()
    profile.write(to: &record)
    guard let supervisor, let above = try context.references.agent(named: supervisor) else {
      return record
    }
    // The supervisor was added when all agents were there, at the end.
    let metadata = (record.string(8) ?? "{}").dropLast()
    var withSupervisor = Record()
    for column in 0..<8 { withSupervisor.append(record.value(column)) }
    withSupervisor.text(
      metadata + ",\"supervisor\":\"\(String(decoding: above, as: UTF8.self))\"}")
    return withSupervisor
  }
}

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
    "SELECT w.steps, w.workflow_id FROM v4_steps s JOIN workflows w USING(workflow_id) WHERE s.row=?1"
  )

  func compare() throws {
    for table in context.tables where table.kind == .step {
      try findings.eachKnownRow(of: table) { row, id in
        var json: [UInt8] = []
        _ = try table.mapper.mapStep(id: row.v5ID, context.references, into: &json)
        let expected = try JSON.parse(json)
        let place = try connection.first(
          Self.workflowOfStep, .integer(row.row), map: { ($0.text(0), $0.text(1)) })
        guard let (steps, workflow) = place else {
          if try RecordTable.archive.read(id, in: connection) == nil {
            findings.missing(table.name, row.v4ID, id)
          }
          return
        }
        let found = (try? JSON.parse(steps))?.elements?.first { $0["step_id"]?.text == id }
        guard let found else {
          // One that v5 has removed is a change of its workflow.
          return try findings.differ(
            table.name, row.v4ID, id, [(name: "step_id", expected: .string(id), found: .null)],
            changing: workflow)
        }
        let names = (expected.members ?? []).map(\.name)
        let others = (found.members ?? []).map(\.name).filter { !names.contains($0) }
        let fields = (names + others).compactMap {
          name -> (name: String, expected: JSON, found: JSON)? in
          let (one, other) = (expected[name] ?? .null, found[name] ?? .null)
          return one == other ? nil : (name, one, other)
        }
        try findings.differ(table.name, row.v4ID, id, fields, changing: workflow)
      }
    }
  }
}
