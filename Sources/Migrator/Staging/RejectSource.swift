import AgoraStore

/// The outstanding rejected rows of a store as an export, to be loaded once more.
///
/// A row is staged with its reject's number in the place of its byte offset; when the run is loaded,
/// each row that passed gets its own place back, and its reject is settled.
struct RejectSource {
  private let connection: Connection
  private let source: String

  init(_ connection: Connection, source: String) {
    self.connection = connection
    self.source = source
  }

  /// Rows of tables as they came.
  ///
  /// What was no row, lay in a configuration, or is too large to be held
  /// cannot pass by a newer option alone, and stays.
  private static let rows = Query(
    "rejects.to_retry",
    """
    SELECT number, v4_table, coalesce(row, row_blob), s.columns, ordinal
    FROM rejects r LEFT JOIN v4_shapes s USING(shape)
    WHERE source=?1 AND \(RejectStatus.waits) AND parent IS NULL AND ordinal>0
      AND coalesce(row, row_blob) IS NOT NULL
    -- As the exports had them: of several texts of a row the last one counts.
    ORDER BY gone_by IS NULL, gone_by, v4_table, ordinal, number
    """)

  /// The name that the rows' file has until they have their own again.
  private static let file = "(rejects)"
  private static let note = Query("retried.insert", "INSERT INTO retried VALUES(?1)")

  func read(into stager: Stager, staging: Connection) throws {
    try staging.execute(
      "CREATE TABLE retried(number INTEGER PRIMARY KEY)", name: "retried.create")
    try stager.open(file: Self.file, format: .rows)
    try connection.each(Self.rows, .text(source)) { reject in
      let columns = try reject.optionalText(3).map {
        try JSON.parse($0).elements?.compactMap(\.text) ?? []
      }
      try reject.withBytes(2) { text in
        // A line that is no JSON is none the second time either.
        guard (try? JSON.validate(text)) != nil else { return }
        try staging.run(Self.note, .integer(reject.int64(0)))
        try stager.row(
          text, table: reject.text(1),
          at: RowOrigin(offset: reject.int(0), columns: columns), ordinal: reject.int64(4))
      }
    }
  }

  /// Settles the rejects whose rows are in the store now, and gives those rows their places.
  static func settle(_ connection: Connection, run: Int64, runID: String) throws {
    try connection.run(
      Query(
        "rejects.settle",
        """
        UPDATE main.rejects SET status='retried', status_reason=?1, settled_by=?2
        WHERE number IN (SELECT number FROM stage.retried)
          AND number NOT IN (SELECT byte_offset FROM stage.rejects WHERE parent IS NULL)
        """), .text("loaded by \(runID)"), .integer(run))
    // What v4 has is there now as v4 has it; what it has no more is still gone from v4.
    try connection.run(
      Query(
        "v4_gone.retried",
        """
        DELETE FROM main.v4_gone WHERE row IN (SELECT s.main_row FROM temp.seen s
            JOIN main.rejects j ON j.number=s.byte_offset
          WHERE j.gone_by IS NULL AND j.status='retried' AND j.settled_by=?1)
        """), .integer(run))
    try connection.run(
      Query(
        "v4_gone.of_retried",
        """
        INSERT OR IGNORE INTO main.v4_gone SELECT r.row, j.gone_by
        FROM main.v4_rows r JOIN main.rejects j ON j.number=r.byte_offset
        WHERE r.file IN (SELECT file FROM v4_files WHERE run=?1 AND path=?2) AND j.gone_by IS NOT NULL
        """), .integer(run), .text(file))
    try settleContents(connection, run: run)
    try connection.run(
      Query(
        "v4_rows.settle",
        """
        UPDATE main.v4_rows SET
          ordinal=(SELECT ordinal FROM rejects WHERE number=v4_rows.byte_offset),
          file=coalesce((SELECT f.file FROM rejects r JOIN v4_files f ON f.run=r.run AND f.path=r.file
            WHERE r.number=v4_rows.byte_offset), file),
          byte_offset=(SELECT byte_offset FROM rejects WHERE number=v4_rows.byte_offset)
        WHERE file IN (SELECT file FROM v4_files WHERE run=?1 AND path=?2) AND parent IS NULL
        """), .integer(run), .text(file))
  }

  /// Gives what stands in configurations its place, which is known from that of the configuration; what of
  /// it was rejected is a reject of its own from now on.
  private static func settleContents(_ connection: Connection, run: Int64) throws {
    let staged = """
      FROM main.v4_rows p JOIN main.rejects j ON j.number=p.byte_offset
        LEFT JOIN v4_files f ON f.run=j.run AND f.path=j.file
      WHERE p.file IN (SELECT file FROM v4_files WHERE run=?1 AND path=?2)
      """
    try connection.run(
      Query(
        "v4_rows.settle_contents",
        """
        UPDATE main.v4_rows SET byte_offset=x.shift+main.v4_rows.byte_offset,
          file=coalesce(x.file, main.v4_rows.file)
        FROM (SELECT p.row, j.byte_offset-j.number AS shift, f.file \(staged)) x
        WHERE main.v4_rows.parent=x.row AND main.v4_rows.run=?1
        """), .integer(run), .text(file))
    try connection.run(
      Query(
        "rejects.settle_contents",
        """
        INSERT INTO main.rejects(number, run, source, v4_table, v4_id, file, byte_offset, ordinal,
          code, reason, shape, parent, row, row_blob)
        SELECT s.number, s.run, s.source, s.v4_table, s.v4_id, x.path, x.shift+s.byte_offset, s.ordinal,
          s.code, s.reason, s.shape, s.parent, s.row, s.row_blob
        FROM stage.rejects s JOIN (SELECT p.row, j.byte_offset-j.number AS shift, j.file AS path
          \(staged)) x ON x.row=s.parent
        """), .integer(run), .text(file))
  }
}
