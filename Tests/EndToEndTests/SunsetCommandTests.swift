import AgoraStore
import TestSupport
import Testing

/// `agora sunset` and the drop-in under it, on a rehearsed day.
@Suite struct SunsetCommandTests {
  private func run(
    _ program: String, _ words: String, in folder: String, at now: String = "2026-11-01T00:00:00Z",
    environment: [String: String] = [:]
  ) throws -> Child {
    try Child.run(
      program, words.split(separator: " ").map { String($0.replacing("_", with: " ")) }, in: folder,
      environment: ["AGORA_STORE": folder + "/s.db", "AGORA_NOW": now, "PATH": "/nowhere"]
        .merging(environment) { $1 })
  }

  private func call(
    _ folder: String, at now: String, environment: [String: String] = [:]
  ) throws -> Child {
    try Child.run(
      "spacetime", ["call", "agora-marketplace", "agent_heartbeat", "A"], in: folder,
      environment: ["AGORA_STORE": folder + "/s.db", "AGORA_NOW": now, "PATH": "/nowhere"]
        .merging(environment) { $1 })
  }

  @Test func `who watches or follows when v4 ends is told, and let go`() throws {
    try withTemporaryFolder { folder in
      let run = try Child.bash(
        """
        spacetime call agora-marketplace agent_heartbeat A >/dev/null 2>&1
        timeout 20 spacetime subscribe agora-marketplace 'SELECT * FROM agent_registry' \\
          --print-initial-update >rows 2>talk & rows=$!
        timeout 20 spacetime logs agora-marketplace -f >lines 2>>talk & lines=$!
        until [ -s rows ] && [ -s lines ]; do :; done
        agora sunset set sunset --force --reason over >/dev/null 2>&1
        wait $rows; echo $?
        wait $lines; echo $?
        """, in: folder, environment: ["AGORA_STORE": folder + "/s.db"])
      #expect(run.output == "1\n1\n", "\(run.talk)")
      let talk = try contents(folder + "/talk")
      #expect(talk.split(separator: "v4_sunset").count == 3, "\(talk)")
    }
  }

  @Test func `v4 goes from a quiet day over a window to its end and back`() throws {
    try withTemporaryFolder { folder in
      #expect(try call(folder, at: "2026-11-01T00:00:00Z").talk.contains("deprecated") == false)
      let steps: [(String, Int32, String)] = [
        ("sunset schedule --date 2026-12-01 --windows 1m,1h30m --budget 7", 0, "1h30m"),
        ("sunset advance --reason planned", 0, "phase    warning"),
        ("sunset exempt A --until 2026-11-30T00:30:00Z --reason nightly", 0, "A is exempted"),
        ("sunset acknowledge A --reason known", 5, ""),
        ("sunset set brownout", 0, "2026-11-29T00:00:00Z"),
        ("sunset status", 0, "nightly"), ("sunset advance", 6, ""), ("sunset set sunset", 6, ""),
      ]
      for (words, status, part) in steps {
        let done = try run("agora", words, in: folder)
        #expect(done.status == status && done.output.contains(part), "\(words): \(done.talk)")
      }
      let warned = try call(folder, at: "2026-11-28T23:59:59Z")
      #expect(
        warned.status == 0
          && warned.talk.contains(
            #"call instead of agent_heartbeat: agora call agora.messaging.receive '{"agent_id":"A"}'"#
          ))
      #expect(try call(folder, at: "2026-11-30T00:29:59Z").status == 0)
      let refused = try call(folder, at: "2026-11-30T00:30:00Z")
      #expect(refused.status == 1 && refused.output.isEmpty)
      for part in ["v4_brownout", "2026-11-30T01:30:00Z", "agora.messaging.receive", "410 Gone"] {
        #expect(refused.talk.contains(part), "\(refused.talk)")
      }
      #expect(try call(folder, at: "2026-11-30T01:30:00Z").status == 0)
      let forced = try run("agora", "sunset advance --force --reason because --json", in: folder)
      #expect(try JSON.parse(forced.output)["phase"]?.text == "sunset")
      let ended = try call(folder, at: "2026-12-24T00:00:00Z")
      #expect(ended.status == 1 && ended.talk.contains("v4_sunset"))
      for reading in [
        "sql agora-marketplace SELECT_1", "logs agora-marketplace", "logs agora-marketplace -f",
        "subscribe agora-marketplace SELECT_*_FROM_users", "export agora-marketplace",
      ] {
        let refused = try run("spacetime", reading, in: folder, at: "2026-12-24T00:00:00Z")
        #expect(refused.status == 1 && refused.output.isEmpty, "\(reading)")
        #expect(refused.talk.contains("v4_sunset"), "\(reading): \(refused.talk)")
      }
      #expect(try run("agora", "sunset revert", in: folder).status == 0)
      #expect(try call(folder, at: "2026-12-24T00:00:00Z").status == 0)
    }
  }

  @Test func `what makes no sense is refused and changes nothing`() throws {
    try withTemporaryFolder { folder in
      _ = try call(folder, at: "2026-11-01T00:00:00Z")
      let rows: [(String, Int32)] = [
        ("sunset schedule", 2), ("sunset schedule --date soon", 2),
        ("sunset schedule --date 2026-10-31", 2),
        ("sunset schedule --date 2026-12-01 --windows 5", 2),
        ("sunset schedule --date 2026-12-01 --windows 25h", 2),
        ("sunset schedule --date 2026-12-01 --budget -1", 2), ("sunset set", 2),
        ("sunset set brown", 2), ("sunset advance --force", 2),
        ("sunset exempt A --until 2027-01-01", 2),
        ("sunset exempt A --reason r", 2), ("sunset exempt A --until 2026-01-01 --reason r", 2),
        ("sunset exempt Nobody --until 2027-01-01 --reason r", 1),
        ("sunset acknowledge Nobody --reason r", 1), ("sunset acknowledge A", 2),
        ("sunset revert", 1), ("sunset status --store nowhere.db", 1),
      ]
      for (words, status) in rows {
        let done = try run("agora", words, in: folder)
        #expect(done.status == status && done.output.isEmpty, "\(words): \(done.talk)")
      }
      let status = try JSON.parse(run("agora", "sunset status --json", in: folder).output)
      #expect(
        status["phase"]?.text == "compatibility" && status["history"]?.elements?.isEmpty == true)
      for (program, words) in [("agora", "--version"), ("spacetime", "--version")] {
        #expect(try run(program, words, in: folder, at: "noon").status == 2)
      }
    }
  }

  @Test func `nothing about the end is decided while the marketplace is halted`() throws {
    try withTemporaryFolder { folder in
      _ = try call(folder, at: "2026-11-01T00:00:00Z")
      func override(_ action: String) throws -> Child {
        try Child.run(
          "agora",
          [
            "call", "agora.admin.override", "--action", action, "--target-id", "system_wide",
            "--priority", "5", "--reason", "drill", "--store", folder + "/s.db",
          ], in: folder)
      }
      let halted = try override("pause")
      #expect(halted.status == 0, "\(halted.talk)")
      let writers = [
        "set warning", "advance", "revert", "schedule --date 2027-01-01",
        "exempt A --until 2027-01-01 --reason r", "acknowledge A --reason r",
        "set sunset --force --reason r",
      ]
      for words in writers {
        let done = try run("agora", "sunset " + words, in: folder)
        let status: Int32 = words == "revert" ? 1 : 5
        #expect(done.status == status && done.output.isEmpty, "\(words): \(done.talk)")
      }
      for words in ["status", "simulate"] {
        let done = try run("agora", "sunset " + words, in: folder)
        #expect(done.status == 0, "\(words): \(done.talk)")
      }
      let status = try JSON.parse(run("agora", "sunset status --json", in: folder).output)
      #expect(status["phase"]?.text == "compatibility" && status["sunset"] ?? .null == .null)
      #expect(try override("resume").status == 0)
      #expect(try run("agora", "sunset advance", in: folder).status == 0)
    }
  }

  @Test func `the environment warns the callers of one program and moves nothing`() throws {
    try withTemporaryFolder { folder in
      let now = "2026-11-01T00:00:00Z"
      let warned = try call(folder, at: now, environment: ["DEPRECATION_WARNINGS": "enabled"])
      #expect(warned.status == 0 && warned.talk.contains("agora: v4 is deprecated; call instead"))
      let off = try call(folder, at: now, environment: ["COMPATIBILITY_MODE": "disabled"])
      #expect(off.status == 0 && off.talk.contains("deprecated"))
      let wrong = try call(folder, at: now, environment: ["COMPATIBILITY_MODE": "maybe"])
      #expect(wrong.status == 1 && wrong.talk.contains("COMPATIBILITY_MODE"))
      #expect(try call(folder, at: now).talk.contains("deprecated") == false)
      // A server's moves the store, but not past the readiness gate.
      let server = try run(
        "agora", "serve --listen 127.0.0.1:0", in: folder,
        environment: ["COMPATIBILITY_MODE": "disabled"])
      #expect(server.status == 6 && server.talk.contains("COMPATIBILITY_MODE"), "\(server.talk)")
    }
  }

  @Test func `the tables of v4 can be read until its end, with a word about it`() throws {
    try withTemporaryFolder { folder in
      _ = try call(folder, at: "2026-11-01T00:00:00Z")
      let words = ["sql", "agora-marketplace", "SELECT agent_name FROM agent_registry"]
      func sql() throws -> Child {
        try Child.run(
          "spacetime", words, in: folder,
          environment: ["AGORA_STORE": folder + "/s.db", "PATH": "/nowhere"])
      }
      #expect(try !sql().talk.contains("deprecated"))
      _ = try run("agora", "sunset set warning", in: folder)
      let warned = try sql()
      #expect(warned.status == 0 && warned.talk.contains("agora.query.marketplace"))
      _ = try run("agora", "sunset set sunset --force --reason r", in: folder)
      let ended = try sql()
      #expect(ended.status == 1 && ended.talk.contains("v4_sunset") && ended.output.isEmpty)
    }
  }
}
