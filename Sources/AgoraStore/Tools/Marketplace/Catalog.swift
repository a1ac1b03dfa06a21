extension ToolCatalog {
  /// The tools of Agora v5.
  public static let agora = ToolCatalog([
    RegisterAgent.self, ShowAgent.self,
    SendMessage.self, ReceiveMessages.self, AcknowledgeMessages.self, Subscribe.self,
    Unsubscribe.self,
    AssignTask.self, UpdateTask.self, ListTasks.self, ShowTaskHistory.self,
    CreateWorkflow.self, ShowWorkflow.self, ModifyWorkflow.self,
    ListServices.self, ShowSchema.self,
    QueryAgents.self, QueryServices.self, QueryMarketplace.self,
    Override.self, CheckHealth.self, Manage.self,
  ])
}
