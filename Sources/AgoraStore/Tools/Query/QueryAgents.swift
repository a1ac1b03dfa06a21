/// `agora.query.agents`: which agents can do something, and how they do.
public struct QueryAgents: ToolCall {
  /// What they have to be able to do.
  public static let capabilities = Parameter<[String]>(
    "capabilities", "Only agents that have every one of these", .word.times(0...64), default: [])
  /// The status.
  public static let status = Parameter<AgentStatus?>(
    optional: "status", "Only agents of this status")
  /// The tier.
  public static let serviceTier = Parameter<ServiceTier?>(
    optional: "service_tier", "Only agents of this tier")
  /// How many at most.
  public static let limit = Parameter<Int>(
    "limit", "How many agents to give at most", .range(1...500), default: 100)
  /// Where to go on.
  public static let cursor = Parameter<String?>(
    optional: "cursor", "The next_cursor of the page before", Limits(length: 0...256))

  /// The declaration.
  public static let tool = Tool(
    .query, "agents", title: "Find agents",
    description:
      "Finds agents by what they can do, their status and their tier, each with its load, its availability and how it has done so far.",
    parameters: ParameterList(capabilities, status, serviceTier, limit, cursor),
    output: Output.self, access: .reads, isIdempotent: true,
    examples: [
      .init(
        #"{"capabilities":["documentation"],"status":"active"}"#,
        #"{"agents":[{"agent_id":"agent_019740f0a4d07cc0a1b2c3d4e5f60718","agent_name":"MyDocumentationAgent","status":"active","service_tier":"basic","capabilities":["documentation","review"],"max_concurrent_tasks":3,"registered_at":"2025-06-06T10:00:00Z","last_activity":"2025-06-06T10:05:00Z","metadata":{},"load":1,"availability":"available","tasks_completed":12,"tasks_failed":1,"median_completion_seconds":840.5,"median_response_seconds":2.25}],"count":1,"next_cursor":null}"#
      )
    ])

  /// Whether an agent can be given work.
  public enum Availability: String, Word {
    /// It can.
    case available
    /// It has as many open tasks as it works on at a time.
    case busy
    /// It is not active, or it is halted.
    case unavailable
  }

  /// An agent and how it does.
  public struct Entry: ToolOutput {
    /// The agent.
    public let agent: AgentView
    let figures: AgentFigures
    let isHalted: Bool

    /// Whether it can be given work.
    public var availability: Availability {
      guard agent.status == .active, !isHalted else { return .unavailable }
      return agent.maxConcurrentTasks.map { figures.load >= $0 } == true ? .busy : .available
    }

    /// The fields.
    public static let shape = Shape<Entry>(
      .fields(of: AgentView.self) { $0.agent },
      .field("load", "How many open tasks it has, pending or in progress") { $0.figures.load },
      .field(
        "availability",
        "available; busy where its load has reached max_concurrent_tasks; unavailable where it is not active or is halted"
      ) { $0.availability },
      .field("tasks_completed", "How many tasks it has completed") { $0.figures.completed },
      .field("tasks_failed", "How many of its tasks have failed") { $0.figures.failed },
      .field(
        "median_completion_seconds",
        "The median time from creation to completion of its newest 100 completed tasks; null where there is none"
      ) { $0.figures.completionSeconds },
      .field(
        "median_response_seconds",
        "The median time from a direct message's arrival to the agent's next message back to its sender, over its newest 100 messages each way; unanswered ones do not count, null where none was answered"
      ) { $0.figures.responseSeconds })
  }

  /// What finding agents answers.
  public struct Output: ToolOutput {
    /// The agents.
    public let agents: [Entry]
    /// Where the next page begins.
    public let nextCursor: String?

    /// The fields.
    public static let shape = Shape<Output>(
      .field("agents", "The agents, by name") { $0.agents },
      .field("count", "How many there are in this answer") { $0.agents.count },
      .field("next_cursor", "Where the next page begins; null when there is none") {
        $0.nextCursor
      })
  }

  private let search: AgentSearch
  private let limit: Int
  private let cursor: String

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    let capabilities = try arguments[Self.capabilities]
    search = AgentSearch(
      capabilities: capabilities, status: try arguments[Self.status],
      tier: try arguments[Self.serviceTier])
    limit = try arguments[Self.limit]
    cursor = try arguments[Self.cursor] ?? ""
  }

  /// Finds the agents.
  public func run(in context: ToolContext) throws -> Output {
    let connection = context.connection
    let found = try search.agents(after: cursor, limit: limit + 1, in: connection)
    let page = found.prefix(limit)
    let isHalted = try Halt.strongest(on: ToolContext.systemWide, in: connection) != nil
    let entries = try page.map { agent in
      let figures = try AgentFigures(of: agent.id, in: connection)
      return Entry(agent: agent, figures: figures, isHalted: isHalted || figures.isHalted)
    }
    return Output(agents: entries, nextCursor: found.count > limit ? page.last?.name : nil)
  }
}
