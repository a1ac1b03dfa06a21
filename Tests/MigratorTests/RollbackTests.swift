import AgoraStore
import Migrator
import TestSupport
import Testing

/// Runs taken back.
@Suite struct RollbackTests {
  /// What a run did is kept under row numbers.
  ///
  /// SQLite keeps them in VACUUM for every table that has an index or an integer key (`xferOptimization` in its insert.c), but promises it for the latter only.
  @Test(arguments: PropertyTests.seeds)
  func `a store that was compacted goes back all the same`(_ seed: UInt64) throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      var deployment = Deployment(seed: seed)
      _ = try migrate(deployment.export(), into: store)
      for _ in 0..<15 { deployment.live() }
      _ = try migrate(deployment.export(), into: store, deleting: true)
      let (before, bundleBefore) = (try hash(store), try bundle(store))
      for _ in 0..<15 { deployment.live() }
      let run = try migrate(deployment.export(), into: store, deleting: true).runID
      _ = try Store(path: store).compact()
      _ = try Rollback(run, store: store).run()
      #expect(try hash(store) == before)
      #expect(try bundle(store) == bundleBefore)
    }
  }

  @Test(arguments: PropertyTests.seeds)
  func `runs taken back one by one leave each time what was before`(_ seed: UInt64) throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      var deployment = Deployment(seed: seed)
      var history: [(run: String, hash: String, bundle: String)] = []
      for turn in 0..<4 {
        let run = try migrate(
          deployment.export(), into: store, deleting: turn % 2 == 1
        ).runID
        history.append((run, try hash(store), try bundle(store)))
        for _ in 0..<15 { deployment.live() }
      }
      while let last = history.popLast() {
        #expect(try hash(store) == last.hash)
        #expect(try bundle(store) == last.bundle)
        if let older = history.last {
          let error = #expect(throws: AgoraError.self) {
            try Rollback(older.run, store: store).run()
          }
          #expect(error?.code == .refused)
        }
        _ = try Rollback(last.run, store: store).run()
        let check = try StoreCheck(Store(path: store))
        #expect(check.isSound, "\(check.text)")
      }
      let empty = try Store(path: folder + "/empty.db", creates: true).contentHash()
      #expect(try hash(store) == empty)
      // And it begins anew as if nothing had been.
      _ = try migrate(deployment.export(), into: store)
      _ = try migrate(deployment.export(), into: folder + "/fresh.db")
      #expect(try hash(store) == hash(folder + "/fresh.db"))
    }
  }

  @Test func `what v5 wrote since stays, and what depends on the run refuses it`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      let run = try migrate(
        """
        {"agent_capability":[{"capability_id":"1","agent_id":"alice","capability_type":"t"},
        {"capability_id":"2","agent_id":"bob","capability_type":"t"}],
        "task_assignment":[{"assignment_id":"t","agent_id":"alice","progress":0.1}]}
        """, into: store
      ).runID
      let native = "agent_0190c5d4e5f67a8b9c0d1e2f3a4b5c6d"
      let independent = "msg_0190c5d4e5f67a8b9c0d1e2f3a4b5c6d"
      let dependent = "msg_0190c5d4e5f67a8b9c0d1e2f3a4b5c6e"
      let v5 = try Connection(path: store, mode: .readWrite)
      try v5.execute(
        """
        INSERT INTO agents(agent_id, agent_name) VALUES('\(native)','newcomer');
        INSERT INTO messages(message_id, from_agent, to_agent, content)
          VALUES('\(independent)','\(native)','broadcast','hello');
        """)
      let before = try hash(store)
      try v5.execute(
        """
        INSERT INTO messages(message_id, from_agent, to_agent, content)
          SELECT '\(dependent)', '\(native)', agent_id, 'hello bob' FROM agents WHERE agent_name='bob';
        UPDATE tasks SET status='completed';
        """)
      let during = try hash(store)
      let error = #expect(throws: AgoraError.self) { try Rollback(run, store: store).run() }
      #expect(error?.code == .refused && error?.message.contains("2 newer records") == true)
      #expect(try hash(store) == during)
      // Bob, whom a new message is for, and the task that v5 has finished, with its agent.
      let report = try Rollback(run, keepsNewer: true, store: store).run()
      #expect(report.kept.count == 3)
      let check = try StoreCheck(Store(path: store))
      #expect(check.isSound, "\(check.text)")
      #expect(before != during)
    }
  }

  /// An alteration on v5, and what it puts in the way of taking back the run that brought bob.
  private static let obstacles: [(sql: String, table: String, count: Int)] = [
    (
      "INSERT INTO messages(message_id, from_agent, to_agent, content) VALUES('msg_0190c5d4e5f67a8b9c0d1e2f3a4b5c6e', $bob, $bob, 'to myself')",
      "messages", 1
    ),
    ("UPDATE tasks SET assigned_agent=$bob", "tasks", 1),
    ("UPDATE workflows SET creator_agent=$bob, assigned_agents=json_array($bob)", "workflows", 1),
    (
      "INSERT INTO subscriptions(subscription_id, agent_id, event_types, created_at) VALUES('sub_1', $bob, '[]', 1)",
      "subscriptions", 1
    ),
    (
      "INSERT INTO message_reads SELECT message_id, $bob, 1 FROM messages", "message_reads", 1
    ),
    (
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<50)
      INSERT INTO events(event_id, event_type, source_agent, target_agent)
        SELECT printf('evt_0190c5d4e5f67a8b9c0d1e2f3a4b5%03d', i), 'x', $bob, 'broadcast' FROM n
      """, "events", 50
    ),
  ]

  @Test func `all that stands in the way is listed, each record once`() throws {
    let older = """
      "agent_message":[{"message_id":"1","from_agent":"a","content":"x"}],
      "task_assignment":[{"assignment_id":"t","agent_id":"a"}],"workflow_coordination":[{"workflow_id":"w"}]
      """
    for (sql, table, count) in Self.obstacles {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        try migrate("{\(older)}", into: store)
        let run = try migrate(
          "{\(older),\"agent_capability\":[{\"capability_id\":\"1\",\"agent_id\":\"bob\"}]}",
          into: store
        ).runID
        let bob = "(SELECT agent_id FROM agents WHERE agent_name='bob')"
        try Connection(path: store, mode: .readWrite).execute(
          sql.split(separator: "$bob", omittingEmptySubsequences: false).joined(separator: bob))
        let during = try hash(store)
        let error = #expect(throws: AgoraError.self) { try Rollback(run, store: store).run() }
        #expect(error?.code == .refused && error?.message.hasPrefix("\(count) newer") == true)
        #expect(try hash(store) == during)
        let listed = error?.details?.members.first { $0.name == "newer_records" }?.value.elements
        #expect(listed?.compactMap { $0["table"]?.text } == Array(repeating: table, count: count))
        #expect(Set(listed?.compactMap { $0["id"]?.text } ?? []).count == count)
        // A person sees the first of many, and how many more there are.
        let lines = error?.details?.lines ?? []
        #expect(lines.count == min(count, 21))
        #expect((lines.last?.contains("30 more") == true) == (count == 50))
        _ = try Rollback(run, keepsNewer: true, store: store).run()
        let check = try StoreCheck(Store(path: store))
        #expect(check.isSound, "\(table): \(check.text)")
      }
    }
  }

  @Test func `an agent whose name was taken meanwhile cannot come back`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      let both =
        #"{"agent_capability":[{"capability_id":"1","agent_id":"alice"},{"capability_id":"2","agent_id":"bob"}]}"#
      try migrate(both, into: store)
      let run = try migrate(
        #"{"agent_capability":[{"capability_id":"1","agent_id":"alice"}]}"#, into: store,
        deleting: true
      ).runID
      let v5 = try Connection(path: store, mode: .readWrite)
      let id = "agent_0190c5d4e5f67a8b9c0d1e2f3a4b5c6d"
      try v5.execute("INSERT INTO agents(agent_id, agent_name) VALUES('\(id)','bob')")
      for keeps in [false, true] {
        let error = #expect(throws: AgoraError.self) {
          try Rollback(run, keepsNewer: keeps, store: store).run()
        }
        #expect(error?.code == .refused && error?.details?.lines.first?.contains(id) == true)
      }
      try v5.execute("UPDATE agents SET agent_name='bob again' WHERE agent_id='\(id)'")
      _ = try Rollback(run, store: store).run()
      #expect(try bundle(store) == both + "\n")
    }
  }
}
