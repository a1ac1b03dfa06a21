import AgoraStore
import TestSupport
import Testing

@Suite struct StoreTests {
  private static let insert = """
    INSERT INTO agents(agent_id, agent_name) VALUES('agent_1','one');
    INSERT INTO agents(agent_id, agent_name) VALUES('agent_2','two');
    """

  @Test func `a connection is set up as it is meant to be`() throws {
    try withTemporaryFolder { folder in
      let store = try Store(path: folder + "/s.db", creates: true)
      let expected = [
        ("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1"),
        ("page_size", "16384"), ("application_id", "1634168690"),
        ("user_version", "\(SchemaUpgrade.newest)"),
      ]
      for (pragma, value) in expected {
        let found = try store.withWriter { connection in
          try connection.first(Query("test", "PRAGMA \(pragma)"), map: { $0.text(0) })
        }
        #expect(found == value, "\(pragma)")
      }
    }
  }

  @Test func `what fails in a transaction leaves nothing, and the first error is told`() throws {
    try withTemporaryFolder { folder in
      let store = try Store(path: folder + "/s.db", creates: true)
      struct Stop: Error {}
      #expect(throws: Stop.self) {
        try store.write { connection in
          try connection.execute(Self.insert)
          throw Stop()
        }
      }
      let count = Query("test", "SELECT count(*) FROM agents")
      #expect(try store.read { try $0.integer(count) } == 0)
      let error = #expect(throws: AgoraError.self) {
        try store.write { try $0.execute("INSERT INTO agents(agent_id) VALUES(NULL)") }
      }
      #expect(error?.code == .io)
      try store.write { connection in
        try? connection.savepoint("part") {
          try connection.execute(Self.insert)
          throw Stop()
        }
        try connection.execute("INSERT INTO agents(agent_id, agent_name) VALUES('agent_3','three')")
      }
      #expect(try store.read { try $0.integer(count) } == 1)
    }
  }

  @Test func `readers see a snapshot beside the writer`() throws {
    try withTemporaryFolder { folder in
      let store = try Store(path: folder + "/s.db", creates: true)
      let count = Query("test", "SELECT count(*) FROM agents")
      try store.read { reader in
        #expect(try reader.integer(count) == 0)
        try store.write { try $0.execute(Self.insert) }
        #expect(try reader.integer(count) == 0)
      }
      #expect(try store.read { try $0.integer(count) } == 2)
    }
  }

  @Test func `the content hash knows records, not their order or layout`() throws {
    try withTemporaryFolder { folder in
      let one = try Store(path: folder + "/one.db", creates: true)
      let two = try Store(path: folder + "/two.db", creates: true)
      let statements = Self.insert.split(separator: "\n").map(String.init)
      try one.write { for sql in statements { try $0.execute(sql) } }
      try two.write { for sql in statements.reversed() { try $0.execute(sql) } }
      let hash = try one.contentHash()
      #expect(try two.contentHash() == hash)
      _ = try two.compact()
      #expect(try two.contentHash() == hash)
      try two.write {
        try $0.execute("UPDATE agents SET max_concurrent_tasks=0 WHERE agent_id='agent_1'")
      }
      #expect(try two.contentHash() != hash)
      try two.write { try $0.execute("UPDATE agents SET max_concurrent_tasks=NULL") }
      #expect(try two.contentHash() == hash)
    }
  }

  @Test func `a backup is the store and replaces nothing`() throws {
    try withTemporaryFolder { folder in
      let store = try Store(path: folder + "/s.db", creates: true)
      try store.write { try $0.execute(Self.insert) }
      _ = try store.backup(to: folder + "/copy.db")
      #expect(try Store(path: folder + "/copy.db").contentHash() == store.contentHash())
      let error = #expect(throws: AgoraError.self) { try store.backup(to: folder + "/copy.db") }
      #expect(error?.code == .misuse)
      let lost = #expect(throws: AgoraError.self) { try store.backup(to: folder + "/no/copy.db") }
      #expect(lost?.code == .noSuchFile && lost?.file == folder + "/no")
    }
  }

  @Test func `of backups to one file at once one is taken, and is whole`() throws {
    try withTemporaryFolder { folder in
      let store = try Store(path: folder + "/s.db", creates: true)
      try store.write { try $0.execute(Self.insert) }
      let attempts = (0..<4).map { _ in
        Background { (try? store.backup(to: folder + "/copy.db")) != nil }
      }
      let taken = try attempts.map { try $0.value() }
      #expect(taken.filter { $0 }.count == 1)
      #expect(try Store(path: folder + "/copy.db").contentHash() == store.contentHash())
      #expect(try names(in: folder).allSatisfy { !$0.hasSuffix(".part") })
    }
  }

  @Test func `check goes on behind a damaged page and says what it could not look at`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/s.db"
      try Store(path: path, creates: true).write { try $0.execute(Self.insert) }
      let connection = try Connection(path: path, mode: .readWrite)
      try connection.execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE")
      let page = Query("test", "SELECT rootpage FROM sqlite_master WHERE name='agents'")
      let size = try Int(connection.integer(Query("test", "PRAGMA page_size")) ?? 0)
      let root = try Int(connection.integer(page) ?? 0)
      let copy = folder + "/damaged.db"
      var bytes = try File.contents(path, limit: 1 << 30)
      for index in 0..<64 { bytes[(root - 1) * size + index] = 0xff }
      try write(bytes, to: copy)
      let check = try StoreCheck(Store(path: copy))
      #expect(!check.isSound && check.findings.contains { $0.name == "ledgers" && $0.faults == 0 })
      #expect(check.findings.first?.faults ?? 0 > 0, "\(check.text)")
    }
  }

  @Test func `check finds what is wrong and nothing else`() throws {
    let faults: [(String, String)] = [
      (
        "INSERT INTO messages(message_id,from_agent,content) VALUES('m','nobody','x')",
        "foreign keys"
      ),
      ("INSERT INTO messages(message_id,to_agent,content) VALUES('m','nobody','x')", "receivers"),
      ("UPDATE agents SET metadata='{' WHERE agent_id='agent_1'", "JSON of agents.metadata"),
      (
        "INSERT INTO workflows(workflow_id,workflow_name,status,assigned_agents) VALUES('w','w','pending','[\"x\"]')",
        "assigned agents of workflows"
      ),
    ]
    try withTemporaryFolder { folder in
      for (index, (sql, name)) in faults.enumerated() {
        let store = try Store(path: folder + "/\(index).db", creates: true)
        try store.write { try $0.execute(Self.insert) }
        #expect(try StoreCheck(store).isSound)
        let intruder = try Connection(path: store.path, mode: .readWrite)
        try intruder.execute("PRAGMA foreign_keys=OFF; " + sql)
        let wrong = try StoreCheck(store).findings.filter { $0.faults > 0 }.map(\.name)
        #expect(wrong == [name], "\(sql)")
      }
    }
  }
}
