import AgoraStore
import Monitor
import TestSupport
import Testing

@Suite struct PageTests {
  static let nasty = "<img src=x onerror=alert(1)>\"'&</script><script>alert(2)</script>"

  private func life(in folder: String, agents: Int = 40) throws -> GeneratedLife {
    let life = try GeneratedLife(in: folder, seed: 17, agents: agents, singles: 100_000)
    let now = life.now
    _ = try life.market.store.write { connection in
      let log = LegacyCallLog(connection)
      try connection.run(
        Query("test.nasty", "UPDATE agents SET agent_name=?1 WHERE agent_name='agent 1'"),
        .text(Self.nasty))
      try log.add(
        GeneratedLife.record(now - 7, Self.nasty, Self.nasty, life.truths[1].id))
      try log.add(GeneratedLife.record(now - 6, "x", Self.nasty + "2", nil, true))
      try connection.execute(
        """
        INSERT INTO migration_runs VALUES(1,'run_1','s&<b>','completed',\(now - 9),\(now - 8),1,'{}','{}',NULL);
        INSERT INTO migration_ledger VALUES(1,0,'<i>table</i>',6,4,1,0,0,1),(1,1,'b',10,7,0,3,0,0);
        """)
    }
    return life
  }

  @Test func `the page's figures are those of the JSON`() throws {
    try withTemporaryFolder { folder in
      let report = try life(in: folder).report()
      let json = report.json
      let page = try PageScan(report.page)
      let figures = page.texts(by: "data-figure")
      let summary = json["migration_summary"]
      let expected: [(String, Int?)] = [
        ("native", summary?["v5_native_agents"]?.integer),
        ("on_v4", summary?["v4_compatibility_agents"]?.integer),
        ("silent", summary?["silent_agents"]?.integer),
        ("v4_calls_total", json["v4_calls"]?["total"]?.integer),
        ("v4_calls_in_window", json["v4_calls"]?["in_window"]?.integer),
        ("rejects", json["rejects"]?["outstanding"]?.integer),
        ("conflicts", json["conflicts"]?.integer),
      ]
      for (name, value) in expected {
        #expect(value != nil && figures[name] == value.map { "\($0)" }, "\(name)")
      }
      let migrated = (summary?["v4_migrated_agents"]?.integer ?? 0) - report.count(.silent)
      #expect(figures["migrated"] == "\(migrated)")
      try compareRows(page, json)
    }
  }

  private func compareRows(_ page: PageScan, _ json: JSON) throws {
    // Gates, by their class.
    let gates = page.tags.compactMap { tag in tag["data-gate"].map { ($0, tag["class"] == "open") }
    }
    let wanted = (json["gates"]?.elements ?? []).map {
      ($0["name"]?.text ?? "", $0["passed"] == .bool(true))
    }
    #expect(gates.map(\.0) == wanted.map(\.0) && gates.map(\.1) == wanted.map(\.1))
    // Reducers.
    let reducers = json["v4_calls"]?["by_reducer"]?.elements ?? []
    var found: [String: [String]] = [:]
    for (index, tag) in page.tags.enumerated() {
      if let name = tag["data-reducer"] { found[name] = page.cells(after: index) }
    }
    #expect(found.count == reducers.count)
    for reducer in reducers {
      let name = reducer["reducer"]?.text ?? ""
      let cells = ["calls", "refused", "agents_on_v4"].map { "\(reducer[$0]?.integer ?? -1)" }
      #expect(found[name].map { Array($0[1...3]) } == cells, "\(name)")
    }
    // Days.
    var days: [String: Int] = [:]
    for cell in json["v4_calls"]?["by_day"]?.elements ?? [] {
      days[cell["day"]?.text ?? "", default: 0] += cell["calls"]?.integer ?? 0
    }
    let shown = page.texts(by: "data-day")
    for (day, text) in shown { #expect(days[day].map { "\($0)" } == text) }
    #expect(!days.isEmpty && !shown.isEmpty)
    // The ledger's sums.
    let run = try #require(page.tags.firstIndex { $0["data-run"] == "run_1" })
    #expect(page.cells(after: run) == ["total", "16", "11", "1", "3", "0", "1"])
    // The agents, each with its state.
    let rows = page.tags.compactMap { tag in
      tag["data-id"].map { "\($0) \(tag["data-state"] ?? "")" }
    }
    let agents = (json["agents"]?.elements ?? []).map {
      "\($0["agent_id"]?.text ?? "") \($0["state"]?.text ?? "")"
    }
    #expect(rows == agents)
  }

  @Test func `nothing that agents write becomes markup, and nothing is fetched from anywhere`()
    throws
  {
    try withTemporaryFolder { folder in
      let report = try life(in: folder).report()
      let page = try PageScan(report.page)
      let names = Set(page.tags.map(\.name))
      #expect(names.isDisjoint(with: ["img", "iframe", "object", "base"]))
      #expect(page.tags.count { $0.name == "script" && $0["type"] == nil } == 1)
      var odd: [String] = []
      for tag in page.tags {
        for (name, value) in tag.attributes {
          let isLink = name == "href" || name == "src"
          if name.hasPrefix("on") || name == "style"
            || isLink && !value.hasPrefix("#") && value != "data:,"
          {
            odd.append("\(tag.name) \(name)=\(value)")
          }
        }
      }
      #expect(odd.isEmpty, "\(odd)")
      #expect(page.tags.contains { $0.name == "bdi" && $0.text == Self.nasty })
      #expect(!report.page.contains("http://") && !report.page.contains("https://"))
    }
  }

  @Test func `the policy allows the page's own style and script, and no other`() throws {
    try withTemporaryFolder { folder in
      let page = try PageScan(life(in: folder).report().page)
      let meta = try #require(page.tags.first { $0["http-equiv"] == "Content-Security-Policy" })
      let policy = try #require(meta["content"])
      #expect(ReportPage.policy.hasPrefix(policy))
      for (tag, directive) in [("style", "style-src"), ("script", "script-src")] {
        let text = try #require(page.tags.first { $0.name == tag && $0["type"] == nil }).text
        var base64 = Base64Encoder()
        var digits: [UInt8] = []
        base64.append(SHA256.digest(Array(text.utf8)).span, to: &digits)
        base64.finish(to: &digits)
        let hash = String(decoding: digits, as: UTF8.self)
        #expect(policy.contains("\(directive) 'sha256-\(hash)'"))
      }
      #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
    }
  }

  @Test func `of very many agents the first stand in the page, and all in its data`() throws {
    try withTemporaryFolder { folder in
      let report = try life(in: folder, agents: 1_030).report()
      let page = try PageScan(report.page)
      #expect(page.tags.count { $0["data-id"] != nil } == ReportPage.rowLimit)
      let data = try #require(page.tags.first { $0["id"] == "agent-data" }).text
      let all = try JSON.parse(data)["agents"]?.elements ?? []
      #expect(
        all.compactMap { $0.elements?[1].text }.map { "agent_" + $0 } == report.agents.map(\.id))
      let states = try JSON.parse(data)["states"]?.elements?.compactMap(\.text) ?? []
      let shown = all.map { agent in agent.elements?[2].integer.map { states[$0] } }
      #expect(shown == report.agents.map(\.state.rawValue))
      #expect(all.contains { $0.elements?[0].text == Self.nasty })
    }
  }

  @Test func `Markdown keeps what agents write in its cell`() throws {
    try withTemporaryFolder { folder in
      let report = try life(in: folder).report()
      let rows = report.markdown.split(separator: "\n").filter { $0.hasPrefix("| ") }
      #expect(rows.contains { $0.contains(#"&lt;img src=x onerror=alert(1)\>"#) })
      #expect(!report.markdown.contains("<"))
    }
  }
}
