/// Which of several tasks comes first.
public enum TaskSort: String, Word {
  /// The oldest.
  case created
  /// The most urgent, of these the oldest.
  case priority
  /// What is due soonest; what is never due comes last.
  case deadline
}

/// Some of the tasks, in an order.
package struct TaskSelection: Sendable {
  package var agent: String?
  package var workflow: String?
  package var status: TaskStatus?
  package var order = TaskSort.created

  package init(
    agent: String? = nil, workflow: String? = nil, status: TaskStatus? = nil,
    order: TaskSort = .created
  ) {
    self.agent = agent
    self.workflow = workflow
    self.status = status
    self.order = order
  }

  /// The condition in SQL; a status of its own, or none, in the place of the selection's.
  ///
  /// Every query has both parameters, whether it asks for them or not, so that all are bound alike.
  private func condition(_ status: TaskStatus?) -> String {
    var terms = [
      agent == nil ? "?1 IS NULL" : "t.assigned_agent=?1",
      workflow == nil ? "?2 IS NULL" : "t.workflow_id=?2",
    ]
    if let status { terms.append("t.status='\(status.rawValue)'") }
    return "WHERE " + terms.joined(separator: " AND ")
  }

  private var sortSQL: String {
    switch order {
    case .created: "t.created_at, t.rowid"
    case .priority: "t.priority DESC, t.created_at, t.rowid"
    case .deadline: "t.deadline IS NULL, t.deadline, t.priority DESC, t.created_at, t.rowid"
    }
  }

  private var keys: Query {
    Query(
      "tasks.list",
      "SELECT t.rowid FROM tasks t \(condition(status)) ORDER BY \(sortSQL) LIMIT ?3 OFFSET ?4")
  }
  private var statuses: Query {
    Query("tasks.by_status", "SELECT t.status, count(*) FROM tasks t \(condition(nil)) GROUP BY 1")
  }
  private var types: Query {
    Query(
      "tasks.by_type",
      """
      SELECT t.task_type, count(*) FROM tasks t \(condition(nil))
      GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 100
      """)
  }
  /// How many of the newest completions the median is taken of: to sort those of years for each page
  /// would take most of its time.
  private static let window = 1_000

  private var durations: Query {
    // The planner would rather sort all that is completed.
    let index = workflow != nil ? "" : agent == nil ? "tasks_finished" : "tasks_completed"
    return Query(
      "tasks.durations",
      """
      SELECT t.completed_at-t.created_at FROM tasks t \(index.isEmpty ? "" : "INDEXED BY \(index)")
      \(condition(.completed)) AND t.completed_at>=t.created_at ORDER BY t.completed_at DESC LIMIT ?3
      """)
  }
  private static let view = Query(
    "tasks.view",
    """
    SELECT \(TaskRecord.columns), a.agent_name FROM tasks t
    LEFT JOIN agents a ON a.agent_id=t.assigned_agent WHERE t.rowid=?1
    """)

  /// The queries that a selection is answered with, for the test that looks at their plans.
  package var queries: [Query] { [keys, statuses, types, durations, Self.view] }

  /// The bytes of payloads after which a page ends, whatever its limit.
  private static let pageBytes = 4 << 20

  /// The tasks of a page.
  func page(limit: Int, offset: Int, in context: ToolContext) throws -> [TaskView] {
    let connection = context.connection
    let rows = try connection.all(
      keys, .optional(agent), .optional(workflow), .int(limit), .int(offset),
      map: { $0.int64(0) })
    var tasks: [TaskView] = []
    var bytes = 0
    for row in rows where bytes < Self.pageBytes {
      let found = try connection.first(Self.view, .integer(row)) { result in
        bytes += result.withBytes(4) { $0.count } + result.withBytes(9) { $0.count }
        return TaskView(result, now: context.now)
      }
      if let found { tasks.append(found) }
    }
    return tasks
  }

  /// Numbers about all tasks of the agent and workflow, whatever their status.
  func statistics(in connection: Connection) throws -> TaskStatistics {
    let (agent, workflow) = (SQLValue.optional(agent), SQLValue.optional(workflow))
    var counts: [TaskStatus: Int] = [:]
    try connection.each(statuses, agent, workflow) { row in
      if let status = TaskStatus(rawValue: row.text(0)) { counts[status] = row.int(1) }
    }
    let types = try connection.all(types, agent, workflow) { row in
      TaskStatistics.TypeCount(type: row.text(0), count: row.int(1))
    }
    let durations = try connection.all(
      durations, agent, workflow, .int(Self.window), map: { $0.int64(0) })
    return TaskStatistics(
      byStatus: .init(counts: counts), byType: types, medianSeconds: Median.seconds(durations))
  }
}
