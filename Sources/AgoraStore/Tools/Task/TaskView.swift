/// A task as others see it.
public struct TaskView: ToolOutput {
  let task: TaskRecord
  /// The name of the agent that is to do it; nil where it is for none.
  public let agentName: String?
  /// Whether it is still to be done and was due before now.
  public let isOverdue: Bool

  /// The fields.
  public static let shape = Shape<TaskView>(
    .field("task_id", "The task's id") { $0.task.id },
    .field("task_type", "What kind of task it is") { $0.task.type },
    .field("status", "How far it is") { $0.task.status },
    .field("assigned_agent", "The id of the agent that is to do it") { $0.task.agent },
    .field("assigned_name", "That agent's name") { $0.agentName },
    .field("workflow_id", "The workflow that it belongs to") { $0.task.workflow },
    .field("priority", "How urgent it is") { $0.task.priority },
    .field("deadline", "When it is due") { $0.task.deadline },
    .field("overdue", "Whether it is still to be done and was due before now") { $0.isOverdue },
    .field("progress", "How much of it is done, 0 to 100") { $0.task.progress },
    .field("notes", "What was last noted about it") { $0.task.notes },
    .field("payload", "What the task is about; null where v4 said nothing") { $0.task.payload },
    .field("depends_on", "The tasks that have to be completed first") { $0.task.dependencies },
    .field("created_at", "When it was assigned; null where v4 did not say") { $0.task.createdAt },
    .field("updated_at", "When it was last changed on v5") { $0.task.updatedAt },
    .field("completed_at", "When it was completed or failed") { $0.task.completedAt },
    .field("metadata", "Anything else") { $0.task.metadata })

  /// Reads a row with ``TaskRecord/columns`` and the agent's name.
  init(_ row: borrowing Row, now: Timestamp) {
    let task = TaskRecord(row)
    self.task = task
    agentName = row.optionalText(15)
    isOverdue = task.status.isOpen && task.deadline.map { $0 < now } ?? false
  }
}
