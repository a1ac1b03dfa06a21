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
    guard context.hasStoredRows else { return }
    var gone = 0
    for table in context.tables {
      gone += Int(
        try connection.integer(
          Query(
            "v4_rows.gone",
            """
            SELECT count(*) FROM main.v4_rows
            WHERE table_no=?1 AND run<>?2 AND parent IS NULL AND row NOT IN (SELECT main_row FROM temp.seen)
            """), .integer(table.number), .integer(context.run)) ?? 0)
    }
    context.deletedInSource = gone
    guard applies, gone > 0 else { return }
    throw AgoraError(
      .notBuilt, "\(gone) rows are gone from v4, and removing them is not built yet",
      remedy: "Nothing was changed. Run without --apply-deletes to import the rest and keep them.")
  }
}
