import AgoraStore

/// `update_task_progress`: how far a task is, from 0 to 1.
enum UpdateTaskProgress {
  static let reducer = Reducer(
    "update_task_progress",
    shapes: [
      CallShape(
        "progress", LegacyParameter("assignment_id", or: ["task_id"]),
        LegacyParameter("agent_id", optional: true),
        LegacyParameter("progress", .float),
        LegacyParameter("status_update", or: ["status"], optional: true),
        LegacyParameter("intermediate_results", optional: true))
    ], replacement: "agora.task.update"
  ) { call, lookups throws(Refusal) in
    let (id, agent) = (call.text("assignment_id"), call.name("agent_id"))
    let word = call.name("status_update")
    let percent = try percent(call)
    var report: [JSON.Member] = [
      .init("assignment_id", .string(id)), .init("progress", .int(percent)),
    ]
    report += call.members("status_update")
    guard let task = lookups.task(id) else {
      return Plan(
        from: agent, "No task has this id; the progress was noted as an event",
        .event(
          PlanStep.EventReport(
            type: "v4_unknown_task", source: agent, data: .object(report))))
    }
    guard task.status.isOpen else {
      return Plan(
        from: agent, "The task is \(task.status.rawValue) and stays so; the progress was noted",
        .event(
          PlanStep.EventReport(
            type: "v4_late_progress", source: agent, data: .object(report))))
    }
    var arguments: [JSON.Member] = [.init("task_id", .string(task.id))]
    let status = status(word, percent: percent, of: task)
    if let status { arguments.append(.init("status", .string(status.rawValue))) }
    if percent > 0 || task.status == .inProgress || status == .inProgress {
      arguments.append(.init("progress", .int(status == .completed ? 100 : percent)))
    }
    let note = word ?? "\(percent) %"
    arguments.append(.init("notes", .string(String(note.prefix(4_000)))))
    var metadata: [JSON.Member] = []
    if let results = call.document("intermediate_results") {
      metadata.append(.init("intermediate_results", results))
    }
    var steps: [PlanStep] = agent.map { [.named($0)] } ?? []
    if let agent, !task.hasAgent { steps.append(.claim(task: task.id, agent: agent)) }
    steps.append(
      .call(
        PlanStep.ToolUse(
          tool: "agora.task.update", arguments: arguments, actor: agent, metadata: metadata)))
    return Plan(from: agent, "Task progress updated", steps)
  }

  /// Progress in whole percent: v4 says it from 0 to 1, some callers from 0 to 100.
  private static func percent(_ call: BoundCall) throws(Refusal) -> Int {
    guard let number = call.number("progress"), !number.isAbove(100),
      let percent = number.rounded(timesTenTo: number.isAbove(1) ? 0 : 2, limit: 100)
    else {
      throw Refusal(.reducer, "out_of_range", "progress is not between 0 and 1")
    }
    return Int(percent)
  }

  /// The task's status now; nil where it stays.
  private static func status(
    _ word: String?, percent: Int, of task: LegacyTaskStanding
  ) -> TaskStatus? {
    let known = word.flatMap { LegacyWords.knownTaskStatus($0) }
      .flatMap { TaskStatus(rawValue: $0) }
    let said = known ?? (percent == 100 ? .completed : percent > 0 ? .inProgress : nil)
    // A task that has been begun does not go back because a caller says so in passing.
    guard let said, said != .pending else { return percent > 0 ? begun(task) : nil }
    return said == task.status ? nil : said
  }

  private static func begun(_ task: LegacyTaskStanding) -> TaskStatus? {
    task.status == .pending ? .inProgress : nil
  }
}
