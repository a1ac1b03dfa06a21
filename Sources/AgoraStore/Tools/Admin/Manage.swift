/// `agora.admin.manage`: agents' statuses, services' lives and the marketplace's settings.
public struct Manage: ToolCall {
  /// What is managed.
  public enum Action: String, Word {
    /// An agent's status.
    case setAgentStatus = "set_agent_status"
    /// A tool will go.
    case deprecateService = "deprecate_service"
    /// A tool stays.
    case activateService = "activate_service"
    /// A setting gets a value.
    case setConfig = "set_config"
    /// A setting is shown.
    case getConfig = "get_config"
  }

  /// What to do.
  public static let action = Parameter<Action>("action", "What to do")
  /// Whose status.
  public static let agent = Parameter<AgentReference?>(
    optional: "agent_id", "set_agent_status: which agent")
  /// The status.
  public static let status = Parameter<AgentStatus?>(
    optional: "status",
    "set_agent_status: its new status; the open tasks of one that is terminated fail")
  /// Which tool.
  public static let serviceName = Parameter<String?>(
    optional: "service_name", "deprecate_service, activate_service: the tool's name", .name)
  /// Which version of it.
  public static let version = Parameter<String?>(
    optional: "version", "deprecate_service, activate_service: its version, such as 1.0.0", .word)
  /// Since when.
  public static let deprecationDate = Parameter<Timestamp?>(
    optional: "deprecation_date", "deprecate_service: since when it is discouraged")
  /// Until when.
  public static let sunsetDate = Parameter<Timestamp?>(
    optional: "sunset_date",
    "deprecate_service: when it ends, not before deprecation_date; from then on it is refused")
  /// What instead.
  public static let replacement = Parameter<String?>(
    optional: "replacement",
    "deprecate_service: the tool that takes its place, such as agora.messaging.send@1.0.0", .name)
  /// How to change over.
  public static let guide = Parameter<String?>(
    optional: "migration_guide", "deprecate_service: where it is written how to change over",
    .note)
  /// Which setting.
  public static let key = Parameter<String?>(
    optional: "key", "set_config: the setting; get_config: the same, or all where none is given",
    .name)
  /// Its value.
  public static let value = Parameter<Int?>(optional: "value", "set_config: its new value")
  /// Why.
  public static let reason = Parameter<String?>(
    optional: "reason", "Why, for the audit", .note)

  /// The declaration.
  public static let tool = Tool(
    .admin, "manage", title: "Manage the marketplace",
    description:
      "Sets an agent's status, deprecates or activates a tool, and sets or shows the marketplace's settings. Everything is audited.",
    parameters: ParameterList(
      action, agent, status, serviceName, version, deprecationDate, sunsetDate, replacement, guide,
      key, value, reason), output: Output.self, failures: [.notFound, .conflict],
    access: .writes, authority: Caller.administrative, isIdempotent: true, isDestructive: true,
    examples: [
      .init(
        #"{"action":"set_config","key":"events.keep_days","value":30,"reason":"the disk is small"}"#,
        #"{"action":"set_config","target":"events.keep_days","changed":true,"agent":null,"service":null,"settings":[{"key":"events.keep_days","value":30,"default":90,"minimum":1,"maximum":36500,"description":"Days after which an event of v5 may be removed","updated_at":"2025-06-06T10:00:00Z","updated_by":"operator"}],"executed_at":"2025-06-06T10:00:00Z"}"#
      ),
      .init(
        #"{"action":"set_agent_status","agent_id":"MyAgent","status":"suspended"}"#,
        #"{"action":"set_agent_status","target":"agent_019740f0a4d07cc0a1b2c3d4e5f60718","changed":true,"agent":{"agent_id":"agent_019740f0a4d07cc0a1b2c3d4e5f60718","agent_name":"MyAgent","status":"suspended","service_tier":"basic","capabilities":[],"max_concurrent_tasks":null,"registered_at":"2025-06-06T10:00:00Z","last_activity":null,"metadata":{}},"service":null,"settings":[],"executed_at":"2025-06-06T10:00:00Z"}"#
      ),
    ])

  /// What managing answers.
  public struct Output: ToolOutput {
    /// What was done.
    public let action: Action
    /// To what: an agent's id, a tool with its version, a key; nil where all settings are shown.
    public let target: String?
    /// Whether anything is other than it was.
    public let isChanged: Bool
    /// The agent as it is now.
    public var agent: AgentView?
    /// The tool as it is now.
    public var service: ServiceView?
    /// The settings as they are now.
    public var settings: [SettingView] = []
    /// When it was done.
    public let executedAt: Timestamp

    /// The fields.
    public static let shape = Shape<Output>(
      .field("action", "What was done") { $0.action },
      .field("target", "To what: an agent's id, a tool with its version, or a key") { $0.target },
      .field("changed", "Whether anything is other than it was") { $0.isChanged },
      .field("agent", "The agent as it is now; null where it was not about one") { $0.agent },
      .field("service", "The tool as it is now; null where it was not about one") { $0.service },
      .field("settings", "The settings that it was about, as they are now") { $0.settings },
      .field("executed_at", "When it was done") { $0.executedAt })
  }

  /// What to do, with all that it takes.
  private enum Command {
    case setAgentStatus(AgentReference, AgentStatus)
    case deprecate(String, String, Tool.Deprecation)
    case activate(String, String)
    case set(Setting, Int)
    case get(Setting?)
  }

  let action: Action
  private let command: Command
  let reason: String?

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    let action = try arguments[Self.action]
    let agent = try arguments[Self.agent]
    let status = try arguments[Self.status]
    let name = try arguments[Self.serviceName]
    let version = try arguments[Self.version]
    let since = try arguments[Self.deprecationDate]
    let sunset = try arguments[Self.sunsetDate]
    let replacement = try arguments[Self.replacement]
    let guide = try arguments[Self.guide]
    let key = try arguments[Self.key]
    let value = try arguments[Self.value]
    reason = try arguments[Self.reason]
    func due<Value>(_ value: Value?, _ field: Field) throws(ToolFailure) -> Value {
      if let value { return value }
      throw ToolFailure(
        .invalidParameter,
        "\(field.name) is missing: \(action.rawValue) needs \(field.type.expectation)",
        parameter: field.name)
    }
    var used: Set<String> = [Self.action.field.name, Self.reason.field.name]
    func uses(_ fields: Field...) { used.formUnion(fields.map(\.name)) }
    switch action {
    case .setAgentStatus:
      uses(Self.agent.field, Self.status.field)
      command = .setAgentStatus(
        try due(agent, Self.agent.field), try due(status, Self.status.field))
    case .deprecateService:
      uses(
        Self.serviceName.field, Self.version.field, Self.deprecationDate.field,
        Self.sunsetDate.field, Self.replacement.field, Self.guide.field)
      command = .deprecate(
        try due(name, Self.serviceName.field), try due(version, Self.version.field),
        Tool.Deprecation(
          since: try due(since, Self.deprecationDate.field),
          sunset: try due(sunset, Self.sunsetDate.field),
          replacement: try due(replacement, Self.replacement.field), guide: guide))
    case .activateService:
      uses(Self.serviceName.field, Self.version.field)
      command = .activate(
        try due(name, Self.serviceName.field), try due(version, Self.version.field))
    case .setConfig:
      uses(Self.key.field, Self.value.field)
      let setting = try Setting.named(due(key, Self.key.field))
      command = .set(setting, try Self.accepted(due(value, Self.value.field), for: setting))
    case .getConfig:
      uses(Self.key.field)
      command = .get(try key.map { (key) throws(ToolFailure) in try Setting.named(key) })
    }
    self.action = action
    for member in arguments.json.members ?? []
    where member.value != .null && !used.contains(member.name) {
      throw ToolFailure(
        .invalidParameter, "\(member.name) has no place with \(action.rawValue)",
        parameter: member.name)
    }
  }

  private static func accepted(
    _ value: Int, for setting: Setting
  ) throws(ToolFailure) -> Int {
    guard setting.range.contains(value) else {
      throw ToolFailure(
        .invalidParameter,
        "value is \(value), and \(setting.key) takes a number from \(setting.range.lowerBound) to \(setting.range.upperBound)",
        parameter: "value",
        details: .object([
          .init("minimum", .int(setting.range.lowerBound)),
          .init("maximum", .int(setting.range.upperBound)),
        ]))
    }
    return value
  }

  /// Does it.
  public func run(in context: ToolContext) throws -> Output {
    try context.actAsOperator()
    switch command {
    case .setAgentStatus(let agent, let status): return try set(agent, to: status, in: context)
    case .deprecate(let name, let version, let deprecation):
      let decision = try ServiceDecision(name, version, in: context.catalog)
      try decision.check(deprecation, in: context)
      return try decide(
        ServiceRegister.State(status: .deprecated, deprecation: deprecation), on: decision.tool,
        in: context)
    case .activate(let name, let version):
      let decision = try ServiceDecision(name, version, in: context.catalog)
      return try decide(
        ServiceRegister.State(status: .active, deprecation: nil), on: decision.tool, in: context)
    case .set(let setting, let value): return try set(setting, to: value, in: context)
    case .get(let setting):
      return Output(
        action: action, target: setting?.key, isChanged: false,
        settings: try (setting.map { [$0] } ?? Setting.all).map {
          try SettingView($0, in: context.connection)
        }, executedAt: context.now)
    }
  }
}
