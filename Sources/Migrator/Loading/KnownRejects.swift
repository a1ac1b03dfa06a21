import AgoraStore

/// Which of an export's rejected rows the store has among its own already, and what has become of the others.
///
/// A row that was rejected before and is still the same is not listed a second time: of n equal ones, those
/// beyond the ones known are new. Rows are compared by hashes, since hundreds of thousands may be of one
/// table and without an id.
struct KnownRejects {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  private static let columns = "number, v4_table, row, row_blob"
  private static let stored = Query(
    "rejects.stored",
    "SELECT \(columns) FROM main.rejects WHERE source=?1 AND \(RejectStatus.stands)")
  /// All that ever were rejected, for what comes and goes within one recording.
  private static let allStored = Query(
    "rejects.all_stored", "SELECT \(columns) FROM main.rejects WHERE source=?1")
  private static let insert = Query(
    "reject_keys.insert", "INSERT INTO temp.reject_keys VALUES(?1,?2,?3)")

  /// Makes `temp.taken_back`, the export's rejected rows that the export itself deletes again.
  private func begin() throws {
    try connection.execute(
      """
      CREATE TEMP TABLE reject_keys(is_stored INTEGER, number INTEGER, key TEXT);
      CREATE TEMP TABLE taken_back(number INTEGER PRIMARY KEY);
      CREATE TEMP TABLE held_tables(name TEXT PRIMARY KEY, table_no INTEGER) WITHOUT ROWID;
      -- The stored rejects that the export has, under their numbers in the store.
      CREATE TEMP TABLE present_rejects(number INTEGER PRIMARY KEY);
      """, name: "known_rejects.create")
    for table in context.tables {
      try connection.run(
        Query("held_tables.insert", "INSERT OR IGNORE INTO temp.held_tables VALUES(?1,?2)"),
        .text(table.name), .integer(table.number))
    }
    try note(
      context.staged("rejects.staged", "SELECT \(Self.columns) FROM %.rejects"), isStored: false)
    try findTakenBack()
  }

  private func end() throws {
    try connection.execute(
      """
      DROP TABLE temp.reject_keys; DROP TABLE temp.taken_back; DROP TABLE temp.held_tables;
      DROP TABLE temp.present_rejects;
      """, name: "known_rejects.drop")
  }

  /// A row is deleted by its id, and one without an id by its text.
  private func findTakenBack() throws {
    try connection.run(
      context.staged(
        "taken_back.by_id",
        """
        INSERT INTO temp.taken_back SELECT j.number FROM %.rejects j
          JOIN temp.held_tables t ON t.name=j.v4_table
          JOIN (SELECT table_no, v4_id, max(ordinal) AS ordinal FROM %.source_deletions
            WHERE v4_id IS NOT NULL GROUP BY 1, 2) d ON d.table_no=t.table_no AND d.v4_id=j.v4_id
        WHERE j.ordinal BETWEEN 1 AND d.ordinal AND j.parent IS NULL
        """))
    try connection.run(
      context.staged(
        "taken_back.by_text",
        """
        INSERT OR IGNORE INTO temp.taken_back SELECT j.number FROM %.rejects j
          JOIN temp.reject_keys k ON k.number=j.number AND NOT k.is_stored
          JOIN (SELECT text_key, max(ordinal) AS ordinal FROM %.source_deletions GROUP BY 1) d
            ON d.text_key=k.key
        WHERE j.ordinal BETWEEN 1 AND d.ordinal AND j.parent IS NULL
        """))
  }

  /// Makes `temp.matched_rejects`: each staged row's number, and that of the stored one that it is; null
  /// for a new one.
  ///
  /// Rows with the same text are the same, whatever they were rejected for. What the export deletes again
  /// may be one that the store has done with.
  private func match() throws {
    let comesAndGoes =
      try connection.integer(
        Query("taken_back.any", "SELECT EXISTS(SELECT 1 FROM temp.taken_back)")) == 1
    try note(comesAndGoes ? Self.allStored : Self.stored, isStored: true, .text(context.source))
    try connection.execute(
      """
      CREATE TEMP TABLE ranked_rejects AS SELECT k.is_stored, k.number, k.key,
        k.is_stored AND NOT j.\(RejectStatus.stands) AS is_settled,
        NOT k.is_stored AND k.number IN (SELECT number FROM temp.taken_back) AS is_taken_back,
        0 AS place FROM temp.reject_keys k LEFT JOIN main.rejects j ON k.is_stored AND j.number=k.number;
      UPDATE temp.ranked_rejects SET place=r.place FROM (SELECT rowid AS id, row_number() OVER
          (PARTITION BY is_stored, key ORDER BY is_settled, is_taken_back, number) AS place
        FROM temp.ranked_rejects) r WHERE r.id=ranked_rejects.rowid;
      CREATE INDEX temp.ranked_rejects_by_key ON ranked_rejects(key, place, is_stored);
      CREATE TEMP TABLE matched_rejects AS SELECT s.number AS staged, m.number AS stored
        FROM temp.ranked_rejects s LEFT JOIN temp.ranked_rejects m
          ON m.is_stored AND m.key=s.key AND m.place=s.place AND (s.is_taken_back OR NOT m.is_settled)
        WHERE NOT s.is_stored;
      DROP TABLE temp.ranked_rejects;
      INSERT INTO temp.present_rejects SELECT coalesce(stored, staged) FROM temp.matched_rejects
        WHERE staged NOT IN (SELECT number FROM temp.taken_back);
      """, name: "matched_rejects.create")
  }

  private func note(_ query: Query, isStored: Bool, _ value: SQLValue...) throws {
    let chunks = context.staged(
      "reject_chunks.hash",
      "SELECT bytes FROM \(isStored ? "main" : "%").reject_chunks WHERE number=?1 ORDER BY chunk")
    func note(_ row: borrowing Row) throws {
      var key = row.withBytes(1) { RejectKey(table: $0) }
      if !row.isNull(2) {
        row.withBytes(2) { key.take(text: $0) }
      } else if !row.isNull(3) {
        row.withBytes(3) { key.take(bytes: $0) }
      } else {
        key.beginPieces()
        try connection.each(chunks, .integer(row.int64(0))) { chunk in
          chunk.withBytes(0) { key.take(piece: $0) }
        }
      }
      try connection.run(
        Self.insert, .int(isStored ? 1 : 0), .integer(row.int64(0)),
        .text(String(decoding: key.hex, as: UTF8.self)))
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
  /// In a new store the rejects are staged where they belong; only what the export itself takes back is
  /// settled.
  ///
  /// - Parameter runID: the run's id as people know it.
  /// - Returns: how many rejected rows v4 has no more.
  func adopt(runID: String) throws -> Int {
    try begin()
    if context.hasStoredRows {
      try match()
      try connection.execute(
        """
        UPDATE main.rejects SET file=s.file, byte_offset=s.byte_offset, ordinal=s.ordinal, v4_id=s.v4_id,
            code=s.code, reason=s.reason, shape=s.shape, parent=s.parent, gone_by=NULL
          FROM temp.matched_rejects x JOIN stage.rejects s ON s.number=x.staged
          WHERE main.rejects.number=x.stored AND x.staged NOT IN (SELECT number FROM temp.taken_back)
            AND (main.rejects.ordinal<>s.ordinal
            OR main.rejects.gone_by IS NOT NULL OR main.rejects.v4_id IS NOT s.v4_id
            OR main.rejects.code<>s.code OR main.rejects.reason<>s.reason
            OR main.rejects.shape IS NOT s.shape OR main.rejects.parent IS NOT s.parent);
        INSERT INTO main.rejects SELECT * FROM stage.rejects
          WHERE number IN (SELECT staged FROM temp.matched_rejects WHERE stored IS NULL);
        INSERT INTO main.reject_chunks SELECT * FROM stage.reject_chunks
          WHERE number IN (SELECT staged FROM temp.matched_rejects WHERE stored IS NULL);
        DROP TABLE temp.matched_rejects;
        """, name: "rejects.adopt")
    } else {
      try connection.execute(
        """
        INSERT INTO temp.present_rejects SELECT number FROM main.rejects
          WHERE number NOT IN (SELECT number FROM temp.taken_back)
        """, name: "present_rejects.of_new_store")
    }
    let gone = try settleLeft(runID)
    try end()
    return gone
  }

  /// Settles the rejects whose rows the export does not have as they were.
  ///
  /// Where it has a version of the row, that is the row by now: imported, or rejected as another reject.
  /// One that stood in a configuration is what the agent's configuration now says. One without an id may be
  /// any new row, mended, or none: it is gone from v4 as an imported row would be, and like that stays, and
  /// is given back, until deletions are applied or somebody dismisses it. So does one of whose id the export
  /// has only other rows.
  private func settleLeft(_ runID: String) throws -> Int {
    let run = SQLValue.integer(context.run)
    try connection.execute(
      """
      CREATE TEMP TABLE left_rejects(number INTEGER PRIMARY KEY, successor TEXT, asks INTEGER);
      CREATE TEMP TABLE left_ids(table_name TEXT, v4_id TEXT, PRIMARY KEY(v4_id, table_name)) WITHOUT ROWID;
      """, name: "left_rejects.create")
    try connection.run(findLeft, .text(context.source), run)
    try findVersions()
    try connection.run(
      Query(
        "rejects.supersede",
        """
        UPDATE main.rejects SET status='superseded', settled_by=?1, gone_by=NULL,
          status_reason=x.successor||' by '||?2||iif(status='dismissed', '; dismissed before: '||status_reason, '')
        FROM temp.left_rejects x
        WHERE x.number=main.rejects.number AND x.successor IS NOT NULL
        """), run, .text(runID))
    // What came and went with this export alone was never in the store where deletions are applied.
    let gone = try connection.integer(
      Query(
        "left_rejects.gone",
        """
        SELECT count(*) FROM temp.left_rejects x JOIN main.rejects j USING(number)
        WHERE x.successor IS NULL AND NOT (j.run=?1 AND ?2)
        """), run, .int(context.appliesDeletes ? 1 : 0))
    try connection.run(
      Query(
        "rejects.note_gone",
        """
        UPDATE main.rejects SET gone_by=?1
        WHERE gone_by IS NULL AND number IN (SELECT number FROM temp.left_rejects WHERE successor IS NULL)
        """), run)
    if context.appliesDeletes {
      try connection.run(
        Query(
          "rejects.delete",
          """
          UPDATE main.rejects SET status='gone', settled_by=?1,
            status_reason='gone from v4, as '||?2||' found'
              ||iif(status='dismissed', '; dismissed before: '||status_reason, '')
          WHERE number IN (SELECT number FROM temp.left_rejects WHERE successor IS NULL)
          """), run, .text(runID))
    }
    try connection.execute(
      "DROP TABLE temp.left_rejects; DROP TABLE temp.left_ids", name: "left_rejects.drop")
    return Int(gone ?? 0)
  }

  /// The stored rejects of the export's tables that are not among its own, what stands for each now, and
  /// whether it may be a version of another row of its id.
  private var findLeft: Query {
    context.staged(
      "left_rejects.find",
      """
      INSERT INTO temp.left_rejects
      SELECT j.number, CASE
        -- What stood under a name of the export and was no table: it has that name for something else now.
        WHEN j.ordinal=0 THEN 'brought anew'
        WHEN j.parent IS NOT NULL THEN CASE
          WHEN \(Self.isInExport("r.row=j.parent")) THEN 'the configuration was brought anew'
          WHEN EXISTS(SELECT 1 FROM temp.enclosed e WHERE e.v4_id=j.v4_id AND e.table_name=j.v4_table)
            THEN 'the configuration that it stands in is rejected by now, brought'
          END
        END, j.ordinal>0 AND j.parent IS NULL AND j.v4_id IS NOT NULL
      FROM main.rejects j
      WHERE j.source=?1 AND \(RejectStatus.stands)
        AND j.number NOT IN (SELECT number FROM temp.present_rejects)
        AND iif(j.parent IS NULL, j.v4_table, '\(AgentConfiguration.table)') IN (SELECT name FROM temp.held_tables)
      """)
  }

  /// Finds what the left rejects are by now.
  ///
  /// What a row refers to is not compared: it may be just what was mended.
  private func findVersions() throws {
    try connection.execute(
      """
      INSERT OR IGNORE INTO temp.left_ids SELECT j.v4_table, j.v4_id
      FROM temp.left_rejects x JOIN main.rejects j USING(number) WHERE x.asks
      """, name: "left_ids.collect")
    let versions = try RowVersions(
      connection, comparing: .all.subtracting(.references), columns: context.columns)
    let rows = context.staged(
      "left_ids.rows",
      """
      SELECT i.table_name, i.v4_id, r.shape, NULL, r.text FROM temp.left_ids i
        CROSS JOIN main.v4_tables t ON t.source=?1 AND t.name=i.table_name
        CROSS JOIN main.v4_rows r ON r.table_no=t.table_no AND r.v4_id=i.v4_id
      WHERE (r.run=?2 OR r.row IN (SELECT main_row FROM temp.seen))
        AND NOT EXISTS(SELECT 1 FROM %.source_removals d
          WHERE d.table_no=r.table_no AND d.v4_id=r.v4_id)
      """)
    let rejects = Query(
      "left_ids.rejects",
      """
      SELECT i.table_name, i.v4_id, n.shape, n.number, n.row FROM temp.left_ids i
        CROSS JOIN main.rejects n ON n.source=?1 AND n.v4_table=i.table_name AND n.v4_id=i.v4_id
      WHERE n.parent IS NULL AND +n.number IN (SELECT number FROM temp.present_rejects)
        AND ?2 IS NOT NULL
      """)
    for query in [rows, rejects] {
      try connection.each(query, .text(context.source), .integer(context.run)) { result in
        let text = RowVersions.Text(
          table: result.text(0), v4ID: result.text(1), shape: result.optionalInt64(2),
          reject: result.optionalInt64(3))
        guard !result.isNull(4) else { return try versions.noteUnreadable(text) }
        try result.withBytes(4) { try versions.note($0, text) }
      }
    }
    let left = Query(
      "left_rejects.asking",
      """
      SELECT j.v4_table, j.v4_id, j.shape, j.number, j.row
      FROM temp.left_rejects x JOIN main.rejects j USING(number) WHERE x.asks
      """)
    let settle = Query(
      "left_rejects.settle", "UPDATE temp.left_rejects SET successor=?2 WHERE number=?1")
    try connection.each(left) { result in
      let text = RowVersions.Text(
        table: result.text(0), v4ID: result.text(1), shape: result.optionalInt64(2))
      let version =
        result.isNull(4)
        ? try versions.findUnreadable(text)
        : try result.withBytes(4) { try versions.find($0, text) }
      guard let version else { return }
      let successor = version.reject.map { "rejected anew as \($0), brought" }
      try connection.run(
        settle, .integer(result.int64(3)), .text(successor ?? "mended: the row was brought"))
    }
    try versions.end()
  }

  /// The condition that the export has a stored row, whether this run brought it or it was there.
  private static func isInExport(_ condition: String) -> String {
    """
    EXISTS(SELECT 1 FROM main.v4_rows r WHERE \(condition)
      AND (r.run=?2 OR r.row IN (SELECT main_row FROM temp.seen)))
    """
  }

  /// Gives the rows that the store does not know as rejected, for whatever reason, but for those that the
  /// export itself takes back: table and v4 id.
  func eachUnknown(_ body: (String, String?) throws -> Void) throws {
    try begin()
    try match()
    let unknown = Query(
      "rejects.unknown",
      """
      SELECT v4_table, v4_id FROM stage.rejects WHERE number IN (
        SELECT staged FROM temp.matched_rejects WHERE stored IS NULL
        EXCEPT SELECT number FROM temp.taken_back) ORDER BY number
      """)
    try connection.each(unknown) { try body($0.text(0), $0.optionalText(1)) }
    try connection.execute("DROP TABLE temp.matched_rejects", name: "matched_rejects.drop")
    try end()
  }
}
