import AgoraStore

/// The table of agents.
extension ReportPage {
  /// The columns: the word by which the script sorts, the head, and whether it has figures.
  private static let columns: [(key: String, head: String, isFigure: Bool)] = [
    ("name", "agent", false), ("state", "state", false), ("v4", "last on v4", false),
    ("rate", "calls a day", true), ("reducers", "calls, and what to call instead", false),
    ("owns", "still owns", true), ("v5", "last on v5", false), ("stops", "stops by", false),
  ]

  func table(_ out: inout HTML) {
    let agents = report.agents
    out.element(
      "section", "id=\"agents\" class=\"card\" aria-labelledby=\"agents-title\" tabindex=\"-1\""
    ) { out in
      out.element("h2", "id=\"agents-title\"", "Every agent")
      guard !agents.isEmpty else {
        out.element("p", "class=\"quiet\"", "There are no agents yet.")
        out.raw("<template id=\"agent-rows\"></template>")
        return
      }
      out.raw(
        "<div class=\"tools\" id=\"tools\" hidden><label for=\"filter\">Find</label><input id=\"filter\" type=\"search\" placeholder=\"name, id or reducer\" autocomplete=\"off\" spellcheck=\"false\"><div class=\"chips\" role=\"group\" aria-label=\"States\">"
      )
      for state in Self.states.reversed() {
        out.raw(
          "<button type=\"button\" class=\"chip \(state.rawValue)\" data-state=\"\(state.rawValue)\" aria-pressed=\"true\">\(state.title)</button>"
        )
      }
      out.raw("</div></div>")
      out.element("p", "id=\"shown\" class=\"quiet\" role=\"status\"") { out in
        if agents.count > Self.rowLimit {
          out.write(
            "The first \(Self.rowLimit) of \(agents.count): those on v4 first. All of them: agora monitor --json."
          )
        } else {
          out.write(Words.count(agents.count, "agent") + ": those on v4 first.")
        }
      }
      out.element("div", "class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Agents\"") {
        out in
        out.element("table", "class=\"agents\" id=\"agent-table\"") { out in
          out.raw("<thead><tr>")
          for column in Self.columns {
            out.raw(
              "<th scope=\"col\" data-key=\"\(column.key)\"\(column.isFigure ? " class=\"figure\"" : "")>\(column.head)</th>"
            )
          }
          out.raw("</tr></thead><tbody id=\"agent-rows\">\n")
          for place in agents.indices.prefix(Self.rowLimit) { row(agents[place], &out) }
          out.raw("</tbody>")
        }
      }
      out.raw("<button type=\"button\" id=\"more\" hidden>Show more</button>")
      if agents.count > Self.rowLimit { out.leaveGap() }
    }
  }

  private func row(_ agent: AgentStanding, _ out: inout HTML) {
    out.raw("<tr data-state=\"\(agent.state.rawValue)\" data-id=\"")
    out.write(agent.id)
    out.raw(
      "\" data-rate=\"\(report.callsPerDay(agent))\" data-owns=\"\(agent.openTasks + agent.openWorkflows)\"><th scope=\"row\"><bdi>"
    )
    out.write(agent.name)
    out.raw("</bdi>")
    if agent.isStub { out.raw(" <small>never registered</small>") }
    if agent.exemptUntil != nil { out.raw(" <small>exempt</small>") }
    if agent.acknowledged != nil { out.raw(" <small>acknowledged</small>") }
    out.raw(
      "</th><td><span class=\"badge \(agent.state.rawValue)\">\(agent.state.title)</span></td><td>\(Self.date(agent.lastV4Call))</td><td class=\"figure\">"
    )
    if agent.windowCalls > 0 {
      out.raw(
        "\(MonitorReport.perDay(report.callsPerDay(agent)).replacing("<", with: "&lt;")) <small>\(agent.trend.rawValue)</small>"
      )
    } else {
      out.raw("–")
    }
    out.raw("</td><td class=\"uses\">")
    if agent.reducers.isEmpty { out.raw("–") }
    for use in agent.reducers.prefix(6) { self.use(use, isOnV4: agent.state == .onV4, &out) }
    if agent.reducers.count > 6 { out.raw("<span>and \(agent.reducers.count - 6) more</span>") }
    out.raw("</td><td class=\"figure\">")
    out.write(Self.owned(agent))
    out.raw(
      "</td><td>\(Self.date(agent.lastV5Call))</td><td>\(agent.forecast?.expected ?? "–")</td></tr>\n"
    )
  }

  private func use(_ use: ReducerCount, isOnV4: Bool, _ out: inout HTML) {
    out.raw("<span><code>")
    out.write(MonitorReport.short(use.reducer, 40))
    out.raw("</code> \(use.calls)")
    if isOnV4, let replacement = report.calls.replacements[use.reducer] {
      out.raw(" → <code>")
      out.write(replacement)
      out.raw("</code>")
    }
    out.raw("</span>")
  }

  private static func date(_ instant: Timestamp?) -> String {
    guard let instant else { return "–" }
    return "<time datetime=\"\(instant.description)\">\(instant.description.prefix(10))</time>"
  }

  /// `2 tasks, 1 workflow`.
  private static func owned(_ agent: AgentStanding) -> String {
    let parts = [
      agent.openTasks > 0 ? Words.count(agent.openTasks, "task") : nil,
      agent.openWorkflows > 0 ? Words.count(agent.openWorkflows, "workflow") : nil,
    ].compactMap { $0 }
    return parts.isEmpty ? "–" : parts.joined(separator: ", ")
  }

  /// Writes all agents for the script, each as an array in the order of the columns: reducers, states and
  /// trends by their numbers, days as such, and of an id what is not the same in all.
  func writeData(_ write: ([UInt8]) throws -> Void) rethrows {
    var numbers: [String: Int] = [:]
    for (number, reducer) in report.calls.reducers.enumerated() {
      numbers[reducer.reducer] = number
    }
    var piece = Array("<script type=\"application/json\" id=\"agent-data\">{\"states\":".utf8)
    HTML.embed(.array(AgentState.allCases.map { .string($0.rawValue) }), into: &piece)
    piece.append(literal: ",\"trends\":")
    HTML.embed(.array(CallTrend.allCases.map { .string($0.rawValue) }), into: &piece)
    piece.append(literal: ",\"reducers\":")
    HTML.embed(
      .array(
        report.calls.reducers.map { .array([.string($0.reducer), .optional($0.replacement)]) }),
      into: &piece)
    piece.append(literal: ",\"agents\":[")
    for place in report.agents.indices {
      if place > 0 { piece.append(literal: ",\n") }
      data(report.agents[place], numbers, &piece)
      try piece.handOn(to: write)
    }
    piece.append(literal: "]}</script>")
    try write(piece)
  }

  private func data(_ agent: AgentStanding, _ numbers: [String: Int], _ bytes: inout [UInt8]) {
    func day(_ day: Int?, _ bytes: inout [UInt8]) {
      bytes.append(0x2c)
      if let day { bytes.append(decimal: day) } else { bytes.append(literal: "null") }
    }
    bytes.append(0x5b)
    HTML.embed(agent.name, into: &bytes)
    bytes.append(0x2c)
    if case .usual(let bits) = agent.agentID {
      bytes.append(0x22)
      bits.appendHex(to: &bytes)
      bytes.append(0x22)
    } else {
      HTML.embed("=" + agent.id, into: &bytes)
    }
    bytes.append(0x2c)
    bytes.append(decimal: AgentState.allCases.firstIndex(of: agent.state) ?? 0)
    day(agent.lastV4Call.map { DayTime.day(of: $0.microseconds) }, &bytes)
    bytes.append(0x2c)
    JSONWriter.write(.double(report.callsPerDay(agent)), into: &bytes)
    bytes.append(0x2c)
    bytes.append(decimal: CallTrend.allCases.firstIndex(of: agent.trend) ?? 0)
    bytes.append(literal: ",[")
    for (number, use) in agent.reducers.prefix(6).enumerated() {
      if number > 0 { bytes.append(0x2c) }
      bytes.append(decimal: numbers[use.reducer] ?? -1)
      bytes.append(0x2c)
      bytes.append(decimal: use.calls)
    }
    bytes.append(literal: "],")
    bytes.append(decimal: agent.openTasks)
    bytes.append(0x2c)
    bytes.append(decimal: agent.openWorkflows)
    day(agent.lastV5Call.map { DayTime.day(of: $0.microseconds) }, &bytes)
    day(agent.forecast?.expectedDay, &bytes)
    let marks = [agent.isStub, agent.exemptUntil != nil, agent.acknowledged != nil]
    bytes.append(0x2c)
    bytes.append(decimal: marks.enumerated().reduce(0) { $0 | ($1.element ? 1 << $1.offset : 0) })
    bytes.append(0x5d)
  }
}
