public import AgoraStore

extension MonitorReport {
  /// The protocol's summary.
  package var summary: JSON {
    .object([
      .init("total_agents", .int(agents.count)),
      .init("v5_native_agents", .int(count(.native))),
      .init("v4_migrated_agents", .int(leftV4)),
      .init("v4_compatibility_agents", .int(count(.onV4))),
      .init("migration_completion_rate", .double(completionRate)),
      .init("silent_agents", .int(count(.silent))),
      .init("reason", .string(completionReason)),
    ])
  }

  /// All but the agents, of which there may be a hundred thousand.
  private var head: [JSON.Member] {
    [
      .init("migration_summary", summary), .init("system_health", .string(health.rawValue)),
      .init("recommendations", .array(recommendations.map { .string($0.line) })),
      .init("generated_at", .string(generatedAt.description)), .init("ready", .bool(isReady)),
      .init("window_days", .int(window)), .init("phase", .string(sunset.phase.rawValue)),
      .init("sunset", sunsetJSON), .init("gates", .array(gates.map(\.json))),
      .init("forecast", forecast.json), .init("runs", .array(facts.runs.map(Self.json))),
      .init("rejects", rejectsJSON), .init("conflicts", .int(facts.conflicts)),
      .init("orphans", .int(facts.orphans)),
      .init("verification", facts.verification?.json ?? .null), .init("backup", backupJSON),
      .init("health_notes", .array(healthNotes.map { .string($0) })),
      .init("notes", .array(notes.map { .string($0) })), .init("v4_calls", callsJSON),
    ]
  }

  /// The whole report (the command line's contract).
  public var json: JSON { .object(head + [.init("agents", .array(agents.map { json($0) }))]) }

  /// The report as text of JSON in pieces, so that no tree of a hundred thousand agents is built.
  package func writeJSON(_ write: ([UInt8]) throws -> Void) rethrows {
    var piece = Array(JSONWriter.pretty(.object(head)).utf8)
    // The last brace makes room for the agents; before it stands the end of a line.
    piece.removeLast(2)
    piece += Array(",\n  \"agents\": [".utf8)
    for (place, agent) in agents.enumerated() {
      piece += Array((place == 0 ? "\n    " : ",\n    ").utf8)
      JSONWriter.write(json(agent), into: &piece)
      if piece.count > 1 << 16 {
        try write(piece)
        piece.removeAll(keepingCapacity: true)
      }
    }
    piece += Array((agents.isEmpty ? "]\n}" : "\n  ]\n}").utf8)
    try write(piece)
  }

  private var sunsetJSON: JSON {
    .object([
      .init("since", .optional(sunset.since?.description)),
      .init("date", .optional(sunset.end?.description)),
      .init("announced_at", .optional(sunset.announcedAt?.description)),
      .init("next_date", .optional(nextDate?.at.description)),
      .init("next", .optional(nextDate?.what)),
      .init(
        "windows",
        .array(
          sunset.windows.map {
            .object([
              .init("start", .string($0.start.description)),
              .init("end", .string($0.end.description)), .init("refused", .int($0.refused)),
            ])
          })),
      .init(
        "exempt", .array(agents.filter { $0.exemptUntil != nil }.map { .string($0.name) })),
    ])
  }

  private var rejectsJSON: JSON {
    .object([
      .init("outstanding", .int(facts.outstandingRejects)),
      .init("by_code", .object(facts.rejects.map { .init($0.code, .int($0.rows)) })),
    ])
  }

  private var backupJSON: JSON {
    guard let backup = facts.backup else { return .null }
    return .object([
      .init("file", .string(backup.path)), .init("taken_at", .string(backup.at.description)),
      .init("has_last_run", .bool(backup.hasLastRun)),
    ])
  }

  private static func json(_ run: RunFacts) -> JSON {
    .object([
      .init("run_id", .string(run.runID)), .init("status", .string(run.status)),
      .init("source", .string(run.source)), .init("started_at", .string(run.startedAt.description)),
      .init("finished_at", .optional(run.finishedAt?.description)),
      .init("totals", run.totals.json),
      .init("tables", .object(run.tables.map { .init($0.table, $0.json) })),
      .init("orphans", .int(run.orphans)), .init("epochs", .int(run.epochs)),
      .init("conflicts", .int(run.conflicts)),
    ])
  }

  private var callsJSON: JSON {
    .object([
      .init("total", .int(calls.total)), .init("in_window", .int(calls.inWindow)),
      .init("since", .optional(calls.since?.description)),
      .init(
        "by_day",
        .array(
          calls.cells.map {
            .object([
              .init("day", .string($0.date)), .init("reducer", .string($0.reducer)),
              .init("calls", .int($0.calls)), .init("refused", .int($0.refused)),
            ])
          })),
      .init(
        "by_reducer",
        .array(
          calls.reducers.map {
            .object([
              .init("reducer", .string($0.reducer)), .init("calls", .int($0.calls)),
              .init("refused", .int($0.refused)), .init("agents", .int($0.agents)),
              .init("agents_on_v4", .int($0.agentsOnV4)),
              .init("replacement", .optional($0.replacement)),
            ])
          })),
      .init("refused", .object(calls.refused.map { .init($0.code, .int($0.calls)) })),
      .init(
        "unattributed",
        .array(
          calls.unattributed.map {
            .object([
              .init("name", $0.name.isEmpty ? .null : .string($0.name)),
              .init("calls", .int($0.calls)), .init("calls_in_window", .int($0.windowCalls)),
              .init("last_call", .string($0.lastCall.description)),
            ])
          })),
    ])
  }

  /// An agent's part.
  private func json(_ agent: AgentStanding) -> JSON {
    var members: [JSON.Member] = [
      .init("name", .string(agent.name)), .init("agent_id", .string(agent.id)),
      .init("state", .string(agent.state.rawValue)),
      .init("last_v4_call", .optional(agent.lastV4Call?.description)),
      .init("last_v5_call", .optional(agent.lastV5Call?.description)),
      .init("v4_calls", .int(agent.v4Calls)),
      .init("v4_calls_per_day", .double(callsPerDay(agent))),
      .init("reducers", .array(agent.reducers.map { .string($0.reducer) })),
      .init("open_tasks", .int(agent.openTasks)),
      .init("open_workflows", .int(agent.openWorkflows)),
      .init("v4_calls_in_window", .int(agent.windowCalls)),
      .init("trend", .string(agent.trend.rawValue)), .init("from_v4", .bool(agent.isFromV4)),
      .init("stub", .bool(agent.isStub)),
    ]
    if agent.state == .onV4 {
      members.append(.init("replacements", .array(agent.reducers.map(replacement))))
      members.append(.init("forecast", agent.forecast?.json ?? .null))
    }
    if let until = agent.exemptUntil {
      members.append(.init("exempt_until", .string(until.description)))
    }
    if let reason = agent.acknowledged {
      members.append(.init("acknowledged", .string(reason)))
    }
    return .object(members)
  }

  private func replacement(_ use: ReducerCount) -> JSON {
    .object([
      .init("reducer", .string(use.reducer)), .init("calls", .int(use.calls)),
      .init("v5", .optional(calls.replacements[use.reducer])),
    ])
  }

  /// Calls a day within the window, to a thousandth.
  package func callsPerDay(_ agent: AgentStanding) -> Double {
    (Double(agent.windowCalls) / Double(window) * 1000).rounded() / 1000
  }
}
