/// What is known of one agent's calls of v4, folded ones and those that are still told one by one.
package struct LegacyCaller: Sendable, Equatable {
  /// Calls of one day, counted from 1970-01-01, UTC.
  package struct Day: Sendable, Equatable {
    package let day: Int32
    package var calls: Int32
  }

  /// Calls of one reducer.
  package struct Use: Sendable, Equatable {
    package let reducer: String
    package var calls: Int
  }

  /// The agent's id, the name that nobody has registered, or nothing where a call named nobody.
  package let agent: String
  package private(set) var firstAt: Timestamp
  package private(set) var lastAt: Timestamp
  /// All calls, also those that were refused.
  package private(set) var calls = 0
  package private(set) var refused = 0
  /// The newest days with a call, in order; at most ``keptDays``.
  package private(set) var days: [Day] = []
  /// The reducers, in the order in which they were first seen.
  package private(set) var reducers: [Use] = []

  /// How many days with a call are kept of each agent.
  package static let keptDays = 64
  /// The code of a call whose reducer nobody has.
  package static let unknownCode = "unknown_reducer"
  /// The reducer under which all names are counted that no reducer has.
  package static let unknownReducer = "(unknown)"

  /// SQL for the reducer of a call as it is counted: names that no reducer has are counted together, for
  /// there is no end to them.
  static let counted = "iif(code='\(unknownCode)','\(unknownReducer)',reducer)"

  init(_ agent: String, at: Timestamp) {
    self.agent = agent
    firstAt = at
    lastAt = at
  }

  /// Calls of one agent, day and reducer, as the record counts them.
  struct Count {
    let agent: String
    let day: Int32
    let reducer: String
    let calls: Int
    let refused: Int
    let firstAt: Timestamp
    let lastAt: Timestamp
  }

  mutating func add(_ count: Count) {
    firstAt = min(firstAt, count.firstAt)
    lastAt = max(lastAt, count.lastAt)
    calls = Numeric.sum(calls, count.calls)
    refused = Numeric.sum(refused, count.refused)
    addDay(Day(day: count.day, calls: Int32(clamping: count.calls)))
    addUse(Use(reducer: count.reducer, calls: count.calls))
  }

  /// Adds what another name of the same agent did.
  mutating func add(_ other: LegacyCaller) {
    firstAt = min(firstAt, other.firstAt)
    lastAt = max(lastAt, other.lastAt)
    calls = Numeric.sum(calls, other.calls)
    refused = Numeric.sum(refused, other.refused)
    for day in other.days { addDay(day) }
    for use in other.reducers { addUse(use) }
  }

  private mutating func addDay(_ new: Day) {
    // A clock that jumps may bring an older day after a newer one.
    let index = days.lastIndex { $0.day <= new.day }
    if let index, days[index].day == new.day {
      days[index].calls = Int32(clamping: Int64(days[index].calls) + Int64(new.calls))
    } else {
      days.insert(new, at: index.map { $0 + 1 } ?? 0)
      if days.count > Self.keptDays { days.removeFirst(days.count - Self.keptDays) }
    }
  }

  private mutating func addUse(_ new: Use) {
    if let index = reducers.firstIndex(where: { $0.reducer == new.reducer }) {
      reducers[index].calls = Numeric.sum(reducers[index].calls, new.calls)
    } else {
      reducers.append(new)
    }
  }
}

/// Every agent's calls of v4: one row each where they are folded, so that a report of any history reads
/// as many rows as there are agents.
package struct LegacyCallers {
  private let connection: Connection

  package init(_ connection: Connection) { self.connection = connection }

  private static let folded = Query(
    "v4_callers.all",
    "SELECT agent, first_at, last_at, calls, refused, days, reducers FROM v4_callers ORDER BY agent"
  )
  private static let one = Query(
    "v4_callers.one",
    "SELECT agent, first_at, last_at, calls, refused, days, reducers FROM v4_callers WHERE agent=?1"
  )
  private static let write = Query(
    "v4_callers.write",
    """
    INSERT INTO v4_callers(agent, first_at, last_at, calls, refused, days, reducers)
    VALUES(?1,?2,?3,?4,?5,?6,?7)
    ON CONFLICT DO UPDATE SET first_at=excluded.first_at, last_at=excluded.last_at,
      calls=excluded.calls, refused=excluded.refused, days=excluded.days,
      reducers=excluded.reducers
    """)
  private static let remove = Query("v4_callers.remove", "DELETE FROM v4_callers WHERE agent=?1")
  /// Of the calls up to one that are told one by one.
  private static let single = Query(
    "v4_calls.by_agent",
    """
    SELECT coalesce(agent_id, claimed, ''), at/86400000000,
      \(LegacyCaller.counted), count(*),
      sum(outcome='refused'), min(at), max(at)
    FROM v4_calls WHERE call<=?1 GROUP BY 1,2,3 ORDER BY 1,2,3
    """)

  /// Lends every agent's calls in turn, in no order that means anything.
  package func each(_ body: (LegacyCaller) throws -> Void) throws {
    var recent = try recent(upTo: .max)
    try connection.each(Self.folded) { row in
      var caller = Self.read(row)
      if let more = recent.removeValue(forKey: caller.agent) { caller.add(more) }
      try body(caller)
    }
    for caller in recent.values.sorted(by: { $0.agent < $1.agent }) { try body(caller) }
  }

  /// What one agent, or one name that nobody has registered, has called; nil where it has not.
  package func caller(_ agent: String) throws -> LegacyCaller? {
    let folded = try folded(agent)
    guard let recent = try recent(upTo: .max)[agent] else { return folded }
    guard var all = folded else { return recent }
    all.add(recent)
    return all
  }

  private func folded(_ agent: String) throws -> LegacyCaller? {
    try connection.first(Self.one, .text(agent), map: { Self.read($0) })
  }

  private func recent(upTo call: Int64) throws -> [String: LegacyCaller] {
    var found: [String: LegacyCaller] = [:]
    try connection.each(Self.single, .integer(call)) { row in
      let count = LegacyCaller.Count(
        agent: row.text(0), day: Int32(clamping: row.int64(1)), reducer: row.text(2),
        calls: row.int(3), refused: row.int(4), firstAt: Timestamp(microseconds: row.int64(5)),
        lastAt: Timestamp(microseconds: row.int64(6)))
      found[count.agent, default: LegacyCaller(count.agent, at: count.firstAt)].add(count)
    }
    return found
  }

  /// Adds the calls up to one to the rows of their agents, before they are forgotten.
  func fold(upTo call: Int64) throws {
    for caller in try recent(upTo: call).values { try add(caller) }
  }

  private func add(_ caller: LegacyCaller) throws {
    guard var all = try folded(caller.agent) else { return try store(caller) }
    all.add(caller)
    try store(all)
  }

  private func store(_ caller: LegacyCaller) throws {
    try connection.run(
      Self.write, .text(caller.agent), .integer(caller.firstAt.microseconds),
      .integer(caller.lastAt.microseconds), .int(caller.calls), .int(caller.refused),
      .text(caller.days.map { "\($0.day):\($0.calls)" }.joined(separator: " ")),
      .text(caller.reducers.map { "\($0.reducer):\($0.calls)" }.joined(separator: " ")))
  }

  /// Gives one name's calls to the agent that has turned out to be behind it.
  func rename(_ old: String, to new: String) throws {
    guard old != new, let caller = try folded(old) else { return }
    try connection.run(Self.remove, .text(old))
    var renamed = LegacyCaller(new, at: caller.firstAt)
    renamed.add(caller)
    try add(renamed)
  }

  private static func read(_ row: borrowing Row) -> LegacyCaller {
    var caller = LegacyCaller(row.text(0), at: Timestamp(microseconds: row.int64(1)))
    caller.restore(
      lastAt: Timestamp(microseconds: row.int64(2)), calls: row.int(3), refused: row.int(4),
      days: row.withBytes(5) { pairs($0) }.map {
        LegacyCaller.Day(day: Int32($0.0) ?? 0, calls: Int32(clamping: $0.1))
      },
      reducers: row.withBytes(6) { pairs($0) }.map {
        LegacyCaller.Use(reducer: $0.0, calls: $0.1)
      })
    return caller
  }

  /// `name:number name:number …`, by the bytes: there may be a hundred thousand of these lists.
  private static func pairs(_ text: Span<UInt8>) -> [(String, Int)] {
    var found: [(String, Int)] = []
    var name: [UInt8] = []
    var number = 0
    var isNumber = false
    for index in 0..<text.count {
      switch (text[index], isNumber) {
      case (0x20, true):
        found.append((String(decoding: name, as: UTF8.self), number))
        name.removeAll(keepingCapacity: true)
        (number, isNumber) = (0, false)
      case (0x3a, false): isNumber = true
      case (let byte, false): name.append(byte)
      case (let byte, true):
        guard (0x30...0x39).contains(byte), number < Int.max / 100 else { continue }
        number = number * 10 + Int(byte - 0x30)
      }
    }
    if isNumber { found.append((String(decoding: name, as: UTF8.self), number)) }
    return found
  }
}

extension LegacyCaller {
  fileprivate mutating func restore(
    lastAt: Timestamp, calls: Int, refused: Int, days: [Day], reducers: [Use]
  ) {
    self.lastAt = lastAt
    self.calls = calls
    self.refused = refused
    self.days = days
    self.reducers = reducers
  }
}
