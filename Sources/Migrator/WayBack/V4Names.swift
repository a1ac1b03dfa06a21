import AgoraStore

/// What v4 calls the agents and workflows that v5 records refer to by id.
final class V4Names {
  private let connection: Connection
  private let source: String
  private let references: ReferenceResolver
  private var agents: [String: String] = [:]
  private var workflows: [String: String] = [:]
  private static let limit = 65_536

  /// - Parameter references: what says how v4's words will be understood when they come back.
  init(_ connection: Connection, source: String, _ references: ReferenceResolver) {
    self.connection = connection
    self.source = source
    self.references = references
  }

  private static let agentName = Query(
    "v4_names.of_agent",
    """
    SELECT coalesce(
      (SELECT name FROM v4_names WHERE v5_id=?2 AND kind='agent' AND source=?1 AND origin<>'alias'),
      (SELECT agent_name FROM agents WHERE agent_id=?2), ?2)
    """)
  private static let workflowID = Query(
    "v4_names.of_workflow",
    """
    SELECT coalesce(
      (SELECT r.v4_id FROM workflows w JOIN v4_rows r ON r.row=w.source_row
        JOIN v4_tables t USING(table_no) WHERE w.workflow_id=?2 AND t.source=?1),
      (SELECT name FROM v4_names WHERE v5_id=?2 AND kind='workflow' AND source=?1), ?2)
    """)

  /// An agent's v4 name; one that v4 does not know goes by its own.
  func agent(_ id: String) throws -> String {
    if let known = agents[id] { return known }
    if agents.count >= Self.limit { agents.removeAll() }
    let name =
      try connection.first(
        Self.agentName, .text(source), .text(id), map: { $0.text(0) }) ?? id
    agents[id] = name
    return name
  }

  /// A workflow's v4 id; one that v4 does not know goes by its v5 id.
  func workflow(_ id: String) throws -> String {
    // As in its own row; the id that a call of v4 brought is in its metadata.
    guard !BornOnV5.isGiven(id) else { return id }
    if let known = workflows[id] { return known }
    if workflows.count >= Self.limit { workflows.removeAll() }
    let name =
      try connection.first(
        Self.workflowID, .text(source), .text(id), map: { $0.text(0) }) ?? id
    workflows[id] = name
    return name
  }

  private static let rowOfWorkflow = Query(
    "workflows.row", "SELECT source_row FROM workflows WHERE workflow_id=?1")

  /// What has to stand in a row beside a workflow's v4 id so that it means this workflow
  /// (``WorkflowEpochs/column``); nil where nothing has to.
  ///
  /// - Parameters:
  ///   - time: the time of the row, which decides otherwise.
  ///   - mark: what the row says about it already.
  func mark(of workflow: String, at time: Int64?, marked mark: String?) throws -> String? {
    let name = try self.workflow(workflow)
    let meant = try references.workflow(name, at: time, marked: mark)
    guard meant.map({ String(decoding: $0, as: UTF8.self) }) != workflow,
      case let row?? = try connection.first(
        Self.rowOfWorkflow, .text(workflow), map: { $0.optionalInt64(0) })
    else { return nil }
    return try references.epochs.mark(ofRow: row)
  }
}
