import AgoraStore

/// The REST interface in OpenAPI 3.1.0, made of the catalogue.
struct OpenAPIDocument {
  let catalog: ToolCatalog

  init(_ catalog: ToolCatalog) { self.catalog = catalog }

  var json: JSON {
    .object([
      .init("openapi", .string("3.1.0")),
      .init("info", Self.info),
      .init("jsonSchemaDialect", .string("https://json-schema.org/draft/2020-12/schema")),
      .init("servers", .array([.object([.init("url", .string("/"))])])),
      .init("tags", .array(tags)),
      .init("paths", .object(paths)),
      .init("components", components),
    ])
  }

  private static let info = JSON.object([
    .init("title", .string("Agora")), .init("version", .string(Version.marketplace)),
    .init("summary", .string("The marketplace of agents")),
    .init(
      "description",
      .string(
        "Every tool of the catalogue as POST /agora/{category}/{action}; those that read also as GET with their parameters in the query, where an array is a,b or the parameter repeated, and an object is JSON. A version or a range may stand behind the action: /agora/messaging/send@^1.0. Failures are problem documents (RFC 9457) with stable codes."
      )),
    .init("license", .object([.init("name", .string("See the project"))])),
  ])

  /// The tools, each in its newest version that is final.
  private var tools: [Tool] { catalog.names.compactMap { try? catalog.entry($0).tool } }

  private var tags: [JSON] {
    Tool.Category.allCases.filter { category in tools.contains { $0.category == category } }
      .map { .object([.init("name", .string($0.rawValue))]) }
      + [.object([.init("name", .string("operations"))])]
  }

  // MARK: Paths

  private var paths: [JSON.Member] {
    var paths = tools.map { tool -> JSON.Member in
      var operations = [JSON.Member("post", posted(tool, id: tool.underscoreName))]
      if tool.access == .reads {
        operations.insert(.init("get", asked(tool, id: "get_\(tool.underscoreName)")), at: 0)
      }
      return .init(ToolPath(tool).path, .object(operations))
    }
    func named(_ name: String, _ make: (Tool) -> JSON.Member) {
      if let tool = tools.first(where: { $0.name == name }) { paths.append(make(tool)) }
    }
    named("agora.agent.register") { tool in
      .init("/agents/register", .object([.init("post", posted(tool, id: "register_agent"))]))
    }
    named("agora.agent.status") { tool in
      .init(
        "/agents/{id}/status",
        .object([.init("get", asked(tool, id: "show_agent", inPath: ["agent_id": "id"]))]))
    }
    named("agora.discovery.list") { tool in
      .init("/discovery/list", .object([.init("get", asked(tool, id: "list_services"))]))
    }
    named("agora.discovery.schema") { tool in
      .init(
        "/discovery/schema/{service}",
        .object([.init("get", asked(tool, id: "show_schema", inPath: ["name": "service"]))]))
    }
    return paths + Self.operations
  }

  /// An operation with its parameters in the body.
  private func posted(_ tool: Tool, id: String) -> JSON {
    let isNeeded = tool.parameters.fields.contains { $0.presence == .required }
    let body = JSON.object([
      .init("required", .bool(isNeeded)),
      .init(
        "content",
        Self.content(
          Self.reference("\(tool.underscoreName)_parameters"), examples(tool) { $0.parameters })),
    ])
    return operation(tool, id: id, [.init("requestBody", body)])
  }

  /// An operation with its parameters in the path and the query.
  private func asked(_ tool: Tool, id: String, inPath: [String: String] = [:]) -> JSON {
    let schemas = tool.parametersSchema["properties"]
    let parameters = tool.parameters.fields.map { field -> JSON in
      let place = inPath[field.name]
      var members: [JSON.Member] = [
        .init("name", .string(place ?? field.name)),
        .init("in", .string(place == nil ? "query" : "path")),
        .init("required", .bool(place != nil || field.presence == .required)),
        .init("description", .string(field.description)),
      ]
      let schema = schemas?[field.name] ?? .object([])
      if Self.isDocument(field.type) {
        members.append(
          .init(
            "content", .object([.init("application/json", .object([.init("schema", schema)]))])))
      } else {
        members.append(.init("schema", schema))
      }
      return .object(members)
    }
    return operation(tool, id: id, [.init("parameters", .array(parameters))])
  }

  private static func isDocument(_ type: ValueType) -> Bool {
    switch type {
    case .object, .fields, .any: true
    case .list(let element): isDocument(element)
    case .nullable(let type): isDocument(type)
    default: false
    }
  }

  private func operation(_ tool: Tool, id: String, _ input: [JSON.Member]) -> JSON {
    var members: [JSON.Member] = [
      .init("operationId", .string(id)), .init("summary", .string(tool.title)),
      .init("description", .string(tool.description)),
      .init("tags", .array([.string(tool.category.rawValue)])),
    ]
    if tool.deprecation != nil { members.append(.init("deprecated", .bool(true))) }
    members += input
    members.append(.init("responses", responses(tool)))
    // Until the first token exists, agents' tools need none.
    let bearer = JSON.object([.init("token", .array([]))])
    members.append(
      .init("security", .array(tool.authority > 0 ? [bearer] : [.object([]), bearer])))
    members += [
      .init("x-agora-tool", .string(tool.versionedName)),
      .init("x-agora-authority", .int(tool.authority)),
    ]
    return .object(members)
  }

  private func responses(_ tool: Tool) -> JSON {
    let done = JSON.object([
      .init("description", .string("Done")),
      .init("headers", .object(Self.headers.map { .init($0, Self.headerReference($0)) })),
      .init(
        "content",
        Self.content(
          Self.reference("\(tool.underscoreName)_result"), examples(tool) { $0.result })),
    ])
    var codes: [Int: [ToolFailure.Code]] = [:]
    let codesOfAccess: Set<ToolFailure.Code> = [.unauthorized, .forbidden, .rateLimited, .tooLarge]
    for code in tool.allFailures.union(codesOfAccess) {
      codes[Problem.status(code).code, default: []].append(code)
    }
    let failures = codes.sorted { $0.key < $1.key }.map { status, codes -> JSON.Member in
      let words = codes.sorted { $0.rawValue < $1.rawValue }.map { "\($0.rawValue): \($0.meaning)" }
      return .init("\(status)", Self.problem(words.joined(separator: " ")))
    }
    let unsupported = JSON.Member("415", Self.problem("The body is not application/json."))
    return .object([.init("200", done)] + failures + [unsupported])
  }

  private func examples(_ tool: Tool, _ value: (Tool.Example) -> JSON) -> JSON {
    .object(
      tool.examples.enumerated().map { index, example in
        .init("example_\(index + 1)", .object([.init("value", value(example))]))
      })
  }

  private static func content(_ schema: JSON, _ examples: JSON) -> JSON {
    var members = [JSON.Member("schema", schema)]
    if examples.members?.isEmpty == false { members.append(.init("examples", examples)) }
    return .object([.init("application/json", .object(members))])
  }

  private static func reference(_ name: String) -> JSON {
    .object([.init("$ref", .string("#/components/schemas/\(name)"))])
  }

  private static func headerReference(_ name: String) -> JSON {
    .object([.init("$ref", .string("#/components/headers/\(name)"))])
  }

  private static func problem(_ description: String) -> JSON {
    .object([
      .init("description", .string(description)),
      .init(
        "content",
        .object([
          .init("application/problem+json", .object([.init("schema", reference("Problem"))]))
        ])),
    ])
  }

  // MARK: What is no tool

  private static let operations: [JSON.Member] = [
    plain("/health", "health", "Tells that the server lives, its version and the time", [:]),
    plain(
      "/ready", "ready", "Tells whether the store can be written and nothing is halted",
      [503: "unavailable: the store cannot be written. halted: an operator has halted everything."]),
    plain("/metrics", "metrics", "Figures for Prometheus", [:], type: "text/plain"),
    plain("/openapi.json", "openapi", "This document", [:]),
  ]

  private static func plain(
    _ path: String, _ id: String, _ summary: String, _ failures: [Int: String],
    type: String = "application/json"
  ) -> JSON.Member {
    let schema = JSON.object([
      .init("type", .string(type == "application/json" ? "object" : "string"))
    ])
    let done = JSON.object([
      .init("description", .string("Done")),
      .init("content", .object([.init(type, .object([.init("schema", schema)]))])),
    ])
    let problems = failures.map { JSON.Member("\($0)", problem($1)) }
    return .init(
      path,
      .object([
        .init(
          "get",
          .object([
            .init("operationId", .string(id)), .init("summary", .string(summary)),
            .init("tags", .array([.string("operations")])),
            .init("responses", .object([.init("200", done)] + problems)),
            .init("security", .array([])),
          ]))
      ]))
  }

  // MARK: Components

  private static let headers = ["X-Request-Id", "Deprecation", "Sunset", "Link"]

  private var components: JSON {
    var schemas = tools.flatMap { tool -> [JSON.Member] in
      [
        .init("\(tool.underscoreName)_parameters", JSONSchema.embedded(tool.parametersSchema)),
        .init("\(tool.underscoreName)_result", JSONSchema.embedded(tool.resultSchema)),
      ]
    }
    schemas.append(.init("Problem", Self.problemSchema))
    let token = JSON.object([
      .init("type", .string("http")), .init("scheme", .string("bearer")),
      .init(
        "description", .string("A token of agora token create; it binds the caller to an agent.")),
    ])
    return .object([
      .init("schemas", .object(schemas)),
      .init("headers", .object(Self.headerObjects)),
      .init("securitySchemes", .object([.init("token", token)])),
    ])
  }

  private static let headerObjects: [JSON.Member] = [
    header("X-Request-Id", "The request's id, which the server's log names"),
    header("Deprecation", "Since when the tool is discouraged (RFC 9745): @ and Unix seconds"),
    header("Sunset", "When the tool ends (RFC 8594)"),
    header(
      "Link", "What takes the tool's place (rel successor-version), and a guide (deprecation)"),
  ]

  private static func header(_ name: String, _ description: String) -> JSON.Member {
    .init(
      name,
      .object([
        .init("description", .string(description)),
        .init("schema", .object([.init("type", .string("string"))])),
      ]))
  }

  private static let problemSchema: JSON = {
    func typed(_ type: String, _ description: String) -> JSON {
      .object([.init("type", .string(type)), .init("description", .string(description))])
    }
    return .object([
      .init("type", .string("object")),
      .init("description", .string("A failure (RFC 9457)")),
      .init(
        "properties",
        .object([
          .init("type", typed("string", "about:blank: the code tells what it is")),
          .init("title", typed("string", "The status in words")),
          .init("status", typed("integer", "The status")),
          .init("detail", typed("string", "What was wrong and what to do")),
          .init("code", typed("string", "A stable code, such as not_found")),
          .init("parameter", typed("string", "The parameter that it is about")),
          .init("details", typed("object", "More for programs")),
        ])),
      .init("required", .array(["type", "title", "status", "detail", "code"].map { .string($0) })),
    ])
  }()
}
