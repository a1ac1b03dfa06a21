/// `agora.messaging.send`: a message to one agent or to all.
public struct SendMessage: ToolCall {
  /// The receiver.
  public static let to = Parameter<Receiver>(
    "to_agent", "Who gets it: an agent's id or name, or \"broadcast\" for everyone")
  /// The text.
  public static let content = Parameter<String>("content", "The message", .content)
  /// The type.
  public static let messageType = Parameter<String>(
    "message_type", "What kind of message it is, such as info, task, alert, system", .word,
    default: "info")
  /// The urgency.
  public static let priority = Parameter<Priority>(
    "priority", "How urgent it is", default: .normal)
  /// The sender.
  public static let from = Parameter<AgentReference?>(
    optional: "from_agent",
    "Who sends it; the caller's own agent where it has one. A notice without it comes from the marketplace itself"
  )

  /// The declaration.
  public static let tool = Tool(
    .messaging, "send", title: "Send a message",
    description: "Sends a message to an agent, or broadcasts it to all of them.",
    parameters: ParameterList(to, content, messageType, priority, from), output: Output.self,
    failures: [.notFound, .forbidden, .conflict], access: .writes, isIdempotent: false,
    examples: [
      .init(
        #"{"to_agent":"DocSystemAgent","content":"Hello from v5!","message_type":"introduction","priority":"normal","from_agent":"MyAgent"}"#,
        #"{"message_id":"msg_019740f0a4d07cc0a1b2c3d4e5f60718","status":"delivered","timestamp":"2025-06-06T10:00:00Z"}"#
      )
    ])

  /// What sending answers.
  public struct Output: ToolOutput {
    /// The message's id.
    public let messageID: String
    /// When it was sent.
    public let timestamp: Timestamp

    /// The fields.
    public static let shape = Shape<Output>(
      .field("message_id", "The message's id") { $0.messageID },
      .field("status", "Always \"delivered\": it lies in the receiver's inbox") { _ in "delivered"
      },
      .field("timestamp", "When it was sent") { $0.timestamp })
  }

  private let to: Receiver
  private let content: String
  private let messageType: String
  private let priority: Priority
  private let from: AgentReference?

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    to = try arguments[Self.to]
    content = try arguments[Self.content]
    messageType = try arguments[Self.messageType]
    priority = try arguments[Self.priority]
    from = try arguments[Self.from]
  }

  private static let insert = Query(
    "messages.send",
    """
    INSERT INTO messages(message_id, from_agent, to_agent, message_type, content, priority, timestamp, delivered)
    VALUES(?1,?2,?3,?4,?5,?6,?7,1)
    """)

  /// Sends the message.
  public func run(in context: ToolContext) throws -> Output {
    let sender = try sender(in: context)
    let receiver: KnownAgent? =
      switch to {
      case .broadcast: nil
      case .agent(let reference): try context.agent(reference, parameter: "to_agent")
      }
    let id = context.newID(.message)
    try context.connection.run(
      Self.insert, .text(id), .text(sender.id), .text(receiver?.id ?? Receiver.broadcastWord),
      .text(messageType), .text(content), .int(priority.rank), .integer(context.now.microseconds))
    // The protocol's data of the two events; only a direct message's says its type.
    var data: [JSON.Member] = [
      .init("message_id", .string(id)), .init("from_agent", .string(sender.id)),
      .init("content", .string(content)),
    ]
    if let receiver {
      data.append(.init("message_type", .string(messageType)))
      try context.emit("message_received", from: sender.id, to: receiver.id, data)
    } else {
      try context.emit("broadcast_message", from: sender.id, to: ToolContext.everyone, data)
    }
    return Output(messageID: id, timestamp: context.now)
  }

  /// Whether it is the marketplace that speaks where nobody is named.
  private var isNotice: Bool {
    messageType == "system" || messageType.hasSuffix("_notice")
      || messageType.hasSuffix("_announcement")
  }

  private func sender(in context: ToolContext) throws -> KnownAgent {
    guard from == nil, context.caller.agent == nil, isNotice else {
      return try context.actor(from, parameter: "from_agent")
    }
    let agent = try context.reservedAgent()
    try context.act(as: agent, parameter: "from_agent")
    return agent
  }
}
