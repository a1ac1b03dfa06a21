import AgoraStore

/// Fills references that were left empty, `--orphans keep`, where a later export brings what they name.
struct KeptRefresh {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  /// Looks at the workflows before anything that refers to them is loaded, where rows that were kept are
  /// refused by now.
  func refuseWorkflows() throws {
    guard RefusedRows(context).rejectsKnown else { return }
    try refresh([(.workflows, "TRUE")], by: try context.references.withoutBorn())
  }

  func refresh() throws {
    context.references.forgetAgents()
    try context.references.forgetWorkflows()
    // Rows that stay although they would be refused now keep what they lack, and get what there is.
    let stays = context.references.rejectsOrphans && !RefusedRows(context).rejectsKnown
    // An agent that has registered on v5 since is not who was referred to.
    let references = try context.references.withoutBorn(stays ? .keep : nil)
    try refresh(
      [
        (.messages, "from_agent IS NULL OR to_agent IS NULL"), (.tasks, "TRUE"),
        (.events, "source_agent IS NULL OR target_agent IS NULL"), (.workflows, "TRUE"),
      ], by: references)
    let workflows = try workflowsToFill(by: references.expecting())
    if !workflows.isEmpty { try StepLoader(context).rebuild(workflows) }
    let unsupervised = Query(
      "agents.unsupervised",
      """
      SELECT agent_id, agent_name FROM main.agents
      WHERE source_hash IS NOT NULL AND instr(metadata,'"supervisor_id":')>0
        AND instr(metadata,'"supervisor":')=0
      """)
    let agents = try connection.all(
      unsupervised, map: { (id: $0.text(0), name: $0.text(1)) })
    if !agents.isEmpty { try AgentLoader(context).rebuild(agents, references: references) }
  }

  private func refresh(
    _ tables: [(RecordTable, condition: String)], by references: ReferenceResolver
  ) throws {
    let refresh = RecordRefresh(filling: context, by: references)
    // v4's word for what a reference lacks is kept in the metadata.
    for (table, condition) in tables {
      try refresh.refresh(
        table,
        rows: """
          SELECT x.source_row FROM main.\(table.name) x JOIN main.v4_rows r ON r.row=x.source_row
          WHERE instr(x.metadata,'"v4":')>0 AND r.run<>\(context.run) AND (\(condition))
          """)
    }
  }

  private static let keptSteps = Query(
    "workflows.kept_steps",
    """
    SELECT k.workflow_id, r.row, r.shape, r.text, t.name, r.v5_id FROM (
      SELECT w.workflow_id, json_extract(j.value,'$.step_id') AS step_id
      FROM main.workflows w CROSS JOIN json_each(w.steps) j
      WHERE instr(w.steps,'"v4":')>0 AND json_extract(j.value,'$.agent') IS NULL AND (
        json_extract(j.value,'$.metadata.v4.assigned_agent') IS NOT NULL
        OR json_extract(j.value,'$.metadata.v4.agent') IS NOT NULL)) k
      CROSS JOIN main.v4_rows r ON r.v5_id=k.step_id JOIN main.v4_tables t USING(table_no)
    WHERE t.source=?1 ORDER BY 1
    """)

  /// The workflows in whose steps an agent is missing that is there by now.
  private func workflowsToFill(by references: ReferenceResolver) throws -> [String] {
    var found: [String] = []
    var mappers: [String: TableMapper] = [:]
    try connection.each(Self.keptSteps, .text(context.source)) { result in
      guard found.last != result.text(0) else { return }
      let table = result.text(4)
      let mapper = mappers[table] ?? TableMapper(table: table, kind: V4Schema.kind(of: table))
      mappers[table] = mapper
      let columns = try context.columns(result.optionalInt64(2))
      try result.withBytes(3) {
        try mapper.loadStored($0, columns: columns, row: result.int64(1))
      }
      var json: [UInt8] = []
      // One that came in under other options stays as it is.
      guard (try? mapper.mapStep(id: result.bytes(5), references, into: &json)) != nil,
        try JSON.parse(json)["agent"] != .null
      else { return }
      found.append(result.text(0))
    }
    return found
  }
}
