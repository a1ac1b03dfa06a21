import AgoraStore

/// Fills references that were left empty, `--orphans keep`, where a later export brings what they name.
struct KeptRefresh {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  func refresh() throws {
    context.references.forgetAgents()
    try context.references.forgetWorkflows()
    let refresh = try RecordRefresh(filling: context)
    // v4's word for what a reference lacks is kept in the metadata.
    for (table, condition) in [
      (RecordTable.messages, "from_agent IS NULL OR to_agent IS NULL"), (.tasks, "TRUE"),
      (.events, "source_agent IS NULL OR target_agent IS NULL"), (.workflows, "TRUE"),
    ] {
      try refresh.refresh(
        table,
        rows: """
          SELECT x.source_row FROM main.\(table.name) x JOIN main.v4_rows r ON r.row=x.source_row
          WHERE instr(x.metadata,'"v4":')>0 AND r.run<>\(context.run) AND (\(condition))
          """)
    }
    let steps = Query(
      "workflows.with_kept_steps",
      """
      SELECT w.workflow_id FROM main.workflows w WHERE EXISTS(SELECT 1 FROM json_each(w.steps) j
        WHERE json_extract(j.value,'$.agent') IS NULL AND (
          json_extract(j.value,'$.metadata.v4.assigned_agent') IS NOT NULL
          OR json_extract(j.value,'$.metadata.v4.agent') IS NOT NULL))
      """)
    let workflows = try connection.all(steps, map: { $0.text(0) })
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
    if !agents.isEmpty { try AgentLoader(context).rebuild(agents) }
  }
}
