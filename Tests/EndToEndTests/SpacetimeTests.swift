import AgoraStore
import TestSupport
import Testing

/// The drop-in `spacetime` as v4's agents run it: exit codes, standard output, standard error.
@Suite struct SpacetimeTests {
  private func spacetime(
    _ words: [String], in folder: String, environment: [String: String] = [:]
  ) throws -> Child {
    try Child.run(
      "spacetime", words, in: folder,
      environment: ["AGORA_STORE": folder + "/s.db", "PATH": "/nowhere"].merging(environment) {
        $1
      })
  }

  private static let warning =
    "WARNING: This command is UNSTABLE and subject to breaking changes.\n\n"

  @Test func `an agent registers and sends, by name, in processes of their own`() throws {
    try withTemporaryFolder { folder in
      let call = ["call", "agora-marketplace"]
      let first = try spacetime(
        call + ["register_agent_capability", "TestAgent", "testing", "8", "2"], in: folder)
      #expect(first.status == 0 && first.talk == Self.warning)
      let id = try JSON.parse(first.output)["agent_id"]?.text
      #expect(id?.hasPrefix("agent_") == true)
      let again = try spacetime(
        [
          "call", "-s", "local", "agent-coordination-v2", "-y", "register_agent", "v3-1", "testing",
          "TestAgent", "null", "--anonymous",
        ], in: folder)
      #expect(try JSON.parse(again.output)["agent_id"]?.text == id)
      let sent = try spacetime(
        call + ["send_agent_message", "v3-1", "broadcast", "info", "hello", "5"], in: folder)
      #expect(sent.status == 0)
      let store = try Store(path: folder + "/s.db")
      let sender = try store.read { connection in
        try connection.first(
          Query("test", "SELECT from_agent FROM messages"), map: { $0.text(0) })
      }
      #expect(sender == id)
    }
  }

  @Test func `refusals are worded as SpacetimeDB 1.1.2 words them, and are counted`() throws {
    try withTemporaryFolder { folder in
      let call = ["call", "agora-marketplace"]
      let rows: [([String], Int32, [String])] = [
        (
          call + ["send_agent_mesage", "a"], 1,
          [
            "Error: No such reducer `send_agent_mesage` for database `agora-marketplace` resolving to identity `c200",
            "`.\nA reducer with a similar name exists: `send_agent_message`\n",
          ]
        ),
        (
          call + ["zzzzzzzzzzzz"], 1,
          [
            "Here are some existing reducers:\n- register_agent_capability\n",
            "reducers not shown)",
          ]
        ),
        (
          call + ["send_agent_message", "a"], 1,
          [
            "Error: Invalid arguments provided for reducer `send_agent_message` for database",
            "The reducer has the following signature:\n\tsend_agent_message(from_agent: String, to_agent: String",
            "Caused by:\n    0: Response text: invalid arguments for reducer send_agent_message: .: .: invalid length 1, expected reducer args for send_agent_message with 5 elements at line 1 column 5\n    1: HTTP status client error (400 Bad Request) for url (http",
          ]
        ),
        (
          call + ["user_directive", "u", "x"], 1,
          [
            "Error: Response text: user_directive has no meaning", "agora.messaging.send",
            "\n\nCaused by:\n    HTTP status server error (530 <unknown status code>) for url (",
          ]
        ),
        (
          ["call", "other-db", "x"], 1,
          ["Error: the dns resolution of `other-db` failed.", "agora-marketplace"]
        ),
        (["call", "agora-marketplace"], 2, ["error: the following required", "<reducer_name>"]),
        (
          call + ["send_agent_message", "--wrong", "x"], 2,
          ["error: unexpected argument '--wrong' found", "Usage: spacetime call"]
        ),
        (
          call + ["agent_heartbeat", "A", "--bogus", "y"], 2,
          [
            "error: unexpected argument '--bogus' found\n\n  tip: to pass '--bogus' as a value, use '-- --bogus'\n\nUsage: spacetime call [OPTIONS] <database>",
            "\n\nFor more information, try '--help'.\n",
          ]
        ),
        (
          call + ["send_message", "m", "A", "B", "-x=1", "c"], 2, ["unexpected argument '-x' found"]
        ),
        (["call", "--store", "x"] + call.dropFirst() + ["x"], 2, ["argument '--store' found"]),
        (call + ["x", "-s"], 2, ["a value is required for '--server <SERVER>' but none was"]),
        (call + ["x", "--yes=1"], 2, ["unexpected value '1' for '--yes' found"]),
        (["sql", "agora-marketplace", "SELECT 1", "--bogus"], 2, ["argument '--bogus' found"]),
        (["list", "--bogus"], 2, ["unexpected argument '--bogus' found"]),
        (["list", "x"], 2, ["unexpected argument 'x' found"]),
        (["login", "show", "--bogus"], 2, ["unexpected argument '--bogus' found"]),
        (["publish", "agora-marketplace", "--bogus"], 2, ["argument '--bogus' found"]),
        (["server"], 2, ["requires a subcommand"]),
        (["server", "nope"], 2, ["unrecognized subcommand 'nope'"]),
        (["energy"], 2, ["requires a subcommand"]),
        (["energy", "balance", "--bogus"], 2, ["argument '--bogus' found"]),
        (["version", "nope"], 2, ["unrecognized subcommand 'nope'"]),
        (["version", "install", "2.0.0"], 1, ["there is no other version to install"]),
        (["logs", "agora-marketplace", "--num-lines", "abc"], 2, ["invalid value 'abc'"]),
        (["export", "agora-marketplace", "--format", "csv"], 2, ["invalid value 'csv'"]),
        (["--frobnicate"], 2, ["error: unexpected argument '--frobnicate' found"]),
        (["frobnicate"], 2, ["error: unrecognized subcommand 'frobnicate'"]),
      ]
      for (words, status, parts) in rows {
        let run = try spacetime(words, in: folder)
        #expect(run.status == status && run.output.isEmpty, "\(words)")
        for part in parts { #expect(run.talk.contains(part), "\(words): \(run.talk)") }
      }
      let store = try Store(path: folder + "/s.db")
      let refused = try store.read { connection in
        try connection.all(
          Query("test", "SELECT code FROM v4_calls WHERE outcome='refused' ORDER BY call"),
          map: { $0.text(0) })
      }
      #expect(
        refused == [
          "unknown_reducer", "unknown_reducer", "invalid_arguments", "withdrawn", "unknown_flag",
          "unknown_flag", "unknown_flag",
        ])
    }
  }

  @Test func `options stand anywhere, and what only looks like one is an argument`() throws {
    try withTemporaryFolder { folder in
      let rows: [([String], String)] = [
        (["-yslocal", "agora-marketplace", "send_message", "m1", "A", "B", "i", "a", "2"], "a"),
        (["agora-marketplace", "send_message", "m2", "A", "B", "i", "-5", "2", "--yes"], "-5"),
        (["agora-marketplace", "send_message", "m3", "A", "B", "i", "- b", "-s=x", "2"], "- b"),
        (["agora-marketplace", "send_message", "m4", "A", "B", "i", "--- c", "2"], "--- c"),
        (
          [
            "--server=x", "agora-marketplace", "send_message", "--", "m5", "A", "B", "i", "-y", "2",
          ],
          "-y"
        ),
        (["agora-marketplace", "send_message", "m6", "A", "B", "i", "--", "--x", "2"], "--x"),
        (["--", "agora-marketplace", "send_message", "m7", "A", "B", "i", "--", "2"], "--"),
      ]
      for (words, content) in rows {
        let run = try spacetime(["call"] + words, in: folder)
        #expect(run.status == 0, "\(words): \(run.talk)")
        let store = try Store(path: folder + "/s.db")
        let said = try store.read { connection in
          try connection.first(
            Query("test", "SELECT content FROM messages ORDER BY rowid DESC"), map: { $0.text(0) })
        }
        #expect(said == content, "\(words)")
      }
    }
  }

  @Test func `the small commands answer what agents look at`() throws {
    try withTemporaryFolder { folder in
      let rows: [([String], String)] = [
        (["--version"], "spacetime 1.1.2"), (["list"], "agora-marketplace"),
        (["identity", "list"], "Identity: c200"), (["identity", "new"], "Identity: c200"),
        (["login"], "already logged in"), (["login", "show"], "You are logged in as c200"),
        (["login", "show", "--token"], "\nYour auth token (don't share this!) is eyJ"),
        (["publish", "agora-marketplace", "--force"], "agora-marketplace"),
        (["server", "ping", "local"], "Server is online"), (["ping"], "Server is online"),
        (["status"], "agents: 0"), (["energy", "balance", "-i", "x"], "{\"balance\":\"0\"}"),
        (["version"], "Usage: spacetime version <COMMAND>"),
        (["version", "list"], "1.1.2 (current)"),
        // Where v4's own server stood, the store answers.
        (["server", "ping", "http://127.0.0.1:1/"], "Server is online: http://127.0.0.1:1\n"),
        (["server", "ping", "https://x.example"], "Server could not be reached (https"),
        (["logout"], ""), (["sql", "--help"], "Usage: spacetime"),
        (["server", "ping", "-h"], "Usage: spacetime"),
        (["--root-dir", "/x", "--config-path=/y", "list", "--root-dir=/z"], "agora-marketplace"),
      ]
      for (words, part) in rows {
        let run = try spacetime(words, in: folder)
        #expect(run.status == 0 && run.output.contains(part), "\(words): \(run.output)")
      }
      let lost = try Child.run("spacetime", ["ping"], environment: ["AGORA_URL": "garbage"])
      #expect(lost.status == 1 && lost.talk.contains("garbage"), "\(lost.output)")
    }
  }

  @Test func `agents ask v4's tables with SELECT, and reach nothing else`() throws {
    try withTemporaryFolder { folder in
      for words in [
        ["register_agent_capability", "A", "testing", "8", "2"],
        ["send_agent_message", "A", "broadcast", "info", "it's \"x\"", "5"],
        ["create_task", "t-1", "A", "review", "2", "{}"],
      ] {
        #expect(try spacetime(["call", "agora-marketplace"] + words, in: folder).status == 0)
      }
      func sql(_ query: String, _ more: [String] = []) throws -> Child {
        try spacetime(["sql", "agora-marketplace", query] + more, in: folder)
      }
      let answers: [(String, String)] = [
        ("SELECT COUNT(*) FROM agent_capability", " COUNT(*) \n----------\n 1        \n"),
        (
          "SELECT agent_name, status FROM agent_registry WHERE agent_name = 'A' AND status = 'active'",
          " agent_name | status   \n------------+----------\n \"A\"        | \"active\" \n"
        ),
        ("SELECT agent_name FROM agent_registry WHERE agent_name LIKE '%A%' LIMIT 5;", "\"A\""),
        ("SELECT content FROM agent_message", "\"it's \"x\"\""),
        ("SELECT task_id, progress FROM task_assignment", "\"t-1\"   | 0.0"),
        (
          "SELECT event_type FROM system_events ORDER BY timestamp DESC LIMIT 10", "task_assigned"
        ),
        ("SELECT workflow_id FROM workflows", " workflow_id \n-------------\n"),
        ("SELECT workflow_id FROM workflow_coordination", " workflow_id \n"),
        ("SELECT assignment_id FROM task_assignment", "\"t-1\""),
      ]
      for (query, part) in answers {
        let run = try sql(query)
        #expect(run.status == 0 && run.output.contains(part), "\(query): \(run.output)\(run.talk)")
      }
      let json = try JSON.parse(
        sql("SELECT capability_type, is_active FROM agent_capability", ["--format", "json"]).output)
      #expect(
        json.elements?.first?["rows"] == .array([.array([.string("testing"), .bool(true)])]))
      let refused = [
        "SELECT * FROM agents", "SELECT * FROM main.workflows", "SELECT * FROM sqlite_master",
        "DELETE FROM agent_message", "UPDATE agents SET status='x'", "SELECT 1; DROP TABLE agents",
        "WITH x AS (SELECT 1) DELETE FROM agents",
        "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM x) SELECT n FROM x",
        "SELECT load_extension('x')",
        "SELECT * FROM pragma_table_info('agents')", "PRAGMA user_version=1", "ATTACH 'x' AS y",
        "SELECT (SELECT metadata FROM main.agents) FROM agent_message",
        "SELECT nope FROM agent_message",
        "WITH agent_message AS (SELECT * FROM main.agents) SELECT * FROM agent_message",
        "WITH agent_message AS MATERIALIZED (SELECT metadata, count(*) FROM main.agents GROUP BY 1) SELECT * FROM agent_message",
        "SELECT * FROM (SELECT metadata FROM main.agents LIMIT 1) AS agent_message",
        "SELECT count(*) FROM main.agents", "",
      ]
      for query in refused {
        let run = try sql(query)
        #expect(run.status == 1 && run.output.isEmpty, "\(query): \(run.output)")
        #expect(run.talk.contains("Error: ") && run.talk.contains("400 Bad Request"))
      }
    }
  }

  @Test func `calls of other databases go to the real one with the same words`() throws {
    try withTemporaryFolder { folder in
      let real = folder + "/bin/spacetime"
      try Child.run("/bin/mkdir", [folder + "/bin"]).expectDone()
      try write("#!/bin/sh\necho \"real: $*\"; exit 7\n", to: real)
      try Child.run("/bin/chmod", ["755", real]).expectDone()
      let words = ["call", "game", "move", "a b", "--x"]
      for environment in [
        ["PATH": "/nowhere:\(folder)/bin"], ["AGORA_REAL_SPACETIME": real],
      ] {
        let run = try spacetime(words, in: folder, environment: environment)
        #expect(run.status == 7 && run.output == "real: call game move a b --x\n")
      }
      let ours = try spacetime(
        ["call", "agora-marketplace", "agent_heartbeat", "A"], in: folder,
        environment: ["AGORA_REAL_SPACETIME": real])
      #expect(ours.status == 0)
    }
  }

  @Test func `ten first calls of one agent at once all succeed and make one agent`() throws {
    try withTemporaryFolder { folder in
      let script = """
        for n in 1 2 3 4 5 6 7 8 9 10; do
          spacetime call agora-marketplace send_agent_message New Other info "text $n" 2 > out.$n &
        done
        wait; cat out.*
        """
      let run = try Child.bash(script, in: folder, environment: ["AGORA_STORE": folder + "/s.db"])
      let answers = run.output.split(separator: "\n").filter { $0.contains("message_id") }
      #expect(answers.count == 10, "\(run.talk)")
      let store = try Store(path: folder + "/s.db")
      let count = try store.read { connection in
        try connection.integer(Query("test", "SELECT count(*) FROM agents"))
      }
      #expect(count == 2)
    }
  }

  @Test func `a migrated agent that calls v4 again is the same agent`() throws {
    try withTemporaryFolder { folder in
      let export = """
        {"agent_capability":[{"capability_id":"id_1","agent_id":"TestAgent","capability_type":"documentation"}],
         "agent_message":[{"message_id":"id_2","from_agent":"TestAgent","to_agent":"Doc","content":"x"}]}
        """
      try write(export, to: folder + "/export.json")
      let migration = try Child.run(
        "agora", ["migrate", "export.json", "--store", "s.db"], in: folder)
      #expect(migration.status == 0)
      let words = ["register_agent_capability", "TestAgent", "review", "8", "2"]
      let run = try spacetime(["call", "agora-marketplace"] + words, in: folder)
      #expect(run.status == 0)
      let store = try Store(path: folder + "/s.db")
      let rows = try store.read { connection in
        try connection.all(
          Query("test", "SELECT capabilities, metadata FROM agents WHERE agent_name='TestAgent'"),
          map: { ($0.text(0), $0.text(1)) })
      }
      #expect(rows.count == 1 && rows.first?.0 == #"["documentation","review"]"#)
      let metadata = rows.first?.1 ?? ""
      #expect(metadata.contains(#""migration_source":"v4""#))
      #expect(!metadata.contains("compatibility_mode"))
    }
  }
}

extension Child {
  fileprivate func expectDone() { #expect(status == 0, "\(talk)") }
}
