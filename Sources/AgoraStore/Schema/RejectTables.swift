extension SchemaStep {
  /// What has become of rejected rows, and which run said so.
  ///
  /// SQLite cannot change what a column may hold, so the tables are made anew; pieces keep their numbers, by
  /// which a run is taken back.
  static let settledRejects = """
    ALTER TABLE rejects RENAME TO rejects_before;
    DROP INDEX rejects_by_table;
    CREATE TABLE rejects(
      number INTEGER PRIMARY KEY,
      run INTEGER NOT NULL,
      source TEXT NOT NULL,
      v4_table TEXT NOT NULL,
      v4_id TEXT,
      file TEXT NOT NULL,
      byte_offset INTEGER NOT NULL,
      ordinal INTEGER NOT NULL,
      code TEXT NOT NULL,
      reason TEXT NOT NULL,
      shape INTEGER,
      parent INTEGER,
      -- the row's text; row_blob where it is not UTF-8; both null where it lies in reject_chunks
      row TEXT,
      row_blob BLOB,
      -- superseded: a later export brought the row as something else; gone: it had the row no more, and
      -- deletions were applied
      status TEXT NOT NULL DEFAULT 'outstanding'
        CHECK(status IN ('outstanding','retried','dismissed','superseded','gone')),
      status_reason TEXT,
      -- the run that retried or superseded it, or applied its deletion
      settled_by INTEGER,
      -- the run whose export first had the row no more; null while v4 has it
      gone_by INTEGER
    ) STRICT;
    INSERT INTO rejects SELECT *, NULL, NULL FROM rejects_before;
    CREATE INDEX rejects_by_table ON rejects(source, v4_table, v4_id);
    ALTER TABLE undo_rejects ADD COLUMN settled_by INTEGER;
    ALTER TABLE undo_rejects ADD COLUMN gone_by INTEGER;

    CREATE TABLE reject_chunks_now(
      number INTEGER NOT NULL REFERENCES rejects(number),
      chunk INTEGER NOT NULL,
      bytes BLOB NOT NULL,
      UNIQUE(number, chunk)
    ) STRICT;
    INSERT INTO reject_chunks_now(rowid, number, chunk, bytes)
      SELECT rowid, number, chunk, bytes FROM reject_chunks;
    DROP TABLE reject_chunks;
    ALTER TABLE reject_chunks_now RENAME TO reject_chunks;
    DROP TABLE rejects_before;
    """

  /// Who said that a rejected row needs nothing more, and when.
  static let dismissals = """
    ALTER TABLE rejects ADD COLUMN dismissed_by TEXT;
    ALTER TABLE rejects ADD COLUMN dismissed_at INTEGER;
    ALTER TABLE undo_rejects ADD COLUMN dismissed_by TEXT;
    ALTER TABLE undo_rejects ADD COLUMN dismissed_at INTEGER;
    """
}
