import AgoraStore

/// Finds the rows that a table held before and holds no more, and removes them where that is wanted.
struct DeletionSweep {
  private let context: LoadContext
  private let applies: Bool
  private var connection: Connection { context.connection }

  init(_ context: LoadContext, applies: Bool) {
    self.context = context
    self.applies = applies
  }

  /// Looks at the stored rows of the tables that the export holds; a table that it lacks says nothing.
  ///
  /// - Throws: ``AgoraError`` `not_built` where rows are gone and are to be removed.
  func sweep() throws {
    try connection.execute(
      "CREATE TEMP TABLE gone(row INTEGER PRIMARY KEY)", name: "gone.create")
    // What was deleted while changes were being recorded; what came again is not among it any more.
    try connection.run(
      Query(
        "gone.recorded",
        """
        INSERT OR IGNORE INTO temp.gone SELECT r.row FROM \(context.stage).source_deletions d
          JOIN main.v4_rows r ON r.table_no=d.table_no AND r.v4_id=d.v4_id AND r.row<d.row
        """))
    if context.hasStoredRows {
      for table in context.tables {
        try connection.run(
          Query(
            "gone.missing",
            """
            INSERT OR IGNORE INTO temp.gone SELECT row FROM main.v4_rows
            WHERE table_no=?1 AND run<>?2 AND parent IS NULL
              AND row NOT IN (SELECT main_row FROM temp.seen)
            """), .integer(table.number), .integer(context.run))
      }
    }
    context.deletedInSource = Int(
      try connection.integer(Query("gone.count", "SELECT count(*) FROM temp.gone")) ?? 0)
    guard applies, context.deletedInSource > 0 else { return }
    throw AgoraError(
      .notBuilt,
      "\(context.deletedInSource) rows are gone from v4, and removing them is not built yet",
      remedy: "Nothing was changed. Run without --apply-deletes to import the rest and keep them.")
  }
}
