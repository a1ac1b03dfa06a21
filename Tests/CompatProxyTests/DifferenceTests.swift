import AgoraStore
import CompatProxy
import TestSupport
import Testing

/// Each numbered difference that needs no program, by its number; the others are in the tests of the
/// drop-in.
@Suite struct DifferenceTests {
  private func call(
    _ place: TestMarketplace, _ reducer: String, _ words: String...
  ) -> LegacyAnswer {
    Proxy(place.marketplace).answer(
      LegacyCall(database: "agora-marketplace", reducer: reducer, arguments: .words(words)))
  }

  private func withPlace(_ body: (TestMarketplace) throws -> Void) throws {
    try withTemporaryFolder { try body(TestMarketplace(in: $0)) }
  }

  @Test func `every difference has a test that is named by its number`() throws {
    let sources = try [
      "CompatProxyTests/DifferenceTests", "EndToEndTests/LegacyCommandTests",
      "AgoraServerTests/SpacetimeDifferenceTests",
    ].map {
      try contents("\(Project.root)/Tests/\($0).swift")
    }.joined()
    let numbers = Difference.all.map(\.number)
    let lacking = numbers.filter { !sources.contains("func `difference \($0): ") }
    let surplus = (1...99).filter { number in
      sources.contains("func `difference \(number): ") && !numbers.contains(number)
    }
    #expect(lacking.isEmpty && surplus.isEmpty && numbers == Array(1...numbers.count))
  }

  @Test func `difference 2: arguments by name are taken`() throws {
    try withPlace { place in
      let answer = call(
        place, "send_agent_message", "--from_agent", "A", "--to_agent=B", "--message_type", "info",
        "--payload", "x", "--priority", "2")
      let rows = try place.rows("SELECT content FROM messages")
      #expect(answer.refusal == nil && rows == [["x"]])
    }
  }

  @Test func `difference 3: an id that exists is no panic, and the repetition is told`() throws {
    try withPlace { place in
      for text in ["first", "second"] {
        let sent = call(place, "send_message", "m-1", "A", "B", "info", text, "2")
        let made = call(place, "create_task", "t-1", "A", text, "2", "{}")
        #expect(sent.refusal == nil && made.refusal == nil)
      }
      let messages = try place.rows("SELECT content FROM messages")
      let tasks = try place.rows("SELECT task_type FROM tasks")
      let events = try place.rows(
        "SELECT event_type FROM events WHERE event_type LIKE 'v4_repeated%' ORDER BY 1")
      #expect(messages == [["first"]] && tasks == [["first"]])
      #expect(events == [["v4_repeated_message"], ["v4_repeated_task"]])
    }
  }

  @Test func `difference 4: priority 5 and 255 are urgent, and the number is kept`() throws {
    try withPlace { place in
      for priority in ["4", "5", "255"] {
        _ = call(place, "send_agent_message", "A", "B", "info", "x", priority)
      }
      let rows = try place.rows("SELECT priority, metadata FROM messages ORDER BY rowid")
      #expect(
        rows == [["4", "{}"], ["4", #"{"priority":"5"}"#], ["4", #"{"priority":"255"}"#]])
    }
  }

  @Test func `difference 5: quotes, backslashes and line breaks are part of a text`() throws {
    try withPlace { place in
      let text = "he said \"hi\"\n\\n C:\\dir"
      let answer = call(place, "send_agent_message", "A", "B", "info", text, "2")
      let rows = try place.rows("SELECT content FROM messages")
      #expect(answer.refusal == nil && rows == [[text]])
    }
  }

  @Test func `difference 6: progress on a task that nobody made is noted`() throws {
    try withPlace { place in
      let answer = call(place, "update_task_progress", "task_deadbeef", "A", "0.5", "on", "{}")
      let events = try place.rows("SELECT data FROM events WHERE event_type='v4_unknown_task'")
      #expect(answer.refusal == nil && events.count == 1)
      #expect(events.first?.first?.contains("task_deadbeef") == true)
    }
  }

  @Test func `difference 7: a task that is finished stays finished`() throws {
    try withPlace { place in
      _ = call(place, "create_task", "t-1", "A", "x", "2", "{}")
      _ = call(place, "update_task_progress", "t-1", "A", "1.0", "completed", "{}")
      let late = call(place, "update_task_progress", "t-1", "A", "0.2", "in_progress", "{}")
      let rows = try place.rows("SELECT status, progress FROM tasks")
      let events = try place.rows(
        "SELECT count(*) FROM events WHERE event_type='v4_late_progress'")
      #expect(late.refusal == nil && rows == [["completed", "100"]] && events == [["1"]])
    }
  }

  @Test func `difference 8: whoever can do a task and has least to do gets it, else it waits`()
    throws
  {
    try withPlace { place in
      for name in ["A", "B"] { _ = call(place, "register_agent_capability", name, "dig", "8", "9") }
      for type in ["one", "two"] {
        _ = call(place, "assign_task", "w", type, "{}", #"["dig"]"#, "A")
      }
      _ = call(place, "assign_task", "w", "three", "{}", #"["fly"]"#, "A")
      let rows = try place.rows(
        """
        SELECT task_type, ifnull(agent_name,'-') FROM tasks LEFT JOIN agents ON agent_id=assigned_agent
        ORDER BY tasks.rowid
        """)
      #expect(Set(rows.prefix(2).map { $0[1] }) == ["A", "B"] && rows.last == ["three", "-"])
    }
  }

  @Test func `difference 9: some names are nobody's`() throws {
    try withPlace { place in
      for name in ["broadcast", "system_wide", "agora", "", String(repeating: "x", count: 257)] {
        let answer = call(place, "register_agent", name, "worker", "active")
        #expect(answer.refusal != nil, "\(name)")
      }
      let agents = try place.rows("SELECT * FROM agents")
      #expect(agents.isEmpty)
    }
  }

  @Test func `difference 10: three reducers are refused by name, with what to do instead`() throws {
    try withPlace { place in
      for (reducer, part) in [
        ("user_directive", "agora.messaging.send"), ("clear_duplicate_entries", "store check"),
        ("cleanup_agent_registration", "agora.admin.manage"),
      ] {
        let words = reducer == "clear_duplicate_entries" ? [] : ["A"]
        let answer = Proxy(place.marketplace).answer(
          LegacyCall(
            database: "agora-marketplace", reducer: reducer,
            arguments: reducer == "user_directive" ? .words(["A", "B"]) : .words(words)))
        #expect(answer.refusal?.code == "withdrawn" && answer.refusal?.text.contains(part) == true)
      }
    }
  }

  @Test func `difference 11: what is halted refuses calls until the halt is lifted`() throws {
    try withPlace { place in
      _ = call(place, "agent_heartbeat", "A")
      _ = call(place, "user_override", "u", "A", "stop", "because", "255")
      let halted = call(place, "send_agent_message", "A", "B", "info", "x", "2")
      _ = call(place, "user_override", "u", "A", "resume", "again", "255")
      let lifted = call(place, "send_agent_message", "A", "B", "info", "x", "2")
      #expect(halted.refusal?.code == "halted" && lifted.refusal == nil)
    }
  }

  @Test func `difference 12: a lone surrogate becomes U+FFFD`() throws {
    try withPlace { place in
      _ = call(place, "send_agent_message", "A", "B", "info", #""a \ud83d b""#, "2")
      let rows = try place.rows("SELECT content FROM messages")
      #expect(rows == [["a \u{fffd} b"]])
    }
  }

  @Test func `difference 13: unknown types of query are refused, with those that there are`() throws
  {
    try withPlace { place in
      let refusal = call(place, "query_coordination_data", "everything", "{}").refusal
      #expect(refusal?.code == "unknown_query" && refusal?.text.contains("active_agents") == true)
    }
  }

  @Test func `difference 15: the steps of create_workflow are begun, one after the other`() throws {
    let rows: [(String, String, [[String]])] = [
      (
        #"[{"name":"read"},{"name":"write"}]"#, #"["A","B"]"#,
        [["read", "A"]]
      ),
      (#"["read","write"]"#, #"["A"]"#, [["read", "A"]]),
      (
        #"[{"step_name":"b","step_order":2,"agent":"C"},{"step_name":"a","step_order":1,"agent":"D"}]"#,
        "[]", [["a", "D"]]
      ),
      (
        #"[{"id":"1","name":"x","agent":"C"},{"id":"2","name":"y","agent":"D","depends_on":[]},{"name":"z","agent":"C","dependencies":["1","y"]}]"#,
        "[]", [["x", "C"], ["y", "D"]]
      ),
      // Nobody is there, or they make no sense: kept for a reader.
      (#"[{"name":"read"}]"#, "[]", []), (#"[{"name":"x","depends_on":["?"]}]"#, #"["A"]"#, []),
      ("three steps", #"["A"]"#, []),
    ]
    for (steps, agents, tasks) in rows {
      try withPlace { place in
        let answer = call(
          place, "create_workflow", "--workflow_name", "w", "--steps", steps, "--assigned_agents",
          agents)
        let found = try place.rows(
          """
          SELECT task_type, agent_name FROM tasks JOIN agents ON agent_id=assigned_agent
          ORDER BY tasks.rowid
          """)
        let kept = try place.rows(
          "SELECT json_extract(metadata,'$.v4_steps') IS NOT NULL FROM workflows")
        #expect(answer.refusal == nil && found == tasks, "\(steps): \(found)")
        #expect(kept == [[tasks.isEmpty ? "1" : "0"]], "\(steps)")
      }
    }
  }

  @Test
  func `difference 18: calls fail in announced windows and after v4's end, and say what to call`()
    throws
  {
    try withPlace { place in
      let control = SunsetControl(place.marketplace) { _, _ in [] }
      let date = Timestamp(microseconds: place.now.microseconds + 86_400_000_000)
      _ = try control.schedule(date, lengths: [60])
      _ = try control.set(.brownout)
      let window = call(place, "agent_heartbeat", "A")
      place.pass(seconds: 60)
      let after = call(place, "agent_heartbeat", "A")
      _ = try control.advance()
      let ended = call(place, "agent_heartbeat", "A")
      #expect(window.refusal?.code == "v4_brownout" && after.refusal == nil)
      #expect(ended.refusal?.code == "v4_sunset")
      for answer in [window, after, ended] {
        #expect(answer.notice?.replacement.tool == "agora.messaging.receive")
      }
    }
  }

  @Test func `an agent that registers takes over what was sent to its id`() throws {
    try withPlace { place in
      _ = call(place, "send_agent_message", "Boss", "v3-1", "info", "before", "2")
      _ = call(place, "create_task", "t-1", "v3-1", "x", "2", "{}")
      _ = call(place, "agent_heartbeat", "v3-1")
      let made = call(place, "register_agent", "v3-1", "worker", "Worker", "null")
      _ = call(place, "send_agent_message", "Boss", "v3-1", "info", "after", "2")
      let names = try place.rows("SELECT agent_name FROM agents ORDER BY 1")
      #expect(made.refusal == nil && names == [["Boss"], ["Worker"]])
      let inbox = try place.rows(
        "SELECT content FROM messages JOIN agents ON agent_id=to_agent WHERE agent_name='Worker' ORDER BY messages.rowid"
      )
      #expect(inbox == [["before"], ["after"]])
      let id = made.output["agent_id"]?.text ?? ""
      let tasks = try place.rows("SELECT assigned_agent FROM tasks")
      let calls = try place.store.read { try LegacyCallers($0).caller(id)?.calls }
      #expect(tasks == [[id]] && calls == 3)
      let check = try StoreCheck(place.store)
      #expect(check.isSound)
      // Somebody who has registered already is somebody else.
      _ = call(place, "register_agent", "Boss", "worker", "active")
      _ = call(place, "register_agent", "Boss", "worker", "Other", "null")
      let count = try place.rows("SELECT count(*) FROM agents")
      #expect(count == [["3"]])
    }
  }
}
