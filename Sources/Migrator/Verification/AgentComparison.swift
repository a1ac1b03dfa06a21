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
