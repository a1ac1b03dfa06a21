import AgoraStore
import TestSupport
import Testing

/// Every reducer and shape, and every command, that v4's agents are known to run, through the drop-in:
/// exit code, standard output, standard error, stored rows.
@Suite struct LegacyCommandTests {
  private static let warning =
    "WARNING: This command is UNSTABLE and subject to breaking changes.\n\n"

  private func spacetime(
    _ words: [String], in folder: String, environment: [String: String] = [:]
  ) throws -> Child {
    try Child.run(
      "spacetime", words, in: folder,
      environment: ["AGORA_STORE": folder + "/s.db", "PATH": "/nowhere"].merging(environment) { $1 }
    )
  }

  @Test func `every reducer in every shape succeeds, answers and leaves its row`() throws {
    try withTemporaryFolder { folder in
      var store: Store?
      for (words, field, sql, expected) in Self.calls {
        let run = try spacetime(["call", "agora-marketplace"] + words, in: folder)
        let answer = try? JSON.parse(run.output)
        #expect(run.status == 0 && run.talk == Self.warning, "\(words): \(run.talk)")
        #expect(answer?["success"] == .bool(true) && answer?[field]?.text != nil, "\(words)")
        let open = try store ?? Store(path: folder + "/s.db")
        store = open
        let found = try open.read { try $0.first(Query("test", sql), map: { $0.text(0) }) }
        #expect(found == expected, "\(words): \(found ?? "nothing")")
      }
      for words in [["--query_type", "active_agents", "--filters", "{}"], ["tasks", "{}"]] {
        let run = try spacetime(
          ["call", "agora-marketplace", "query_coordination_data"] + words, in: folder)
        let rows = try JSON.parse(run.output).elements ?? []
        #expect(run.status == 0 && !rows.isEmpty, "\(words)")
        for name in [
          "agent_id", "agent_name", "status", "capabilities", "current_workload", "max_workload",
          "performance_rating", "task_experience",
        ] where words.contains("active_agents") {
          #expect(rows.first?[name] != nil, "\(name)")
        }
      }
      let status = try spacetime(
        [
          "call", "agora-marketplace", "coordination_system_status", "--include_metrics",
          "--include_active_tasks",
        ], in: folder)
      let members = try JSON.parse(status.output).members
      #expect(status.status == 0 && members?.isEmpty == false)
    }
  }

  @Test func `difference 1: a call prints one JSON object, or nothing where that is asked for`()
    throws
  {
    try withTemporaryFolder { folder in
      let call = ["call", "agora-marketplace", "agent_heartbeat", "A"]
      let strict = try spacetime(call, in: folder, environment: ["AGORA_STRICT_CLI": "1"])
      let quiet = try spacetime(call + ["--quiet-stdout"], in: folder)
      let usual = try spacetime(call, in: folder)
      #expect(strict.output.isEmpty && strict.status == 0)
      #expect(quiet.output.isEmpty && quiet.status == 0)
      #expect(try JSON.parse(usual.output)["success"] == .bool(true))
    }
  }

  @Test func `difference 14: publish changes nothing, and empties nothing`() throws {
    try withTemporaryFolder { folder in
      _ = try spacetime(["call", "agora-marketplace", "agent_heartbeat", "A"], in: folder)
      let done = try spacetime(["publish", "agora-marketplace", "--force"], in: folder)
      #expect(done.status == 0 && done.talk.contains("no module to publish"))
      let clear = try spacetime(["publish", "-c", "agora-marketplace", "-y"], in: folder)
      #expect(clear.status == 1 && clear.talk.contains("nothing was done"))
      let left = try spacetime(
        ["sql", "agora-marketplace", "SELECT agent_name FROM agent_registry"], in: folder)
      #expect(left.output.contains("\"A\""))
    }
  }

  @Test func `difference 16: export gives the bundle as v4 would have it now`() throws {
    try withTemporaryFolder { folder in
      let call = ["call", "agora-marketplace"]
      _ = try spacetime(call + ["register_agent_capability", "A", "testing", "8", "2"], in: folder)
      _ = try spacetime(call + ["send_agent_message", "A", "B", "info", "text", "5"], in: folder)
      let words = ["export", "agora-marketplace", "--format", "json"]
      let run = try spacetime(words, in: folder)
      let bundle = try JSON.parse(run.output)
      #expect(run.status == 0, "\(run.talk)")
      #expect(bundle["agent_capability"]?.elements?.first?["agent_id"]?.text == "A")
      #expect(bundle["agent_message"]?.elements?.first?["content"]?.text == "text")
      #expect(
        try spacetime(["export", "agora-marketplace", "--format", "xml"], in: folder).status == 2)
      #expect(try spacetime(["export", "other"], in: folder).status == 1)
    }
  }

  @Test
  func `difference 17: logs tell what happened, in SpacetimeDB's format and without contents`()
    throws
  {
    try withTemporaryFolder { folder in
      let call = ["call", "agora-marketplace"]
      for words in [
        ["register_agent_capability", "A\u{1b}", "testing", "8", "2"],
        ["register_agent_capability", "A", "testing", "8", "2"],
        ["send_agent_message", "A", "B", "info", "very secret", "5"],
        ["no_such_reducer", "secret"],
        ["create_system_event", "e", "started", "A", "*", #"{"a":"secret"}"#, "2"],
        ["assign_task", "w", "work", #"{"a":"secret"}"#, #"["testing"]"#, "A"],
      ] { _ = try spacetime(call + words, in: folder) }
      let all = try spacetime(["logs", "agora-marketplace"], in: folder)
      let lines = all.output.split(separator: "\n")
      #expect(all.status == 0 && all.talk.isEmpty && !all.output.contains("secret"))
      #expect(all.output.contains(#"Agent "A" registered successfully"#))
      #expect(all.output.contains(" WARN: agora:") && all.output.contains("no_such_reducer"))
      for line in lines {
        let parts = line.split(separator: " ", maxSplits: 3)
        #expect(parts.count == 4 && parts[0].utf8.count == 27 && parts[0].hasSuffix("Z"), "\(line)")
        #expect(parts.count > 1 && ["INFO:", "WARN:"].contains(parts[1]), "\(line)")
      }
      for option in [["-n", "2"], ["--num-lines", "2"], ["2"]] {
        let last = try spacetime(["logs", "agora-marketplace"] + option, in: folder)
        #expect(last.output.split(separator: "\n") == lines.suffix(2), "\(option)")
      }
      let object = try spacetime(
        ["logs", "agora-marketplace", "-n", "1", "--format", "json"], in: folder)
      let members = try JSON.parse(object.output).members?.map(\.name)
      #expect(members == ["level", "ts", "target", "filename", "line_number", "message"])
      // Whoever follows gets what comes.
      let follow = try Child.bash(
        """
        spacetime logs agora-marketplace --follow -n 0 > log & pid=$!
        for n in $(seq 200); do
          spacetime call agora-marketplace agent_heartbeat Late >/dev/null 2>&1
          grep -q Late log && break
        done
        kill -9 $pid; wait $pid 2>/dev/null; head -1 log
        """, in: folder, environment: ["AGORA_STORE": folder + "/s.db"])
      #expect(follow.output.contains("Reducer agent_heartbeat called by agent Late"))
    }
  }

  @Test func `calls that have no meaning on v5 are refused by name`() throws {
    try withTemporaryFolder { folder in
      for words in [
        ["user_directive", "u", "x"], ["clear_duplicate_entries"],
        ["cleanup_agent_registration", "A"], ["user_directive"],
        ["cleanup_agent_registration", "A", "B"], ["clear_duplicate_entries", "--all", "x"],
      ] {
        let run = try spacetime(["call", "agora-marketplace"] + words, in: folder)
        #expect(run.status == 1 && run.output.isEmpty && run.talk.contains("nothing was done"))
      }
    }
  }

  @Test func `calls of v4 are replayed on a copy, and the store stays as it was`() throws {
    try withTemporaryFolder { folder in
      _ = try spacetime(["call", "agora-marketplace", "agent_heartbeat", "A"], in: folder)
      func agora(_ words: String..., input: String = "") throws -> Child {
        try Child.run(
          "agora", words + ["--store", "s.db"], in: folder, input: Array(input.utf8))
      }
      let before = try agora("store", "info", "--hash", "--json").output
      let calls = """
        {"database":"agora-marketplace","reducer":"register_agent_capability","args":["New","testing","8","2"]}
        {"reducer":"send_agent_message","args":["New","Other","info","hi",2]}

        {"reducer":"create_task","args":{"task_id":"t","agent_id":"New","task_type":"x"}}
        {"reducer":"complete_task","args":["t"]}
        {"reducer":"nope"}
        {"database":"game","reducer":"move"}
        """
      try write(calls, to: folder + "/calls.ndjson")
      let run = try agora("compat", "replay", "calls.ndjson", "--json")
      let report = try JSON.parse(run.output)
      #expect(run.status == 0, "\(run.talk)")
      let rows = report["calls"]?.elements ?? []
      let codes = rows.map { $0["code"]?.text ?? "done" }
      #expect(codes == ["done", "done", "done", "done", "unknown_reducer", "unknown_database"])
      #expect(rows.map { $0["line"]?.integer } == [1, 2, 4, 5, 6, 7])
      let made = report["totals"]?["made"]
      #expect(made?["agents"]?.integer == 2 && made?["tasks"]?.integer == 1)
      let after = try agora("store", "info", "--hash", "--json").output
      #expect(before == after)
      let piped = try agora("compat", "replay", "-", input: calls)
      #expect(piped.status == 0 && piped.output.contains("Nothing was written."))
      for bad in ["{", "[]", #"{"reducer":"x","args":3}"#] {
        let refused = try agora("compat", "replay", "-", input: calls + "\n" + bad)
        #expect(refused.status == 1 && refused.talk.contains("line 8"), "\(refused.talk)")
      }
    }
  }
}
