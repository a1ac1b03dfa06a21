import AgoraStore

/// `create_workflow`: v3's workflows, which v4 agents kept making.
enum CreateWorkflowReducer {
  private static let agents = LegacyParameter("assigned_agents", optional: true)

  static let reducer = Reducer(
    "create_workflow",
    shapes: [
      CallShape(
        "workflow", LegacyParameter("workflow_id"), LegacyParameter("workflow_type"),
        LegacyParameter("initiator_agent", optional: true), agents,
        LegacyParameter("metadata", optional: true)),
      CallShape(
        "steps", LegacyParameter("workflow_name"), LegacyParameter("steps", optional: true), agents,
        positional: false),
      CallShape("type", LegacyParameter("workflow_type")),
    ], replacement: "agora.workflow.create"
  ) { call, _ throws(Refusal) in
    var metadata: [JSON.Member] = []
    if case .object(let members)? = call.document("metadata") { metadata = members }
    let agents = call.list("assigned_agents")
    var steps = LegacySteps.steps(call.document("steps"), agents: agents) ?? []
    if !StartWorkflowCoordination.areSteps(steps) { steps = [] }
    // What nobody can be given is kept for a reader.
    if steps.isEmpty, let text = call.document("steps") {
      metadata.append(.init("v4_steps", text))
    }
    return StartWorkflowCoordination.plan(
      call, id: call.name("workflow_id"),
      name: call.name("workflow_name") ?? call.name("workflow_type") ?? call.text("workflow_id"),
      creator: call.name("initiator_agent"), agents: agents,
      steps: steps, metadata: metadata)
  }
}

/// `update_workflow_status`: how far a workflow is.
enum UpdateWorkflowStatus {
  static let reducer = Reducer(
    "update_workflow_status",
    shapes: [
      CallShape("status", LegacyParameter("workflow_id"), LegacyParameter("status"))
    ], replacement: "agora.workflow.modify"
  ) { call, _ throws(Refusal) in
    Plan(
      from: nil, "Workflow status updated",
      .workflowStatus(call.text("status"), of: call.text("workflow_id")))
  }
}
