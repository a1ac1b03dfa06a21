import AgoraStore

/// Fills references that were left empty, `--orphans keep`, where a later export brings what they name.
struct KeptRefresh {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  func refresh() throws {
    context.references.forgetAgents()
    context.references.forgetWorkflows()
    // An agent that has registered on v5 since is not who was referred to.
    let references = try context.references.withoutBorn()
    let refresh = RecordRefresh(filling: context, by: references)
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

  /// The workflows in whose steps an agent is missing that is there by now.
  private func workflowsToFill(by references: ReferenceResolver) throws -> [String] {
    let kept = Query(
      "workflows.kept_steps",
      """
      SELECT workflow_id, name FROM (
        SELECT w.workflow_id, coalesce(json_extract(j.value,'$.metadata.v4.assigned_agent'),
          json_extract(j.value,'$.metadata.v4.agent')) AS name
        FROM main.workflows w CROSS JOIN json_each(w.steps) j
        WHERE instr(w.steps,'"v4":')>0 AND json_extract(j.value,'$.agent') IS NULL)
      WHERE name IS NOT NULL ORDER BY 1
      """)
    var found: [String] = []
    try connection.each(kept) { row in
      guard found.last != row.text(0), try references.agent(named: row.text(1)) != nil else {
        return
      }
      found.append(row.text(0))
    }
    return found
  }
}
