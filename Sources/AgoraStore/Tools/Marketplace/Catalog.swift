extension ToolCatalog {
  /// The tools of Agora v5, each under the name that it declares.
  public static let agora = ToolCatalog(named: [
    ("agora.agent.register", RegisterAgent.self),
    ("agora.agent.status", ShowAgent.self),
    ("agora.messaging.send", SendMessage.self),
    ("agora.messaging.receive", ReceiveMessages.self),
    ("agora.messaging.acknowledge", AcknowledgeMessages.self),
    ("agora.messaging.subscribe", Subscribe.self),
    ("agora.messaging.unsubscribe", Unsubscribe.self),
    ("agora.task.assign", AssignTask.self),
    ("agora.task.update", UpdateTask.self),
    ("agora.task.list", ListTasks.self),
    ("agora.task.history", ShowTaskHistory.self),
    ("agora.workflow.create", CreateWorkflow.self),
    ("agora.workflow.status", ShowWorkflow.self),
    ("agora.workflow.modify", ModifyWorkflow.self),
    ("agora.discovery.list", ListServices.self),
    ("agora.discovery.schema", ShowSchema.self),
    ("agora.query.agents", QueryAgents.self),
    ("agora.query.services", QueryServices.self),
    ("agora.query.marketplace", QueryMarketplace.self),
    ("agora.admin.override", Override.self),
    ("agora.admin.health", CheckHealth.self),
    ("agora.admin.manage", Manage.self),
  ])
}
