public import AgoraStore

extension SunsetSimulation {
  /// The findings as JSON.
  public var json: JSON {
    .object([
      .init("at", .string(at.description)), .init("from", .string(from.description)),
      .init("to", .string(to.description)), .init("calls", .int(calls)),
      .init("would_fail", .int(failing)), .init("refused_anyway", .int(refusedAnyway)),
      .init("messages", .int(messages)), .init("is_partial", .bool(isPartial)),
      .init(
        "reducers",
        .array(
          reducers.map {
            .object([
              .init("reducer", .string($0.reducer)), .init("calls", .int($0.calls)),
              .init("agents", .int($0.agents)), .init("replacement", .optional($0.replacement)),
            ])
          })),
      .init(
        "agents",
        .array(
          agents.map {
            .object([
              .init("name", $0.name.isEmpty ? .null : .string($0.name)),
              .init("agent_id", .optional($0.id)), .init("hand", .int($0.hand.rawValue)),
              .init("calls", .int($0.calls)), .init("missed", .int($0.missed)),
            ])
          })),
      .init(
        "tasks",
        .array(
          tasks.map {
            .object([
              .init("task_id", .string($0.id)), .init("task_type", .string($0.type)),
              .init("status", .string($0.status)), .init("workflow_id", .optional($0.workflow)),
              .init("agent_id", .optional($0.agent)), .init("hand", .int($0.hand.rawValue)),
            ])
          })),
      .init(
        "workflows",
        .array(
          workflows.map {
            .object([
              .init("workflow_id", .string($0.id)), .init("workflow_name", .string($0.name)),
              .init("status", .string($0.status)), .init("hand", .int($0.hand.rawValue)),
            ])
          })),
    ])
  }

  /// The findings for people.
  public var text: String {
    var lines = [
      "Had v4 been off from \(MonitorReport.minute(from)) to \(MonitorReport.minute(to)):",
      calls == 0
        ? "  no call is on record by itself for these days, so nothing can be told."
        : failing == 0
          ? "  none of \(Words.count(calls, "call")) would have failed (\(refusedAnyway) refused as it was)."
          : "  \(failing) of \(Words.count(calls, "call")) would have failed (\(refusedAnyway) \(refusedAnyway == 1 ? "was" : "were") refused as it was).",
    ]
    if isPartial {
      lines.append("  Older calls of these days are kept as counts only and are not among them.")
    }
    guard failing > 0 else { return lines.joined(separator: "\n") }
    section(
      "Calls", ["reducer", "calls", "agents", "on v5"],
      reducers.map {
        [
          MonitorReport.short($0.reducer, 28), "\($0.calls)", "\($0.agents)",
          MonitorReport.short($0.replacement ?? "-", 26),
        ]
      }, into: &lines)
    section(
      "Agents", ["agent", "", "calls", "missed"],
      agents.map {
        [
          MonitorReport.short($0.name.isEmpty ? "(no name)" : $0.name, 36), Self.word($0.hand),
          "\($0.calls)", "\($0.missed)",
        ]
      }, left: 2, into: &lines)
    section(
      "Tasks", ["task", "type", "status", ""],
      tasks.map {
        [$0.id, MonitorReport.short($0.type, 14), $0.status, Self.word($0.hand)]
      }, left: 4, into: &lines)
    section(
      "Workflows", ["workflow", "name", "status", ""],
      workflows.map {
        [$0.id, MonitorReport.short($0.name, 14), $0.status, Self.word($0.hand)]
      }, left: 4, into: &lines)
    lines += [
      "", "calls: its own calls fail. waits: it waits for what such a call makes.",
      "missed: messages and tasks from calls of others.",
    ]
    return lines.joined(separator: "\n")
  }

  private static func word(_ hand: Hand) -> String { hand == .first ? "calls" : "waits" }

  private func section(
    _ title: String, _ head: [String], _ rows: [[String]], left: Int = 1, into lines: inout [String]
  ) {
    guard !rows.isEmpty else { return }
    lines += ["", "\(title) (\(rows.count))"]
    lines += TextTable.lines([head] + rows, leftColumns: left).map { "  " + $0 }
  }
}
