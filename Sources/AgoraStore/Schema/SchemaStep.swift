/// One step of the schema's history: applied once, in order, and never edited after a release.
package struct SchemaStep: Sendable {
  /// What the step brings, in a few words.
  package let name: String
  /// The statements.
  package let sql: String
}

extension SchemaStep {
  /// The whole history; a store's `user_version` is the number of steps it has been through.
  package static let all: [SchemaStep] = [
    SchemaStep(name: "the marketplace", sql: marketplaceTables),
    SchemaStep(name: "the migration's own tables", sql: migrationTables),
    SchemaStep(name: "what a run overwrote", sql: UndoLog.tablesSQL),
    SchemaStep(name: "which run settled a conflict", sql: settledConflicts),
    SchemaStep(name: "what the v5 tools need", sql: toolTables),
    SchemaStep(name: "calls of v4", sql: legacyCallTables),
    SchemaStep(
      name: "where the audit stood when a run ended",
      sql: "ALTER TABLE migration_runs ADD COLUMN last_audit INTEGER;"),
    SchemaStep(name: "access tokens", sql: accessTables),
    SchemaStep(name: "the sunset of v4", sql: sunsetTables),
    SchemaStep(name: "backups that were taken", sql: BackupRecord.tableSQL),
    SchemaStep(name: "rows that v4 has no more", sql: goneRows),
    SchemaStep(name: "agents that another one took over", sql: MergedAgents.tableSQL),
    SchemaStep(name: "how rejects end", sql: settledRejects),
    SchemaStep(name: "how much a comparison covered", sql: verificationCoverage),
    SchemaStep(name: "who dismissed rejects", sql: dismissals),
  ]

  /// The imported rows of the source, and those of them that were of tables of the export; null in what
  /// was noted before.
  private static let verificationCoverage = """
    ALTER TABLE verifications ADD COLUMN rows_imported INTEGER;
    ALTER TABLE verifications ADD COLUMN rows_covered INTEGER;
    """

  private static let goneRows =
    """
    -- Rows of v4_rows that the newest export of their table no longer had, and the run that said so.
    CREATE TABLE v4_gone(
      row INTEGER PRIMARY KEY,
      run INTEGER NOT NULL
    ) STRICT;

    """ + UndoLog.logSQL("v4_gone")

  /// The protocol's tables.
  ///
  /// Unique indexes stand apart from their tables where a migration fills them by the million, so that
  /// a bulk load can build them at the end. `source_row` is the row of `v4_rows` that a record came from,
  /// `source_hash` a hash of the record as it came: a record that has another one was changed on v5.
  private static let marketplaceTables = """
    CREATE TABLE agents(
      agent_id TEXT NOT NULL PRIMARY KEY,
      agent_name TEXT NOT NULL UNIQUE,
      service_tier TEXT NOT NULL DEFAULT 'basic' CHECK(service_tier IN ('basic','premium','enterprise')),
      status TEXT NOT NULL DEFAULT 'active' CHECK(status IN ('active','paused','suspended','terminated')),
      registered_at INTEGER,
      last_activity INTEGER,
      capabilities TEXT NOT NULL DEFAULT '[]',
      max_concurrent_tasks INTEGER,
      metadata TEXT NOT NULL DEFAULT '{}',
      source_hash INTEGER
    ) STRICT;

    CREATE TABLE services(
      service_id TEXT NOT NULL PRIMARY KEY,
      service_name TEXT NOT NULL,
      version TEXT NOT NULL,
      category TEXT NOT NULL,
      description TEXT NOT NULL,
      status TEXT NOT NULL DEFAULT 'active' CHECK(status IN ('active','deprecated','beta')),
      created_at INTEGER,
      schema TEXT NOT NULL,
      deprecation_date INTEGER,
      sunset_date INTEGER,
      replacement TEXT,
      migration_guide TEXT,
      UNIQUE(service_name, version)
    ) STRICT;

    CREATE TABLE workflows(
      workflow_id TEXT NOT NULL PRIMARY KEY,
      workflow_name TEXT NOT NULL,
      status TEXT NOT NULL CHECK(status IN ('pending','running','completed','failed','terminated','paused')),
      creator_agent TEXT REFERENCES agents(agent_id),
      assigned_agents TEXT NOT NULL DEFAULT '[]',
      steps TEXT NOT NULL DEFAULT '[]',
      created_at INTEGER,
      completed_at INTEGER,
      metadata TEXT NOT NULL DEFAULT '{}',
      source_row INTEGER,
      source_hash INTEGER
    ) STRICT;

    CREATE TABLE messages(
      message_id TEXT NOT NULL,
      from_agent TEXT REFERENCES agents(agent_id),
      to_agent TEXT,
      message_type TEXT NOT NULL DEFAULT 'info',
      content TEXT NOT NULL,
      priority INTEGER NOT NULL DEFAULT 2 CHECK(priority BETWEEN 1 AND 4),
      timestamp INTEGER,
      delivered INTEGER NOT NULL DEFAULT 0 CHECK(delivered IN (0,1)),
      metadata TEXT NOT NULL DEFAULT '{}',
      source_row INTEGER,
      source_hash INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX messages_by_id ON messages(message_id);
    CREATE INDEX messages_by_receiver ON messages(to_agent, timestamp);
    CREATE INDEX messages_by_sender ON messages(from_agent, timestamp);

    -- Who has read what: one row a receiver, so that a broadcast is read by each for himself.
    CREATE TABLE message_reads(
      message_id TEXT NOT NULL REFERENCES messages(message_id),
      agent_id TEXT NOT NULL REFERENCES agents(agent_id),
      read_at INTEGER NOT NULL,
      PRIMARY KEY(message_id, agent_id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE tasks(
      task_id TEXT NOT NULL,
      workflow_id TEXT REFERENCES workflows(workflow_id),
      assigned_agent TEXT REFERENCES agents(agent_id),
      task_type TEXT NOT NULL,
      payload TEXT,
      status TEXT NOT NULL CHECK(status IN ('pending','in_progress','completed','failed')),
      priority INTEGER NOT NULL DEFAULT 2 CHECK(priority BETWEEN 1 AND 4),
      deadline INTEGER,
      progress INTEGER NOT NULL DEFAULT 0 CHECK(progress BETWEEN 0 AND 100),
      notes TEXT,
      created_at INTEGER,
      updated_at INTEGER,
      completed_at INTEGER,
      dependencies TEXT NOT NULL DEFAULT '[]',
      metadata TEXT NOT NULL DEFAULT '{}',
      source_row INTEGER,
      source_hash INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX tasks_by_id ON tasks(task_id);
    CREATE INDEX tasks_by_agent ON tasks(assigned_agent, status);
    CREATE INDEX tasks_by_workflow ON tasks(workflow_id);

    -- seq is the order of commits, which a subscriber resumes from.
    CREATE TABLE events(
      seq INTEGER PRIMARY KEY,
      event_id TEXT NOT NULL,
      event_type TEXT NOT NULL,
      source_agent TEXT REFERENCES agents(agent_id),
      target_agent TEXT,
      data TEXT NOT NULL DEFAULT '{}',
      timestamp INTEGER,
      processed INTEGER NOT NULL DEFAULT 0 CHECK(processed IN (0,1)),
      metadata TEXT NOT NULL DEFAULT '{}',
      source_row INTEGER,
      source_hash INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX events_by_id ON events(event_id);
    CREATE INDEX events_by_source ON events(source_agent);
    CREATE INDEX events_by_target ON events(target_agent);

    CREATE TABLE audit(
      audit_id TEXT NOT NULL,
      actor TEXT,
      action TEXT NOT NULL,
      target TEXT,
      reason TEXT,
      before TEXT,
      after TEXT,
      timestamp INTEGER,
      metadata TEXT NOT NULL DEFAULT '{}',
      source_row INTEGER,
      source_hash INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX audit_by_id ON audit(audit_id);
    CREATE INDEX audit_by_target ON audit(target);

    -- v4 tables that v5 has no place for, each row whole.
    CREATE TABLE archive(
      row_id TEXT NOT NULL,
      v4_table TEXT NOT NULL,
      v4_id TEXT NOT NULL,
      row TEXT NOT NULL,
      source_row INTEGER,
      source_hash INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX archive_by_id ON archive(row_id);
    CREATE INDEX archive_by_v4_id ON archive(v4_table, v4_id);
    """

  /// The run that settled a conflict, and what of a message that went with it no trigger can record: its
  /// readings have no row numbers.
  private static let settledConflicts = """
    ALTER TABLE conflicts ADD COLUMN settled_by INTEGER;
    ALTER TABLE undo_conflicts ADD COLUMN settled_by INTEGER;
    CREATE INDEX conflicts_by_row ON conflicts(row);
    CREATE INDEX conflicts_by_record ON conflicts(v5_id);
    CREATE TABLE undo_message_reads(
      undo_run INTEGER NOT NULL,
      message_id TEXT NOT NULL,
      agent_id TEXT NOT NULL,
      read_at INTEGER NOT NULL
    ) STRICT;
    """

  /// The toolkit's tables: where each row of v4 went and how every run ended.
  private static let migrationTables = """
    CREATE TABLE migration_runs(
      run INTEGER PRIMARY KEY,
      run_id TEXT NOT NULL UNIQUE,
      source TEXT NOT NULL,
      status TEXT NOT NULL,
      started_at INTEGER NOT NULL,
      finished_at INTEGER,
      -- 1 where the store began with this run, so that all that v4 gave came with it
      made_store INTEGER NOT NULL DEFAULT 0,
      options TEXT NOT NULL,
      report TEXT NOT NULL
    ) STRICT;

    CREATE TABLE migration_ledger(
      run INTEGER NOT NULL REFERENCES migration_runs(run),
      position INTEGER NOT NULL,
      v4_table TEXT NOT NULL,
      read INTEGER NOT NULL,
      imported INTEGER NOT NULL,
      updated INTEGER NOT NULL,
      merged INTEGER NOT NULL,
      unchanged INTEGER NOT NULL,
      rejected INTEGER NOT NULL,
      PRIMARY KEY(run, v4_table),
      CHECK(read = imported + updated + merged + unchanged + rejected)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE v4_tables(
      table_no INTEGER PRIMARY KEY,
      source TEXT NOT NULL,
      name TEXT NOT NULL,
      UNIQUE(source, name)
    ) STRICT;

    CREATE TABLE v4_files(
      file INTEGER PRIMARY KEY,
      run INTEGER NOT NULL,
      path TEXT NOT NULL,
      format TEXT NOT NULL
    ) STRICT;

    -- The columns of rows that came as arrays.
    CREATE TABLE v4_shapes(
      shape INTEGER PRIMARY KEY,
      columns TEXT NOT NULL UNIQUE
    ) STRICT;

    -- Every v4 row that made or joined a v5 record, with its text byte for byte.
    CREATE TABLE v4_rows(
      row INTEGER PRIMARY KEY,
      table_no INTEGER NOT NULL,
      v4_id TEXT NOT NULL,
      epoch INTEGER NOT NULL DEFAULT 0,
      v5_id TEXT NOT NULL,
      -- 1 where the record is made of several rows: agents, and workflows with their steps
      joined INTEGER,
      run INTEGER NOT NULL,
      file INTEGER NOT NULL,
      byte_offset INTEGER NOT NULL,
      ordinal INTEGER NOT NULL,
      shape INTEGER,
      -- the row of an agent configuration that this row stands in
      parent INTEGER,
      text TEXT NOT NULL
    ) STRICT;
    CREATE INDEX v4_rows_by_id ON v4_rows(table_no, v4_id, epoch);
    CREATE INDEX v4_rows_by_parent ON v4_rows(parent) WHERE parent IS NOT NULL;
    CREATE INDEX v4_rows_joined ON v4_rows(v5_id) WHERE joined IS NOT NULL;

    -- Which workflow a step's row belongs to.
    CREATE TABLE v4_steps(
      row INTEGER PRIMARY KEY,
      workflow_id TEXT NOT NULL
    ) STRICT;
    CREATE INDEX v4_steps_by_workflow ON v4_steps(workflow_id);

    -- How v4's names for agents, and for workflows that nobody made, resolve.
    CREATE TABLE v4_names(
      source TEXT NOT NULL,
      kind TEXT NOT NULL CHECK(kind IN ('agent','workflow')),
      name TEXT NOT NULL,
      v5_id TEXT NOT NULL,
      -- registered: has rows of its own; alias: another name of a registered agent;
      -- stub: referred to and never registered
      origin TEXT NOT NULL CHECK(origin IN ('registered','alias','stub')),
      run INTEGER NOT NULL,
      UNIQUE(source, kind, name)
    ) STRICT;
    CREATE INDEX v4_names_by_id ON v4_names(v5_id, kind, source);

    CREATE VIEW id_map AS
      SELECT t.source AS source, t.name AS v4_table, r.v4_id AS v4_id, r.epoch AS epoch, r.v5_id AS v5_id
        FROM v4_rows r JOIN v4_tables t USING(table_no)
      UNION ALL
      SELECT source, CASE kind WHEN 'agent' THEN 'agent' ELSE 'workflow_coordination' END, name, 0, v5_id
        FROM v4_names;

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
      status TEXT NOT NULL DEFAULT 'outstanding' CHECK(status IN ('outstanding','retried','dismissed')),
      status_reason TEXT
    ) STRICT;
    CREATE INDEX rejects_by_table ON rejects(source, v4_table, v4_id);

    -- Rows too large to be held in memory, in pieces.
    CREATE TABLE reject_chunks(
      number INTEGER NOT NULL REFERENCES rejects(number),
      chunk INTEGER NOT NULL,
      bytes BLOB NOT NULL,
      UNIQUE(number, chunk)
    ) STRICT;

    -- Rows that both v4 and v5 changed; v5's stands until a person decides.
    CREATE TABLE conflicts(
      number INTEGER PRIMARY KEY,
      run INTEGER NOT NULL,
      v4_table TEXT NOT NULL,
      v4_id TEXT NOT NULL,
      v5_id TEXT NOT NULL,
      row INTEGER NOT NULL,
      shape INTEGER,
      -- v4's newer text, null where v4 has the row no more
      text TEXT,
      status TEXT NOT NULL DEFAULT 'outstanding' CHECK(status IN ('outstanding','v4','v5'))
    ) STRICT;

    -- What comparing the store with an export found.
    CREATE TABLE verifications(
      number INTEGER PRIMARY KEY,
      source TEXT NOT NULL,
      -- the newest run when it was compared
      run INTEGER,
      verified_at INTEGER NOT NULL,
      status TEXT NOT NULL CHECK(status IN ('identical','different')),
      rows_compared INTEGER NOT NULL,
      mismatches INTEGER NOT NULL,
      missing INTEGER NOT NULL,
      extra INTEGER NOT NULL
    ) STRICT;
    """
}
