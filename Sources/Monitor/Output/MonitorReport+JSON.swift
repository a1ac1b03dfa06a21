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
  public var json: JSON {
    var bytes: [UInt8] = []
    for place in agents.indices {
      bytes.append(place == 0 ? 0x5b : 0x2c)
      writeAgent(place, into: &bytes)
    }
    bytes += (agents.isEmpty ? "[]" : "]").utf8
    // What was just written is JSON; there is one place that says what an agent's part is.
    let all = (try? JSON.parse(String(decoding: bytes, as: UTF8.self))) ?? .null
    return .object(head + [.init("agents", all)])
  }

  /// The report as text of JSON in pieces, so that no tree of a hundred thousand agents is built.
  package func writeJSON(_ write: ([UInt8]) throws -> Void) rethrows {
    var piece = Array(JSONWriter.pretty(.object(head)).utf8)
    // The last brace makes room for the agents; before it stands the end of a line.
    piece.removeLast(2)
    piece += Array(",\n  \"agents\": [".utf8)
    piece.reserveCapacity(1 << 17)
    for place in agents.indices {
      if place > 0 { piece.append(0x2c) }
      piece.append(literal: "\n    ")
      writeAgent(place, into: &piece)
      try piece.handOn(to: write)
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
        "exempt",
        .array(
          agents.indices.filter { agents[$0].exemptUntil != nil }.map { .string(agents[$0].name) })
      ),
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

  /// Appends an agent's part, without a tree of values: there may be a hundred thousand of them.
  private func writeAgent(_ place: Int, into bytes: inout [UInt8]) {
    func instant(_ instant: Timestamp?, _ bytes: inout [UInt8]) {
      guard let instant else { return bytes.append(literal: "null") }
      bytes.append(0x22)
      instant.append(to: &bytes)
      bytes.append(0x22)
    }
    func bool(_ value: Bool, _ bytes: inout [UInt8]) {
      if value { bytes.append(literal: "true") } else { bytes.append(literal: "false") }
    }
    let agent = agents[place]
    bytes.append(literal: "{\"name\":")
    JSONText.quote(agent.name, into: &bytes)
    bytes.append(literal: ",\"agent_id\":")
    if case .usual = agent.agentID {
      bytes.append(0x22)
      agent.agentID.append(to: &bytes)
      bytes.append(0x22)
    } else {
      JSONText.quote(agent.id, into: &bytes)
    }
    bytes.append(literal: ",\"state\":")
    JSONText.quote(agent.state.rawValue, into: &bytes)
    bytes.append(literal: ",\"last_v4_call\":")
    instant(agent.lastV4Call, &bytes)
    bytes.append(literal: ",\"last_v5_call\":")
    instant(agent.lastV5Call, &bytes)
    bytes.append(literal: ",\"v4_calls\":")
    bytes.append(decimal: agent.v4Calls)
    bytes.append(literal: ",\"v4_calls_per_day\":")
    JSONWriter.write(.double(callsPerDay(agent)), into: &bytes)
    bytes.append(literal: ",\"reducers\":[")
    for (number, use) in agent.reducers.enumerated() {
      if number > 0 { bytes.append(0x2c) }
      JSONText.quote(use.reducer, into: &bytes)
    }
    bytes.append(literal: "],\"open_tasks\":")
    bytes.append(decimal: agent.openTasks)
    bytes.append(literal: ",\"open_workflows\":")
    bytes.append(decimal: agent.openWorkflows)
    bytes.append(literal: ",\"v4_calls_in_window\":")
    bytes.append(decimal: agent.windowCalls)
    bytes.append(literal: ",\"trend\":")
    JSONText.quote(agent.trend.rawValue, into: &bytes)
    bytes.append(literal: ",\"from_v4\":")
    bool(agent.isFromV4, &bytes)
    bytes.append(literal: ",\"stub\":")
    bool(agent.isStub, &bytes)
    for member in rare(agent) {
      bytes.append(0x2c)
      JSONText.quote(member.name, into: &bytes)
      bytes.append(0x3a)
      JSONWriter.write(member.value, into: &bytes)
    }
    bytes.append(0x7d)
  }

  /// What only some agents have.
  private func rare(_ agent: AgentStanding) -> [JSON.Member] {
    var members: [JSON.Member] = []
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
    return members
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
