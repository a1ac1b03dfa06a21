/// `agora.messaging.unsubscribe`: ends a standing request for events.
public struct Unsubscribe: ToolCall {
  /// Whose.
  public static let agent = Parameter<AgentReference>("agent_id", "Whose subscription")
  /// Which, by its id.
  public static let subscription = Parameter<SubscriptionID?>(
    optional: "subscription_id", "The subscription; or give event_types")
  /// Which, by what it asks for.
  public static let eventTypes = Parameter<[String]?>(
    optional: "event_types", "The event types that it was made with", .word.times(1...64))
  /// Which, by its filters.
  public static let filters = Parameter<JSONObject?>(
    optional: "filters", "The filters that it was made with", Limits(bytes: 4_096))

  /// The declaration.
  public static let tool = Tool(
    .messaging, "unsubscribe", title: "Unsubscribe from events",
    description:
      "Ends a subscription, named by its id or by the event types and filters that it was made with.",
    parameters: ParameterList(agent, subscription, eventTypes, filters), output: Output.self,
    failures: [.notFound, .forbidden, .conflict], access: .writes, isIdempotent: true,
    examples: [
      .init(
        #"{"agent_id":"MyAgent","subscription_id":"sub_019740f0a4d07cc0a1b2c3d4e5f60718"}"#,
        #"{"subscription_id":"sub_019740f0a4d07cc0a1b2c3d4e5f60718","status":"unsubscribed"}"#)
    ])

  /// What unsubscribing answers.
  public struct Output: ToolOutput {
    /// The subscription's id.
    public let subscriptionID: String

    /// The fields.
    public static let shape = Shape<Output>(
      .field("subscription_id", "The subscription's id") { $0.subscriptionID },
      .field("status", "Always \"unsubscribed\"") { _ in "unsubscribed" })
  }

  private let agent: AgentReference
  private let subscription: SubscriptionID?
  private let types: [String]?
  private let filters: JSONObject

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    agent = try arguments[Self.agent]
    subscription = try arguments[Self.subscription]
    types = try arguments[Self.eventTypes].map(Subscription.normalized)
    let filters = try arguments[Self.filters]
    self.filters = filters ?? JSONObject()
    guard (subscription == nil) != (types == nil), subscription == nil || filters == nil else {
      throw ToolFailure(
        .invalidParameter,
        "either subscription_id is due, or event_types with the filters that there were",
        parameter: subscription == nil ? "subscription_id" : "event_types")
    }
  }

  /// Ends the subscription.
  public func run(in context: ToolContext) throws -> Output {
    let agent = try context.actor(agent, parameter: "agent_id")
    let id = try find(agent, in: context)
    // Ending it a second time changes nothing.
    if try Subscription.owner(of: id, in: context.connection)?.isActive == true {
      try Subscription.end(id, in: context)
      try context.emit(
        "subscription_ended", from: agent.id, to: agent.id,
        [.init("subscription_id", .string(id)), .init("agent_id", .string(agent.id))])
    }
    return Output(subscriptionID: id)
  }

  private func find(_ agent: KnownAgent, in context: ToolContext) throws -> String {
    if let id = subscription?.description {
      guard try Subscription.owner(of: id, in: context.connection)?.agent == agent.id else {
        throw ToolFailure(
          .notFound, "\(agent.name) has no subscription \(id)", parameter: "subscription_id")
      }
      return id
    }
    let filters = try Subscription.normalized(filters, in: context)
    guard
      let id = try Subscription.find(agent.id, types ?? [], filters, in: context.connection)
    else {
      throw ToolFailure(
        .notFound, "\(agent.name) has no active subscription to exactly this",
        parameter: "event_types")
    }
    return id
  }
}
