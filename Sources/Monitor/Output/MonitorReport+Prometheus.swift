package import AgoraStore

extension MonitorReport {
  /// The figures in Prometheus' text format, version 0.0.4, under the names that `/metrics` has.
  public var prometheus: String {
    var page = PrometheusText()
    figures.add(to: &page)
    addOwn(to: &page)
    return page.text
  }

  private typealias Sample = (labels: [(String, String)], value: Double)

  /// What only the monitor knows.
  package func addOwn(to page: inout PrometheusText) {
    page.add(
      "agora_migration_agents", .gauge, "Agents by how far they are on the way from v4 to v5.",
      AgentState.allCases.map { ([("state", $0.rawValue)], Double(count($0))) })
    page.add(
      "agora_migration_completion_ratio", .gauge,
      "The part of v4's agents that has left v4, 0 to 1.",
      [([], completionRate / 100)])
    page.add(
      "agora_migration_ready", .gauge, "1 where every gate is open and v4 can be switched off.",
      isReady ? 1 : 0)
    page.add(
      "agora_migration_gate_passed", .gauge, "1 where a gate is open.",
      gates.map { ([("gate", $0.name)], $0.passed ? 1 : 0) })
    page.add(
      "agora_migration_phase", .gauge, "1 for the phase in which v4 is.",
      SunsetPhase.allCases.map { ([("phase", $0.rawValue)], $0 == sunset.phase ? 1 : 0) })
    page.add(
      "agora_v4_calls_in_window", .gauge, "Calls of v4 within the window of days.", calls.inWindow)
    page.add(
      "agora_v4_unattributed_callers", .gauge,
      "Callers of v4 within the window that are no agents.",
      calls.unattributed.count { $0.windowCalls > 0 })
    page.add(
      "agora_migration_verified", .gauge,
      "1 where the last migration was verified and is as exported.",
      facts.isVerified ? 1 : 0)
    page.add(
      "agora_health", .gauge, "1 for how the marketplace does.",
      HealthStatus.allCases.map { ([("status", $0.rawValue)], $0 == health ? 1 : 0) })
    addDates(to: &page)
  }

  private func addDates(to page: inout PrometheusText) {
    func seconds(_ instant: Timestamp) -> Double { Double(instant.microseconds / 1_000_000) }
    var dates: [Sample] = []
    if let date = sunset.end { dates.append(([("what", "sunset")], seconds(date))) }
    if let backup = facts.backup { dates.append(([("what", "backup")], seconds(backup.at))) }
    if let last = facts.verification {
      dates.append(([("what", "verification")], seconds(last.at)))
    }
    page.add(
      "agora_migration_timestamp_seconds", .gauge,
      "When something happened last or will happen, in seconds since 1970.", dates)
    var days: [Sample] = []
    if let all = forecast.all {
      days = [
        ("earliest", all.earliestDay), ("expected", all.expectedDay), ("latest", all.latestDay),
      ].map { ([("bound", $0.0)], seconds(DayTime.start(of: $0.1))) }
    }
    page.add(
      "agora_migration_forecast_timestamp_seconds", .gauge,
      "The day by which all will have stopped calling v4; no sample where none can be told.", days)
  }
}
