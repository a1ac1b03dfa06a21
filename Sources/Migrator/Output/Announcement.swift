import AgoraStore

/// Tells the marketplace of each agent that came over, in the words of the protocol's migration
/// assistant.
struct Announcement {
  private let connection: Connection
  private let clock: Clock
  private let identifiers: IdentifierSource

  init(_ connection: Connection, _ clock: Clock, _ identifiers: IdentifierSource) {
    self.connection = connection
    self.clock = clock
    self.identifiers = identifiers
  }

  private static let insertSender = Query(
    "agents.insert_reserved",
    """
    INSERT INTO agents(agent_id, agent_name, registered_at, metadata)
    VALUES(?1,'agora',?2,'{"reserved":true}') ON CONFLICT DO NOTHING
    """)
  private static let sender = Query(
    "agents.reserved", "SELECT agent_id FROM agents WHERE agent_name='agora'")
  private static let newcomers = Query(
    "v4_names.newcomers",
    """
    SELECT name FROM v4_names WHERE run=?1 AND kind='agent' AND origin='registered' ORDER BY name
    """)
  private static let insertMessage = Query(
    "messages.announce",
    """
    INSERT INTO messages(message_id, from_agent, to_agent, message_type, content, priority, timestamp)
    VALUES(?1,?2,'broadcast','system_announcement',?3,2,?4)
    """)

  /// Broadcasts one message for each agent that the run registered, from the reserved agent `agora`.
  func broadcast(run: Int64) throws {
    let now = clock.now().microseconds
    try connection.run(
      Self.insertSender, .text(identifiers.next(.agent).description), .integer(now))
    let from = try connection.first(Self.sender, map: { $0.text(0) }) ?? ""
    try connection.each(Self.newcomers, .integer(run)) { row in
      try connection.run(
        Self.insertMessage, .text(identifiers.next(.message).description), .text(from),
        .text("Agent \(row.text(0)) successfully migrated to Agora v5"), .integer(now))
    }
  }
}
