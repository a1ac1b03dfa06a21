/// How `agora serve` is set up.
public struct ServiceOptions: Sendable {
  /// How MCP's list spells the names of tools.
  public enum ToolNames: String, Sendable, CaseIterable {
    /// `agora.messaging.send`.
    case dotted
    /// `agora_messaging_send`, since the most used clients refuse a dot.
    case underscore
  }

  /// Where the server listens; port 0 lets the system choose.
  public var address = SocketAddress(host: "127.0.0.1", port: 8080)
  /// A second port for events alone; nil for none, 0 lets the system choose.
  public var eventsPort: Int?
  /// How MCP's list spells the names of tools.
  public var toolNames = ToolNames.underscore
  /// Whether MCP's list has v4's seven tools too, as deprecated ones.
  public var listsLegacyTools = false
  /// Whether the server may listen beyond this machine without a token.
  public var isInsecure = false
  /// Whether `/ws/echo` is there, for test suites of WebSockets.
  public var echoes = false
  /// The origins under which a reverse proxy shows the server.
  public var publicOrigins: [WebOrigin] = []
  /// Calls a second for each token; 0 for no limit.
  public var callsPerSecond = Access.Rules().callsPerSecond
  /// The highest authority that a token can give.
  public var highestAuthority = Access.Rules().highestAuthority

  /// The setting that is documented.
  public init() {}

  /// What ``Access`` has to know of it.
  var rules: Access.Rules {
    var rules = Access.Rules()
    rules.isLoopbackOnly = address.isLoopback
    rules.isInsecure = isInsecure
    rules.publicOrigins = publicOrigins
    rules.callsPerSecond = callsPerSecond
    rules.highestAuthority = highestAuthority
    return rules
  }
}
