/// `agora.discovery.list`: which tools there are.
public struct ListServices: ToolCall {
  /// The category.
  public static let category = Parameter<Tool.Category?>(
    optional: "category", "Only tools of this category")
  /// The status.
  public static let status = Parameter<ServiceStatus?>(
    optional: "status", "Only tools of this status")

  /// The declaration.
  public static let tool = Tool(
    .discovery, "list", title: "List the tools",
    description: "Lists the marketplace's tools, each with its schema.",
    parameters: ParameterList(category, status), output: Output.self, access: .reads,
    isIdempotent: true,
    examples: [
      .init(
        #"{"category":"messaging","status":"active"}"#,
        #"{"services":[{"name":"agora.messaging.send","version":"1.0.0","category":"messaging","status":"active","description":"Sends a message to an agent, or broadcasts it to all of them.","schema":{},"deprecation_date":null,"sunset_date":null,"replacement":null,"migration_guide":null,"last_updated":"2025-06-06T10:00:00Z"}],"count":1}"#
      )
    ])

  /// What listing answers.
  public struct Output: ToolOutput {
    /// The tools.
    public let services: [ServiceView]

    /// The fields.
    public static let shape = Shape<Output>(
      .field("services", "The tools, by name, the newest version first") { $0.services },
      .field("count", "How many there are") { $0.services.count })
  }

  private let category: Tool.Category?
  private let status: ServiceStatus?

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    category = try arguments[Self.category]
    status = try arguments[Self.status]
  }

  /// Lists the tools.
  public func run(in context: ToolContext) throws -> Output {
    Output(services: try ServiceView.list(context, category: category, status: status))
  }
}
