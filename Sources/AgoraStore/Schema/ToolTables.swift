extension SchemaStep {
  /// What the v5 tools need besides the protocol's tables, and the indexes of their listings.
  ///
  /// None of it is content: it says how the marketplace is run, and a migration leaves it alone.
  static let toolTables = """
    -- Standing requests for events; the stream itself is read from events.
    CREATE TABLE subscriptions(
      subscription_id TEXT NOT NULL PRIMARY KEY,
      agent_id TEXT NOT NULL,
      event_types TEXT NOT NULL,
      filters TEXT NOT NULL DEFAULT '{}',
      status TEXT NOT NULL DEFAULT 'active' CHECK(status IN ('active','ended')),
      created_at INTEGER NOT NULL,
      ended_at INTEGER
    ) STRICT;
    CREATE INDEX subscriptions_by_agent ON subscriptions(agent_id, status);

    -- What operators did by force. One that halts is active until somebody of at least its level lifts it.
    CREATE TABLE overrides(
      override_id TEXT NOT NULL PRIMARY KEY,
      -- an agent's or a workflow's id, or system_wide
      target_id TEXT NOT NULL,
      action TEXT NOT NULL CHECK(action IN ('pause','resume','terminate','emergency_halt')),
      reason TEXT NOT NULL,
      priority INTEGER NOT NULL CHECK(priority BETWEEN 0 AND 255),
      actor TEXT NOT NULL,
      executed_at INTEGER NOT NULL,
      state TEXT NOT NULL CHECK(state IN ('active','lifted','done')),
      lifted_at INTEGER,
      lifted_by TEXT
    ) STRICT;
    CREATE INDEX overrides_active ON overrides(target_id, priority) WHERE state='active';
    CREATE INDEX overrides_by_target ON overrides(target_id, action, priority);

    -- Settings of the marketplace: a key and a JSON value.
    CREATE TABLE configuration(
      key TEXT NOT NULL PRIMARY KEY,
      value TEXT NOT NULL,
      updated_at INTEGER NOT NULL,
      updated_by TEXT NOT NULL
    ) STRICT;

    -- When a service's row was last made anew from the catalogue, and who set its status; null where the
    -- catalogue does.
    ALTER TABLE services ADD COLUMN updated_at INTEGER;
    ALTER TABLE services ADD COLUMN status_set_by TEXT;

    -- What the marketplace's health was found to be when it was last measured.
    CREATE TABLE health(
      component TEXT NOT NULL PRIMARY KEY,
      status TEXT NOT NULL CHECK(status IN ('healthy','degraded','critical')),
      -- null for the write: this row is what was written
      value REAL,
      measured_at INTEGER NOT NULL
    ) STRICT;

    -- What a halted agent or workflow goes back to when its last halt is lifted.
    CREATE TABLE halted_status(
      target_id TEXT NOT NULL PRIMARY KEY,
      status TEXT NOT NULL
    ) STRICT;

    -- How often each tool was called and answered; day counts from 1970-01-01.
    CREATE TABLE service_use(
      service_name TEXT NOT NULL,
      version TEXT NOT NULL,
      day INTEGER NOT NULL,
      calls INTEGER NOT NULL,
      PRIMARY KEY(service_name, version, day)
    ) STRICT, WITHOUT ROWID;

    -- When each agent last acted through which door, and how often. Apart from agents, so that a migrated
    -- agent that acts on v5 is still as it was imported.
    CREATE TABLE agent_activity(
      agent_id TEXT NOT NULL,
      origin TEXT NOT NULL,
      last_at INTEGER NOT NULL,
      calls INTEGER NOT NULL,
      PRIMARY KEY(agent_id, origin)
    ) STRICT, WITHOUT ROWID;

    -- tasks.dependencies from the other side: which tasks wait for one.
    CREATE TABLE task_dependencies(
      depends_on TEXT NOT NULL,
      task_id TEXT NOT NULL,
      PRIMARY KEY(depends_on, task_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX task_dependencies_by_task ON task_dependencies(task_id);

    -- No event gets the place of one that is gone, or those who wait behind that place would miss it.
    CREATE TABLE event_floor(seq INTEGER NOT NULL) STRICT;
    INSERT INTO event_floor VALUES(0);
    CREATE TRIGGER events_forgotten AFTER DELETE ON events BEGIN
      UPDATE event_floor SET seq=OLD.seq WHERE seq<OLD.seq;
    END;

    -- agents.capabilities from the other side, by name: whom a capability finds, in the order of listings.
    CREATE TABLE agent_capabilities(
      capability TEXT NOT NULL,
      agent_name TEXT NOT NULL,
      PRIMARY KEY(capability, agent_name)
    ) STRICT, WITHOUT ROWID;
    CREATE TRIGGER agents_capable AFTER INSERT ON agents WHEN NEW.capabilities<>'[]' BEGIN
      INSERT OR IGNORE INTO agent_capabilities SELECT value, NEW.agent_name
        FROM json_each(iif(json_valid(NEW.capabilities), NEW.capabilities, '[]')) WHERE type='text';
    END;
    CREATE TRIGGER agents_capable_anew AFTER UPDATE OF agent_name, capabilities ON agents
      WHEN OLD.agent_name<>NEW.agent_name OR OLD.capabilities<>NEW.capabilities BEGIN
      DELETE FROM agent_capabilities WHERE agent_name=OLD.agent_name AND capability IN (SELECT value
        FROM json_each(iif(json_valid(OLD.capabilities), OLD.capabilities, '[]')) WHERE type='text');
      INSERT OR IGNORE INTO agent_capabilities SELECT value, NEW.agent_name
        FROM json_each(iif(json_valid(NEW.capabilities), NEW.capabilities, '[]')) WHERE type='text';
    END;
    INSERT OR IGNORE INTO agent_capabilities SELECT j.value, a.agent_name FROM agents a,
      json_each(iif(json_valid(a.capabilities), a.capabilities, '[]')) j WHERE j.type='text';

    CREATE TRIGGER agents_forgotten AFTER DELETE ON agents BEGIN
      DELETE FROM agent_capabilities WHERE agent_name=OLD.agent_name AND capability IN (SELECT value
        FROM json_each(iif(json_valid(OLD.capabilities), OLD.capabilities, '[]')) WHERE type='text');
      DELETE FROM subscriptions WHERE agent_id=OLD.agent_id;
      DELETE FROM agent_activity WHERE agent_id=OLD.agent_id;
    END;
    CREATE TRIGGER tasks_forgotten AFTER DELETE ON tasks BEGIN
      DELETE FROM task_dependencies WHERE task_id=OLD.task_id;
    END;

    -- Whether the one receiver of a message has still to read it, kept beside message_reads so that an
    -- inbox of any size gives its unread messages by the index. A broadcast stays 1: each has his own.
    ALTER TABLE messages ADD COLUMN unread INTEGER NOT NULL DEFAULT 1 CHECK(unread IN (0,1));
    ALTER TABLE undo_messages ADD COLUMN unread INTEGER;
    DROP INDEX messages_by_receiver;
    CREATE INDEX messages_by_receiver ON messages(to_agent, unread, timestamp, message_type);
    -- Which broadcasts an agent has still to read is counted from this and message_reads alone.
    CREATE INDEX messages_broadcast ON messages(to_agent, from_agent, message_id)
      WHERE to_agent='broadcast';

    -- Lists and statistics of tasks are answered from these alone.
    DROP INDEX tasks_by_agent;
    CREATE INDEX tasks_by_agent
      ON tasks(assigned_agent, status, priority DESC, created_at, deadline, task_type, completed_at);
    CREATE INDEX tasks_by_status
      ON tasks(status, priority DESC, created_at, deadline, task_type, completed_at);
    CREATE INDEX tasks_by_type ON tasks(task_type, status, completed_at, created_at);
    CREATE INDEX tasks_by_age ON tasks(created_at);
    CREATE INDEX workflows_by_status ON workflows(status, created_at);
    CREATE INDEX agents_by_status ON agents(status, agent_name);
    CREATE INDEX agents_by_tier ON agents(service_tier, agent_name);
    -- The newest completions of one agent and how long they took, from the index alone.
    CREATE INDEX tasks_completed ON tasks(assigned_agent, completed_at, created_at)
      WHERE status='completed';
    -- The same of all of them.
    CREATE INDEX tasks_finished ON tasks(completed_at, created_at) WHERE status='completed';
    -- What is late, and what waits to be read: that is the backlog. Of messages only those of v5.
    CREATE INDEX tasks_due ON tasks(deadline, status)
      WHERE deadline IS NOT NULL AND status IN ('pending','in_progress');
    CREATE INDEX messages_waiting ON messages(timestamp, unread, source_row, to_agent)
      WHERE unread=1 AND source_row IS NULL AND to_agent<>'broadcast';
    CREATE INDEX v4_names_by_name ON v4_names(kind, name);
    -- The events that may be pruned: those of v5 itself.
    CREATE INDEX events_born ON events(timestamp) WHERE source_row IS NULL;
    """
}
