import AgoraStore
import Migrator
import TestSupport
import Testing

/// The bundle with what v5 has changed and written since.
@Suite struct WayBackTests {
  @discardableResult
  private func migrate(_ path: String, into store: String) throws -> MigrationReport {
    try Migration(MigrationOptions(exports: [path]), store: store).run()
  }

  private func bundle(_ store: String, withNew: Bool = true) throws -> String {
    let path = store + (withNew ? ".new.json" : ".back.json")
    _ = try V4Export.write(
      Store(path: store), source: nil, to: path, includingNew: withNew)
    return try contents(path)
  }

  /// What v4 can say of a marketplace, with names in the place of ids.
  private static let sayings: [(name: String, sql: String)] = [
    (
      "agents",
      """
      SELECT json_array(agent_name, status, max_concurrent_tasks, registered_at,
        (SELECT group_concat(value) FROM (SELECT value FROM json_each(capabilities) ORDER BY value)))
      FROM agents WHERE json_extract(metadata,'$.stub') IS NULL ORDER BY 1
      """
    ),
    (
      "messages",
      """
      SELECT json_array(f.agent_name, coalesce(t.agent_name, to_agent), message_type, content,
        priority, timestamp, delivered)
      FROM messages LEFT JOIN agents f ON f.agent_id=from_agent LEFT JOIN agents t ON t.agent_id=to_agent
      ORDER BY 1
      """
    ),
    (
      "tasks",
      """
      SELECT json_array(w.workflow_name, w.created_at, a.agent_name, r.agent_name, task_type, payload,
        t.status, priority, progress, t.created_at, t.completed_at)
      FROM tasks t LEFT JOIN workflows w USING(workflow_id)
        LEFT JOIN agents a ON a.agent_id=assigned_agent
        LEFT JOIN agents r ON r.agent_id=json_extract(t.metadata,'$.requesting_agent') ORDER BY 1
      """
    ),
    (
      "workflows",
      """
      SELECT json_array(workflow_name, w.status, c.agent_name, created_at, completed_at,
        (SELECT json_group_array(a.agent_name) FROM json_each(assigned_agents) j JOIN agents a ON a.agent_id=j.value),
        (SELECT json_group_array(json_array(json_extract(j.value,'$.name'), json_extract(j.value,'$.status'),
            json_extract(j.value,'$.started_at'), a.agent_name))
          FROM json_each(steps) j LEFT JOIN agents a ON a.agent_id=json_extract(j.value,'$.agent')))
      FROM workflows w LEFT JOIN agents c ON c.agent_id=creator_agent ORDER BY 1
      """
    ),
    (
      "events",
      """
      SELECT json_array(event_type, s.agent_name, coalesce(t.agent_name, target_agent), data, timestamp)
      FROM events LEFT JOIN agents s ON s.agent_id=source_agent LEFT JOIN agents t ON t.agent_id=target_agent
      ORDER BY 1
      """
    ),
  ]

  private func told(_ store: String) throws -> [String] {
    let connection = try Connection(path: store, mode: .readOnly)
    return try Self.sayings.flatMap { name, sql in
      try connection.all(Query(name, sql), map: { "\(name) \($0.text(0))" })
    }
  }

  private func expectSame(_ found: [String], _ expected: [String], _ what: String) {
    let lost = Set(expected).subtracting(found).sorted()
    let gained = Set(found).subtracting(expected).sorted()
    #expect(
      lost.isEmpty && gained.isEmpty && found.count == expected.count,
      "\(what): lost \(lost), gained \(gained)")
  }

  // MARK: properties

  @Test(arguments: PropertyTests.seeds)
  func `without anything new it is the plain bundle`(_ seed: UInt64) throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      var deployment = Deployment(seed: seed)
      for _ in 0..<2 {
        try write(deployment.export(), to: folder + "/e.json")
        try migrate(folder + "/e.json", into: store)
        #expect(try bundle(store) == bundle(store, withNew: false))
        for _ in 0..<12 { deployment.live() }
      }
    }
  }

  @Test(arguments: PropertyTests.seeds)
  func `a fresh store has all that v5 wrote and changed`(_ seed: UInt64) throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try write(Deployment(seed: seed).export(), to: folder + "/e.json")
      try migrate(folder + "/e.json", into: store)
      let plain = try bundle(store, withNew: false)
      var v5 = LifeOnV5(seed: seed)
      try v5.write(into: store)
      try v5.change(in: store)
      let expected = try told(store)
      let found = try bundle(store)
      let again = try bundle(store)
      #expect(found == again && found != plain)
      #expect(try bundle(store, withNew: false) == plain)
      let report = try migrate(store + ".new.json", into: folder + "/fresh.db")
      #expect(report.ledger.isBalanced && report.ledger.totals.rejected == 0)
      expectSame(try told(folder + "/fresh.db"), expected, "fresh")
      let check = try StoreCheck(Store(path: folder + "/fresh.db"))
      #expect(check.isSound, "\(check.text)")
    }
  }

  @Test(arguments: PropertyTests.seeds)
  func `it comes back into its own store without doubling anything`(_ seed: UInt64) throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try write(Deployment(seed: seed).export(), to: folder + "/e.json")
      try migrate(folder + "/e.json", into: store)
      var v5 = LifeOnV5(seed: seed)
      try v5.write(into: store)
      let expected = try told(store)
      let first = try bundle(store)
      let path = store + ".new.json"
      let returned = try migrate(path, into: store)
      let conflicts = try ConflictList(Store(path: store)).text
      #expect(
        returned.conflicts == 0 && returned.ledger.totals.imported == 0,
        "\(returned.text)\n\(conflicts)")
      #expect(returned.ledger.totals.merged > 0 && returned.ledger.isBalanced)
      expectSame(try told(store), expected, "returned")
      #expect(try bundle(store) == first)
      let second = try migrate(path, into: store)
      #expect(second.ledger.totals.unchanged == second.ledger.totals.read && second.conflicts == 0)
      let verification = try Verification(MigrationOptions(exports: [path]), store: store).run()
      #expect(verification.isIdentical, "\(verification.text)")
      let check = try StoreCheck(Store(path: store))
      #expect(check.isSound, "\(check.text)")
    }
  }

  @Test(arguments: PropertyTests.seeds)
  func `what v5 changed comes back as no conflict`(_ seed: UInt64) throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try write(Deployment(seed: seed).export(), to: folder + "/e.json")
      try migrate(folder + "/e.json", into: store)
      var v5 = LifeOnV5(seed: seed)
      try v5.write(into: store)
      try v5.change(in: store)
      // A step that v5 removed is back when another one changes.
      let expected = try told(store).filter { !$0.hasPrefix("workflows ") }
      _ = try bundle(store)
      let returned = try migrate(store + ".new.json", into: store)
      let conflicts = try ConflictList(Store(path: store)).text
      #expect(returned.conflicts == 0, "\(returned.text)\n\(conflicts)")
      expectSame(try told(store).filter { !$0.hasPrefix("workflows ") }, expected, "returned")
    }
  }
}
