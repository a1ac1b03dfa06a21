import AgoraStore

/// The report as one page that needs nothing else: no other request, no script to be readable.
package struct ReportPage {
  /// So many agents stand in the page as rows; of more, all stand in its data, which its script shows.
  package static let rowLimit = 1000

  let report: MonitorReport

  package init(_ report: MonitorReport) { self.report = report }

  /// What a browser may do with the page, for the field `Content-Security-Policy`.
  ///
  /// The page's one style and one script are allowed by what they are, so nothing that comes with data
  /// can be either.
  package static let policy = directives + "; frame-ancestors 'none'"

  private static let directives =
    "default-src 'none'; style-src '\(hash(PageStyle.text))'; script-src '\(hash(PageScript.text))'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"

  private static func hash(_ text: String) -> String {
    "sha256-" + Base64Encoder.text(of: SHA256.digest(Array(text.utf8)).span)
  }

  /// Writes the page in pieces: of a hundred thousand agents there are millions of bytes.
  package func write(_ write: ([UInt8]) throws -> Void) rethrows {
    let title = "\(MonitorReport.sentence(report.verdict)) · From v4 to v5"
    let out = Self.document(title) { out in
      header(&out)
      out.element("main", "id=\"main\"") { out in
        verdict(&out)
        agentsCard(&out)
        out.element("div", "class=\"pair\"") { out in
          nextSteps(&out)
          gates(&out)
        }
        callsCard(&out)
        out.element("div", "class=\"pair\"") { out in
          forecastCard(&out)
          timeline(&out)
        }
        ledger(&out)
        table(&out)
      }
      footer(&out)
    }
    guard let gap = out.gap else { return try write(out.bytes) }
    try write(Array(out.bytes[..<gap]))
    try writeData(write)
    try write(Array(out.bytes[gap...]))
  }

  /// The page that asks for a token, where the server needs one.
  package static var locked: String {
    document(title: "From v4 to v5") { out in
      out.element("main", "id=\"main\" class=\"locked\"") { out in
        out.element("section", "class=\"card\" aria-labelledby=\"locked\"") { out in
          out.element("h1", "id=\"locked\"", "This report needs a token")
          out.element(
            "p", "", "Make one on the server’s machine, and paste it here. It stays in this tab.")
          out.raw("<p><code class=\"cmd\">agora token create --agent NAME</code></p>")
          out.raw(
            "<form id=\"unlock\"><label for=\"token\">Token</label> <input id=\"token\" type=\"password\" autocomplete=\"off\" spellcheck=\"false\"> <button type=\"submit\">Show the report</button><p id=\"unlock-error\" role=\"alert\"></p></form>"
          )
          out.raw(
            "<noscript><p>Without JavaScript: <code class=\"cmd\">agora monitor --html report.html</code> writes the page to a file.</p></noscript>"
          )
        }
      }
    }
  }

  static func document(title: String, _ body: (inout HTML) -> Void) -> String {
    document(title, body).text
  }

  private static func document(_ title: String, _ body: (inout HTML) -> Void) -> HTML {
    var out = HTML()
    out.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
    out.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
    out.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"\(directives)\">\n")
    out.raw("<meta name=\"color-scheme\" content=\"light dark\">\n")
    out.raw(
      "<meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n")
    out.element("title", "", title)
    out.raw("\n<style>\(PageStyle.text)</style>\n</head>\n<body>\n")
    body(&out)
    out.raw("<script>\(PageScript.text)</script>\n</body>\n</html>\n")
    return out
  }

  // MARK: the frame

  private func header(_ out: inout HTML) {
    out.raw("<a class=\"skip\" href=\"#agents\">Skip to the agents</a>\n")
    out.element("header", "class=\"top\"") { out in
      out.raw(
        "<span class=\"brand\"><svg viewBox=\"0 0 28 16\" width=\"28\" height=\"16\" aria-hidden=\"true\"><circle class=\"dot4\" cx=\"4\" cy=\"8\" r=\"3\"/><path class=\"way\" d=\"M9 8h9m-3.5-3.5L18 8l-3.5 3.5\"/><circle class=\"dot5\" cx=\"24\" cy=\"8\" r=\"3\"/></svg>Agora, from v4 to v5</span>"
      )
      out.element("p", "class=\"when\" id=\"when\" data-live") { out in
        out.raw("<span id=\"live\" class=\"live\">saved report</span> ")
        out.raw("<time datetime=\"\(report.generatedAt.description)\">")
        out.write(MonitorReport.minute(report.generatedAt))
        out.raw("</time>")
      }
    }
  }

  private func footer(_ out: inout HTML) {
    out.element("footer") { out in
      out.element("p", "") { out in
        out.raw("Counted from the calls on record in <code>")
        out.write(report.store)
        out.raw(
          "</code>, never from what an agent says of itself. The same figures: <code class=\"cmd\">agora monitor --json</code>"
        )
      }
    }
  }

  private func verdict(_ out: inout HTML) {
    let state = report.isReady ? "ready" : "closed"
    out.element(
      "section", "id=\"verdict\" class=\"verdict \(state)\" data-live aria-labelledby=\"headline\""
    ) { out in
      let closed = report.gates.count { !$0.passed }
      out.element(
        "h1", "id=\"headline\"",
        report.isReady
          ? MonitorReport.sentence(report.verdict)
          : report.sunset.phase == .sunset
            ? "v4 is off, and something is still open" : "v4 cannot be switched off yet")
      out.element("p", "class=\"lead\"") { out in
        if report.isReady {
          out.write("All \(report.gates.count) gates are open.")
        } else {
          out.write(
            "\(closed) of \(report.gates.count) gates \(closed == 1 ? "is" : "are") closed.")
        }
        if let next = report.nextDate {
          out.write(" \(MonitorReport.sentence(next.what)) on \(MonitorReport.minute(next.at)).")
        }
      }
      for note in report.notes { out.element("p", "class=\"note\"", "Note: \(note).") }
      out.element("ol", "class=\"phases\" aria-label=\"Phases of the sunset\"") { out in
        for phase in SunsetPhase.allCases {
          let isNow = phase == report.sunset.phase
          let mark = isNow ? "now" : phase < report.sunset.phase ? "past" : "ahead"
          out.element(
            "li", "class=\"\(mark)\"\(isNow ? " aria-current=\"step\"" : "")", phase.rawValue)
        }
      }
    }
  }

  // MARK: progress

  static let states: [AgentState] = [.native, .migrated, .silent, .onV4]

  private func meaning(_ state: AgentState) -> String {
    switch state {
    case .native: "born on v5"
    case .migrated: "came from v4, seen on v5"
    case .silent: "came from v4, never seen on v5"
    case .onV4: "called v4 within \(Words.count(report.window, "day"))"
    }
  }

  private func agentsCard(_ out: inout HTML) {
    out.element(
      "section", "id=\"progress\" class=\"card\" data-live aria-labelledby=\"progress-title\""
    ) { out in
      out.element("h2", "id=\"progress-title\"", "Progress")
      out.element("div", "class=\"progress\"") { out in
        out.element("p", "class=\"big\"") { out in
          out.element(
            "strong", "data-figure=\"migration_completion_rate\"",
            MonitorReport.percent(report.completionRate))
          out.element("span", "", "migrated: \(report.completionReason)")
        }
        let counts = Self.states.map { report.count($0) }
        let shares = MonitorReport.shares(counts, of: 1000)
        let spoken = zip(Self.states, counts).map { "\($1) \($0.title)" }.joined(separator: ", ")
        out.raw(
          "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\""
        )
        out.write("Of \(Words.count(report.agents.count, "agent")): \(spoken)")
        out.raw("\">")
        var at = 0
        for (state, share) in zip(Self.states, shares) where share > 0 {
          out.raw(
            "<rect class=\"f-\(state.rawValue)\" x=\"\(at)\" y=\"0\" width=\"\(share)\" height=\"10\"/>"
          )
          at += share
        }
        out.raw("</svg>")
        out.element("dl", "class=\"tiles\"") { out in
          for (state, count) in zip(Self.states, counts) {
            out.element("div", "class=\"tile \(state.rawValue)\"") { out in
              out.element("dt", "", state.title)
              out.element("dd", "") { out in
                out.element("b", "data-figure=\"\(state.rawValue)\"", "\(count)")
                out.element("span", "", meaning(state))
              }
            }
          }
        }
      }
    }
  }

  private func nextSteps(_ out: inout HTML) {
    out.element("section", "id=\"next\" class=\"card\" data-live aria-labelledby=\"next-title\"") {
      out in
      out.element("h2", "id=\"next-title\"", "What to do next")
      out.element("ol", "class=\"steps\"") { out in
        for advice in report.recommendations {
          out.element("li", "") { out in
            out.write(advice.text)
            if let command = advice.command { out.element("code", "class=\"cmd\"", command) }
          }
        }
      }
    }
  }

  private func gates(_ out: inout HTML) {
    out.element("section", "id=\"gates\" class=\"card\" data-live aria-labelledby=\"gates-title\"")
    { out in
      out.element("h2", "id=\"gates-title\"", "Gates")
      out.element("ul", "class=\"gates\"") { out in
        for gate in report.gates {
          out.element("li", "class=\"\(gate.passed ? "open" : "shut")\" data-gate=\"\(gate.name)\"")
          { out in
            out.raw("<span class=\"mark\" aria-hidden=\"true\">\(gate.passed ? "✓" : "✕")</span>")
            out.element("div", "") { out in
              out.element("b", "", gate.title)
              out.raw("<span class=\"unseen\">\(gate.passed ? " (open): " : " (closed): ")</span>")
              out.element("p", "", MonitorReport.sentence(gate.reason))
              if let remedy = gate.remedy { out.element("code", "class=\"cmd\"", remedy) }
            }
          }
        }
      }
    }
  }
}

extension MonitorReport {
  /// The report as one page, with nothing that has to be fetched.
  public var page: String { String(decoding: pageBytes, as: UTF8.self) }

  /// The page's bytes.
  package var pageBytes: [UInt8] {
    var bytes: [UInt8] = []
    writePage { bytes += $0 }
    return bytes
  }

  /// Writes the page in pieces.
  package func writePage(_ write: ([UInt8]) throws -> Void) rethrows {
    try ReportPage(self).write(write)
  }
}
