import AgoraStore

/// What v4's rows and v5's records have to say to each other.
extension RecordTable {
  /// The columns that say what never changes in the life of a row, so that v5 has not changed them either;
  /// which record a reference among them leads to may change.
  var immutable: Set<String> {
    switch name {
    case "messages": ["from_agent", "to_agent", "message_type", "content", "timestamp"]
    case "tasks": ["workflow_id", "task_type", "payload"]
    case "workflows": ["creator_agent", "created_at"]
    default: []
    }
  }

  /// The columns of a record that v5 has written of which v4 says nothing: its metadata, what never changes,
  /// and whether v5 has processed an event.
  var unsaid: Set<String> { immutable.union(["metadata", "processed"]) }

  /// Whether what a row of v4 makes says of a record what v4 can say.
  func saysTheSame(_ expected: Record, _ found: Record) -> Bool {
    RecordComparison.differences(expected, found, self, without: unsaid).isEmpty
  }

  /// Notes what v4's row would make of a record: only a record that is just that is as imported.
  ///
  /// A tool that changes what the hash does not cover, such as a workflow's steps, has put 0 in its place;
  /// that stays, whatever the columns say.
  func note(_ expected: Record, in connection: Connection) throws {
    try connection.run(
      Query(
        "\(name).note_hash",
        "UPDATE \(name) SET source_hash=?2 WHERE \(columns[0])=?1 AND source_hash IS NOT 0"),
      .optional(expected.string(0)), .integer(expected.hash(of: content)))
  }

  /// Whether no v4 row made a record.
  func hasNoSource(_ record: Record) -> Bool {
    guard let column = columns.firstIndex(of: "source_row") else { return false }
    return record.fields[column] == .null
  }

  /// Whether an agent's rows say what the agent is, where they say anything.
  static func agree(rows: Record, agent: Record) -> Bool {
    let known = Set(JSON.parseList(agent.string(6)).map(\.exact))
    guard Set(JSON.parseList(rows.string(6)).map(\.exact)) == known else { return false }
    // An agent of another origin has its own times, and of a migrated one v5 keeps none.
    var ignored: Set<String> = ["metadata", "service_tier", "capabilities", "registered_at"]
    if agent.fields.last != .null { ignored.insert("last_activity") }
    return RecordComparison.differences(rows, agent, .agents, without: ignored)
      .allSatisfy { $0.expected == .null }
  }
}
