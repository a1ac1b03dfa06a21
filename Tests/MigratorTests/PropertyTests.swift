import AgoraStore
import Migrator
import TestSupport
import Testing

/// What must hold for every deployment, tried on many that a seed makes.
@Suite struct PropertyTests {
  static let seeds: [UInt64] = Array(1...20)

  @Test(arguments: seeds) func `migrating twice is migrating once`(_ seed: UInt64) throws {
    try withTemporaryFolder { folder in
      let export = Deployment(seed: seed).export()
      let store = folder + "/s.db"
      let first = try migrate(export, into: store)
      let before = try hash(store)
      let second = try migrate(export, into: store)
      #expect(try hash(store) == before)
      let total = second.ledger.totals
      #expect(total.unchanged == total.read && second.conflicts == 0 && second.deletedInSource == 0)
      #expect(second.missingAgents == first.missingAgents)
    }
  }

  @Test(arguments: seeds) func `the order of the tables does not matter`(_ seed: UInt64) throws {
    try withTemporaryFolder { folder in
      let deployment = Deployment(seed: seed)
      try migrate(deployment.export(), into: folder + "/a.db")
      for turn in [1, 4, 7] {
        try migrate(deployment.export(turn: turn), into: folder + "/\(turn).db")
        #expect(try hash(folder + "/\(turn).db") == hash(folder + "/a.db"), "turned by \(turn)")
      }
    }
  }

  /// The counter of these deployments does not restart, so what is exported last is all there is.
  @Test(arguments: seeds)
  func `many exports with deletions are the last one alone`(_ seed: UInt64) throws {
    try withTemporaryFolder { folder in
      var deployment = Deployment(seed: seed)
      for _ in 0..<4 {
        try migrate(deployment.export(), into: folder + "/all.db", deleting: true)
        for _ in 0..<12 { deployment.live() }
      }
      try migrate(deployment.export(), into: folder + "/all.db", deleting: true)
      try migrate(deployment.export(), into: folder + "/last.db")
      let all = try StoreDump.marketplace(of: folder + "/all.db")
      let last = try StoreDump.marketplace(of: folder + "/last.db")
      #expect(StoreDump.differences(all, last) == [])
      let check = try StoreCheck(Store(path: folder + "/all.db"))
      #expect(check.isSound, "\(check.text)")
    }
  }

  @Test(arguments: seeds) func `an export of a migration is what was migrated`(_ seed: UInt64)
    throws
  {
    try withTemporaryFolder { folder in
      let export = Deployment(seed: seed).export()
      try migrate(export, into: folder + "/s.db")
      _ = try V4Export.write(Store(path: folder + "/s.db"), source: nil, to: folder + "/back.json")
      #expect(try contents(folder + "/back.json") == export + "\n")
    }
  }

  /// One alteration behind the store's back: SQL, and what the verification has to say of it.
  private static let corruptions: [(sql: String, kind: String)] = [
    (
      "UPDATE messages SET content=content||'!' WHERE rowid=(SELECT min(rowid) FROM messages)",
      "mismatch"
    ),
    (
      "UPDATE messages SET priority=1+priority%4 WHERE rowid=(SELECT max(rowid) FROM messages)",
      "mismatch"
    ),
    (
      "UPDATE tasks SET progress=(progress+1)%101 WHERE rowid=(SELECT min(rowid) FROM tasks)",
      "mismatch"
    ),
    (
      "UPDATE agents SET capabilities='[\"x\"]' WHERE rowid=(SELECT min(rowid) FROM agents)",
      "mismatch"
    ),
    (
      "UPDATE workflows SET workflow_name='x' WHERE source_row=(SELECT min(source_row) FROM workflows)",
      "mismatch"
    ),
    ("UPDATE archive SET row='{}' WHERE rowid=(SELECT min(rowid) FROM archive)", "mismatch"),
    ("DELETE FROM events WHERE rowid=(SELECT min(rowid) FROM events)", "missing"),
    (
      "INSERT INTO messages(message_id,content) VALUES('msg_00000000000040008000000000000001','x')",
      "extra"
    ),
  ]

  @Test(arguments: seeds)
  func `verification finds exactly what was altered`(_ seed: UInt64) throws {
    try withTemporaryFolder { folder in
      var deployment = Deployment(seed: seed)
      for _ in 0..<60 { deployment.live() }
      let store = folder + "/s.db"
      try migrate(deployment.export(), into: store)
      let before = try hash(store)
      let clean = try verify(store)
      #expect(clean.isIdentical, "\(clean.text)")
      #expect(try hash(store) == before)
      let intruder = try Connection(path: store, mode: .readWrite)
      var altered = 0
      for (sql, kind) in Self.corruptions {
        altered += try intruder.run(Query("test", sql))
        let report = try verify(store)
        let found = report.mismatches.count + report.missing.count + report.extra.count
        #expect(found == altered, "after \(kind) by \(sql):\n\(report.text)")
      }
    }
  }
}
