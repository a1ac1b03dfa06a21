import AgoraStore

/// Looks up once more which agents known rows refer to, where names have come to mean other agents.
///
/// Each table is looked through once, whatever the number of agents.
struct AgentRefresh {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  private static let renamed = "(SELECT id FROM temp.renamed)"

  /// Whether an element of a column that is an array of ids is one of the agents.
  private static func lists(_ column: String, _ path: String = "j.value") -> String {
    """
    json_valid(x.\(column)) AND EXISTS(
      SELECT 1 FROM json_each(x.\(column)) j WHERE \(path) IN \(renamed))
    """
  }

  /// Whether a member of the metadata is one of the agents.
  private static func names(_ member: String) -> String {
    "json_valid(x.metadata) AND json_extract(x.metadata,'$.\(member)') IN \(renamed)"
  }

  private static let steps = lists("steps", "json_extract(j.value,'$.agent')")

  /// Looks at the workflows, which other records refer to in turn, that refer to the agents that
  /// ``AgentRenames`` has noted.
  func refreshWorkflows() throws {
    guard try AgentRenames(context).hasRenamed() else { return }
    try refresh(
      .workflows,
      """
      x.creator_agent IN \(Self.renamed) OR (\(Self.lists("assigned_agents"))) OR (\(Self.steps))
      """)
  }

  /// Looks at everything else that refers to them, and forgets them.
  func refresh() throws {
    let renames = AgentRenames(context)
    guard try renames.hasRenamed() else { return }
    for (table, condition) in [
      (
        RecordTable.messages,
        "x.from_agent IN \(Self.renamed) OR x.to_agent IN \(Self.renamed)"
      ),
      (
        .tasks, "x.assigned_agent IN \(Self.renamed) OR (\(Self.names("requesting_agent")))"
      ),
      (.events, "x.source_agent IN \(Self.renamed) OR x.target_agent IN \(Self.renamed)"),
    ] { try refresh(table, condition) }
    let workflows = try connection.all(
      Query(
        "workflows.with_agent", "SELECT x.workflow_id FROM main.workflows x WHERE \(Self.steps)"),
      map: { $0.text(0) })
    let agents = try connection.all(
      Query(
        "agents.under",
        """
        SELECT x.agent_id, x.agent_name FROM main.agents x WHERE \(Self.names("supervisor"))
          AND EXISTS(SELECT 1 FROM main.v4_rows r WHERE r.v5_id=x.agent_id AND r.joined IS NOT NULL)
        ORDER BY 1
        """), map: { (id: $0.text(0), name: $0.text(1)) })
    if !workflows.isEmpty { try StepLoader(context).rebuild(workflows) }
    if !agents.isEmpty { try AgentLoader(context).rebuild(agents) }
    try renames.forgetRenamed()
  }

  private func refresh(_ table: RecordTable, _ condition: String) throws {
    try RecordRefresh(context).refresh(
      table,
      rows: """
        SELECT x.source_row FROM main.\(table.name) x
        WHERE x.source_row IS NOT NULL AND (\(condition))
        """)
  }
}
