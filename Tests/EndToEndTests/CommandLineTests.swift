import AgoraStore
import TestSupport
import Testing

/// The command line as its users meet it: words, exit codes, what goes where.
@Suite struct CommandLineTests {
  private static let export = """
    {"agent_capability":[{"capability_id":"id_1","agent_id":"alice","capability_type":"testing"}],
    "agent_message":[{"message_id":"id_1","from_agent":"alice","to_agent":"ghost","content":"hi"}]}
    """

  private func withExport(_ body: (String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      try write(Self.export, to: folder + "/export.json")
      try body(folder)
    }
  }

  @Test func `a migration prints its ledger and leaves one file`() throws {
    try withExport { folder in
      let run = try Child.run("agora", ["migrate", "export.json"], in: folder)
      #expect(run.status == 0 && run.talk.isEmpty)
      #expect(run.output.contains("Balanced: 2 read = 2 imported"))
      #expect(try names(in: folder) == ["agora.db", "export.json"])
    }
  }

  @Test func `the JSON report has the fields of the contract`() throws {
    try withExport { folder in
      let run = try Child.run(
        "agora", ["migrate", "--json", "export.json", "--store", "s.db"], in: folder)
      let report = try JSON.parse(run.output)
      let fields = report.members?.map(\.name) ?? []
      for field in [
        "run_id", "status", "dry_run", "source", "resumed", "tables", "totals", "balanced",
        "orphans",
        "epochs", "conflicts", "deleted_in_source", "bytes", "seconds", "rows_per_second",
      ] { #expect(fields.contains(field), "\(field)") }
      #expect(report["tables"]?["agent_message"]?["imported"]?.integer == 1)
      #expect(report["orphans"]?["agents"]?.integer == 1)
      let runs = try JSON.parse(
        Child.run("agora", ["runs", "--json", "--store", "s.db"], in: folder).output)
      #expect(runs["runs"]?.elements?.first?["run_id"] == report["run_id"])
      let explained = try JSON.parse(
        Child.run("agora", ["explain", "id_1", "--json", "--store=s.db"], in: folder).output)
      #expect(explained["matches"]?.elements?.count == 2)
    }
  }

  /// A command line and the exit code that the contract gives it.
  @Test func `exit codes are the contract's`() throws {
    try withExport { folder in
      try write(#"{"agent_message":[17]}"#, to: folder + "/bad-row.json")
      try write("{", to: folder + "/cut.json")
      let cases: [([String], Int32)] = [
        (["migrate", "export.json"], 0), (["migrate", "bad-row.json"], 3),
        (["migrate", "--dry-run", "bad-row.json"], 3),
        (["migrate", "--max-rejects", "0", "bad-row.json"], 1), (["migrate", "cut.json"], 1),
        (["migrate", "nowhere.json"], 1), (["migrate", "."], 1), (["migrate"], 2), ([], 0),
        (["migrat"], 2), (["migrate", "--dryrun", "export.json"], 2), (["rejects"], 2),
        (["migrate", "--orphans", "drop", "export.json"], 2), (["explain", "nothing"], 1),
        (["rejects", "show", "99"], 1), (["rejects", "show", "x"], 2), (["verify", "x"], 1),
        (["runs"], 0), (["runs", "--store", "nowhere.db"], 1), (["store", "check"], 0),
        (["--version"], 0), (["help", "migrate"], 0),
        (["migrate", "--max-row-bytes", "0", "export.json"], 2),
      ]
      for (arguments, expected) in cases {
        let run = try Child.run("agora", arguments, in: folder)
        #expect(run.status == expected, "agora \(arguments): \(run.status) \(run.talk)")
        if ![0, 3].contains(expected) { #expect(run.talk.hasPrefix("agora: "), "\(arguments)") }
      }
    }
  }

  @Test func `no run changes a marketplace that is halted`() throws {
    try withExport { folder in
      func run(_ words: String) throws -> Child {
        try Child.run("agora", words.split(separator: " ").map(String.init), in: folder)
      }
      _ = try run("migrate export.json")
      let override = "call agora.admin.override --target-id system_wide --reason r --priority 255"
      #expect(try run(override + " --action emergency_halt").status == 0)
      let hash = try JSON.parse(run("store info --hash --json").output)["hash"]
      let id = try JSON.parse(run("runs --json").output)["runs"]?.elements?.first?["run_id"]?.text
      for words in [
        "migrate export.json", "migrate --apply-deletes export.json", "rejects retry",
        "rollback \(id ?? "")",
      ] {
        let refused = try run(words)
        #expect(
          refused.status == 5 && refused.talk.contains("[halted]"), "\(words): \(refused.talk)")
      }
      #expect(try run("verify export.json").status == 0)
      let after = try JSON.parse(run("store info --hash --json").output)["hash"]
      #expect(after == hash && hash != nil)
      #expect(try run(override + " --action resume").status == 0)
      #expect(try run("migrate export.json").status == 0)
    }
  }

  @Test func `a reject is dismissed once, with its reason, and stays in the export`() throws {
    try withTemporaryFolder { folder in
      try write(#"{"agent_message":[17]}"#, to: folder + "/bad.json")
      _ = try Child.run("agora", ["migrate", "bad.json"], in: folder)
      let dismiss = ["rejects", "dismiss", "1", "--reason", "a test"]
      #expect(try Child.run("agora", dismiss, in: folder).status == 0)
      #expect(try Child.run("agora", dismiss, in: folder).status == 1)
      #expect(try Child.run("agora", ["rejects", "dismiss", "1"], in: folder).status == 2)
      let list = try Child.run("agora", ["rejects", "list"], in: folder)
      #expect(list.output.contains("No rejected rows are outstanding."))
      let shown = try Child.run("agora", ["rejects", "show", "1", "--json"], in: folder)
      #expect(shown.output.contains("a test"))
      let export = try Child.run("agora", ["export", "--format", "v4"], in: folder)
      #expect(export.output == #"{"agent_message":[17]}"# + "\n")
    }
  }

  @Test func `conflicts are listed, settled once, and found settled`() throws {
    try withTemporaryFolder { folder in
      func export(_ progress: String) -> String {
        #"{"task_assignment":[{"assignment_id":"t","agent_id":"x","progress":\#(progress)}]}"#
      }
      func agora(_ arguments: String...) throws -> Child {
        try Child.run("agora", arguments, in: folder)
      }
      try write(export("0.1"), to: folder + "/1.json")
      try write(export("0.5"), to: folder + "/2.json")
      _ = try agora("migrate", "1.json")
      #expect(try agora("conflicts", "list").output.contains("No conflicts are outstanding."))
      #expect(try agora("conflicts", "resolve", "--all", "--keep", "v5").status == 0)
      try Connection(path: folder + "/agora.db", mode: .readWrite).execute(
        "UPDATE tasks SET progress=90")
      let migrated = try agora("migrate", "2.json")
      #expect(migrated.status == 3 && migrated.output.contains("agora conflicts list"))
      let list = try JSON.parse(agora("conflicts", "list", "--json").output)
      let fields = list["conflicts"]?.elements?.first?["fields"]
      #expect(
        fields?.elements?.first
          == .object([
            .init("field", .string("progress")), .init("v4", .number("50")),
            .init("v5", .number("90")),
          ]))
      let misuses: [([String], Int32)] = [
        (["1"], 2), (["--keep", "v4"], 2), (["1", "--all", "--keep", "v4"], 2),
        (["1", "--keep", "both"], 2), (["x", "--keep", "v4"], 2), (["7", "--keep", "v4"], 1),
        (["1", "--keep", "v4", "--source", "s"], 2),
      ]
      for (arguments, expected) in misuses {
        let run = try Child.run("agora", ["conflicts", "resolve"] + arguments, in: folder)
        #expect(run.status == expected, "\(arguments): \(run.talk)")
      }
      let settled = try agora("conflicts", "resolve", "1", "--keep", "v4", "--json")
      #expect(settled.status == 0)
      #expect(try JSON.parse(settled.output)["resolved"] == .array([.int(1)]))
      let again = try agora("conflicts", "resolve", "1", "--keep", "v5")
      #expect(again.status == 1 && again.talk.contains("v4 was kept [not_found]"), "\(again.talk)")
      #expect(try agora("migrate", "2.json").status == 0)
      #expect(try agora("conflicts", "list", "--all").output.contains("v4 was kept"))
    }
  }

  @Test func `a typo gets its nearest neighbour`() throws {
    for (arguments, hint) in [
      (["migrat", "x"], "Did you mean: agora migrate"), (["rejects", "lst"], "agora rejects list"),
      (["migrate", "--dry-rum", "x"], "Did you mean --dry-run?"),
      (["migrate", "--orphans", "stubb", "x"], "did you mean stub?"),
    ] {
      let run = try Child.run("agora", arguments)
      #expect(run.talk.contains(hint), "\(arguments): \(run.talk)")
    }
  }

  @Test func `standard input, gzip in a pipe and quotes in paths are read`() throws {
    try withTemporaryFolder { folder in
      let run = try Child.run(
        "agora", ["migrate", "-", "--store", "it's \"mine\".db"], in: folder,
        input: Array(Self.export.utf8))
      #expect(run.status == 0, "\(run.talk)")
      let packed = try File.contents(Project.root + "/fixtures/exports/shape-gzip/export.json.gz")
      let again = try Child.run(
        "agora", ["migrate", "-", "--store", "it's \"mine\".db"], in: folder, input: packed)
      #expect(again.status == 0, "\(again.talk)")
    }
  }

  @Test func `a store that is none is left alone`() throws {
    try withExport { folder in
      try write(
        "not a database, but long enough to look like something that somebody wants to keep",
        to: folder + "/text.db")
      let text = try Child.run(
        "agora", ["migrate", "export.json", "--store", "text.db"], in: folder)
      #expect(text.status == 1 && text.talk.contains("[not_a_store]"), "\(text.talk)")
      let other = try Connection(path: folder + "/other.db", mode: .create)
      try other.execute("CREATE TABLE theirs(a); PRAGMA user_version=7")
      let foreign = try Child.run(
        "agora", ["migrate", "export.json", "--store", "other.db"], in: folder)
      #expect(foreign.status == 1 && foreign.talk.contains("[not_a_store]"), "\(foreign.talk)")
      _ = try Child.run("agora", ["migrate", "export.json", "--store", "newer.db"], in: folder)
      try Connection(path: folder + "/newer.db", mode: .readWrite).execute("PRAGMA user_version=99")
      let newer = try Child.run(
        "agora", ["migrate", "export.json", "--store", "newer.db"], in: folder)
      #expect(newer.status == 5 && newer.talk.contains("[store_is_newer]"), "\(newer.talk)")
      #expect(try !names(in: folder).contains { $0.contains("migrating") || $0.hasSuffix(".lock") })
    }
  }

  @Test func `two at once: the second hears who holds the store`() throws {
    try withExport { folder in
      let lock = try File.updating(folder + "/agora.db.lock")
      #expect(try lock.lock(waits: false))
      try lock.replaceContents(
        with: #"{"pid":4711,"host":"elsewhere","since":"2025-06-01T00:00:00Z"}"#)
      let run = try Child.run("agora", ["migrate", "export.json"], in: folder)
      #expect(run.status == 5)
      #expect(
        run.talk.contains("process 4711 on elsewhere since 2025-06-01T00:00:00Z"), "\(run.talk)")
      #expect(try names(in: folder) == ["agora.db.lock", "export.json"])
    }
  }

  @Test func `an announcement is broadcast for each agent, and records come out as lines`() throws {
    try withExport { folder in
      _ = try Child.run("agora", ["migrate", "--announce", "export.json"], in: folder)
      let export = try Child.run("agora", ["export", "--format", "ndjson"], in: folder)
      let lines = try export.output.split(separator: "\n").map { try JSON.parse(String($0)) }
      let messages = lines.filter { $0["table"]?.text == "messages" }
      let announced = messages.compactMap { $0["row"]?["content"]?.text }
        .filter { $0 == "Agent alice successfully migrated to Agora v5" }
      #expect(announced.count == 1 && messages.count == 2)
      // alice, the stub that she wrote to, and the sender of notices.
      #expect(lines.filter { $0["table"]?.text == "agents" }.count == 3)
    }
  }

  @Test func `the way back to v4 has what v5 wrote`() throws {
    try withExport { folder in
      _ = try Child.run("agora", ["migrate", "export.json"], in: folder)
      let plain = try Child.run("agora", ["export", "--format", "v4"], in: folder)
      let same = try Child.run("agora", ["export", "--format", "v4", "--with-new"], in: folder)
      #expect(same.status == 0 && same.output == plain.output)
      try Connection(path: folder + "/agora.db", mode: .readWrite).execute(
        """
        INSERT INTO messages(message_id, to_agent, content)
          VALUES('msg_0190c5d4e5f67a8b9c0d1e2f3a4b5c6d','broadcast','born on v5')
        """)
      let more = try Child.run("agora", ["export", "--format", "v4", "--with-new"], in: folder)
      let rows = try JSON.parse(more.output)["agent_message"]?.elements
      #expect(rows?.count == 2 && rows?.last?["content"]?.text == "born on v5")
      #expect(rows?.last?["message_id"]?.text == "msg_0190c5d4e5f67a8b9c0d1e2f3a4b5c6d")
      let misuse = try Child.run(
        "agora", ["export", "--format", "ndjson", "--with-new"], in: folder)
      #expect(misuse.status == 2)
    }
  }

  @Test func `the demo tells its story`() throws {
    try withTemporaryFolder { folder in
      let run = try Child.run("agora", ["demo"], in: folder, environment: ["TMPDIR": folder])
      #expect(run.status == 0, "\(run.talk)")
      for words in ["Balanced: ", "$ agora explain id_1", "Counter restarts: 3", "What to do next"]
        + ["agora: v4 is deprecated and ends on", "v4_brownout", "compat log", "not ready"]
      {
        #expect(run.output.contains(words), "\(words)")
      }
    }
  }

  @Test func `Control-C ends a run with 130, says how to go on, and the same command goes on`()
    throws
  {
    try withTemporaryFolder { folder in
      let rows = (0..<5000).map { #"{"message_id":"\#($0)"}"# }.joined(separator: ",")
      let export = #"{"agent_message":["# + rows + "]}"
      try write(export, to: folder + "/export.json")
      let arguments = ["migrate", "-", "--store", "s.db"]
      let stopped = try Child.interrupt(
        "agora", arguments, in: folder, input: Array(export.utf8), sign: folder + "/s.db.migrating")
      #expect(stopped.status == 130, "\(stopped.talk)")
      #expect(stopped.talk.contains("Run the same command again"))
      #expect(
        try names(in: folder).filter { !$0.hasSuffix("-journal") }
          == ["export.json", "s.db.migrating"])
      let again = try Child.run("agora", ["migrate", "export.json", "--store", "s.db"], in: folder)
      #expect(again.status == 0 && again.output.contains("5000 imported"), "\(again.talk)")
      #expect(try names(in: folder) == ["export.json", "s.db"])
    }
  }

  @Test func `standard output is written to and never replaced, whatever it leads to`() throws {
    try withExport { folder in
      let script = """
        agora migrate export.json --store s.db > report.txt
        agora export --format v4 --store s.db > out.json
        agora export --format v4 --store s.db >> out.json
        agora export --format v4 --store s.db | cat > piped.json
        ln -s real.json link.json; echo old > real.json
        agora export --format v4 --store s.db -o link.json > /dev/null
        test -L link.json && cat real.json real.json | cmp - out.json && cmp piped.json real.json
        """
      let run = try Child.bash(script, in: folder)
      #expect(run.status == 0, "\(run.output) \(run.talk)")
      let text = try contents(folder + "/out.json")
      #expect(text.utf8.count > 200)
    }
  }
}
