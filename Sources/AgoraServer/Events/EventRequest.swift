import AgoraStore

/// What somebody who acts for no agent, or reads without subscribing, wants to see.
struct EventRequest {
  private static let agent = Parameter<AgentReference?>(
    optional: "agent_id", "Whose events, beside those for everyone")

  private let agent: AgentReference?
  private let types: [String]?
  private let filters: JSONObject

  /// Reads `agent_id`, `event_types` and `filters`, with the limits that ``Subscribe`` declares.
  ///
  /// - Throws: ``ToolFailure`` `invalid_parameter` or `too_large`.
  init(_ members: [JSON.Member]) throws(ToolFailure) {
    let hasTypes = members.contains { $0.name == "event_types" }
    let parameters =
      hasTypes
      ? ParameterList(Self.agent, Subscribe.eventTypes, Subscribe.filters)
      : ParameterList(Self.agent, Subscribe.filters)
    let arguments = try parameters.arguments(.object(members))
    agent = try arguments[Self.agent]
    types = hasTypes ? try arguments[Subscribe.eventTypes] : nil
    filters = try arguments[Subscribe.filters] ?? JSONObject()
  }

  /// Finds out what may be seen.
  func filter(in marketplace: Marketplace, as caller: Caller) throws(ToolFailure) -> EventFilter {
    try marketplace.eventFilter(agent: agent, types: types, filters: filters, as: caller)
  }

  /// A subscription that lasts as long as its connection.
  func view(in marketplace: Marketplace, as caller: Caller) throws(ToolFailure) -> Subscription {
    Subscription(
      id: Self.viewPrefix + HTTPServer.randomID(), filter: try filter(in: marketplace, as: caller))
  }

  private static let viewPrefix = "view_"

  /// Whether an id is that of a view, which is kept nowhere.
  static func isView(_ id: String) -> Bool { id.hasPrefix(viewPrefix) }

  /// A member that has to be a string; nil where it is missing or null.
  static func text(_ members: [JSON.Member], _ name: String) throws(ToolFailure) -> String? {
    guard let value = members.first(where: { $0.name == name })?.value, value != .null else {
      return nil
    }
    guard let text = value.text else {
      throw ToolFailure(.invalidParameter, "\(name) has to be a string", parameter: name)
    }
    return text
  }
}
