/// Finds agents that can do something, in the order of their names.
struct AgentSearch {
  var capabilities: [String] = []
  var status: AgentStatus?
  var tier: ServiceTier?

  /// A text of the query for each combination, so that each goes along the index that fits it.
  private var query: Query {
    let isCapable = !capabilities.isEmpty
    var sql = "SELECT \(AgentView.columns) FROM "
    // The join the other way round would look at all agents.
    sql +=
      isCapable
      ? "agent_capabilities c CROSS JOIN agents a ON a.agent_name=c.agent_name WHERE c.capability=?4 AND c.agent_name>?1"
      : "agents a WHERE a.agent_name>?1"
    if status != nil { sql += " AND a.status=?2" }
    if tier != nil { sql += " AND a.service_tier=?3" }
    if capabilities.count > 1 {
      sql += """
         AND NOT EXISTS(SELECT 1 FROM json_each(?5) w WHERE NOT EXISTS(SELECT 1 FROM agent_capabilities o
          WHERE o.capability=w.value AND o.agent_name=c.agent_name))
        """
    }
    return Query(
      "agents.search", sql + " ORDER BY \(isCapable ? "c" : "a").agent_name LIMIT ?6")
  }

  private static let countCapable = Query(
    "agents.count_capable",
    "SELECT count(*) FROM (SELECT 1 FROM agent_capabilities WHERE capability=?1 LIMIT 1000)")

  /// The next agents after a name.
  func agents(
    after name: String, limit: Int, in connection: Connection
  ) throws -> [AgentView] {
    // The rarest capability leads; the others are looked up for those that have it.
    var wanted = capabilities.map { (name: $0, count: Int64(0)) }
    if wanted.count > 1 {
      for index in wanted.indices {
        wanted[index].count =
          try connection.integer(Self.countCapable, .text(wanted[index].name)) ?? 0
      }
      wanted.sort { $0.count < $1.count }
    }
    let others = wanted.dropFirst().map(\.name)
    return try connection.all(
      query, .text(name), .optional(status?.rawValue), .optional(tier?.rawValue),
      .optional(wanted.first?.name), .text(JSONWriter.compact(Array(others).json)), .int(limit),
      map: AgentView.init)
  }
}
