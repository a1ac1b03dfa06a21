import AgoraStore

/// A message of v4 as steps on v5.
enum LegacyMessage {
  /// The receiver on v5: nil for everyone.
  static func receiver(_ name: String) -> String? {
    name.isEmpty || name == "null" || LegacyWords.broadcasts.contains(name) ? nil : name
  }

  /// The v5 word of a priority of v4, and what is kept of it where the word says less.
  static func priority(_ text: String) -> (word: String, kept: [JSON.Member]) {
    guard !text.isEmpty else { return (Priority.normal.rawValue, []) }
    let whole = Decimal(text)?.integer.map(String.init) ?? text
    let translation = LegacyWords.priority(whole)
    return (
      Priority(rank: Int(translation.value)).rawValue,
      translation.keepsOriginal ? [.init("priority", .string(text))] : []
    )
  }

  /// Sends a message; the sender and the receiver are made where nobody registered them.
  static func plan(
    _ call: BoundCall, id: String? = nil, metadata: [JSON.Member] = []
  ) -> Plan {
    let from = call.text("from_agent")
    let to = receiver(call.text("to_agent"))
    let (priority, kept) = priority(call.text("priority"))
    var arguments: [JSON.Member] = [
      .init("to_agent", .string(to ?? "broadcast")),
      .init("content", .string(call.content("content"))),
      .init("message_type", .string(call.name("message_type") ?? "info")),
      .init("priority", .string(priority)),
    ]
    var steps: [PlanStep] = []
    if let from = call.name("from_agent") {
      arguments.append(.init("from_agent", .string(from)))
      steps.append(.named(from))
    }
    if let to { steps.append(.named(to)) }
    steps.append(
      .call(
        PlanStep.ToolUse(
          tool: "agora.messaging.send", arguments: arguments, id: id.map { (.message, $0) },
          metadata: metadata + kept)))
    return Plan(from: from, to == nil ? "Message broadcast" : "Message sent", steps)
  }
}
