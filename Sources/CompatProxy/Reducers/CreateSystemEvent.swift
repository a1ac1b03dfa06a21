import AgoraStore

/// `create_system_event`: an event in the log.
enum CreateSystemEvent {
  static let reducer = Reducer(
    "create_system_event",
    shapes: [
      CallShape(
        "event", LegacyParameter("event_id"), LegacyParameter("event_type"),
        LegacyParameter("source_agent", .optionalString),
        LegacyParameter("target_agent", .optionalString),
        LegacyParameter("data", optional: true),
        LegacyParameter("priority", .priority, optional: true)),
      CallShape("object", LegacyParameter("event")),
    ], replacement: "agora.messaging.send"
  ) { call, lookups throws(Refusal) in
    var report = PlanStep.EventReport(
      type: call.name("event_type") ?? "", id: call.name("event_id"),
      source: call.name("source_agent"), target: call.name("target_agent"),
      data: call.document("data") ?? .object([]), metadata: call.members("priority"))
    if call.shape.hasSuffix("object") { report = try read(call) }
    guard !report.type.isEmpty, report.type.unicodeScalars.count <= 128 else {
      throw Refusal(.reducer, "invalid_parameter", "event_type is 1 to 128 characters")
    }
    if let target = report.target { report.target = LegacyMessage.receiver(target) }
    // The counter of a caller's clock may give an id twice: it is a second event all the same.
    if let id = report.id {
      report.metadata.append(.init("v4_id", .string(id)))
      if lookups.isReported(id) { report.id = nil }
    }
    let steps: [PlanStep] =
      [report.source, report.target].compactMap { $0 }.map { .named($0) } + [.event(report)]
    return Plan(from: report.source, "Event recorded", steps)
  }

  /// An event that came as one object.
  private static func read(_ call: BoundCall) throws(Refusal) -> PlanStep.EventReport {
    guard case .object(let members)? = call.document("event") else {
      throw Refusal(.reducer, "invalid_parameter", "the event is no JSON object")
    }
    func text(_ name: String) -> String? {
      members.first { $0.name == name }?.value.text.flatMap { $0.isEmpty ? nil : $0 }
    }
    let own: Set<String> = ["event_id", "event_type", "source_agent", "target_agent", "data"]
    var rest = members.filter { !own.contains($0.name) }
    if let index = rest.firstIndex(where: { $0.name == "timestamp" }),
      let instant = Written.value(rest[index].value).instant
    {
      rest[index] = .init("timestamp", .string(instant.description))
    }
    return PlanStep.EventReport(
      type: text("event_type") ?? text("type") ?? "system_event", id: text("event_id"),
      source: text("source_agent"), target: text("target_agent"),
      data: members.first { $0.name == "data" }.map { Written.value($0.value).document }
        ?? .object([]),
      metadata: rest)
  }
}

/// `create_user_notification`: an event for a person.
enum CreateUserNotification {
  static let reducer = Reducer(
    "create_user_notification",
    shapes: [
      CallShape(
        "notification", LegacyParameter("notification_id"), LegacyParameter("user_id"),
        LegacyParameter("notification_type", optional: true),
        LegacyParameter("severity", optional: true), LegacyParameter("title", optional: true),
        LegacyParameter("message", optional: true))
    ], replacement: "agora.messaging.send"
  ) { call, lookups throws(Refusal) in
    let id = call.text("notification_id")
    var report = PlanStep.EventReport(
      type: "user_notification", id: id,
      data: .object(
        call.members(
          "notification_id", "user_id", "notification_type", "severity", "title", "message")))
    if lookups.isReported(id) { report.id = nil }
    return Plan(from: nil, "Notification recorded", .event(report))
  }
}
