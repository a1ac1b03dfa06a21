/// How long events are kept, and how many.
///
/// What v4 gave is not touched: it belongs to the migration.
public struct EventRetention: Sendable, Equatable {
  /// Days after which an event may go.
  public var days: Int
  /// The number of events above which the oldest may go.
  public var count: Int

  /// 90 days and a million events.
  public static let usual = EventRetention(days: 90, count: 1_000_000)

  /// Makes a rule.
  public init(days: Int, count: Int) {
    self.days = days
    self.count = count
  }

  /// An event in so many is followed by a look for those that may go.
  private static let interval: Int64 = 1_000

  /// Whether it is time for that look, after some events of which the last has this place.
  static func isDue(after count: Int, upTo last: Int64) -> Bool {
    count > 0 && (last - Int64(count)) / interval != last / interval
  }

  /// The most that go in one transaction, so that none takes long.
  private static let most = 2_000

  private static let newestTooMany = Query(
    "events.newest_too_many",
    """
    SELECT timestamp, seq FROM events WHERE source_row IS NULL
    ORDER BY timestamp DESC, seq DESC LIMIT 1 OFFSET ?1
    """)
  private static let prune = Query(
    "events.prune",
    """
    DELETE FROM events WHERE seq IN (SELECT seq FROM events
      WHERE source_row IS NULL AND timestamp<=?1 AND (timestamp<?1 OR seq<=?2)
      ORDER BY timestamp, seq LIMIT ?3)
    """)

  /// The statements, for the test that looks at their plans.
  package static let queries = [newestTooMany, prune]

  /// The rule with what the configuration says.
  private func configured(_ connection: Connection) throws -> EventRetention {
    EventRetention(
      days: try Setting.eventDays.stored(in: connection) ?? days,
      count: try Setting.eventCount.stored(in: connection) ?? count)
  }

  /// Removes events that are too old or too many.
  func apply(to connection: Connection, at now: Timestamp) throws {
    let rule = try configured(connection)
    let age = Int64(min(rule.days, 100_000)) * 86_400_000_000
    let old = now.microseconds - age
    try connection.run(Self.prune, .integer(old), .integer(Int64.max), .int(Self.most))
    let last = try connection.first(
      Self.newestTooMany, .int(rule.count), map: { ($0.int64(0), $0.int64(1)) })
    guard let (time, sequence) = last else { return }
    try connection.run(Self.prune, .integer(time), .integer(sequence), .int(Self.most))
  }
}
