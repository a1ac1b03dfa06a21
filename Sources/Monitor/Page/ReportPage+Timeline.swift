import AgoraStore

/// What stands in the page about what was and what will be.
extension ReportPage {
  func forecastCard(_ out: inout HTML) {
    out.element(
      "section", "id=\"forecast\" class=\"card\" data-live aria-labelledby=\"forecast-title\""
    ) { out in
      out.element("h2", "id=\"forecast-title\"", "Forecast")
      if let all = report.forecast.all {
        out.element("p", "class=\"big\"") { out in
          out.element("strong", "data-figure=\"forecast_expected\"", all.expected)
          out.element("span", "", "is when the last call of v4 is expected")
        }
        band(all, &out)
        out.element("p", "class=\"quiet\"") { out in
          out.write("With a chance of four in five between \(all.earliest) and \(all.latest)")
          out.write(
            report.forecast.basis == .agents
              ? ", from the calls of each agent that is on v4."
              : ", from how many agents call v4 each day.")
        }
      } else {
        out.element(
          "p", "class=\"lead\"",
          "No forecast: \(report.forecast.reason ?? "there is nothing to tell").")
      }
      let (with, without) = (report.forecast.agentsWith, report.forecast.agentsWithout)
      if with + without > 0 {
        out.element(
          "p", "class=\"quiet\"",
          "\(with) of \(Words.count(with + without, "agent")) on v4 \(with == 1 ? "has" : "have") a forecast of \(with == 1 ? "its" : "their") own, in the table below."
        )
      }
      if let record = report.recordLine { out.element("p", "class=\"quiet\"", record) }
    }
  }

  /// The interval as a band from today on.
  private func band(_ all: StopForecast, _ out: inout HTML) {
    let today = DayTime.day(of: report.generatedAt.microseconds)
    let end = max(all.latestDay - today, 1) + 2
    func place(_ day: Int) -> String {
      Self.number(Double(max(0, min(day - today, end))) / Double(end) * 1000)
    }
    let low = Double(place(all.earliestDay)) ?? 0
    let high = Double(place(all.latestDay)) ?? 0
    out.raw(
      "<svg class=\"band\" viewBox=\"0 0 1000 20\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"rail\" x=\"0\" y=\"8\" width=\"1000\" height=\"4\"/><rect class=\"span\" x=\"\(place(all.earliestDay))\" y=\"4\" width=\"\(Self.number(max(4, high - low)))\" height=\"12\"/><rect class=\"mid\" x=\"\(place(all.expectedDay))\" y=\"0\" width=\"4\" height=\"20\"/></svg>"
    )
    out.raw(
      "<div class=\"axis\" aria-hidden=\"true\"><span>today</span><span>\(all.latest)</span></div>")
  }

  // MARK: what was and what will be

  private struct Moment {
    let at: Timestamp
    let what: String
    var more = ""
  }

  private var moments: [Moment] {
    var found: [Moment] = []
    if let since = report.calls.since {
      found.append(Moment(at: since, what: "First call of v4 on record"))
    }
    for run in report.facts.runs.prefix(6) {
      found.append(
        Moment(
          at: run.finishedAt ?? run.startedAt,
          what: "Migration of \(Words.count(run.totals.read, "row"))", more: run.status))
    }
    if let last = report.facts.verification {
      found.append(
        Moment(
          at: last.at, what: "Verified",
          more: last.isIdentical ? "identical" : "\(last.differences) differences"))
    }
    if let backup = report.facts.backup {
      found.append(Moment(at: backup.at, what: "Backup", more: backup.path))
    }
    let sunset = report.sunset
    if let since = sunset.since {
      found.append(Moment(at: since, what: "Phase \(sunset.phase.rawValue)"))
    }
    if let at = sunset.announcedAt { found.append(Moment(at: at, what: "End of v4 announced")) }
    for window in sunset.windows {
      let minutes = max(0, (window.end.microseconds - window.start.microseconds) / 60_000_000)
      found.append(
        Moment(
          at: window.start,
          what: "Brownout of \(minutes < 120 ? "\(minutes) minutes" : "\(minutes / 60) hours")",
          more: window.refused > 0 ? "\(window.refused) calls refused" : ""))
    }
    if let at = sunset.end {
      found.append(Moment(at: at, what: at > report.generatedAt ? "v4 ends" : report.endedWords))
    }
    if let all = report.forecast.all, DayTime.start(of: all.expectedDay) > report.generatedAt {
      found.append(Moment(at: DayTime.start(of: all.expectedDay), what: "Last call of v4 expected"))
    }
    found.append(Moment(at: report.generatedAt, what: "Now"))
    return found.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
      .map(\.element)
  }

  func timeline(_ out: inout HTML) {
    out.element(
      "section", "id=\"timeline\" class=\"card\" data-live aria-labelledby=\"timeline-title\""
    ) { out in
      out.element("h2", "id=\"timeline-title\"", "Timeline")
      out.element("ol", "class=\"timeline\"") { out in
        for moment in moments {
          let mark =
            moment.what == "Now" ? "now" : moment.at > report.generatedAt ? "ahead" : "past"
          out.element("li", "class=\"\(mark)\"") { out in
            out.raw(
              "<time datetime=\"\(moment.at.description)\">\(MonitorReport.minute(moment.at).dropLast(4))</time> "
            )
            out.element("b", "", moment.what)
            if !moment.more.isEmpty { out.element("span", "class=\"quiet\"", " \(moment.more)") }
          }
        }
      }
    }
  }

  // MARK: the ledger

  func ledger(_ out: inout HTML) {
    out.element(
      "section", "id=\"ledger\" class=\"card\" data-live aria-labelledby=\"ledger-title\""
    ) { out in
      out.element("h2", "id=\"ledger-title\"", "Ledger of the migrations")
      guard !report.facts.runs.isEmpty else {
        out.element("p", "class=\"quiet\"", "No migration has gone into this store.")
        return
      }
      let epochs = report.facts.standing.reduce(0) { Numeric.sum($0, $1.epochs) }
      out.element("ul", "class=\"counts line\"") { out in
        for (name, figure, value) in [
          ("rejects that wait", "rejects", report.facts.outstandingRejects),
          ("conflicts", "conflicts", report.facts.conflicts),
          ("named and never made", "orphans", report.facts.orphans),
          ("ids used again", "epochs", epochs),
        ] { out.raw("<li><b data-figure=\"\(figure)\">\(value)</b> \(name)</li>") }
        out.element(
          "li", "",
          report.facts.verification.map {
            "verified: \($0.outcome)"
          } ?? "never verified")
      }
      for (place, run) in report.facts.runs.enumerated() { self.run(run, isOpen: place == 0, &out) }
    }
  }

  private func run(_ run: RunFacts, isOpen: Bool, _ out: inout HTML) {
    out.element("details", "class=\"more\"\(isOpen ? " open" : "")") { out in
      out.element("summary", "") { out in
        out.element("b", "", MonitorReport.minute(run.startedAt))
        out.write(
          " \(run.source): \(Words.count(run.totals.read, "row")) read, \(run.totals.rejected) rejected (\(run.status))"
        )
      }
      out.element(
        "div", "class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Rows by table\""
      ) { out in
        out.element("table", "class=\"figures\"") { out in
          out.raw("<thead><tr><th scope=\"col\">table</th>")
          for (name, _) in run.totals.figures { out.raw("<th scope=\"col\">\(name)</th>") }
          out.raw("</tr></thead><tbody>")
          for line in run.tables { row(line, line.table, "", &out) }
          out.raw("</tbody><tfoot>")
          row(run.totals, "total", " data-run=\"\(HTML.escaped(run.runID))\"", &out)
          out.raw("</tfoot>")
        }
      }
      out.element("p", "class=\"quiet\"") { out in out.element("code", "", run.runID) }
    }
  }

  private func row(_ line: LedgerLine, _ name: String, _ attributes: String, _ out: inout HTML) {
    out.raw("<tr\(attributes)><th scope=\"row\">")
    out.write(name)
    out.raw("</th>")
    for (_, value) in line.figures {
      out.raw("<td\(value == 0 ? " class=\"nil\"" : "")>\(value)</td>")
    }
    out.raw("</tr>")
  }
}
