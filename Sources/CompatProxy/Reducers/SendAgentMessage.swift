import AgoraStore

/// `send_agent_message`: a message to an agent or to all.
enum SendAgentMessage {
  private static let from = LegacyParameter("from_agent", or: ["from"])
  private static let to = LegacyParameter("to_agent", .looseString, or: ["to"])
  private static let type = LegacyParameter("message_type", or: ["type"])
  private static let content = LegacyParameter("content", or: ["payload", "message"])
  private static let priority = LegacyParameter("priority", .priority, optional: true)

  static let reducer = Reducer(
    "send_agent_message",
    shapes: [
      CallShape(
        "message", from, to, type, content, priority),
      CallShape(
        "correlated", from, to, type, content, priority,
        LegacyParameter("requires_response", .bool, optional: true),
        LegacyParameter("correlation_id", .looseString)),
      CallShape(
        "row", LegacyParameter("message_id", optional: true), from, to, type, content, priority,
        LegacyParameter("requires_response", .bool, optional: true),
        LegacyParameter("timeout_seconds", .u32, or: ["timeout"], optional: true),
        LegacyParameter("correlation_id", .looseString),
        LegacyParameter("thread_id", .looseString),
        LegacyParameter("metadata", optional: true), LegacyParameter("status", optional: true)),
    ], replacement: "agora.messaging.send"
  ) { call, lookups throws(Refusal) in
    var metadata = call.members(
      "requires_response", "timeout_seconds", "correlation_id", "thread_id", "status")
    if case .object(let members)? = call.document("metadata") { metadata += members }
    return LegacyMessage.plan(call, sent: lookups, metadata: metadata)
  }
}

/// `send_message`: the early v5's reducer, whose messages bring their ids.
enum SendMessageReducer {
  static let reducer = Reducer(
    "send_message",
    shapes: [
      CallShape(
        "message", LegacyParameter("message_id"), LegacyParameter("from_agent", or: ["from"]),
        LegacyParameter("to_agent", .looseString, or: ["to"]),
        LegacyParameter("message_type", or: ["type"]),
        LegacyParameter("content", or: ["payload", "message"]),
        LegacyParameter("priority", .priority, optional: true))
    ], replacement: "agora.messaging.send"
  ) { call, lookups throws(Refusal) in LegacyMessage.plan(call, sent: lookups) }
}

extension LegacyMessage {
  /// Sends a message under the id that its caller gave it; one that was sent under this id stays alone,
  /// where v4's module would have panicked.
  static func plan(
    _ call: BoundCall, sent lookups: any LegacyLookups, metadata: [JSON.Member] = []
  ) -> Plan {
    guard let id = call.name("message_id") else { return plan(call, metadata: metadata) }
    guard !lookups.isSent(id) else {
      return Plan(
        from: call.name("from_agent"), "A message of this id was sent before",
        .event(
          PlanStep.EventReport(
            type: "v4_repeated_message", source: call.name("from_agent"),
            data: .object([.init("message_id", .string(id))]))))
    }
    return plan(call, id: id, metadata: metadata + [.init("v4_id", .string(id))])
  }
}
