/// A table of v4's or v3's that can be asked: the columns of its view and their types.
package struct LegacyTable: Sendable {
  /// A column.
  package struct Column: Sendable {
    package let name: String
    package let type: SATSType
  }

  /// The name, which the view has too.
  package let name: String
  /// The columns in the view's order; the first is the primary key.
  package let columns: [Column]
  /// The number under which clients know it; SpacetimeDB's own tables have those below.
  package var id: Int { 4096 + (Self.all.firstIndex { $0.name == name } ?? 0) }

  private init(_ name: String, _ columns: KeyValuePairs<String, SATSType>) {
    self.name = name
    self.columns = columns.map { Column(name: $0.key, type: $0.value) }
  }

  /// All of them.
  package static let all: [LegacyTable] = [
    LegacyTable(
      "agent_capability",
      [
        "capability_id": .string, "agent_id": .string, "capability_type": .string,
        "proficiency_level": .u32, "max_concurrent_tasks": .u32, "is_active": .bool,
        "created_at": .timestamp,
      ]),
    LegacyTable(
      "agent_registry",
      [
        "agent_id": .string, "agent_name": .string, "agent_type": .string,
        "supervisor_id": .option(.string), "status": .string, "registered_at": .timestamp,
        "last_heartbeat": .timestamp, "config": .string,
      ]),
    LegacyTable(
      "agent_message",
      [
        "message_id": .string, "from_agent": .string, "to_agent": .string,
        "message_type": .string, "content": .string, "payload": .string, "priority": .i32,
        "requires_response": .bool, "correlation_id": .option(.string), "timestamp": .timestamp,
        "created_at": .timestamp, "delivered": .bool,
      ]),
    tasks("task_assignment", "assignment_id", "assigned_agent", "input_data"),
    tasks("task_queue", "task_id", "agent_id", "payload"),
    workflows("workflow_coordination", "coordinator_agent", "participating_agents"),
    workflows("workflows", "initiator_agent", "assigned_agents"),
    LegacyTable(
      "system_events",
      [
        "event_id": .string, "event_type": .string, "source_agent": .string,
        "target_agent": .string, "timestamp": .timestamp, "data": .string, "priority": .i32,
      ]),
  ]

  private static func tasks(
    _ name: String, _ id: String, _ agent: String, _ input: String
  ) -> LegacyTable {
    LegacyTable(
      name,
      [
        id: .string, "workflow_id": .string, "task_type": .string, input: .string,
        agent: .string, "status": .string, "progress": .f32, "priority": .i32,
        "created_at": .timestamp, "completed_at": .option(.timestamp),
      ])
  }

  private static func workflows(
    _ name: String, _ creator: String, _ agents: String
  ) -> LegacyTable {
    LegacyTable(
      name,
      [
        "workflow_id": .string, "workflow_type": .string, creator: .string, agents: .string,
        "status": .string, "created_at": .timestamp, "completed_at": .option(.timestamp),
        "metadata": .string,
      ])
  }

  /// The table of a name.
  package init?(named name: String) {
    guard let known = Self.all.first(where: { $0.name == name }) else { return nil }
    self = known
  }

  private static let types: [String: SATSType] = Dictionary(
    all.flatMap(\.columns).map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first })

  /// The type of a column, which is the same in all tables that have it; nil for what no table has.
  package static func type(ofColumn name: String) -> SATSType? { types[name] }
}
