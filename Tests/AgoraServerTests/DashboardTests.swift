import AgoraStore
import CompatProxy
import Monitor
import TestSupport
import Testing

@testable import AgoraServer

/// `GET /`, and the figures that alerts and dashboards are made of.
@Suite struct DashboardTests {
  @Test func `people get a page and programs JSON, of the same report`() throws {
    try withTemporaryFolder { folder in
      let harness = try ServiceHarness(in: folder)
      try harness.bazaar.register("<b>someone</b>")
      let page = try harness.ask("GET /", [("Accept", "text/html,*/*")])
      #expect(page.status == 200)
      #expect(page.headers["Content-Security-Policy"] == ReportPage.policy)
      #expect(page.headers["Content-Type"] == "text/html; charset=utf-8")
      #expect(page.text.contains("&lt;b&gt;someone&lt;/b&gt;") && !page.text.contains("<b>someone"))
      let json = try harness.ask("GET /", [("Accept", "application/json")])
      #expect(json.json["migration_summary"]?["total_agents"]?.integer == 1)
      #expect(json.json["ready"] == .bool(true))
      let head = try harness.ask("HEAD /")
      #expect(head.status == 200 && head.text.isEmpty)
    }
  }

  @Test func `MCP's report over HTTP is the one that was made for all`() throws {
    try withTemporaryFolder { folder in
      let harness = try ServiceHarness(in: folder)
      let answer = try harness.ask(
        "POST /mcp",
        body:
          #"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"agora://migration/report"}}"#
      )
      let text = answer.json["result"]?["contents"]?.elements?.first?["text"]?.text ?? ""
      harness.pass(seconds: 5)
      let kept = try harness.parts.reports.report(notOlderThan: 3600)
      #expect(kept.generatedAt < harness.bazaar.now)
      #expect(text == JSONWriter.compact(kept.json))
    }
  }

  @Test func `where there are tokens, the page asks for one and gives nothing away`() throws {
    try withTemporaryFolder { folder in
      let harness = try ServiceHarness(in: folder)
      try harness.bazaar.register("secretive")
      let token = try harness.token("secretive")
      let locked = try harness.ask("GET /", [("Accept", "text/html")])
      #expect(locked.status == 401 && locked.text.contains("needs a token"))
      #expect(!locked.text.contains("secretive"))
      let refused = try harness.ask("GET /", [("Accept", "application/json")])
      #expect(refused.status == 401 && refused.code == "unauthorized")
      let bearer = ("Authorization", "Bearer \(token.text)")
      let open = try harness.ask("GET /", [("Accept", "text/html"), bearer])
      #expect(open.status == 200 && open.text.contains("secretive"))
      let wrong = try harness.ask("GET /", [("Authorization", "Bearer agora_wrong")])
      #expect(wrong.status == 401)
    }
  }

  @Test func `the pages that v4's answers lead to are there`() throws {
    try withTemporaryFolder { folder in
      let harness = try ServiceHarness(in: folder)
      _ = try harness.token("somebody")
      let quiet = try harness.ask("GET " + SunsetNotice.policyPath)
      #expect(quiet.status == 200 && quiet.text.contains("No end of v4 has been announced"))
      let date = Timestamp(microseconds: harness.bazaar.now.microseconds + 30 * 86_400_000_000)
      let control = SunsetControl(harness.bazaar.marketplace) { _, _ in [] }
      _ = try control.schedule(date)
      let policy = try harness.ask("GET " + SunsetNotice.policyPath)
      #expect(policy.text.contains("v4 ends on \(date)") && policy.text.contains(" to 20"))
      let guide = try harness.ask("GET " + SunsetNotice.guidePath)
      #expect(guide.status == 200 && guide.headers["Content-Type"] == "text/html; charset=utf-8")
      let missing = Reducer.all.map(\.name).filter { !guide.text.contains($0) }
      #expect(missing.isEmpty)
    }
  }

  @Test func `rules and dashboards name figures that there are`() throws {
    try withTemporaryFolder { folder in
      let harness = try ServiceHarness(in: folder)
      try harness.bazaar.register("a")
      _ = try harness.ask("GET /health")
      let metrics = try harness.ask("GET /metrics").text
      let report = try harness.parts.reports.report(notOlderThan: 0)
      let (served, printed) = (names(metrics), names(report.prometheus))
      // What the command prints is what the server has.
      #expect(printed.isSubset(of: served), "\(printed.subtracting(served))")
      var used = 0
      for file in ["prometheus/agora-alerts.yml", "grafana/agora-dashboard.json"] {
        let bytes = try File.contents("\(Project.root)/deploy/\(file)")
        let wanted = words(String(decoding: bytes, as: UTF8.self))
        let missing = wanted.subtracting(served)
        #expect(missing.isEmpty, "\(file) names \(missing.sorted())")
        used += wanted.count
      }
      #expect(used > 20)
      let dashboard = try JSON.parse(
        File.contents("\(Project.root)/deploy/grafana/agora-dashboard.json"))
      #expect((dashboard["panels"]?.elements?.count ?? 0) > 10)
    }
  }

  /// The names of the figures of a page, with those that a histogram has.
  private func names(_ page: String) -> Set<String> {
    var names: Set<String> = []
    for line in page.split(separator: "\n") where line.hasPrefix("# TYPE ") {
      let words = line.split(separator: " ")
      names.insert(String(words[2]))
      if words.last == "histogram" {
        for end in ["bucket", "sum", "count"] { names.insert("\(words[2])_\(end)") }
      }
    }
    return names
  }

  /// All words of a text that are names of this program's figures.
  private func words(_ text: String) -> Set<String> {
    let parts = text.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_")) }
    return Set(parts.filter { $0.hasPrefix("agora_") }.map(String.init))
  }
}
