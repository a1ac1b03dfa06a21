import AgoraStore

/// `agent_capability`, `agent_registry` and agent configurations → what they say of their agent.
final class AgentMapping {
  /// What one row says of its agent.
  struct Facts {
    /// The name that the agent goes by in v4.
    var name: String
    /// Another id that the agent is registered under; nil where it is the name.
    var alias: String?
    var capabilities: [String] = []
    /// What v5 has no column for, as a JSON object.
    var details: [UInt8] = []
    /// nil where the row says nothing about it.
    var status: String?
    var registeredAt: Int64?
    var lastActivity: Int64?
    var maxConcurrentTasks: Int64?
    /// The v4 name of the agent above this one.
    var supervisor: String?
    var notes: [String] = []
  }

  private let kind: TableKind
  private let agentID: Int?
  private let agentName: Int?
  private let capability: Int?
  private let capabilities: Int?
  private let isActive: Int?
  private let status: Int?
  private let maxTasks: Int?
  private let registered: [Int]
  private let lastSeen: Int?
  private let supervisor: Int?
  private let detailColumns: [Int]

  init(_ layout: RowLayout, kind: TableKind) {
    self.kind = kind
    agentID = layout.index("agent_id")
    agentName = layout.index("agent_name")
    capability = kind == .capability ? layout.index("capability_type") : nil
    capabilities = layout.index("capabilities")
    isActive = layout.index("is_active")
    status = layout.index("status")
    maxTasks = layout.index("max_concurrent_tasks")
    registered = layout.indexes("registered_at", "created_at")
    lastSeen = layout.index("last_heartbeat")
    supervisor = layout.index("supervisor_id")
    // The tasks and workflows of a configuration are rows of their own.
    let apart =
      kind == .configuration
      ? ["active_tasks", "workflows"].map { layout.index($0) } + [agentID] : [agentID]
    detailColumns = layout.names.indices.filter { !apart.contains($0) }
  }

  /// The agent's name: `agent_name` where the row has one, else `agent_id`.
  func name(_ row: V4Row) throws(Rejection) -> String {
    if let name = try row.key(agentName) { return name }
    if let name = try row.key(agentID) { return name }
    throw Rejection(.missingField, "the row names no agent")
  }

  func facts(_ row: V4Row) throws(Rejection) -> Facts {
    var facts = Facts(name: try name(row))
    if kind == .registry, let id = try row.key(agentID), id.exact != facts.name.exact {
      facts.alias = id
    }
    if let capability = try row.name(capability) { facts.capabilities.append(capability) }
    for name in try row.names(capabilities) {
      if let name, !name.isEmpty { facts.capabilities.append(name) }
    }
    if let word = try row.word(status) {
      facts.status = LegacyWords.agentStatus(word).value
    } else if let active = try row.bool(isActive) {
      facts.status = active ? "active" : "paused"
    }
    if let limit = try row.integer(maxTasks) {
      guard limit >= 0 else {
        throw Rejection(.outOfRange, "max_concurrent_tasks is below zero")
      }
      facts.maxConcurrentTasks = limit
    }
    let registeredAt = try row.time(row.pick(registered))
    let lastSeenAt = try row.time(lastSeen)
    facts.registeredAt = registeredAt?.microseconds
    facts.lastActivity = lastSeenAt?.microseconds
    facts.notes = [registeredAt?.note, lastSeenAt?.note].compactMap { $0 }
    facts.supervisor = try row.key(supervisor)
    facts.details = details(row)
    return facts
  }

  /// The row's columns as an object, but for those that the agent's record is made of.
  private func details(_ row: V4Row) -> [UInt8] {
    var bytes: [UInt8] = [0x7b]
    for column in detailColumns where row.values[column].kind != .null {
      if bytes.count > 1 { bytes.append(0x2c) }
      JSONText.quote(row.layout.names[column], into: &bytes)
      bytes.append(0x3a)
      bytes.append(contentsOf: row.text[row.values[column].range])
    }
    bytes.append(0x7d)
    return bytes
  }

  /// The columns that the way back fills from what v5 knows of an agent.
  private static let ownColumns: Set<String> = [
    "agent_id", "agent_name", "status", "registered_at", "created_at", "last_heartbeat",
    "capabilities", "max_concurrent_tasks",
  ]

  /// Whether a registration says nothing that v5 does not say of an agent itself: then it is what v5 has
  /// told v4, come back.
  func isEcho(_ row: V4Row) -> Bool {
    row.layout.names.indices.allSatisfy { column in
      if Self.ownColumns.contains(row.layout.names[column]) { return true }
      guard let slice = row.value(column) else { return true }
      return ["\"\"", "\"{}\"", "\"[]\"", "{}", "[]", "0", "false"]
        .contains(String(decoding: row.text[slice.range], as: UTF8.self))
    }
  }

  func appendImmutable(_ row: V4Row, _ parts: ImmutableParts, to target: inout [UInt8]) {
    if parts.contains(.references) { row.appendImmutable(agentID, to: &target) }
    row.appendImmutable(capability, to: &target)
  }
}

/// An agent as the rows that describe it make it, in the order in which they count.
struct AgentProfile {
  let id: String
  let name: String
  private var capabilities: [String] = []
  private var known: Set<[UInt8]> = []
  private var isActive = false
  private var lastStatus: String?
  private var registeredAt: Int64?
  private var lastActivity: Int64?
  private var maxConcurrentTasks: Int64?
  private var capabilityDetails: [[UInt8]] = []
  private var registrations: [[UInt8]] = []
  private var notes: [String] = []
  /// How many rows were taken in.
  private(set) var rows = 0

  init(id: String, name: String) {
    self.id = id
    self.name = name
  }

  /// Takes in one row.
  mutating func add(_ facts: AgentMapping.Facts, kind: TableKind) {
    rows += 1
    for capability in facts.capabilities where known.insert(capability.exact).inserted {
      capabilities.append(capability)
    }
    // A row that says nothing does not say that the agent is gone.
    if let status = facts.status, status != "active" {
      if lastStatus == nil || kind != .capability { lastStatus = status }
    } else {
      isActive = true
    }
    if let time = facts.registeredAt { registeredAt = min(registeredAt ?? time, time) }
    if let time = facts.lastActivity { lastActivity = max(lastActivity ?? time, time) }
    if let limit = facts.maxConcurrentTasks {
      maxConcurrentTasks = max(maxConcurrentTasks ?? limit, limit)
    }
    if kind == .capability {
      capabilityDetails.append(facts.details)
    } else {
      registrations.append(facts.details)
    }
    notes += facts.notes
  }

  /// Writes the agent's record.
  func write(to record: inout Record) {
    record.reset()
    record.text(id)
    record.text(name)
    record.text("basic")
    record.text(isActive ? "active" : lastStatus ?? "active")
    record.integer(registeredAt)
    record.integer(lastActivity)
    record.text(JSONWriter.compact(.array(capabilities.map { .string($0) })))
    record.integer(maxConcurrentTasks)
    record.text { appendMetadata(to: &$0) }
  }

  private func appendMetadata(to bytes: inout [UInt8]) {
    bytes.append(contentsOf: "{\"migration_source\":\"v4\"".utf8)
    for (name, objects) in [
      ("capability_details", capabilityDetails), ("registrations", registrations),
    ] where !objects.isEmpty {
      bytes.append(contentsOf: ",\"\(name)\":[".utf8)
      for (index, object) in objects.enumerated() {
        if index > 0 { bytes.append(0x2c) }
        bytes.append(contentsOf: object)
      }
      bytes.append(0x5d)
    }
    if !notes.isEmpty {
      bytes.append(contentsOf: ",\"notes\":".utf8)
      JSONWriter.write(.array(notes.map { .string($0) }), into: &bytes)
    }
    bytes.append(0x7d)
  }
}
