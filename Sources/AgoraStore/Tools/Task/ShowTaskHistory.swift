/// `agora.task.history`: every change of a task.
public struct ShowTaskHistory: ToolCall {
  /// The task.
  public static let task = Parameter<TaskID>("task_id", "Which task")

  /// The declaration.
  public static let tool = Tool(
    .task, "history", title: "Show a task's history",
    description:
      "Gives every change of a task from the audit trail, the oldest first. What happened to a migrated task on v4 is known only as far as v4 recorded it.",
    parameters: ParameterList(task), output: Output.self, failures: [.notFound], access: .reads,
    isIdempotent: true,
    examples: [
      .init(
        #"{"task_id":"task_019740f0a4d07cc0a1b2c3d4e5f60718"}"#,
        #"{"task_id":"task_019740f0a4d07cc0a1b2c3d4e5f60718","status":"in_progress","changes":[{"audit_id":"aud_019740f0a4d07cc0a1b2c3d4e5f60719","timestamp":"2025-06-06T10:00:00Z","actor":"agent_019740f0a4d07cc0a1b2c3d4e5f6071a","action":"agora.task.update","before":{"status":"pending"},"after":{"status":"in_progress"},"reason":null}],"count":1}"#
      )
    ])

  /// One entry of the audit trail.
  public struct Change: ToolOutput {
    let id: String
    let timestamp: Timestamp?
    let actor: String?
    let action: String
    let before: JSON?
    let after: JSON?
    let reason: String?

    /// The fields.
    public static let shape = Shape<Change>(
      .field("audit_id", "The entry's id") { $0.id },
      .field("timestamp", "When it happened") { $0.timestamp },
      .field("actor", "The id of the agent that did it, or operator, or anonymous") { $0.actor },
      .field("action", "What was done: the tool") { $0.action },
      .field("before", "What was changed, as it was; null for a new task") { $0.before },
      .field("after", "What was changed, as it became") { $0.after },
      .field("reason", "Why, where it followed from something else") { $0.reason })

    init(_ row: borrowing Row) {
      func json(_ column: Int32) -> JSON? {
        row.optionalText(column).map { (try? JSON.parse($0)) ?? .string($0) }
      }
      id = row.text(0)
      timestamp = row.optionalInt64(1).map { Timestamp(microseconds: $0) }
      actor = row.optionalText(2)
      action = row.text(3)
      before = json(4)
      after = json(5)
      reason = row.optionalText(6)
    }
  }

  /// What is known of a task's past.
  public struct Output: ToolOutput {
    /// The task's id.
    public let taskID: String
    /// How far it is now.
    public let status: TaskStatus
    /// The changes, the oldest first.
    public let changes: [Change]

    /// The fields.
    public static let shape = Shape<Output>(
      .field("task_id", "The task's id") { $0.taskID },
      .field("status", "How far it is now") { $0.status },
      .field("changes", "The changes, the oldest first") { $0.changes },
      .field("count", "How many there are") { $0.changes.count })
  }

  private let id: String

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    id = try arguments[Self.task].description
  }

  private static let status = Query("tasks.status", "SELECT status FROM tasks WHERE task_id=?1")
  private static let changes = Query(
    "audit.of_record",
    """
    SELECT audit_id, timestamp, actor, action, before, after, reason FROM audit
    WHERE target=?1 ORDER BY rowid
    """)

  /// The queries, for the test that looks at their plans.
  package static var queries: [Query] { [status, changes] }

  /// Looks the changes up.
  public func run(in context: ToolContext) throws -> Output {
    let connection = context.connection
    let word = try connection.first(Self.status, .text(id), map: { $0.text(0) })
    guard let word else {
      throw ToolFailure(.notFound, "there is no task \(id)", parameter: "task_id")
    }
    return Output(
      taskID: id, status: TaskStatus(rawValue: word) ?? .pending,
      changes: try connection.all(Self.changes, .text(id), map: Change.init))
  }
}
