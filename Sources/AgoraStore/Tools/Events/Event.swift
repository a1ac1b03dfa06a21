/// Something that happened, as subscribers get it.
public struct Event: ToolOutput, Equatable {
  /// The event's id, from which a stream can be resumed.
  public let id: String
  /// What happened, such as `message_received`.
  public let type: String
  /// The id of the agent that caused it; nil where none did.
  public let source: String?
  /// The id of the one agent it is for, or `broadcast`; nil where v4 did not say.
  public let target: String?
  /// What there is to know of it.
  public let data: JSON
  /// When it happened; nil where v4 did not say.
  public let timestamp: Timestamp?
  /// Its place in the order of commits.
  let sequence: Int64

  /// The fields.
  public static let shape = Shape<Event>(
    .field("event_id", "The event's id") { $0.id },
    .field("event_type", "What happened") { $0.type },
    .field("source_agent", "The id of the agent that caused it") { $0.source },
    .field("target_agent", "The id of the agent it is for, or \"broadcast\"") { $0.target },
    .field("data", "What there is to know of it") { $0.data },
    .field("timestamp", "When it happened") { $0.timestamp })
}

/// Which events somebody wants and may see.
public struct EventFilter: Sendable, Equatable {
  /// The agent that looks, who sees what is for everyone and for itself; nil is an operator, who sees all.
  public var agent: String?
  /// The types that are wanted; nil or `*` among them is all.
  public var types: Set<String>?
  /// Values that fields of the event or of its data must have: one of those under each name.
  public var values: [String: [JSON]]

  /// Makes a filter.
  public init(agent: String? = nil, types: Set<String>? = nil, values: [String: [JSON]] = [:]) {
    self.agent = agent
    self.types = types.flatMap { $0.contains("*") ? nil : $0 }
    self.values = values
  }

  /// What can be said of an event before its data is read.
  func admits(type: String, source: String?, target: String?) -> Bool {
    if let types, !types.contains(type) { return false }
    guard let agent else { return true }
    guard target == nil || target == Receiver.broadcastWord || target == agent else { return false }
    // As a sender does not receive its own broadcast.
    return type != EventFilter.broadcastMessage || source != agent
  }

  static let broadcastMessage = "broadcast_message"

  /// Whether an event is wanted.
  public func matches(_ event: Event) -> Bool {
    guard admits(type: event.type, source: event.source, target: event.target) else { return false }
    return values.allSatisfy { name, wanted in
      let found: JSON? =
        switch name {
        case "source_agent": event.source.json
        case "target_agent": event.target.json
        default: event.data[name]
        }
      return found.map(wanted.contains) ?? false
    }
  }
}
