import AgoraStore

/// What v5 records say, as fields of v4 rows: the way of the mappings back.
///
/// Words follow those that the imported rows have for the same thing.
struct V4Fields {
  let names: V4Names

  private static func document(_ text: String?) -> JSON? {
    guard let text, text != "{}" else { return nil }
    return try? JSON.parse(text)
  }

  private func agent(_ record: Record, _ column: Int) throws -> V4Value {
    try record.string(column).map { .text(try names.agent($0)) } ?? .null
  }

  private static func time(_ record: Record, _ column: Int) -> V4Value {
    .time(record.number(column))
  }

  /// A field for a record's id.
  private static func id(_ id: String, _ shape: V4Shape) -> V4Field {
    V4Field(field: "id", columns: [shape.idColumn], value: .text(id))
  }

  // MARK: messages

  func message(_ record: Record, _ shape: V4Shape, as id: String? = nil) throws -> [V4Field] {
    let isDelivered = record.number(7) == 1
    let hasStatus = shape.layout.index("status") != nil
    let status =
      shape.word(in: ["status"]) { LegacyWords.isDelivered($0) == isDelivered }
      ?? (isDelivered ? "delivered" : "pending")
    let type = record.string(3) ?? "info"
    let metadata = Self.document(record.string(8))
    let priority = Self.priority(record, 5, metadata)
    return [
      Self.id(id ?? record.string(0) ?? "", shape),
      V4Field(field: "from_agent", columns: ["from_agent"], value: try agent(record, 1)),
      V4Field(field: "to_agent", columns: ["to_agent"], value: try receiver(record, 2, shape)),
      V4Field(
        field: "message_type", columns: ["message_type"], value: .text(type),
        isNeeded: type != "info"),
      V4Field(
        field: "content", columns: ["content", "payload"], value: .text(record.string(4) ?? "")),
      V4Field(
        field: "priority", columns: ["priority"], value: .priority(priority),
        isNeeded: priority != 2),
      V4Field(
        field: "timestamp", columns: ["timestamp", "created_at"], value: Self.time(record, 6),
        isNeeded: record.number(6) != nil),
      V4Field(
        field: "delivered", columns: ["delivered"], value: .bool(isDelivered),
        isNeeded: isDelivered && !hasStatus),
      V4Field(
        field: "delivered", columns: ["status"], value: .text(status), isNeeded: false,
        means: { LegacyWords.isDelivered($0) == isDelivered }),
      V4Field(
        field: "new", columns: ["metadata"], value: metadata.map(Self.json) ?? .null,
        isNeeded: metadata != nil),
      V4Field(
        field: "new", columns: ["requires_response"],
        value: .bool(metadata?["requires_response"]?.text == "true"),
        isNeeded: metadata?["requires_response"]?.text == "true"),
      Self.said("correlation_id", in: metadata), Self.said("thread_id", in: metadata),
      Self.said("timeout_seconds", or: "timeout", in: metadata, isNumber: true),
    ]
  }

  // MARK: what calls of v4 left in the metadata

  /// The name of fields that only calls of v4 have said.
  static let said = "said"

  /// A field that v5 has no column for, as a call of v4 has said it.
  private static func said(
    _ name: String, or other: String? = nil, in object: JSON?, isNumber: Bool = false
  ) -> V4Field {
    let text = object?[name].flatMap { $0.text ?? ($0 == .null ? nil : JSONWriter.compact($0)) }
    let value: V4Value? = text.map { text in
      isNumber && Decimal(text) != nil && (try? JSON.parse(text)) != nil
        ? .number(text) : .text(text)
    }
    return V4Field(
      field: Self.said, columns: [name] + (other.map { [$0] } ?? []), value: value ?? .null,
      isNeeded: value != nil)
  }

  /// A field of JSON that v5 has no column for.
  private static func kept(_ name: String, in object: JSON?) -> V4Field {
    let value = object?[name]
    return V4Field(
      field: Self.said, columns: [name], value: .json(value.map(JSONWriter.compact)),
      isNeeded: value != nil)
  }

  /// A priority as v4 has said it, where that is still what v5's means.
  private static func priority(_ record: Record, _ column: Int, _ metadata: JSON?) -> Int64 {
    let rank = record.number(column) ?? 2
    guard let said = metadata?["priority"].flatMap({ $0.text ?? $0.integer.map(String.init) })
    else { return rank }
    if ["emergency", "critical"].contains(said.lowercased()), rank == 4 { return 5 }
    guard let number = Int64(said), LegacyWords.priority(number).value == rank else {
      return rank
    }
    return number
  }

  private static func json(_ value: JSON) -> V4Value { .json(JSONWriter.compact(value)) }

  /// An agent, or the word for all of them.
  private func receiver(_ record: Record, _ column: Int, _ shape: V4Shape) throws -> V4Value {
    guard record.string(column) == "broadcast" else { return try agent(record, column) }
    let word = shape.word(in: ["to_agent", "target_agent"]) { LegacyWords.broadcasts.contains($0) }
    return .text(word ?? "broadcast")
  }

  // MARK: tasks

  /// A field that says which workflow of an id is meant, where times would lead to another one.
  private func epoch(_ workflow: String?, at time: Int64?, _ mark: String?) throws -> [V4Field] {
    guard let workflow, let mark = try names.mark(of: workflow, at: time, marked: mark) else {
      return []
    }
    return [
      V4Field(
        field: WorkflowEpochs.column, columns: [WorkflowEpochs.column], value: .text(mark))
    ]
  }

  /// - Parameter mark: what the row says already about which workflow it means.
  func task(
    _ record: Record, _ shape: V4Shape, as id: String? = nil, marked mark: String? = nil
  ) throws -> [V4Field] {
    let status = record.string(5) ?? "pending"
    let word = shape.word(in: ["status", "status_update"]) {
      LegacyWords.knownTaskStatus($0) == status
    }
    let percent = record.number(7) ?? 0
    let metadata = Self.document(record.string(10))
    let requester = metadata?["requesting_agent"]?.text
    let priority = Self.priority(record, 6, metadata)
    let type = record.string(3) ?? "general"
    return try [
      Self.id(id ?? record.string(0) ?? "", shape),
      V4Field(
        field: "workflow_id", columns: ["workflow_id"],
        value: try record.string(1).map { .text(try names.workflow($0)) } ?? .null,
        isNeeded: record.string(1) != nil),
      V4Field(
        field: "assigned_agent", columns: ["assigned_agent", "agent_id"],
        value: try agent(record, 2), isNeeded: record.string(2) != nil),
      V4Field(
        field: "requesting_agent", columns: ["requesting_agent"],
        value: try requester.map { .text(try names.agent($0)) } ?? .null,
        isNeeded: requester != nil),
      V4Field(
        field: "task_type", columns: ["task_type"], value: .text(type), isNeeded: type != "general"),
      V4Field(
        field: "payload", columns: ["input_data", "payload"],
        value: .json(record.string(4)), isNeeded: record.string(4) != nil),
      V4Field(
        field: "status", columns: ["status", "status_update"], value: .text(word ?? status),
        means: { LegacyWords.knownTaskStatus($0) == status }),
      V4Field(
        field: "priority", columns: ["priority"], value: .priority(priority),
        isNeeded: priority != 2),
      Self.kept("required_capabilities", in: metadata),
      Self.kept("intermediate_results", in: metadata),
      V4Field(
        field: "progress", columns: ["progress"], value: .percent(percent),
        isNeeded: percent != (status == "completed" ? 100 : 0)),
      V4Field(
        field: "created_at", columns: ["created_at"], value: Self.time(record, 8),
        isNeeded: record.number(8) != nil),
      V4Field(
        field: "completed_at", columns: ["completed_at"], value: Self.time(record, 9),
        isNeeded: record.number(9) != nil),
    ] + epoch(record.string(1), at: record.number(8), mark)
  }

  // MARK: workflows

  func workflow(_ record: Record, _ shape: V4Shape, as id: String? = nil) throws -> [V4Field] {
    let status = record.string(2) ?? "pending"
    let word = shape.word(in: ["status"]) { LegacyWords.knownWorkflowStatus($0) == status }
    let ids = (try? JSON.parse(record.string(4) ?? "[]"))?.elements?.compactMap(\.text) ?? []
    let metadata = Self.document(record.string(8))
    let name = record.string(1) ?? "migrated_workflow"
    return [
      Self.id(id ?? record.string(0) ?? "", shape),
      V4Field(
        field: "workflow_name", columns: ["workflow_name", "workflow_type", "name"],
        value: .text(name), isNeeded: name != "migrated_workflow", addedAs: "workflow_type"),
      V4Field(
        field: "status", columns: ["status"], value: .text(word ?? status),
        isNeeded: status != "pending", means: { LegacyWords.knownWorkflowStatus($0) == status }),
      V4Field(
        field: "creator_agent", columns: ["coordinator_agent", "initiator_agent"],
        value: try agent(record, 3), isNeeded: record.string(3) != nil),
      V4Field(
        field: "assigned_agents", columns: ["participating_agents", "assigned_agents"],
        value: .names(try ids.map { try names.agent($0) }), isNeeded: !ids.isEmpty),
      V4Field(
        field: "created_at", columns: ["created_at"], value: Self.time(record, 6),
        isNeeded: record.number(6) != nil),
      V4Field(
        field: "completed_at", columns: ["completed_at"], value: Self.time(record, 7),
        isNeeded: record.number(7) != nil),
      V4Field(
        field: "new", columns: ["metadata"], value: metadata.map(Self.json) ?? .null,
        isNeeded: metadata != nil),
      Self.said("coordination_strategy", in: metadata),
    ]
  }

  /// A step's fields.
  ///
  /// - Parameters:
  ///   - step: the element of its workflow's `steps`.
  ///   - order: where it stands; nil after those that have a place.
  ///   - mark: what the row says already about which workflow it means.
  func step(
    _ step: JSON, of workflow: String, order: Int64?, _ shape: V4Shape, as id: String? = nil,
    marked mark: String? = nil
  ) throws -> [V4Field] {
    let status = step["status"]?.text ?? "pending"
    let word = shape.word(in: ["status"]) { LegacyWords.knownTaskStatus($0) == status }
    let agent = try step["agent"]?.text.map { V4Value.text(try names.agent($0)) }
    func micros(_ name: String) -> Int64? {
      step[name]?.text.flatMap { Timestamp($0) }?.microseconds
    }
    func time(_ name: String) -> V4Field {
      V4Field(
        field: name, columns: [name], value: .time(micros(name)), isNeeded: micros(name) != nil)
    }
    let instant = micros("started_at") ?? micros("completed_at")
    return try [
      Self.id(id ?? step["step_id"]?.text ?? "", shape),
      V4Field(
        field: "workflow_id", columns: ["workflow_id"], value: .text(try names.workflow(workflow))),
      V4Field(
        field: "name", columns: ["step_name", "name", "step"],
        value: .text(step["name"]?.text ?? "")),
      V4Field(
        field: "order", columns: ["step_order"], value: order.map { .integer($0) } ?? .null,
        isNeeded: order != nil),
      V4Field(
        field: "agent", columns: ["assigned_agent", "agent"], value: agent ?? .null,
        isNeeded: agent != nil),
      V4Field(
        field: "status", columns: ["status"], value: .text(word ?? status),
        isNeeded: status != "pending", means: { LegacyWords.knownTaskStatus($0) == status }),
      time("started_at"), time("completed_at"),
    ] + epoch(workflow, at: instant, mark)
  }

  // MARK: events

  func event(_ record: Record, _ shape: V4Shape, as id: String? = nil) throws -> [V4Field] {
    [
      Self.id(id ?? record.string(0) ?? "", shape),
      V4Field(
        field: "event_type", columns: ["event_type"], value: .text(record.string(1) ?? "")),
      V4Field(
        field: "source_agent", columns: ["source_agent", "agent_id", "from_agent"],
        value: try agent(record, 2), isNeeded: record.string(2) != nil),
      V4Field(
        field: "target_agent", columns: ["target_agent", "to_agent"],
        value: try receiver(record, 3, shape), isNeeded: record.string(3) != nil),
      V4Field(field: "data", columns: ["data"], value: .json(record.string(4) ?? "{}")),
      V4Field(
        field: "new", columns: ["priority"],
        value: Self.document(record.string(4))?["priority"]
          .flatMap { ($0.text ?? JSONWriter.compact($0)) }.flatMap { Int64($0) }
          .map { .integer($0) } ?? .null, isNeeded: false),
      V4Field(
        field: "timestamp", columns: ["timestamp", "created_at"], value: Self.time(record, 5),
        isNeeded: record.number(5) != nil),
      V4Field(
        field: "processed", columns: ["processed"], value: .bool(record.number(6) == 1),
        isNeeded: false),
    ]
  }

  // MARK: agents

  /// An agent's row for one of its capabilities; the empty one for an agent without any.
  ///
  /// - Parameter hasRegistry: whether the agent has a registration, which tells its status exactly.
  func capability(
    _ capability: String, of record: Record, _ facts: CapabilityFacts, hasRegistry: Bool,
    _ shape: V4Shape, as id: String? = nil
  ) throws -> [V4Field] {
    let agentID = record.string(0) ?? ""
    let status = record.string(3) ?? "active"
    let level = facts.level(of: capability)
    let said = facts.said(of: capability)
    let limit = record.number(7)
    let isExact = hasRegistry || status == "active" || status == "paused"
    return [
      Self.id(id ?? agentID + ":" + capability, shape),
      V4Field(field: "agent_name", columns: ["agent_id"], value: .text(try names.agent(agentID))),
      V4Field(field: "capabilities", columns: ["capability_type"], value: .text(capability)),
      V4Field(
        field: "proficiency", columns: ["proficiency_level"],
        value: level.map { .integer(Int64($0)) } ?? .null, isNeeded: level != nil),
      V4Field(
        field: "max_concurrent_tasks", columns: ["max_concurrent_tasks"],
        value: .limit(limit), isNeeded: limit != nil),
      V4Field(
        field: "status", columns: ["is_active"], value: .bool(status == "active"),
        isNeeded: status != "active"),
      V4Field(
        field: "status", columns: ["status"], value: .text(status), isNeeded: !isExact,
        means: { LegacyWords.knownAgentStatus($0) == status }),
      V4Field(
        field: "registered_at", columns: ["created_at", "registered_at"],
        value: Self.time(record, 4), isNeeded: record.number(4) != nil && !hasRegistry),
      Self.said("average_completion_time", in: said, isNumber: true),
      Self.said("success_rate", in: said, isNumber: true),
      Self.said("resource_requirements", in: said), Self.said("availability_schedule", in: said),
    ]
  }

  func registration(_ record: Record, _ shape: V4Shape) throws -> [V4Field] {
    let name = try names.agent(record.string(0) ?? "")
    let status = record.string(3) ?? "active"
    let word = shape.word(in: ["status"]) { LegacyWords.knownAgentStatus($0) == status }
    let capabilities = JSON.parseList(record.string(6))
    let limit = record.number(7)
    return [
      V4Field(field: "id", columns: ["agent_id"], value: .text(name)),
      V4Field(field: "agent_name", columns: ["agent_name"], value: .text(name), isNeeded: false),
      V4Field(
        field: "status", columns: ["status"], value: .text(word ?? status),
        isNeeded: status != "active", means: { LegacyWords.knownAgentStatus($0) == status }),
      V4Field(
        field: "registered_at", columns: ["registered_at", "created_at"],
        value: Self.time(record, 4), isNeeded: record.number(4) != nil),
      V4Field(
        field: "last_activity", columns: ["last_heartbeat"], value: Self.time(record, 5),
        isNeeded: record.number(5) != nil),
      V4Field(
        field: "capabilities", columns: ["capabilities"], value: .names(capabilities),
        isNeeded: false),
      V4Field(
        field: "max_concurrent_tasks", columns: ["max_concurrent_tasks"],
        value: .limit(limit), isNeeded: limit != nil && capabilities.isEmpty),
    ]
  }
}

extension JSON {
  /// The texts of a JSON array; none where it is no array.
  static func parseList(_ text: String?) -> [String] {
    (try? JSON.parse(text ?? "[]"))?.elements?.compactMap(\.text) ?? []
  }
}

extension Record {
  /// A column's number; nil where it holds none.
  func number(_ column: Int) -> Int64? {
    guard fields.indices.contains(column), case .integer(let value) = fields[column] else {
      return nil
    }
    return value
  }
}
