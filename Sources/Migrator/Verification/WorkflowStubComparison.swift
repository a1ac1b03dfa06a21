import AgoraStore

/// Holds workflows that rows only refer to against what a stub is.
struct WorkflowStubComparison {
  private let context: LoadContext
  private let findings: RecordComparison
  private var connection: Connection { context.connection }

  init(_ context: LoadContext, _ findings: RecordComparison) {
    self.context = context
    self.findings = findings
  }

  // Those of run 0 are of calls of v4, and v5's own.
  private static let stubs = Query(
    "v4_names.workflow_stubs",
    """
    SELECT name, v5_id FROM main.v4_names
    WHERE source=?1 AND kind='workflow' AND origin='stub' AND run>0 ORDER BY name
    """)

  func compare() throws {
    let target = RecordTable.workflows
    try connection.each(Self.stubs, .text(context.source)) { result in
      let (name, id) = (result.text(0), result.text(1))
      guard !BornOnV5.isGiven(id) else { return }
      guard let found = try target.read(id, in: connection) else {
        return findings.missing(WorkflowEpochs.coordinationTable, name, id)
      }
      // One whose v4 id means another workflow by now goes by its own id, and keeps its name.
      let ignored: Set<String> = name.utf8.elementsEqual(id.utf8) ? ["workflow_name"] : []
      try findings.differ(
        WorkflowEpochs.coordinationTable, name, id,
        RecordComparison.differences(Self.stub(id, name), found, target, without: ignored))
    }
  }

  private static func stub(_ id: String, _ name: String) -> Record {
    var record = Record()
    record.text(id)
    record.text(name)
    record.text("pending")
    record.null()
    record.text("[]")
    // Its steps have rows of their own.
    record.null()
    record.null()
    record.null()
    record.text("{\"migration_source\":\"v4\",\"stub\":true}")
    return record
  }
}
