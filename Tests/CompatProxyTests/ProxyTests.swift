import AgoraStore
import CompatProxy
import TestSupport
import Testing

/// What holds for every call of v4, whatever the reducer.
@Suite struct ProxyTests {
  private func call(_ reducer: String, _ words: String...) -> LegacyCall {
    LegacyCall(database: "agora-marketplace", reducer: reducer, arguments: .words(words))
  }

  @Test func `ten megabytes are refused, and nothing but the record has changed`() throws {
    try withTemporaryFolder { folder in
      let place = try TestMarketplace(in: folder)
      let proxy = Proxy(place.marketplace)
      _ = proxy.answer(call("agent_heartbeat", "A"))
      let before = try place.rows("SELECT * FROM agents")
      let huge = String(repeating: "x", count: 10 << 20)
      let refused = proxy.answer(call("send_agent_message", "A", "New", "info", huge, "1"))
      #expect(refused.refusal?.code == "too_large")
      let long = proxy.answer(call("agent_heartbeat", huge))
      #expect(long.refusal?.code == "invalid_parameter")
      let unknown = proxy.answer(call(huge))
      #expect(unknown.refusal?.code == "unknown_reducer")
      // What is named instead of it has to be there.
      let warned = Proxy(place.marketplace, atLeast: .warning).answer(call("nope"))
      let instead = try #require(warned.notice?.replacement.tool)
      #expect(throws: Never.self) { try ToolCatalog.agora.entry(instead) }
      let after = try place.rows("SELECT * FROM agents")
      let messages = try place.rows("SELECT * FROM messages")
      #expect(before == after && messages.isEmpty)
      let bytes = try place.rows("SELECT max(length(reducer)), max(length(claimed)) FROM v4_calls")
      #expect(bytes == [["512", "512"]])
    }
  }

  @Test func `what a message says is not on record`() throws {
    try withTemporaryFolder { folder in
      let place = try TestMarketplace(in: folder)
      let proxy = Proxy(place.marketplace)
      _ = proxy.answer(call("send_agent_message", "A", "B", "info", "very secret", "1"))
      _ = proxy.answer(call("send_agent_message", "A", "B", "info", "very secret", "soon"))
      let calls = try place.rows("SELECT * FROM v4_calls")
      let events = try place.rows("SELECT data FROM events WHERE event_type='v4_api_call'")
      #expect(calls.count == 2 && events.count == 2)
      #expect(!"\(calls)\(events)".contains("secret"))
    }
  }

  @Test func `an agent is in compatibility mode until it is seen on v5`() throws {
    try withTemporaryFolder { folder in
      let place = try TestMarketplace(in: folder)
      let proxy = Proxy(place.marketplace)
      _ = proxy.answer(call("register_agent_capability", "A", "testing", "8", "2"))
      let mode = "SELECT json_extract(metadata,'$.compatibility_mode') FROM agents"
      let first = try place.rows(mode)
      _ = proxy.answer(call("send_agent_message", "A", "*", "info", "x", "1"))
      let second = try place.rows(mode)
      try place.call(
        "agora.messaging.send", #"{"to_agent":"broadcast","content":"x","from_agent":"A"}"#)
      let third = try place.rows(mode)
      #expect(first == [["true"]] && second == [["true"]] && third == [["-"]])
    }
  }

  @Test func `what callers named resolves in a store that is opened again`() throws {
    try withTemporaryFolder { folder in
      let first = try TestMarketplace(in: folder)
      let made = Proxy(first.marketplace).answer(
        call("create_task", "t-1", "A", "review", "2", "{}"))
      _ = Proxy(first.marketplace).answer(call("register_agent", "v3-1", "x", "A", "null"))
      let again = try TestMarketplace(store: Store(path: folder + "/agora.db"))
      let proxy = Proxy(again.marketplace)
      let progress = proxy.answer(call("update_task_progress", "t-1", "v3-1", "0.5", "on", "{}"))
      #expect(progress.output["task_id"] == made.output["task_id"])
      #expect(try again.rows("SELECT count(*) FROM agents") == [["1"]])
    }
  }

  @Test func `calls that are too many or too old become counts of their day`() throws {
    try withTemporaryFolder { folder in
      let place = try TestMarketplace(in: folder)
      let proxy = Proxy(place.marketplace)
      for _ in 0..<5 { _ = proxy.answer(call("agent_heartbeat", "A")) }
      place.pass(seconds: 31 * 86_400)
      for _ in 0..<4 { _ = proxy.answer(call("agent_heartbeat", "A")) }
      let now = place.now
      let (kept, counts) = try place.store.write { connection in
        try LegacyCallLog(connection, limit: 3).fold(at: now)
        let log = LegacyCallLog(connection)
        return (try log.newest(100).count, try log.counts(limit: 100).map(\.calls))
      }
      #expect(kept == 3 && counts == [4, 5])
    }
  }

  @Test func `a query gathers what it finds while somebody else writes`() throws {
    try withTemporaryFolder { folder in
      let place = try TestMarketplace(in: folder)
      let proxy = Proxy(place.marketplace)
      _ = proxy.answer(call("register_agent_capability", "A", "testing", "8", "2"))
      let other = try Connection(path: place.store.path, mode: .readWrite)
      try other.execute("BEGIN IMMEDIATE")
      for query in [
        call("query_coordination_data", "active_agents", "{}"), call("coordination_system_status"),
      ] {
        let found = try proxy.lookUp(query)?.get()
        #expect(found.map(JSONWriter.compact)?.contains("active") == true, "\(query.reducer)")
      }
      #expect(try proxy.lookUp(call("agent_heartbeat", "A")) == nil)
      #expect(try proxy.lookUp(call("query_coordination_data", "nothing", "{}")) == nil)
      try other.execute("ROLLBACK")
      let answer = proxy.answer(call("query_coordination_data", "active_agents", "{}"))
      #expect(answer.output.elements?.first?["agent_name"]?.text == "A")
      let counted = try place.rows(
        "SELECT reducer, outcome, tool FROM v4_calls ORDER BY call DESC LIMIT 1")
      #expect(counted == [["query_coordination_data", "done", "agora.query.agents"]])
    }
  }

  @Test func `differences are numbered from one without gaps`() {
    #expect(Difference.all.map(\.number) == Array(1...Difference.all.count))
  }
}
