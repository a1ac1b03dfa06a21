/// Agents whose records another one has taken over: an id that was told once stays good, and a migration
/// that is taken back gives back what the other one got.
package struct MergedAgents {
  static let tableSQL =
    """
    -- Agents that are gone because another one turned out to be the same.
    CREATE TABLE merged_agents(
      agent_id TEXT NOT NULL PRIMARY KEY,
      successor TEXT NOT NULL,
      -- JSON lists: the ids of what was the agent's, and [origin, last_at, calls] of its own work
      overrides TEXT NOT NULL,
      subscriptions TEXT NOT NULL,
      activity TEXT NOT NULL
    ) STRICT;
    CREATE INDEX merged_agents_by_successor ON merged_agents(successor);

    """ + UndoLog.logSQL("merged_agents")

  private let connection: Connection

  package init(_ connection: Connection) { self.connection = connection }

  /// SQL for the id of the agent that an id means today: its own, or that of whoever took over; NULL where
  /// there is neither.
  ///
  /// - Parameter id: SQL, such as a column.
  package static func today(_ id: String) -> String {
    """
    (WITH RECURSIVE heir(id) AS (SELECT \(id)
        UNION SELECT m.successor FROM heir JOIN merged_agents m ON m.agent_id=heir.id)
      SELECT heir.id FROM heir JOIN agents ON agent_id=heir.id LIMIT 1)
    """
  }

  /// SQL for the ids that meant an agent before: its own, and those of whom it took over from.
  ///
  /// - Parameter id: SQL, such as a parameter.
  static func before(_ id: String) -> String {
    """
    (WITH RECURSIVE heir(id) AS (SELECT \(id)
        UNION SELECT m.agent_id FROM heir JOIN merged_agents m ON m.successor=heir.id)
      SELECT id FROM heir)
    """
  }

  // MARK: taking over

  private static let note = Query(
    "merged_agents.note",
    """
    INSERT OR REPLACE INTO merged_agents(agent_id, successor, overrides, subscriptions, activity)
    SELECT ?1, ?2,
      (SELECT json_group_array(override_id) FROM overrides WHERE target_id=?1),
      (SELECT json_group_array(subscription_id) FROM subscriptions WHERE agent_id=?1),
      (SELECT json_group_array(json_array(origin,last_at,calls)) FROM agent_activity WHERE agent_id=?1)
    """)
  private static let moves: [Query] = [
    Query("overrides.off_stub", "UPDATE overrides SET target_id=?2 WHERE target_id=?1"),
    Query("subscriptions.off_stub", "UPDATE subscriptions SET agent_id=?2 WHERE agent_id=?1"),
    Query(
      "agent_activity.off_stub",
      """
      INSERT INTO agent_activity(agent_id, origin, last_at, calls)
      SELECT ?2, origin, last_at, calls FROM agent_activity WHERE agent_id=?1
      ON CONFLICT DO UPDATE SET last_at=max(last_at,excluded.last_at), calls=calls+excluded.calls
      """),
  ]

  /// Gives an agent what makes another one halted, told and alive, and remembers what that was.
  ///
  /// Tokens, exemptions and acknowledgements keep the id that they were given for.
  func move(from agent: String, to successor: String) throws {
    for query in [Self.note] + Self.moves {
      try connection.run(query, .text(agent), .text(successor))
    }
  }

  // MARK: taking back

  /// Two agents that a run made one.
  package struct Pair: Sendable {
    let agent: String
    let successor: String
    let activity: String
  }

  private static let ofRun = Query(
    "merged_agents.of_run",
    """
    SELECT m.agent_id, m.successor, m.activity FROM undo_merged_agents u
    JOIN merged_agents m ON m.rowid=u.undo_key
    WHERE u.undo_run=?1 AND u.undo_op='insert' ORDER BY u.rowid DESC
    """)
  private static let returns: [Query] = [("overrides", "target_id"), ("subscriptions", "agent_id")]
    .map { table, column in
      Query(
        "\(table).on_stub",
        """
        UPDATE \(table) SET \(column)=?1 WHERE \(table.dropLast())_id IN (SELECT j.value
          FROM merged_agents m, json_each(m.\(table)) j WHERE m.agent_id=?1)
        """)
    }

  /// Gives back what the agents of a run got, before the run's rows are taken back.
  ///
  /// - Returns: for ``settle(_:)``.
  package func takeBack(run: Int64) throws -> [Pair] {
    let pairs = try connection.all(Self.ofRun, .integer(run)) { row in
      Pair(agent: row.text(0), successor: row.text(1), activity: row.text(2))
    }
    for pair in pairs {
      for query in Self.returns { try connection.run(query, .text(pair.agent)) }
    }
    return pairs
  }

  private static let lives = Query(
    "agents.lives", "SELECT EXISTS(SELECT 1 FROM agents WHERE agent_id=?1)")
  private static let revive = Query(
    "agent_activity.on_stub",
    """
    INSERT OR IGNORE INTO agent_activity(agent_id, origin, last_at, calls)
    SELECT ?1, json_extract(value,'$[0]'), json_extract(value,'$[1]'), json_extract(value,'$[2]')
    FROM json_each(?2)
    """)

  /// Gives back what is told of agents that are there again, after the run's rows have been taken back.
  package func settle(_ pairs: [Pair]) throws {
    let returned = Successors(connection)
    try returned.begin()
    for pair in pairs where try connection.integer(Self.lives, .text(pair.agent)) == 1 {
      try connection.run(Self.revive, .text(pair.agent), .text(pair.activity))
      // Calls cannot be told apart any more where the other agent was there before.
      guard try connection.integer(Self.lives, .text(pair.successor)) == 0 else { continue }
      try returned.add(pair.successor, pair.agent)
    }
    try LegacyCallLog(connection).rename(returned)
  }
}
