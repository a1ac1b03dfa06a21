extension SchemaStep {
  /// How v4 is brought to its end, and what the record of its calls has to say for that.
  ///
  /// None of it is content: it says how the store is run, and a migration leaves it alone. How it came
  /// to be so stands in the audit, under the target `v4_sunset`.
  static let sunsetTables = """
    -- One row, made with the first decision; before it v4 is answered without a word.
    CREATE TABLE v4_sunset(
      one INTEGER NOT NULL PRIMARY KEY CHECK(one=1),
      phase TEXT NOT NULL CHECK(phase IN ('compatibility','warning','brownout','sunset')),
      since INTEGER NOT NULL,
      -- from when v4 is deprecated (RFC 9745), and when it is to end (RFC 8594); never the other way round
      deprecated_at INTEGER,
      sunset_at INTEGER,
      -- when that end was made known
      announced_at INTEGER,
      -- when the deprecation_notice was broadcast
      noticed_at INTEGER,
      -- after more refused calls than this a window ends early
      budget INTEGER NOT NULL,
      -- how long the windows last, in seconds: a JSON array
      lengths TEXT NOT NULL,
      CHECK(deprecated_at IS NULL OR sunset_at IS NULL OR deprecated_at<=sunset_at)
    ) STRICT;

    -- The announced windows in which calls of v4 fail; each holds from its start until before its end.
    CREATE TABLE v4_brownouts(
      starts_at INTEGER NOT NULL PRIMARY KEY,
      ends_at INTEGER NOT NULL,
      refused INTEGER NOT NULL DEFAULT 0,
      -- when the breaker ended it
      broken_at INTEGER,
      CHECK(starts_at<ends_at)
    ) STRICT;

    -- Agents whose calls pass in a window; agent is an id of v5, or a name that nobody has registered.
    CREATE TABLE v4_exemptions(
      agent TEXT NOT NULL PRIMARY KEY,
      name TEXT NOT NULL,
      until INTEGER NOT NULL,
      reason TEXT NOT NULL,
      granted_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- Silent agents that somebody has looked at: they need not be waited for.
    CREATE TABLE v4_acknowledged(
      agent TEXT NOT NULL PRIMARY KEY,
      name TEXT NOT NULL,
      reason TEXT NOT NULL,
      acknowledged_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- What of v5 a call made or touched: what would have failed had v4 been off.
    ALTER TABLE v4_calls ADD COLUMN task_id TEXT;
    ALTER TABLE v4_calls ADD COLUMN workflow_id TEXT;
    ALTER TABLE v4_calls ADD COLUMN message_id TEXT;
    ALTER TABLE v4_calls ADD COLUMN receiver_id TEXT;

    -- The counts of a day say why a call was refused ('' where it was done) and when the last one came.
    ALTER TABLE v4_call_days RENAME TO v4_call_days_before;
    CREATE TABLE v4_call_days(
      day INTEGER NOT NULL,
      agent TEXT NOT NULL,
      reducer TEXT NOT NULL,
      code TEXT NOT NULL,
      calls INTEGER NOT NULL,
      last_at INTEGER NOT NULL,
      PRIMARY KEY(agent, day, reducer, code)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO v4_call_days SELECT day, agent, reducer, iif(outcome='done','','refused'), calls,
      (day+1)*86400000000-1 FROM v4_call_days_before;
    DROP TABLE v4_call_days_before;

    -- The same by reducer alone: what a report of any store reads in a moment.
    CREATE TABLE v4_call_totals(
      day INTEGER NOT NULL,
      reducer TEXT NOT NULL,
      code TEXT NOT NULL,
      calls INTEGER NOT NULL,
      PRIMARY KEY(day, reducer, code)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO v4_call_totals SELECT day, reducer, code, sum(calls) FROM v4_call_days GROUP BY 1,2,3;

    -- The same by agent alone: its newest days as 'day:calls …', its reducers as 'name:calls …'.
    CREATE TABLE v4_callers(
      agent TEXT NOT NULL PRIMARY KEY,
      first_at INTEGER NOT NULL,
      last_at INTEGER NOT NULL,
      calls INTEGER NOT NULL,
      refused INTEGER NOT NULL,
      days TEXT NOT NULL,
      reducers TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO v4_callers SELECT agent, min(day)*86400000000, max(last_at), sum(calls),
      sum(iif(code='',0,calls)),
      (SELECT group_concat(d.day||':'||d.calls,' ') FROM (SELECT day, sum(calls) AS calls
        FROM v4_call_days WHERE agent=v.agent GROUP BY day ORDER BY day) d),
      (SELECT group_concat(r.reducer||':'||r.calls,' ') FROM (SELECT reducer, sum(calls) AS calls
        FROM v4_call_days WHERE agent=v.agent GROUP BY reducer ORDER BY reducer) r)
      FROM v4_call_days v GROUP BY agent;
    """
}
