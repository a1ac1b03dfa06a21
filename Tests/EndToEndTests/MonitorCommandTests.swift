import AgoraStore
import TestSupport
import Testing

/// `agora monitor` and `agora sunset simulate`, as an operator types them.
@Suite struct MonitorCommandTests {
  private func migrated(in folder: String) throws {
    try write(
      #"{"agent_capability":[{"capability_id":"id_1","agent_id":"Old","capability_type":"t","proficiency_level":1,"is_active":true}]}"#,
      to: folder + "/e.json")
    let run = try Child.run(
      "agora", ["migrate", "e.json", "--no-progress"], in: folder,
      environment: ["AGORA_NOW": "2025-01-01T00:00:00Z"])
    #expect(run.status == 0, "\(run.talk)")
  }

  private func agora(_ line: String, in folder: String, now: String = "2025-03-01T12:00:00Z") throws
    -> Child
  {
    try Child.run(
      "agora", line.split(separator: " ").map(String.init), in: folder,
      environment: ["AGORA_NOW": now])
  }

  @Test func `the gate opens step by step, each by the command that its reason names`() throws {
    try withTemporaryFolder { folder in
      try migrated(in: folder)
      func closed(_ now: String) throws -> [String] {
        let run = try agora("monitor --gate --json", in: folder, now: now)
        let json = try JSON.parse(run.output)
        let gates = (json["gates"]?.elements ?? []).filter { $0["passed"] == .bool(false) }
        #expect(run.status == (gates.isEmpty ? 0 : 6), "\(run.talk)")
        #expect(json["ready"] == .bool(gates.isEmpty))
        for name in [
          "migration_summary", "system_health", "recommendations", "generated_at",
          "agents", "runs", "v4_calls", "phase", "gates", "forecast",
        ] { #expect(json[name] != nil, "\(name)") }
        return gates.compactMap { $0["name"]?.text }
      }
      let first = try closed("2025-03-01T12:00:00Z")
      #expect(first == ["verification", "backup", "announced"])
      for line in [
        "verify e.json --no-progress", "store backup copy.db", "sunset schedule --date 2025-03-20",
      ] {
        let run = try agora(line, in: folder, now: "2025-03-01T12:00:00Z")
        #expect(run.status == 0, "\(line): \(run.talk)")
      }
      let second = try closed("2025-03-02T12:00:00Z")
      #expect(second == ["announced"])
      let third = try closed("2025-03-08T12:00:00Z")
      #expect(third.contains("backup") || third.isEmpty)
      _ = try agora("store backup copy2.db", in: folder, now: "2025-03-09T00:00:00Z")
      let last = try closed("2025-03-09T12:00:00Z")
      #expect(last.isEmpty)
    }
  }

  @Test func `a closed gate opens when its command is followed word for word`() throws {
    try withTemporaryFolder { folder in
      let rows =
        #"{"agent_capability":[{"capability_id":"id_1","agent_id":"Old One","capability_type":"t","proficiency_level":1,"is_active":true}],"workflow_coordination":[{"workflow_id":"id_2","workflow_type":"w","coordinator_agent":"Old One","participating_agents":"[]","coordination_strategy":"sequential","status":"active","created_at":"2025-01-01T00:00:00Z"}],"agent_message":[{"message_id":"id_3","from_agent":"Old One","to_agent":"Old One","message_type":"info","content":"c","priority":2,"timestamp":"the day after tomorrow"}]}"#
      try write(rows, to: folder + "/an export.json")
      let store = folder + "/a store.db"
      let run = try Child.run(
        "agora", ["migrate", "an export.json", "--no-progress", "--store", store], in: folder,
        environment: ["AGORA_NOW": "2025-01-01T00:00:00Z"])
      #expect(run.status == 3, "\(run.talk)")
      var day = 1
      func closed() throws -> [(name: String, remedy: String)] {
        let report = try Child.run(
          "agora", ["monitor", "--json", "--store", store], in: folder, environment: now)
        return (try JSON.parse(report.output)["gates"]?.elements ?? [])
          .filter { $0["passed"] == .bool(false) }
          .map { ($0["name"]?.text ?? "", $0["remedy"]?.text ?? "") }
      }
      var now: [String: String] { ["AGORA_NOW": "2025-03-0\(day)T12:00:00Z"] }
      let first = try closed().map(\.name)
      #expect(first == ["silent_agents", "rejects", "verification", "backup", "announced"])
      for gate in try closed() {
        let command = gate.remedy.replacing("TEXT", with: "'it is known'")
        let done = try Child.bash(command, in: folder, environment: now)
        #expect(done.status == 0, "\(command): \(done.talk)")
        let left = try closed().map(\.name)
        #expect(!left.contains(gate.name) || gate.name == "announced", "\(command)")
      }
      day = 8
      let last = try closed()
      #expect(last.map(\.name) == ["backup"] || last.isEmpty)
      for gate in last {
        #expect(try Child.bash(gate.remedy, in: folder, environment: now).status == 0)
      }
      #expect(try closed().isEmpty)
    }
  }

  @Test func `each form of the report is printed, and the text keeps to 80 columns`() throws {
    try withTemporaryFolder { folder in
      try migrated(in: folder)
      let call = try agora("compat call agora-marketplace agent_heartbeat Old", in: folder)
      #expect(call.status == 0, "\(call.talk)")
      let text = try agora("monitor", in: folder).output
      #expect(text.contains("v4 cannot be switched off yet") && text.contains("Old"))
      #expect(text.split(separator: "\n").allSatisfy { TextTable.width(String($0)) <= 80 })
      let markdown = try agora("monitor --markdown", in: folder).output
      #expect(markdown.hasPrefix("# From v4 to v5\n"))
      let figures = try agora("monitor --prometheus", in: folder).output
      #expect(figures.contains("agora_migration_agents{state=\"on_v4\"} 1\n"))
      let page = try agora("monitor --html r.html", in: folder)
      #expect(page.status == 0 && page.output.isEmpty)
      let html = try contents(folder + "/r.html")
      #expect(html.hasPrefix("<!doctype html>") && html.contains(">Old<"))
      let printed = try agora("monitor --html -", in: folder)
      #expect(printed.status == 0 && printed.output.hasPrefix("<!doctype html>"))
      #expect(try agora("monitor --html - --json", in: folder).status == 2)
      let agent = try JSON.parse(agora("monitor --json", in: folder).output)["agents"]?.elements?
        .first
      #expect(agent?["state"]?.text == "on_v4" && agent?["v4_calls"]?.integer == 1)
      #expect(agent?["reducers"] == .array([.string("agent_heartbeat")]))
      for name in [String(repeating: "長い名前", count: 30), String(repeating: "long", count: 60)] {
        let run = try agora("compat call agora-marketplace agent_heartbeat \(name)", in: folder)
        #expect(run.status == 0, "\(run.talk)")
      }
      let long = try agora("monitor", in: folder).output
      #expect(long.contains("長い") && long.contains("…"))
      #expect(
        long.split(separator: "\n").allSatisfy { TextTable.width(String($0)) <= 80 }, "\(long)")
    }
  }

  @Test func `wrong words are told apart from a closed gate`() throws {
    try withTemporaryFolder { folder in
      try migrated(in: folder)
      for (line, status) in [
        ("monitor --json --markdown", Int32(2)), ("monitor --window 0", 2),
        ("monitor --interval 3", 2),
        ("monitor --html agora.db", 2), ("monitor --store none.db", 1),
        ("monitor --html no/such/folder.html", 1), ("sunset simulate --at yesterday", 2),
        ("sunset simulate --days 0", 2), ("sunset simulate --at 2025-03-01 --days 5", 0),
      ] {
        let run = try agora(line, in: folder)
        #expect(run.status == status, "\(line): \(run.status) \(run.talk)")
      }
    }
  }
}
