package import AgoraStore
import CompatProxy

/// The Model Context Protocol without a transport: a request goes in, its answer comes out.
///
/// Both eras are answered beside each other: a request that says what it speaks is modern, any other is
/// legacy. Nothing is kept between two requests, so one value serves all clients.
package struct MCPCore: Sendable {
  /// How the server shows itself.
  package struct Options: Sendable {
    /// How tools are called in lists.
    package var naming = ServiceOptions.ToolNames.underscore
    /// Whether v4's tools are listed, as deprecated ones.
    package var listsLegacyTools = false
    /// How far v4 is from its end at least, for this program's callers.
    package var leastPhase: SunsetPhase?
    /// Whether v4's tools are answered.
    var answersLegacyTools: Bool { leastPhase != .sunset }
    /// Entries of a page of a list.
    package var pageSize = 50

    /// The usual choices.
    package init() {}
  }

  let tools: ToolDoor
  let options: Options
  let proxy: Proxy
  /// What brings changes to those who listen; nil where they are not told.
  let hub: EventHub?
  /// The monitor's report, where several ask for it; nil where each reading makes one.
  var reports: ReportCache?
  var marketplace: Marketplace { tools.marketplace }

  /// - Parameter hub: what brings changes to those who listen; without one nothing is said of changes.
  package init(_ tools: ToolDoor, _ options: Options = Options(), hub: EventHub? = nil) {
    self.tools = tools
    self.options = options
    self.hub = hub
    proxy = Proxy(tools.marketplace, atLeast: options.leastPhase)
  }

  static let serverInfo = JSON.object([
    .init("name", .string("agora")), .init("title", .string("Agora marketplace")),
    .init("version", .string(Version.marketplace)),
    .init("description", .string("Agents message each other, share tasks and run workflows.")),
  ])

  /// What there is; changes are told to those only who listen, which legacy clients cannot.
  private func capabilities(tellingChanges: Bool) -> JSON {
    func changes(_ name: String) -> JSON {
      .object(tellingChanges ? [.init(name, .bool(true))] : [])
    }
    return .object([
      .init("tools", changes("listChanged")), .init("resources", changes("subscribe")),
    ])
  }

  static let instructions = """
    Agora is a marketplace in which agents register what they can do, message each other, hand each \
    other tasks and run workflows. Begin with agora_agent_register under a name of your own; the \
    agent_id that it gives, or the name, is how you and others are called in every other tool. \
    agora_messaging_receive reads what was sent to you, agora_query_agents finds others by what they \
    can do, agora_task_assign gives one of them work, agora_task_update reports on work that you were \
    given. Nothing is remembered between two calls but what is in the store: pass ids along. A call \
    that is refused says what to change. Dots may stand for underscores in every tool's name.
    """

  /// Answers a request.
  ///
  /// - Returns: the whole message.
  package func answer(_ request: RPCRequest, _ exchange: MCPExchange) -> JSON {
    do throws(RPCError) {
      return Self.answer(to: request.id, try result(request, exchange))
    } catch { return error.answer(to: request.id) }
  }

  /// The message that carries a result.
  static func answer(to id: RPCID, _ result: [JSON.Member]) -> JSON {
    .object([
      .init("jsonrpc", .string("2.0")), .init("id", id.json), .init("result", .object(result)),
    ])
  }

  /// What a client that has given a token is told before its call begins; nil where there is no token, and
  /// where there is nothing to begin.
  package func opening(of request: RPCRequest) -> JSON? {
    guard request.method == "tools/call", let progress = MCPProgress(request),
      case .string(let name)? = request["name"],
      (try? marketplace.catalog.entry(name)) != nil || MCPLegacyTool.named(name) != nil
    else { return nil }
    return progress.message(0, "calling \(ValueCheck.shown(name))")
  }

  /// The result of a request.
  func result(_ request: RPCRequest, _ exchange: MCPExchange) throws(RPCError) -> [JSON.Member] {
    guard MCPEnvelope.isMeant(request) else { return try legacy(request, exchange) }
    try MCPEnvelope(request).check()
    return try modern(request, exchange)
  }

  private func legacy(
    _ request: RPCRequest, _ exchange: MCPExchange
  ) throws(RPCError) -> [JSON.Member] {
    switch request.method {
    case "initialize": return try initialize(request)
    case "ping": return []
    default:
      guard let result = try common(request, exchange, isModern: false) else {
        throw unknown(request)
      }
      return result.members
    }
  }

  private func modern(
    _ request: RPCRequest, _ exchange: MCPExchange
  ) throws(RPCError) -> [JSON.Member] {
    let answer =
      request.method == "server/discover"
      ? discover : try common(request, exchange, isModern: true)
    guard var answer else { throw unknown(request) }
    var meta: [JSON.Member] = [.init(MCPEnvelope.serverKey, Self.serverInfo)]
    if let index = answer.members.firstIndex(where: { $0.name == "_meta" }) {
      meta += answer.members.remove(at: index).value.members ?? []
    }
    return [.init("resultType", .string("complete"))] + answer.members + answer.lifetime
      + [.init("_meta", .object(meta))]
  }

  /// What both eras have in common; nil for a method that there is not.
  private func common(
    _ request: RPCRequest, _ exchange: MCPExchange, isModern: Bool
  ) throws(RPCError) -> MCPAnswer? {
    switch request.method {
    case "tools/list": return try MCPToolList(self).answer(request)
    case "tools/call": return MCPAnswer(try MCPToolUse(self, exchange).answer(request))
    case "resources/list": return try MCPResources(self).list(request)
    case "resources/templates/list": return try MCPResources(self).templates(request)
    case "resources/read":
      return try MCPResources(self).read(request, as: exchange.caller, isModern: isModern)
    default: return nil
    }
  }

  func unknown(_ request: RPCRequest) -> RPCError {
    RPCError(.methodNotFound, "there is no method \(ValueCheck.shown(request.method))")
  }

  private func initialize(_ request: RPCRequest) throws(RPCError) -> [JSON.Member] {
    guard case .string(let wanted)? = request["protocolVersion"] else {
      throw RPCError(.invalidParams, "protocolVersion has to be a string")
    }
    let known = MCPVersion(rawValue: wanted).flatMap { $0.isModern ? nil : $0 }
    return [
      .init("protocolVersion", .string((known ?? .newestLegacy).rawValue)),
      .init("capabilities", capabilities(tellingChanges: false)),
      .init("serverInfo", Self.serverInfo),
      .init("instructions", .string(Self.instructions)),
    ]
  }

  private var discover: MCPAnswer {
    MCPAnswer(
      [
        .init("supportedVersions", MCPVersion.names),
        .init("capabilities", capabilities(tellingChanges: tellsChanges)),
        .init("instructions", .string(Self.instructions)),
      ], keptFor: 3_600_000, isPublic: true)
  }
}

/// A result, and for how long a client may keep it.
struct MCPAnswer: Sendable {
  var members: [JSON.Member]
  /// For how long it may be kept, which only modern clients are told; empty where it may not.
  let lifetime: [JSON.Member]

  /// A result that is not kept.
  init(_ members: [JSON.Member]) {
    self.members = members
    lifetime = []
  }

  /// A result that may be kept.
  ///
  /// - Parameters:
  ///   - milliseconds: for how long.
  ///   - isPublic: whether it is the same for every caller.
  init(_ members: [JSON.Member], keptFor milliseconds: Int, isPublic: Bool) {
    self.members = members
    lifetime = [
      .init("ttlMs", .int(milliseconds)),
      .init("cacheScope", .string(isPublic ? "public" : "private")),
    ]
  }
}
