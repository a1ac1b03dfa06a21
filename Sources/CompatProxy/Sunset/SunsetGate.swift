package import AgoraStore

/// What every door asks before a call of v4 is done: whether it passes, and what its answer carries.
package struct SunsetGate {
  private let group: CallGroup
  private let state: SunsetState

  init(_ group: CallGroup, atLeast leastPhase: SunsetPhase?) throws {
    self.group = group
    state = try SunsetState(group.connection).raised(to: leastPhase)
  }

  /// Whether a call passes.
  func decision(for reading: CallReading) throws -> SunsetDecision {
    SunsetDecision(
      state, at: group.now, exemptUntil: try exemption(of: reading.claimed),
      isUrgent: reading.isUrgentMessage)
  }

  /// What the answer to a call carries; nil where it carries nothing.
  func notice(_ decision: SunsetDecision, for reading: CallReading) -> SunsetNotice? {
    guard decision != .pass else { return nil }
    return SunsetNotice(
      decision, state, reducer: reading.reducer?.name, replacement: reading.replacement)
  }

  /// Exemptions matter in a window only.
  private func exemption(of claimed: String?) throws -> Timestamp? {
    guard let claimed, state.phase == .brownout, state.openWindow(at: group.now) != nil else {
      return nil
    }
    let agent = group.recordingContext(as: .owner(.v4)).agentIfClear(claimed)
    return try SunsetRegister(group.connection).exemption(of: agent, called: claimed)
  }

  /// Counts a call that fails in a window; one too many ends the window.
  func count(_ decision: SunsetDecision) throws {
    guard case .brownout(let window) = decision else { return }
    let register = SunsetRegister(group.connection)
    let refused = try register.countRefusal(in: window)
    guard refused > state.budget else { return }
    try register.end(window, at: group.now)
    let context = group.recordingContext(as: .owner(.v4))
    let reason = "\(refused) calls were refused, and \(state.budget) are the most"
    try context.audit(
      SunsetRegister.target,
      before: .object([.init("ends_at", .string(window.end.description))]),
      after: .object([.init("ends_at", .string(group.now.description))]), reason: reason,
      action: "sunset.breaker")
    try context.emit(
      "v4_brownout_broken", from: nil, to: ToolContext.everyone,
      [
        .init("starts_at", .string(window.start.description)),
        .init("ended_at", .string(group.now.description)), .init("refused", .int(refused)),
      ])
  }

  /// What the answer to a reading of v4's tables or logs carries, which is no call of a reducer: it fails
  /// with v4's end, not in a window.
  ///
  /// - Parameters:
  ///   - replacement: what to read instead.
  ///   - leastPhase: the phase in which v4 is at least for this program's callers.
  /// - Returns: nil where it carries nothing.
  package static func notice(
    forReading replacement: Replacement, in store: Store, atLeast leastPhase: SunsetPhase? = nil
  ) throws -> SunsetNotice? {
    let state = try store.read { try SunsetState($0) }.raised(to: leastPhase)
    guard state.phase > .compatibility else { return nil }
    return SunsetNotice(
      state.phase == .sunset ? .ended : .warn, state, reducer: nil, replacement: replacement)
  }
}

extension SunsetState {
  /// The state of a program whose environment asks for warnings; its end is the store's alone.
  fileprivate func raised(to phase: SunsetPhase?) -> SunsetState {
    var raised = self
    if let phase { raised.phase = max(self.phase, min(phase, .warning)) }
    return raised
  }
}
