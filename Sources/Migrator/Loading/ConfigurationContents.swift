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
      -- Stored rows of configurations that the export has too, and the staged ones that they stand in.
      CREATE TEMP TABLE known_contents(main_row INTEGER PRIMARY KEY, parent INTEGER);
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
      INSERT OR IGNORE INTO temp.known_contents SELECT s.main_row, r.parent
        FROM temp.same s JOIN stage.v4_rows r USING(row) WHERE r.parent IS NOT NULL
      """, name: "known_contents.same")
  }

  /// Takes note of a row that the export has too.
  func note(_ stored: Int64, _ row: StagedRow) throws {
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
        Query("known_contents.note", "INSERT OR IGNORE INTO temp.known_contents VALUES(?1,?2)"),
        .integer(stored), .integer(parent))
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
  }

  /// What is known stands where the export has it: an entry of an agent may have gone, and another one
  /// have its tasks now.
  func moveStored() throws {
    guard list != nil else { return }
    try connection.execute(
      """
      UPDATE main.v4_rows SET parent=coalesce(c.main_row, x.parent)
      FROM temp.known_contents x LEFT JOIN temp.known_configurations c ON c.row=x.parent
      WHERE main.v4_rows.row=x.main_row AND main.v4_rows.parent IS NOT coalesce(c.main_row, x.parent)
      """, name: "known_contents.move")
  }
}

extension LoadContext {
  /// Forgets what stands in a staged configuration that was rejected: it is a part of the reject, as of one
  /// that could not be read, and comes back with it.
  func dropContents(of row: StagedRow, _ table: StagedTable) throws {
    guard table.kind == .configuration else { return }
    for inner in tables where inner.kind != .configuration {
      let rows = try connection.run(
        staged("v4_rows.drop_contents", "DELETE FROM %.v4_rows WHERE parent=?1 AND table_no=?2"),
        .integer(row.row), .integer(inner.number))
      let rejects = try connection.run(
        staged("rejects.drop_contents", "DELETE FROM %.rejects WHERE parent=?1 AND v4_table=?2"),
        .integer(row.row), .text(inner.name))
      ledger[inner.name].read -= rows + rejects
      ledger[inner.name].rejected -= rejects
    }
  }
}
