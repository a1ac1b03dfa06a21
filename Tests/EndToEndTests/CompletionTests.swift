import AgoraStore
import TestSupport
import Testing

/// The scripts that make shells complete agora's words.
@Suite struct CompletionTests {
  /// Words behind `agora`, the last one being typed, and what is offered.
  static let offered: [([String], [String])] = [
    (["rej"], ["rejects"]), (["rejects", ""], ["dismiss", "export", "list", "retry", "show"]),
    (["rejects", "re"], ["retry"]), (["help", "rejects", "s"], ["show"]),
    (["migrate", "--dry"], ["--dry-run"]),
    (["migrate", "--orphans", ""], ["keep", "reject", "stub"]),
    (["migrate", "--orphans=k"], ["--orphans=keep"]), (["--store", "migrate", "ru"], ["runs"]),
    (["migrate", "exp"], ["export.json"]), (["migrate", "--rejects", "exp"], ["export.json"]),
    (["migrate", "--dry-run", "exp"], ["export.json"]),
    (["store", "backup", "exp"], ["export.json"]),
    (["export", "--format", ""], ["ndjson", "v4"]), (["completions", "z"], ["zsh"]),
    (["tools", "agora.messaging.se"], ["agora.messaging.send"]),
    (["call", "agora.messaging.se"], ["agora.messaging.send"]),
    (["--store", "x", "call", "agora.messaging.se"], ["agora.messaging.send"]),
    (["call", "agora.messaging.send", "--to"], ["--to-agent"]),
    (["call", "--as", "call", "agora_messaging_send@^1", "--to"], ["--to-agent"]),
    (["call", "agora.messaging.send", "--priority", ""], ["high", "low", "normal", "urgent"]),
    (["call", "agora.messaging.send", "--content", "migrate", "--pri"], ["--priority"]),
    (["migrate", "--nothing-such"], []), (["rejects", "list", "--nothing-such"], []),
  ]

  /// What bash alone does to words: `=` and `@` stand apart.
  static let offeredByBash: [([String], [String])] = [
    (["migrate", "--orphans", "=", "k"], ["keep"]),
    (["migrate", "--orphans", "="], ["keep", "reject", "stub"]),
    (["call", "agora.messaging.receive", "--unread-only", "="], ["false", "true"]),
    (["call", "agora.messaging.send", "@", "1.0.0", "--pri"], ["--priority"]),
    (["--store", "=", "x", "rej"], ["rejects"]),
  ]

  private static func quoted(_ words: [String]) -> String {
    words.map { "'\($0)'" }.joined(separator: " ")
  }

  /// What a shell offers for each of some lines: its answers, a line each, behind a `#` for each case.
  private func answers(_ run: Child) -> [[String]] {
    run.output.split(separator: "#\n", omittingEmptySubsequences: false).dropFirst().map {
      $0.split(separator: "\n").map(String.init).sorted()
    }
  }

  private func inBash(_ lines: [[String]], in folder: String) throws -> [[String]] {
    let script = lines.map { words in
      "COMP_WORDS=(agora \(Self.quoted(words))) COMP_CWORD=\(words.count); _agora; echo '#'; printf '%s\\n' \"${COMPREPLY[@]}\""
    }
    let run = try Child.bash(
      "eval \"$(agora completions bash)\"\n" + script.joined(separator: "\n"), in: folder)
    #expect(run.status == 0 && run.talk.isEmpty, "\(run.talk)")
    return answers(run)
  }

  private func compare(_ found: [[String]], _ expected: [([String], [String])]) {
    #expect(found.count == expected.count)
    for (answers, (words, wanted)) in zip(found, expected) {
      #expect(answers == wanted, "\(words)")
    }
  }

  private func withExport(_ body: (String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      try write("{}", to: folder + "/export.json")
      try body(folder)
    }
  }

  @Test func `bash completes`() throws {
    try withExport { folder in
      let cases = Self.offered + Self.offeredByBash
      compare(try inBash(cases.map(\.0), in: folder), cases)
    }
  }

  static func has(_ program: String) -> Bool {
    (try? Child.bash("command -v \(program)"))?.status == 0
  }

  /// zsh's own functions are stood in for by ones that print what they are given.
  @Test(.enabled(if: has("zsh"), "zsh is not installed"))
  func `zsh completes`() throws {
    try withExport { folder in
      let lines = Self.offered.map(\.0).map { words in
        "words=(agora \(Self.quoted(words))); CURRENT=$#words; prefix= given=$words[-1]; print '#'; _agora"
      }
      let script = """
        compdef() { : }
        show() { local word; for word in "$@"; do [[ $word == ${given}* ]] && print -r -- $prefix$word; done }
        compset() { prefix=${words[-1]%%=*}=; given=${words[-1]#*=} }
        compadd() { show ${(P)2} }
        _describe() { [[ $1 == -o ]] && shift; show ${${(P)2}%%:*} }
        _files() { show *(N) }
        source <(agora completions zsh)
        \(lines.joined(separator: "\n"))
        """
      try write(script, to: folder + "/.drive.zsh")
      let run = try Child.bash("zsh -f .drive.zsh", in: folder)
      #expect(run.talk.isEmpty, "\(run.talk)")
      compare(answers(run), Self.offered)
    }
  }

  @Test(.enabled(if: has("fish"), "fish is not installed"))
  func `fish completes`() throws {
    try withExport { folder in
      let lines = Self.offered.map(\.0).map { words in
        "echo '#'; complete -C 'agora \(words.joined(separator: " "))' | string replace -r '\\t.*' ''"
      }
      let script = "agora completions fish | source\n" + lines.joined(separator: "\n")
      try write(script, to: folder + "/.drive.fish")
      let run = try Child.bash("fish --no-config .drive.fish", in: folder)
      #expect(run.talk.isEmpty, "\(run.talk)")
      compare(answers(run), Self.offered)
    }
  }

  /// The flags that a command's help lists.
  private func flags(inHelpOf command: String) throws -> [String] {
    let words = command.split(separator: " ").map(String.init)
    let help = try Child.run("agora", words + ["--help"]).output
    for line in help.split(separator: "\n") {
      #expect(line.count <= 80 || line.contains("'"), "wider than a terminal: \(line)")
    }
    return help.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ").drop { $0.hasPrefix("-h") }
      guard line.hasPrefix("  -"), !line.hasPrefix("    "), words.count > 0 else { return nil }
      return words.first { $0.hasPrefix("--") }.map { String($0.prefix { $0 != "[" }) }
    }
  }

  @Test func `every command, flag, tool and parameter is in all three`() throws {
    let overview = try Child.run("agora", ["--help"]).output
    let commands = overview.split(separator: "\n").compactMap { line -> String? in
      guard line.hasPrefix("  ") else { return nil }
      return line.dropFirst(2).split(separator: "  ").first.map(String.init)
    }
    #expect(commands.contains("migrate") && commands.contains("rejects list"))
    let places = commands + ToolCatalog.agora.names.map { "call " + $0 }
    let expected = try places.map { place in (place, try flags(inHelpOf: place)) }
    let bash = try withTemporaryFolder { folder in
      try inBash(
        places.map { $0.split(separator: " ").map(String.init) + ["--"] }, in: folder)
    }
    let zsh = try Child.run("agora", ["completions", "zsh"]).output
    let fish = try Child.run("agora", ["completions", "fish"]).output.split(separator: "\n")
    for ((place, flags), offered) in zip(expected, bash) {
      #expect(flags.count >= 2 && offered == flags.sorted(), "\(place)")
      let start = try #require(zsh.firstRange(of: "  ('\(place)')\n"), "\(place)").upperBound
      let end = try #require(zsh[start...].firstRange(of: ";;")).lowerBound
      let here = fish.filter { $0.contains("'__agora_at \\'\(place)\\''") }
      let last = place.split(separator: " ").last ?? ""
      #expect(fish.contains { $0.contains(" -a '\(last)' ") }, "\(place)")
      #expect(zsh.contains("      '\(last):"), "\(place)")
      for flag in flags {
        #expect(zsh[start..<end].contains("'\(flag):"), "\(place) \(flag)")
        #expect(here.contains { $0.contains("-l \(flag.dropFirst(2)) ") }, "\(place) \(flag)")
      }
    }
  }

  @Test func `a mistyped shell is named`() throws {
    let run = try Child.run("agora", ["completions", "bsh"])
    #expect(run.status == 2 && run.talk.contains("did you mean bash?"))
  }
}
