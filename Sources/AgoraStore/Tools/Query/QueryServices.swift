/// `agora.query.services`: which tools there are in which versions, and how much each is used.
public struct QueryServices: ToolCall {
  /// The category.
  public static let category = Parameter<Tool.Category?>(
    optional: "category", "Only tools of this category")
  /// The version.
  public static let version = Parameter<String?>(
    optional: "version", "Only versions in this range, such as 1.0.0, ^1.0 or >=1 <2",
    Limits(length: 1...256))
  /// The status.
  public static let status = Parameter<ServiceStatus?>(
    optional: "status", "Only tools of this status")

  /// The declaration.
  public static let tool = Tool(
    .query, "services", title: "Find tools",
    description:
      "Finds tools by category, version and status, each with its schema and how often it was called.",
    parameters: ParameterList(category, version, status), output: Output.self, access: .reads,
    isIdempotent: true,
    examples: [
      .init(
        #"{"category":"messaging","version":"^1.0","status":"active"}"#,
        #"{"services":[{"name":"agora.messaging.send","version":"1.0.0","category":"messaging","status":"active","description":"Sends a message to an agent, or broadcasts it to all of them.","schema":{},"deprecation_date":null,"sunset_date":null,"replacement":null,"migration_guide":null,"last_updated":"2025-06-06T10:00:00Z","calls":1204,"calls_last_30_days":87,"last_used_on":"2025-06-06"}],"count":1}"#
      )
    ])

  /// A tool and how much it is used.
  public struct Entry: ToolOutput {
    /// The tool.
    public let service: ServiceView
    /// How much it is used.
    public let use: ServiceUse

    /// The fields.
    public static let shape = Shape<Entry>(
      .fields(of: ServiceView.self) { $0.service }, .fields(of: ServiceUse.self) { $0.use })
  }

  /// What finding tools answers.
  public struct Output: ToolOutput {
    /// The tools.
    public let services: [Entry]

    /// The fields.
    public static let shape = Shape<Output>(
      .field("services", "The tools, by name, the newest version first") { $0.services },
      .field("count", "How many there are") { $0.services.count })
  }

  private let category: Tool.Category?
  private let version: VersionRange?
  private let status: ServiceStatus?

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    category = try arguments[Self.category]
    let version = try arguments[Self.version]
    self.version =
      if let version { try VersionRange(reading: version) } else { nil }
    status = try arguments[Self.status]
  }

  /// Finds the tools.
  public func run(in context: ToolContext) throws -> Output {
    let services = try ServiceView.list(
      context, category: category, status: status, version: version)
    return Output(
      services: try services.map {
        Entry(service: $0, use: try ServiceUse(of: $0.tool, in: context))
      })
  }
}
