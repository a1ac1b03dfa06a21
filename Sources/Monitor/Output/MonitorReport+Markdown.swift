import AgoraStore

extension MonitorReport {
  /// The report as Markdown, for an issue or a chat.
  public var markdown: String {
    var bytes: [UInt8] = []
    writeMarkdown { bytes += $0 }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Writes the ``markdown`` in pieces.
  package func writeMarkdown(_ write: ([UInt8]) throws -> Void) rethrows {
    var lines = ["# From v4 to v5", ""]
    lines.append("**\(Self.sentence(verdict)).** \(Self.minute(generatedAt)). Phase: \(phaseLine).")
    lines += notes.flatMap { ["", "> \(Self.inline($0))."] }
    lines += ["", "## Agents", ""]
    lines += Self.table(
      ["state", "agents"],
      [AgentState.onV4, .silent, .migrated, .native].map { [$0.title, "\(count($0))"] }
        + [["all", "\(agents.count)"]], right: [1])
    lines += ["", "Migrated: \(Self.percent(completionRate)); \(completionReason)."]
    lines += ["", "## What to do next", ""]
    lines += recommendations.enumerated().map { place, advice in
      "\(place + 1). \(Self.inline(advice.text))\(advice.command.map { ": `\(Self.code($0))`" } ?? "")"
    }
    lines += ["", "## Gates", ""]
    lines += Self.table(
      ["", "gate", "reason", "command"],
      gates.map { gate in
        [
          gate.passed ? "✓" : "✗", gate.title, Self.inline(gate.reason),
          gate.remedy.map { "`\(Self.code($0))`" } ?? "",
        ]
      }, right: [])
    lines += callLines + ["", "## Forecast", "", forecastLine]
    if let recordLine { lines += ["", recordLine] }
    lines += runLines + ["", "## Every agent", ""]
    lines += Self.table(
      [
        "agent", "state", "last v4 call", "calls a day", "open tasks", "open workflows", "reducers",
      ], [], right: [3, 4, 5])
    var piece = Array((lines.joined(separator: "\n") + "\n").utf8)
    for place in agents.indices {
      row(agents[place], &piece)
      try piece.handOn(to: write)
    }
    try write(piece)
  }

  private func row(_ agent: AgentStanding, _ bytes: inout [UInt8]) {
    func cell(_ text: String) {
      bytes.append(literal: "| ")
      bytes += text.utf8
      bytes.append(0x20)
    }
    cell(Self.inline(agent.name))
    cell(agent.state.title)
    bytes.append(literal: "| ")
    agent.lastV4Call?.append(to: &bytes)
    bytes.append(0x20)
    cell(agent.windowCalls > 0 ? Self.perDay(callsPerDay(agent)) : "")
    cell("\(agent.openTasks)")
    cell("\(agent.openWorkflows)")
    bytes.append(literal: "| ")
    for (number, use) in agent.reducers.enumerated() {
      if number > 0 { bytes.append(literal: ", ") }
      bytes += Self.inline(use.reducer).utf8
    }
    bytes.append(literal: " |\n")
  }

  private var callLines: [String] {
    var lines = ["", "## Calls of v4", ""]
    guard calls.total > 0 else { return lines + ["None is on record."] }
    lines += [
      "\(calls.total) on record, \(calls.inWindow) within \(Words.count(window, "day")).", "",
    ]
    lines += Self.table(
      ["reducer", "calls", "refused", "agents on v4", "on v5"],
      calls.reducers.map {
        [
          Self.inline($0.reducer), "\($0.calls)", "\($0.refused)", "\($0.agentsOnV4)",
          $0.replacement.map { "`\(Self.code($0))`" } ?? "",
        ]
      }, right: [1, 2, 3])
    return lines
  }

  private var runLines: [String] {
    guard !facts.runs.isEmpty else { return [] }
    return ["", "## Migrations", ""]
      + Self.table(
        ["run", "started", "status"] + LedgerLine(table: "").figures.map(\.name),
        facts.runs.map { run in
          ["`\(run.runID)`", Self.minute(run.startedAt), run.status]
            + run.totals.figures.map { "\($0.value)" }
        }, right: [3, 4, 5, 6, 7, 8])
  }

  private static func table(_ head: [String], _ rows: [[String]], right: Set<Int>) -> [String] {
    ["| \(head.joined(separator: " | ")) |"]
      + ["|" + head.indices.map { right.contains($0) ? "---:|" : "---|" }.joined()]
      + rows.map { "| \($0.joined(separator: " | ")) |" }
  }

  /// Text in which nothing is markup, and that ends no cell.
  static func inline(_ text: String) -> String {
    let text = TextTable.visible(text)
    guard text.utf8.contains(where: isMark) else { return text }
    // All marks are ASCII, and no byte of another character is one of them.
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count + 8)
    for byte in text.utf8 {
      if byte == 0x3c {
        // Not every renderer takes a backslash before it.
        bytes.append(literal: "&lt;")
        continue
      }
      if isMark(byte) { bytes.append(0x5c) }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func isMark(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x21, 0x23, 0x26, 0x2a, 0x3c, 0x3e, 0x5b...0x5d, 0x5f, 0x60, 0x7b...0x7e: true
    default: false
    }
  }

  /// Text between backticks.
  private static func code(_ text: String) -> String {
    String(TextTable.visible(text).map { $0 == "`" ? "'" : $0 == "|" ? "¦" : $0 })
  }
}
