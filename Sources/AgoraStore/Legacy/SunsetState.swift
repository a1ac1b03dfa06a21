/// How v4 is being brought to its end, as it is stored.
package struct SunsetState: Sendable, Equatable {
  package var phase = SunsetPhase.compatibility
  /// Since when it is in this phase; nil where nobody has decided anything.
  package var since: Timestamp?
  /// From when v4 is deprecated.
  package var deprecatedAt: Timestamp?
  /// When v4 is to end.
  package var sunsetAt: Timestamp?
  /// When that date was made known.
  package var announcedAt: Timestamp?
  /// When the notice was broadcast.
  package var noticedAt: Timestamp?
  /// After more refused calls than this a window ends early.
  package var budget = Self.usualBudget
  /// How long the windows last, in seconds.
  package var lengths = BrownoutWindow.usualLengths
  /// The announced windows, in order.
  package var windows: [BrownoutWindow] = []

  /// The budget of a window where nobody chose another.
  package static let usualBudget = 1_000

  package init() {}

  private static let readPhase = Query(
    "v4_sunset.read",
    """
    SELECT phase, since, deprecated_at, sunset_at, announced_at, noticed_at, budget, lengths
    FROM v4_sunset
    """)
  private static let readWindows = Query(
    "v4_brownouts.read",
    "SELECT starts_at, ends_at, refused, broken_at FROM v4_brownouts ORDER BY starts_at")

  /// Reads it from a store.
  package init(_ connection: Connection) throws {
    func instant(_ value: Int64?) -> Timestamp? { value.map { Timestamp(microseconds: $0) } }
    let stored = try connection.first(Self.readPhase) { row in
      var state = SunsetState()
      state.phase = SunsetPhase(rawValue: row.text(0)) ?? .compatibility
      state.since = instant(row.optionalInt64(1))
      state.deprecatedAt = instant(row.optionalInt64(2))
      state.sunsetAt = instant(row.optionalInt64(3))
      state.announcedAt = instant(row.optionalInt64(4))
      state.noticedAt = instant(row.optionalInt64(5))
      state.budget = row.int(6)
      state.lengths = Self.lengths(row.text(7))
      return state
    }
    guard let stored else { return }
    self = stored
    windows = try connection.all(Self.readWindows) { row in
      BrownoutWindow(
        start: Timestamp(microseconds: row.int64(0)), end: Timestamp(microseconds: row.int64(1)),
        refused: row.int(2), brokenAt: instant(row.optionalInt64(3)))
    }
  }

  private static func lengths(_ text: String) -> [Int64] {
    guard case .array(let elements)? = try? JSON.parse(text) else { return [] }
    return elements.compactMap {
      guard case .number(let text) = $0 else { return nil }
      return Int64(text)
    }
  }

  private static let writePhase = Query(
    "v4_sunset.write",
    """
    INSERT INTO v4_sunset(one, phase, since, deprecated_at, sunset_at, announced_at, noticed_at,
      budget, lengths) VALUES(1,?1,?2,?3,?4,?5,?6,?7,?8)
    ON CONFLICT DO UPDATE SET phase=excluded.phase, since=excluded.since,
      deprecated_at=excluded.deprecated_at, sunset_at=excluded.sunset_at,
      announced_at=excluded.announced_at, noticed_at=excluded.noticed_at, budget=excluded.budget,
      lengths=excluded.lengths
    """)
  private static let keepWindow = Query(
    "v4_brownouts.keep",
    """
    INSERT INTO v4_brownouts(starts_at, ends_at, refused, broken_at) VALUES(?1,?2,?3,?4)
    ON CONFLICT DO UPDATE SET ends_at=excluded.ends_at, refused=excluded.refused,
      broken_at=excluded.broken_at
    """)
  private static let dropWindows = Query("v4_brownouts.drop", "DELETE FROM v4_brownouts")

  /// Writes it, inside the caller's transaction.
  package func write(to connection: Connection) throws {
    func instant(_ value: Timestamp?) -> SQLValue {
      value.map { .integer($0.microseconds) } ?? .null
    }
    try connection.run(
      Self.writePhase, .text(phase.rawValue), instant(since ?? Timestamp(microseconds: 0)),
      instant(deprecatedAt), instant(sunsetAt), instant(announcedAt), instant(noticedAt),
      .int(budget),
      .text(JSONWriter.compact(.array(lengths.map { .number(String($0)) }))))
    try connection.run(Self.dropWindows)
    for window in windows {
      try connection.run(
        Self.keepWindow, .integer(window.start.microseconds), .integer(window.end.microseconds),
        .int(window.refused), instant(window.brokenAt))
    }
  }

  /// The window that is open.
  package func openWindow(at now: Timestamp) -> BrownoutWindow? {
    windows.first { $0.isOpen(at: now) }
  }

  /// The next window that has still to begin.
  package func nextWindow(after now: Timestamp) -> BrownoutWindow? {
    windows.first { now < $0.start }
  }
}

extension SunsetState {
  /// When v4 ends: the date that was announced, or when it was switched off where that was before it;
  /// never before it was deprecated (RFC 9745 §4).
  package var end: Timestamp? {
    let end = phase == .sunset ? [sunsetAt, since].compactMap { $0 }.min() : sunsetAt
    guard let end, let deprecatedAt else { return end }
    return max(end, deprecatedAt)
  }
}
