/// What a migration run inserted, overwrote and removed in a store, so that the run can be taken back.
///
/// For each table `x` there is a table `undo_x` with x's columns: triggers of the run's own connection
/// write the row as it was. Text, numbers and NUL bytes come back as they were, which no quoting promises.
package struct UndoLog {
  /// The tables that a run writes, those that others refer to first.
  package static let tables = firstTables + ["v4_gone", "merged_agents"]

  /// Those that there were when the schema got the log.
  private static let firstTables = [
    "agents", "workflows", "messages", "tasks", "events", "audit", "archive", "v4_tables",
    "v4_files",
    "v4_shapes", "v4_rows", "v4_steps", "v4_names", "rejects", "reject_chunks", "conflicts",
  ]

  static let tablesSQL = firstTables.map(logSQL).joined(separator: "\n")

  /// What makes the log of a table.
  static func logSQL(_ table: String) -> String {
    """
    CREATE TABLE undo_\(table) AS SELECT 0 AS undo_run, '' AS undo_op, 0 AS undo_key, * FROM \(table) WHERE 0;
    CREATE INDEX undo_\(table)_by_run ON undo_\(table)(undo_run);
    """
  }

  private let connection: Connection

  /// Begins to record what this connection does.
  package init(recording run: Int64, on connection: Connection) throws {
    self.connection = connection
    // Otherwise a row that is replaced goes without a word.
    try connection.execute("PRAGMA recursive_triggers=ON", name: "undo.replace")
    for table in Self.tables {
      let columns = try Self.columns(of: table, connection)
      let list = columns.joined(separator: ",")
      let old = columns.map { "OLD.\($0)" }.joined(separator: ",")
      try connection.execute(
        """
        CREATE TEMP TRIGGER undo_\(table)_i AFTER INSERT ON main.\(table) BEGIN
          INSERT INTO undo_\(table)(undo_run,undo_op,undo_key) VALUES(\(run),'insert',NEW.rowid); END;
        CREATE TEMP TRIGGER undo_\(table)_u BEFORE UPDATE ON main.\(table) BEGIN
          INSERT INTO undo_\(table)(undo_run,undo_op,undo_key,\(list)) VALUES(\(run),'update',OLD.rowid,\(old)); END;
        CREATE TEMP TRIGGER undo_\(table)_d BEFORE DELETE ON main.\(table) BEGIN
          INSERT INTO undo_\(table)(undo_run,undo_op,undo_key,\(list)) VALUES(\(run),'delete',OLD.rowid,\(old)); END;
        """, name: "undo.record")
    }
  }

  /// Ends the recording.
  package func stop() throws {
    for table in Self.tables {
      for kind in ["i", "u", "d"] {
        try connection.execute("DROP TRIGGER temp.undo_\(table)_\(kind)", name: "undo.stop")
      }
    }
  }

  package static func columns(of table: String, _ connection: Connection) throws -> [String] {
    try connection.all(
      Query("undo.columns", "SELECT name FROM pragma_table_info('\(table)')"), map: { $0.text(0) })
  }

  /// Moves aside what has been written since in the places of rows that a run removed.
  ///
  /// SQLite gives the number of the last row again when that row is gone, and it is by its number that a
  /// row comes back. Events keep theirs, which is their order and never given twice; the other tables are
  /// written by runs only.
  package static func makeRoom(run: Int64, in connection: Connection) throws {
    for table in ["agents", "workflows", "messages", "tasks", "audit", "archive", "v4_names"] {
      let taken = Query(
        "undo.taken",
        """
        SELECT t.rowid FROM (SELECT undo_key, undo_op, max(rowid) FROM undo_\(table)
          WHERE undo_run=?1 GROUP BY undo_key) u JOIN \(table) t ON t.rowid=u.undo_key
        WHERE u.undo_op='delete'
        """)
      let move = Query(
        "undo.make_room",
        """
        UPDATE \(table) SET rowid=1+max((SELECT max(rowid) FROM \(table)),
          (SELECT max(undo_key) FROM undo_\(table))) WHERE rowid=?1
        """)
      for row in try connection.all(taken, .integer(run), map: { $0.int64(0) }) {
        try connection.run(move, .integer(row))
      }
    }
  }

  /// What going back did to a table.
  package struct Outcome: Sendable {
    package var removed = 0
    package var restored = 0
  }

  /// Takes back what a run did to one table, newest first, but for rows that are to be kept.
  ///
  /// - Parameters:
  ///   - kept: a query on the table's row numbers.
  package static func revert(
    _ table: String, run: Int64, keeping kept: String, in connection: Connection
  ) throws -> Outcome {
    let list = try columns(of: table, connection).joined(separator: ",")
    let remove = Query("undo.remove", "DELETE FROM \(table) WHERE rowid=?1")
    let restore = Query(
      "undo.restore",
      "UPDATE \(table) SET (\(list))=(SELECT \(list) FROM undo_\(table) WHERE rowid=?2) WHERE rowid=?1"
    )
    let insert = Query(
      "undo.insert",
      "INSERT INTO \(table)(rowid,\(list)) SELECT undo_key,\(list) FROM undo_\(table) WHERE rowid=?1"
    )
    var outcome = Outcome()
    let steps = Query(
      "undo.steps",
      """
      SELECT rowid, undo_op, undo_key FROM undo_\(table)
      WHERE undo_run=?1 AND undo_key NOT IN (\(kept)) ORDER BY rowid DESC
      """)
    try connection.each(steps, .integer(run)) { step in
      switch step.text(1) {
      case "insert":
        try connection.run(remove, .integer(step.int64(2)))
        outcome.removed += 1
      case "update":
        try connection.run(restore, .integer(step.int64(2)), .integer(step.int64(0)))
        outcome.restored += 1
      default:
        try connection.run(insert, .integer(step.int64(0)))
        outcome.restored += 1
      }
    }
    try connection.run(
      Query("undo.forget", "DELETE FROM undo_\(table) WHERE undo_run=?1"), .integer(run))
    return outcome
  }

  // MARK: dependencies

  /// Has tasks that came back wait again for those that they waited for.
  package static func revertDependencies(in connection: Connection) throws {
    try connection.run(
      Query(
        "undo.restore_dependencies",
        """
        INSERT OR IGNORE INTO task_dependencies SELECT j.value, t.task_id
        FROM tasks t, json_each(t.dependencies) j WHERE t.dependencies<>'[]'
        """))
  }

  // MARK: readings

  /// Removes who has read a message, and keeps it for going back.
  package static func removeReads(of message: String, run: Int64, in connection: Connection) throws
  {
    try connection.run(
      Query(
        "undo.reads",
        "INSERT INTO undo_message_reads SELECT ?1, message_id, agent_id, read_at FROM message_reads WHERE message_id=?2"
      ), .integer(run), .text(message))
    try connection.run(
      Query("message_reads.remove", "DELETE FROM message_reads WHERE message_id=?1"),
      .text(message))
  }

  /// Brings back who had read the messages that a run removed, now that they are there again.
  package static func revertReads(run: Int64, in connection: Connection) throws {
    try connection.run(
      Query(
        "undo.restore_reads",
        """
        INSERT OR IGNORE INTO message_reads SELECT message_id, agent_id, read_at
        FROM undo_message_reads WHERE undo_run=?1
          AND message_id IN (SELECT message_id FROM messages)
          AND agent_id IN (SELECT agent_id FROM agents)
        """), .integer(run))
    try connection.run(
      Query("undo.forget_reads", "DELETE FROM undo_message_reads WHERE undo_run=?1"),
      .integer(run))
  }
}
