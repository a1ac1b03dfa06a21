import AgoraStore
import TestSupport
import Testing

/// `agora call` and `agora tools` as people and scripts meet them.
@Suite struct CallTests {
  /// What is typed after `agora call`, the exit code, and words on standard error.
  static let refused: [([String], Int32, String)] = [
    ([], 2, "needs TOOL"), (["agora.messaging.sned"], 2, "did you mean agora.messaging.send?"),
    (["messaging.send"], 2, "did you mean agora.messaging.send?"),
    (["send"], 2, "did you mean agora.messaging.send?"), (["zzz"], 2, "agora tools lists them"),
    (["agora.messaging.sned", "--help"], 2, "did you mean agora.messaging.send?"),
    (["agora.messaging.send@9"], 2, "there is 1.0.0"), ([""], 2, "no tool"),
    (["--to-agent", "x", "agora.messaging.send"], 2, "Name the tool first"),
    (["agora.messaging.send", "--to-agnet", "x"], 2, "Did you mean --to-agent?"),
    (["agora.messaging.send", "--to", "x"], 2, "Did you mean --to-agent?"),
    (["agora.messaging.send", "--to-agent"], 2, "needs a value (AGENT)"),
    (["agora.messaging.send", "--to-agent", "--content", "x"], 2, "--content is an option"),
    (["agora.messaging.send", "--content", "--help"], 2, "--content=--help"),
    (["agora.messaging.send", "--to-agent=x", "--to_agent=y"], 2, "given twice"),
    (["agora.messaging.send", #"{"to_agent":"x"}"#, "--to-agent=y"], 2, "given twice"),
    (["agora.messaging.send", "alice"], 2, "no JSON"),
    (["agora.messaging.send", "[]"], 2, "object"),
    (["agora.messaging.send", "{", "}"], 2, "quotes around them"),
    (["agora.messaging.send", "-"], 2, "standard input is empty"),
    (["agora.agent.register", "--metadata", "{a:1}"], 2, "--metadata '{"),
    (["agora.agent.register", "--as="], 2, "needs a value"),
    (["agora.messaging.send", #"{"to":"x"}"#], 1, "no parameter to"),
    (["agora.messaging.send", "--to-agent", "x"], 1, "--content"),
    (["agora.messaging.receive", "--agent-id=x", "--limit=many"], 1, "a whole number is due"),
    (["agora.messaging.receive", "--agent-id=x", "--limit=0"], 1, "from 1 to 1000"),
    (["agora.messaging.receive", "--agent-id=x", "--unread-only=no"], 1, "true or false"),
    (["agora.messaging.send", "--to-agent=x", "--content=", "--priority=hihg"], 1, "mean high?"),
  ]

  @Test func `whatever is mistyped is named, and nothing is made`() throws {
    try withTemporaryFolder { folder in
      for (words, status, hint) in Self.refused {
        let run = try Child.run("agora", ["call"] + words, in: folder)
        #expect(run.status == status, "\(words): \(run.status) \(run.talk)")
        #expect(run.talk.hasPrefix("agora: ") && run.talk.contains(hint), "\(words): \(run.talk)")
        #expect(run.output.isEmpty, "\(words)")
        let json = try Child.run(
          "agora", ["--store", "agora.db", "call"] + words + ["--json"], in: folder)
        let whole = try? JSON.parse(json.output)
        let error = words.isEmpty ? nil : whole?["error"]
        if let error {
          #expect(whole?.members?.map(\.name) == ["error"], "\(words)")
          let names = error.members?.prefix(3).map(\.name)
          #expect(names == ["code", "message", "parameter"], "\(words): \(json.output)")
        }
        let code = status == 2 ? "misuse" : "invalid_parameter"
        // Where a value is missing, --json itself stands in its place.
        #expect(
          words.count < 2 || words.last == "--to-agent" || error?["code"]?.text == code,
          "\(words): \(json.output)")
      }
      #expect(try names(in: folder) == [])
    }
  }

  @Test func `the first call makes the store, and flags, JSON and standard input mean the same`()
    throws
  {
    try withTemporaryFolder { folder in
      let first = try Child.run(
        "agora",
        ["call", "agora.agent.register", "--agent_name", "alice", "--capabilities=a, b"]
          + ["--capabilities", #"["c,d"]"#, "--max-concurrent-tasks", "3", "--json"], in: folder)
      #expect(first.status == 0 && first.talk == "agora: made a new store, agora.db\n")
      #expect(try JSON.parse(first.output)["status"]?.text == "registered")
      let calls: [([String], String)] = [
        (["agora.messaging.send", #"{"to_agent":"alice","content":"1","priority":"high"}"#], ""),
        (
          ["agora_messaging_send@^1", "-", "--to-agent", "alice"],
          #"{"content":"1","priority":"high"}"#
        ),
        (["agora.messaging.send", "--to-agent=alice", "--content", "1", "--priority", "high"], ""),
      ]
      for (words, input) in calls {
        let run = try Child.run(
          "agora", ["call"] + words, in: folder, input: Array(input.utf8),
          environment: ["AGORA_AGENT": "alice"])
        #expect(run.status == 0 && run.talk.isEmpty, "\(words): \(run.talk)")
      }
      let received = try JSON.parse(
        Child.run(
          "agora", ["call", "agora.messaging.receive", "--agent-id", "alice", "--unread-only"],
          in: folder
        ).output)
      let messages = received["messages"]?.elements ?? []
      #expect(messages.count == 3)
      for message in messages {
        #expect(message["content"] == .string("1") && message["priority"] == .string("high"))
      }
      let shown = try Child.run(
        "agora", ["call", "agora.agent.status", "--agent-id=alice"], in: folder)
      let agent = try JSON.parse(shown.output)
      #expect(agent["capabilities"] == .array(["a", "b", "c,d"].map { .string($0) }))
    }
  }

  @Test func `what the marketplace refuses and what it warns of reaches the user`() throws {
    try withTemporaryFolder { folder in
      _ = try Child.run("agora", ["call", "agora.agent.register", "--agent-name=a"], in: folder)
      let send = [
        "call", "agora.messaging.send", "--as=a", "--to-agent=a", "--content=x", "--json",
      ]
      let connection = try Connection(path: folder + "/agora.db", mode: .readWrite)
      try connection.execute(
        """
        UPDATE services SET status='deprecated', deprecation_date=0, replacement='agora.x.y@2.0.0',
          status_set_by='operator' WHERE service_name='agora.messaging.send'
        """)
      let warned = try Child.run("agora", send, in: folder)
      #expect(warned.status == 0 && warned.talk.contains("warning: agora.messaging.send@1.0.0 is"))
      #expect(try JSON.parse(warned.output)["status"]?.text == "delivered")
      let unknown = try Child.run("agora", send + ["--from-agent=ghost"], in: folder)
      let error = try JSON.parse(unknown.output)["error"]
      #expect(unknown.status == 1 && unknown.talk.contains("no agent \"ghost\""))
      #expect(error?["code"]?.text == "not_found" && error?["parameter"]?.text == "from_agent")
      try connection.execute(
        """
        INSERT INTO overrides(override_id, target_id, action, reason, priority, actor, state, executed_at)
        VALUES('ovr_1','system_wide','emergency_halt','a test',9,'operator','active',1)
        """)
      let halted = try Child.run("agora", send, in: folder)
      #expect(halted.status == 1 && halted.talk.contains("[halted]"), "\(halted.talk)")
    }
  }

  @Test func `the catalogue is shown whole, in words and as JSON, without a store`() throws {
    let table = try Child.run("agora", ["tools"]).output
    let json = try JSON.parse(Child.run("agora", ["tools", "--json"]).output)
    #expect(json["tools"] == ToolCatalog.agora.json)
    for tool in ToolCatalog.agora.entries.map(\.tool) {
      #expect(table.contains("\(tool.name) ") && table.contains(tool.title), "\(tool.name)")
      let help = try Child.run("agora", ["call", tool.underscoreName, "--help"]).output
      let words = try Child.run("agora", ["tools", tool.name]).output
      for field in tool.parameters.fields {
        #expect(help.contains("  \(field.flag)"), "\(tool.name) \(field.flag)")
        #expect(words.contains("  \(field.name) "), "\(tool.name) \(field.name)")
      }
      for field in tool.result { #expect(help.contains("  \(field.name)"), "\(field.name)") }
      for failure in tool.allFailures {
        #expect(help.contains("  \(failure.rawValue) "), "\(tool.name) \(failure)")
      }
    }
    let tool = try ToolCatalog.agora.entry("agora.messaging.send").tool
    let one = try Child.run("agora", ["tools", "agora.messaging.send@^1", "--json"]).output
    #expect(try JSON.parse(one) == tool.json)
    #expect(try Child.run("agora", ["tools", "agora.messaging.sned"]).status == 2)
  }

  @Test func `no parameter has the name of an option that every call takes`() {
    for tool in ToolCatalog.agora.entries.map(\.tool) {
      for field in tool.parameters.fields {
        #expect(!["--as", "--store", "--json", "--help"].contains(field.flag), "\(tool.name)")
      }
    }
  }

  /// Pasted into a shell, each is a call that the marketplace understands, whether or not its agents
  /// are there.
  @Test func `the examples in help work when pasted`() throws {
    for tool in ToolCatalog.agora.entries.map(\.tool) {
      let help = try Child.run("agora", ["call", tool.name, "--help"]).output
      let lines = help.split(separator: "\n")
      let start = try #require(lines.firstIndex { $0 == "Example:" || $0 == "Examples:" })
      let script = lines[(start + 1)...].joined(separator: "\n")
      let count = script.split(separator: "\n").count { $0.hasPrefix("  agora call ") }
      #expect(count == tool.examples.count, "\(tool.name)")
      try withTemporaryFolder { folder in
        let run = try Child.bash(script, in: folder, environment: ["AGORA_AGENT": ""])
        for wrong in ["[misuse]", "[invalid_parameter]", "not found", "syntax error"] {
          #expect(!run.talk.contains(wrong), "\(tool.name): \(script)\n\(run.talk)")
        }
      }
    }
  }
}
