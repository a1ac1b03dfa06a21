import AgoraStore
import CompatProxy
import Monitor

/// What can be read without calling a tool.
struct MCPResources {
  private let core: MCPCore

  init(_ core: MCPCore) { self.core = core }

  private static let report = "agora://migration/report"
  private static let matrix = "agora://compatibility/matrix"
  private static let agents = "agora://agents/"
  private static let workflows = "agora://workflows/"

  /// What a URI leads to.
  enum Place: Sendable {
    case report, matrix
    case agent(String)
    case workflow(String)

    /// - Returns: nil for a URI that leads nowhere.
    init?(_ uri: String) {
      switch uri {
      case MCPResources.report: self = .report
      case MCPResources.matrix: self = .matrix
      default:
        if let id = MCPResources.part(of: uri, behind: MCPResources.agents) {
          self = .agent(id)
        } else if let id = MCPResources.part(of: uri, behind: MCPResources.workflows) {
          self = .workflow(id)
        } else {
          return nil
        }
      }
    }
  }

  private static func card(
    _ key: String, _ uri: String, _ name: String, _ title: String, _ description: String
  ) -> JSON {
    .object([
      .init(key, .string(uri)), .init("name", .string(name)), .init("title", .string(title)),
      .init("description", .string(description)),
      .init("mimeType", .string("application/json")),
    ])
  }

  private static let resources: [(uri: String, json: JSON)] = [
    (
      matrix,
      card(
        "uri", matrix, "compatibility_matrix", "The compatibility matrix",
        "Every call of v4 that is answered, the shapes in which agents make it, and what to call on v5 instead."
      )
    ),
    (
      report,
      card(
        "uri", report, "migration_report", "The migration report",
        "How far the way from v4 is: who still calls v4, each migration with what became of its rows, what bars switching v4 off, and when it can be."
      )
    ),
  ]
  private static let templates: [(uri: String, json: JSON)] = [
    (
      agents + "{id}",
      card(
        "uriTemplate", agents + "{id}", "agent", "An agent",
        "An agent by its id or name: what it can do, its open tasks, its unread messages.")
    ),
    (
      workflows + "{id}",
      card(
        "uriTemplate", workflows + "{id}", "workflow", "A workflow",
        "A workflow by its id: its steps, how far each is, and what happened so far.")
    ),
  ]

  func list(_ request: RPCRequest) throws(RPCError) -> MCPAnswer {
    try answer(request, "resources", Self.resources)
  }

  func templates(_ request: RPCRequest) throws(RPCError) -> MCPAnswer {
    try answer(request, "resourceTemplates", Self.templates)
  }

  private func answer(
    _ request: RPCRequest, _ key: String, _ entries: [(uri: String, json: JSON)]
  ) throws(RPCError) -> MCPAnswer {
    let page = try MCPPage.take(request, of: entries, size: core.options.pageSize, name: \.uri)
    return MCPAnswer(
      [.init(key, .array(page.entries.map(\.json)))] + page.next, keptFor: 3_600_000,
      isPublic: true)
  }

  /// Reads a resource.
  ///
  /// - Throws: ``RPCError`` with the URI where there is nothing under it.
  func read(
    _ request: RPCRequest, as caller: Caller, isModern: Bool
  ) throws(RPCError) -> MCPAnswer {
    guard case .string(let uri)? = request["uri"] else {
      throw RPCError(.invalidParams, "uri has to be a string")
    }
    let json: JSON
    do {
      guard let found = try content(uri, as: caller) else {
        throw ToolFailure(.notFound, "there is no resource \(ValueCheck.shown(uri))")
      }
      json = found
    } catch {
      let failure = ToolFailure(error)
      switch failure.code {
      case .unavailable, .internal: throw RPCError(.internal, failure.description)
      case .unauthorized, .forbidden, .halted, .gone, .conflict, .rateLimited, .tooLarge,
        .notFound, .invalidParameter:
        throw RPCError(
          isModern ? .invalidParams : .resourceNotFound, failure.message,
          data: .object([.init("uri", .string(String(uri.prefix(512))))]))
      }
    }
    let content = JSON.object([
      .init("uri", .string(uri)), .init("mimeType", .string("application/json")),
      .init("text", .string(JSONWriter.compact(json))),
    ])
    // What the marketplace knows changes with every call.
    return MCPAnswer(
      [.init("contents", .array([content]))], keptFor: uri == Self.matrix ? 3_600_000 : 0,
      isPublic: uri == Self.matrix)
  }

  private func content(_ uri: String, as caller: Caller) throws -> JSON? {
    switch Place(uri) {
    case .matrix: CompatMatrix.json
    case .report: try migrationReport()
    case .agent(let id): try ask("agora.agent.status", "agent_id", id, caller)
    case .workflow(let id): try ask("agora.workflow.status", "workflow_id", id, caller)
    case nil: nil
    }
  }

  private static func part(of uri: String, behind prefix: String) -> String? {
    guard uri.hasPrefix(prefix) else { return nil }
    let rest = uri.dropFirst(prefix.count)
    guard !rest.isEmpty, !rest.contains("/") else { return nil }
    return PercentCoding.decode(rest)
  }

  private func ask(
    _ tool: String, _ parameter: String, _ id: String, _ caller: Caller
  ) throws -> JSON {
    try core.tools.call(tool, .object([.init(parameter, .string(id))]), as: caller).result
  }

  private func migrationReport() throws -> JSON {
    if let reports = core.reports { return try reports.report(notOlderThan: 1).json }
    return try MonitorReport(
      core.marketplace, at: core.marketplace.now, replacements: Reducer.replacements
    ).json
  }
}
