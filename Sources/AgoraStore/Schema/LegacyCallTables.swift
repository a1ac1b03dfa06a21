extension SchemaStep {
  /// What calls of v4 need: how their ids resolve, and the record of them.
  static let legacyCallTables = """
    -- The ids of v4 that calls of v4 brought. How agents and workflows resolve stands in v4_names.
    CREATE TABLE v4_call_ids(
      kind TEXT NOT NULL CHECK(kind IN ('message','task','event','capability')),
      v4_id TEXT NOT NULL,
      v5_id TEXT NOT NULL,
      source TEXT NOT NULL,
      PRIMARY KEY(kind, v4_id)
    ) STRICT, WITHOUT ROWID;

    -- Every call of v4, also a refused one, written before it is answered; never what a message says.
    CREATE TABLE v4_calls(
      call INTEGER PRIMARY KEY,
      at INTEGER NOT NULL,
      door TEXT NOT NULL,
      database TEXT NOT NULL,
      reducer TEXT NOT NULL,
      shape TEXT,
      -- the agent as the call named it, and who that is
      claimed TEXT,
      agent_id TEXT,
      outcome TEXT NOT NULL CHECK(outcome IN ('done','refused')),
      code TEXT,
      microseconds INTEGER NOT NULL,
      tool TEXT
    ) STRICT;
    CREATE INDEX v4_calls_by_time ON v4_calls(at);

    -- The calls that are no longer told one by one; day counts from 1970-01-01, UTC.
    CREATE TABLE v4_call_days(
      day INTEGER NOT NULL,
      agent TEXT NOT NULL,
      reducer TEXT NOT NULL,
      outcome TEXT NOT NULL,
      calls INTEGER NOT NULL,
      PRIMARY KEY(day, agent, reducer, outcome)
    ) STRICT, WITHOUT ROWID;
    """
}
