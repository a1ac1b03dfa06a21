import AgoraStore
import Migrator
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What an operator does at a shell besides the usual.
@Suite struct OperatorTests {
  private static let export = """
    {"agent_capability":[{"capability_id":"1","agent_id":"a","capability_type":"t"}],"agent_message":[{"message_id":"1","from_agent":"a","content":"x"},17]}

    """

  private func withStore(_ body: (String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      try write(Self.export, to: folder + "/export.json")
      let run = try Child.run("agora", ["migrate", "export.json"], in: folder)
      #expect(run.status == 3, "\(run.talk)")
      try body(folder)
    }
  }

  // MARK: outputs

  @Test func `a dash is standard output where one stream can be there, and nowhere a file`() throws
  {
    try withStore { folder in
      let cases: [(words: String, status: Int32, output: String)] = [
        ("export --format v4 -o -", 0, "{\"agent_capability\""),
        ("export --format v4 --json", 0, "{\"agent_capability\""),
        ("export --format ndjson -o -", 0, "{\"table\""),
        ("export --format ndjson -o - --json", 2, "{\n  \"status\": \"failed\""),
        ("rejects export -", 0, "{\"table\":\"agent_message\""),
        ("rejects export - --json", 2, "{\n  \"status\": \"failed\""),
        ("migrate --dry-run --rejects - export.json", 3, "{\"table\":\"agent_message\""),
        ("migrate --dry-run --id-map - export.json", 3, "{\"table\":\"agent"),
        ("migrate --dry-run --id-map - --rejects - export.json", 2, ""),
        ("migrate --dry-run --rejects - --json export.json", 2, "{\n  \"status\": \"failed\""),
        ("store backup -", 2, ""),
      ]
      for (words, status, output) in cases {
        let run = try Child.run("agora", words.split(separator: " ").map(String.init), in: folder)
        #expect(run.status == status && run.output.hasPrefix(output), "\(words): \(run.output)")
        #expect(!run.talk.isEmpty || words.hasSuffix("v4 --json"), "\(words)")
      }
      let left = try names(in: folder)
      #expect(left == ["agora.db", "export.json"])
    }
  }

  @Test func `whoever stops reading ends a command without a word`() throws {
    try withStore { folder in
      let run = try Child.bash(
        "set -o pipefail; agora tools --json | head -c 10 >/dev/null", in: folder)
      #expect(run.status == 141 && run.talk.isEmpty, "\(run.status) \(run.talk)")
    }
  }

  @Test func `parts that a dead process left are gone with the next output, and others stay`()
    throws
  {
    try withStore { folder in
      let (dead, own) = ("/out.json.99-a1.part", "/out.json.mine.part")
      for name in [dead, dead + "-journal", own] { try write("x", to: folder + name) }
      let held = try File.updating(folder + "/out.json.98-b2.part")
      #expect(try held.lock(waits: false))
      let run = try Child.run("agora", ["export", "--format", "v4", "-o", "out.json"], in: folder)
      #expect(run.status == 0)
      #expect(
        try names(in: folder) == [
          "agora.db", "export.json", "out.json", "out.json.98-b2.part", "out.json.mine.part",
        ])
    }
  }

  // MARK: backups

  @Test func `of several backups to one name at once one is made, and the others are told`() throws
  {
    try withStore { folder in
      let run = try Child.bash(
        """
        for i in 1 2 3; do agora store backup same.db >/dev/null 2>$i.err; echo $? >$i.rc & done
        for i in 4 5 6; do (agora store backup same.db >/dev/null 2>$i.err; echo $? >$i.rc) & done
        wait; cat ?.rc | sort | tr -d '\\n'; cat ?.err
        """, in: folder)
      #expect(run.output.hasPrefix("022222"), "\(run.output)")
      #expect(!run.output.contains("no_such_file") && !run.output.contains("[io]"), "\(run.output)")
      let left = try names(in: folder).filter { $0.contains("same") }
      #expect(left == ["same.db"])
      let check = try StoreCheck(Store(path: folder + "/same.db"))
      #expect(check.isSound)
    }
  }

  @Test func `a copy that cannot be put on record stands, and a warning says so`() throws {
    try withStore { folder in
      let writer = try Connection(path: folder + "/agora.db", mode: .readWrite)
      try writer.execute("BEGIN IMMEDIATE")
      let run = try Child.run("agora", ["store", "backup", "copy.db", "--json"], in: folder)
      try writer.execute("ROLLBACK")
      #expect(run.status == 0 && run.talk.contains("the copy stands"), "\(run.talk)")
      let report = try JSON.parse(run.output)
      #expect(report["on_record"] == .bool(false))
      let again = try Child.run("agora", ["store", "backup", "copy2.db", "--json"], in: folder)
      let recorded = try JSON.parse(again.output)
      #expect(recorded["on_record"] == .bool(true))
    }
  }

  // MARK: a store that may only be read

  /// A store in a folder with a strange name, the mode of its file, and each mode of its folder in which
  /// it may only be read; nothing where this is root, whom no mode keeps out, and cannot be another.
  ///
  /// - Parameter body: gets the folder and what a command begins with to be run as nobody.
  private func withUnwritableStore(_ body: (String, String) throws -> Void) throws {
    try withTemporaryFolder { outer in
      let folder = outer + "/shop #1?"
      #expect(mkdir(folder, 0o755) == 0 && chmod(outer, 0o755) == 0)
      try write(Self.export, to: folder + "/export.json")
      for _ in 1...2 { _ = try Child.run("agora", ["migrate", "export.json"], in: folder) }
      let nobody = geteuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups " : ""
      if !nobody.isEmpty, try Child.bash("setpriv --version").status != 0 { return }
      defer { chmod(folder, 0o755) }
      for (file, place) in [(mode_t(0o444), mode_t(0o555)), (0o444, 0o777), (0o666, 0o555)] {
        #expect(chmod(folder + "/agora.db", file) == 0 && chmod(folder, place) == 0)
        try body(folder, nobody)
      }
    }
  }

  @Test func `who may only read a store reads it, and leaves nothing beside it`() throws {
    try withUnwritableStore { folder, nobody in
      let reading = [
        "runs": 0, "rejects list": 0, "explain 1": 0, "store info": 0, "store check": 0,
        "conflicts list": 0, "export --format v4": 0, "verify export.json": 0, "sunset status": 0,
        "monitor": 0, "call agora.query.agents": 0, "migrate --dry-run export.json": 3,
      ]
      let script = reading.map { words, status in
        "\(nobody)agora \(words) >/dev/null 2>$T; s=$?; [ $s = \(status) ] || { echo '\(words)' $s; cat $T; }"
      }.joined(separator: "\n")
      let run = try Child.bash("T=$(mktemp); chmod 666 $T\n\(script)\nrm -f $T", in: folder)
      #expect(run.output.isEmpty, "\(run.output)")
      let left = try names(in: folder)
      #expect(left == ["agora.db", "export.json"])
    }
  }

  @Test func `who may only read a store is told so by whatever writes, and nothing has changed`()
    throws
  {
    let register = "call agora.agent.register --agent-name b"
    let words = [
      "migrate export.json", "migrate --json export.json", "rejects retry",
      "rejects dismiss 1 --reason x", "rollback $RUN", "rollback --json $RUN", "store compact",
      "token create --agent a", "token revoke tok_x", register, register + " --json",
      "sunset set warning", "sunset advance", "sunset schedule --date 2999-01-01",
      "sunset exempt a --until 2999-01-01 --reason x", "sunset acknowledge --all --reason x",
      "sunset set warning --json", "compat call agora-marketplace agent_heartbeat a",
      "compat call --json agora-marketplace agent_heartbeat a",
    ]
    try withUnwritableStore { folder, nobody in
      let before = try File.contents(folder + "/agora.db")
      let run = try JSON.parse(Child.run("agora", ["runs", "--json"], in: folder).output)
      let newest = try #require(run["runs"]?.elements?.first?["run_id"]?.text)
      let script = words.map { words in
        "s=$(\(nobody)agora \(words) 2>$T >$O; echo $?); "
          + "[ $s = 1 ] && grep -q '\\[permission_denied\\]' $T && grep -q 'Run this as a user' $T "
          + (words.contains("--json") ? "&& grep -q '\"code\": \"permission_denied\"' $O " : "")
          + "|| { echo '\(words)' $s; cat $T $O; }"
      }
      let all =
        ["T=$(mktemp); O=$(mktemp); chmod 666 $T $O; RUN=\(newest)"] + script + [
          "\(nobody)spacetime call agora-marketplace agent_heartbeat a 2>$T",
          "[ $? = 1 ] && grep -q 'Response text: this user may not write the store' $T || cat $T",
          "rm -f $T $O",
        ]
      let outcome = try Child.bash(all.joined(separator: "\n"), in: folder)
      #expect(outcome.output.isEmpty, "\(outcome.output)")
      let (left, after) = try (names(in: folder), File.contents(folder + "/agora.db"))
      #expect(left == ["agora.db", "export.json"] && after == before)
    }
  }

  @Test func `while its owner has it open, who may only read a store sees what was committed`()
    throws
  {
    guard try geteuid() != 0 || Child.bash("setpriv --version").status == 0 else { return }
    try withStore { folder in
      let nobody = geteuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups " : ""
      #expect(chmod(folder, 0o755) == 0)
      let owner = try Store(path: folder + "/agora.db")
      _ = try owner.write { try $0.execute("UPDATE messages SET content='y'") }
      #expect(chmod(folder, 0o555) == 0)
      defer { chmod(folder, 0o755) }
      let run = try Child.bash("\(nobody)agora export --format ndjson", in: folder)
      #expect(run.output.contains(#""content":"y""#), "\(run.talk)")
    }
  }

  // MARK: words

  @Test func `a flag before the command gets its neighbour, and a group tells its commands`() throws
  {
    let cases: [([String], Int32, String)] = [
      (["--versio"], 2, "Did you mean --version?"), (["--hlep"], 2, "Did you mean --help?"),
      (["-v"], 2, "Did you mean --version?"),
      (["--stor", "x", "runs"], 2, "Did you mean --store?"),
      (["rejects", "--stor", "x", "list"], 2, "Did you mean --store?"),
      (["help", "rejects"], 0, "rejects dismiss"), (["rejects", "--help"], 0, "rejects dismiss"),
      (["help", "rejcts"], 2, "Did you mean: agora rejects"),
    ]
    for (words, status, part) in cases {
      let run = try Child.run("agora", words)
      #expect(run.status == status && (run.output + run.talk).contains(part), "\(words)")
      #expect(!run.output.contains("agora: the way"), "\(words)")
    }
  }

  @Test func `a missing folder is told as that, and the drop-in's is made`() throws {
    try withStore { folder in
      let cases = [
        "serve --store nodir/x.db", "mcp --store nodir/x.db", "store backup nodir/x.db",
        "call agora.query.agents --store nodir/x.db", "shim install a/b",
      ]
      for words in cases {
        let run = try Child.run("agora", words.split(separator: " ").map(String.init), in: folder)
        #expect(run.status == 1 && run.talk.contains("[no_such_file]"), "\(words): \(run.talk)")
      }
      let install = try Child.run("agora", ["shim", "install", "bin"], in: folder)
      #expect(install.status == 0 && install.output.hasPrefix("Made the folder bin."))
      let remove = try Child.run("agora", ["shim", "remove", "bin"], in: folder)
      #expect(remove.status == 0)
    }
  }

  @Test func `a reject shows why it was dismissed, and a run that was taken back what it read`()
    throws
  {
    try withStore { folder in
      _ = try Child.run("agora", ["rejects", "dismiss", "1", "--reason", "was noise"], in: folder)
      let shown = try Child.run("agora", ["rejects", "show", "1"], in: folder)
      #expect(shown.output.contains("dismissed (was noise)"))
      func run() throws -> JSON? {
        try JSON.parse(Child.run("agora", ["runs", "--json"], in: folder).output)["runs"]?
          .elements?.first
      }
      let before = try run()
      _ = try Child.run("agora", ["rollback", before?["run_id"]?.text ?? ""], in: folder)
      let after = try run()
      #expect(after?["status"]?.text == "rolled_back")
      #expect(after?["files"] == before?["files"] && before?["files"]?.elements?.count == 1)
    }
  }

  @Test func `a list of rejects has the beginning of a very long row, and one reject all of it`()
    throws
  {
    try withTemporaryFolder { folder in
      let long = String(repeating: "x", count: 100_000)
      try write("{\"agent_message\":[\"\(long)\"]}", to: folder + "/export.json")
      _ = try Child.run("agora", ["migrate", "export.json"], in: folder)
      let list = try RejectList(Store(path: folder + "/agora.db")).json["rejects"]?.elements?.first
      #expect(list?["row"]?.text?.utf8.count == 65_536 && list?["row_is_cut"] == .bool(true))
      let one = try RejectList(Store(path: folder + "/agora.db"), number: 1).json["rejects"]
      #expect(one?.elements?.first?["row"]?.text == "\"\(long)\"")
    }
  }

  @Test func `a dry run in a halted marketplace ends as the run would`() throws {
    try withStore { folder in
      let halt = [
        "call", "agora.admin.override", "--action", "emergency_halt", "--priority", "9",
        "--target-id", "system_wide", "--reason", "r",
      ]
      let stop = try Child.run("agora", halt, in: folder)
      #expect(stop.status == 0, "\(stop.talk)")
      for words in [["migrate", "export.json"], ["migrate", "--dry-run", "export.json"]] {
        let run = try Child.run("agora", words, in: folder)
        #expect(run.status == 5 && run.talk.contains("[halted]"), "\(words): \(run.talk)")
      }
    }
  }

  @Test func `what the drop-in prints is not taken for an export of v4`() throws {
    try withStore { folder in
      let environment = ["AGORA_STORE": folder + "/agora.db"]
      let before = try Store(path: folder + "/agora.db").contentHash()
      let recipes = [
        [
          "subscribe", "agora-marketplace", "SELECT * FROM agent_message",
          "--print-initial-update", "-n", "0",
        ], ["sql", "agora-marketplace", "SELECT * FROM agent_message", "--format", "json"],
      ]
      for words in recipes {
        let given = try Child.run("spacetime", words, in: folder, environment: environment)
        #expect(given.status == 0 && given.output.contains("message_id"), "\(given)")
        try write(given.output, to: folder + "/agent_message.json")
        let run = try Child.run("agora", ["migrate", "agent_message.json"], in: folder)
        #expect(run.status == 5 && run.talk.contains("own_export"), "\(words): \(run.talk)")
      }
      #expect(try Store(path: folder + "/agora.db").contentHash() == before)
      // Who reads the lines finds in them what SpacetimeDB prints.
      let line = try Child.run("spacetime", recipes[0], in: folder, environment: environment).output
      let changes = try JSON.parse(line)["agent_message"]
      #expect(changes?["inserts"]?.elements?.isEmpty == false && changes?["deletes"] == .array([]))
    }
  }

  @Test func `an agent that is on v4 cannot be acknowledged as silent`() throws {
    try withStore { folder in
      _ = try Child.run(
        "spacetime", ["call", "agora-marketplace", "agent_heartbeat", "a"], in: folder,
        environment: ["AGORA_STORE": folder + "/agora.db"])
      let run = try Child.run(
        "agora", ["sunset", "acknowledge", "a", "--reason", "gone"], in: folder)
      #expect(run.status == 5 && run.talk.contains("is on v4"), "\(run.talk)")
    }
  }

  @Test func `a bad line of calls to replay is told by file and byte`() throws {
    try withStore { folder in
      try write("{\"reducer\":\"x\"}\n  bad\n", to: folder + "/calls.ndjson")
      let run = try Child.run("agora", ["compat", "replay", "calls.ndjson", "--json"], in: folder)
      let error = try JSON.parse(run.output)["error"]
      #expect(error?["file"]?.text == "calls.ndjson" && error?["offset"]?.integer == 18)
    }
  }
}
