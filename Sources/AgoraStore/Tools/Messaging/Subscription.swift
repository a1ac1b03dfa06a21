/// A row of `subscriptions`: a standing request for events.
public struct Subscription: Sendable, Equatable {
  /// The id.
  public let id: String
  /// What is sent.
  public let filter: EventFilter

  package init(id: String, filter: EventFilter) {
    self.id = id
    self.filter = filter
  }

  /// How many active subscriptions an agent can have.
  static let limit = 100
  /// The protocol's other word for an event type.
  private static let synonyms = ["broadcast_sent": EventFilter.broadcastMessage]
  /// Fields in which an agent may be named instead of its id.
  private static let agentFields: Set<String> = [
    "source_agent", "target_agent", "from_agent", "to_agent", "agent_id", "assigned_agent",
  ]

  /// The types as they are stored: each once, in order.
  static func normalized(_ types: [String]) -> [String] {
    Set(types.map { synonyms[$0] ?? $0 }).sorted { $0.exact.lexicographicallyPrecedes($1.exact) }
  }

  /// The filters as they are stored: agents by their ids, names in order.
  ///
  /// - Throws: ``ToolFailure`` `invalid_parameter`, and `not_found` or `conflict` for an agent.
  static func normalized(_ filters: JSONObject, in context: ToolContext) throws -> JSONObject {
    let members = try filters.members.map { member -> JSON.Member in
      let path = "filters.\(ValueCheck.shown(member.name))"
      let values = member.value.elements ?? [member.value]
      let found = try values.map { value -> JSON in
        switch value {
        case .string(let text):
          guard agentFields.contains(member.name), text != Receiver.broadcastWord else {
            return value
          }
          return .string(try context.agent(AgentReference(text), parameter: path).id)
        case .number, .bool, .null: return value
        case .array, .object:
          throw ToolFailure(
            .invalidParameter,
            "\(path) is \(ValueCheck.came(value)), and a value or an array of values is due",
            parameter: path)
        }
      }
      return JSON.Member(member.name, member.value.elements == nil ? found[0] : .array(found))
    }
    return JSONObject(
      members.sorted { $0.name.exact.lexicographicallyPrecedes($1.name.exact) })
  }

  private static let insert = Query(
    "subscriptions.insert",
    """
    INSERT INTO subscriptions(subscription_id, agent_id, event_types, filters, created_at)
    VALUES(?1,?2,?3,?4,?5)
    """)
  private static let count = Query(
    "subscriptions.count",
    "SELECT count(*) FROM subscriptions WHERE agent_id=?1 AND status='active'")
  private static let find = Query(
    "subscriptions.same",
    """
    SELECT subscription_id FROM subscriptions
    WHERE agent_id=?1 AND status='active' AND event_types=?2 AND filters=?3 LIMIT 1
    """)
  private static let select = Query(
    "subscriptions.by_id",
    "SELECT agent_id, event_types, filters, status FROM subscriptions WHERE subscription_id=?1")
  private static let end = Query(
    "subscriptions.end",
    "UPDATE subscriptions SET status='ended', ended_at=?2 WHERE subscription_id=?1")

  /// The active subscription of an agent to exactly this; nil when there is none.
  static func find(
    _ agent: String, _ types: [String], _ filters: JSONObject, in connection: Connection
  ) throws -> String? {
    try connection.first(
      find, .text(agent), .text(JSONWriter.compact(types.json)),
      .text(JSONWriter.compact(filters.json)), map: { $0.text(0) })
  }

  static func insert(
    _ agent: String, _ types: [String], _ filters: JSONObject, in context: ToolContext
  ) throws -> String {
    let connection = context.connection
    guard try connection.integer(count, .text(agent)) ?? 0 < Self.limit else {
      throw ToolFailure(
        .conflict,
        "the agent has \(Self.limit) subscriptions, the most there can be; end one with agora.messaging.unsubscribe"
      )
    }
    let id = context.newID(.subscription)
    try connection.run(
      insert, .text(id), .text(agent), .text(JSONWriter.compact(types.json)),
      .text(JSONWriter.compact(filters.json)), .integer(context.now.microseconds))
    return id
  }

  static func end(_ id: String, in context: ToolContext) throws {
    try context.connection.run(end, .text(id), .integer(context.now.microseconds))
  }

  /// Whose a subscription is and whether it is active; nil when there is none.
  static func owner(
    of id: String, in connection: Connection
  ) throws -> (agent: String, isActive: Bool)? {
    try connection.first(
      select, .text(id), map: { (agent: $0.text(0), isActive: $0.text(3) == "active") })
  }

  /// The values that each field may have.
  static func values(of filters: [JSON.Member]) -> [String: [JSON]] {
    Dictionary(
      filters.map { ($0.name, $0.value.elements ?? [$0.value]) }, uniquingKeysWith: { $1 })
  }

  /// Reads an active subscription; nil when there is none.
  package static func read(_ id: String, in connection: Connection) throws -> Subscription? {
    let row = try connection.first(
      select, .text(id), map: { ($0.text(0), $0.text(1), $0.text(2), $0.text(3)) })
    guard let (agent, types, filters, status) = row, status == "active" else { return nil }
    let members = try JSON.parse(filters).members ?? []
    let filter = EventFilter(
      agent: agent, types: Set(try JSON.parse(types).elements?.compactMap(\.text) ?? []),
      values: values(of: members))
    return Subscription(id: id, filter: filter)
  }
}

extension Marketplace {
  /// The active subscription of an id, whose events ``stream(after:matching:interval:)`` gives.
  ///
  /// - Throws: ``ToolFailure`` `not_found` when there is none or it was ended.
  public func subscription(_ id: String) throws(ToolFailure) -> Subscription {
    do {
      let found = try store.read { try Subscription.read(id, in: $0) }
      guard let found else {
        throw ToolFailure(
          .notFound, "there is no active subscription \(ValueCheck.shown(id))",
          parameter: "subscription_id")
      }
      return found
    } catch { throw ToolFailure(error) }
  }
}
