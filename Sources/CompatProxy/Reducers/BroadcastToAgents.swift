import AgoraStore

/// `broadcast_to_agents`: a message to all.
enum BroadcastToAgents {
  static let reducer = Reducer(
    "broadcast_to_agents",
    shapes: [
      CallShape(
        "sender", LegacyParameter("message", or: ["content"]),
        LegacyParameter("from_agent", or: ["sender", "sender_agent"]),
        fits: { $0[1].number == nil }),
      CallShape(
        "priority", LegacyParameter("message", or: ["content", "payload"]),
        LegacyParameter("priority", .priority), fits: { $0[1].number != nil }),
    ], replacement: "agora.messaging.send"
  ) { call, _ throws(Refusal) in
    let document = call.document("message")
    let sender =
      call.name("from_agent")
      ?? ["from_agent", "sender", "from", "source_agent", "agent_id"].lazy
      .compactMap { document?[$0]?.text }.first { !$0.isEmpty }
    let type = document?["message_type"]?.text ?? document?["type"]?.text
    let (priority, kept) = LegacyMessage.priority(call.text("priority"))
    var arguments: [JSON.Member] = [
      .init("to_agent", .string("broadcast")), .init("content", .string(call.content("message"))),
      .init("priority", .string(priority)),
      // A notice that nobody signs is the marketplace's own.
      .init("message_type", .string(sender == nil ? "system" : type ?? "broadcast")),
    ]
    var steps: [PlanStep] = []
    if let sender {
      arguments.append(.init("from_agent", .string(sender)))
      steps.append(.named(sender))
    }
    steps.append(
      .call(
        PlanStep.ToolUse(tool: "agora.messaging.send", arguments: arguments, metadata: kept)))
    return Plan(from: sender, "Message broadcast", steps)
  }
}
