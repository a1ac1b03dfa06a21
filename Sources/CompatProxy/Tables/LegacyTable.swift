/// A table of v4's or v3's that can be asked: its columns, their types, and where v5 has what they say.
package struct LegacyTable: Sendable {
  /// A column.
  package struct Column: Sendable {
    package let name: String
    package let type: SATSType
  }

  /// Records of v5 that are rows of the table.
  struct Source: Sendable {
    /// What stands behind FROM.
    let from: String
    /// What a column is, as SQL; those that are not named are nothing.
    let values: [String: String]

    init(_ from: String, _ values: [String: String]) {
      self.from = from
      self.values = values
    }
  }

  /// The name, which the view has too.
  package let name: String
  /// The columns in the view's order; the first is the primary key.
  package let columns: [Column]
  /// Whether the column `data` has the row as it came.
  package let hasWholeRows: Bool
  let sources: [Source]
  /// The number under which clients know it; SpacetimeDB's own tables have those below.
  package var id: Int { 4096 + (Self.all.firstIndex { $0.name == name } ?? 0) }

  init(
    _ name: String, _ columns: KeyValuePairs<String, SATSType>, hasWholeRows: Bool = false,
    _ sources: Source...
  ) {
    self.name = name
    self.hasWholeRows = hasWholeRows
    self.columns = columns.map { Column(name: $0.key, type: $0.value) }
    self.sources = sources
  }

  /// The rows as one SELECT.
  var select: String {
    sources.map { source in
      let columns = columns.map { "\(source.values[$0.name] ?? "NULL") AS \($0.name)" }
      return "SELECT \(columns.joined(separator: ",\n  "))\nFROM \(source.from)"
    }.joined(separator: "\nUNION ALL\n")
  }

  /// All of them; their order is that of their numbers.
  package static let all: [LegacyTable] = [
    capability, registry, message, assignment, queue, coordination, workflows, events,
    step("workflow_step"), step("workflow_steps"),
    record("coordination_error", "error_id"),
    record("coordination_metrics", "metric_id"),
    record("health_metrics", "metric_id"),
    record("system_alerts", "alert_id"),
    notifications, overrides, directives, auditLog,
    archived("users", "user_id"), archived("agent_hierarchy", "hierarchy_id"),
    archived("coordination_locks", "lock_id"), subscriptions,
    archived("session_management", "session_id"),
  ]

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
