import AgoraStore

/// What v5 agents have written since a run and what of the run it depends on.
///
/// Two things depend: a record of the run that v5 has changed, and a record born on v5 that refers to an
/// agent, workflow or message that came with the run.
struct Dependents {
  private let connection: Connection
  /// The newer records, in words.
  private(set) var records: [String] = []

  /// Finds them, and what is to stay for their sake in `temp.kept`.
  init(_ connection: Connection, run: Int64) throws {
    self.connection = connection
    try connection.execute(
      """
      CREATE TEMP TABLE kept(table_name TEXT, key INTEGER, PRIMARY KEY(table_name, key)) WITHOUT ROWID;
      -- Records that the run touched; is_new where it made them, undo_row what they were before.
      CREATE TEMP TABLE going(id TEXT PRIMARY KEY, table_name TEXT, key INTEGER, is_new INTEGER,
        undo_row INTEGER) WITHOUT ROWID;
      """, name: "kept.create")
    for table in RecordTable.all {
      try connection.execute(
        """
        INSERT OR IGNORE INTO temp.going
          SELECT x.\(table.columns[0]), '\(table.name)', x.rowid, u.undo_op='insert', u.first
          FROM (SELECT undo_key, undo_op, min(rowid) AS first FROM undo_\(table.name) WHERE undo_run=\(run)
            GROUP BY undo_key) u JOIN \(table.name) x ON x.rowid=u.undo_key
        """, name: "going.collect")
    }
    try findChanged(since: run)
    try findBornOnV5()
    try keepWhatKeptNeeds()
  }

  /// Where the audit stood when the run ended: no clock is asked, since clocks go back.
  private static let ended = Query(
    "migration_runs.last_audit", "SELECT last_audit FROM migration_runs WHERE run=?1")
  private static let lastChange = Query(
    "audit.last_change", "SELECT max(rowid) FROM audit WHERE target=?1 AND source_row IS NULL")

  /// Records of the run that are not as it left them.
  ///
  /// A change that the audit says is older than the run is part of what the run found.
  private mutating func findChanged(since run: Int64) throws {
    let ended = try connection.integer(Self.ended, .integer(run))
    for table in RecordTable.all {
      let ids = Query(
        "going.of_table", "SELECT id, key, undo_row FROM temp.going WHERE table_name=?1")
      let changed = try connection.all(
        ids, .text(table.name), map: { ($0.text(0), $0.int64(1), $0.int64(2)) }
      ).filter { id, _, before in
        guard let record = try table.read(id, in: connection) else { return false }
        if let ended, let last = try connection.integer(Self.lastChange, .text(id)) {
          return last > ended
        }
        // A stub has no hash, and is v5's own as soon as it is one no more.
        if record.fields.last == .null {
          let metadata = record.string(8) ?? ""
          return (try? JSON.parse(metadata))?["stub"] != .bool(true)
        }
        return try !table.isAsImported(record) && !isAsBefore(record, table, before)
      }
      for (id, key, _) in changed {
        records.append(id)
        try keep(table.name, key)
      }
    }
  }

  /// Whether a record says what it said before the run, which then only noted something beside it: what
  /// v5 has made of it is older than the run.
  private func isAsBefore(_ record: Record, _ table: RecordTable, _ undoRow: Int64) throws -> Bool {
    let columns = table.content.map { table.columns[$0] }
    let before = try connection.first(
      Query(
        "undo_\(table.name).before",
        "SELECT \(columns.joined(separator: ",")) FROM undo_\(table.name) WHERE rowid=?1"),
      .integer(undoRow), map: { row in columns.indices.map { row.value(Int32($0)) } })
    return before == table.content.map { record.value($0) }
  }

  private static let references: [(table: String, id: String, columns: [String])] = [
    ("messages", "message_id", ["from_agent", "to_agent"]),
    ("tasks", "task_id", ["assigned_agent", "workflow_id"]),
    ("events", "event_id", ["source_agent", "target_agent"]),
    ("workflows", "workflow_id", ["creator_agent"]),
  ]

  private mutating func findBornOnV5() throws {
    for (table, id, columns) in Self.references {
      for column in columns {
        let found = try connection.all(
          Query(
            "\(table).born",
            """
            SELECT x.\(id), g.table_name, g.key FROM \(table) x JOIN temp.going g ON g.id=x.\(column)
            WHERE g.is_new AND x.\(id) NOT IN (SELECT id FROM temp.going)
              AND x.source_row IS NULL
            """), map: { ($0.text(0), $0.text(1), $0.int64(2)) })
        try note(found)
      }
    }
    let participants = try connection.all(
      Query(
        "workflows.born_with",
        """
        SELECT x.workflow_id, g.table_name, g.key FROM workflows x
          JOIN temp.going g ON g.table_name='agents' AND instr(x.assigned_agents||x.steps, g.id)>0
        WHERE g.is_new AND x.source_row IS NULL AND x.workflow_id NOT IN (SELECT id FROM temp.going)
        """), map: { ($0.text(0), $0.text(1), $0.int64(2)) })
    try note(participants)
    let reads = try connection.all(
      Query(
        "message_reads.born",
        """
        SELECT r.message_id, g.table_name, g.key FROM message_reads r
          JOIN temp.going g ON g.id IN (r.message_id, r.agent_id) AND g.is_new
        """), map: { ("the reading of " + $0.text(0), $0.text(1), $0.int64(2)) })
    try note(reads)
    let waiting = try connection.all(
      Query(
        "task_dependencies.born",
        """
        SELECT d.task_id, g.table_name, g.key FROM task_dependencies d
          JOIN temp.going g ON g.id=d.depends_on AND g.is_new
        WHERE d.task_id NOT IN (SELECT id FROM temp.going)
        """), map: { ($0.text(0), $0.text(1), $0.int64(2)) })
    try note(waiting)
  }

  /// Notes newer records and keeps what each refers to.
  private mutating func note(_ found: [(record: String, target: String, key: Int64)]) throws {
    for (record, target, key) in found {
      records.append(record)
      try keep(target, key)
    }
  }

  private func keep(_ table: String, _ key: Int64) throws {
    try connection.run(
      Query("kept.insert", "INSERT OR IGNORE INTO temp.kept VALUES(?1,?2)"), .text(table),
      .integer(key))
  }

  /// A record that stays needs its agents and its workflow, and all of them their v4 rows and names.
  private func keepWhatKeptNeeds() throws {
    var before: Int64 = -1
    let count = Query("kept.count", "SELECT count(*) FROM temp.kept")
    while let now = try connection.integer(count), now != before {
      before = now
      for (table, _, columns) in Self.references {
        for column in columns {
          try connection.execute(
            """
            INSERT OR IGNORE INTO temp.kept SELECT g.table_name, g.key FROM temp.kept k
              JOIN \(table) x ON x.rowid=k.key JOIN temp.going g ON g.id=x.\(column)
              WHERE k.table_name='\(table)'
            """, name: "kept.needs")
        }
      }
      try connection.execute(
        """
        INSERT OR IGNORE INTO temp.kept SELECT g.table_name, g.key FROM temp.kept k
          JOIN workflows x ON x.rowid=k.key JOIN temp.going g ON instr(x.assigned_agents||x.steps, g.id)>0
          WHERE k.table_name='workflows'
        """, name: "kept.participants")
    }
    guard before > 0 else { return }
    try connection.execute(
      """
      INSERT OR IGNORE INTO temp.kept SELECT 'v4_rows', r.row FROM v4_rows r JOIN temp.going g ON g.id=r.v5_id
        JOIN temp.kept k ON k.table_name=g.table_name AND k.key=g.key;
      INSERT OR IGNORE INTO temp.kept SELECT 'v4_steps', s.row FROM v4_steps s JOIN temp.going g ON g.id=s.workflow_id
        JOIN temp.kept k ON k.table_name=g.table_name AND k.key=g.key;
      INSERT OR IGNORE INTO temp.kept SELECT 'v4_rows', s.row FROM v4_steps s
        JOIN temp.kept k ON k.table_name='v4_steps' AND k.key=s.row;
      INSERT OR IGNORE INTO temp.kept SELECT 'v4_names', n.rowid FROM v4_names n JOIN temp.going g ON g.id=n.v5_id
        JOIN temp.kept k ON k.table_name=g.table_name AND k.key=g.key;
      INSERT OR IGNORE INTO temp.kept SELECT 'v4_tables', t.table_no FROM v4_tables t;
      INSERT OR IGNORE INTO temp.kept SELECT 'v4_files', f.file FROM v4_files f;
      INSERT OR IGNORE INTO temp.kept SELECT 'v4_shapes', s.shape FROM v4_shapes s;
      """, name: "kept.rows")
  }

  /// The records that stay, by their ids.
  func keptRecords() throws -> [String] {
    try connection.all(
      Query(
        "kept.records",
        """
        SELECT g.id FROM temp.kept k JOIN temp.going g ON g.table_name=k.table_name AND g.key=k.key
        ORDER BY g.id
        """), map: { $0.text(0) })
  }
}
