/// `agora.messaging.receive`: the messages to an agent.
public struct ReceiveMessages: ToolCall {
  /// Whose messages.
  public static let agent = Parameter<AgentReference>("agent_id", "Whose messages")
  /// Since when.
  public static let since = Parameter<Timestamp?>(
    optional: "since", "Only messages sent at this time or later")
  /// The type.
  public static let messageType = Parameter<String?>(
    optional: "message_type", "Only messages of this type", .word)
  /// Whether those read are left out.
  public static let unreadOnly = Parameter<Bool>(
    "unread_only", "Only messages that the agent has not acknowledged", default: false)
  /// How many.
  public static let limit = Parameter<Int>(
    "limit", "How many at most; a page of long messages can have fewer", .range(1...1_000),
    default: 50)
  /// Where to go on.
  public static let cursor = Parameter<String?>(
    optional: "cursor", "The next_cursor of the page before", Limits(length: 0...100))

  /// The declaration.
  public static let tool = Tool(
    .messaging, "receive", title: "Receive messages",
    description:
      "Gives the messages to an agent, its own and the broadcasts of others, in order of time, page by page. Receiving does not mark them as read: agora.messaging.acknowledge does.",
    parameters: ParameterList(agent, since, messageType, unreadOnly, limit, cursor),
    output: Output.self, failures: [.notFound, .forbidden, .conflict], access: .reads,
    isIdempotent: true,
    examples: [
      .init(
        #"{"agent_id":"DocSystemAgent","since":"2025-06-06T00:00:00Z","unread_only":true,"limit":10}"#,
        #"{"messages":[{"message_id":"msg_019740f0a4d07cc0a1b2c3d4e5f60718","from_agent":"agent_019740f0a4d07cc0a1b2c3d4e5f60719","from_name":"MyAgent","to_agent":"agent_019740f0a4d07cc0a1b2c3d4e5f6071a","message_type":"introduction","content":"Hello from v5!","priority":"normal","timestamp":"2025-06-06T10:00:00Z","delivered":true,"read":false,"metadata":{}}],"count":1,"next_cursor":null}"#
      )
    ])

  /// What receiving answers.
  public struct Output: ToolOutput {
    /// The messages.
    public let messages: [MessageView]
    /// Where the next page begins; nil at the end.
    public let nextCursor: String?

    /// The fields.
    public static let shape = Shape<Output>(
      .field("messages", "The messages, the oldest first") { $0.messages },
      .field("count", "How many there are on this page") { $0.messages.count },
      .field("next_cursor", "Where the next page begins; null when there is none") {
        $0.nextCursor
      })
  }

  private let agent: AgentReference
  private let selection: Inbox.Selection
  private let limit: Int

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    agent = try arguments[Self.agent]
    limit = try arguments[Self.limit]
    var selection = Inbox.Selection(
      since: try arguments[Self.since]?.microseconds, type: try arguments[Self.messageType],
      unreadOnly: try arguments[Self.unreadOnly])
    if let cursor = try arguments[Self.cursor], !cursor.isEmpty {
      guard let position = Inbox.Position(cursor: cursor) else {
        throw ToolFailure(
          .invalidParameter, "cursor is none that this tool gave; leave it out to begin anew",
          parameter: "cursor")
      }
      selection.after = position
    }
    self.selection = selection
  }

  /// Looks into the inbox.
  public func run(in context: ToolContext) throws -> Output {
    let agent = try context.actor(agent, parameter: "agent_id")
    let inbox = Inbox(connection: context.connection, agent: agent.id)
    let (messages, next) = try inbox.page(selection, limit: limit)
    return Output(messages: messages, nextCursor: next?.cursor)
  }
}
