import AgoraStore

/// A record that was written on v5 since a run and stands in the way of taking it back.
struct Dependent: Sendable {
  /// What it has to do with the run.
  enum Reason: String, Sendable {
    /// The run brought or changed it, and v5 has changed it since.
    case changed
    /// It refers to what the run brought.
    case refersTo = "refers_to"
    /// It has the name of an agent that the run removed.
    case hasName = "has_name"
  }

  let table: String
  /// Its id; for the reading of a message that message's.
  let id: String
  let reason: Reason
  /// The name that an agent has.
  var name: String?
  /// What of the run it depends on; empty where that is itself.
  var on: [String] = []

  var json: JSON {
    .object(
      [
        .init("table", .string(table)), .init("id", .string(id)),
        .init("reason", .string(reason.rawValue)),
        .init("depends_on", .array(on.map { .string($0) })),
      ] + (name.map { [.init("name", .string($0))] } ?? []))
  }

  /// For people, on one line.
  var text: String {
    switch reason {
    case .changed: "\(table) \(id) was changed on v5"
    case .refersTo: "\(table) \(id) refers to \(on.joined(separator: ", "))"
    case .hasName: "\(table) \(id) is named \(name ?? "")"
    }
  }
}

/// What v5 agents have written since a run and what of the run it depends on.
///
/// Two things depend: a record of the run that v5 has changed, and a record born on v5 that refers to an
/// agent, workflow or message that came with the run.
struct Dependents {
  private let connection: Connection
  /// The newer records, each once, in the order in which they were found.
  private(set) var records: [Dependent] = []
  private var places: [String: Int] = [:]

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
        "going.of_table", "SELECT id, key, undo_row, is_new FROM temp.going WHERE table_name=?1")
      let changed = try connection.all(
        ids, .text(table.name),
        map: { ($0.text(0), $0.int64(1), before: $0.int64(2), isNew: $0.bool(3)) }
      ).filter { id, _, before, isNew in
        guard let record = try table.read(id, in: connection) else { return false }
        if let ended, let last = try connection.integer(Self.lastChange, .text(id)) {
          return last > ended
        }
        // A stub has no hash, and is v5's own as soon as it is one no more.
        if record.fields.last == .null {
          // One of v5's that the run only brought to another agent: the audit would tell of a change. What was
          // told and written down while a conflict was settled nobody changes.
          guard isNew, table.name != "events", table.name != "audit" else { return false }
          let metadata = record.string(8) ?? ""
          return (try? JSON.parse(metadata))?["stub"] != .bool(true)
        }
        return try !table.isAsImported(record) && !isAsBefore(record, table, before)
      }
      for (id, key, _, _) in changed {
        add(Dependent(table: table.name, id: id, reason: .changed))
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

  /// What refers to what the run made, and is not of the run: v5 wrote it, or made it refer to that.
  private mutating func findBornOnV5() throws {
    for (table, id, columns) in Self.references {
      for column in columns {
        try note(
          table,
          """
          SELECT x.\(id), g.table_name, g.key, g.id FROM \(table) x JOIN temp.going g ON g.id=x.\(column)
          WHERE g.is_new AND x.\(id) NOT IN (SELECT id FROM temp.going)
          """)
      }
    }
    for (list, agent) in [
      ("assigned_agents", "j.value"),
      ("steps", "iif(j.type='object', json_extract(j.value,'$.agent'), NULL)"),
    ] {
      try note(
        "workflows",
        """
        SELECT x.workflow_id, g.table_name, g.key, g.id FROM workflows x
          CROSS JOIN json_each(iif(json_valid(x.\(list)), x.\(list), '[]')) j
          CROSS JOIN temp.going g ON g.id=\(agent)
        WHERE g.is_new AND x.workflow_id NOT IN (SELECT id FROM temp.going)
        """)
    }
    try note(
      "tasks",
      """
      SELECT x.task_id, g.table_name, g.key, g.id FROM tasks x
        JOIN temp.going g ON g.id=json_extract(x.metadata,'$.requesting_agent')
      WHERE g.is_new AND x.task_id NOT IN (SELECT id FROM temp.going)
      """)
    try note(
      "message_reads",
      """
      SELECT r.message_id, g.table_name, g.key, g.id FROM message_reads r
        JOIN temp.going g ON g.id IN (r.message_id, r.agent_id) AND g.is_new
      """)
    try note(
      "tasks",
      """
      SELECT d.task_id, g.table_name, g.key, g.id FROM task_dependencies d
        JOIN temp.going g ON g.id=d.depends_on AND g.is_new
      WHERE d.task_id NOT IN (SELECT id FROM temp.going)
      """)
    try note(
      "subscriptions",
      """
      SELECT s.subscription_id, g.table_name, g.key, g.id FROM subscriptions s
        JOIN temp.going g ON g.id=s.agent_id AND g.is_new WHERE s.status='active'
      """)
  }

  /// Notes the newer records that a query gives, and keeps what each refers to.
  private mutating func note(_ table: String, _ sql: String) throws {
    let found = try connection.all(
      Query("\(table).born", sql),
      map: { ($0.text(0), $0.text(1), $0.int64(2), $0.text(3)) })
    for (record, target, key, id) in found {
      add(Dependent(table: table, id: record, reason: .refersTo, on: [id]))
      try keep(target, key)
    }
  }

  /// Notes a record; one that is known already may depend on more.
  private mutating func add(_ record: Dependent) {
    let place = record.table + " " + record.id
    guard let known = places[place] else {
      places[place] = records.count
      return records.append(record)
    }
    for id in record.on where !records[known].on.contains(id) { records[known].on.append(id) }
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
          WHERE k.table_name='workflows';
        -- What became of v5's own tasks goes with what became of their steps.
        INSERT OR IGNORE INTO temp.kept SELECT g.table_name, g.key FROM temp.kept k
          JOIN workflows x ON x.rowid=k.key JOIN tasks t ON t.workflow_id=x.workflow_id
          JOIN temp.going g ON g.id=t.task_id
          WHERE k.table_name='workflows' AND t.source_row IS NULL;
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
