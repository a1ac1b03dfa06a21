import AgoraStore

/// `update_agent_status`: an agent's own word for how it is.
enum UpdateAgentStatus {
  static let reducer = Reducer(
    "update_agent_status",
    shapes: [
      CallShape(
        "status", LegacyParameter("agent_name", or: ["agent_id"]), LegacyParameter("status"))
    ], replacement: "agora.agent.register"
  ) { call, _ throws(Refusal) in
    let name = call.text("agent_name")
    return Plan(
      from: name, "Agent status updated", .agentStatus(call.text("status"), of: name))
  }
}

/// `agent_heartbeat`: a sign of life.
enum AgentHeartbeat {
  static let reducer = Reducer(
    "agent_heartbeat",
    shapes: [
      CallShape("heartbeat", LegacyParameter("agent_name", or: ["agent_id"])),
      CallShape(
        "status", LegacyParameter("agent_name", or: ["agent_id"]), LegacyParameter("status"),
        positional: false),
    ], replacement: "agora.messaging.receive"
  ) { call, _ throws(Refusal) in
    let name = call.text("agent_name")
    if let status = call.name("status") {
      return Plan(from: name, "Heartbeat noted", .agentStatus(status, of: name))
    }
    return Plan(from: name, "Heartbeat noted", .alive(name))
  }
}
