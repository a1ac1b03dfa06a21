import AgoraStore
import CompatProxy
import Monitor

/// What has to be true before v4 is switched off: the monitor says it.
enum Readiness {
  static let gate: ReadinessGate = { marketplace, now in
    try MonitorReport(marketplace, at: now, replacements: Reducer.replacements).gates
      .filter { !$0.passed }
      .map { ClosedGate($0.name, $0.reason, remedy: $0.remedy) }
  }

  /// The ids of the agents that call v4 still.
  static func callers(_ invocation: Invocation) throws -> Set<String> {
    let clock = try Clock.ofEnvironment()
    let report = try MonitorReport(
      Marketplace(invocation.openStore(), clock: clock), at: clock.now(),
      replacements: Reducer.replacements)
    return Set(report.agents.filter { $0.state == .onV4 }.map(\.id))
  }
}
