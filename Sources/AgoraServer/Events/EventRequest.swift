import AgoraStore

/// What somebody who acts for no agent, or reads without subscribing, wants to see.
struct EventRequest {
  private var agent: AgentReference?
  private var types: [String]?
  private var filters = JSONObject()

  /// Reads `agent_id`, `event_types` and `filters`.
  ///
  /// - Throws: ``ToolFailure`` `invalid_parameter`.
  init(_ members: [JSON.Member]) throws(ToolFailure) {
    for member in members {
      switch member.name {
      case "agent_id": agent = try Self.text(members, "agent_id").map { AgentReference($0) }
      case "event_types":
        let words = member.value.elements?.compactMap(\.text)
        guard let words, !words.isEmpty, words.count == member.value.elements?.count else {
          throw ToolFailure(
            .invalidParameter, "event_types has to be an array of names", parameter: "event_types")
        }
        types = words
      case "filters":
        guard let object = JSONObject(json: member.value) else {
          throw ToolFailure(
            .invalidParameter, "filters has to be an object", parameter: "filters")
        }
        filters = object
      default:
        throw ToolFailure(
          .invalidParameter, "there is no \(member.name) here", parameter: member.name)
      }
    }
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
