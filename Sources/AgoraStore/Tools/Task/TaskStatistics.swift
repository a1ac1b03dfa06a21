/// Numbers about some tasks.
public struct TaskStatistics: ToolOutput {
  /// How many tasks there are of each status.
  public struct Statuses: ToolOutput {
    let counts: [TaskStatus: Int]

    /// The fields.
    public static let shape = Shape<Statuses>(
      .field("pending", "Tasks that wait") { $0.counts[.pending] ?? 0 },
      .field("in_progress", "Tasks that are being done") { $0.counts[.inProgress] ?? 0 },
      .field("completed", "Tasks that are done") { $0.counts[.completed] ?? 0 },
      .field("failed", "Tasks that were given up") { $0.counts[.failed] ?? 0 })
  }

  /// How many tasks there are of a type.
  public struct TypeCount: ToolOutput {
    let type: String
    let count: Int

    /// The fields.
    public static let shape = Shape<TypeCount>(
      .field("task_type", "The type") { $0.type },
      .field("count", "How many tasks are of it") { $0.count })
  }

  /// By status.
  public let byStatus: Statuses
  /// By type, the most frequent ones.
  public let byType: [TypeCount]
  /// From assignment to completion, in seconds; nil where nothing was completed.
  public let medianSeconds: Double?

  /// The fields.
  public static let shape = Shape<TaskStatistics>(
    .field("by_status", "How many tasks there are of each status") { $0.byStatus },
    .field("by_type", "How many tasks there are of each type, the 100 most frequent") { $0.byType },
    .field(
      "median_completion_seconds",
      "The median of the seconds from assignment to completion, of the newest 1,000 that were completed; null where nothing was"
    ) { $0.medianSeconds })

  private static let lastDurations = Query(
    "tasks.last_durations",
    """
    SELECT completed_at-created_at FROM tasks
    WHERE task_type=?1 AND status='completed' AND completed_at>=created_at
    ORDER BY completed_at DESC LIMIT 101
    """)

  /// The queries that do not depend on a selection, for the test that looks at their plans.
  package static var queries: [Query] { [lastDurations] }

  /// When a task of a type that is assigned now will probably be done; nil where none has been done.
  static func estimate(_ type: String, in context: ToolContext) throws -> Timestamp? {
    let durations = try context.connection.all(
      lastDurations, .text(type), map: { $0.int64(0) }
    ).sorted()
    guard !durations.isEmpty else { return nil }
    let (sum, overflows) = context.now.microseconds.addingReportingOverflow(
      durations[durations.count / 2])
    guard !overflows, Timestamp.writable.contains(sum) else { return nil }
    return Timestamp(microseconds: sum)
  }
}
