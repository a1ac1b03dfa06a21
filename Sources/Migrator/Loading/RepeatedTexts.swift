import AgoraStore

/// What an export says of a row that stands in it more than once, text by text: where the last one is
/// rejected, the row is what the one before it says.
///
/// A text that cannot be understood is known before any row is loaded. One that refers to nothing
/// (`--orphans reject`) shows only when its row is, and the earlier ones wait until then.
struct RepeatedTexts {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  /// Makes the list of texts.
  func begin() throws {
    try connection.execute(
      """
      CREATE TEMP TABLE repeated_texts(row INTEGER, number INTEGER, file INTEGER, byte_offset INTEGER,
        ordinal INTEGER, shape INTEGER, parent INTEGER, text TEXT,
        -- whether it is counted as a change of a stored row
        is_counted INTEGER, PRIMARY KEY(row, number)) WITHOUT ROWID
      """, name: "repeated_texts.create")
  }

  /// Whether earlier texts may be asked for: where orphans cost no row none is rejected, and a
  /// verification has to know what any run has rejected.
  private var areKept: Bool { context.references.rejectsOrphans || context.listsDamage }

  /// Makes a later text what a row of this export says; it stands where the first one stood.
  ///
  /// - Parameters:
  ///   - row: the staged row with the first text.
  ///   - later: the one with the later text, which is dropped.
  func supersede(_ row: Int64, by later: Int64) throws {
    try note([row, later], of: row)
    try connection.run(
      context.staged(
        "v4_rows.supersede",
        """
        UPDATE %.v4_rows SET (shape, parent, text) = (SELECT shape, parent, text FROM %.v4_rows WHERE row=?1)
        WHERE row=?2
        """), .integer(later), .integer(row))
    try context.drop(later)
  }

  /// Lets a row that brings a newer text of a stored one stand where the export has had it as it is stored.
  func move(_ row: Int64, toPlaceOf stored: Int64) throws {
    try note([row], of: row)
    try connection.run(
      context.staged(
        "v4_rows.move",
        """
        UPDATE %.v4_rows SET (file, byte_offset, ordinal) = (SELECT file, byte_offset, ordinal
          FROM temp.seen WHERE main_row=?2)
        WHERE row=?1
        """), .integer(row), .integer(stored))
  }

  /// Lets a row that brings a newer text of a stored one stand where that stands, if it is in front of it.
  func move(_ row: Int64, toFormerPlaceOf stored: Int64) throws {
    try note([row], of: row)
    try connection.run(
      context.staged(
        "v4_rows.move_to_former",
        """
        UPDATE %.v4_rows SET (file, byte_offset, ordinal) = (SELECT file, byte_offset, ordinal
          FROM main.v4_rows m WHERE m.row=?2)
        WHERE row=?1 AND ordinal>(SELECT ordinal FROM main.v4_rows m WHERE m.row=?2)
        """), .integer(row), .integer(stored))
  }

  /// Keeps what staged rows say, and where.
  private func note(_ texts: [Int64], of row: Int64) throws {
    guard areKept else { return }
    context.hasRepeatedTexts = true
    for text in texts {
      try connection.run(
        context.staged(
          "repeated_texts.note",
          """
          INSERT OR IGNORE INTO temp.repeated_texts
          SELECT ?1, row, file, byte_offset, ordinal, shape, parent, text, 0 FROM %.v4_rows WHERE row=?2
          """), .integer(row), .integer(text))
    }
  }

  // MARK: going back

  private static let place = Query(
    "repeated_texts.place",
    """
    SELECT file, byte_offset, ordinal FROM temp.repeated_texts WHERE row=?1
    ORDER BY number DESC LIMIT 1
    """)

  /// Where the text stands that a row has now; the row itself stands where the first one stood.
  func place(of row: StagedRow) throws -> (file: Int64, offset: Int64, ordinal: Int64) {
    let own = (row.file, row.offset, row.ordinal)
    guard context.hasRepeatedTexts else { return own }
    return try connection.first(
      Self.place, .integer(row.row), map: { ($0.int64(0), $0.int64(1), $0.int64(2)) }) ?? own
  }

  /// What is left of a row without its last text.
  enum Rest {
    /// An earlier text, which the table's mapper has in hand.
    case row(StagedRow)
    /// What the store has: so many of the texts that are left end in saying just that.
    case stored(texts: Int)
    case nothing
  }

  private static let dropLast = Query(
    "repeated_texts.drop_last",
    """
    DELETE FROM temp.repeated_texts WHERE row=?1
      AND number=(SELECT max(number) FROM temp.repeated_texts WHERE row=?1)
    """)
  private static let count = Query(
    "repeated_texts.count", "SELECT count(*) FROM temp.repeated_texts WHERE row=?1")
  private static let moveAll = Query(
    "repeated_texts.move", "UPDATE temp.repeated_texts SET row=?2 WHERE row=?1")
  private static let isHeld = Query(
    "replacements.is_held", "SELECT is_held FROM temp.replacements WHERE row=?1")

  /// Takes the last text of a row away, which was rejected.
  func dropLast(of row: StagedRow, _ table: StagedTable) throws -> Rest {
    var left = 0
    if context.hasRepeatedTexts {
      try connection.run(Self.dropLast, .integer(row.row))
      left = Int(try connection.integer(Self.count, .integer(row.row)) ?? 0)
    }
    guard left > 0 else {
      let isHeld = try connection.integer(Self.isHeld, .integer(row.row)) == 1
      return isHeld ? .stored(texts: 0) : .nothing
    }
    try connection.run(
      context.staged(
        "v4_rows.go_back",
        """
        UPDATE %.v4_rows SET (shape, parent, text) = (SELECT shape, parent, text
          FROM temp.repeated_texts WHERE row=?1 ORDER BY number DESC LIMIT 1)
        WHERE row=?1
        """), .integer(row.row))
    var earlier = row
    try context.take(row.row, table) { earlier = $0 }
    guard let stored = try context.replaced(by: row) else { return .row(earlier) }
    let said = table.mapper.digest()
    if try digest(ofStored: stored, table) == said {
      try connection.run(Self.moveAll, .integer(row.row), .integer(stored))
      return .stored(texts: left)
    }
    try context.take(row.row, table) { earlier = $0 }
    return .row(earlier)
  }

  private static let text = Query(
    "v4_rows.text", "SELECT text, shape FROM main.v4_rows WHERE row=?1")

  private func digest(ofStored stored: Int64, _ table: StagedTable) throws -> [UInt8] {
    try connection.each(Self.text, .integer(stored)) { result in
      let columns = try context.columns(result.optionalInt64(1))
      try result.withBytes(0) { try table.mapper.loadStored($0, columns: columns, row: stored) }
    }
    return table.mapper.digest()
  }

  // MARK: stored rows

  /// Keeps a text that ends in saying what the store has: the stored row may be rejected still, since what it
  /// refers to goes with this export.
  ///
  /// The numbers of staged rows go on from those of the store, so that no two rows share one.
  func note(_ text: Int64, ofStored stored: Int64) throws {
    guard context.hasStoredRows, context.appliesDeletes, context.references.rejectsOrphans else {
      return
    }
    try note([text], of: stored)
  }

  private static let goBack = Query(
    "repeated_texts.adopt",
    """
    UPDATE main.v4_rows SET (shape, text) = (SELECT shape, text FROM temp.repeated_texts WHERE row=?1
      ORDER BY number DESC LIMIT 1)
    WHERE row=?1
    """)
  private static let markCounted = Query(
    "repeated_texts.count_all",
    "UPDATE temp.repeated_texts SET is_counted=1 WHERE row=?1 AND NOT is_counted")

  /// Lets a stored row say what the export had said of it before its last text, which was rejected.
  ///
  /// - Returns: how many texts count as changes from here on that counted as unchanged; nil where there is
  ///   no earlier one.
  func goBack(stored row: Int64) throws -> Int? {
    guard context.hasRepeatedTexts else { return nil }
    try connection.run(Self.dropLast, .integer(row))
    guard try connection.integer(Self.count, .integer(row)) ?? 0 > 0 else { return nil }
    try connection.run(Self.goBack, .integer(row))
    return try connection.run(Self.markCounted, .integer(row))
  }
}
