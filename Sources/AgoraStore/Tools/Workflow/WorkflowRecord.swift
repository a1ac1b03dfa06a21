/// A row of `workflows` as the tools read and write it.
struct WorkflowRecord: Sendable, Equatable {
  let id: String
  let name: String
  var status: WorkflowStatus
  let creator: String?
  var assignedAgents: [String]
  var steps: [WorkflowStep]
  let createdAt: Timestamp?
  var completedAt: Timestamp?
  let metadata: JSON

  private static let select = Query(
    "workflows.record",
    """
    SELECT workflow_id, workflow_name, status, creator_agent, assigned_agents, steps, created_at,
      completed_at, metadata FROM workflows WHERE workflow_id=?1
    """)
  private static let selectStanding = Query(
    "workflows.standing", "SELECT status, creator_agent FROM workflows WHERE workflow_id=?1")
  private static let insert = Query(
    "workflows.insert",
    """
    INSERT INTO workflows(workflow_id, workflow_name, status, creator_agent, assigned_agents, steps, created_at,
      completed_at, metadata) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)
    """)
  private static let update = Query(
    "workflows.change",
    """
    UPDATE workflows SET status=?2, assigned_agents=?3, steps=?4, completed_at=?5 WHERE workflow_id=?1
    """)
  /// Steps are not in the hash of what was imported, so that a change of them alone has to be said.
  private static let markChanged = Query(
    "workflows.mark_changed",
    "UPDATE workflows SET source_hash=0 WHERE workflow_id=?1")

  /// Reads a workflow; nil when there is none.
  static func read(_ id: String, in connection: Connection) throws -> WorkflowRecord? {
    try connection.first(select, .text(id)) { row in
      WorkflowRecord(
        id: row.text(0), name: row.text(1),
        status: WorkflowStatus(rawValue: row.text(2)) ?? .pending, creator: row.optionalText(3),
        assignedAgents: (try? JSON.parse(row.text(4)))?.elements?.compactMap(\.text) ?? [],
        steps: ((try? JSON.parse(row.text(5)))?.elements ?? []).map { WorkflowStep(json: $0) },
        createdAt: row.optionalInt64(6).map { Timestamp(microseconds: $0) },
        completedAt: row.optionalInt64(7).map { Timestamp(microseconds: $0) },
        metadata: (try? JSON.parse(row.text(8))) ?? .object([]))
    }
  }

  /// How far a workflow is, and whose.
  struct Standing: Equatable {
    let status: WorkflowStatus
    let creator: String?
  }

  /// What of a workflow can be known without its steps; nil when there is none.
  static func standing(of id: String, in connection: Connection) throws -> Standing? {
    try connection.first(selectStanding, .text(id)) { row in
      Standing(
        status: WorkflowStatus(rawValue: row.text(0)) ?? .pending, creator: row.optionalText(1))
    }
  }

  func insert(in connection: Connection) throws {
    try connection.run(
      Self.insert, .text(id), .text(name), .text(status.rawValue), .optional(creator),
      .text(JSONWriter.compact(assignedAgents.json)), .text(stepsText),
      .optional(createdAt?.microseconds), .optional(completedAt?.microseconds),
      .text(JSONWriter.compact(metadata)))
  }

  func update(in connection: Connection) throws {
    try connection.run(
      Self.update, .text(id), .text(status.rawValue),
      .text(JSONWriter.compact(assignedAgents.json)), .text(stepsText),
      .optional(completedAt?.microseconds))
    if !isBornOnV5 { try connection.run(Self.markChanged, .text(id)) }
  }

  private var stepsText: String { JSONWriter.compact(.array(steps.map(\.json))) }

  /// Whether the workflow was made by a v5 tool.
  var isBornOnV5: Bool { Identifier(id)?.isBornOnV5 == true }

  /// Notes that an agent takes part.
  mutating func addAgent(_ agent: String) {
    if !assignedAgents.contains(agent) { assignedAgents.append(agent) }
  }

  /// The number of the first step that is not over, counted from 1; 0 before the start and where there
  /// are no steps, the last one's when all are over.
  var currentStep: Int {
    let isUntouched = steps.allSatisfy { $0.isWaiting }
    if status == .pending, isUntouched { return 0 }
    return (steps.firstIndex { !$0.status.isFinished } ?? steps.count - 1) + 1
  }
}
