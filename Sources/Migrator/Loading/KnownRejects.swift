import AgoraStore

/// Which of an export's rejected rows the store has among its own already.
///
/// A row that was rejected before and is still the same is not listed a second time: of n equal ones, those
/// beyond the ones known are new. Rows are compared by hashes, since hundreds of thousands may be of one
/// table and without an id.
struct KnownRejects {
  private let connection: Connection
  private let source: String

  init(_ connection: Connection, source: String) {
    self.connection = connection
    self.source = source
  }

  private static let columns = "number, v4_table, row, row_blob"
  private static let stored = Query(
    "rejects.stored",
    "SELECT \(columns) FROM main.rejects WHERE source=?1 AND \(RejectStatus.stands) ORDER BY number"
  )
  private static let staged = Query(
    "rejects.staged", "SELECT \(columns) FROM stage.rejects ORDER BY number")
  private static let insert = Query(
    "reject_keys.insert", "INSERT INTO temp.reject_keys VALUES(?1,?2,?3)")

  /// Makes `temp.matched_rejects`: each staged row's number, and that of the stored one that it is; null
  /// for a new one.
  ///
  /// Rows with the same text are the same, whatever they were rejected for.
  private func match() throws {
    try connection.execute(
      "CREATE TEMP TABLE reject_keys(is_stored INTEGER, number INTEGER, key BLOB)",
      name: "reject_keys.create")
    try note(Self.stored, in: "main", .text(source))
    try note(Self.staged, in: "stage")
    try connection.execute(
      """
      CREATE TEMP TABLE ranked_rejects AS SELECT is_stored, number, key,
        row_number() OVER (PARTITION BY is_stored, key ORDER BY number) AS place FROM temp.reject_keys;
      CREATE INDEX temp.ranked_rejects_by_key ON ranked_rejects(key, place, is_stored);
      CREATE TEMP TABLE matched_rejects AS SELECT s.number AS staged, m.number AS stored
        FROM temp.ranked_rejects s LEFT JOIN temp.ranked_rejects m
          ON m.is_stored AND m.key=s.key AND m.place=s.place WHERE NOT s.is_stored;
      DROP TABLE temp.reject_keys;
      DROP TABLE temp.ranked_rejects;
      """, name: "matched_rejects.create")
  }

  private func note(_ query: Query, in schema: String, _ value: SQLValue...) throws {
    let chunks = Query(
      "reject_chunks.hash",
      "SELECT bytes FROM \(schema).reject_chunks WHERE number=?1 ORDER BY chunk")
    func note(_ row: borrowing Row) throws {
      var hash = SHA1()
      for column in Int32(1)..<4 {
        hash.update(row.isNull(column) ? "-" : "+")
        row.withBytes(column) { bytes in
          hash.update("\(bytes.count);")
          hash.update(bytes)
        }
      }
      if row.isNull(2), row.isNull(3) {
        try connection.each(chunks, .integer(row.int64(0))) { chunk in
          chunk.withBytes(0) { hash.update($0) }
        }
      }
      try connection.run(
        Self.insert, .int(schema == "main" ? 1 : 0), .integer(row.int64(0)), .blob(hash.hex()))
    }
    if let value = value.first {
      try connection.each(query, value) { try note($0) }
    } else {
      try connection.each(query) { try note($0) }
    }
  }

  /// Takes the new ones into the store, lets the known ones stand where the newer export has them, and
  /// settles those that it has no more.
  ///
  /// - Parameters:
  ///   - run: the run, and its id as people know it.
  ///   - tables: the tables that the export holds; one that it lacks says nothing of its rows.
  ///   - applies: whether what v4 has no more is to go.
  /// - Returns: how many rejected rows v4 has no more.
  func adopt(
    _ run: (number: Int64, id: String), holding tables: [StagedTable], applyingDeletes applies: Bool
  ) throws -> Int {
    try match()
    try connection.execute(
      """
      UPDATE main.rejects SET file=s.file, byte_offset=s.byte_offset, ordinal=s.ordinal, v4_id=s.v4_id,
          code=s.code, reason=s.reason, shape=s.shape, parent=s.parent, gone_by=NULL
        FROM temp.matched_rejects x JOIN stage.rejects s ON s.number=x.staged
        WHERE main.rejects.number=x.stored AND (main.rejects.ordinal<>s.ordinal
          OR main.rejects.gone_by IS NOT NULL OR main.rejects.v4_id IS NOT s.v4_id
          OR main.rejects.code<>s.code OR main.rejects.reason<>s.reason
          OR main.rejects.shape IS NOT s.shape OR main.rejects.parent IS NOT s.parent);
      INSERT INTO main.rejects SELECT * FROM stage.rejects
        WHERE number IN (SELECT staged FROM temp.matched_rejects WHERE stored IS NULL);
      INSERT INTO main.reject_chunks SELECT * FROM stage.reject_chunks
        WHERE number IN (SELECT staged FROM temp.matched_rejects WHERE stored IS NULL);
      """, name: "rejects.adopt")
    let gone = try settleLeft(run, holding: tables, applyingDeletes: applies)
    try connection.execute("DROP TABLE temp.matched_rejects", name: "matched_rejects.drop")
    return gone
  }

  /// Settles the rejects whose rows the export does not have as they were.
  ///
  /// Where it has a row of the same id, that is the row by now: imported, or rejected as another reject.
  /// One that stood in a configuration is what the agent's configuration now says.
  private func settleLeft(
    _ run: (number: Int64, id: String), holding tables: [StagedTable], applyingDeletes applies: Bool
  ) throws -> Int {
    try connection.execute(
      """
      CREATE TEMP TABLE held_tables(name TEXT PRIMARY KEY) WITHOUT ROWID;
      CREATE TEMP TABLE left_rejects(number INTEGER PRIMARY KEY, successor TEXT);
      """, name: "left_rejects.create")
    for table in tables {
      try connection.run(
        Query("held_tables.insert", "INSERT OR IGNORE INTO temp.held_tables VALUES(?1)"),
        .text(table.name))
    }
    try connection.run(Self.findLeft, .text(source), .integer(run.number))
    try connection.run(
      Query(
        "rejects.supersede",
        """
        UPDATE main.rejects SET status='superseded', settled_by=?1, gone_by=NULL,
          status_reason=x.successor||' by '||?2||iif(status='dismissed', '; dismissed before: '||status_reason, '')
        FROM temp.left_rejects x
        WHERE x.number=main.rejects.number AND x.successor IS NOT NULL
        """), .integer(run.number), .text(run.id))
    let gone = try connection.integer(
      Query("left_rejects.gone", "SELECT count(*) FROM temp.left_rejects WHERE successor IS NULL"))
    try connection.run(
      Query(
        "rejects.note_gone",
        """
        UPDATE main.rejects SET gone_by=?1
        WHERE gone_by IS NULL AND number IN (SELECT number FROM temp.left_rejects WHERE successor IS NULL)
        """), .integer(run.number))
    if applies {
      try connection.run(
        Query(
          "rejects.delete",
          """
          UPDATE main.rejects SET status='gone', settled_by=?1,
            status_reason='gone from v4, as '||?2||' found'
              ||iif(status='dismissed', '; dismissed before: '||status_reason, '')
          WHERE number IN (SELECT number FROM temp.left_rejects WHERE successor IS NULL)
          """), .integer(run.number), .text(run.id))
    }
    try connection.execute(
      "DROP TABLE temp.held_tables; DROP TABLE temp.left_rejects", name: "left_rejects.drop")
    return Int(gone ?? 0)
  }

  /// The stored rejects of the export's tables that are not among its own, and what stands for each now.
  private static let findLeft = Query(
    "left_rejects.find",
    """
    INSERT INTO temp.left_rejects
    SELECT j.number, CASE
      WHEN j.parent IS NOT NULL THEN
        iif(\(isInExport("r.row=j.parent")), 'the configuration was brought anew', NULL)
      WHEN \(isInExport(
        "r.table_no=(SELECT t.table_no FROM main.v4_tables t WHERE t.source=j.source AND t.name=j.v4_table) AND r.v4_id=j.v4_id"
      )) THEN 'mended: the row was brought'
      WHEN j.v4_id IS NOT NULL THEN (SELECT 'rejected anew as '||min(n.number)||', brought'
        FROM main.rejects n WHERE n.source=j.source AND n.v4_table=j.v4_table AND n.v4_id=j.v4_id
          AND n.run=?2 AND n.parent IS NULL HAVING count(*)>0)
      END
    FROM main.rejects j
    WHERE j.source=?1 AND j.run<>?2 AND \(RejectStatus.stands)
      AND j.number NOT IN (SELECT stored FROM temp.matched_rejects WHERE stored IS NOT NULL)
      AND iif(j.parent IS NULL, j.v4_table, '\(AgentConfiguration.table)') IN (SELECT name FROM temp.held_tables)
    """)

  /// The condition that the export has a stored row, whether this run brought it or it was there.
  private static func isInExport(_ condition: String) -> String {
    """
    EXISTS(SELECT 1 FROM main.v4_rows r WHERE \(condition)
      AND (r.run=?2 OR r.row IN (SELECT main_row FROM temp.seen)))
    """
  }

  /// Gives the rows that the store does not know as rejected, for whatever reason: table and v4 id.
  func eachUnknown(_ body: (String, String?) throws -> Void) throws {
    try match()
    let unknown = Query(
      "rejects.unknown",
      """
      SELECT v4_table, v4_id FROM stage.rejects
      WHERE number IN (SELECT staged FROM temp.matched_rejects WHERE stored IS NULL) ORDER BY number
      """)
    try connection.each(unknown) { try body($0.text(0), $0.optionalText(1)) }
    try connection.execute("DROP TABLE temp.matched_rejects", name: "matched_rejects.drop")
  }
}
