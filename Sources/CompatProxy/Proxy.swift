package import AgoraStore

/// What a call of v4 is answered with.
package struct LegacyAnswer: Sendable {
  /// What a caller finds on standard output: an object with the ids that were made, or what a query found.
  package let output: JSON
  /// Why it was refused; nil where it was done.
  package let refusal: Refusal?
  /// What the answer carries because v4 is deprecated; nil while it is not.
  package let notice: SunsetNotice?
}

/// The one translation behind all doors for agents of v4: a call is bound to a shape, becomes a plan, and
/// is done and written down in one transaction.
package struct Proxy: Sendable {
  private let marketplace: Marketplace
  private let leastPhase: SunsetPhase?

  /// - Parameter leastPhase: the phase in which v4 is at least for this program's callers; what is stored
  ///   may be further. Its windows and its end are the store's alone.
  package init(_ marketplace: Marketplace, atLeast leastPhase: SunsetPhase? = nil) {
    self.marketplace = marketplace
    self.leastPhase = leastPhase.map { min($0, .warning) }
  }

  /// What was found out about a call, for its record and its answer.
  struct Outcome: Sendable {
    var shape: String?
    var claimed: String?
    var tool: String?
    var refusal: Refusal?
    /// Why it was refused as the record has it, where that is not what the caller is told.
    var recordedCode: String?
    var notice: SunsetNotice?
    var touched = LegacyCallRecord.Touched()
    var output = JSON.null
  }

  /// Does a call of v4.
  ///
  /// It is written down before it is answered, also where it is refused; then nothing else has changed.
  package func answer(_ call: LegacyCall) -> LegacyAnswer {
    let start = System.monotonicSeconds()
    do throws(ToolFailure) {
      let found = try lookUp(call)
      let outcome = try marketplace.together { [leastPhase] group in
        let outcome = try Self.perform(call, found, atLeast: leastPhase, in: group)
        try Self.record(call, outcome, since: start, in: group)
        return outcome
      }
      return LegacyAnswer(
        output: outcome.output, refusal: outcome.refusal, notice: outcome.notice)
    } catch {
      return LegacyAnswer(output: .null, refusal: Refusal(error), notice: nil)
    }
  }

  /// What a query has found.
  package typealias Found = Result<JSON, ToolFailure>

  /// Gathers what a query asks for, on a snapshot: it may be all agents or tasks, and nobody who writes is
  /// to wait for that.
  ///
  /// - Returns: nil for a call that is no query, or one that does not pass.
  package func lookUp(_ call: LegacyCall) throws(ToolFailure) -> Found? {
    guard Reducer.queries.contains(call.reducer) else { return nil }
    return try marketplace.looking { [leastPhase] group in
      let reading = try CallReading(call, group.connection)
      let gate = try SunsetGate(group, atLeast: leastPhase)
      guard let plan = reading.plan, plan.steps.count == 1,
        case .ask(let tool, let arguments)? = plan.steps.first,
        try !gate.decision(for: reading).isRefusal
      else { return nil }
      do {
        return .success(try LegacyRows(group).answer(plan.answer, tool, arguments))
      } catch { return .failure(ToolFailure(error)) }
    }
  }

  /// Does a call inside the caller's transaction, without writing it down.
  ///
  /// - Parameter found: what it has found where it is a query.
  static func perform(
    _ call: LegacyCall, _ found: Found?, atLeast leastPhase: SunsetPhase? = nil,
    in group: CallGroup
  ) throws -> Outcome {
    let reading = try CallReading(call, group.connection)
    var outcome = Outcome()
    outcome.shape = reading.bound?.shape
    outcome.claimed = reading.claimed
    outcome.tool = reading.plan?.steps.lazy.compactMap(\.tool).first
    outcome.touched = try reading.touched(in: group)
    let gate = try SunsetGate(group, atLeast: leastPhase)
    let decision = try gate.decision(for: reading)
    if decision.isRefusal {
      try gate.count(decision)
      outcome.notice = gate.notice(decision, for: reading)
      outcome.refusal = outcome.notice?.refusal
      // A name that no reducer has stays one, or the record's counts would have no end.
      if reading.reducer == nil { outcome.recordedCode = Refusal.unknownReducer }
      return outcome
    }
    try carryOut(reading, found, &outcome, in: group)
    // Afterwards, for then the ids are known that it has brought.
    outcome.notice = gate.notice(decision, for: reading)
    return outcome
  }

  private static func carryOut(
    _ reading: CallReading, _ found: Found?, _ outcome: inout Outcome, in group: CallGroup
  ) throws {
    do {
      if let refusal = reading.refusal { throw refusal }
      guard let plan = reading.plan else { return }
      let call = reading.call
      try checkClaim(of: call.caller, plan.claimed, in: group)
      if let found {
        outcome.output = try found.get()
        return
      }
      let (output, touched) = try group.attempt {
        try PlanRun(group, source: call.database, caller: call.caller).run(plan)
      }
      outcome.output = output
      outcome.touched.complete(with: touched)
    } catch let refusal as Refusal {
      outcome.refusal = refusal
    } catch let failure as ToolFailure {
      // A store that cannot be written cannot record either.
      guard failure.code != .unavailable, failure.code != .internal else { throw failure }
      outcome.refusal = Refusal(failure)
    }
  }

  /// Refuses a caller whose token is one agent's and who names another.
  private static func checkClaim(
    of caller: Caller, _ claimed: String?, in group: CallGroup
  ) throws {
    // Byte by byte, as names are told apart everywhere.
    guard caller.isBound, let own = caller.agent, let claimed,
      !claimed.utf8.elementsEqual(own.description.utf8)
    else { return }
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
    let agent = outcome.claimed.flatMap { context.agentIfClear($0) }
    let record = LegacyCallRecord(
      at: group.now, door: call.door, database: call.database, reducer: call.reducer,
      shape: outcome.shape, claimed: outcome.claimed, agent: agent,
      code: outcome.recordedCode ?? outcome.refusal?.code,
      microseconds: System.microseconds(since: start),
      tool: outcome.tool,
      touched: outcome.touched)
    try LegacyCallLog(group.connection).add(record)
    try context.emit(
      "v4_api_call", from: agent, to: ToolContext.everyone,
      [
        .init("database", .string(String(call.database.prefix(128)))),
        .init("reducer", .string(String(call.reducer.prefix(128)))),
        .init("shape", .optional(outcome.shape)),
        .init("outcome", .string(outcome.refusal == nil ? "done" : "refused")),
        .init("code", .optional(outcome.refusal?.code)), .init("tool", .optional(outcome.tool)),
      ])
  }
}

extension ToolContext {
  /// The id of the agent of a name; a name of several agents is nobody's.
  func agentIfClear(_ name: String) -> String? {
    ((try? knownAgent(AgentReference(name))) ?? nil)?.id
  }
}
