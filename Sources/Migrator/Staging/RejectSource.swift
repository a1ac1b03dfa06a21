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

  /// Rows as they came, with the configurations that some of them stand in.
  ///
  /// What was no row, lay in a configuration that is not there, or is too large to be held cannot pass by a
  /// newer option alone, and stays.
  private static let rows = Query(
    "rejects.to_retry",
    """
    SELECT r.number, r.v4_table, coalesce(r.row, r.row_blob), s.columns, r.ordinal, p.row, p.text,
      o.columns
    FROM rejects r LEFT JOIN v4_shapes s ON s.shape=r.shape
      LEFT JOIN v4_rows p ON p.row=r.parent LEFT JOIN v4_shapes o ON o.shape=p.shape
    WHERE r.source=?1 AND r.\(RejectStatus.waits) AND (r.parent IS NULL OR p.row IS NOT NULL)
      AND r.ordinal>0 AND coalesce(r.row, r.row_blob) IS NOT NULL
    -- As the exports had them: of several texts of a row the last one counts.
    ORDER BY r.gone_by IS NULL, r.gone_by, r.v4_table, r.ordinal, r.number
    """)

  /// The name that the rows' file has until they have their own again.
  private static let file = "(rejects)"
  private static let note = Query("retried.insert", "INSERT INTO retried VALUES(?1)")

  func read(into stager: Stager, staging: Connection) throws {
    try staging.execute(
      "CREATE TABLE retried(number INTEGER PRIMARY KEY)", name: "retried.create")
    try stager.open(file: Self.file, format: .rows)
    let configuration = TableMapper(table: AgentConfiguration.table, kind: .configuration)
    func columns(_ text: String?) throws -> [String]? {
      try text.map { try JSON.parse($0).elements?.compactMap(\.text) ?? [] }
    }
    try connection.each(Self.rows, .text(source)) { reject in
      var outer: (row: Int64, agent: String)?
      if let row = reject.optionalInt64(5) {
        let columns = try columns(reject.optionalText(7))
        try reject.withBytes(6) {
          try configuration.loadStored($0, columns: columns, row: row)
        }
        outer = (row, try configuration.agentName())
      }
      let columns = try columns(reject.optionalText(3))
      try reject.withBytes(2) { text in
        // A line that is no JSON is none the second time either.
        guard (try? JSON.validate(text)) != nil else { return }
        try staging.run(Self.note, .integer(reject.int64(0)))
        try stager.row(
          text, table: reject.text(1),
          at: RowOrigin(offset: reject.int(0), columns: columns), ordinal: reject.int64(4),
          inside: outer)
      }
    }
  }

  /// The rows that were staged as rejects of their own, not in a configuration that was one.
  private static let ownPlace = """
    (parent IS NULL OR parent NOT IN (
      SELECT row FROM main.v4_rows WHERE file IN (SELECT file FROM v4_files WHERE run=?1 AND path=?2)))
    """

  /// Settles the rejects whose rows are in the store now, and gives those rows their places.
  static func settle(_ connection: Connection, run: Int64, runID: String) throws {
    try connection.run(
      Query(
        "rejects.settle",
        """
        UPDATE main.rejects SET status='retried', status_reason=?3, settled_by=?1
        WHERE number IN (SELECT number FROM stage.retried)
          AND number NOT IN (SELECT byte_offset FROM stage.rejects WHERE \(ownPlace))
        """), .integer(run), .text(file), .text("loaded by \(runID)"))
    try settleContents(connection, run: run)
    // What v4 has is there now as v4 has it; what it has no more is still gone from v4.
    try connection.run(
      Query(
        "v4_gone.retried",
        """
        DELETE FROM main.v4_gone WHERE row IN (SELECT s.main_row FROM temp.seen s
            JOIN main.v4_rows r ON r.row=s.main_row JOIN main.rejects j ON j.number=s.byte_offset
          WHERE r.parent IS NULL AND j.gone_by IS NULL AND j.status='retried' AND j.settled_by=?1)
        """), .integer(run))
    try connection.run(
      Query(
        "v4_gone.of_retried",
        """
        INSERT OR IGNORE INTO main.v4_gone SELECT r.row, j.gone_by
        FROM main.v4_rows r JOIN main.rejects j ON j.number=r.byte_offset
        WHERE r.file IN (SELECT file FROM v4_files WHERE run=?1 AND path=?2) AND j.gone_by IS NOT NULL
        """), .integer(run), .text(file))
    try connection.execute(
      """
      DELETE FROM main.v4_gone WHERE row IN (SELECT s.main_row FROM temp.seen s
        JOIN main.v4_rows r ON r.row=s.main_row
        WHERE r.parent IS NOT NULL AND r.parent NOT IN (SELECT row FROM main.v4_gone))
      """, name: "v4_gone.retried_contents")
    try connection.run(
      Query(
        "v4_rows.settle",
        """
        UPDATE main.v4_rows SET
          ordinal=(SELECT ordinal FROM rejects WHERE number=v4_rows.byte_offset),
          file=coalesce((SELECT f.file FROM rejects r JOIN v4_files f ON f.run=r.run AND f.path=r.file
            WHERE r.number=v4_rows.byte_offset), file),
          byte_offset=(SELECT byte_offset FROM rejects WHERE number=v4_rows.byte_offset)
        WHERE file IN (SELECT file FROM v4_files WHERE run=?1 AND path=?2) AND \(ownPlace)
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
        WHERE main.v4_rows.parent=x.row
          AND main.v4_rows.file IN (SELECT file FROM v4_files WHERE run=?1 AND path=?2)
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
