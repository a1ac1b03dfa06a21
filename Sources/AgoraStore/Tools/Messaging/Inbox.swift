/// The messages to one agent, its own and the broadcasts of others, in order of time, then id.
///
/// Those without a time, which only v4 has left, come first.
struct Inbox {
  let connection: Connection
  let agent: String

  /// A place between two messages.
  struct Position: Equatable {
    let time: Int64?
    let id: String

    /// The place as a cursor.
    var cursor: String { (time.map(String.init) ?? "-") + "." + id }

    init(time: Int64?, id: String) {
      self.time = time
      self.id = id
    }

    /// Reads a cursor; nil when it is none.
    init?(cursor: String) {
      let parts = cursor.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, Identifier(String(parts[1]))?.kind == .message else { return nil }
      id = String(parts[1])
      if parts[0] == "-" {
        time = nil
      } else {
        guard let number = Int64(parts[0]) else { return nil }
        time = number
      }
    }

    static func isBefore(_ one: Position, _ other: Position) -> Bool {
      one.time == other.time
        ? one.id.exact.lexicographicallyPrecedes(other.id.exact)
        : (one.time ?? Int64.min) < (other.time ?? Int64.min)
    }
  }

  /// What is asked for.
  struct Selection {
    var since: Int64?
    var type: String?
    var unreadOnly = false
    var after: Position?
  }

  /// A message's place, before it is read as a whole.
  private struct Key {
    let row: Int64
    let position: Position
  }

  /// A run of the index on receiver, read state and time: all that has one receiver and one read state.
  private struct Arm: Hashable {
    let isBroadcast: Bool
    let unread: Int
    let hasTime: Bool
    let ofType: Bool
    let unreadOnly: Bool

    var query: Query {
      var sql = """
        SELECT m.rowid, m.timestamp, m.message_id FROM messages m
        WHERE m.to_agent=?1 AND m.unread=\(unread)
        """
      sql +=
        hasTime
        ? " AND m.timestamp>=?2 AND (m.timestamp>?2 OR m.message_id>?3)"
        : " AND m.timestamp IS NULL AND m.message_id>?3"
      if ofType { sql += " AND m.message_type=?4" }
      // A sender does not receive its own broadcast.
      if isBroadcast { sql += " AND m.from_agent IS NOT ?5" }
      if isBroadcast, unreadOnly {
        sql +=
          " AND NOT EXISTS(SELECT 1 FROM message_reads r WHERE r.message_id=m.message_id AND r.agent_id=?5)"
      }
      return Query("messages.inbox", sql + " ORDER BY m.timestamp, m.message_id LIMIT ?6")
    }
  }

  private func arms(_ selection: Selection) -> [Arm] {
    let states = selection.unreadOnly ? [1] : [0, 1]
    let hasTimes =
      selection.since == nil && selection.after?.time == nil ? [false, true] : [true]
    return hasTimes.flatMap { hasTime in
      (states.map { (false, $0) } + [(true, 1)]).map { isBroadcast, unread in
        Arm(
          isBroadcast: isBroadcast, unread: unread, hasTime: hasTime,
          ofType: selection.type != nil, unreadOnly: selection.unreadOnly)
      }
    }
  }

  private func keys(_ selection: Selection, limit: Int) throws -> [Key] {
    var keys: [Key] = []
    for arm in arms(selection) {
      // Where to begin: after the last message, and not before the time that is asked for.
      var start = (time: selection.since ?? Int64.min, id: "")
      if let after = selection.after, arm.hasTime == (after.time != nil),
        after.time ?? Int64.min >= start.time
      {
        start = (after.time ?? Int64.min, after.id)
      }
      try connection.each(
        arm.query, .text(arm.isBroadcast ? Receiver.broadcastWord : agent), .integer(start.time),
        .text(start.id), .optional(selection.type), .text(agent), .int(limit)
      ) { row in
        keys.append(
          Key(
            row: row.int64(0),
            position: Position(time: row.optionalInt64(1), id: row.text(2))))
      }
    }
    return Array(keys.sorted { Position.isBefore($0.position, $1.position) }.prefix(limit))
  }

  private static let select = Query(
    "messages.view",
    """
    SELECT m.message_id, m.from_agent, a.agent_name, m.to_agent, m.message_type, m.content, m.priority,
      m.timestamp, m.delivered, m.metadata,
      EXISTS(SELECT 1 FROM message_reads r WHERE r.message_id=m.message_id AND r.agent_id=?2)
    FROM messages m LEFT JOIN agents a ON a.agent_id=m.from_agent WHERE m.rowid=?1
    """)

  /// The bytes of contents after which a page ends, whatever its limit.
  static let pageBytes = 4 << 20

  /// The messages of one page and the place where the next one begins; nil at the end.
  func page(_ selection: Selection, limit: Int) throws -> (messages: [MessageView], next: Position?)
  {
    let keys = try keys(selection, limit: limit + 1)
    var messages: [MessageView] = []
    var bytes = 0
    for (index, key) in keys.enumerated() {
      guard index < limit, bytes < Self.pageBytes else {
        return (messages, keys[index - 1].position)
      }
      guard
        let message = try connection.first(
          Self.select, .integer(key.row), .text(agent), map: Self.view)
      else { continue }
      bytes += message.content.utf8.count
      messages.append(message)
    }
    return (messages, nil)
  }

  private static func view(_ row: borrowing Row) -> MessageView {
    let isRead = row.bool(10)
    return MessageView(
      id: row.text(0), from: row.optionalText(1), fromName: row.optionalText(2),
      to: row.optionalText(3), type: row.text(4), content: row.text(5),
      priority: Priority(rank: row.int(6)),
      timestamp: row.optionalInt64(7).map { Timestamp(microseconds: $0) },
      isDelivered: row.bool(8) || isRead, isRead: isRead,
      metadata: (try? JSON.parse(row.text(9))) ?? .object([]))
  }

  private static let countOwn = Query(
    "messages.count_unread", "SELECT count(*) FROM messages WHERE to_agent=?1 AND unread=1")
  private static let countBroadcasts = Query(
    "messages.count_unread_broadcasts",
    """
    SELECT count(*) FROM messages m INDEXED BY messages_broadcast
    WHERE m.to_agent='broadcast' AND m.from_agent IS NOT ?1
      AND NOT EXISTS(SELECT 1 FROM message_reads r WHERE r.message_id=m.message_id AND r.agent_id=?1)
    """)

  /// How many messages the agent has still to read.
  func unreadCount() throws -> Int {
    let own = try connection.integer(Self.countOwn, .text(agent)) ?? 0
    let broadcasts = try connection.integer(Self.countBroadcasts, .text(agent)) ?? 0
    return Int(own + broadcasts)
  }

  private static let find = Query(
    "messages.received", "SELECT rowid, to_agent, from_agent FROM messages WHERE message_id=?1")
  private static let insertRead = Query(
    "message_reads.insert",
    """
    INSERT INTO message_reads(message_id, agent_id, read_at) VALUES(?1,?2,?3)
    ON CONFLICT DO NOTHING
    """)
  private static let markRead = Query(
    "messages.mark_read", "UPDATE messages SET unread=0 WHERE rowid=?1")

  /// Notes that the agent has read a message.
  ///
  /// - Returns: whether it had not before; nil when the message is none of this inbox.
  func acknowledge(_ id: String, at now: Timestamp) throws -> Bool? {
    let found = try connection.first(
      Self.find, .text(id), map: { ($0.int64(0), $0.optionalText(1), $0.optionalText(2)) })
    guard let (row, to, from) = found, to == agent || to == Receiver.broadcastWord && from != agent
    else { return nil }
    let isNew =
      try connection.run(
        Self.insertRead, .text(id), .text(agent), .integer(now.microseconds)) > 0
    if to == agent { try connection.run(Self.markRead, .integer(row)) }
    return isNew
  }
}
