package import AgoraStore

/// Many who write to one store at once: what each of them does, and what has to be there afterwards.
package enum Crowd {
  /// Whether there is time for more than a test of everyday has.
  package static var isStress: Bool { System.environment("STRESS") != nil }

  /// How many rounds fill one agent's capabilities and one workflow's steps, which have their limits.
  private static let share = 10

  /// The agent that all work with in a round.
  package static func meetingPoint(_ round: Int) -> String { "shared \(round / share)" }

  /// The calls of a round by their tools.
  package static let callsPerRound = [
    "agora.agent.register": 1, "agora.messaging.send": 2, "agora.task.assign": 1,
    "agora.task.update": 2, "agora.workflow.modify": 1, "agora.messaging.receive": 1,
    "agora.messaging.acknowledge": 1,
  ]

  /// The events of a round by their types.
  ///
  /// The one who does a task and the one who asked for it are both told of it.
  package static let eventsPerRound = [
    "agent_registered": 1, "broadcast_message": 1, "message_received": 1, "task_assigned": 1,
    "task_updated": 4, "workflow_updated": 1, "messages_acknowledged": 1,
  ]

  /// Makes what all work with.
  ///
  /// - Returns: the ids of the workflows, one for each ``meetingPoint(_:)``.
  package static func prepare(_ marketplace: Marketplace, rounds: Int) throws -> [String] {
    let owner = Caller.owner(.swift)
    return try stride(from: 0, to: rounds, by: share).map { round in
      _ = try marketplace.run(
        RegisterAgent(RegisterAgent.agentName(meetingPoint(round))), as: owner)
      return try marketplace.run(
        CreateWorkflow(
          CreateWorkflow.workflowName("w"), CreateWorkflow.steps([]),
          CreateWorkflow.assignedAgents([]), CreateWorkflow.start(false)), as: owner
      ).workflowID
    }
  }

  /// Does the work of one of them.
  ///
  /// - Throws: ``ToolFailure`` for the first call that is refused: none may be.
  package static func work(
    _ marketplace: Marketplace, name: String, rounds: Int, workflows: [String]
  ) throws {
    func call(_ tool: String, _ members: [String: JSON]) throws -> JSON {
      let arguments = JSON.object(members.map { .init($0.key, $0.value) })
      return try marketplace.call(tool, arguments, as: .owner(.swift, as: AgentReference(name)))
        .result
    }
    _ = try call("agora.agent.register", ["agent_name": .string(name)])
    for round in 0..<rounds {
      let mark = JSON.string("\(name) \(round)")
      let shared = JSON.string(meetingPoint(round))
      _ = try call("agora.agent.register", ["agent_name": shared, "capabilities": .array([mark])])
      let sent = try call("agora.messaging.send", ["to_agent": shared, "content": mark])
      _ = try call(
        "agora.messaging.send", ["to_agent": .string("broadcast"), "content": mark])
      let task = try call(
        "agora.task.assign", ["assignee": shared, "task_type": mark, "payload": .object([])])
      for (status, progress) in [("in_progress", 50), ("completed", 100)] {
        _ = try call(
          "agora.task.update",
          [
            "task_id": task["task_id"] ?? .null, "status": .string(status),
            "progress": .int(progress),
          ])
      }
      _ = try call(
        "agora.workflow.modify",
        [
          "workflow_id": .string(workflows[round / share]), "action": .string("add_step"),
          "step": .object([.init("name", mark), .init("agent", shared)]),
        ])
      _ = try call("agora.messaging.receive", ["agent_id": shared, "limit": .int(5)])
      _ = try call(
        "agora.messaging.acknowledge",
        ["agent_id": shared, "message_ids": .array([sent["message_id"] ?? .null])])
    }
  }
}
