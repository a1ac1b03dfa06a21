/// `agora.query.marketplace`: the marketplace as a whole, in numbers.
public struct QueryMarketplace: ToolCall {
  /// The declaration.
  public static let tool = Tool(
    .query, "marketplace", title: "Show the marketplace",
    description:
      "Counts what is in the marketplace, how it is distributed, how much each tool is used and how much gets done.",
    parameters: ParameterList(), output: Output.self, access: .reads, isIdempotent: true,
    examples: [
      .init(
        "{}",
        #"""
        {"counts":{"agents":2,"services":1,"workflows":0,"tasks":1,"messages":3,"events":6,"subscriptions":0},
         "distribution":{"agents_by_status":{"active":2,"paused":0,"suspended":0,"terminated":0},
          "agents_by_tier":{"basic":1,"premium":1,"enterprise":0},
          "tasks_by_status":{"pending":1,"in_progress":0,"completed":0,"failed":0},
          "workflows_by_status":{"pending":0,"running":0,"completed":0,"failed":0,"terminated":0,"paused":0},
          "capabilities":[{"capability":"documentation","agents":2}]},
         "services":[{"name":"agora.messaging.send","version":"1.0.0","status":"active","calls":3,"calls_last_30_days":3,"last_used_on":"2025-06-06"}],
         "throughput":{"last_hour":{"messages_sent":3,"tasks_created":1,"tasks_completed":0,"workflows_created":0},
          "last_day":{"messages_sent":3,"tasks_created":1,"tasks_completed":0,"workflows_created":0}},
         "halted":false,"timestamp":"2025-06-06T10:05:00Z"}
        """#)
    ])

  /// How much there is of everything.
  public struct Counts: ToolOutput {
    let agents, services, workflows, tasks, messages, events, subscriptions: Int

    /// The fields.
    public static let shape = Shape<Counts>(
      .field("agents", "Agents, whatever their status") { $0.agents },
      .field("services", "Tools, each version for itself") { $0.services },
      .field("workflows", "Workflows, whatever their status") { $0.workflows },
      .field("tasks", "Tasks, whatever their status") { $0.tasks },
      .field("messages", "Messages, read and unread") { $0.messages },
      .field("events", "Events that are still kept") { $0.events },
      .field("subscriptions", "Active subscriptions") { $0.subscriptions })
  }

  /// A capability and how many agents have it.
  public struct Capability: ToolOutput {
    let name: String
    let agents: Int

    /// The fields.
    public static let shape = Shape<Capability>(
      .field("capability", "The capability") { $0.name },
      .field("agents", "How many agents have it") { $0.agents })
  }

  /// How what there is is distributed.
  public struct Distribution: ToolOutput {
    let agentsByStatus, agentsByTier, tasksByStatus, workflowsByStatus: JSONObject
    let capabilities: [Capability]

    /// The fields.
    public static let shape = Shape<Distribution>(
      .field("agents_by_status", "How many agents have each status") { $0.agentsByStatus },
      .field("agents_by_tier", "How many agents have each tier") { $0.agentsByTier },
      .field("tasks_by_status", "How many tasks have each status") { $0.tasksByStatus },
      .field("workflows_by_status", "How many workflows have each status") {
        $0.workflowsByStatus
      },
      .field("capabilities", "The twenty capabilities that most agents have") {
        $0.capabilities
      })
  }

  /// A tool and how much it is used.
  public struct Service: ToolOutput {
    let tool: Tool
    let status: ServiceStatus
    let use: ServiceUse

    /// The fields.
    public static let shape = Shape<Service>(
      .field("name", "The tool's name") { $0.tool.name },
      .field("version", "Its version") { $0.tool.version.description },
      .field("status", "Whether it is there to be used") { $0.status },
      .fields(of: ServiceUse.self) { $0.use })
  }

  /// What got done on v5 in some time.
  public struct Window: ToolOutput {
    let messages, tasks, completed, workflows: Int

    /// The fields.
    public static let shape = Shape<Window>(
      .field("messages_sent", "Messages that were sent on v5") { $0.messages },
      .field("tasks_created", "Tasks that were made on v5") { $0.tasks },
      .field("tasks_completed", "Tasks that were completed") { $0.completed },
      .field("workflows_created", "Workflows that were made on v5") { $0.workflows })
  }

  /// What gets done.
  public struct Throughput: ToolOutput {
    let hour, day: Window

    /// The fields.
    public static let shape = Shape<Throughput>(
      .field("last_hour", "In the hour that ends now") { $0.hour },
      .field("last_day", "In the 24 hours that end now") { $0.day })
  }

  /// The marketplace in numbers.
  public struct Output: ToolOutput {
    let counts: Counts
    let distribution: Distribution
    let services: [Service]
    let throughput: Throughput
    let isHalted: Bool
    let timestamp: Timestamp

    /// The fields.
    public static let shape = Shape<Output>(
      .field("counts", "How much there is of everything") { $0.counts },
      .field("distribution", "How it is distributed") { $0.distribution },
      .field("services", "How much each tool is used") { $0.services },
      .field("throughput", "How much gets done") { $0.throughput },
      .field("halted", "Whether an operator has halted everything") { $0.isHalted },
      .field("timestamp", "When this was so") { $0.timestamp })
  }

  /// Takes no parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {}

  /// Counts.
  public func run(in context: ToolContext) throws -> Output {
    let figures = MarketplaceFigures(connection: context.connection)
    let services = try ServiceView.list(context, category: nil, status: nil).map {
      Service(
        tool: $0.tool, status: $0.status, use: try ServiceUse(of: $0.tool, in: context))
    }
    return Output(
      counts: try figures.counts(services: services.count),
      distribution: try figures.distribution(), services: services,
      throughput: Throughput(
        hour: try figures.done(seconds: 3_600, until: context.now),
        day: try figures.done(seconds: 86_400, until: context.now)),
      isHalted: try Halt.strongest(on: ToolContext.systemWide, in: context.connection) != nil,
      timestamp: context.now)
  }
}
