/// What is stored beside the phase: exemptions, agents that were looked at, refused calls of a window,
/// and the history.
package struct SunsetRegister {
  private let connection: Connection

  package init(_ connection: Connection) { self.connection = connection }

  /// What the audit calls the sunset.
  package static let target = "v4_sunset"

  // MARK: exemptions

  private static let exempt = Query(
    "v4_exemptions.write",
    """
    INSERT INTO v4_exemptions(agent, name, until, reason, granted_at) VALUES(?1,?2,?3,?4,?5)
    ON CONFLICT DO UPDATE SET name=excluded.name, until=excluded.until, reason=excluded.reason,
      granted_at=excluded.granted_at
    """)
  private static let exemptions = Query(
    "v4_exemptions.all",
    """
    SELECT ifnull(\(MergedAgents.today("agent")),agent), name, until, reason, granted_at
    FROM v4_exemptions ORDER BY name, agent
    """)
  private static let exemptUntil = Query(
    "v4_exemptions.until",
    """
    SELECT max(until) FROM v4_exemptions
    WHERE agent=?2 OR agent IN \(MergedAgents.before("?1"))
    """)

  /// Exempts an agent, or says anew until when.
  package func exempt(_ exemption: SunsetExemption) throws {
    try connection.run(
      Self.exempt, .text(exemption.agent), .text(exemption.name),
      .integer(exemption.until.microseconds), .text(exemption.reason),
      .integer(exemption.grantedAt.microseconds))
  }

  /// All exemptions, also those that are over.
  package func exemptions() throws -> [SunsetExemption] {
    try connection.all(Self.exemptions) { row in
      SunsetExemption(
        agent: row.text(0), name: row.text(1), until: Timestamp(microseconds: row.int64(2)),
        reason: row.text(3), grantedAt: Timestamp(microseconds: row.int64(4)))
    }
  }

  /// Until when an agent is exempted; nil where it never was.
  ///
  /// - Parameters:
  ///   - agent: its id.
  ///   - name: what it calls itself.
  package func exemption(of agent: String?, called name: String?) throws -> Timestamp? {
    guard agent != nil || name != nil else { return nil }
    return try connection.integer(Self.exemptUntil, .optional(agent), .optional(name))
      .map { Timestamp(microseconds: $0) }
  }

  // MARK: silent agents

  private static let acknowledge = Query(
    "v4_acknowledged.write",
    """
    INSERT INTO v4_acknowledged(agent, name, reason, acknowledged_at) VALUES(?1,?2,?3,?4)
    ON CONFLICT DO UPDATE SET name=excluded.name, reason=excluded.reason,
      acknowledged_at=excluded.acknowledged_at
    """)
  private static let acknowledged = Query(
    "v4_acknowledged.all",
    """
    SELECT agent, name, reason, acknowledged_at FROM v4_acknowledged
    WHERE agent NOT IN (SELECT agent_id FROM merged_agents) ORDER BY name, agent
    """)

  /// Notes that somebody has looked at a silent agent.
  package func acknowledge(_ agent: SilentAcknowledgement) throws {
    try connection.run(
      Self.acknowledge, .text(agent.agent), .text(agent.name), .text(agent.reason),
      .integer(agent.at.microseconds))
  }

  /// All silent agents that somebody has looked at; one that turned out to be another is not among them.
  package func acknowledgements() throws -> [SilentAcknowledgement] {
    try connection.all(Self.acknowledged) { row in
      SilentAcknowledgement(
        agent: row.text(0), name: row.text(1), reason: row.text(2),
        at: Timestamp(microseconds: row.int64(3)))
    }
  }

  // MARK: windows

  private static let count = Query(
    "v4_brownouts.count",
    "UPDATE v4_brownouts SET refused=refused+1 WHERE starts_at=?1 RETURNING refused")
  private static let end = Query(
    "v4_brownouts.break",
    "UPDATE v4_brownouts SET broken_at=?2 WHERE starts_at=?1 AND broken_at IS NULL")

  /// Counts a call that was refused in a window.
  ///
  /// - Returns: how many there are with it.
  package func countRefusal(in window: BrownoutWindow) throws -> Int {
    Int(try connection.integer(Self.count, .integer(window.start.microseconds)) ?? 0)
  }

  /// Ends a window before its time.
  package func end(_ window: BrownoutWindow, at now: Timestamp) throws {
    try connection.run(
      Self.end, .integer(window.start.microseconds), .integer(now.microseconds))
  }

  // MARK: history

  /// One decision, as the audit has it.
  package struct Entry: Sendable {
    package let at: Timestamp
    package let actor: String
    package let action: String
    package let reason: String?
    package let before: JSON
    package let after: JSON
  }

  private static let history = Query(
    "v4_sunset.history",
    """
    SELECT timestamp, actor, action, reason, before, after FROM audit WHERE target=?1
    ORDER BY timestamp DESC, rowid DESC LIMIT ?2
    """)

  /// The newest decisions, the newest first.
  package func history(_ limit: Int) throws -> [Entry] {
    func json(_ text: String?) -> JSON { text.flatMap { try? JSON.parse($0) } ?? .null }
    return try connection.all(Self.history, .text(Self.target), .int(limit)) { row in
      Entry(
        at: Timestamp(microseconds: row.int64(0)), actor: row.text(1), action: row.text(2),
        reason: row.optionalText(3), before: json(row.optionalText(4)),
        after: json(row.optionalText(5)))
    }
  }
}
