import AgoraStore

extension MonitorReport {
  /// The width that the text keeps to where names permit it.
  private static let width = 80

  /// The report for people, in 80 columns.
  public var text: String {
    var bytes: [UInt8] = []
    writeText { bytes += $0 }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Writes the ``text`` in pieces.
  package func writeText(_ write: ([UInt8]) throws -> Void) rethrows {
    let sections = [
      heading, progress, nextSteps, gateList, callSection, forecastSection, migrationSection,
    ]
    try write(
      Array(
        sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") + "\n\n" }.joined().utf8))
    try writeAgents(write)
  }

  /// The beginning of the ``text`` that fits a screen of so many rows, for one that is drawn again and
  /// again: what is most urgent stands first.
  package func screen(rows: Int) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    guard lines.count > rows else { return text }
    let shown = max(1, rows - 1)
    let rest = Words.count(lines.count - shown, "more line")
    return lines.prefix(shown).joined(separator: "\n") + "\n(\(rest): agora monitor)"
  }

  /// `2025-06-06 10:00 UTC`.
  static func minute(_ instant: Timestamp) -> String {
    let text = instant.description
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
  }

  /// The verdict in a line.
  package var verdict: String {
    let closed = gates.count { !$0.passed }
    if isReady {
      return sunset.phase == .sunset ? "v4 is off, and nobody misses it" : "v4 can be switched off"
    }
    let gates =
      "\(closed) of \(Words.count(self.gates.count, "gate")) \(closed == 1 ? "is" : "are") closed"
    return sunset.phase == .sunset
      ? "v4 is off, and \(gates)" : "v4 cannot be switched off yet: \(gates)"
  }

  /// The phase with its next date.
  package var phaseLine: String {
    guard let next = nextDate else { return sunset.phase.rawValue }
    return "\(sunset.phase.rawValue); \(next.what) on \(Self.minute(next.at))"
  }

  private var heading: [String] {
    let title = "From v4 to v5"
    let time = Self.minute(generatedAt)
    let space = max(2, Self.width - title.count - time.count)
    return [
      title + String(repeating: " ", count: space) + time,
      String(repeating: "=", count: Self.width),
      Self.sentence(verdict) + ".", "Phase: \(phaseLine).",
    ] + notes.flatMap { Self.wrapped("Note: \($0).", hanging: 2) }
  }

  private var progress: [String] {
    let parts: [(AgentState, String, String)] = [
      (.native, "#", "born on v5"), (.migrated, "=", "came from v4, seen on v5"),
      (.silent, "-", "came from v4, never seen on v5"),
      (.onV4, "!", "called v4 within \(Words.count(window, "day"))"),
    ]
    let cells = Self.shares(parts.map { count($0.0) }, of: Self.width - 2)
    let bar = zip(parts, cells).map { String(repeating: $0.1, count: $1) }.joined()
    let percent = Self.percent(completionRate)
    var lines =
      Self.wrapped(
        "Agents: \(agents.count). Migrated: \(percent) (\(completionReason)).", hanging: 2) + [
        "[\(bar)\(String(repeating: " ", count: Self.width - 2 - bar.count))]"
      ]
    for (state, mark, meaning) in parts {
      let number = "\(count(state))"
      let space = String(repeating: " ", count: max(1, 8 - number.count))
      lines.append("  \(mark) \(Self.left(state.title, 10))\(space)\(number)  \(meaning)")
    }
    return lines
  }

  /// A percentage that never claims to be whole where it is not.
  package static func percent(_ value: Double) -> String {
    let tenths = Int((min(max(value, 0), 100) * 10).rounded(.down))
    return "\(tenths / 10).\(tenths % 10) %"
  }

  /// Whole cells in proportion to counts; what there is gets one at least.
  package static func shares(_ counts: [Int], of width: Int) -> [Int] {
    let total = counts.reduce(0) { Numeric.sum($0, $1) }
    guard total > 0 else { return counts.map { _ in 0 } }
    var cells = counts.map { count -> Int in
      let exact = Double(width) * Double(count) / Double(total)
      return count > 0 ? max(1, Int(exact.rounded(.down))) : 0
    }
    // What rounding took or gave is the largest part's.
    guard let largest = counts.indices.max(by: { counts[$0] < counts[$1] }) else { return cells }
    cells[largest] = max(0, cells[largest] + width - cells.reduce(0, +))
    return cells
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private var nextSteps: [String] {
    guard !recommendations.isEmpty else { return [] }
    return ["What to do next"]
      + recommendations.enumerated().flatMap { place, advice -> [String] in
        Self.wrapped("\(place + 1). \(advice.text)\(advice.command == nil ? "." : ":")", hanging: 3)
          + (advice.command.map(Self.commandLines) ?? [])
      }
  }

  /// A command in lines of the width, which a shell takes as one: they end with a backslash, and none is
  /// broken within quotes.
  private static func commandLines(_ command: String) -> [String] {
    var words: [String] = [""]
    var isQuoted = false
    for character in command {
      if character == "'" { isQuoted.toggle() }
      if character == " ", !isQuoted {
        words.append("")
      } else {
        words[words.count - 1].append(character)
      }
    }
    var lines: [String] = []
    for word in words {
      if let last = lines.last, TextTable.width(last) + 1 + TextTable.width(word) <= width - 2 {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append((lines.isEmpty ? "     " : "       ") + word)
      }
    }
    return lines.dropLast().map { $0 + " \\" } + lines.suffix(1)
  }

  /// Text in lines of the width, the first and those after it indented by some places.
  private static func wrapped(_ text: String, indent: Int = 0, hanging: Int) -> [String] {
    var lines: [String] = []
    for part in text.split(separator: " ") {
      let word = TextTable.cut(String(part), width - max(indent, hanging))
      if let last = lines.last, TextTable.width(last) + 1 + TextTable.width(word) <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(repeating: " ", count: lines.isEmpty ? indent : hanging) + word)
      }
    }
    return lines
  }

  private var gateList: [String] {
    ["Gates"]
      + gates.flatMap { gate in
        Self.wrapped(
          "[\(gate.passed ? "x" : " ")] \(gate.title): \(TextTable.visible(gate.reason))",
          indent: 2, hanging: 6)
      }
  }

  // MARK: calls

  private static let bars = Array(" .:-=+*#%@")

  private var callSection: [String] {
    guard calls.total > 0 else {
      return hasLegacy ? ["Calls of v4", "  None is on record."] : []
    }
    var lines = [
      "Calls of v4: \(calls.total) on record, \(calls.inWindow) within \(Words.count(window, "day"))"
    ]
    let days = calls.lastDays(until: generatedAt)
    let most = days.map(\.calls).max() ?? 0
    if most > 0 {
      let marks = days.map { day -> Character in
        let level = Double(day.calls) / Double(most) * Double(Self.bars.count - 1)
        return Self.bars[day.calls > 0 ? max(1, Int(level.rounded())) : 0]
      }
      lines.append("  last 30 days  |\(String(marks))|  most in a day: \(most)")
    }
    lines.append("")
    var rows = [["reducer", "calls", "refused", "agents on v4", "on v5"]]
    for reducer in calls.reducers {
      rows.append([
        Self.short(reducer.reducer, 26), "\(reducer.calls)", "\(reducer.refused)",
        "\(reducer.agentsOnV4)", Self.short(reducer.replacement ?? "-", 24),
      ])
    }
    lines += Self.table(rows)
    if !calls.refused.isEmpty {
      let reasons = calls.refused.map { "\($0.calls) \(TextTable.visible($0.code))" }
      lines +=
        [""]
        + Self.wrapped(
          "Refused: \(reasons.joined(separator: ", ")).", indent: 2, hanging: 2)
    }
    let others = calls.unattributed.filter { $0.windowCalls > 0 }
    if !others.isEmpty {
      let names = others.map { "\($0.name.isEmpty ? "(no name)" : $0.name) \($0.windowCalls)" }
      lines += Self.wrapped(
        "  Callers that are no agents, within the window: \(Words.names(names, most: 6)).",
        hanging: 2)
    }
    return lines
  }

  /// A table whose last column is text again.
  private static func table(_ rows: [[String]]) -> [String] {
    let last = (rows.first?.count ?? 1) - 1
    let width = rows.map { $0[last].count }.max() ?? 0
    return TextTable.lines(rows.map { row in row.dropLast() + [left(row[last], width)] })
      .map { "  " + $0 }
  }

  /// A text that is cut where it is too long for its column.
  static func short(_ text: String, _ width: Int) -> String {
    if text.utf8.count <= width, TextTable.isPlain(text) { return text }
    return TextTable.cut(TextTable.visible(String(text.prefix(width + 1))), width)
  }

  // MARK: forecast and migrations

  /// The forecast for all in a sentence.
  package var forecastLine: String {
    guard let all = forecast.all else {
      return "No forecast: \(forecast.reason ?? "there is nothing to tell")."
    }
    return
      "All will have stopped calling v4 by \(all.expected), and with a chance of four in five between \(all.earliest) and \(all.latest)."
  }

  /// The forecasts' record in a sentence; nil where none can be judged.
  package var recordLine: String? {
    let record = forecast.record
    guard record.judged > 0 else { return nil }
    let error = record.medianError.map {
      ", the expected day \(Words.count(Int($0), "day")) off in the middle"
    }
    return
      "Record: of \(Words.count(record.judged, "forecast")) of the last weeks that can be judged, \(record.covered) held the day (four in five are claimed)\(error ?? "")\(record.isWidened ? "; today's intervals are wider for it" : "")."
  }

  private var forecastSection: [String] {
    guard calls.total > 0 else { return [] }
    var lines =
      ["Forecast"]
      + Self.wrapped(forecastLine, indent: 2, hanging: 2)
    if forecast.agentsWith + forecast.agentsWithout > 0 {
      lines.append(
        "  Of the agents on v4, \(forecast.agentsWith) \(forecast.agentsWith == 1 ? "has" : "have") a forecast of \(forecast.agentsWith == 1 ? "its" : "their") own."
      )
    }
    if let recordLine {
      lines += Self.wrapped(recordLine, indent: 2, hanging: 2)
    }
    return lines
  }

  private var migrationSection: [String] {
    guard !facts.runs.isEmpty else { return [] }
    var lines = ["Migrations"]
    var rows = [["started", "status", "read", "imported", "merged", "rejected"]]
    for run in facts.runs {
      let totals = run.totals
      rows.append([
        String(Self.minute(run.startedAt).dropLast(4)), run.status, "\(totals.read)",
        "\(totals.imported)", "\(totals.merged)", "\(totals.rejected)",
      ])
    }
    lines += TextTable.lines(rows, leftColumns: 2).map { "  " + $0 }
    let epochs = facts.standing.reduce(0) { Numeric.sum($0, $1.epochs) }
    lines += Self.wrapped(
      "Named and never made: \(facts.orphans). Ids used again: \(epochs). Rejects that wait: \(facts.outstandingRejects). Conflicts: \(facts.conflicts).",
      indent: 2, hanging: 2)
    if let last = facts.verification {
      lines += Self.wrapped(
        "Verified \(Self.minute(last.at)): \(last.outcome).", indent: 2, hanging: 2)
    }
    return lines
  }

  // MARK: agents

  private func writeAgents(_ write: ([UInt8]) throws -> Void) rethrows {
    guard !agents.isEmpty else { return try write(Array("Agents\n  There are none yet.\n".utf8)) }
    var layout = TextLayout(
      ["agent", "state", "last on v4", "a day", "trend", "owns", "stops"], leftColumns: 3,
      rows: agents.count)
    for place in agents.indices {
      let agent = agents[place]
      layout.add([
        Self.short(agent.name, 22), agent.state.title,
        agent.lastV4Call.map(DayTime.date(of:)) ?? "-",
        agent.windowCalls > 0 ? Self.perDay(callsPerDay(agent)) : "-",
        agent.trend == .none ? "-" : agent.trend.rawValue, Self.owned(agent),
        agent.forecast?.expected ?? "-",
      ])
    }
    let isOwner = agents.indices.contains { agents[$0].ownsSomething }
    var piece = Array(
      "Agents\(isOwner ? " (owns: open tasks t, unfinished workflows w)" : "")\n".utf8)
    try layout.each { line in
      piece += line
      piece.append(0x0a)
      try piece.handOn(to: write)
    }
    try write(piece)
  }

  /// `0.3`, `12`.
  package static func perDay(_ value: Double) -> String {
    value >= 10
      ? "\(Int(value.rounded()))" : value < 0.1 ? "<0.1" : "\((value * 10).rounded() / 10)"
  }

  /// What an agent still owns: `2 tasks`.
  private static func owned(_ agent: AgentStanding) -> String {
    var parts: [String] = []
    if agent.openTasks > 0 { parts.append("\(agent.openTasks)t") }
    if agent.openWorkflows > 0 { parts.append("\(agent.openWorkflows)w") }
    return parts.isEmpty ? "-" : parts.joined(separator: " ")
  }
}
