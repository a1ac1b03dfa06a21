extension Stager {
  /// Rows that v4 deleted while its changes were being recorded, with the number that the next row got.
  static let createDeletions = """
    CREATE TABLE source_deletions(number INTEGER PRIMARY KEY, table_no INTEGER, v4_id TEXT, row INTEGER)
    """
  /// The rows that stay deleted: one that came again after its deletion was only changed.
  ///
  /// What was written stays as it was, so that a run which goes on from here finds it.
  static let collectRemovals = """
    DROP TABLE IF EXISTS main.source_removals;
    CREATE TABLE main.source_removals(table_no INTEGER, v4_id TEXT, row INTEGER,
      PRIMARY KEY(table_no, v4_id)) WITHOUT ROWID;
    INSERT INTO main.source_removals
      SELECT table_no, v4_id, max(row) FROM source_deletions d WHERE NOT EXISTS(SELECT 1 FROM v4_rows n
        WHERE n.table_no=d.table_no AND n.v4_id=d.v4_id AND n.row>=d.row)
      GROUP BY table_no, v4_id;
    """
  static let dropDeletions = """
    DROP TABLE main.source_deletions;
    DROP TABLE main.source_removals;
    """
}
