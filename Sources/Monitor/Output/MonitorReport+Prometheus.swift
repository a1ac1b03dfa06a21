import AgoraStore

extension MonitorReport {
  /// The figures in Prometheus' text exposition format, version 0.0.4.
  public var prometheus: String {
    var out = Exposition()
    out.gauge("agora_migration_agents", "Agents by how far they are on the way from v4 to v5.")
    for state in AgentState.allCases {
      out.sample(["state": state.rawValue], Double(count(state)))
    }
    out.gauge(
      "agora_migration_completion_ratio", "The part of v4's agents that has left v4, 0 to 1.")
    out.sample([:], completionRate / 100)
    out.gauge("agora_migration_ready", "1 where every gate is open and v4 can be switched off.")
    out.sample([:], isReady ? 1 : 0)
    out.gauge("agora_migration_gate_passed", "1 where a gate is open.")
    for gate in gates { out.sample(["gate": gate.name], gate.passed ? 1 : 0) }
    out.gauge("agora_migration_phase", "1 for the phase in which v4 is.")
    for phase in SunsetPhase.allCases {
      out.sample(["phase": phase.rawValue], phase == sunset.phase ? 1 : 0)
    }
    if let date = sunset.sunsetAt {
      out.gauge("agora_migration_sunset_timestamp_seconds", "When v4 is to end.")
      out.sample([:], Double(date.microseconds / 1_000_000))
    }
    out.counter("agora_v4_calls_total", "Calls of v4 on record, by reducer.")
    for reducer in calls.reducers {
      out.sample(["reducer": reducer.reducer], Double(reducer.calls))
    }
    out.counter("agora_v4_calls_refused_total", "Calls of v4 that were refused, by reason.")
    for (code, calls) in calls.refused { out.sample(["code": code], Double(calls)) }
    out.gauge("agora_v4_calls_in_window", "Calls of v4 within the window of days.")
    out.sample([:], Double(calls.inWindow))
    out.gauge(
      "agora_v4_unattributed_callers", "Callers of v4 within the window that are no agents.")
    out.sample([:], Double(calls.unattributed.count { $0.windowCalls > 0 }))
    migrationSamples(&out)
    return out.text
  }

  private func migrationSamples(_ out: inout Exposition) {
    out.gauge("agora_migration_runs", "Migrations that have gone in.")
    out.sample([:], Double(facts.runs.count))
    out.gauge("agora_migration_rows", "Rows of the migrations, by what became of them.")
    var totals = LedgerLine(table: "")
    for run in facts.runs { totals.add(run.totals) }
    for (name, value) in totals.figures where name != "read" {
      out.sample(["outcome": name], Double(value))
    }
    out.gauge("agora_migration_rejects_outstanding", "Rejected rows that wait.")
    out.sample([:], Double(facts.outstandingRejects))
    out.gauge("agora_migration_conflicts_outstanding", "Conflicts that wait for a decision.")
    out.sample([:], Double(facts.conflicts))
    out.gauge(
      "agora_migration_verified", "1 where the last migration was verified and is as exported.")
    let isVerified = facts.verification.map { $0.isCurrent && $0.isIdentical } ?? false
    out.sample([:], isVerified ? 1 : 0)
    if let backup = facts.backup {
      out.gauge("agora_migration_backup_timestamp_seconds", "When the store was last backed up.")
      out.sample([:], Double(backup.at.microseconds / 1_000_000))
    }
    out.gauge(
      "agora_migration_healthy", "1 where the marketplace is healthy, 0.5 where it is degraded.")
    out.sample([:], health == .healthy ? 1 : health == .degraded ? 0.5 : 0)
    if let all = forecast.all {
      out.gauge(
        "agora_migration_forecast_timestamp_seconds",
        "The day by which all will have stopped calling v4.")
      for (bound, day) in [
        ("earliest", all.earliestDay), ("expected", all.expectedDay), ("latest", all.latestDay),
      ] { out.sample(["bound": bound], Double(DayTime.start(of: day).microseconds / 1_000_000)) }
    }
  }
}

/// Writes Prometheus' text exposition format
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
struct Exposition {
  private(set) var text = ""
  private var name = ""

  mutating func gauge(_ name: String, _ help: String) { begin(name, help, "gauge") }
  mutating func counter(_ name: String, _ help: String) { begin(name, help, "counter") }

  private mutating func begin(_ name: String, _ help: String, _ type: String) {
    self.name = name
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  mutating func sample(_ labels: KeyValuePairs<String, String>, _ value: Double) {
    text += name
    if !labels.isEmpty {
      text +=
        "{" + labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}"
    }
    // A whole number is written as one, as far as a double has it exactly.
    text += value == value.rounded() && abs(value) < 9e15 ? " \(Int64(value))\n" : " \(value)\n"
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "\\": result += #"\\"#
      case "\"": result += #"\""#
      case "\n": result += #"\n"#
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }
}
