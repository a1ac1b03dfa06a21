/// v4's seven tools, with the parameters that its agents give.
extension MCPLegacyTool {
  static let all: [MCPLegacyTool] = [
    MCPLegacyTool(
      "register_agent_capability", early: "agora.agent.register", title: "Register a capability",
      "Registers something that an agent can do, and the agent with it.",
      [
        .init(name: "agent_id", description: "The agent's name", isRequired: true),
        .init(
          name: "capability_type", description: "What it can do, such as testing",
          isRequired: true),
        .init(name: "proficiency_level", description: "How well, from 1 to 10 or to 100"),
        .init(name: "max_concurrent_tasks", description: "How many tasks it takes at once"),
        .init(name: "capability_id", description: "An id for this capability"),
        .init(name: "average_completion_time", description: "Its usual time for a task"),
        .init(name: "success_rate", description: "How much of it succeeds, from 0 to 1"),
        .init(
          name: "resource_requirements", description: "What it needs, as JSON", isDocument: true),
        .init(
          name: "availability_schedule", description: "When it is there, as JSON",
          isDocument: true),
        .init(name: "is_active", description: "Whether it is there now"),
      ]),
    MCPLegacyTool(
      "send_agent_message", early: "agora.messaging.send", title: "Send a message",
      "Sends a message to an agent, or to all of them.",
      [
        .init(name: "from_agent", description: "Who sends it", isRequired: true),
        .init(
          name: "to_agent", description: "Who gets it; broadcast or * for everyone",
          isRequired: true),
        .init(name: "message_type", description: "What kind of message it is", isRequired: true),
        .init(
          name: "payload", description: "The message: a text, or JSON", isDocument: true,
          isRequired: true),
        .init(name: "priority", description: "How urgent it is, from 1 (low) to 5 (emergency)"),
        .init(name: "requires_response", description: "Whether an answer is awaited"),
        .init(name: "correlation_id", description: "What it belongs to"),
      ]),
    MCPLegacyTool(
      "assign_task", early: "agora.task.assign", title: "Assign a task",
      "Gives a task to the least loaded agent that can do it; it waits where there is none.",
      [
        .init(name: "workflow_id", description: "The workflow it belongs to", isRequired: true),
        .init(name: "task_type", description: "What kind of task it is", isRequired: true),
        .init(name: "input_data", description: "What it is about, as JSON", isDocument: true),
        .init(
          name: "required_capabilities", description: "What an agent has to be able to do",
          isDocument: true),
        .init(name: "requesting_agent", description: "Who gives the task"),
      ]),
    MCPLegacyTool(
      "update_task_progress", early: "agora.task.update", title: "Report on a task",
      "Says how far a task is.",
      [
        .init(name: "assignment_id", description: "Which task", isRequired: true),
        .init(name: "agent_id", description: "Who reports"),
        .init(name: "progress", description: "How far it is, from 0 to 1", isRequired: true),
        .init(name: "status_update", description: "Its status, or a note"),
        .init(
          name: "intermediate_results", description: "What came of it so far, as JSON",
          isDocument: true),
      ]),
    MCPLegacyTool(
      "start_workflow_coordination", early: "agora.workflow.start", title: "Start a workflow",
      "Starts a workflow under an id of the caller's.",
      [
        .init(name: "workflow_id", description: "The workflow's id", isRequired: true),
        .init(name: "coordinator_agent", description: "Who coordinates it", isRequired: true),
        .init(
          name: "participating_agents", description: "Who takes part, as a list",
          isDocument: true),
        .init(name: "coordination_strategy", description: "How they work together"),
      ]),
    MCPLegacyTool(
      "query_coordination_data", early: "agora.query.data", title: "Query the marketplace",
      "Lists active agents, tasks or workflows, or gives figures.", reads: true,
      [
        .init(
          name: "query_type", description: "active_agents, tasks, workflows or metrics",
          isRequired: true),
        .init(name: "filters", description: "What to look for, as JSON", isDocument: true),
      ]),
    MCPLegacyTool(
      "coordination_system_status", early: "agora.system.status", title: "Show the system's status",
      "Gives one object about the whole.", reads: true,
      [
        .init(name: "include_metrics", description: "Whether figures are wanted"),
        .init(name: "include_active_tasks", description: "Whether open tasks are wanted"),
      ]),
  ].compactMap { $0 }
}
