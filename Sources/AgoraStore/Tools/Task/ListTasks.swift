/// `agora.task.list`: tasks, page by page, and numbers about them.
public struct ListTasks: ToolCall {
  /// Whose.
  public static let agent = Parameter<AgentReference?>(
    optional: "agent_id", "Only tasks of this agent")
  /// Of which status.
  public static let status = Parameter<TaskStatus?>(
    optional: "status", "Only tasks of this status")
  /// Of which workflow.
  public static let workflow = Parameter<WorkflowID?>(
    optional: "workflow_id", "Only tasks of this workflow")
  /// In which order.
  public static let sort = Parameter<TaskSort>(
    "sort", "What comes first: the oldest, the most urgent, or what is due soonest",
    default: .created)
  /// How many.
  public static let limit = Parameter<Int>(
    "limit", "How many at most; a page of large payloads can have fewer", .range(1...1_000),
    default: 50)
  /// From where.
  public static let offset = Parameter<Int>(
    "offset", "How many to pass over", .range(0...1_000_000_000), default: 0)

  /// The declaration.
  public static let tool = Tool(
    .task, "list", title: "List tasks",
    description:
      "Lists tasks, page by page: the next page begins at offset plus the number of tasks that came. The statistics are of all tasks of that agent and workflow, whatever the status and the page.",
    parameters: ParameterList(agent, status, workflow, sort, limit, offset), output: Output.self,
    failures: [.notFound, .conflict], access: .reads, isIdempotent: true,
    examples: [
      .init(
        #"{"agent_id":"MyAgent","status":"pending","sort":"priority","limit":10}"#,
        #"{"tasks":[{"task_id":"task_019740f0a4d07cc0a1b2c3d4e5f60718","task_type":"review","status":"pending","assigned_agent":"agent_019740f0a4d07cc0a1b2c3d4e5f60719","assigned_name":"MyAgent","workflow_id":null,"priority":"normal","deadline":null,"overdue":false,"progress":0,"notes":null,"payload":{"file":"spec.md"},"depends_on":[],"created_at":"2025-06-06T10:00:00Z","updated_at":"2025-06-06T10:00:00Z","completed_at":null,"metadata":{}}],"total":1,"has_more":false,"statistics":{"by_status":{"pending":1,"in_progress":0,"completed":2,"failed":0},"by_type":[{"task_type":"review","count":3}],"median_completion_seconds":1800.0}}"#
      )
    ])

  /// What listing answers.
  public struct Output: ToolOutput {
    /// The tasks of this page.
    public let tasks: [TaskView]
    /// How many there are on all pages.
    public let total: Int
    /// Whether there are more after this page.
    public let hasMore: Bool
    /// Numbers about them.
    public let statistics: TaskStatistics

    /// The fields.
    public static let shape = Shape<Output>(
      .field("tasks", "The tasks of this page") { $0.tasks },
      .field("total", "How many there are on all pages") { $0.total },
      .field("has_more", "Whether there are more after this page") { $0.hasMore },
      .field("statistics", "Numbers about all tasks of that agent and workflow") { $0.statistics })
  }

  private let agent: AgentReference?
  private let status: TaskStatus?
  private let workflow: WorkflowID?
  private let sort: TaskSort
  private let limit: Int
  private let offset: Int

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    agent = try arguments[Self.agent]
    status = try arguments[Self.status]
    workflow = try arguments[Self.workflow]
    sort = try arguments[Self.sort]
    limit = try arguments[Self.limit]
    offset = try arguments[Self.offset]
  }

  private static let exists = Query(
    "workflows.exists", "SELECT EXISTS(SELECT 1 FROM workflows WHERE workflow_id=?1)")

  /// Lists the tasks.
  public func run(in context: ToolContext) throws -> Output {
    if let workflow,
      try context.connection.integer(Self.exists, .text(workflow.description)) != 1
    {
      throw ToolFailure(.notFound, "there is no workflow \(workflow)", parameter: "workflow_id")
    }
    let selection = TaskSelection(
      agent: try agent.map { try context.agent($0, parameter: "agent_id").id },
      workflow: workflow?.description, status: status, order: sort)
    let statistics = try selection.statistics(in: context.connection)
    let counts = statistics.byStatus.counts
    let total = status.map { counts[$0] ?? 0 } ?? counts.values.reduce(0, +)
    let tasks = try selection.page(limit: limit, offset: offset, in: context)
    return Output(
      tasks: tasks, total: total, hasMore: offset + tasks.count < total, statistics: statistics)
  }
}
