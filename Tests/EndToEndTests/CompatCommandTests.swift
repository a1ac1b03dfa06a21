import AgoraStore
import TestSupport
import Testing

/// `agora compat` and `agora shim`.
@Suite struct CompatCommandTests {
  @Test func `a call of v4 is done, refused, listed and counted`() throws {
    try withTemporaryFolder { folder in
      try write(#"{"agent_message":[]}"#, to: folder + "/e.json")
      let made = try Child.run("agora", ["migrate", "e.json", "--store", "s.db"], in: folder)
      #expect(made.status == 0, "\(made.talk)")
      func compat(_ words: [String]) throws -> Child {
        try Child.run("agora", ["compat"] + words + ["--store", "s.db"], in: folder)
      }
      let done = try compat(["call", "agora-marketplace", "agent_heartbeat", "A"])
      #expect(done.status == 0 && done.output.contains(#""success":true"#), "\(done.talk)")
      let flags = try Child.run(
        "agora",
        [
          "compat", "call", "--store", "s.db", "overseer-system", "agent_heartbeat", "--",
          "--agent_name", "A",
        ], in: folder)
      #expect(flags.status == 0, "\(flags.talk)")
      let bare = try compat([
        "call", "agora-marketplace", "query_coordination_data", "--query_type", "active_agents",
        "--filters", "{}",
      ])
      #expect(bare.status == 0, "\(bare.talk)")
      let refused = try compat(["call", "agora-marketplace", "nothing_like_it"])
      #expect(refused.status == 1 && refused.talk.contains("No such reducer `nothing_like_it`"))
      #expect(
        refused.talk.contains("Here are some existing reducers:\n- register_agent_capability"))
      let other = try compat(["call", "game", "move"])
      #expect(other.status == 1 && other.talk.contains("agora-marketplace"))
      let log = try compat(["log", "--json"])
      let calls = try JSON.parse(log.output)["calls"]?.elements ?? []
      let outcomes = calls.compactMap { $0["outcome"]?.text }
      #expect(outcomes == ["refused", "done", "done", "done"])
      let days = try JSON.parse(compat(["log", "--days", "--json"]).output)["days"]?.elements
      #expect(days?.compactMap { $0["calls"]?.integer }.sorted() == [1, 1, 2])
      let names = days?.map { $0["agent_name"]?.text ?? "" } ?? []
      #expect(names.count == 3 && names.contains("A"), "\(names)")
      let lines = try compat(["log", "--days"]).output.split(separator: "\n")
      #expect(lines.contains { $0.hasSuffix("  2  done  agent_heartbeat  A") }, "\(lines)")
      let one = try compat(["log", "--reducer", "agent_heartbeat", "--limit", "1"])
      #expect(one.output.contains("agent_heartbeat") && !one.output.contains("nothing_like_it"))
    }
  }

  @Test func `the matrix and the differences are told in words, JSON and Markdown`() throws {
    let rows: [([String], String)] = [
      (["matrix"], "send_agent_message  (on v5: agora.messaging.send)"),
      (["matrix", "--markdown"], "| `agent_heartbeat` | heartbeat | agent_name |"),
      (["matrix", "--json"], #""reducer": "user_override""#),
      (["differences"], "3. v4: An id that exists"),
      (["differences", "--json"], #""number": 18"#),
      (["matrix"], "    agora call agora.messaging.receive '{\"agent_id\":\"TestAgent\"}'"),
    ]
    for (words, part) in rows {
      let run = try Child.run("agora", ["compat"] + words)
      #expect(run.status == 0 && run.output.contains(part), "\(words): \(run.output)")
    }
  }

  @Test func `the drop-in is put into a folder, answers there, and is taken out again`() throws {
    try withTemporaryFolder { folder in
      _ = try Child.run("/bin/mkdir", [folder + "/bin"])
      func shim(_ word: String) throws -> Child {
        try Child.run("agora", ["shim", word, folder + "/bin"], in: folder)
      }
      #expect(try shim("remove").status == 1)
      let installed = try shim("install")
      #expect(installed.status == 0 && installed.output.contains("agora shim remove"))
      #expect(try shim("install").status == 0)
      let call = try Child.run(folder + "/bin/spacetime", ["--version"])
      #expect(call.status == 0 && call.output.contains("1.1.2"))
      #expect(try shim("remove").status == 0)
      #expect(try names(in: folder + "/bin").isEmpty)
      try write("theirs", to: folder + "/bin/spacetime")
      #expect(try shim("install").status == 5 && shim("remove").status == 5)
      #expect(try contents(folder + "/bin/spacetime") == "theirs")
    }
  }
}
