/// Counts over whole tables, each along the smallest index that has what is counted.
struct MarketplaceFigures {
  let connection: Connection

  private func count(_ what: String, _ sql: String, _ values: (SQLValue, SQLValue)? = nil) throws
    -> Int
  {
    let query = Query("marketplace.count_\(what)", "SELECT count(*) FROM " + sql)
    if let values { return Int(try connection.integer(query, values.0, values.1) ?? 0) }
    return Int(try connection.integer(query) ?? 0)
  }

  func counts(services: Int) throws -> QueryMarketplace.Counts {
    QueryMarketplace.Counts(
      agents: try count("agents", "agents"), services: services,
      workflows: try count("workflows", "workflows"), tasks: try count("tasks", "tasks"),
      messages: try count("messages", "messages"), events: try count("events", "events"),
      subscriptions: try count("subscriptions", "subscriptions WHERE status='active'"))
  }

  /// How many rows have each of some words in a column; the words that none has are there with 0.
  private func distribution(
    of table: String, by column: String, _ words: [String]
  ) throws -> JSONObject {
    let query = Query(
      "marketplace.\(table)_by_\(column)",
      "SELECT \(column), count(*) FROM \(table) GROUP BY \(column)")
    var counts: [String: Int] = [:]
    try connection.each(query) { counts[$0.text(0)] = $0.int(1) }
    return JSONObject(words.map { .init($0, .int(counts[$0] ?? 0)) })
  }

  private static let capabilities = Query(
    "marketplace.capabilities",
    """
    SELECT capability, count(*) AS agents FROM agent_capabilities GROUP BY capability
    ORDER BY agents DESC, capability LIMIT 20
    """)

  func distribution() throws -> QueryMarketplace.Distribution {
    QueryMarketplace.Distribution(
      agentsByStatus: try distribution(
        of: "agents", by: "status", AgentStatus.allCases.map(\.rawValue)),
      agentsByTier: try distribution(
        of: "agents", by: "service_tier", ServiceTier.allCases.map(\.rawValue)),
      tasksByStatus: try distribution(
        of: "tasks", by: "status", TaskStatus.allCases.map(\.rawValue)),
      workflowsByStatus: try distribution(
        of: "workflows", by: "status",
        WorkflowStatus.allCases.map(\.rawValue)),
      capabilities: try connection.all(Self.capabilities) {
        QueryMarketplace.Capability(name: $0.text(0), agents: $0.int(1))
      })
  }

  /// What was made and done in the time that ends now.
  func done(seconds: Int64, until now: Timestamp) throws -> QueryMarketplace.Window {
    let start = now.microseconds - seconds * 1_000_000
    return QueryMarketplace.Window(
      messages: try born("messages", "message_id", .message, since: start, until: now),
      tasks: try born("tasks", "task_id", .task, since: start, until: now),
      completed: try count(
        "completed", "tasks WHERE completed_at>?1 AND completed_at<=?2 AND status='completed'",
        (.integer(start), .integer(now.microseconds))),
      workflows: try born("workflows", "workflow_id", .workflow, since: start, until: now))
  }

  /// The records that were made on v5 in some time.
  ///
  /// Their ids begin with the millisecond in which they were made, so that the index on the ids finds
  /// them; those of migrated records, which say no time, have another digit for their version.
  private func born(
    _ table: String, _ column: String, _ kind: IdentifierKind, since start: Int64,
    until end: Timestamp
  ) throws -> Int {
    let version = kind.rawValue.utf8.count + 1 + 13
    func first(_ microseconds: Int64) -> SQLValue {
      let milliseconds = UInt64(max(0, microseconds / 1_000))
      return .text(Identifier(kind, UUIDBits(high: milliseconds << 16, low: 0)).description)
    }
    return try count(
      "new_\(table)",
      "\(table) WHERE \(column)>=?1 AND \(column)<?2 AND substr(\(column),\(version),1)='7'",
      (first(start), first(end.microseconds + 1_000)))
  }
}
