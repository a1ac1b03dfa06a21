import AgoraStore

/// Stored rows that the export has still and that are refused by now: their newer texts were rejected, or
/// what they refer to is gone where orphans are rejected.
///
/// They are as in an import of the export alone: among the rejects, and not in the marketplace once
/// deletions are applied.
struct RefusedRows {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  private static let known = Query(
    "v4_rows.refused",
    """
    SELECT r.row, r.v4_id, r.v5_id, t.name FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
    WHERE r.row=?1
    """)

  /// Counts rows among the gone whose newer texts were rejected since this was asked last.
  func settle() throws {
    let refused = context.takeRefused()
    // Rejects that are tried once more say nothing of what v4 has.
    guard context.isFollowing else { return }
    for row in refused {
      try connection.run(
        Query("gone.refused", "INSERT OR IGNORE INTO temp.gone VALUES(?1)"), .integer(row))
      try connection.run(
        Query("v4_gone.refused", "INSERT OR IGNORE INTO main.v4_gone VALUES(?1,?2)"),
        .integer(row), .integer(context.run))
      try remove(row)
    }
  }

  // MARK: orphans

  /// A known row that refers to what is gone.
  struct Orphan {
    let row: Int64
    let rejection: Rejection
  }

  /// Whether a known row is rejected that would not come in any more: where deletions are applied, what is
  /// left is what the export alone would give.
  var rejectsKnown: Bool {
    context.isFollowing && context.appliesDeletes && context.references.rejectsOrphans
  }

  private static let seen = Query(
    "seen.refused",
    """
    SELECT r.text, s.file, s.byte_offset, s.ordinal, r.shape, r.parent, t.name, r.v4_id, r.v5_id
    FROM temp.seen s JOIN main.v4_rows r ON r.row=s.main_row JOIN main.v4_tables t USING(table_no)
    WHERE s.main_row=?1
    """)

  /// Puts known rows among the rejects; those of tables that the export lacks stay as they are.
  func reject(_ orphans: [Orphan]) throws {
    for orphan in orphans where try isToGo(orphan) {
      try connection.each(Self.seen, .integer(orphan.row)) { result in
        let table = result.text(6)
        let place = RejectLog.Place(
          table: table, v4ID: result.text(7), file: try context.path(result.int64(1)),
          offset: result.int64(2), ordinal: result.int64(3), shape: result.optionalInt64(4),
          parent: result.optionalInt64(5))
        try result.withBytes(0) { try context.rejects.add($0, at: place, orphan.rejection) }
        context.ledger[table].unchanged -= 1
        context.ledger[table].rejected += 1
      }
      try remove(orphan.row)
    }
  }

  private static let isSeen = Query(
    "seen.has", "SELECT EXISTS(SELECT 1 FROM temp.seen WHERE main_row=?1)")

  /// Whether the export has a row, and v5 has done nothing with its record.
  func isToGo(_ orphan: Orphan) throws -> Bool {
    let row = orphan.row
    guard try !context.isPending(row), try connection.integer(Self.isSeen, .integer(row)) == 1,
      let gone = try connection.first(Self.known, .integer(row), map: DeletionSweep.row)
    else { return false }
    let target = TableMapper.recordTable(of: V4Schema.kind(of: gone.table))
    guard !V4Schema.kind(of: gone.table).describesAgents,
      let current = try target.read(gone.v5ID, in: connection)
    else { return true }
    return try DeletionSweep(context).isUntouched(current, target)
  }

  private func remove(_ row: Int64) throws {
    try connection.run(
      Query("seen.drop", "DELETE FROM temp.seen WHERE main_row=?1"), .integer(row))
    guard context.appliesDeletes,
      let gone = try connection.first(Self.known, .integer(row), map: DeletionSweep.row)
    else { return }
    try DeletionSweep(context).remove([gone])
  }
}
