package import AgoraStore

/// A condition of switching v4 off that is not met.
package struct ClosedGate: Sendable, Equatable {
  package let name: String
  package let reason: String
  /// The command that opens it.
  package let remedy: String?

  package init(_ name: String, _ reason: String, remedy: String? = nil) {
    self.name = name
    self.reason = reason
    self.remedy = remedy
  }

  /// The gate as JSON.
  package var json: JSON {
    .object([
      .init("name", .string(name)), .init("reason", .string(reason)),
      .init("remedy", .optional(remedy)),
    ])
  }
}

/// Looks what stands against switching v4 off; nothing where it is safe.
package typealias ReadinessGate = @Sendable (Marketplace, Timestamp) throws -> [ClosedGate]

/// Why a decision about the sunset was not taken.
package enum SunsetFault: Error, Sendable {
  /// It makes no sense as it was said; a sentence and what to do.
  case misuse(String, remedy: String?)
  /// There is no phase to go to; a sentence and what to do.
  case noPhase(String, remedy: String?)
  /// v4 must not be switched off yet.
  case notReady([ClosedGate])
  /// Somebody else decided in the same moment.
  case overtaken
  /// There is no such agent.
  case noAgent(String)
  /// The agent calls v4 still, and is not silent.
  case stillCalling(String)
}

/// Takes decisions about the end of v4: each is stored, audited and told to all subscribers.
package struct SunsetControl: Sendable {
  private let marketplace: Marketplace
  private let gate: ReadinessGate
  private let caller: Caller

  /// - Parameter gate: what has to be true before v4 is switched off.
  package init(
    _ marketplace: Marketplace, as caller: Caller = .owner(.cli), gate: @escaping ReadinessGate
  ) {
    self.marketplace = marketplace
    self.caller = caller
    self.gate = gate
  }

  /// What is decided besides the phase or the date itself.
  package struct Decision: Sendable {
    package var reason: String?
    /// Whether v4 is switched off although it is not ready.
    package var isForced = false
    /// Whether it is taken also while the marketplace is halted: a server has to start for the halt to be
    /// ended from elsewhere.
    fileprivate var passesHalt = false

    package init(reason: String? = nil, isForced: Bool = false) {
      self.reason = reason
      self.isForced = isForced
    }
  }

  /// How it was and how it is.
  package struct Change: Sendable {
    package let before: SunsetState
    package let after: SunsetState
  }

  /// The state and the instant.
  package func look() throws -> (SunsetState, Timestamp) {
    (try marketplace.store.read { try SunsetState($0) }, marketplace.now)
  }

  // MARK: phases

  /// Goes to a phase, forward or back.
  ///
  /// - Parameter date: when v4 is to end, where that is said too.
  /// - Throws: ``SunsetFault``, ``AgoraError``, ``ToolFailure``.
  package func set(
    _ phase: SunsetPhase, date: Timestamp? = nil, _ decision: Decision = Decision()
  ) throws -> Change {
    let (before, now) = try look()
    var after = before
    if let date { try Self.plan(date, before.lengths, &after, at: now) }
    return try enter(phase, from: before, &after, "sunset.set", decision, at: now)
  }

  /// Goes one phase on.
  package func advance(_ decision: Decision = Decision()) throws -> Change {
    let (before, now) = try look()
    guard let next = before.phase.next else {
      throw SunsetFault.noPhase(
        "v4 is in its last phase already", remedy: "agora sunset revert goes back.")
    }
    var after = before
    return try enter(next, from: before, &after, "sunset.advance", decision, at: now)
  }

  /// Goes one phase back.
  package func revert(_ decision: Decision = Decision()) throws -> Change {
    let (before, now) = try look()
    guard let previous = before.phase.previous else {
      throw SunsetFault.noPhase(
        "v4 is in its first phase; there is nothing to go back to", remedy: nil)
    }
    var after = before
    return try enter(previous, from: before, &after, "sunset.revert", decision, at: now)
  }

  /// Announces when v4 ends, and the windows before it; that alone changes no phase.
  ///
  /// - Parameters:
  ///   - lengths: how long the windows last, in seconds; nil for those there are.
  ///   - budget: after more refused calls than this a window ends early; nil for the one there is.
  package func schedule(
    _ date: Timestamp, lengths: [Int64]? = nil, budget: Int? = nil,
    _ decision: Decision = Decision()
  ) throws -> Change {
    let (before, now) = try look()
    guard now < date else {
      throw SunsetFault.misuse(
        "\(date) is not ahead: it is \(now)", remedy: "Announce a date that agents can still meet.")
    }
    var after = before
    if let budget { after.budget = budget }
    try Self.plan(date, lengths ?? before.lengths, &after, at: now)
    return try store(before, after, "sunset.schedule", decision, at: now)
  }

  /// Goes at least to a phase that the environment of a program asks for; never back.
  ///
  /// - Returns: nil where the store is that far already.
  package func raise(to phase: SunsetPhase) throws -> Change? {
    let (before, now) = try look()
    guard before.phase < phase else { return nil }
    var after = before
    var decision = Decision(reason: "asked for by the environment")
    decision.passesHalt = true
    return try enter(phase, from: before, &after, "sunset.environment", decision, at: now)
  }

  private static func plan(
    _ date: Timestamp, _ lengths: [Int64], _ state: inout SunsetState, at now: Timestamp
  ) throws {
    if let since = state.deprecatedAt, date < since {
      throw SunsetFault.misuse(
        "\(date) is before \(since), from when v4 is deprecated",
        remedy: "An end is never before the deprecation (RFC 9745).")
    }
    if state.sunsetAt != date { state.announcedAt = now }
    state.sunsetAt = date
    state.lengths = lengths
    state.deprecatedAt = state.deprecatedAt ?? min(now, date)
    state.windows = BrownoutWindow.before(date, lengths: lengths)
  }

  private func enter(
    _ phase: SunsetPhase, from before: SunsetState, _ after: inout SunsetState, _ action: String,
    _ decision: Decision, at now: Timestamp
  ) throws -> Change {
    if phase != before.phase {
      after.phase = phase
      after.since = now
    }
    if phase > .compatibility {
      after.deprecatedAt = after.deprecatedAt ?? min(now, after.sunsetAt ?? now)
    }
    if phase == .sunset, before.phase != .sunset, !decision.isForced {
      let closed = try gate(marketplace, now)
      guard closed.isEmpty else { throw SunsetFault.notReady(closed) }
    }
    return try store(before, after, action, decision, at: now)
  }

  // MARK: storing

  private func store(
    _ before: SunsetState, _ planned: SunsetState, _ action: String, _ decision: Decision,
    at now: Timestamp
  ) throws -> Change {
    let caller = caller
    let stored: SunsetState? = try marketplace.together { group in
      let context = group.recordingContext(as: caller)
      if !decision.passesHalt {
        try context.refuseIfHalted(ToolContext.systemWide, "the marketplace")
      }
      let current = try SunsetState(group.connection)
      guard current.isDecided(as: before) else { return nil }
      var after = planned
      after.since = after.since ?? now
      // What a window has seen since the look stays with it.
      after.windows = planned.windows.map { window in
        current.windows.first { $0.start == window.start && $0.end == window.end } ?? window
      }
      if after.phase > .compatibility, after.noticedAt == nil,
        try Self.announce(after, in: group, as: caller)
      {
        after.noticedAt = now
      }
      try after.write(to: group.connection)
      try context.audit(
        SunsetRegister.target, before: current.decided, after: after.decided(decision),
        reason: decision.reason, action: action)
      if after.phase != current.phase || after.sunsetAt != current.sunsetAt {
        try context.emit(
          "v4_sunset_changed", from: nil, to: ToolContext.everyone,
          [
            .init("phase", .string(after.phase.rawValue)),
            .init("deprecation", .optional(after.deprecatedAt?.description)),
            .init("sunset", .optional(after.end?.description)),
          ])
      }
      return after
    }
    guard let stored else { throw SunsetFault.overtaken }
    return Change(before: before, after: stored)
  }

  /// Tells everyone, once, from the agent that speaks for the marketplace itself.
  ///
  /// - Returns: whether it was told; while the marketplace is halted nobody speaks, and the next decision
  ///   makes up for it.
  private static func announce(
    _ state: SunsetState, in group: CallGroup, as caller: Caller
  ) throws -> Bool {
    let end = state.end.map { " and ends on \($0)" } ?? ""
    let text = """
      Agora v4 is deprecated\(end). Each answer to a call of v4 names the call of v5 to make instead; \
      agora compat matrix lists them all.
      """
    do {
      _ = try group.attempt {
        try group.call(
          "agora.messaging.send",
          .object([
            .init("to_agent", .string("broadcast")), .init("content", .string(text)),
            .init("message_type", .string("deprecation_notice")),
            .init("priority", .string("high")),
          ]), as: .owner(caller.origin))
      }
      return true
    } catch let failure as ToolFailure where failure.code == .halted { return false }
  }

  // MARK: agents

  /// Lets an agent's calls pass in windows until a date.
  package func exempt(
    _ name: String, until: Timestamp, reason: String
  ) throws -> SunsetExemption {
    let now = marketplace.now
    guard now < until else {
      throw SunsetFault.misuse("\(until) is not ahead: it is \(now)", remedy: nil)
    }
    let noted = try note([name], "sunset.exempt", reason) { register, agent in
      let exemption = SunsetExemption(
        agent: agent.id, name: agent.name, until: until, reason: reason, grantedAt: now)
      try register.exempt(exemption)
      return (
        exemption,
        .object([
          .init("agent", .string(agent.id)), .init("name", .string(agent.name)),
          .init("until", .string(until.description)),
        ])
      )
    }
    guard let exemption = noted.first else { throw SunsetFault.noAgent(name) }
    return exemption
  }

  /// Says that silent agents need not be waited for: of all of them, or of none.
  ///
  /// - Parameter callers: the ids of the agents that call v4 still, which nobody can call silent.
  /// - Throws: ``SunsetFault`` `stillCalling` for one of those.
  package func acknowledge(
    _ names: [String], reason: String, callers: Set<String> = []
  ) throws -> [SilentAcknowledgement] {
    let (now, caller) = (marketplace.now, caller)
    let calling = try marketplace.together { group in
      let context = group.recordingContext(as: caller)
      return try names.first { name in
        try context.knownAgent(AgentReference(name)).map { callers.contains($0.id) } ?? false
      }
    }
    if let calling { throw SunsetFault.stillCalling(calling) }
    return try note(names, "sunset.acknowledge", reason) { register, agent in
      let acknowledged = SilentAcknowledgement(
        agent: agent.id, name: agent.name, reason: reason, at: now)
      try register.acknowledge(acknowledged)
      return (
        acknowledged,
        .object([.init("agent", .string(agent.id)), .init("name", .string(agent.name))])
      )
    }
  }

  private func note<Record: Sendable>(
    _ names: [String], _ action: String, _ reason: String,
    _ body: @Sendable (SunsetRegister, KnownAgent) throws -> (Record, JSON)
  ) throws -> [Record] {
    let caller = caller
    let found: (records: [Record], unknown: String?) = try marketplace.together { group in
      let context = group.recordingContext(as: caller)
      try context.refuseIfHalted(ToolContext.systemWide, "the marketplace")
      var agents: [KnownAgent] = []
      for name in names {
        guard let agent = try context.knownAgent(AgentReference(name)) else { return ([], name) }
        agents.append(agent)
      }
      let records = try agents.map { agent in
        let (record, after) = try body(SunsetRegister(group.connection), agent)
        try context.audit(
          SunsetRegister.target, before: nil, after: after, reason: reason, action: action)
        return record
      }
      return (records, nil)
    }
    if let unknown = found.unknown { throw SunsetFault.noAgent(unknown) }
    return found.records
  }
}

extension SunsetState {
  /// Whether it is the same decision, whatever its windows have seen since.
  fileprivate func isDecided(as other: SunsetState) -> Bool { decided == other.decided }

  /// What was decided, for the audit.
  fileprivate var decided: JSON { .object(members) }

  fileprivate func decided(_ decision: SunsetControl.Decision) -> JSON {
    .object(members + (decision.isForced ? [.init("forced", .bool(true))] : []))
  }

  private var members: [JSON.Member] {
    [
      .init("phase", .string(phase.rawValue)),
      .init("deprecated_at", .optional(deprecatedAt?.description)),
      .init("sunset_at", .optional(sunsetAt?.description)), .init("budget", .int(budget)),
      .init("windows", .array(lengths.map { .number(String($0)) })),
    ]
  }
}
