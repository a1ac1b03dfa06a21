/// `agora.agent.status`: an agent and what waits for it.
public struct ShowAgent: ToolCall {
  /// Which.
  public static let agent = Parameter<AgentReference>("agent_id", "Which agent")

  /// The declaration.
  public static let tool = Tool(
    .agent, "status", title: "Show an agent",
    description: "Shows an agent, its open tasks, its unread messages and when it last acted.",
    parameters: ParameterList(agent), output: Output.self, failures: [.notFound, .conflict],
    access: .reads, isIdempotent: true,
    examples: [
      .init(
        #"{"agent_id":"MyAgent"}"#,
        #"{"agent_id":"agent_019740f0a4d07cc0a1b2c3d4e5f60718","agent_name":"MyAgent","status":"active","service_tier":"basic","capabilities":["documentation"],"max_concurrent_tasks":null,"registered_at":"2025-06-06T10:00:00Z","last_activity":"2025-06-06T10:05:00Z","metadata":{},"open_tasks":[{"task_id":"task_019740f0a4d07cc0a1b2c3d4e5f60718","task_type":"review","status":"pending","priority":"normal","progress":0,"deadline":null,"workflow_id":null}],"open_task_count":1,"unread_messages":2}"#
      )
    ])

  /// A task that waits for the agent, in short.
  public struct OpenTask: ToolOutput {
    let id: String
    let type: String
    let status: String
    let priority: Priority
    let progress: Int
    let deadline: Timestamp?
    let workflow: String?

    /// The fields.
    public static let shape = Shape<OpenTask>(
      .field("task_id", "The task's id") { $0.id },
      .field("task_type", "What kind of task it is") { $0.type },
      .field("status", "pending or in_progress") { $0.status },
      .field("priority", "How urgent it is") { $0.priority },
      .field("progress", "How far it is, 0 to 100") { $0.progress },
      .field("deadline", "When it is due") { $0.deadline },
      .field("workflow_id", "The workflow that it belongs to") { $0.workflow })
  }

  /// What is known of an agent.
  public struct Output: ToolOutput {
    /// The agent.
    public let agent: AgentView
    /// The most urgent of its open tasks, at most 50.
    public let openTasks: [OpenTask]
    /// How many open tasks it has.
    public let openTaskCount: Int
    /// How many messages it has still to read.
    public let unreadMessages: Int

    /// The fields.
    public static let shape = Shape<Output>(
      .fields(of: AgentView.self) { $0.agent },
      .field("open_tasks", "The most urgent of its open tasks, at most 50") { $0.openTasks },
      .field("open_task_count", "How many open tasks it has") { $0.openTaskCount },
      .field("unread_messages", "How many messages it has still to read") { $0.unreadMessages })
  }

  private let agent: AgentReference

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) { agent = try arguments[Self.agent] }

  private static let openTasks = Query(
    "tasks.open_of_agent",
    """
    SELECT task_id, task_type, status, priority, progress, deadline, workflow_id FROM tasks
    WHERE assigned_agent=?1 AND status IN ('pending','in_progress')
    ORDER BY priority DESC, created_at, task_id LIMIT 50
    """)
  private static let openCount = Query(
    "tasks.count_open_of_agent",
    """
    SELECT count(*) FROM tasks WHERE assigned_agent=?1 AND status IN ('pending','in_progress')
    """)

  /// Looks the agent up.
  public func run(in context: ToolContext) throws -> Output {
    let known = try context.agent(agent, parameter: "agent_id")
    let connection = context.connection
    guard let agent = try AgentView.read(known.id, in: connection) else {
      throw ToolFailure(.notFound, "the agent \(known.id) is gone", parameter: "agent_id")
    }
    let tasks = try connection.all(Self.openTasks, .text(known.id)) { row in
      OpenTask(
        id: row.text(0), type: row.text(1), status: row.text(2),
        priority: Priority(rank: row.int(3)), progress: row.int(4),
        deadline: row.optionalInt64(5).map { Timestamp(microseconds: $0) },
        workflow: row.optionalText(6))
    }
    return Output(
      agent: agent, openTasks: tasks,
      openTaskCount: Int(try connection.integer(Self.openCount, .text(known.id)) ?? 0),
      unreadMessages: try Inbox(connection: connection, agent: known.id).unreadCount())
  }
}
