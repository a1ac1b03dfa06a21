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
      let described: Record?
      do {
        // One that is only named here may be described in another deployment.
        described = try StoredAgent(context).record(id, name)
      } catch let error as AgoraError where error.code == .damagedStore {
        // The row is listed already.
        continue
      }
      guard let expected = described ?? (origin == "stub" ? stub(id, name) : nil) else { continue }
      var fields = RecordComparison.differences(expected, found, .agents)
      if !fields.isEmpty, described != nil {
        for references in try findings.otherReferences() {
          guard let other = try StoredAgent(context).record(id, name, references) else { continue }
          if RecordComparison.differences(other, found, .agents).isEmpty { fields = [] }
        }
      }
      // An agent that v5 knew before keeps what it had, and more was given to it.
      if found.fields.last == .null, described != nil {
        fields.removeAll { $0.name != "agent_name" }
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
    "SELECT w.workflow_id FROM v4_steps s JOIN workflows w USING(workflow_id) WHERE s.row=?1")

  func compare() throws {
    // Rows of one workflow mostly come one after the other, and its steps are one text.
    var taken: (workflow: String, steps: [String: JSON])?
    func step(_ id: String, of workflow: String) throws -> JSON? {
      if taken?.workflow != workflow {
        var steps: [String: JSON] = [:]
        for step in try WorkflowSteps.elements(of: workflow, in: connection) {
          if let id = step["step_id"]?.text, steps[id] == nil { steps[id] = step }
        }
        taken = (workflow, steps)
      }
      return taken?.steps[id]
    }
    for table in context.tables where table.kind == .step {
      try findings.eachKnownRow(of: table) { row, id in
        let place = try connection.first(
          Self.workflowOfStep, .integer(row.row), map: { $0.text(0) })
        guard let workflow = place else {
          // A step that v5 has written stands in its workflow as v5 has it.
          if row.isBornOnV5 { return }
          if try RecordTable.archive.read(id, in: connection) == nil {
            findings.missing(table.name, row.v4ID, id)
          }
          return
        }
        guard let found = try step(id, of: workflow) else {
          return try findings.absent(table.name, row.v4ID, id, in: workflow)
        }
        var fields = try differences(row, table, found, context.references)
        for references in fields.isEmpty ? [] : try findings.otherReferences()
        where try differences(row, table, found, references).isEmpty { fields = [] }
        try findings.differ(table.name, row.v4ID, id, in: workflow, fields)
      }
    }
  }

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
