package import AgoraStore

/// What a call of v4 is answered with.
package struct LegacyAnswer: Sendable {
  /// What a caller finds on standard output: an object with the ids that were made, or what a query found.
  package let output: JSON
  /// Why it was refused; nil where it was done.
  package let refusal: Refusal?
}

/// The one translation behind all doors for agents of v4: a call is bound to a shape, becomes a plan, and
/// is done and written down in one transaction.
package struct Proxy: Sendable {
  private let marketplace: Marketplace

  package init(_ marketplace: Marketplace) { self.marketplace = marketplace }

  /// What was found out about a call, for its record.
  private struct Outcome: Sendable {
    var shape: String?
    var claimed: String?
    var tool: String?
    var refusal: Refusal?
    var output = JSON.null
  }

  /// Does a call of v4.
  ///
  /// It is written down before it is answered, also where it is refused; then nothing else has changed.
  package func answer(_ call: LegacyCall) -> LegacyAnswer {
    let start = System.monotonicSeconds()
    do throws(ToolFailure) {
      let outcome = try marketplace.together { group in
        let outcome = try Self.perform(call, in: group)
        try Self.record(call, outcome, since: start, in: group)
        return outcome
      }
      return LegacyAnswer(output: outcome.output, refusal: outcome.refusal)
    } catch {
      return LegacyAnswer(output: .null, refusal: Refusal(error))
    }
  }

  private static func perform(_ call: LegacyCall, in group: CallGroup) throws -> Outcome {
    var outcome = Outcome()
    do {
      let reducer = try Reducer.named(call.reducer)
      let bound = try BoundCall(call, reducer)
      outcome.shape = bound.shape
      let lookups = StoreLookups(group.connection)
      let plan = try reducer.plan(bound, lookups)
      if let error = lookups.error { throw error }
      outcome.claimed = plan.claimed
      outcome.tool = plan.steps.lazy.compactMap(\.tool).first
      try checkClaim(of: call.caller, plan.claimed, in: group)
      outcome.output = try group.attempt {
        try PlanRun(group, source: call.database, authority: call.caller.authority).run(plan)
      }
    } catch let refusal as Refusal {
      outcome.refusal = refusal
    } catch let failure as ToolFailure {
      // A store that cannot be written cannot record either.
      guard failure.code != .unavailable, failure.code != .internal else { throw failure }
      outcome.refusal = Refusal(failure)
    }
    return outcome
  }

  /// Refuses a caller whose token is one agent's and who names another.
  private static func checkClaim(
    of caller: Caller, _ claimed: String?, in group: CallGroup
  ) throws {
    guard caller.isBound, let own = caller.agent, let claimed, claimed != own.description else {
      return
    }
    let context = group.recordingContext(as: .owner(.v4))
    let (named, bound) = try (
      context.knownAgent(AgentReference(claimed)), context.knownAgent(own)
    )
    guard named != nil, named?.id == bound?.id else {
      throw ToolFailure(
        .forbidden, "the token is another agent's and does not act for \(ValueCheck.shown(claimed))"
      )
    }
  }

  private static func record(
    _ call: LegacyCall, _ outcome: Outcome, since start: Double, in group: CallGroup
  ) throws {
    let context = group.recordingContext(as: .owner(.v4))
    let agent = outcome.claimed.flatMap { name in
      // A name of several agents is nobody's.
      (try? context.knownAgent(AgentReference(name))) ?? nil
    }
    let seconds = max(0, min(System.monotonicSeconds() - start, 1_000_000))
    let record = LegacyCallRecord(
      at: group.now, door: call.door, database: call.database, reducer: call.reducer,
      shape: outcome.shape, claimed: outcome.claimed, agent: agent?.id,
      code: outcome.refusal?.code, microseconds: Int(seconds * 1_000_000), tool: outcome.tool)
    try LegacyCallLog(group.connection).add(record)
    try context.emit(
      "v4_api_call", from: agent?.id, to: ToolContext.everyone,
      [
        .init("database", .string(String(call.database.prefix(128)))),
        .init("reducer", .string(String(call.reducer.prefix(128)))),
        .init("shape", .optional(outcome.shape)),
        .init("outcome", .string(outcome.refusal == nil ? "done" : "refused")),
        .init("code", .optional(outcome.refusal?.code)), .init("tool", .optional(outcome.tool)),
      ])
  }
}

/// The look-ups of a translation in a store; the first error is kept, and the plan is not used then.
private final class StoreLookups: LegacyLookups {
  private let ids: LegacyIDs
  private(set) var error: (any Error)?

  init(_ connection: Connection) { ids = LegacyIDs(connection) }

  private func find<Value>(_ body: () throws -> Value?) -> Value? {
    do { return try body() } catch {
      self.error = self.error ?? error
      return nil
    }
  }

  func task(_ id: String) -> LegacyTaskStanding? {
    find {
      guard let known = try ids.task(id), let standing = try ids.standing(ofTask: known) else {
        return nil
      }
      return LegacyTaskStanding(id: known, status: standing.status, hasAgent: standing.hasAgent)
    }
  }

  func workflow(_ id: String) -> String? { find { try ids.workflow(id) } }
  func isSent(_ id: String) -> Bool { find { try ids.message(id) } != nil }
  func isReported(_ id: String) -> Bool { find { try ids.made(.event, id) } != nil }
}
