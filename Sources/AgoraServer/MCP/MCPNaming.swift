import AgoraStore

/// How tools are called in lists; calls take both.
///
/// The most used clients refuse a dot, so underscores are the rule.
package enum MCPNaming: String, Sendable, CaseIterable {
  case underscore, dotted

  /// A tool's name.
  func name(_ tool: Tool) -> String { self == .dotted ? tool.name : tool.underscoreName }

  /// The name of what takes a tool's place, `agora.messaging.send@1.0.0` in the catalogue.
  func replacement(_ text: String) -> String {
    let name = String(text.prefix { $0 != "@" })
    return self == .dotted ? name : String(name.map { $0 == "." ? "_" : $0 })
  }
}
