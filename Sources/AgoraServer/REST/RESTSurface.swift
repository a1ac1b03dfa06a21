import AgoraStore

/// REST: every tool of the catalogue under its name, and the routes that the protocol names besides.
public struct RESTSurface: Surface {
  private let parts: ServiceParts

  /// Makes it of the server's parts.
  public init(_ parts: ServiceParts) { self.parts = parts }

  /// Adds the routes of all tools.
  public func mount(on router: inout Router) {
    let catalog = parts.marketplace.catalog
    for name in catalog.names {
      guard let tool = try? catalog.entry(name).tool else { continue }
      let path = ToolPath(tool).path
      router.add(.post, path) { try call(name, posted($0), $0) }
      if tool.access == .reads {
        router.add(.get, path) { routed in
          try call(name, asked(name, routed), routed)
        }
      }
    }
    // A version behind the name, and names that there are not.
    router.add(.post, "/agora/{category}/{action}") { routed in
      try call(self.name(routed), posted(routed), routed)
    }
    router.add(.get, "/agora/{category}/{action}") { routed in
      let name = name(routed)
      if let tool = try? catalog.entry(name).tool, tool.access == .writes {
        var problem = Problem(405, "method_not_allowed", "\(tool.name) writes: call it with POST")
        problem.headers.append("Allow", "POST, OPTIONS")
        throw problem
      }
      return try call(name, asked(name, routed), routed)
    }
    mountNamed(on: &router)
  }

  /// The routes that the protocol names.
  private func mountNamed(on router: inout Router) {
    router.add(.post, "/agents/register") { routed in
      try call("agora.agent.register", posted(routed), routed)
    }
    router.add(.get, "/agents/{id}/status") { routed in
      try ask("agora.agent.status", routed, ["agent_id": routed.places["id"] ?? ""])
    }
    router.add(.get, "/discovery/list") { try ask("agora.discovery.list", $0) }
    router.add(.get, "/discovery/schema/{service}") { routed in
      try ask("agora.discovery.schema", routed, ["name": routed.places["service"] ?? ""])
    }
  }

  private func name(_ routed: RoutedRequest) -> String {
    "agora.\(routed.places["category"] ?? "").\(routed.places["action"] ?? "")"
  }

  // MARK: Parameters

  /// The parameters in a body.
  private func posted(_ routed: RoutedRequest) -> Parameters {
    {
      guard routed.request.target.query == nil else {
        throw JSONBody.invalid("POST takes its parameters from the body, not from the query")
      }
      return try JSONBody.object(of: routed.request)
    }
  }

  /// The parameters in a query, and those that the path has.
  private func asked(
    _ name: String, _ routed: RoutedRequest, _ fixed: [String: String] = [:]
  ) -> Parameters {
    { [catalog = parts.marketplace.catalog] in
      guard routed.request.body.isEmpty else {
        throw JSONBody.invalid("GET takes its parameters from the query, not from a body")
      }
      var texts = fixed.sorted { $0.key < $1.key }.map { (name: $0.key, text: $0.value) }
      for parameter in routed.request.target.parameters {
        guard fixed[parameter.name] == nil else {
          throw JSONBody.invalid("\(parameter.name) stands in the path already")
        }
        texts.append((name: parameter.name, text: parameter.value))
      }
      return try catalog.entry(name).tool.parameters.object(ofTexts: texts)
    }
  }

  // MARK: Calls

  /// Reads parameters, when the caller is known: a stranger is not told what was wrong with them.
  private typealias Parameters = () throws -> JSON

  private func ask(
    _ name: String, _ routed: RoutedRequest, _ fixed: [String: String] = [:]
  ) throws -> HTTPResponse {
    try call(name, asked(name, routed, fixed), routed)
  }

  private func call(
    _ name: String, _ parameters: Parameters, _ routed: RoutedRequest
  ) throws -> HTTPResponse {
    let caller = try parts.access.caller(of: routed.request, routed.context, through: .http)
    let answer = ToolAnswer(marketplace: parts.marketplace)
    do {
      return answer.response(try parts.tools.call(name, parameters(), as: caller))
    } catch let failure as ToolFailure {
      throw answer.problem(failure, of: try? parts.marketplace.catalog.entry(name).tool)
    }
  }
}
