import AgoraStore
import Migrator
import TestSupport
import Testing

/// Rejected rows that later exports have as something else, or no more.
@Suite struct MendedRejectTests {
  private static func export(_ rows: String...) -> String {
    "{\"agent_message\":[" + rows.joined(separator: ",") + "]}\n"
  }

  private static let good = #"{"message_id":"1","from_agent":"a","content":"x","timestamp":5}"#
  private static let bad = #"{"message_id":"2","content":"y","timestamp":"never"}"#
  private static let mended = #"{"message_id":"2","content":"y","timestamp":7}"#
  private static let worse = #"{"message_id":"2","content":"y","timestamp":"not ever"}"#
  private static let nothing = "17"

  private func waiting(_ store: String) throws -> [String] {
    try RejectList(Store(path: store)).json["rejects"]?.elements?.compactMap {
      ($0["row"] ?? $0["row_base64"])?.text
    } ?? []
  }

  private func status(_ number: Int, _ store: String) throws -> String? {
    try RejectList(Store(path: store), number: number).json["rejects"]?.elements?.first?["status"]?
      .text
  }

  /// What follows an export with the bad row, and what is left to look at and to give back.
  private static let stories:
    [(
      what: String, next: [String], deletes: Bool, waits: [String], status: String,
      back: [String]
    )] = [
      ("mended", [good, mended], false, [], "superseded", [good, mended]),
      ("mended in front", [mended, good], false, [], "superseded", [mended, good]),
      ("damaged in another way", [good, worse], false, [worse], "superseded", [good, worse]),
      ("as before", [good, bad], true, [bad], "outstanding", [good, bad]),
      ("gone, and kept", [good], false, [bad], "outstanding", [good, bad]),
      ("gone", [good], true, [], "gone", [good]),
      ("all gone", [], true, [], "gone", []),
    ]

  @Test func `a rejected row is what the newest export says of it`() throws {
    for (what, next, deletes, waits, status, back) in Self.stories {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        try migrate(Self.export(Self.good, Self.bad), into: store)
        let before = try (hash(store), bundle(store), waiting(store))
        let export = "{\"agent_message\":[" + next.joined(separator: ",") + "]}\n"
        let report = try migrate(export, into: store, deleting: deletes)
        #expect(report.ledger.isBalanced, "\(what)")
        #expect(report.deletedInSource == 2 - next.count, "\(what)")
        #expect(try waiting(store) == waits, "\(what)")
        #expect(try self.status(1, store) == status, "\(what)")
        #expect(
          try bundle(store) == "{\"agent_message\":[" + back.joined(separator: ",") + "]}\n",
          "\(what)")
        let verified = try verify(store)
        #expect(verified.isIdentical, "\(what): \(verified.text)")
        // The same export again changes nothing, and has nothing new to retry.
        let after = try (hash(store), bundle(store))
        try migrate(export, into: store, deleting: deletes)
        let retry = try Migration(.retryingRejects(), store: store).run()
        #expect(
          retry.ledger.totals == .init(read: waits.count, rejected: waits.count), "\(what)")
        #expect(try (hash(store), bundle(store)) == after, "\(what)")
        let check = try StoreCheck(Store(path: store))
        #expect(check.isSound, "\(what): \(check.text)")
        for run in try RunList(Store(path: store)).runs.map(\.runID).dropLast() {
          _ = try Rollback(run, store: store).run()
        }
        #expect(try (hash(store), bundle(store)) == (before.0, before.1), "\(what)")
        #expect(try waiting(store) == before.2, "\(what)")
      }
    }
  }

  @Test func `an export that lacks the table says nothing of its rejects`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate(Self.export(Self.bad, Self.nothing), into: store)
      let report = try migrate(#"{"custom":[{"id":1}]}"#, into: store, deleting: true)
      #expect(report.deletedInSource == 0)
      #expect(try waiting(store).count == 2)
    }
  }

  @Test func `a dismissed reject is still v4's, until the row is mended or gone`() throws {
    for (next, status, back) in [
      (Self.export(Self.bad, Self.good), "dismissed", Self.export(Self.bad, Self.good)),
      (Self.export(Self.mended), "superseded", Self.export(Self.mended)),
      (Self.export(Self.good), "gone", Self.export(Self.good)),
    ] {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        try migrate(Self.export(Self.bad), into: store)
        _ = try RejectDismissal([1], reason: "known").run(in: Store(path: store))
        try migrate(next, into: store, deleting: true)
        let list = try RejectList(Store(path: store), number: 1)
        #expect(list.json["rejects"]?.elements?.first?["status"]?.text == status)
        #expect(list.detail.contains("known"))
        #expect(try bundle(store) == back)
      }
    }
  }

  @Test func `a row that v4 has damaged is given back once, as it is now`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate(Self.export(Self.good, Self.mended), into: store)
      let damaged = Self.export(Self.good, Self.bad)
      let report = try migrate(damaged, into: store)
      #expect(report.ledger.totals.rejected == 1)
      #expect(try bundle(store) == damaged)
      #expect(try bundle(store, withNew: true) == damaged)
      // And as it was when it is mended.
      try migrate(Self.export(Self.good, Self.mended), into: store)
      #expect(try waiting(store).isEmpty)
      #expect(try bundle(store) == Self.export(Self.good, Self.mended))
    }
  }

  @Test
  func `a damaged first row of an export is known by its id, and given back beside what it was`()
    throws
  {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      let good = #"{"message_id":"1","content":"x"}"#
      try migrate(Self.export(good), into: store)
      let lines = folder + "/lines.ndjson"
      try write(
        Array("{\"message_id\":\"1\",\"content\":\"".utf8) + [0xff] + Array("\"}\n".utf8), to: lines
      )
      var options = MigrationOptions(exports: [lines])
      options.table = "agent_message"
      let report = try Migration(options, store: store).run()
      #expect(report.ledger.totals.rejected == 1)
      let reject = try RejectList(Store(path: store)).json["rejects"]?.elements?.first
      #expect(reject?["v4_id"]?.text == "1")
      #expect(try bundle(store).contains(good))
      options.appliesDeletes = true
      _ = try Migration(options, store: store).run()
      #expect(try !bundle(store).contains(good))
    }
  }

  @Test func `what is retried though v4 has it no more counts as gone`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      let orphan = #"{"message_id":"2","from_agent":"ghost","content":"y"}"#
      try migrate(Self.export(orphan), into: store, orphans: .reject)
      try migrate(Self.export(), into: store, orphans: .reject)
      let retry = try Migration(.retryingRejects(), store: store).run()
      #expect(retry.ledger.totals.imported == 1)
      let verified = try verify(store)
      #expect(verified.isIdentical && verified.deletedInSource.count == 1, "\(verified.text)")
      let report = try migrate(Self.export(), into: store, deleting: true)
      #expect(report.deletedInSource == 1)
      #expect(try bundle(store) == Self.export())
    }
  }

  /// Rows that cannot be taken apart, in lines, and what is known of each.
  private static let fragments: [(row: [UInt8], id: String?)] = [
    (Array(#"{"message_id":"2","content":"cut o"#.utf8), "2"),
    (Array(#"{"content":{"a":["}",1]},"message_id" : 2 ,"x":"#.utf8), "2"),
    (Array(#"{"content":"\u12","message_id":"2"}"#.utf8), "2"),
    (Array("{\"message_id\":\"2\",\"content\":\"".utf8) + [0xff] + Array("\"}".utf8), "2"),
    (Array(#"{"message_id":"2","content":"y","content":"y"}"#.utf8), "2"),
    (
      Array((#"{"message_id":"2","content":""# + String(repeating: "y", count: 9000) + "\"}").utf8),
      "2"
    ),
    (Array(#"{"message_id":2"#.utf8), nil),
    (Array(#"{"message_id":"\q","x"#.utf8), nil),
    (Array(#"{"message_id":{"some":"2"},"x"#.utf8), nil),
    (Array("{\"message_id\":\"2".utf8) + [0xff] + Array("\",\"content\":\"y\"}".utf8), nil),
    (Array(#"{"from_agent":"a""#.utf8), nil),
    (Array("nothing".utf8), nil),
    (Array("{".utf8), nil),
  ]

  @Test func `what cannot be taken apart is known by its id and settled when it is mended`() throws
  {
    for (row, id) in Self.fragments {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        let path = folder + "/x.ndjson"
        var options = MigrationOptions(exports: [path])
        options.table = "agent_message"
        options.maxRowBytes = 8000
        try write(Array((Self.good + "\n").utf8) + row + [0x0a], to: path)
        _ = try Migration(options, store: store).run()
        let listed = try RejectList(Store(path: store)).json["rejects"]?.elements ?? []
        #expect(listed.map { $0["v4_id"]?.text } == [id])
        // The same row again, under a limit that makes another reason, is the same reject.
        options.maxRowBytes = 7000
        _ = try Migration(options, store: store).run()
        #expect(try RejectList(Store(path: store)).rejects.map(\.number) == [1])
        try write(Self.good + "\n" + Self.mended + "\n", to: path)
        _ = try Migration(options, store: store).run()
        #expect(
          try waiting(store).isEmpty == (id != nil),
          "\(String(decoding: row.prefix(80), as: UTF8.self))")
        if id != nil { #expect(try bundle(store) == Self.export(Self.good, Self.mended)) }
        options.appliesDeletes = true
        _ = try Migration(options, store: store).run()
        #expect(try waiting(store).isEmpty)
        #expect(try bundle(store) == Self.export(Self.good, Self.mended))
      }
    }
  }

  @Test func `a row that was too large and may be larger now is there once`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      let large = #"{"message_id":"2","content":""# + String(repeating: "y", count: 5000) + "\"}"
      try write(Self.export(Self.good, large), to: folder + "/x.json")
      var options = MigrationOptions(exports: [folder + "/x.json"])
      options.maxRowBytes = 3000
      #expect(try Migration(options, store: store).run().ledger.totals.rejected == 1)
      options.maxRowBytes = 30_000
      #expect(try Migration(options, store: store).run().ledger.totals.imported == 1)
      #expect(try waiting(store).isEmpty)
      #expect(try bundle(store) == Self.export(Self.good, large))
    }
  }

  @Test func `a member that is no table is what the newest export has under its name`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      func export(_ members: String) -> String {
        "{\"agent_message\":[" + Self.good + "]" + members + "}\n"
      }
      let history = [
        #","exported_at":"2025-06-01""#, #","exported_at":"2025-06-02""#, #","exported_at":[]"#,
        #","exported_at":3"#,
      ]
      var runs: [String] = []
      for members in history {
        runs.append(try migrate(export(members), into: store).runID)
        #expect(try bundle(store) == export(members))
        let verified = try verify(store)
        #expect(verified.isIdentical, "\(verified.text)")
        #expect(try waiting(store).count == (members.hasSuffix("[]") ? 0 : 1))
      }
      for members in history.reversed() {
        #expect(try bundle(store) == export(members))
        if let run = runs.popLast() { _ = try Rollback(run, store: store).run() }
      }
    }
  }

  /// An export in which some rows cannot be understood this time.
  private static func damaged(_ export: String, _ dice: inout SeededDice) throws -> String {
    let tables = try JSON.parse(export).members ?? []
    return JSONWriter.compact(
      .object(
        tables.map { table in
          let rows = (table.value.elements ?? []).map { row -> JSON in
            guard dice.once(in: 6) else { return row }
            return .object(
              (row.members ?? []).map { member in
                switch member.name {
                case "timestamp", "created_at": .init(member.name, .string("never"))
                case "progress": .init(member.name, .int(900))
                case "capability_type": .init(member.name, .array([]))
                default: member
                }
              })
          }
          return .init(table.name, .array(rows))
        }))
  }

  @Test(arguments: PropertyTests.seeds.prefix(6))
  func `many exports with rejected rows and deletions are the last one alone`(
    _ seed: UInt64
  ) throws {
    try withTemporaryFolder { folder in
      var dice = SeededDice(seed: seed)
      var deployment = Deployment(seed: seed)
      let (all, last) = (folder + "/all.db", folder + "/last.db")
      var history: [(run: String, hash: String, bundle: String, waits: [String])] = []
      var export = ""
      for _ in 0..<4 {
        export = try Self.damaged(deployment.export(), &dice)
        let report = try migrate(export, into: all, deleting: true)
        #expect(try bundle(all) == export + "\n")
        let verified = try verify(all)
        #expect(verified.isIdentical, "\(verified.text)")
        history.append((report.runID, try hash(all), try bundle(all), try waiting(all)))
        #expect(history.last?.waits.count == report.ledger.totals.rejected)
        for _ in 0..<12 { deployment.live() }
      }
      try migrate(export, into: last)
      let differences = StoreDump.differences(
        try StoreDump.marketplace(of: all), try StoreDump.marketplace(of: last))
      #expect(differences == [])
      #expect(try waiting(all).sorted() == waiting(last).sorted())
      while let newest = history.popLast(), let older = history.last {
        _ = try Rollback(newest.run, store: all).run()
        #expect(try hash(all) == older.hash)
        #expect(try bundle(all) == older.bundle)
        #expect(try waiting(all) == older.waits)
      }
    }
  }

  @Test func `rejects of several deployments are told apart, and retried by name`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try write(Self.export(Self.bad), to: folder + "/x.json")
      var options = MigrationOptions(exports: [folder + "/x.json"])
      options.source = "one"
      _ = try Migration(options, store: store).run()
      let sources = try KnownSources(Store(path: store))
      #expect(try sources.choose(nil) == "one")
      #expect(throws: AgoraError.self) { try sources.choose("other") }
      options.source = MigrationOptions(exports: []).source
      _ = try Migration(options, store: store).run()
      let both = try KnownSources(Store(path: store))
      #expect(try both.choose(nil, prefersDefault: true) == options.source)
      let error = #expect(throws: AgoraError.self) { try both.choose(nil) }
      #expect(error?.code == .misuse)
      let list = try RejectList(Store(path: store))
      let listed = list.json["rejects"]?.elements ?? []
      #expect(listed.map { $0["source"]?.text } == ["one", options.source])
      #expect(listed.allSatisfy { $0["run_id"]?.text?.hasPrefix("run_") == true })
      #expect(list.text.contains("one"))
      // Of one deployment nothing is said of the other's rows.
      try write(Self.export(Self.mended), to: folder + "/x.json")
      _ = try Migration(options, store: store).run()
      #expect(try RejectList(Store(path: store)).rejects.map(\.number) == [1])
    }
  }

  /// What a store of before says: rejects in three states, one of them in pieces.
  @Test func `rejects of an older store keep what has become of them`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      let old = try Connection(path: store, mode: .create)
      try old.transaction {
        for step in SchemaStep.all.prefix(while: { $0.name != "how rejects end" }) {
          try old.execute(step.sql, name: step.name)
        }
        try old.execute(
          """
          INSERT INTO rejects(number,run,source,v4_table,file,byte_offset,ordinal,code,reason,row,status)
            VALUES(1,1,'s','t','f',0,1,'bad_json','r','1','outstanding'),
              (2,1,'s','t','f',2,2,'bad_json','r','2','retried'),
              (7,1,'s','t','f',4,3,'too_large','r',NULL,'dismissed');
          INSERT INTO reject_chunks(rowid,number,chunk,bytes) VALUES(4,7,0,x'31'),(9,7,1,x'32');
          PRAGMA application_id=\(SchemaUpgrade.applicationID);
          PRAGMA user_version=\(SchemaStep.all.firstIndex { $0.name == "how rejects end" } ?? 0);
          """, name: "test")
      }
      let check = try StoreCheck(Store(path: store))
      #expect(check.isSound, "\(check.text)")
      let statuses = try [1, 2, 7].map { try status($0, store) }
      #expect(statuses == ["outstanding", "retried", "dismissed"])
      let pieces = try Connection(path: store, mode: .readOnly).all(
        Query("test", "SELECT rowid FROM reject_chunks WHERE number=7 ORDER BY chunk"),
        map: { $0.int64(0) })
      #expect(pieces == [4, 9])
    }
  }
}
