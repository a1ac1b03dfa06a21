import AgoraStore
import CompatProxy
import Monitor

/// What has to be true before v4 is switched off: the monitor says it.
enum Readiness {
  /// The ids of silent agents that own something and that nobody has acknowledged.
  static func waiting(_ marketplace: Marketplace, at now: Timestamp) throws -> [String] {
    try MonitorReport(marketplace, at: now, replacements: Reducer.replacements)
      .agents(in: .silent).filter { $0.ownsSomething && $0.acknowledged == nil }.map(\.id)
  }

  static let gate: ReadinessGate = { marketplace, now in
    try MonitorReport(marketplace, at: now, replacements: Reducer.replacements).gates
      .filter { !$0.passed }
      .map { ClosedGate($0.name, $0.reason, remedy: $0.remedy) }
  }

  /// The ids of the agents that call v4 still.
  static func callers(_ marketplace: Marketplace, at now: Timestamp) throws -> Set<String> {
    let report = try MonitorReport(marketplace, at: now, replacements: Reducer.replacements)
    return Set(report.agents(in: .onV4).map(\.id))
  }
}
