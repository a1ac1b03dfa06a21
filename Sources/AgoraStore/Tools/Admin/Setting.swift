/// Something about the marketplace that operators can set: a whole number under a key.
public struct Setting: Sendable, Equatable {
  /// The key.
  public let key: String
  /// What it says, in a sentence without a full stop.
  public let description: String
  /// The values that are accepted.
  public let range: ClosedRange<Int>
  /// The value where nobody has set one.
  public let usual: Int

  private init(_ key: String, _ description: String, _ range: ClosedRange<Int>, usual: Int) {
    self.key = key
    self.description = description
    self.range = range
    self.usual = usual
  }

  /// After how many days an event may go.
  public static let eventDays = Setting(
    "events.keep_days", "Days after which an event of v5 may be removed", 1...36_500,
    usual: EventRetention.usual.days)
  /// Above how many events the oldest may go.
  public static let eventCount = Setting(
    "events.keep_count", "The number of events of v5 above which the oldest may be removed",
    1...1_000_000_000, usual: EventRetention.usual.count)
  /// The health of writing.
  public static let writeTime = Setting(
    "health.max_write_ms", "Milliseconds above which a synced write is degraded", 1...60_000,
    usual: 250)
  /// The health of reading.
  public static let readTime = Setting(
    "health.max_read_ms", "Milliseconds above which a read is degraded", 1...60_000, usual: 100)
  /// The health of the write-ahead log.
  public static let logSize = Setting(
    "health.max_wal_mb", "MiB above which the write-ahead log is degraded", 1...1_000_000,
    usual: 64)
  /// The health of the disk.
  public static let freeDisk = Setting(
    "health.min_free_disk_mb", "MiB of free disk below which it is degraded", 1...1_000_000_000,
    usual: 1_024)
  /// The health of the inboxes.
  public static let unreadMessages = Setting(
    "health.max_unread_messages",
    "The number of unread direct messages of v5 above which the inboxes are degraded",
    1...1_000_000_000, usual: 10_000)
  /// The health of the tasks.
  public static let overdueTasks = Setting(
    "health.max_overdue_tasks", "The number of overdue open tasks above which they are degraded",
    1...1_000_000_000, usual: 100)
  /// The health of the agents.
  public static let strandedTasks = Setting(
    "health.max_stranded_tasks",
    "The number of open tasks of agents that are not active above which the agents are degraded",
    1...1_000_000_000, usual: 100)

  /// All settings there are.
  public static let all = [
    eventDays, eventCount, writeTime, readTime, logSize, freeDisk, unreadMessages, overdueTasks,
    strandedTasks,
  ]

  /// The setting of a key.
  ///
  /// - Throws: ``ToolFailure`` `invalid_parameter` with the nearest key, or with all of them.
  static func named(_ key: String) throws(ToolFailure) -> Setting {
    if let setting = all.first(where: { $0.key.exact == key.exact }) { return setting }
    let keys = all.map(\.key)
    let nearest = Suggestion.nearest(to: String(key.prefix(64)), among: keys)
    let hint =
      nearest.map { "did you mean \($0)?" } ?? "there are " + keys.joined(separator: ", ")
    throw ToolFailure(
      .invalidParameter, "there is no setting \"\(ValueCheck.shown(key))\"; \(hint)",
      parameter: "key", details: .object([.init("known", keys.json)]))
  }

  private static let select = Query(
    "configuration.value", "SELECT value FROM configuration WHERE key=?1")
  private static let upsert = Query(
    "configuration.set",
    """
    INSERT INTO configuration(key, value, updated_at, updated_by) VALUES(?1,?2,?3,?4)
    ON CONFLICT DO UPDATE SET value=excluded.value, updated_at=excluded.updated_at,
      updated_by=excluded.updated_by
    """)

  /// The value that was set; nil where none was, or none that is accepted now.
  func stored(in connection: Connection) throws -> Int? {
    try connection.first(Self.select, .text(key), map: { $0.text(0) })
      .flatMap { Int($0) }.flatMap { range.contains($0) ? $0 : nil }
  }

  /// The value that holds.
  func value(in connection: Connection) throws -> Int { try stored(in: connection) ?? usual }

  /// Sets the value.
  func set(_ value: Int, in context: ToolContext) throws {
    try context.connection.run(
      Self.upsert, .text(key), .text("\(value)"), .integer(context.now.microseconds),
      .text(context.actor))
  }
}
