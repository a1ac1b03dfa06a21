import AgoraStore
import TestSupport
import Testing

@Suite struct EventTests {
  private func contents(_ events: [Event]) -> [String] {
    events.map { "\($0.type) \($0.data["content"]?.text ?? "")" }
  }

  private func send(_ bazaar: TestMarketplace, _ from: String, _ to: String, _ text: String) throws
  {
    try bazaar.call(
      "agora.messaging.send",
      #"{"from_agent":"\#(from)","to_agent":"\#(to)","content":"\#(text)"}"#)
  }

  @Test func `each sees what is for everyone and for itself, in the order of commits`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let (a, b) = (try bazaar.register("A"), try bazaar.register("B"))
      let start = try bazaar.marketplace.position(after: nil)
      try send(bazaar, "A", "B", "1")
      try send(bazaar, "B", "broadcast", "2")
      try send(bazaar, "B", "A", "3")
      func seen(_ filter: EventFilter) throws -> [String] {
        contents(try bazaar.marketplace.events(after: start, matching: filter).events)
      }
      let (one, two, three) = ("message_received 1", "broadcast_message 2", "message_received 3")
      let cases: [(EventFilter, [String])] = [
        (EventFilter(), [one, two, three]), (EventFilter(agent: a), [two, three]),
        (EventFilter(agent: b), [one]),
        (EventFilter(agent: a, types: ["message_received"]), [three]),
        (EventFilter(types: ["*", "x"]), [one, two, three]), (EventFilter(types: []), []),
        (EventFilter(values: ["from_agent": [.string(b)]]), [two, three]),
        (EventFilter(values: ["content": [.string("1"), .string("2")]]), [one, two]),
        (EventFilter(values: ["target_agent": [.string(b)]]), [one]),
        (EventFilter(values: ["nothing": [.null]]), []),
      ]
      for (filter, expected) in cases {
        let found = try seen(filter)
        #expect(found == expected, "\(filter)")
      }
    }
  }

  @Test func `a stream goes on after the last event that was seen`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      try bazaar.register("A")
      for number in 0..<1_200 { try send(bazaar, "A", "A", "\(number)") }
      let market = bazaar.marketplace
      var position = EventPosition.beginning
      var ids: [String] = []
      var looks = 0
      while true {
        let batch = try market.events(
          after: position, matching: EventFilter(types: ["message_received"]))
        ids += batch.events.map(\.id)
        position = batch.position
        looks += 1
        if batch.isAtEnd { break }
      }
      #expect(ids.count == 1_200 && ids == ids.sorted() && looks == 3)
      let rest = try market.events(
        after: market.position(after: ids[1_195]), matching: EventFilter())
      #expect(rest.events.map(\.id) == Array(ids[1_196...]))
      let unknown = [
        "evt_ffffffffffff7fffbfffffffffffffff", "evt_x", "msg_00000000000070008000000000000000",
      ]
      for id in unknown {
        let failure = #expect(throws: ToolFailure.self) { try market.position(after: id) }
        #expect(failure?.code == .notFound)
      }
      let pruned = #expect(throws: ToolFailure.self) {
        try market.position(after: "evt_00000000000070008000000000000000")
      }
      #expect(pruned?.code == .gone)
    }
  }

  @Test func `no event takes the place of one that is gone`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      try bazaar.register("A")
      for number in 0..<5 { try send(bazaar, "A", "A", "\(number)") }
      let end = try bazaar.marketplace.position(after: nil)
      // As a run that is taken back does.
      try bazaar.store.write { try $0.execute("DELETE FROM events WHERE seq>2") }
      try send(bazaar, "A", "A", "new")
      let batch = try bazaar.marketplace.events(after: end, matching: EventFilter())
      #expect(contents(batch.events) == ["message_received new"])
    }
  }

  @Test(arguments: [("events.keep_count", "300"), ("events.keep_days", "1")])
  func `events are kept as long and as many as is said, those of v4 for good`(
    _ key: String, _ value: String
  ) throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      try bazaar.register("A")
      try bazaar.store.write {
        try $0.execute(
          """
          INSERT INTO configuration VALUES('\(key)','\(value)',1,'operator');
          INSERT INTO events(event_id, event_type, timestamp, source_row) VALUES('evt_v4','old',1,1);
          """)
      }
      for number in 0..<1_000 {
        try send(bazaar, "A", "A", "\(number)")
        if number == 700 { bazaar.pass(seconds: 2 * 86_400) }
      }
      let kept = try bazaar.rows("SELECT count(*) FROM events WHERE source_row IS NULL")
      let expected = key == "events.keep_count" ? 300...302 : 297...301
      #expect(expected.contains(Int(kept[0][0]) ?? 0), "\(kept)")
      #expect(try bazaar.rows("SELECT count(*) FROM events WHERE event_id='evt_v4'") == [["1"]])
    }
  }

  @Test func `a stream gives what this process and another commit`() async throws {
    let folder = try File.temporaryFolder(
      in: System.environment("TMPDIR") ?? "/tmp", prefix: "agora-test-")
    defer { removeTree(folder) }
    let bazaar = try TestMarketplace(in: folder)
    let a = try bazaar.register("A")
    let subscribed = try bazaar.call(
      "agora.messaging.subscribe", #"{"agent_id":"A","event_types":["message_received"]}"#)
    let subscription = try bazaar.marketplace.subscription(
      subscribed["subscription_id"]?.text ?? "")
    #expect(subscription.filter == EventFilter(agent: a, types: ["message_received"]))
    let start = try bazaar.marketplace.position(after: nil)
    // So long a pause that only the bell can have rung.
    let own = bazaar.marketplace.stream(
      after: start, matching: subscription.filter, interval: .seconds(600))
    let reader = Task {
      var found: [String] = []
      for try await event in own {
        found.append(event.data["content"]?.text ?? "")
        if found.count == 3 { break }
      }
      return found
    }
    for number in 0..<3 {
      try send(bazaar, "A", "A", "\(number)")
      await Task.yield()
    }
    #expect(try await reader.value == ["0", "1", "2"])

    // Another process has its own connections and no bell.
    let other = try Marketplace(Store(path: bazaar.store.path))
    let stream = other.stream(
      after: start, matching: subscription.filter, interval: .milliseconds(2))
    var iterator = stream.makeAsyncIterator()
    for number in 0..<3 { #expect(try await iterator.next()?.data["content"]?.text == "\(number)") }
    let late = Task {
      var iterator = stream.makeAsyncIterator()
      for _ in 0..<3 { _ = try await iterator.next() }
      return try await iterator.next()?.data["content"]?.text
    }
    try send(bazaar, "A", "A", "late")
    #expect(try await late.value == "late")

    let endless = Task { () -> Bool in
      var iterator = own.makeAsyncIterator()
      for _ in 0..<4 { _ = try await iterator.next() }
      return try await iterator.next() == nil
    }
    endless.cancel()
    #expect(try await endless.value)
  }
}
