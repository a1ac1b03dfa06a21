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
          for agent in agents.prefix(Self.rowLimit) { row(agent, &out) }
          out.raw("</tbody>")
        }
      }
      out.raw("<button type=\"button\" id=\"more\" hidden>Show more</button>")
      if agents.count > Self.rowLimit { data(&out) }
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

  /// All agents for the script, each as an array in the order of the columns; reducers by number.
  private func data(_ out: inout HTML) {
    var numbers: [String: Int] = [:]
    for (number, reducer) in report.calls.reducers.enumerated() {
      numbers[reducer.reducer] = number
    }
    out.raw("<script type=\"application/json\" id=\"agent-data\">{\"reducers\":")
    out.raw(
      HTML.embedded(
        .array(
          report.calls.reducers.map {
            .array([.string($0.reducer), .optional($0.replacement)])
          })))
    out.raw(",\"agents\":[")
    for (place, agent) in report.agents.enumerated() {
      if place > 0 { out.raw(",\n") }
      out.raw(
        HTML.embedded(
          .array([
            .string(agent.name), .string(agent.id), .string(agent.state.rawValue),
            .optional(agent.lastV4Call.map { String($0.description.prefix(10)) }),
            .double(report.callsPerDay(agent)), .string(agent.trend.rawValue),
            .array(
              agent.reducers.prefix(6).flatMap { use in
                [JSON.int(numbers[use.reducer] ?? -1), .int(use.calls)]
              }),
            .int(agent.openTasks), .int(agent.openWorkflows),
            .optional(agent.lastV5Call.map { String($0.description.prefix(10)) }),
            .optional(agent.forecast?.expected), .bool(agent.isStub),
          ])))
    }
    out.raw("]}</script>")
  }
}
