/// `agora.messaging.acknowledge`: notes which messages an agent has read.
public struct AcknowledgeMessages: ToolCall {
  /// Who has read them.
  public static let agent = Parameter<AgentReference>("agent_id", "Who has read them")
  /// The messages.
  public static let messages = Parameter<[MessageID]>(
    "message_ids", "The messages that were read", Limits.none.times(1...1_000))

  /// The declaration.
  public static let tool = Tool(
    .messaging, "acknowledge", title: "Acknowledge messages",
    description:
      "Notes that an agent has read messages, all of them or none: one that it never received refuses the call. A broadcast is read by each agent for itself.",
    parameters: ParameterList(agent, messages), output: Output.self,
    failures: [.notFound, .forbidden, .conflict], access: .writes, isIdempotent: true,
    examples: [
      .init(
        #"{"agent_id":"DocSystemAgent","message_ids":["msg_019740f0a4d07cc0a1b2c3d4e5f60718"]}"#,
        #"{"count":1}"#)
    ])

  /// What acknowledging answers.
  public struct Output: ToolOutput {
    /// How many were not read before.
    public let count: Int

    /// The fields.
    public static let shape = Shape<Output>(
      .field("count", "How many of them had not been read before") { $0.count })
  }

  private let agent: AgentReference
  private let messages: [MessageID]

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    agent = try arguments[Self.agent]
    messages = try arguments[Self.messages]
  }

  /// Notes the messages.
  public func run(in context: ToolContext) throws -> Output {
    let agent = try context.actor(agent, parameter: "agent_id")
    let inbox = Inbox(connection: context.connection, agent: agent.id)
    var read: [String] = []
    for (index, message) in messages.enumerated() {
      guard let isNew = try inbox.acknowledge(message.description, at: context.now) else {
        throw ToolFailure(
          .notFound, "\(agent.name) has received no message \(message)",
          parameter: "message_ids[\(index)]")
      }
      if isNew { read.append(message.description) }
    }
    if !read.isEmpty {
      try context.emit(
        "messages_acknowledged", from: agent.id, to: agent.id,
        [.init("agent_id", .string(agent.id)), .init("message_ids", read.json)])
    }
    return Output(count: read.count)
  }
}
