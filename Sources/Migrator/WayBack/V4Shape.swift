import AgoraStore

/// The columns of a v4 table and how their values are spelled: as its newest rows have them, or as v4
/// is on record to have them.
final class V4Shape {
  let table: String
  private(set) var layout: RowLayout
  private var forms: [String: V4Form] = [:]

  /// How many rows are looked at.
  static let sampleSize = 64

  /// The columns that new rows get where the import had no row of the table.
  private static let onRecord: [String: String] = [
    "agent_capability": """
    capability_id agent_id capability_type proficiency_level max_concurrent_tasks is_active \
    created_at
    """,
    "agent_registry":
      "agent_id agent_name agent_type supervisor_id status registered_at last_heartbeat config",
    "agent_message":
      "message_id from_agent to_agent message_type content priority status timestamp delivered",
    "task_assignment": """
    assignment_id workflow_id task_type input_data requesting_agent agent_id progress status \
    priority created_at completed_at
    """,
    "task_queue":
      "task_id agent_id task_type priority payload status created_at assigned_at completed_at",
    "workflow_coordination": """
    workflow_id workflow_type coordinator_agent participating_agents coordination_strategy status \
    created_at completed_at
    """,
    "workflows": """
    workflow_id workflow_type status initiator_agent assigned_agents created_at completed_at metadata
    """,
    "workflow_step": stepColumns, "workflow_steps": stepColumns,
    "system_events": "event_id event_type source_agent target_agent timestamp data priority",
  ]
  private static let stepColumns = """
    step_id workflow_id step_name step_order assigned_agent status input_data output_data started_at \
    completed_at
    """

  /// - Parameter rows: the table's rows, the newest first; what is given is a text and the columns of
  ///   one that is an array.
  init(_ table: String, rows: ((Span<UInt8>, [String]?) throws -> Void) throws -> Void) throws {
    self.table = table
    let row = V4Row()
    var newest: RowLayout?
    var forms: [String: V4Form] = [:]
    try rows { text, columns in
      guard (try? row.loadChecked(text, columns: columns)) != nil else { return }
      newest = newest ?? row.layout
      for (index, name) in row.layout.names.enumerated() {
        forms[name, default: .unknown].see(row, index)
      }
    }
    self.forms = forms
    let names = (Self.onRecord[table] ?? "").split(separator: " ").map(String.init)
    layout = newest ?? RowLayout(columns: names)
  }

  /// How a column's values are spelled; times of which there is none as the table's other times.
  func form(of column: String, for value: V4Value) -> V4Form {
    if let form = forms[column], form.kind != nil { return form }
    if case .time = value {
      for other in TableMapper.timeColumns.sorted() {
        if let form = forms[other], form.kind != nil { return form }
      }
    }
    return forms[column] ?? .unknown
  }

  /// The newest word of a column that means something; nil where none does.
  func word(in columns: [String], where fits: (String) -> Bool) -> String? {
    for column in columns {
      if let word = forms[column]?.words.first(where: fits) { return word }
    }
    return nil
  }

  /// The column that a record's id stands in.
  var idColumn: String {
    let known = RowIdentity.columns(of: table, in: layout)
    if !known.isForeign, let first = known.candidates.first { return layout.names[first] }
    return V4Schema.table(named: table)?.idColumns.first ?? "id"
  }
}
