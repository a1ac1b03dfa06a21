import AgoraStore
import TestSupport
import Testing

/// Many programs and many threads that write to one store at once.
@Suite struct CrowdTests {
  private static let programs = 10
  private static let threads = 10
  private static let rounds = Crowd.isStress ? 200 : 4

  /// Reads a stream until a message says that it is over.
  private static func follow(_ stream: EventStream, until end: String) async throws -> [String] {
    var ids: [String] = []
    for try await event in stream {
      ids.append(event.id)
      if event.data["content"]?.text == end { break }
    }
    return ids
  }

  /// Lets all of them work, and gives what went wrong.
  private func run(_ folder: String, _ marketplace: Marketplace) throws -> [String] {
    let workflows = try Crowd.prepare(marketplace, rounds: Self.rounds)
    let path = folder + "/agora.db"
    let programs = (0..<Self.programs).map { number in
      Background {
        try Child.run(
          "CrowdSubject", [path, "program \(number)", "\(Self.rounds)"] + workflows, in: folder)
      }
    }
    let threads = (0..<Self.threads).map { number in
      Background {
        try Crowd.work(
          marketplace, name: "thread \(number)", rounds: Self.rounds, workflows: workflows)
      }
    }
    var faults: [String] = []
    for program in programs {
      let child = try program.value()
      if child.status != 0 || !child.talk.isEmpty { faults.append(child.talk) }
    }
    for thread in threads {
      do { try thread.value() } catch { faults.append("\(error)") }
    }
    return faults
  }

  @Test(.timeLimit(.minutes(30)))
  func `nothing is lost, doubled or out of order when twenty write at once`() async throws {
    let folder = try File.temporaryFolder(
      in: System.environment("TMPDIR") ?? "/tmp", prefix: "agora-test-")
    defer { removeTree(folder) }
    let store = try Store(path: folder + "/agora.db", creates: true)
    let marketplace = try Marketplace(store)
    let stream = marketplace.stream(after: .beginning, matching: EventFilter())
    async let followed = Self.follow(stream, until: "the end")
    let faults = try run(folder, marketplace)
    #expect(faults.isEmpty, "\(faults)")
    _ = try marketplace.call(
      "agora.messaging.send",
      JSON.parse(#"{"to_agent":"broadcast","content":"the end","message_type":"system"}"#),
      as: .owner(.swift))
    let ids = try await followed
    #expect(try ids == rows(store, "SELECT event_id FROM events ORDER BY seq").map { $0[0] })
    try checkCounts(store)
    try checkOrder(store)
    let check = try StoreCheck(store)
    #expect(check.isSound, "\(check.text)")
  }

  private func rows(_ store: Store, _ sql: String) throws -> [[String]] {
    try store.read { connection in
      try connection.all(Query("test", sql)) { row in
        (0..<row.count).map { row.optionalText(Int32($0)) ?? "-" }
      }
    }
  }

  private func checkCounts(_ store: Store) throws {
    let workers = Self.programs + Self.threads
    let all = workers * Self.rounds
    let points = (Self.rounds + 9) / 10
    // Each query and the one number that it has to give.
    let expected: [(sql: String, count: Int)] = [
      // And the agent that says the end.
      ("agents", workers + points + 1),
      ("agents WHERE agent_name LIKE 'shared %'", points),
      ("agents a, json_each(a.capabilities) WHERE a.agent_name LIKE 'shared %'", all),
      ("(SELECT DISTINCT capability FROM agent_capabilities)", all),
      ("messages WHERE to_agent<>'broadcast' AND unread=0", all),
      ("(SELECT DISTINCT content FROM messages WHERE to_agent='broadcast')", all + 1),
      ("messages", 2 * all + 1), ("message_reads", all),
      ("tasks WHERE status='completed' AND progress=100", all), ("tasks", all),
      ("(SELECT DISTINCT task_type FROM tasks)", all),
      ("workflows w, json_each(w.steps)", all),
      ("audit WHERE target IN (SELECT task_id FROM tasks)", 3 * all),
      ("audit WHERE action='agora.workflow.step_added'", all),
      ("audit WHERE action='agora.agent.register'", workers + points + all),
    ]
    for (sql, count) in expected {
      #expect(try rows(store, "SELECT count(*) FROM " + sql) == [["\(count)"]], "\(sql)")
    }
    // What is only counted is counted exactly as well.
    for (tool, calls) in Crowd.callsPerRound {
      let others =
        switch tool {
        case "agora.agent.register": workers + points
        case "agora.messaging.send": 1
        default: 0
        }
      let sql = "SELECT sum(calls) FROM service_use WHERE service_name='\(tool)'"
      #expect(try rows(store, sql) == [["\(calls * all + others)"]], "\(tool)")
    }
    for (type, events) in Crowd.eventsPerRound {
      let others =
        switch type {
        case "agent_registered": workers + points
        case "broadcast_message": 1
        default: 0
        }
      let sql = "SELECT count(*) FROM events WHERE event_type='\(type)'"
      #expect(try rows(store, sql) == [["\(events * all + others)"]], "\(type)")
    }
  }

  /// Who asks for what came since the last look misses nothing only where what is committed later is
  /// not older.
  private func checkOrder(_ store: Store) throws {
    for (table, time, order) in [
      ("events", "timestamp", "seq"), ("messages", "timestamp", "rowid"),
      ("tasks", "created_at", "rowid"), ("audit", "timestamp", "rowid"),
    ] {
      let late = try rows(
        store,
        """
        SELECT count(*) FROM (
          SELECT \(time) < lag(\(time)) OVER (ORDER BY \(order)) AS late FROM \(table)) WHERE late
        """)
      #expect(late == [["0"]], "\(table)")
    }
  }

  @Test func `ten first calls at once make one store and one agent`() throws {
    for _ in 0..<(Crowd.isStress ? 50 : 2) {
      try withTemporaryFolder { folder in
        let calls = (0..<10).map { number in
          Background {
            try Child.run(
              "agora",
              ["call", "agora.agent.register", "--agent-name=a", "--capabilities=c\(number)"],
              in: folder)
          }
        }
        var ids: Set<String> = []
        for call in calls {
          let child = try call.value()
          #expect(child.status == 0, "\(child.talk)")
          if child.status == 0, let id = try JSON.parse(child.output)["agent_id"]?.text {
            ids.insert(id)
          }
        }
        #expect(ids.count == 1)
        let shown = try Child.run(
          "agora", ["call", "agora.agent.status", "--agent-id=a"], in: folder)
        #expect(try JSON.parse(shown.output)["capabilities"]?.elements?.count == 10)
      }
    }
  }

  @Test(.timeLimit(.minutes(30)))
  func `registrations of new and of known names collide with nothing`() throws {
    let count = Crowd.isStress ? 100_000 : 2_000
    let known = count / 100
    try withTemporaryFolder { folder in
      let store = try Store(path: folder + "/agora.db", creates: true)
      try store.withWriter { try $0.execute("PRAGMA synchronous=OFF") }
      let marketplace = try Marketplace(store)
      // Every second registration is of one of a few names.
      let threads = (0..<Self.threads).map { thread in
        Background {
          var ids: [(name: String, id: String)] = []
          for number in stride(from: thread, to: count, by: Self.threads) {
            let name = number % 4 < 2 ? "known \(number % known)" : "new \(number)"
            let call = try RegisterAgent(RegisterAgent.agentName(name))
            let output = try marketplace.run(call, as: .owner(.swift))
            ids.append((name, output.agentID))
          }
          return ids
        }
      }
      var ids: [String: String] = [:]
      for thread in threads {
        for (name, id) in try thread.value() {
          #expect(ids.updateValue(id, forKey: name).map { $0 == id } ?? true, "\(name)")
        }
      }
      #expect(Set(ids.values).count == ids.count && ids.count > count / 2)
      let stored = try rows(store, "SELECT agent_name, agent_id FROM agents")
      #expect(Dictionary(uniqueKeysWithValues: stored.map { ($0[0], $0[1]) }) == ids)
      let events = try rows(
        store, "SELECT count(*) FROM events WHERE event_type='agent_registered'")
      #expect(events == [["\(count)"]])
    }
  }
}
