/// How an agent does: what it has to do, what it has done, and how fast it is.
struct AgentFigures {
  /// Open tasks.
  var load = 0
  var completed = 0
  var failed = 0
  /// The median time from a task's creation to its completion, in seconds.
  var completionSeconds: Double?
  /// The median time to an answer, in seconds.
  var responseSeconds: Double?
  var isHalted = false

  /// How many of the newest tasks, and of the newest messages each way, the medians are taken of: what an
  /// agent was like long ago says little, and no agent takes long to look at.
  static let window = 100

  private static let tasks = Query(
    "tasks.count_by_status_of_agent",
    "SELECT status, count(*) FROM tasks WHERE assigned_agent=?1 GROUP BY status")
  private static let durations = Query(
    "tasks.durations_of_agent",
    """
    SELECT completed_at-created_at FROM tasks
    WHERE assigned_agent=?1 AND status='completed' AND completed_at IS NOT NULL
    ORDER BY completed_at DESC LIMIT ?2
    """)
  private static let received = Query(
    "messages.newest_received",
    """
    SELECT from_agent, timestamp FROM messages WHERE to_agent=?1 AND unread=?2 AND timestamp IS NOT NULL
    ORDER BY timestamp DESC LIMIT ?3
    """)
  private static let sent = Query(
    "messages.newest_sent",
    """
    SELECT to_agent, timestamp FROM messages WHERE from_agent=?1 AND timestamp IS NOT NULL
    ORDER BY timestamp DESC LIMIT ?2
    """)

  init(of agent: String, in connection: Connection) throws {
    try connection.each(Self.tasks, .text(agent)) { row in
      switch row.text(0) {
      case "completed": completed = row.int(1)
      case "failed": failed = row.int(1)
      default: load += row.int(1)
      }
    }
    if completed > 0 {
      let durations = try connection.all(
        Self.durations, .text(agent), .int(Self.window), map: { $0.optionalInt64(0) })
      // v4 has times that contradict each other.
      completionSeconds = Median.seconds(durations.compactMap { $0 }.filter { $0 >= 0 })
    }
    responseSeconds = try Self.responseSeconds(of: agent, connection)
    isHalted = try Halt.strongest(on: agent, in: connection) != nil
  }

  private typealias Message = (partner: String, time: Int64)

  private static func map(_ row: borrowing Row) -> Message { (row.text(0), row.int64(1)) }

  /// The median time from the arrival of a direct message to the receiver's next message back to its
  /// sender; messages without an answer do not count.
  private static func responseSeconds(
    of agent: String, _ connection: Connection
  ) throws -> Double? {
    let sent = try connection.all(self.sent, .text(agent), .int(window), map: map)
    guard let oldest = sent.last?.time else { return nil }
    var received: [Message] = []
    for unread in 0...1 {
      received += try connection.all(
        self.received, .text(agent), .int(unread), .int(window), map: map)
    }
    received.sort { $0.time > $1.time }
    // Before the oldest message that was looked at there may be an answer that was not.
    let isWhole = sent.count < window
    var answers: [String: [Int64]] = [:]
    for message in sent.reversed() { answers[message.partner, default: []].append(message.time) }
    let times = received.prefix(window).compactMap { message -> Int64? in
      guard message.partner != agent, isWhole || message.time >= oldest else { return nil }
      return answers[message.partner]?.first { $0 > message.time }.map { $0 - message.time }
    }
    return Median.seconds(times)
  }
}
