import AgoraStore

extension ServiceOptions.ToolNames {
  /// A tool's name in a list; calls take both.
  func name(_ tool: Tool) -> String { self == .dotted ? tool.name : tool.underscoreName }

  /// The name of what takes a tool's place, `agora.messaging.send@1.0.0` in the catalogue.
  func replacement(_ text: String) -> String {
    let name = String(text.prefix { $0 != "@" })
    return self == .dotted ? name : String(name.map { $0 == "." ? "_" : $0 })
  }
}
