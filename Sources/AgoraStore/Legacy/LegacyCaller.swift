/// What is known of one agent's calls of v4, folded ones and those that are still told one by one.
package struct LegacyCaller: Sendable, Equatable {
  /// Calls of one day, counted from 1970-01-01, UTC.
  package struct Day: Sendable, Equatable {
    package let day: Int32
    package var calls: Int32

    package init(day: Int32, calls: Int32) {
      self.day = day
      self.calls = calls
    }
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
    var names = KnownNames()
    try connection.each(Self.folded) { row in
      var caller = Self.read(row, &names)
      if let more = recent.removeValue(forKey: caller.agent) { caller.add(more) }
      try body(caller)
    }
    for caller in recent.values.sorted(by: { $0.agent < $1.agent }) { try body(caller) }
  }

  private func folded(_ agent: String) throws -> LegacyCaller? {
    var names = KnownNames()
    return try connection.first(Self.one, .text(agent), map: { Self.read($0, &names) })
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

  private static func read(_ row: borrowing Row, _ names: inout KnownNames) -> LegacyCaller {
    var caller = LegacyCaller(row.text(0), at: Timestamp(microseconds: row.int64(1)))
    var days: [LegacyCaller.Day] = []
    row.withBytes(5) { text in
      days.reserveCapacity(min(text.count / 8 + 1, LegacyCaller.keptDays))
      pairs(text) { text, name, calls in
        days.append(LegacyCaller.Day(day: day(text, name), calls: Int32(clamping: calls)))
      }
    }
    var reducers: [LegacyCaller.Use] = []
    row.withBytes(6) { text in
      pairs(text) { text, name, calls in
        reducers.append(
          LegacyCaller.Use(reducer: names.text(text.extracting(name)), calls: calls))
      }
    }
    caller.restore(
      lastAt: Timestamp(microseconds: row.int64(2)), calls: row.int(3), refused: row.int(4),
      days: days, reducers: reducers)
    return caller
  }

  /// `name:number name:number …`, by the bytes: there may be a hundred thousand of these lists.
  private static func pairs(_ text: Span<UInt8>, _ body: (Span<UInt8>, Range<Int>, Int) -> Void) {
    var (start, end, number) = (0, 0, 0)
    var isNumber = false
    for index in 0..<text.count {
      let byte = text[index]
      if isNumber {
        if byte == 0x20 {
          body(text, start..<end, number)
          (start, number, isNumber) = (index + 1, 0, false)
        } else if byte >= 0x30, byte <= 0x39, number < Int.max / 100 {
          number = number * 10 + Int(byte - 0x30)
        }
      } else if byte == 0x3a {
        (end, isNumber) = (index, true)
      }
    }
    if isNumber { body(text, start..<end, number) }
  }

  /// A day before a colon; 0 where it is none.
  private static func day(_ text: Span<UInt8>, _ range: Range<Int>) -> Int32 {
    var (value, at) = (Int64(0), range.lowerBound)
    let isNegative = at < range.upperBound && text[at] == 0x2d
    if isNegative { at += 1 }
    guard at < range.upperBound, range.upperBound - at <= 10 else { return 0 }
    while at < range.upperBound {
      guard text[at] >= 0x30, text[at] <= 0x39 else { return 0 }
      value = value * 10 + Int64(text[at] - 0x30)
      at += 1
    }
    return Int32(exactly: isNegative ? -value : value) ?? 0
  }
}

/// Names that come again and again, each kept once: a hundred thousand agents call twenty reducers.
private struct KnownNames {
  private var names: [(bytes: [UInt8], text: String)] = []
  /// So many are looked through; of more, the others are made anew each time.
  private static let most = 64

  mutating func text(_ bytes: Span<UInt8>) -> String {
    for place in names.indices where Self.isSame(names[place].bytes, bytes) {
      return names[place].text
    }
    let text = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    if names.count < Self.most { names.append((Array(text.utf8), text)) }
    return text
  }

  private static func isSame(_ left: [UInt8], _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    for index in 0..<left.count where left[index] != right[index] { return false }
    return true
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
