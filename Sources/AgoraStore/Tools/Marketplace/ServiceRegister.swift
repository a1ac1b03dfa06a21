/// The rows of `services`: what the catalogue has, and what operators have decided about it.
package enum ServiceRegister {
  /// What a store says of a tool in one version.
  package struct State: Sendable {
    package var status: ServiceStatus
    package var deprecation: Tool.Deprecation?

    /// Whether calls are refused.
    func isSunset(at now: Timestamp) -> Bool { deprecation?.sunset.map { $0 <= now } ?? false }
  }

  private static let select = Query(
    "services.state",
    """
    SELECT status, deprecation_date, sunset_date, replacement, migration_guide FROM services
    WHERE service_name=?1 AND version=?2
    """)

  /// What the store says of a tool; what the catalogue says where the store says nothing.
  package static func state(of tool: Tool, in connection: Connection) throws -> State {
    let stored = try connection.first(
      select, .text(tool.name), .text(tool.version.description), map: Self.map)
    return stored ?? State(status: tool.status, deprecation: tool.deprecation)
  }

  private static func map(_ row: borrowing Row) -> State {
    let status = ServiceStatus(rawValue: row.text(0)) ?? .active
    guard status == .deprecated else { return State(status: status, deprecation: nil) }
    return State(
      status: status,
      deprecation: Tool.Deprecation(
        since: Timestamp(microseconds: row.int64(1)),
        sunset: row.optionalInt64(2).map { Timestamp(microseconds: $0) },
        replacement: row.text(3), guide: row.optionalText(4)))
  }

  private static let deprecated = Query(
    "services.deprecated",
    "SELECT service_name FROM services WHERE status='deprecated' AND sunset_date<=?1")

  /// The names of the tools that a caller can call now.
  package static func available(to context: ToolContext) throws -> [String] {
    let ended = Set(
      try context.connection.all(
        deprecated, .integer(context.now.microseconds), map: { $0.text(0) }))
    return context.catalog.names.filter { name in
      !ended.contains(name)
        && context.catalog.entries.contains {
          $0.tool.name == name && $0.tool.authority <= context.caller.authority
        }
    }
  }

  private static let all = Query(
    "services.all",
    """
    SELECT service_name, version, category, description, schema, status, deprecation_date, sunset_date,
      replacement, migration_guide, status_set_by FROM services
    """)

  /// The rows that are not as the catalogue has them.
  static func outdated(_ catalog: ToolCatalog, in connection: Connection) throws -> [Tool] {
    var rows: [String: [SQLValue]] = [:]
    try connection.each(all) { row in
      rows["\(row.text(0))@\(row.text(1))"] = (2..<11).map { row.value($0) }
    }
    return catalog.entries.map(\.tool).filter { tool in
      guard let row = rows[tool.versionedName] else { return true }
      let isOperators = row[8] != .null
      return Array(row[..<3]) != description(of: tool)
        || !isOperators && Array(row[3..<8]) != standing(of: tool)
    }
  }

  private static func description(of tool: Tool) -> [SQLValue] {
    [
      .text(tool.category.rawValue), .text(tool.description),
      .text(JSONWriter.compact(tool.schema)),
    ]
  }

  private static func standing(of tool: Tool) -> [SQLValue] {
    [
      .text(tool.status.rawValue), .optional(tool.deprecation?.since.microseconds),
      .optional(tool.deprecation?.sunset?.microseconds), .optional(tool.deprecation?.replacement),
      .optional(tool.deprecation?.guide),
    ]
  }

  /// A new row, or the catalogue's words in a known one; what an operator decided stays.
  private static let upsert = Query(
    "services.upsert",
    """
    INSERT INTO services(service_id, service_name, version, category, description, schema, status,
      deprecation_date, sunset_date, replacement, migration_guide, created_at, updated_at)
    VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?12)
    ON CONFLICT(service_name, version) DO UPDATE SET
      category=excluded.category, description=excluded.description, schema=excluded.schema,
      status=iif(status_set_by IS NULL, excluded.status, status),
      deprecation_date=iif(status_set_by IS NULL, excluded.deprecation_date, deprecation_date),
      sunset_date=iif(status_set_by IS NULL, excluded.sunset_date, sunset_date),
      replacement=iif(status_set_by IS NULL, excluded.replacement, replacement),
      migration_guide=iif(status_set_by IS NULL, excluded.migration_guide, migration_guide),
      updated_at=excluded.updated_at
    """)

  private static let decide = Query(
    "services.decide",
    """
    UPDATE services SET status=?3, deprecation_date=?4, sunset_date=?5, replacement=?6, migration_guide=?7,
      status_set_by=?8, updated_at=?9 WHERE service_name=?1 AND version=?2
    """)

  /// Writes what an operator has decided about a tool; the catalogue has no say in it from then on.
  static func decide(_ state: State, on tool: Tool, in context: ToolContext) throws {
    let deprecation = state.deprecation
    try context.connection.run(
      decide, .text(tool.name), .text(tool.version.description), .text(state.status.rawValue),
      .optional(deprecation?.since.microseconds), .optional(deprecation?.sunset?.microseconds),
      .optional(deprecation?.replacement), .optional(deprecation?.guide), .text(context.actor),
      .integer(context.now.microseconds))
  }

  private static let identifier = Query(
    "services.id", "SELECT service_id FROM services WHERE service_name=?1 AND version=?2")

  /// The id of a tool's row.
  static func id(of tool: Tool, in connection: Connection) throws -> String? {
    try connection.first(
      identifier, .text(tool.name), .text(tool.version.description), map: { $0.text(0) })
  }

  /// Writes rows anew.
  static func write(
    _ tools: [Tool], in connection: Connection, at now: Timestamp, _ identifiers: IdentifierSequence
  ) throws {
    for tool in tools {
      let values = description(of: tool) + standing(of: tool)
      try connection.run(
        upsert, .text(identifiers.next(.service).description), .text(tool.name),
        .text(tool.version.description), values[0], values[1], values[2], values[3], values[4],
        values[5], values[6], values[7], .integer(now.microseconds))
    }
  }
}

extension Tool {
  /// The status that the declaration gives.
  package var status: ServiceStatus {
    deprecation != nil ? .deprecated : isBeta ? .beta : .active
  }
}
