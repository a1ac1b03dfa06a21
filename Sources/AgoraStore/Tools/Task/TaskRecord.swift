/// A row of `tasks` as the tools read and write it.
struct TaskRecord: Sendable, Equatable {
  let id: String
  let workflow: String?
  var agent: String?
  let type: String
  /// What is to be done it with; nil where v4 said nothing.
  let payload: JSON?
  var status = TaskStatus.pending
  let priority: Priority
  let deadline: Timestamp?
  /// In percent.
  var progress = 0
  var notes: String?
  let createdAt: Timestamp?
  var updatedAt: Timestamp?
  var completedAt: Timestamp?
  /// The ids of the tasks that have to be completed first.
  let dependencies: [String]
  let metadata: JSONObject

  /// The key of metadata under which the agent stands that asked for the task.
  static let requesterKey = "requesting_agent"
  /// The key of metadata under which the step stands that the task is for.
  static let stepKey = "step_id"

  init(
    id: String, workflow: String?, agent: String?, type: String, payload: JSON?,
    priority: Priority, deadline: Timestamp?, createdAt: Timestamp, dependencies: [String],
    metadata: JSONObject
  ) {
    self.id = id
    self.workflow = workflow
    self.agent = agent
    self.type = type
    self.payload = payload
    self.priority = priority
    self.deadline = deadline
    self.createdAt = createdAt
    updatedAt = createdAt
    self.dependencies = dependencies
    self.metadata = metadata
  }

  /// The columns that ``init(_:)`` reads, of `tasks t`.
  static let columns = """
    t.task_id, t.workflow_id, t.assigned_agent, t.task_type, t.payload, t.status, t.priority, t.deadline,
      t.progress, t.notes, t.created_at, t.updated_at, t.completed_at, t.dependencies, t.metadata
    """

  /// Reads a row that begins with ``columns``.
  init(_ row: borrowing Row) {
    func time(_ column: Int32) -> Timestamp? {
      row.optionalInt64(column).map { Timestamp(microseconds: $0) }
    }
    id = row.text(0)
    workflow = row.optionalText(1)
    agent = row.optionalText(2)
    type = row.text(3)
    payload = row.optionalText(4).map { (try? JSON.parse($0)) ?? .string($0) }
    status = TaskStatus(rawValue: row.text(5)) ?? .pending
    priority = Priority(rank: row.int(6))
    deadline = time(7)
    progress = row.int(8)
    notes = row.optionalText(9)
    createdAt = time(10)
    updatedAt = time(11)
    completedAt = time(12)
    dependencies = (try? JSON.parse(row.text(13)))?.elements?.compactMap(\.text) ?? []
    metadata = (try? JSON.parse(row.text(14))).flatMap { JSONObject(json: $0) } ?? JSONObject()
  }

  private static let select = Query(
    "tasks.record", "SELECT \(columns) FROM tasks t WHERE t.task_id=?1")
  private static let selectStatus = Query(
    "tasks.status", "SELECT status FROM tasks WHERE task_id=?1")
  private static let insert = Query(
    "tasks.insert",
    """
    INSERT INTO tasks(task_id, workflow_id, assigned_agent, task_type, payload, status, priority, deadline,
      progress, notes, created_at, updated_at, completed_at, dependencies, metadata)
    VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)
    """)
  private static let insertDependency = Query(
    "task_dependencies.insert",
    "INSERT INTO task_dependencies(depends_on, task_id) VALUES(?1,?2)")
  /// What v4 wrote of a task that changes stays as it was written.
  private static let update = Query(
    "tasks.change",
    """
    UPDATE tasks SET assigned_agent=?2, status=?3, progress=?4, notes=?5, updated_at=?6, completed_at=?7,
      -- Notes are not among what a migrated record's hash is made of; so it is no longer as imported.
      source_hash=iif(source_hash IS NULL, NULL, 0)
    WHERE task_id=?1
    """)

  /// Reads a task; nil when there is none.
  static func read(_ id: String, in connection: Connection) throws -> TaskRecord? {
    try connection.first(select, .text(id), map: TaskRecord.init)
  }

  /// How far a task is; nil when there is none.
  static func status(of id: String, in connection: Connection) throws -> TaskStatus? {
    try connection.first(
      selectStatus, .text(id), map: { TaskStatus(rawValue: $0.text(0)) ?? .pending })
  }

  func insert(in connection: Connection) throws {
    try connection.run(
      Self.insert, .text(id), .optional(workflow), .optional(agent), .text(type),
      .optional(payload.map(JSONWriter.compact)), .text(status.rawValue), .int(priority.rank),
      .optional(deadline?.microseconds), .int(progress), .optional(notes),
      .optional(createdAt?.microseconds), .optional(updatedAt?.microseconds),
      .optional(completedAt?.microseconds), .text(JSONWriter.compact(dependencies.json)),
      .text(JSONWriter.compact(metadata.json)))
    for dependency in dependencies {
      try connection.run(Self.insertDependency, .text(dependency), .text(id))
    }
  }

  func update(in connection: Connection) throws {
    try connection.run(
      Self.update, .text(id), .optional(agent), .text(status.rawValue), .int(progress),
      .optional(notes), .optional(updatedAt?.microseconds), .optional(completedAt?.microseconds))
  }

  /// The agent that asked for the task; nil where none did.
  var requester: String? { text(Self.requesterKey) }
  /// The step of its workflow that the task is for; nil where it is for none.
  var step: String? { text(Self.stepKey) }

  private func text(_ key: String) -> String? {
    metadata.members.first { $0.name == key }?.value.text
  }

  /// What can change, for the audit.
  private var changeable: [JSON.Member] {
    [
      .init("status", status.json), .init("progress", progress.json),
      .init("assigned_agent", agent.json), .init("notes", notes.json),
      .init("completed_at", completedAt.json),
    ]
  }

  /// The record for the audit, without its payload.
  var json: JSON {
    .object(
      [
        .init("task_type", .string(type)), .init("workflow_id", workflow.json),
        .init("priority", priority.json), .init("deadline", deadline.json),
        .init("depends_on", dependencies.json),
      ] + changeable)
  }

  /// The fields in which this record and a later one differ, of each.
  func changes(to after: TaskRecord) -> (before: JSON, after: JSON) {
    let pairs = zip(changeable, after.changeable).filter { $0 != $1 }
    return (.object(pairs.map(\.0)), .object(pairs.map(\.1)))
  }
}
