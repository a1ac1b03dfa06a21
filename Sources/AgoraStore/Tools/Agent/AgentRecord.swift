/// A row of `agents` as registering reads and writes it.
struct AgentRecord: Equatable {
  let id: String
  let name: String
  var tier: ServiceTier
  var status = AgentStatus.active
  var registeredAt: Int64?
  var capabilities: [String] = []
  var maxConcurrentTasks: Int?
  var metadata = JSONObject()

  /// The keys of metadata that the marketplace itself acts on.
  static let ownKeys = ["stub", "reserved"]
  /// How many capabilities an agent can have.
  static let capabilityLimit = 1_024

  init(id: String, name: String, tier: ServiceTier, registeredAt: Int64?) {
    self.id = id
    self.name = name
    self.tier = tier
    self.registeredAt = registeredAt
  }

  private static let select = Query(
    "agents.record",
    """
    SELECT agent_id, agent_name, service_tier, status, registered_at, capabilities,
      max_concurrent_tasks, metadata FROM agents WHERE agent_id=?1
    """)

  static func read(_ id: String, in connection: Connection) throws -> AgentRecord? {
    try connection.first(select, .text(id), map: AgentRecord.init)
  }

  private init(_ row: borrowing Row) {
    id = row.text(0)
    name = row.text(1)
    tier = ServiceTier(rawValue: row.text(2)) ?? .basic
    status = AgentStatus(rawValue: row.text(3)) ?? .active
    registeredAt = row.optionalInt64(4)
    capabilities = (try? JSON.parse(row.text(5)))?.elements?.compactMap(\.text) ?? []
    maxConcurrentTasks = row.optionalInt(6)
    metadata = (try? JSON.parse(row.text(7))).flatMap { JSONObject(json: $0) } ?? JSONObject()
  }

  private static let insert = Query(
    "agents.insert",
    """
    INSERT INTO agents(agent_id, service_tier, status, registered_at, capabilities,
      max_concurrent_tasks, metadata, agent_name) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)
    """)
  private static let update = Query(
    "agents.change",
    """
    UPDATE agents SET service_tier=?2, status=?3, registered_at=?4, capabilities=?5,
      max_concurrent_tasks=?6, metadata=?7 WHERE agent_id=?1
    """)

  func insert(in connection: Connection) throws {
    try connection.run(
      Self.insert, .text(id), .text(tier.rawValue), .text(status.rawValue),
      .optional(registeredAt), .text(JSONWriter.compact(capabilities.json)),
      .optional(maxConcurrentTasks.map(Int64.init)), .text(JSONWriter.compact(metadata.json)),
      .text(name))
  }

  func update(in connection: Connection) throws {
    try connection.run(
      Self.update, .text(id), .text(tier.rawValue), .text(status.rawValue),
      .optional(registeredAt), .text(JSONWriter.compact(capabilities.json)),
      .optional(maxConcurrentTasks.map(Int64.init)), .text(JSONWriter.compact(metadata.json)))
  }

  /// Adds capabilities that the agent has not yet.
  mutating func add(_ names: [String]) throws(ToolFailure) {
    var known = Set(capabilities.map(\.exact))
    for name in names where known.insert(name.exact).inserted { capabilities.append(name) }
    guard capabilities.count <= Self.capabilityLimit || names.isEmpty else {
      throw ToolFailure(
        .conflict,
        "the agent would have \(capabilities.count) capabilities, and \(Self.capabilityLimit) are the most",
        parameter: "capabilities")
    }
  }

  /// Writes how good the agent is: for each capability that it says, or as a whole.
  mutating func note(_ level: Int, for names: [String]) {
    guard !names.isEmpty else {
      metadata = metadata.merging(JSONObject([.init("proficiency_level", level.json)]))
      return
    }
    let known =
      metadata.members.first { $0.name == "proficiency" }
      .flatMap { JSONObject(json: $0.value) } ?? JSONObject()
    let levels = known.merging(JSONObject(names.map { .init($0, level.json) }))
    metadata = metadata.merging(JSONObject([.init("proficiency", levels.json)]))
  }

  /// Whether the agent was only ever referred to.
  var isStub: Bool {
    get { metadata.members.contains { $0.name == "stub" && $0.value == .bool(true) } }
    set {
      metadata = JSONObject(metadata.members.filter { $0.name != "stub" })
      if newValue { metadata = metadata.merging(JSONObject([.init("stub", .bool(true))])) }
    }
  }

  /// The record for the audit.
  var json: JSON { .object(members) }

  private var members: [JSON.Member] {
    [
      .init("agent_name", .string(name)), .init("service_tier", tier.json),
      .init("status", status.json),
      .init("registered_at", registeredAt.map { Timestamp(microseconds: $0) }.json),
      .init("capabilities", capabilities.json),
      .init("max_concurrent_tasks", maxConcurrentTasks.json), .init("metadata", metadata.json),
    ]
  }

  /// The fields in which this record and a later one differ, of each.
  func changes(to after: AgentRecord) -> (before: JSON, after: JSON) {
    let pairs = zip(members, after.members).filter { $0 != $1 }
    return (.object(pairs.map(\.0)), .object(pairs.map(\.1)))
  }
}
