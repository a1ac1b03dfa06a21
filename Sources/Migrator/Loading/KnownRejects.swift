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

  private static let columns = "number, v4_table, v4_id, code, reason, row, row_blob"
  private static let stored = Query(
    "rejects.stored",
    "SELECT \(columns) FROM main.rejects WHERE source=?1 AND status<>'retried' ORDER BY number")
  private static let staged = Query(
    "rejects.staged", "SELECT \(columns) FROM stage.rejects ORDER BY number")
  private static let insert = Query(
    "reject_keys.insert", "INSERT INTO temp.reject_keys VALUES(?1,?2,?3)")

  /// Makes `temp.matched_rejects`: each staged row's number, and that of the stored one that it is; null
  /// for a new one.
  ///
  /// - Parameter ignoresReason: whether rows are equal that were rejected for different reasons.
  private func match(ignoringReason ignoresReason: Bool = false) throws {
    try connection.execute(
      "CREATE TEMP TABLE reject_keys(is_stored INTEGER, number INTEGER, key BLOB)",
      name: "reject_keys.create")
    try note(Self.stored, isStored: true, ignoringReason: ignoresReason)
    try note(Self.staged, isStored: false, ignoringReason: ignoresReason)
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

  private func note(_ query: Query, isStored: Bool, ignoringReason ignoresReason: Bool) throws {
    func note(_ row: borrowing Row) throws {
      var hash = SHA1()
      for column in Int32(1)..<7 {
        if ignoresReason, (2...4).contains(column) { continue }
        hash.update(row.isNull(column) ? "-" : "+")
        row.withBytes(column) { bytes in
          hash.update("\(bytes.count);")
          hash.update(bytes)
        }
      }
      try connection.run(
        Self.insert, .int(isStored ? 1 : 0), .integer(row.int64(0)), .blob(hash.hex()))
    }
    if isStored {
      try connection.each(query, .text(source)) { try note($0) }
    } else {
      try connection.each(query) { try note($0) }
    }
  }

  /// Takes the new ones into the store, and lets the known ones stand where the newer export has them.
  func adopt() throws {
    try match()
    try connection.execute(
      """
      UPDATE main.rejects SET file=s.file, byte_offset=s.byte_offset, ordinal=s.ordinal
        FROM temp.matched_rejects x JOIN stage.rejects s ON s.number=x.staged
        WHERE main.rejects.number=x.stored AND main.rejects.ordinal<>s.ordinal;
      INSERT INTO main.rejects SELECT * FROM stage.rejects
        WHERE number IN (SELECT staged FROM temp.matched_rejects WHERE stored IS NULL);
      INSERT INTO main.reject_chunks SELECT * FROM stage.reject_chunks
        WHERE number IN (SELECT staged FROM temp.matched_rejects WHERE stored IS NULL);
      DROP TABLE temp.matched_rejects;
      """, name: "rejects.adopt")
  }

  /// Gives the rows that the store does not know as rejected, for whatever reason: table and v4 id.
  func eachUnknown(_ body: (String, String?) throws -> Void) throws {
    try match(ignoringReason: true)
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
