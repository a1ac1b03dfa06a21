/// A tool in one version as discovery shows it.
public struct ServiceView: ToolOutput {
  /// The declaration.
  public let tool: Tool
  /// The status, as operators may have set it.
  public let status: ServiceStatus
  /// That it will go.
  public let deprecation: Tool.Deprecation?
  /// When its row was last made anew.
  public let lastUpdated: Timestamp?

  /// The fields.
  public static let shape = Shape<ServiceView>(
    .field("name", "The tool's name") { $0.tool.name },
    .field("version", "Its version") { $0.tool.version.description },
    .field("category", "Its category") { $0.tool.category },
    .field("status", "Whether it is there to be used") { $0.status },
    .field("description", "What it does") { $0.tool.description },
    .field("schema", "The JSON Schemas of its parameters and of its result") { $0.tool.schema },
    .field("deprecation_date", "Since when it is discouraged") { $0.deprecation?.since },
    .field("sunset_date", "When it ends") { $0.deprecation?.sunset },
    .field("replacement", "What takes its place") { $0.deprecation?.replacement },
    .field("migration_guide", "Where it is written how to change over") { $0.deprecation?.guide },
    .field("last_updated", "When it was last changed") { $0.lastUpdated })

  private static let updated = Query(
    "services.updated",
    "SELECT coalesce(updated_at, created_at) FROM services WHERE service_name=?1 AND version=?2")

  /// A tool with what the store says of it.
  package init(_ tool: Tool, in connection: Connection) throws {
    let state = try ServiceRegister.state(of: tool, in: connection)
    self.tool = tool
    status = state.status
    deprecation = state.deprecation
    lastUpdated = try connection.integer(
      Self.updated, .text(tool.name), .text(tool.version.description)
    ).map { Timestamp(microseconds: $0) }
  }

  /// The tools that fit, in the catalogue's order.
  package static func list(
    _ context: ToolContext, category: Tool.Category?, status: ServiceStatus?,
    version: VersionRange? = nil
  ) throws -> [ServiceView] {
    try context.catalog.entries.map(\.tool)
      .filter { category == nil || $0.category == category }
      .filter { version?.contains($0.version) ?? true }
      .map { try ServiceView($0, in: context.connection) }
      .filter { status == nil || $0.status == status }
  }
}
