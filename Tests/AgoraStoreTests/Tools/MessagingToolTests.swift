import AgoraStore
import TestSupport
import Testing

@Suite struct MessagingToolTests {
  private func send(_ bazaar: TestMarketplace, _ from: String, _ to: String, _ text: String) throws
    -> String
  {
    try bazaar.call(
      "agora.messaging.send",
      #"{"from_agent":"\#(from)","to_agent":"\#(to)","content":"\#(text)"}"#)["message_id"]?.text
      ?? ""
  }

  private func receive(_ bazaar: TestMarketplace, _ agent: String, _ more: String = "") throws
    -> [String]
  {
    let result = try bazaar.call("agora.messaging.receive", #"{"agent_id":"\#(agent)"\#(more)}"#)
    return result["messages"]?.elements?.compactMap { $0["content"]?.text } ?? []
  }

  @Test func `a message is stored, answered and told to its receiver`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let (a, b) = (try bazaar.register("A"), try bazaar.register("B"))
      let direct = try bazaar.call(
        "agora.messaging.send",
        #"{"from_agent":"A","to_agent":"B","content":"é\n🚀\u0000","message_type":"alert","priority":"urgent"}"#
      )
      let id = direct["message_id"]?.text ?? ""
      #expect(direct["status"]?.text == "delivered")
      #expect(direct["timestamp"]?.text == "2025-06-06T10:00:00Z")
      let broadcast = try send(bazaar, "B", "broadcast", "all")
      let events = try bazaar.rows(
        "SELECT event_type, source_agent, target_agent, data FROM events ORDER BY seq"
      ).dropFirst(2)
      #expect(
        Array(events) == [
          [
            "message_received", a, b,
            #"{"message_id":"\#(id)","from_agent":"\#(a)","content":"é\n🚀\u0000","message_type":"alert"}"#,
          ],
          [
            "broadcast_message", b, "broadcast",
            #"{"message_id":"\#(broadcast)","from_agent":"\#(b)","content":"all"}"#,
          ],
        ])
      let inbox = try bazaar.call("agora.messaging.receive", #"{"agent_id":"B"}"#)
      let expected = try JSON.parse(
        #"{"messages":[{"message_id":"\#(id)","from_agent":"\#(a)","from_name":"A","to_agent":"\#(b)","message_type":"alert","content":"é\n🚀\u0000","priority":"urgent","timestamp":"2025-06-06T10:00:00Z","delivered":true,"read":false,"metadata":{}}],"count":1,"next_cursor":null}"#
      )
      #expect(inbox == expected)
      #expect(try StoreCheck(bazaar.store).isSound)
    }
  }

  @Test func `who sends it is given, or the caller's own, or the marketplace itself`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      try bazaar.register("A")
      try bazaar.register("B")
      let (a, b) = (AgentReference("A"), AgentReference("B"))
      let cases: [(Caller, String, String)] = [
        (.owner(.cli), #""from_agent":"A","#, "A"), (.owner(.cli, as: b), "", "B"),
        (.owner(.cli, as: b), #""from_agent":"A","#, "A"),
        (.owner(.cli), #""message_type":"deprecation_notice","#, "agora"),
        (.anonymous(.http), #""message_type":"system_announcement","#, "agora"),
        (.anonymous(.http), #""message_type":"system","#, "agora"),
        (.owner(.cli, as: b), #""message_type":"deprecation_notice","#, "B"),
        (.bound(to: a, authority: 0, origin: .http), "", "A"),
        (.bound(to: a, authority: 0, origin: .http), #""from_agent":"A","#, "A"),
        (.owner(.cli), "", "! invalid_parameter from_agent"),
        (.owner(.cli), #""from_agent":"C","#, "! not_found from_agent"),
        (.owner(.cli, as: AgentReference("C")), "", "! not_found from_agent"),
        (
          .bound(to: a, authority: 255, origin: .http), #""from_agent":"B","#,
          "! forbidden from_agent"
        ),
      ]
      for (caller, more, expected) in cases {
        let text = #"{\#(more)"to_agent":"broadcast","content":"x"}"#
        if expected.hasPrefix("!") {
          let failure = try bazaar.failure("agora.messaging.send", text, as: caller)
          let told = failure.map { "! \($0.code.rawValue) \($0.parameter ?? "")" }
          #expect(told == expected, "\(text)")
        } else {
          try bazaar.call("agora.messaging.send", text, as: caller)
          let sender = try bazaar.rows(
            "SELECT agent_name FROM messages JOIN agents ON agent_id=from_agent ORDER BY messages.rowid DESC LIMIT 1"
          )
          #expect(sender == [[expected]], "\(text)")
        }
      }
    }
  }

  @Test func `an inbox is in order of time and pages through without loss or repetition`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      for name in ["A", "B", "C"] { try bazaar.register(name) }
      var expected: [String] = []
      for step in 0..<40 {
        let (from, to) = [("A", "B"), ("B", "broadcast"), ("A", "broadcast"), ("A", "C")][step % 4]
        _ = try send(bazaar, from, to, "\(step)")
        if to == "B" || to == "broadcast" && from != "B" { expected.append("\(step)") }
        // Several have the same time.
        if step % 3 == 0 { bazaar.pass(seconds: 1) }
      }
      // Those of v4 that say no time, before all others.
      try bazaar.store.write {
        for number in 1...3 {
          try $0.execute(
            """
            INSERT INTO messages(message_id, to_agent, content)
            SELECT 'msg_0000000000005000800000000000000\(number)', agent_id, 'old \(number)'
            FROM agents WHERE agent_name='B'
            """)
        }
      }
      expected = ["old 1", "old 2", "old 3"] + expected
      for limit in [1, 2, 3, 7, 100] {
        var found: [String] = []
        var cursor: String? = nil
        var pages = 0
        repeat {
          let more = cursor.map { #","cursor":"\#($0)""# } ?? ""
          let page = try bazaar.call(
            "agora.messaging.receive", #"{"agent_id":"B","limit":\#(limit)\#(more)}"#)
          let contents = page["messages"]?.elements?.compactMap { $0["content"]?.text } ?? []
          #expect(page["count"]?.integer == contents.count && contents.count <= limit)
          found += contents
          cursor = page["next_cursor"]?.text
          pages += 1
        } while cursor != nil && pages < 100
        #expect(found == expected, "by \(limit)")
      }
      let since = Timestamp(microseconds: TestMarketplace.start + 5_000_000)
      let late = try receive(bazaar, "B", #","since":"\#(since)""#)
      #expect(late == expected.filter { (Int($0) ?? 0) > 12 })
      let after = try bazaar.call(
        "agora.messaging.receive", #"{"agent_id":"B","since":"\#(since)","limit":2}"#)
      let cursor = after["next_cursor"]?.text ?? ""
      #expect(
        try receive(bazaar, "B", #","since":"\#(since)","cursor":"\#(cursor)""#)
          == Array(late.dropFirst(2)))
    }
  }

  @Test func `each reads for himself, in bulk, once`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      for name in ["A", "B", "C"] { try bazaar.register(name) }
      let ids = try (0..<3).map { try send(bazaar, "A", "B", "\($0)") }
      let all = try send(bazaar, "A", "broadcast", "all")
      let others = try send(bazaar, "A", "C", "for C")
      func acknowledge(_ agent: String, _ ids: [String]) -> String {
        JSONWriter.compact(
          .object([.init("agent_id", .string(agent)), .init("message_ids", ids.json)]))
      }
      func unread(_ agent: String) throws -> [String] {
        try receive(bazaar, agent, #","unread_only":true"#)
      }
      let tool = "agora.messaging.acknowledge"
      #expect(try bazaar.call(tool, acknowledge("B", [ids[0], all]))["count"]?.integer == 2)
      #expect(try unread("B") == ["1", "2"])
      #expect(try unread("C") == ["all", "for C"])
      #expect(
        try bazaar.call(tool, acknowledge("B", [ids[0], all, ids[0]]))["count"]?.integer == 0)
      let status = try bazaar.call("agora.agent.status", #"{"agent_id":"C"}"#)
      #expect(status["unread_messages"]?.integer == 2)
      let before = try bazaar.state()
      for wrong in [others, "msg_00000000000070008000000000000000"] {
        let failure = try bazaar.failure(tool, acknowledge("B", [ids[1], wrong]))
        #expect(failure?.code == .notFound && failure?.parameter == "message_ids[1]")
      }
      #expect(try bazaar.failure(tool, acknowledge("A", [all]))?.code == .notFound)
      #expect(try bazaar.state() == before)
      #expect(try receive(bazaar, "B").count == 4)
      #expect(try StoreCheck(bazaar.store).isSound)
    }
  }

  @Test func `a page of long messages ends early`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      try bazaar.register("A")
      let megabyte = String(repeating: "x", count: 1 << 20)
      for _ in 0..<6 { _ = try send(bazaar, "A", "A", megabyte) }
      let page = try bazaar.call("agora.messaging.receive", #"{"agent_id":"A"}"#)
      #expect(page["count"]?.integer == 4)
      let rest = try receive(bazaar, "A", #","cursor":"\#(page["next_cursor"]?.text ?? "")""#)
      #expect(rest.count == 2)
    }
  }

  @Test func `a subscription is one for the same request, and ends`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let (a, b) = (try bazaar.register("A"), try bazaar.register("B"))
      func subscribe(_ more: String) throws -> String {
        let result = try bazaar.call("agora.messaging.subscribe", #"{"agent_id":"A",\#(more)}"#)
        #expect(result["status"]?.text == "subscribed")
        return result["subscription_id"]?.text ?? ""
      }
      let one = try subscribe(#""event_types":["task_assigned","broadcast_sent"]"#)
      let same = try subscribe(
        #""event_types":["broadcast_message","task_assigned","task_assigned"],"filters":{}"#)
      #expect(one == same)
      let other = try subscribe(
        #""event_types":["message_received"],"filters":{"from_agent":["B","\#(a)"],"message_type":"alert"}"#
      )
      #expect(other != one)
      let stored = try bazaar.rows(
        "SELECT event_types, filters FROM subscriptions WHERE subscription_id='\(other)'")
      #expect(
        stored == [
          [#"["message_received"]"#, #"{"from_agent":["\#(b)","\#(a)"],"message_type":"alert"}"#]
        ])
      let end = "agora.messaging.unsubscribe"
      let ended = try bazaar.call(
        end, #"{"agent_id":"A","event_types":["broadcast_sent","task_assigned"]}"#)
      #expect(ended["subscription_id"]?.text == one && ended["status"]?.text == "unsubscribed")
      let repeated = try bazaar.call(end, #"{"agent_id":"A","subscription_id":"\#(one)"}"#)
      #expect(repeated == ended)
      let active = "SELECT subscription_id FROM subscriptions WHERE status='active'"
      #expect(try bazaar.rows(active) == [[other]])
      for wrong in [
        #"{"agent_id":"B","subscription_id":"\#(other)"}"#,
        #"{"agent_id":"A","event_types":["message_received"]}"#,
      ] { #expect(try bazaar.failure(end, wrong)?.code == .notFound, "\(wrong)") }
      #expect(try subscribe(#""event_types":["task_assigned","broadcast_sent"]"#) != one)
    }
  }
}
