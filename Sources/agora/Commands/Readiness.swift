import AgoraStore
import CompatProxy
import Monitor

/// What has to be true before v4 is switched off: the monitor says it.
enum Readiness {
  /// The ids of silent agents that own something and that nobody has acknowledged, and those of the agents
  /// that call v4 still.
  static func standing(
    _ marketplace: Marketplace, at now: Timestamp
  ) throws -> (waiting: [String], callers: Set<String>) {
    let report = try MonitorReport(marketplace, at: now, replacements: Reducer.replacements)
    let waiting = report.agents(in: .silent).filter { $0.ownsSomething && $0.acknowledged == nil }
    return (waiting.map(\.id), Set(report.agents(in: .onV4).map(\.id)))
  }

  static let gate: ReadinessGate = { marketplace, now in
    try MonitorReport(marketplace, at: now, replacements: Reducer.replacements).gates
      .filter { !$0.passed }
      .map { ClosedGate($0.name, $0.reason, remedy: $0.remedy) }
  }
}
