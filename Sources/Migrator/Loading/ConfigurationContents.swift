import AgoraStore

/// Which stored configuration the rows stand in that a newer list of configurations has: those that are
/// known already, and those that are new.
///
/// A staged row names its configuration by the staged row of that, which is gone when it turns out to be a
/// stored one.
struct ConfigurationContents {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  func begin() throws {
    try connection.execute(
      """
      -- Staged configurations that are stored ones.
      CREATE TEMP TABLE known_configurations(row INTEGER PRIMARY KEY, main_row INTEGER);
      -- Stored rows of configurations that the export has too, and the staged ones that they stand in; the
      -- first one counts. `former` is the stored one that they stood in before.
      CREATE TEMP TABLE known_contents(number INTEGER PRIMARY KEY, main_row INTEGER, parent INTEGER,
        is_counted INTEGER, former INTEGER);
      -- What stands in configurations of the export that were rejected, and was not in the store.
      CREATE TEMP TABLE enclosed(table_name TEXT, v4_id TEXT, PRIMARY KEY(v4_id, table_name)) WITHOUT ROWID;
      CREATE TEMP TABLE rejected_contents(parent INTEGER, number INTEGER, PRIMARY KEY(parent, number)) WITHOUT ROWID;
      CREATE INDEX temp.known_contents_by_row ON known_contents(main_row);
      CREATE INDEX temp.known_contents_by_parent ON known_contents(parent);
      """, name: "known_contents.create")
  }

  /// Takes note of the rows of `temp.same`.
  func noteSame() throws {
    guard let list else { return }
    try connection.run(
      Query(
        "known_configurations.same",
        "INSERT INTO temp.known_configurations SELECT row, main_row FROM temp.same WHERE table_no=?1"
      ), .integer(list.number))
    try connection.execute(
      """
      INSERT INTO temp.known_contents(main_row, parent, is_counted) SELECT s.main_row, r.parent, 1
        FROM temp.same s JOIN stage.v4_rows r USING(row) WHERE r.parent IS NOT NULL
      """, name: "known_contents.same")
  }

  /// Takes note of a row that the export has too, and whether it is counted as unchanged and done with.
  func note(_ stored: Int64, _ row: StagedRow, isCounted: Bool) throws {
    guard let list else { return }
    try connection.run(
      Query(
        "known_configurations.note",
        """
        INSERT OR IGNORE INTO temp.known_configurations
        SELECT row, ?2 FROM \(context.stage).v4_rows WHERE row=?1 AND table_no=?3
        """), .integer(row.row), .integer(stored), .integer(list.number))
    if let parent = row.parent {
      try connection.run(
        Query(
          "known_contents.note",
          "INSERT INTO temp.known_contents(main_row, parent, is_counted) VALUES(?1,?2,?3)"),
        .integer(stored), .integer(parent), .int(isCounted ? 1 : 0))
    }
  }

  /// The table of configurations, where the export holds one.
  private var list: StagedTable? { context.tables.first { $0.kind == .configuration } }

  /// What is new, or rejected, stands in the stored configurations.
  func moveStaged() throws {
    guard list != nil else { return }
    for table in ["v4_rows", "rejects"] {
      try connection.execute(
        """
        UPDATE stage.\(table) SET parent=c.main_row FROM temp.known_configurations c
        WHERE c.row=stage.\(table).parent
        """, name: "known_configurations.\(table)")
    }
    try connection.execute(
      """
      UPDATE temp.rejected_contents SET parent=c.main_row FROM temp.known_configurations c
      WHERE c.row=rejected_contents.parent
      """, name: "known_configurations.rejected_contents")
  }

  /// What is known stands where the export has it: an entry of an agent may have gone, and another one
  /// have its tasks now.
  func moveStored() throws {
    guard list != nil else { return }
    let first = """
      (SELECT x.main_row, coalesce(c.main_row, x.parent) AS now, min(x.number)
        FROM temp.known_contents x LEFT JOIN temp.known_configurations c ON c.row=x.parent
        GROUP BY x.main_row)
      """
    try connection.execute(
      """
      UPDATE temp.known_contents SET former=(SELECT parent FROM main.v4_rows r WHERE r.row=main_row);
      UPDATE main.v4_rows SET parent=x.now FROM \(first) x
      WHERE main.v4_rows.row=x.main_row AND main.v4_rows.parent IS NOT x.now
      """, name: "known_contents.move")
  }

  /// What has come back with a configuration that is tried once more stands in that, where the export had it.
  ///
  /// Called when everything is loaded: what stands in one that is refused once more stays where it was.
  func moveRetried() throws {
    guard list != nil else { return }
    try moveStored()
    try connection.execute(
      """
      UPDATE main.v4_rows SET file=s.file, byte_offset=s.byte_offset, ordinal=s.ordinal
      FROM temp.seen s WHERE main.v4_rows.row=s.main_row
        AND s.main_row IN (SELECT main_row FROM temp.known_contents)
      """, name: "known_contents.place")
  }

  // MARK: rejected configurations

  /// Finds the staged rejects that stand in configurations: those from the reading, since all configurations
  /// are loaded before what stands in them.
  private func collectRejects() throws {
    guard !context.hasCollectedContents else { return }
    context.hasCollectedContents = true
    try connection.run(
      context.staged(
        "rejected_contents.collect",
        """
        INSERT INTO temp.rejected_contents SELECT parent, number FROM %.rejects WHERE parent IS NOT NULL
        """))
  }

  /// Drops what is staged in a configuration, and takes it out of the count.
  func drop(in configuration: Int64) throws {
    try collectRejects()
    let parent = SQLValue.integer(configuration)
    let rejects = """
      FROM %.rejects WHERE v4_table=?2 AND number IN (
        SELECT number FROM temp.rejected_contents WHERE parent=?1)
      """
    for inner in context.tables where inner.kind != .configuration {
      let (number, name) = (SQLValue.integer(inner.number), SQLValue.text(inner.name))
      if context.hasStoredRows {
        try connection.run(
          context.staged(
            "enclosed.rows",
            """
            INSERT OR IGNORE INTO temp.enclosed
            SELECT ?3, v4_id FROM %.v4_rows WHERE parent=?1 AND table_no=?2
            """), parent, number, name)
        try connection.run(
          context.staged(
            "enclosed.rejects",
            "INSERT OR IGNORE INTO temp.enclosed SELECT v4_table, v4_id \(rejects) AND v4_id IS NOT NULL"
          ), parent, name)
      }
      let staged = try connection.run(
        context.staged(
          "v4_rows.drop_contents", "DELETE FROM %.v4_rows WHERE parent=?1 AND table_no=?2"),
        parent, number)
      let rejected = try connection.run(
        context.staged("rejects.drop_contents", "DELETE \(rejects)"), parent, name)
      context.ledger[inner.name].read -= staged + rejected
      context.ledger[inner.name].rejected -= rejected
    }
  }

  private static let contents = Query(
    "known_contents.of_configuration",
    """
    SELECT x.main_row, x.former, x.is_counted, t.name FROM temp.known_contents x
      JOIN main.v4_rows r ON r.row=x.main_row JOIN main.v4_tables t USING(table_no)
    WHERE x.parent=?1
    """)
  private static let forget = Query(
    "known_contents.forget", "DELETE FROM temp.known_contents WHERE parent=?1")
  private static let isKnown = Query(
    "known_contents.has", "SELECT EXISTS(SELECT 1 FROM temp.known_contents WHERE main_row=?1)")
  private static let moveBack = Query(
    "known_contents.move_back",
    "UPDATE main.v4_rows SET parent=?2 WHERE row=?1 AND parent=?3")

  /// Lets go of the stored rows that the export has in a staged configuration only that was rejected: they
  /// are a part of the reject.
  ///
  /// - Returns: those rows.
  func leave(_ configuration: Int64) throws -> [Int64] {
    guard context.hasStoredRows, list != nil else { return [] }
    let rows = try connection.all(
      Self.contents, .integer(configuration),
      map: {
        (row: $0.int64(0), former: $0.optionalInt64(1), counted: $0.int(2), table: $0.text(3))
      })
    try connection.run(Self.forget, .integer(configuration))
    var left: [Int64] = []
    for row in rows {
      context.ledger[row.table].unchanged -= row.counted
      context.ledger[row.table].read -= row.counted
      if try connection.integer(Self.isKnown, .integer(row.row)) == 1 { continue }
      try context.unsee(row.row)
      if let former = row.former {
        try connection.run(
          Self.moveBack, .integer(row.row), .integer(former), .integer(configuration))
      }
      left.append(row.row)
    }
    return left
  }
}

extension LoadContext {
  /// Forgets what stands in a staged configuration that was rejected: it is a part of the reject, as of one
  /// that could not be read, and comes back with it.
  func dropContents(of row: StagedRow, _ table: StagedTable) throws {
    guard table.kind == .configuration else { return }
    let contents = ConfigurationContents(self)
    try contents.drop(in: row.row)
    // Once what is known is settled, what is staged stands in the stored configuration.
    if let stored = try replaced(by: row) { try contents.drop(in: stored) }
    let left = try contents.leave(row.row)
    // Before that, what the export does not have is counted among the gone as it is.
    if isFollowing { refused += left }
  }
}
