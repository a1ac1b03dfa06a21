import AgoraStore

/// Rows of `temp.described` under a supervisor that nobody describes.
struct Supervisors {
  private let context: LoadContext
  private let names: AgentNames
  private let refused: RefusedRows
  /// The old names of `--alias` by those that they stand for.
  private let oldNames: [[UInt8]: [String]]
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) {
    self.context = context
    names = AgentNames(context)
    refused = RefusedRows(context)
    oldNames = Dictionary(
      grouping: context.references.oldNames, by: { context.references.currentName($0).exact })
  }

  /// Rejects registrations under a supervisor that there is none of, and those under them in turn.
  ///
  /// - Parameter describe: takes in what the export had said of such a row before, which is in the hand of
  ///   its table's mapper.
  /// - Returns: whether any was rejected, so that what the rest means is to be said anew.
  func reject(
    _ tables: [StagedTable], describingBy describe: (StagedRow, StagedTable) throws -> Void
  ) throws -> Bool {
    try begin()
    var hasRejected = false
    // Each turn looks only at those under names that the turn before has left without an agent: a chain of
    // any length is gone through once.
    while try collect() {
      guard try rejectCollected(tables, describingBy: describe) else { break }
      hasRejected = true
      try findVacated()
    }
    return hasRejected
  }

  private func begin() throws {
    try connection.execute(
      """
      CREATE INDEX IF NOT EXISTS temp.described_by_supervisor ON described(supervisor);
      CREATE INDEX IF NOT EXISTS temp.described_by_written ON described(written);
      CREATE INDEX IF NOT EXISTS temp.described_by_alias ON described(alias);
      CREATE INDEX IF NOT EXISTS temp.described_by_stay ON described(stays);
      -- Supervisors that there are none of, and the rows under them.
      CREATE TEMP TABLE IF NOT EXISTS vacant(supervisor TEXT PRIMARY KEY) WITHOUT ROWID;
      CREATE TEMP TABLE IF NOT EXISTS falling(row INTEGER PRIMARY KEY);
      -- Names that rows which were rejected had given.
      CREATE TEMP TABLE IF NOT EXISTS vacated(name TEXT, row INTEGER, PRIMARY KEY(name, row)) WITHOUT ROWID;
      DELETE FROM temp.vacant;
      DELETE FROM temp.vacated;
      """, name: "vacant.create")
    try connection.each(
      Query(
        "described.supervisors",
        "SELECT DISTINCT supervisor FROM temp.described WHERE supervisor IS NOT NULL")
    ) { try look(for: $0.text(0)) }
  }

  private static let noteVacant = Query(
    "vacant.insert", "INSERT OR IGNORE INTO temp.vacant VALUES(?1)")

  private func look(for supervisor: String) throws {
    guard try !isThere(supervisor) else { return }
    try connection.run(Self.noteVacant, .text(supervisor))
  }

  /// Whether there are rows under supervisors that there are none of: those in `temp.falling`.
  private func collect() throws -> Bool {
    try connection.execute("DELETE FROM temp.falling", name: "falling.empty")
    return try connection.run(
      Query(
        "falling.collect",
        """
        INSERT INTO temp.falling
        SELECT d.row FROM temp.vacant v CROSS JOIN temp.described d ON d.supervisor=v.supervisor
        """)) > 0
  }

  private static let falling = Query(
    "falling.rows",
    """
    SELECT d.row, d.staged_row, d.table_no, d.supervisor
    FROM temp.falling f CROSS JOIN temp.described d ON d.row=f.row ORDER BY f.row
    """)
  private static let noteVacated = Query(
    "vacated.insert",
    """
    INSERT OR IGNORE INTO temp.vacated
    SELECT written, row FROM temp.described WHERE row=?1 UNION ALL
    SELECT alias, row FROM temp.described WHERE row=?1 AND alias IS NOT NULL
    """)
  private static let drop = Query("described.drop", "DELETE FROM temp.described WHERE row=?1")

  private func rejectCollected(
    _ tables: [StagedTable], describingBy describe: (StagedRow, StagedTable) throws -> Void
  ) throws -> Bool {
    var hasRejected = false
    try connection.execute("DELETE FROM temp.vacant", name: "vacant.empty")
    try connection.each(Self.falling) { result in
      let row = result.int64(0)
      let supervisor = result.text(3)
      let table = tables.first { $0.number == result.int64(2) }
      let rejection = Rejection(.orphan, "the supervisor \"\(supervisor)\" does not exist")
      var earlier: StagedRow?
      if let staged = result.optionalInt64(1) {
        guard let table else { return }
        try context.take(staged, table) { earlier = try context.reject($0, table, rejection) }
      } else {
        let orphan = RefusedRows.Orphan(row: row, rejection: rejection)
        guard try refused.rejectsKnown && refused.isToGo(orphan) else { return }
        try refused.reject([orphan])
      }
      hasRejected = true
      try context.references.noteMissing(supervisor)
      try connection.run(Self.noteVacated, .integer(row))
      try connection.run(Self.drop, .integer(row))
      if let table, let earlier {
        try describe(earlier, table)
        if let named = try self.supervisor(ofRow: row) { try look(for: named) }
      }
    }
    try refused.settle()
    return hasRejected
  }

  private static let supervisorOf = Query(
    "described.supervisor", "SELECT supervisor FROM temp.described WHERE row=?1")

  private func supervisor(ofRow row: Int64) throws -> String? {
    try connection.first(Self.supervisorOf, .integer(row), map: { $0.optionalText(0) }) ?? nil
  }

  /// Finds the names that no row gives any more.
  ///
  /// A row that the store still has may say another thing now; the next derivation knows what.
  private func findVacated() throws {
    try connection.execute(
      """
      DELETE FROM temp.vacated WHERE row IN (SELECT row FROM main.v4_rows)
        OR EXISTS(SELECT 1 FROM temp.described d
          WHERE d.written=vacated.name AND (d.rank<>1 OR d.stays IS NULL))
        OR EXISTS(SELECT 1 FROM temp.described d WHERE d.alias=vacated.name)
        OR EXISTS(SELECT 1 FROM main.agents a JOIN temp.described d ON d.stays=a.agent_id
          WHERE a.agent_name=vacated.name AND d.rank=1);
      DELETE FROM temp.named WHERE name IN (SELECT name FROM temp.vacated);
      """, name: "vacated.settle")
    try connection.each(Query("vacated.names", "SELECT DISTINCT name FROM temp.vacated")) {
      let name = $0.text(0)
      try look(for: name)
      // Whoever is under an old name of `--alias` is under the one that it stands for.
      for old in oldNames[name.exact] ?? [] { try look(for: old) }
    }
    try connection.execute("DELETE FROM temp.vacated", name: "vacated.empty")
  }

  private static let isNamed = Query(
    "named.has", "SELECT EXISTS(SELECT 1 FROM temp.named WHERE name=?1)")

  /// Whether a row describes an agent of a name, or v5 knows one.
  private func isThere(_ written: String) throws -> Bool {
    let name = context.references.currentName(written)
    if try connection.integer(Self.isNamed, .text(name)) == 1 { return true }
    guard let id = try names.stored(name) else { return false }
    guard let known = try names.known(name) else { return true }
    return try known.origin == "registered" && names.isBound(id)
  }
}
