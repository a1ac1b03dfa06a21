import AgoraStore

/// `user_override`: a person stops or resumes something.
enum UserOverride {
  static let reducer = Reducer(
    "user_override",
    shapes: [
      CallShape(
        "override", LegacyParameter("user_id"), LegacyParameter("target_id"),
        LegacyParameter("action", or: ["override_type"]),
        LegacyParameter("reason", optional: true),
        LegacyParameter("priority", .u8, optional: true))
    ], replacement: "agora.admin.override"
  ) { call, lookups throws(Refusal) in
    let target = call.text("target_id")
    let everything = LegacyMessage.receiver(target) == nil || target == "system_wide"
    let workflow = everything ? nil : lookups.workflow(target)
    let word = call.text("action").lowercased()
    let action = actions[word] ?? word
    let reason = call.name("reason") ?? "no reason was given"
    let use = PlanStep.ToolUse(
      tool: "agora.admin.override",
      arguments: [
        .init("target_id", .string(everything ? "system_wide" : workflow ?? target)),
        .init("action", .string(action)),
        .init("reason", .string("\(call.text("user_id")): \(reason)")),
        .init("priority", .int(call.integer("priority") ?? 255)),
      ])
    var steps: [PlanStep] = [.call(use)]
    if !everything, workflow == nil { steps.insert(.named(target), at: 0) }
    return Plan(from: nil, "Override executed", steps)
  }

  /// v4's words for what v5 does.
  private static let actions = [
    "stop": "pause", "halt": "emergency_halt", "emergency_stop": "emergency_halt",
    "emergency": "emergency_halt", "kill": "terminate", "cancel": "terminate",
    "start": "resume", "continue": "resume", "suspend": "pause",
  ]
}

/// `user_directive`: named in documents only.
enum UserDirective {
  static let reducer = Reducer(
    withdrawn: "user_directive",
    shapes: [
      CallShape(
        "directive", LegacyParameter("user_id"), LegacyParameter("directive", optional: true))
    ], replacement: "agora.messaging.send",
    instead: "send it as a message with agora.messaging.send")
}

/// `clear_duplicate_entries`: named in documents only; v5's names are unique.
enum ClearDuplicateEntries {
  static let reducer = Reducer(
    withdrawn: "clear_duplicate_entries", shapes: [CallShape("all")],
    replacement: "agora store check",
    instead: "an agent's name is unique on v5, and agora store check looks at the rest")
}

/// `cleanup_agent_registration`: named in documents only.
enum CleanupAgentRegistration {
  static let reducer = Reducer(
    withdrawn: "cleanup_agent_registration",
    shapes: [CallShape("agent", LegacyParameter("agent_name", or: ["agent_id"]))],
    replacement: "agora.admin.manage",
    instead: "agora.agent.register updates an agent, agora.admin.manage ends one")
}
