import Synchronization

/// How often tools are called and agents act, gathered in memory and written with the next change of
/// the store, so that a call that only reads writes nothing.
final class UsageLog: Sendable {
  /// What was gathered.
  struct Tally: Sendable {
    private struct Service: Hashable {
      let name: String
      let version: String
      let day: Int64
    }

    private struct Activity: Hashable {
      let agent: String
      let origin: String
    }

    private var services: [Service: Int] = [:]
    private var agents: [Activity: (last: Int64, calls: Int)] = [:]

    var isEmpty: Bool { services.isEmpty && agents.isEmpty }

    mutating func note(_ tool: Tool, agent: String?, origin: Caller.Origin, at now: Timestamp) {
      let service = Service(
        name: tool.name, version: tool.version.description, day: UsageLog.day(of: now))
      services[service, default: 0] += 1
      if let agent { note(agent: agent, origin: origin, at: now) }
    }

    mutating func note(agent: String, origin: Caller.Origin, at now: Timestamp) {
      let activity = Activity(agent: agent, origin: origin.rawValue)
      let known = agents[activity]
      agents[activity] = (
        max(known?.last ?? now.microseconds, now.microseconds), (known?.calls ?? 0) + 1
      )
    }

    mutating func add(_ other: Tally) {
      services.merge(other.services) { $0 + $1 }
      agents.merge(other.agents) { (max($0.last, $1.last), $0.calls + $1.calls) }
    }

    func calls(of tool: Tool) -> Int {
      services.reduce(0) { sum, entry in
        entry.key.name == tool.name && entry.key.version == tool.version.description
          ? sum + entry.value : sum
      }
    }

    private static let countCalls = Query(
      "service_use.count",
      """
      INSERT INTO service_use(service_name, version, day, calls) VALUES(?1,?2,?3,?4)
      ON CONFLICT DO UPDATE SET calls=calls+excluded.calls
      """)
    private static let noteActivity = Query(
      "agent_activity.note",
      """
      INSERT INTO agent_activity(agent_id, origin, last_at, calls) VALUES(?1,?2,?3,?4)
      ON CONFLICT DO UPDATE SET last_at=max(last_at,excluded.last_at), calls=calls+excluded.calls
      """)
    private static let touch = Query(
      "agents.touch",
      """
      UPDATE agents SET last_activity=max(coalesce(last_activity,?2),?2) WHERE agent_id=?1
      """)

    /// Writes it.
    func write(to connection: Connection) throws {
      for (service, calls) in services {
        try connection.run(
          Self.countCalls, .text(service.name), .text(service.version), .integer(service.day),
          .int(calls))
      }
      for (activity, value) in agents {
        try connection.run(
          Self.noteActivity, .text(activity.agent), .text(activity.origin), .integer(value.last),
          .int(value.calls))
        // A migrated agent's record says what v4 says, or the next export could not be told from a change.
        if Identifier(activity.agent)?.isBornOnV5 == true {
          try connection.run(Self.touch, .text(activity.agent), .integer(value.last))
        }
      }
    }
  }

  /// The day of an instant, counted from 1970-01-01 in UTC, and downwards before it.
  static func day(of now: Timestamp) -> Int64 {
    Int64((Double(now.microseconds) / 86_400_000_000).rounded(.down))
  }

  private let tally = Mutex(Tally())

  /// How often a tool was called.
  func calls(of tool: Tool) -> Int { tally.withLock { $0.calls(of: tool) } }

  func note(_ tool: Tool, agent: String?, origin: Caller.Origin, at now: Timestamp) {
    tally.withLock { $0.note(tool, agent: agent, origin: origin, at: now) }
  }

  /// Takes what was gathered out, to write it.
  func take() -> Tally {
    tally.withLock { tally in
      let taken = tally
      tally = Tally()
      return taken
    }
  }

  /// Puts back what could not be written.
  func put(back other: Tally) { tally.withLock { $0.add(other) } }
}
