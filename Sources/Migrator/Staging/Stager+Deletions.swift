import AgoraStore

/// Rows that v4 deleted while its changes were being recorded.
extension Stager {
  /// Each deletion: the number that the next row got, how many rows of the table stood before, whether it
  /// could be read, and the key of the text (``RejectKey``), by which a row is known that was rejected
  /// and has no id.
  static let createDeletions = """
    CREATE TABLE source_deletions(number INTEGER PRIMARY KEY, table_no INTEGER, v4_id TEXT, row INTEGER,
      ordinal INTEGER, is_readable INTEGER, text_key TEXT)
    """
  /// The rows that stay deleted: one that came again after its deletion was only changed.
  ///
  /// What was written stays as it was, so that a run which goes on from here finds it.
  static let collectRemovals = """
    DROP TABLE IF EXISTS main.source_removals;
    CREATE TABLE main.source_removals(table_no INTEGER, v4_id TEXT, row INTEGER,
      PRIMARY KEY(table_no, v4_id)) WITHOUT ROWID;
    INSERT INTO main.source_removals
      SELECT table_no, v4_id, max(row) FROM source_deletions d
      WHERE is_readable AND NOT EXISTS(SELECT 1 FROM v4_rows n
        WHERE n.table_no=d.table_no AND n.v4_id=d.v4_id AND n.row>=d.row)
      GROUP BY table_no, v4_id;
    """
  static let dropDeletions = """
    DROP TABLE main.source_deletions;
    DROP TABLE main.source_removals;
    """
  static let insertDeletion = Query(
    "source_deletions.insert",
    """
    INSERT INTO source_deletions(table_no, v4_id, row, ordinal, is_readable, text_key)
    VALUES(?1,?2,?3,?4,?5,?6)
    """)

  /// A deleted row that is too large to be held, while it streams by.
  struct OversizedDeletion {
    let table: String
    let columns: [String]?
    var key: RejectKey
    var start: [UInt8] = []
  }

  func deleted(_ text: Span<UInt8>, table name: String, at origin: RowOrigin) throws {
    let table = try staged(name)
    let key = RejectKey.of(text, table: name)
    var id: [UInt8] = []
    do throws(Rejection) {
      try table.mapper.load(text, columns: origin.columns)
      try RowIdentity.append(table.mapper.row, table.mapper.idColumns, owner: nil, to: &id)
    } catch {
      // What cannot be read deletes no row but one that was rejected.
      let rejected = rejectedID(of: text, table, columns: origin.columns)
      return try note(deleted: rejected.map { Array($0.utf8) }, table, isReadable: false, key)
    }
    try note(deleted: id, table, isReadable: true, key)
  }

  func beginOversizedDeletion(table name: String, at origin: RowOrigin) throws {
    _ = try staged(name)
    let bytes = Array(name.utf8)
    var key = RejectKey(table: bytes.span)
    key.beginPieces()
    oversizedDeletion = OversizedDeletion(table: name, columns: origin.columns, key: key)
  }

  /// Takes a piece of a deleted row; false where none is being read.
  func takeDeleted(_ piece: Span<UInt8>) -> Bool {
    guard oversizedDeletion != nil else { return false }
    oversizedDeletion?.key.take(piece: piece)
    let room = LeadingKey.reach - (oversizedDeletion?.start.count ?? 0)
    if room > 0 { oversizedDeletion?.start.append(copying: piece.extracting(first: room)) }
    return true
  }

  /// Notes the deleted row that has streamed by; false where there was none.
  func endDeleted() throws -> Bool {
    guard let deletion = oversizedDeletion else { return false }
    oversizedDeletion = nil
    let id = LeadingKey.find(
      in: deletion.start.span, table: deletion.table, columns: deletion.columns)
    try note(
      deleted: id.map { Array($0.utf8) }, try staged(deletion.table), isReadable: false,
      deletion.key.hex)
    return true
  }
}
