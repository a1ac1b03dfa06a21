import AgoraStore

/// `assign_task`: a task for whoever can do it; v4's names no assignee.
enum AssignTaskReducer {
  static let reducer = Reducer(
    "assign_task",
    shapes: [
      CallShape(
        "task", LegacyParameter("workflow_id"), LegacyParameter("task_type"),
        LegacyParameter("input_data", or: ["payload"], optional: true),
        LegacyParameter("required_capabilities", optional: true),
        LegacyParameter("requesting_agent", optional: true))
    ], replacement: "agora.task.assign"
  ) { call, _ throws(Refusal) in
    let requester = call.name("requesting_agent")
    let arguments: [JSON.Member] = [
      .init("task_type", .string(call.name("task_type") ?? "general")),
      .init("required_capabilities", call.list("required_capabilities").json),
      .init("payload", LegacyTask.payload(call.document("input_data"))),
    ]
    return Plan(
      from: requester, "Task assigned",
      .assign(
        PlanStep.ToolUse(tool: "agora.task.assign", arguments: arguments, actor: requester),
        workflow: call.name("workflow_id")))
  }
}

/// What the reducers of tasks have in common.
enum LegacyTask {
  /// What a task is about, as the object that v5 wants.
  static func payload(_ document: JSON?) -> JSON {
    switch document {
    case .object?: document ?? .object([])
    case .none, .null?: .object([])
    case .some(let other): .object([.init("input_data", other)])
    }
  }
}
