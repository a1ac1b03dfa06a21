import AgoraStore

extension ServiceOptions.ToolNames {
  /// A tool's name in a list; calls take both.
  func name(_ tool: Tool) -> String { self == .dotted ? tool.name : tool.underscoreName }

  /// A text for models with the names of tools as they are listed.
  func spelled(_ text: String, _ catalog: ToolCatalog) -> String {
    guard self == .underscore, text.contains("agora.") else { return text }
    return catalog.entries.reduce(text) { $0.replacing($1.tool.name, with: $1.tool.underscoreName) }
  }

  /// The name of what takes a tool's place, `agora.messaging.send@1.0.0` in the catalogue.
  func replacement(_ text: String) -> String {
    let name = String(text.prefix { $0 != "@" })
    return self == .dotted ? name : String(name.map { $0 == "." ? "_" : $0 })
  }
}
