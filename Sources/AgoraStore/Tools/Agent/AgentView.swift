/// An agent as others see it.
public struct AgentView: ToolOutput {
  /// The agent's id.
  public let id: String
  /// The name.
  public let name: String
  /// Whether it is there to be used.
  public let status: AgentStatus
  /// The tier.
  public let tier: ServiceTier
  /// What it can do.
  public let capabilities: [String]
  /// How many tasks it works on at a time; nil where it does not say.
  public let maxConcurrentTasks: Int?
  /// When it was registered; nil where v4 did not say.
  public let registeredAt: Timestamp?
  /// When it last acted, on v4 or on v5; nil where it never did.
  public let lastActivity: Timestamp?
  /// Anything else.
  public let metadata: JSON

  /// The fields.
  public static let shape = Shape<AgentView>(
    .field("agent_id", "The agent's id") { $0.id },
    .field("agent_name", "The name") { $0.name },
    .field("status", "Whether it is there to be used") { $0.status },
    .field("service_tier", "The tier") { $0.tier },
    .field("capabilities", "What it can do") { $0.capabilities },
    .field("max_concurrent_tasks", "How many tasks it works on at a time") {
      $0.maxConcurrentTasks
    },
    .field("registered_at", "When it was registered; null where v4 did not say") {
      $0.registeredAt
    },
    .field("last_activity", "When it last acted; null where it never did") { $0.lastActivity },
    .field("metadata", "Anything else") { $0.metadata })

  private static let lastOnV5 =
    "(SELECT max(last_at) FROM agent_activity t WHERE t.agent_id=a.agent_id)"

  /// The columns that ``init(_:)`` reads, of `agents a`.
  ///
  /// A migrated agent's own column says what v4 said; what it did on v5 is in `agent_activity`.
  package static let columns = """
    a.agent_id, a.agent_name, a.status, a.service_tier, a.capabilities, a.max_concurrent_tasks,
      a.registered_at, coalesce(max(a.last_activity, \(lastOnV5)), a.last_activity, \(lastOnV5)),
      a.metadata
    """

  /// Reads a row that begins with ``columns``.
  package init(_ row: borrowing Row) {
    id = row.text(0)
    name = row.text(1)
    status = AgentStatus(rawValue: row.text(2)) ?? .active
    tier = ServiceTier(rawValue: row.text(3)) ?? .basic
    capabilities = (try? JSON.parse(row.text(4)))?.elements?.compactMap(\.text) ?? []
    maxConcurrentTasks = row.optionalInt(5)
    registeredAt = row.optionalInt64(6).map { Timestamp(microseconds: $0) }
    lastActivity = row.optionalInt64(7).map { Timestamp(microseconds: $0) }
    metadata = (try? JSON.parse(row.text(8))) ?? .object([])
  }

  private static let select = Query(
    "agents.view", "SELECT \(columns) FROM agents a WHERE a.agent_id=?1")

  /// Reads an agent; nil when there is none.
  package static func read(_ id: String, in connection: Connection) throws -> AgentView? {
    try connection.first(select, .text(id), map: AgentView.init)
  }
}
