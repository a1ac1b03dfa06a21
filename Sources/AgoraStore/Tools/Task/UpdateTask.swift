/// `agora.task.update`: how far a task is.
public struct UpdateTask: ToolCall {
  /// The task.
  public static let task = Parameter<TaskID>("task_id", "Which task")
  /// The new status.
  public static let status = Parameter<TaskStatus?>(
    optional: "status", "How far it is: pending, then in_progress, then completed or failed")
  /// The progress.
  public static let progress = Parameter<Int?>(
    optional: "progress", "How much of it is done; 100 does not complete it, status does",
    .range(0...100))
  /// The notes.
  public static let notes = Parameter<String?>(
    optional: "notes", "A note about it, in place of the last one", .note)

  /// The declaration.
  public static let tool = Tool(
    .task, "update", title: "Update a task",
    description:
      "Says how far a task is. Straight from pending to completed or failed is recorded as passing through in_progress. A task whose dependencies are open, or whose workflow is paused, cannot start; one that is finished stays so, unless an operator puts it back to pending.",
    parameters: ParameterList(task, status, progress, notes), output: Output.self,
    failures: [.notFound, .forbidden, .conflict], access: .writes, isIdempotent: true,
    examples: [
      .init(
        #"{"task_id":"task_019740f0a4d07cc0a1b2c3d4e5f60718","status":"completed","progress":100,"notes":"Completed: Documentation updated successfully"}"#,
        #"{"success":true,"updated_at":"2025-06-06T10:30:00Z"}"#)
    ])

  /// What updating answers.
  public struct Output: ToolOutput {
    /// When the task was last changed.
    public let updatedAt: Timestamp

    /// The fields.
    public static let shape = Shape<Output>(
      .field("success", "Always true: what cannot be done is a failure") { _ in true },
      .field("updated_at", "When the task was last changed") { $0.updatedAt })
  }

  private let id: String
  private let status: TaskStatus?
  private let progress: Int?
  private let notes: String?

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    id = try arguments[Self.task].description
    status = try arguments[Self.status]
    progress = try arguments[Self.progress]
    notes = try arguments[Self.notes]
    guard status != nil || progress != nil || notes != nil else {
      throw ToolFailure(
        .invalidParameter, "nothing to update: say status, progress or notes",
        parameter: "status")
    }
  }

  /// Updates the task.
  public func run(in context: ToolContext) throws -> Output {
    guard let before = try TaskRecord.read(id, in: context.connection) else {
      throw ToolFailure(.notFound, "there is no task \(id)", parameter: "task_id")
    }
    let guards = TaskGuards(context, before)
    try guards.refuseStrangers(try context.actorIfAny())
    let after = try updated(before, context)
    if after.status != before.status { try guards.checkChange(to: after.status) }
    guard after != before else {
      return Output(updatedAt: before.updatedAt ?? before.createdAt ?? context.now)
    }
    var written = after
    written.updatedAt = context.now
    try TaskLife(context).change(before, to: written)
    return Output(updatedAt: context.now)
  }

  /// The task as the call would have it.
  private func updated(_ before: TaskRecord, _ context: ToolContext) throws -> TaskRecord {
    var after = before
    after.status = status ?? before.status
    if let notes { after.notes = notes }
    let isChange = after.status != before.status
    if let progress {
      after.progress = progress
    } else if isChange, after.status == .completed {
      after.progress = 100
    } else if isChange, after.status == .pending {
      after.progress = 0
    }
    if isChange { after.completedAt = after.status.isOpen ? nil : context.now }
    guard after.progress != before.progress else { return after }
    if after.status == .pending, after.progress > 0 {
      throw ToolFailure(
        .conflict, "the task is pending and makes no progress; set status to in_progress",
        parameter: "progress")
    }
    if !isChange, !after.status.isOpen {
      throw ToolFailure(
        .conflict, "the task is \(after.status.rawValue); its progress stays as it is",
        parameter: "progress")
    }
    return after
  }
}
