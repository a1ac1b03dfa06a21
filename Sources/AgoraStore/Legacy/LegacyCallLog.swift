/// What is written down of one call of v4: never what a message says.
package struct LegacyCallRecord: Sendable, Equatable {
  package let at: Timestamp
  /// The door: `cli`, `http` or `mcp`.
  package let door: String
  package let database: String
  package let reducer: String
  /// The shape in which it came; nil where it had none that is known.
  package let shape: String?
  /// The agent as the call named it.
  package let claimed: String?
  /// Who that is.
  package let agent: String?
  /// Why it was refused; nil where it was done.
  package let code: String?
  /// How long it took, in microseconds.
  package let microseconds: Int
  /// The v5 tool that did it; nil where none did.
  package let tool: String?

  package init(
    at: Timestamp, door: String, database: String, reducer: String, shape: String?,
    claimed: String?, agent: String?, code: String?, microseconds: Int, tool: String?
  ) {
    self.at = at
    self.door = door
    self.database = database
    self.reducer = reducer
    self.shape = shape
    self.claimed = claimed
    self.agent = agent
    self.code = code
    self.microseconds = microseconds
    self.tool = tool
  }

  /// The record as JSON.
  package var json: JSON {
    .object([
      .init("at", .string(at.description)), .init("door", .string(door)),
      .init("database", .string(database)), .init("reducer", .string(reducer)),
      .init("shape", .optional(shape)), .init("claimed", .optional(claimed)),
      .init("agent_id", .optional(agent)),
      .init("outcome", .string(code == nil ? "done" : "refused")),
      .init("code", .optional(code)), .init("microseconds", .int(microseconds)),
      .init("tool", .optional(tool)),
    ])
  }
}

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
      microseconds, tool) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)
    """)
  private static let newestOld = Query(
    "v4_calls.newest_old",
    """
    SELECT max(ifnull((SELECT max(call) FROM v4_calls WHERE at<?1),0),
      ifnull((SELECT max(call) FROM v4_calls),0)-?2)
    """)
  private static let fold = Query(
    "v4_calls.fold",
    """
    INSERT INTO v4_call_days(day, agent, reducer, outcome, calls)
    SELECT at/86400000000, coalesce(agent_id, claimed, ''), reducer, outcome, count(*)
    FROM v4_calls WHERE call<=?1 GROUP BY 1,2,3,4
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
      .int(call.microseconds), .optional(call.tool))
    if connection.lastInsertedRow % Self.interval == 0 { try fold(at: call.at) }
  }

  /// Turns calls that are too old or too many into counts.
  package func fold(at now: Timestamp) throws {
    let old = now.microseconds - Int64(Self.days) * 86_400_000_000
    let last = try connection.integer(Self.newestOld, .integer(old), .int(limit)) ?? 0
    guard last > 0 else { return }
    try connection.run(Self.fold, .integer(last))
    try connection.run(Self.forget, .integer(last))
  }

  private static let newest = Query(
    "v4_calls.newest",
    """
    SELECT at, door, database, reducer, shape, claimed, agent_id, code, microseconds, tool
    FROM v4_calls WHERE ?2 IS NULL OR reducer=?2 ORDER BY call DESC LIMIT ?1
    """)

  /// The newest calls, the newest first.
  ///
  /// - Parameter reducer: of this one only.
  package func newest(_ count: Int, of reducer: String? = nil) throws -> [LegacyCallRecord] {
    try connection.all(Self.newest, .int(count), .optional(reducer)) { row in
      LegacyCallRecord(
        at: Timestamp(microseconds: row.int64(0)), door: row.text(1), database: row.text(2),
        reducer: row.text(3), shape: row.optionalText(4), claimed: row.optionalText(5),
        agent: row.optionalText(6), code: row.optionalText(7), microseconds: row.int(8),
        tool: row.optionalText(9))
    }
  }

  /// Calls of a day that are counted together.
  package struct Count: Sendable {
    package let day: Int64
    package let agent: String
    package let reducer: String
    package let outcome: String
    package let calls: Int
  }

  private static let counts = Query(
    "v4_call_days.all",
    """
    SELECT day, agent, reducer, outcome, sum(calls) FROM (
      SELECT day, agent, reducer, outcome, calls FROM v4_call_days
      UNION ALL
      SELECT at/86400000000, coalesce(agent_id, claimed, ''), reducer, outcome, 1 FROM v4_calls)
    WHERE ?2 IS NULL OR reducer=?2 GROUP BY 1,2,3,4 ORDER BY 1 DESC,2,3,4 LIMIT ?1
    """)

  /// The counts of each day, agent, reducer and outcome, the newest day first.
  package func counts(limit: Int, of reducer: String? = nil) throws -> [Count] {
    try connection.all(Self.counts, .int(limit), .optional(reducer)) { row in
      Count(
        day: row.int64(0), agent: row.text(1), reducer: row.text(2), outcome: row.text(3),
        calls: row.int(4))
    }
  }
}
