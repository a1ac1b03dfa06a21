import AgoraStore
import CompatProxy

/// A tool of v4's MCP server, which an early v5 served under another name: both are answered by the
/// translation that all doors for agents of v4 share, and recorded as calls of v4.
struct MCPLegacyTool: Sendable {
  /// A parameter as v4's agents give it.
  struct Parameter: Sendable {
    let name: String
    let description: String
    /// Whether it may be any JSON, as a text or as it is.
    var isDocument = false
    var isRequired = false
  }

  /// v4's name, which is the reducer's too.
  let name: String
  /// What the early v5 called it.
  let early: String
  let title: String
  /// What it does.
  let description: String
  let parameters: [Parameter]
  /// Whether it only looks.
  let reads: Bool
  /// What it does once called.
  let reducer: Reducer

  init?(
    _ name: String, early: String, title: String, _ description: String, reads: Bool = false,
    _ parameters: [Parameter]
  ) {
    guard let reducer = Reducer.all.first(where: { $0.name == name }) else { return nil }
    self.name = name
    self.early = early
    self.title = title
    self.description = description
    self.reads = reads
    self.parameters = parameters
    self.reducer = reducer
  }

  /// The tool of one of its names, with dots or underscores.
  static func named(_ name: String) -> MCPLegacyTool? {
    all.first {
      $0.name == name || $0.early == name
        || ServiceOptions.ToolNames.underscore.replacement($0.early) == name
    }
  }

  /// Whether arguments under a name that v5 has too are v4's: they make a call of v4, and there is
  /// something among them that v5's tool cannot take, so that no mistake of a v5 agent is taken for it.
  func isMeant(by arguments: [JSON.Member], ratherThan tool: Tool) -> Bool {
    let isForeign = arguments.contains { member in
      guard let field = tool.parameters.fields.first(where: { $0.name == member.name }) else {
        return true
      }
      // v4's priorities are numbers.
      if case .word = field.type.unwrapped, case .number = member.value { return true }
      return false
    }
    return isForeign && reducer.takes(Reducer.texts(arguments))
  }

  /// The call as all doors of v4 understand it.
  func call(_ arguments: [JSON.Member], as caller: Caller) -> LegacyCall {
    LegacyCall(
      database: LegacyDatabase.marketplace.rawValue, reducer: name,
      arguments: .named(Reducer.texts(arguments)), door: "mcp", caller: caller)
  }

  /// The tool as clients see it, marked as deprecated.
  ///
  /// - Parameter sunset: how far v4 is from its end.
  func card(_ naming: ServiceOptions.ToolNames, _ sunset: SunsetState) -> JSON {
    let replacement = naming.replacement(reducer.replacement)
    return .object([
      .init("name", .string(name)), .init("title", .string("\(title) (v4)")),
      .init(
        "description",
        .string(MCPToolCard.notice(replacement: replacement, sunset: sunset.end) + description)),
      .init("inputSchema", schema),
      .init(
        "annotations",
        MCPToolCard.annotations(reads: reads, destroys: false, isIdempotent: reads)),
      .init(
        "_meta",
        .object([
          .init("dev.agora/name", .string(name)), .init("dev.agora/version", .string("4.0.0")),
          .init("dev.agora/status", .string("deprecated")),
          .init("dev.agora/deprecated", .optional(sunset.deprecatedAt?.description)),
          .init("dev.agora/sunset", .optional(sunset.end?.description)),
          .init("dev.agora/replacement", .string(replacement)),
          .init("dev.agora/early_name", .string(early)),
        ])),
    ])
  }

  private var schema: JSON {
    let required = parameters.filter(\.isRequired)
    var members: [JSON.Member] = [
      .init("type", .string("object")),
      .init("properties", .object(parameters.map { .init($0.name, property($0)) })),
    ]
    if !required.isEmpty {
      members.append(.init("required", .array(required.map { .string($0.name) })))
    }
    return .object(members)
  }

  private func property(_ parameter: Parameter) -> JSON {
    let description = JSON.Member("description", .string(parameter.description))
    guard !parameter.isDocument, let type = reducer.schemaType(of: parameter.name) else {
      return .object([description])
    }
    return .object([.init("type", .string(type)), description])
  }
}
