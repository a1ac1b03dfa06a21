/// The record of the calls of v4: the newest one by one, older ones as counts of a day.
package struct LegacyCallLog {
  /// How many are told one by one at most.
  package static let limit = 100_000
  /// How many days they are told one by one at most.
  package static let days = 30
  /// A call in so many is followed by folding.
  private static let interval: Int64 = 256

  private let connection: Connection
  private let limit: Int

  package init(_ connection: Connection, limit: Int = limit) {
    self.connection = connection
    self.limit = limit
  }

  private static let insert = Query(
    "v4_calls.insert",
    """
    INSERT INTO v4_calls(at, door, database, reducer, shape, claimed, agent_id, outcome, code,
      microseconds, tool, task_id, workflow_id, message_id, receiver_id)
    VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)
    """)
  private static let newestOld = Query(
    "v4_calls.newest_old",
    """
    SELECT max(ifnull((SELECT max(call) FROM v4_calls WHERE at<?1),0),
      ifnull((SELECT max(call) FROM v4_calls),0)-?2)
    """)
  private static let counted = LegacyCaller.counted
  private static let fold = Query(
    "v4_calls.fold",
    """
    INSERT INTO v4_call_days(day, agent, reducer, code, calls, last_at)
    SELECT at/86400000000, coalesce(agent_id, claimed, ''), \(counted), ifnull(code,''), count(*),
      max(at)
    FROM v4_calls WHERE call<=?1 GROUP BY 1,2,3,4
    ON CONFLICT DO UPDATE SET calls=calls+excluded.calls, last_at=max(last_at,excluded.last_at)
    """)
  private static let foldTotals = Query(
    "v4_calls.fold_totals",
    """
    INSERT INTO v4_call_totals(day, reducer, code, calls)
    SELECT at/86400000000, \(counted), ifnull(code,''), count(*)
    FROM v4_calls WHERE call<=?1 GROUP BY 1,2,3
    ON CONFLICT DO UPDATE SET calls=calls+excluded.calls
    """)
  private static let forget = Query("v4_calls.forget", "DELETE FROM v4_calls WHERE call<=?1")

  /// Writes a call down, inside the caller's transaction.
  package func add(_ call: LegacyCallRecord) throws {
    func short(_ text: String?) -> SQLValue {
      // A claimed name can be of any length; the record is bounded all the same.
      .optional(text.map { String(decoding: $0.utf8.prefix(512), as: UTF8.self) })
    }
    try connection.run(
      Self.insert, .integer(call.at.microseconds), .text(call.door), short(call.database),
      short(call.reducer), .optional(call.shape), short(call.claimed), .optional(call.agent),
      .text(call.code == nil ? "done" : "refused"), .optional(call.code),
      .int(call.microseconds), .optional(call.tool), .optional(call.touched.task),
      .optional(call.touched.workflow), .optional(call.touched.message),
      .optional(call.touched.receiver))
    if connection.lastInsertedRow % Self.interval == 0 { try fold(at: call.at) }
  }

  /// Turns calls that are too old or too many into counts.
  package func fold(at now: Timestamp) throws {
    let old = now.microseconds - Int64(Self.days) * 86_400_000_000
    let last = try connection.integer(Self.newestOld, .integer(old), .int(limit)) ?? 0
    guard last > 0 else { return }
    try connection.run(Self.fold, .integer(last))
    try connection.run(Self.foldTotals, .integer(last))
    try LegacyCallers(connection).fold(upTo: last)
    try connection.run(Self.forget, .integer(last))
  }

  private static let columns =
    "at, door, database, reducer, shape, claimed, agent_id, code, microseconds, tool, task_id, workflow_id, message_id, receiver_id"
  private static let newest = Query(
    "v4_calls.newest",
    "SELECT \(columns) FROM v4_calls WHERE ?2 IS NULL OR reducer=?2 ORDER BY call DESC LIMIT ?1")
  private static let since = Query(
    "v4_calls.since", "SELECT \(columns) FROM v4_calls WHERE at>=?1 ORDER BY at, call")

  private static func record(_ row: borrowing Row) -> LegacyCallRecord {
    LegacyCallRecord(
      at: Timestamp(microseconds: row.int64(0)), door: row.text(1), database: row.text(2),
      reducer: row.text(3), shape: row.optionalText(4), claimed: row.optionalText(5),
      agent: row.optionalText(6), code: row.optionalText(7), microseconds: row.int(8),
      tool: row.optionalText(9),
      touched: LegacyCallRecord.Touched(
        task: row.optionalText(10), workflow: row.optionalText(11), message: row.optionalText(12),
        receiver: row.optionalText(13)))
  }

  /// The newest calls, the newest first.
  ///
  /// - Parameter reducer: of this one only.
  package func newest(_ count: Int, of reducer: String? = nil) throws -> [LegacyCallRecord] {
    try connection.all(Self.newest, .int(count), .optional(reducer)) { Self.record($0) }
  }

  /// Lends each call since an instant that is still told by itself, the oldest first.
  package func each(
    since instant: Timestamp, _ body: (LegacyCallRecord) throws -> Void
  ) throws {
    try connection.each(Self.since, .integer(instant.microseconds)) { try body(Self.record($0)) }
  }

  /// Calls of a day that are counted together.
  package struct Count: Sendable {
    /// Days since 1970-01-01, UTC.
    package let day: Int64
    package let agent: String
    package let reducer: String
    /// Why they were refused; nil where they were done.
    package let code: String?
    package let calls: Int
    package let lastAt: Timestamp

    /// `done` or `refused`.
    package var outcome: String { code == nil ? "done" : "refused" }
  }

  private static let counts = Query(
    "v4_call_days.all",
    """
    SELECT day, agent, reducer, code, sum(calls), max(last_at) FROM (
      SELECT day, agent, reducer, code, calls, last_at FROM v4_call_days
      UNION ALL
      SELECT at/86400000000, coalesce(agent_id, claimed, ''), \(counted), ifnull(code,''), 1, at
      FROM v4_calls)
    WHERE ?2 IS NULL OR reducer=?2 GROUP BY 1,2,3,4 ORDER BY 1 DESC,2,3,4 LIMIT ?1
    """)

  /// The counts of each day, agent, reducer and code, the newest day first.
  package func counts(limit: Int, of reducer: String? = nil) throws -> [Count] {
    try connection.all(Self.counts, .int(limit), .optional(reducer)) { row in
      let code = row.text(3)
      return Count(
        day: row.int64(0), agent: row.text(1), reducer: row.text(2),
        code: code.isEmpty ? nil : code, calls: row.int(4),
        lastAt: Timestamp(microseconds: row.int64(5)))
    }
  }

  private static let name = Query(
    "agents.name_of_caller", "SELECT agent_name FROM agents WHERE agent_id=?1")

  /// The names of agents that counts have by their ids; what is no agent's id has none.
  package func names(of agents: [String]) throws -> [String: String] {
    var names: [String: String] = [:]
    for agent in Set(agents) {
      names[agent] = try connection.first(Self.name, .text(agent)) { $0.text(0) }
    }
    return names
  }

  /// Calls of all agents together: of one day, reducer and code.
  package struct Total: Sendable, Equatable {
    /// Days since 1970-01-01, UTC.
    package let day: Int64
    package let reducer: String
    /// Why they were refused; nil where they were done.
    package let code: String?
    package let calls: Int
  }

  private static let totals = Query(
    "v4_call_totals.all",
    """
    SELECT day, reducer, code, sum(calls) FROM (
      SELECT day, reducer, code, calls FROM v4_call_totals
      UNION ALL
      SELECT at/86400000000, \(counted), ifnull(code,''), count(*) FROM v4_calls GROUP BY 1,2,3)
    WHERE day>=?1 GROUP BY 1,2,3 ORDER BY 1,2,3
    """)

  /// How often each reducer was called on each day since one, and why it was refused.
  package func totals(since day: Int64 = .min) throws -> [Total] {
    try connection.all(Self.totals, .integer(day)) { row in
      let code = row.text(2)
      return Total(
        day: row.int64(0), reducer: row.text(1), code: code.isEmpty ? nil : code,
        calls: row.int(3))
    }
  }

  private static let renames: [Query] = [
    Query(
      "v4_calls.rename",
      """
      UPDATE v4_calls SET agent_id=\(Successors.of("coalesce(agent_id,claimed)"))
      WHERE coalesce(agent_id,claimed) IN \(Successors.all)
      """),
    Query(
      "v4_calls.rename_receiver",
      """
      UPDATE v4_calls SET receiver_id=\(Successors.of("receiver_id"))
      WHERE receiver_id IN \(Successors.all)
      """),
    Query(
      "v4_call_days.rename",
      """
      INSERT INTO v4_call_days(day, agent, reducer, code, calls, last_at)
      SELECT d.day, s.successor, d.reducer, d.code, d.calls, d.last_at
      FROM v4_call_days d JOIN temp.successors s ON s.agent=d.agent WHERE TRUE
      ON CONFLICT DO UPDATE SET calls=calls+excluded.calls, last_at=max(last_at,excluded.last_at)
      """),
    Query(
      "v4_call_days.forget_agents", "DELETE FROM v4_call_days WHERE agent IN \(Successors.all)"),
  ]

  /// Gives agents' calls to those that they have turned out to be; the record is gone through once for all
  /// of them.
  package func rename(_ successors: Successors) throws {
    for query in Self.renames { try connection.run(query) }
    let callers = LegacyCallers(connection)
    try successors.each { try callers.rename($0, to: $1) }
  }
}
