import AgoraStore

/// The tasks and workflows that calls made or changed, and what waits for them.
struct Concerned {
  private var tasks: [String: SunsetSimulation.Hand] = [:]
  private var workflows: [String: SunsetSimulation.Hand] = [:]
  /// How many messages and tasks each agent would have got from calls.
  private(set) var receivers: [String: Int] = [:]

  mutating func note(_ touched: LegacyCallRecord.Touched) {
    if let task = touched.task { tasks[task] = .first }
    if let workflow = touched.workflow { workflows[workflow] = .first }
    // A task's agent is found with the task.
    if touched.task == nil, let receiver = touched.receiver { receivers[receiver, default: 0] += 1 }
  }

  private static let waiting = Query(
    "task_dependencies.waiting", "SELECT task_id FROM task_dependencies WHERE depends_on=?1")
  private static let workflow = Query(
    "tasks.workflow", "SELECT workflow_id FROM tasks WHERE task_id=?1")

  /// Adds what waits: tasks that depend on others, and workflows of tasks; a list, since chains may be
  /// of any length.
  mutating func spread(_ connection: Connection) throws {
    var open = Array(tasks.keys)
    while let task = open.popLast() {
      let found = try connection.all(Self.waiting, .text(task), map: { $0.text(0) })
      for next in found where tasks[next] == nil {
        tasks[next] = .second
        open.append(next)
      }
      let parent = try connection.first(Self.workflow, .text(task)) { $0.optionalText(0) }
      if case .some(.some(let workflow)) = parent, workflows[workflow] == nil {
        workflows[workflow] = .second
      }
    }
  }

  private static let task = Query(
    "tasks.concerned",
    "SELECT task_type, status, workflow_id, assigned_agent FROM tasks WHERE task_id=?1")
  private static let standing = Query(
    "workflows.concerned", "SELECT workflow_name, status FROM workflows WHERE workflow_id=?1")

  func tasksInOrder(_ connection: Connection) throws -> [SunsetSimulation.Task] {
    try tasks.sorted { ($0.value.rawValue, $0.key) < ($1.value.rawValue, $1.key) }.map { id, hand in
      try connection.first(Self.task, .text(id)) { row in
        SunsetSimulation.Task(
          id: id, type: row.text(0), status: row.text(1), workflow: row.optionalText(2),
          agent: row.optionalText(3), hand: hand)
      } ?? SunsetSimulation.Task(id: id, type: "", status: "", workflow: nil, agent: nil, hand: hand)
    }
  }

  func workflowsInOrder(_ connection: Connection) throws -> [SunsetSimulation.Workflow] {
    try workflows.sorted { ($0.value.rawValue, $0.key) < ($1.value.rawValue, $1.key) }.map { id, hand in
      try connection.first(Self.standing, .text(id)) { row in
        SunsetSimulation.Workflow(id: id, name: row.text(0), status: row.text(1), hand: hand)
      } ?? SunsetSimulation.Workflow(id: id, name: "", status: "", hand: hand)
    }
  }
}
