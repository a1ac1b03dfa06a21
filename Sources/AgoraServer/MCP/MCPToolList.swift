import AgoraStore
import CompatProxy

/// `tools/list`: the catalogue, with what operators have decided about it.
///
/// It is the same for every caller, also for those who may not call all of it.
struct MCPToolList {
  private let core: MCPCore

  init(_ core: MCPCore) { self.core = core }

  func answer(_ request: RPCRequest) throws(RPCError) -> MCPAnswer {
    let entries = try entries()
    let page = try MCPPage.take(request, of: entries, size: core.options.pageSize, name: \.name)
    return MCPAnswer(
      [.init("tools", .array(page.entries.map(\.json)))] + page.next,
      // Somebody may deprecate a tool at any time.
      keptFor: 60_000, isPublic: true)
  }

  private struct Entry: Sendable {
    let name: String
    let json: JSON
  }

  private func entries() throws(RPCError) -> [Entry] {
    let now = core.marketplace.now
    let (catalog, naming) = (core.marketplace.catalog, core.options.naming)
    let (tools, sunset): ([Entry], SunsetState)
    do {
      (tools, sunset) = try core.marketplace.store.read { connection in
        let tools = try catalog.names.compactMap { name -> Entry? in
          let tool = try catalog.entry(name).tool
          let state = try ServiceRegister.state(of: tool, in: connection)
          if let sunset = state.deprecation?.sunset, sunset <= now { return nil }
          return Entry(
            name: naming.name(tool), json: MCPToolCard(tool, state, naming, catalog).json)
        }
        return (tools, try SunsetState(connection))
      }
    } catch { throw RPCError(.internal, ToolFailure(error).message) }
    let (options, hasEnded) = (core.options, sunset.phase == .sunset)
    guard options.listsLegacyTools, options.answersLegacyTools, !hasEnded else { return tools }
    return tools + MCPLegacyTool.all.map { Entry(name: $0.name, json: $0.card(naming, sunset)) }
  }
}

/// A tool as clients see it.
struct MCPToolCard {
  private let tool: Tool
  private let state: ServiceRegister.State
  private let naming: ServiceOptions.ToolNames
  private let catalog: ToolCatalog

  init(
    _ tool: Tool, _ state: ServiceRegister.State, _ naming: ServiceOptions.ToolNames,
    _ catalog: ToolCatalog
  ) {
    self.tool = tool
    self.state = state
    self.naming = naming
    self.catalog = catalog
  }

  var json: JSON {
    .object([
      .init("name", .string(naming.name(tool))),
      .init("title", .string("\(tool.title) (\(tool.name))")),
      .init("description", .string(description)),
      .init("inputSchema", JSONSchema.embedded(tool.parametersSchema)),
      .init("outputSchema", JSONSchema.embedded(tool.resultSchema)),
      .init(
        "annotations",
        Self.annotations(
          reads: tool.access == .reads, destroys: tool.isDestructive,
          isIdempotent: tool.isIdempotent)),
      .init("_meta", .object(meta)),
    ])
  }

  /// All four hints: what is left out, clients take for the worst.
  static func annotations(reads: Bool, destroys: Bool, isIdempotent: Bool) -> JSON {
    .object([
      .init("readOnlyHint", .bool(reads)), .init("destructiveHint", .bool(destroys)),
      .init("idempotentHint", .bool(isIdempotent)), .init("openWorldHint", .bool(false)),
    ])
  }

  /// What stands before a description of something that will go.
  static func notice(replacement: String, sunset: Timestamp?) -> String {
    let end = sunset.map { " - sunset \($0.description.prefix(10))" } ?? ""
    return "[DEPRECATED - use \(replacement)\(end)] "
  }

  private var description: String {
    let needs = tool.authority > 0 ? " Needs authority \(tool.authority) or more." : ""
    let description = naming.spelled(tool.description, catalog)
    guard let deprecation = state.deprecation else { return description + needs }
    let notice = Self.notice(
      replacement: naming.replacement(deprecation.replacement), sunset: deprecation.sunset)
    return notice + description + needs
  }

  private var meta: [JSON.Member] {
    var meta: [JSON.Member] = [
      .init("dev.agora/name", .string(tool.name)),
      .init("dev.agora/version", .string(tool.version.description)),
      .init("dev.agora/category", .string(tool.category.rawValue)),
      .init("dev.agora/status", .string(state.status.rawValue)),
      .init("dev.agora/authority", .int(tool.authority)),
    ]
    guard let deprecation = state.deprecation else { return meta }
    meta += [
      .init("dev.agora/deprecated", deprecation.since.json),
      .init("dev.agora/sunset", deprecation.sunset.json),
      .init(
        "dev.agora/replacement", .string(naming.replacement(deprecation.replacement))),
      .init("dev.agora/guide", .optional(deprecation.guide)),
    ]
    return meta
  }
}
