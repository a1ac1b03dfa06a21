/// `agora.discovery.schema`: what a tool takes and gives.
public struct ShowSchema: ToolCall {
  /// The tool.
  public static let name = Parameter<String>(
    "name", "The tool's name, also with @ and a version, such as agora.messaging.send@1.0.0",
    .name)
  /// The version.
  public static let version = Parameter<String?>(
    optional: "version", "The version, or a range such as ^1.0; the newest where none is given",
    .name)

  /// The declaration.
  public static let tool = Tool(
    .discovery, "schema", title: "Show a tool's schema",
    description: "Gives the JSON Schemas of a tool's parameters and of its result.",
    parameters: ParameterList(name, version), output: ServiceView.self, failures: [.notFound],
    access: .reads, isIdempotent: true,
    examples: [
      .init(
        #"{"name":"agora.messaging.send","version":"1.0.0"}"#,
        #"{"name":"agora.messaging.send","version":"1.0.0","category":"messaging","status":"active","description":"Sends a message to an agent, or broadcasts it to all of them.","schema":{},"deprecation_date":null,"sunset_date":null,"replacement":null,"migration_guide":null,"last_updated":"2025-06-06T10:00:00Z"}"#
      )
    ])

  private let name: String

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    let name = try arguments[Self.name]
    let version = try arguments[Self.version]
    guard let version else {
      self.name = name
      return
    }
    guard !name.utf8.contains(0x40) else {
      throw ToolFailure(
        .invalidParameter, "name has a version in it already; leave one of the two out",
        parameter: "version")
    }
    self.name = "\(name)@\(version)"
  }

  /// Looks the tool up.
  public func run(in context: ToolContext) throws -> ServiceView {
    try ServiceView(context.catalog.entry(name).tool, in: context.connection)
  }
}
