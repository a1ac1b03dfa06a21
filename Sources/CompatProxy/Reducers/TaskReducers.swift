import AgoraStore

/// `create_task`: v3's task under the caller's id, for one agent.
enum CreateTask {
  static let reducer = Reducer(
    "create_task",
    shapes: [
      CallShape(
        "task", LegacyParameter("task_id"), LegacyParameter("agent_id", or: ["assigned_agent"]),
        LegacyParameter("task_type"), LegacyParameter("priority", .priority, optional: true),
        LegacyParameter("payload", or: ["input_data"], optional: true))
    ], replacement: "agora.task.assign"
  ) { call, lookups throws(Refusal) in
    let (id, agent) = (call.text("task_id"), call.name("agent_id"))
    guard lookups.task(id) == nil else {
      // v4's module would have panicked; its callers took "already exists" for done.
      return Plan(
        from: agent, "A task of this id exists already",
        .event(
          PlanStep.EventReport(
            type: "v4_repeated_task", source: agent,
            data: .object([.init("task_id", .string(id))]))))
    }
    let (priority, kept) = LegacyMessage.priority(call.text("priority"))
    var use = PlanStep.ToolUse(
      tool: "agora.task.assign",
      arguments: [
        .init("task_type", .string(call.name("task_type") ?? "general")),
        .init("payload", LegacyTask.payload(call.document("payload"))),
        .init("priority", .string(priority)),
      ], id: id.isEmpty ? nil : (.task, id), metadata: kept + [.init("v4_id", .string(id))])
    guard let agent else {
      use = PlanStep.ToolUse(
        tool: use.tool, arguments: use.arguments + [.init("required_capabilities", .array([]))],
        id: use.id, metadata: use.metadata)
      return Plan(from: nil, "Task created", .assign(use, workflow: nil))
    }
    use = PlanStep.ToolUse(
      tool: use.tool, arguments: use.arguments + [.init("assignee", .string(agent))], id: use.id,
      metadata: use.metadata)
    return Plan(from: agent, "Task created", .named(agent), .call(use))
  }
}

/// `complete_task`: a task is done.
enum CompleteTask {
  static let reducer = Reducer(
    "complete_task", shapes: [CallShape("task", LegacyParameter("task_id"))],
    replacement: "agora.task.update"
  ) { call, lookups throws(Refusal) in
    let id = call.text("task_id")
    guard let task = lookups.task(id), task.status.isOpen else {
      let isKnown = lookups.task(id) != nil
      return Plan(
        from: nil, isKnown ? "The task is over already" : "No task has this id; this was noted",
        .event(
          PlanStep.EventReport(
            type: isKnown ? "v4_late_progress" : "v4_unknown_task",
            data: .object([.init("task_id", .string(id))]))))
    }
    return Plan(
      from: nil, "Task completed",
      .call(
        PlanStep.ToolUse(
          tool: "agora.task.update",
          arguments: [
            .init("task_id", .string(task.id)), .init("status", .string("completed")),
          ])))
  }
}
