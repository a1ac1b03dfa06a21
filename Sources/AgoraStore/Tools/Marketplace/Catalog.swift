extension ToolCatalog {
  /// The tools of Agora v5.
  public static let agora = ToolCatalog([
    RegisterAgent.self,
    SendMessage.self,
  ])
}
