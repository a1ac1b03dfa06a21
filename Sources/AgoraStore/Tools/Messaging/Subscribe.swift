/// `agora.messaging.subscribe`: a standing request for events.
public struct Subscribe: ToolCall {
  /// Who is told.
  public static let agent = Parameter<AgentReference>("agent_id", "Who is to be told")
  /// Of what.
  public static let eventTypes = Parameter<[String]>(
    "event_types",
    "Of which events, such as message_received, broadcast_message, task_assigned, workflow_updated; \"*\" is all",
    .word.times(1...64))
  /// Which of them.
  public static let filters = Parameter<JSONObject?>(
    optional: "filters",
    "Values that fields of the event or of its data must have, each one value or an array of which one must fit",
    Limits(bytes: 4_096))

  /// The declaration.
  public static let tool = Tool(
    .messaging, "subscribe", title: "Subscribe to events",
    description:
      "Asks for events as they happen: those for everyone and those for the agent itself. They come over the event stream under the id that this gives; the same request a second time gives the same id.",
    parameters: ParameterList(agent, eventTypes, filters), output: Output.self,
    failures: [.notFound, .forbidden, .conflict], access: .writes, isIdempotent: true,
    examples: [
      .init(
        #"{"agent_id":"MyAgent","event_types":["task_assigned","workflow_updated"]}"#,
        #"{"subscription_id":"sub_019740f0a4d07cc0a1b2c3d4e5f60718","status":"subscribed"}"#),
      .init(
        #"{"agent_id":"MyAgent","event_types":["message_received"],"filters":{"from_agent":["DocSystemAgent"],"message_type":"alert"}}"#,
        #"{"subscription_id":"sub_019740f0a4d07cc0a1b2c3d4e5f60719","status":"subscribed"}"#),
    ])

  /// What subscribing answers.
  public struct Output: ToolOutput {
    /// The subscription's id.
    public let subscriptionID: String

    /// The fields.
    public static let shape = Shape<Output>(
      .field("subscription_id", "The subscription's id") { $0.subscriptionID },
      .field("status", "Always \"subscribed\"") { _ in "subscribed" })
  }

  private let agent: AgentReference
  private let types: [String]
  private let filters: JSONObject

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    agent = try arguments[Self.agent]
    types = Subscription.normalized(try arguments[Self.eventTypes])
    filters = try arguments[Self.filters] ?? JSONObject()
  }

  /// Makes the subscription.
  public func run(in context: ToolContext) throws -> Output {
    let agent = try context.actor(agent, parameter: "agent_id")
    let filters = try Subscription.normalized(filters, in: context)
    if let known = try Subscription.find(agent.id, types, filters, in: context.connection) {
      return Output(subscriptionID: known)
    }
    let id = try Subscription.insert(agent.id, types, filters, in: context)
    try context.emit(
      "subscription_created", from: agent.id, to: agent.id,
      [
        .init("subscription_id", .string(id)), .init("agent_id", .string(agent.id)),
        .init("event_types", types.json),
      ])
    return Output(subscriptionID: id)
  }
}
