/// A table that records are written to: from its columns come the statements that insert, read back
/// and overwrite a record, so that all of them agree.
package struct RecordTable: Sendable {
  /// The table's name.
  package let name: String
  /// The columns in a record's order; the first is the id.
  package let columns: [String]
  /// Inserts a record.
  package let insert: Query
  /// Reads the columns of a record by its id.
  package let select: Query
  /// Overwrites the columns of a record by its id.
  package let update: Query
  /// Removes a record by its id.
  package let delete: Query

  /// The columns that say what a record is: not where it came from, nor a workflow's steps, which stand
  /// in rows of their own.
  package let content: [Int]

  package init(_ name: String, _ columns: [String]) {
    content = columns.indices.filter {
      !["source_row", "source_hash", "steps"].contains(columns[$0])
    }
    self.name = name
    self.columns = columns
    let id = columns[0]
    let parameters = columns.indices.map { "?\($0 + 1)" }
    let list = columns.joined(separator: ", ")
    let assignments = zip(columns, parameters).dropFirst().map { "\($0)=\($1)" }
    insert = Query(
      "\(name).insert",
      "INSERT INTO \(name)(\(list)) VALUES(\(parameters.joined(separator: ",")))")
    select = Query("\(name).select", "SELECT \(list) FROM \(name) WHERE \(id)=?1")
    update = Query(
      "\(name).update",
      "UPDATE \(name) SET \(assignments.joined(separator: ", ")) WHERE \(id)=?1")
    delete = Query("\(name).delete", "DELETE FROM \(name) WHERE \(id)=?1")
  }
}

extension RecordTable {
  /// Adds the hash of a record's content, its last column.
  package func seal(_ record: inout Record) {
    record.integer(record.hash(of: content))
  }

  /// Reads a record; nil when there is none of that id.
  package func read(_ id: String, in connection: Connection) throws -> Record? {
    var record: Record?
    try connection.each(select, .text(id)) { row in
      var found = Record()
      for column in columns.indices { found.append(row.value(Int32(column))) }
      record = found
    }
    return record
  }

  /// Whether a record's content is what its hash was made of.
  package func isAsImported(_ record: Record) -> Bool {
    record.fields[columns.count - 1] == .integer(record.hash(of: content))
  }

  /// Makes the hash of a stored record anew, after the migration itself has changed it.
  package func reseal(_ id: String, in connection: Connection) throws {
    guard let record = try read(id, in: connection) else { return }
    try connection.run(
      Query("\(name).reseal", "UPDATE \(name) SET source_hash=?2 WHERE \(columns[0])=?1"),
      .text(id), .integer(record.hash(of: content)))
  }

  /// All of them, those that others refer to first.
  package static let all: [RecordTable] = [
    agents, workflows, messages, tasks, events, audit, archive,
  ]

  /// `agents`.
  package static let agents = RecordTable(
    "agents",
    [
      "agent_id", "agent_name", "service_tier", "status", "registered_at", "last_activity",
      "capabilities", "max_concurrent_tasks", "metadata", "source_hash",
    ])
  /// `workflows`.
  package static let workflows = RecordTable(
    "workflows",
    [
      "workflow_id", "workflow_name", "status", "creator_agent", "assigned_agents", "steps",
      "created_at", "completed_at", "metadata", "source_row", "source_hash",
    ])
  /// `messages`.
  package static let messages = RecordTable(
    "messages",
    [
      "message_id", "from_agent", "to_agent", "message_type", "content", "priority", "timestamp",
      "delivered", "metadata", "source_row", "source_hash",
    ])
  /// `tasks`, but for the columns that only v5 fills.
  package static let tasks = RecordTable(
    "tasks",
    [
      "task_id", "workflow_id", "assigned_agent", "task_type", "payload", "status", "priority",
      "progress", "created_at", "completed_at", "metadata", "source_row", "source_hash",
    ])
  /// `events`, but for its place in the log.
  package static let events = RecordTable(
    "events",
    [
      "event_id", "event_type", "source_agent", "target_agent", "data", "timestamp", "processed",
      "metadata", "source_row", "source_hash",
    ])
  /// `audit`, but for the columns that only v5 fills.
  package static let audit = RecordTable(
    "audit",
    [
      "audit_id", "actor", "action", "target", "reason", "timestamp", "metadata", "source_row",
      "source_hash",
    ])
  /// `archive`.
  package static let archive = RecordTable(
    "archive", ["row_id", "v4_table", "v4_id", "row", "source_row", "source_hash"])
}
