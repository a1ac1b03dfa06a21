import AgoraStore

/// Looks up once more which agents known rows refer to, where names have come to mean other agents.
struct AgentRefresh {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  /// Looks at all that refers to the agents that ``AgentRenames`` has noted.
  func refresh() throws {
    let renamed = try AgentRenames(context).takeRenamed()
    guard !renamed.isEmpty else { return }
    context.references.forgetAgents()
    let ids = renamed.map { SQLValue.text($0) }
    let refresh = RecordRefresh(context)
    for (table, condition) in [
      (RecordTable.messages, "from_agent=?1 OR to_agent=?1"),
      (.tasks, "assigned_agent=?1 OR instr(metadata, ?1)>0"),
      (.events, "source_agent=?1 OR target_agent=?1"),
      (.workflows, "creator_agent=?1 OR instr(assigned_agents, ?1)>0 OR instr(steps, ?1)>0"),
    ] {
      try refresh.refresh(
        table,
        rows:
          "SELECT source_row FROM main.\(table.name) WHERE source_row IS NOT NULL AND (\(condition))",
        ids)
    }
    let withSteps = Query(
      "workflows.with_agent", "SELECT workflow_id FROM main.workflows WHERE instr(steps, ?1)>0")
    let supervised = Query(
      "agents.under",
      """
      SELECT DISTINCT a.agent_id, a.agent_name FROM main.agents a
        JOIN main.v4_rows r ON r.v5_id=a.agent_id AND r.joined IS NOT NULL
      WHERE instr(a.metadata, ?1)>0
      """)
    var workflows: Set<String> = []
    var agents: [String: String] = [:]
    for id in ids {
      workflows.formUnion(try connection.all(withSteps, id, map: { $0.text(0) }))
      for (agent, name) in try connection.all(supervised, id, map: { ($0.text(0), $0.text(1)) }) {
        agents[agent] = name
      }
    }
    if !workflows.isEmpty { try StepLoader(context).rebuild(workflows.sorted()) }
    if !agents.isEmpty {
      try AgentLoader(context).rebuild(
        agents.sorted { $0.key < $1.key }.map { (id: $0.key, name: $0.value) })
    }
  }
}
