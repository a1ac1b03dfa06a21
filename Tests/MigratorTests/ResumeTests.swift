import AgoraStore
import Migrator
import TestSupport
import Testing

/// Interrupted runs, and the same command again.
@Suite struct ResumeTests {
  /// Stops a run at the n-th look, as Control-C does.
  private final class Stop: ProgressObserver {
    private var left: Int
    init(at look: Int) { left = look }

    private func look() throws {
      left -= 1
      if left == 0 { throw AgoraError.interrupted }
    }

    func began(bytes: Int?, read: @escaping () -> Int) {}
    func reading(rows: Int) throws { try look() }
    func loading(rows: Int, of total: Int) throws { try look() }
    func finishing() throws { try look() }
    func ended() {}
  }

  private func isInterrupted(_ options: MigrationOptions, _ store: String, at look: Int) throws
    -> Bool
  {
    do {
      _ = try Migration(options, store: store, progress: Stop(at: look)).run()
      return false
    } catch let error as AgoraError where error.code == .interrupted {
      return true
    }
  }

  @Test(arguments: ExportFixture.cases)
  func `a run that is stopped anywhere goes on to the same store`(_ name: String) throws {
    try withTemporaryFolder { folder in
      var (options, fails) = try ExportFixture.settings(of: name)
      guard fails == nil else { return }
      let undisturbed = try Migration(options, store: folder + "/whole.db").run()
      let expected = try StoreDump.all(of: folder + "/whole.db")
      options.checkpointInterval = 1
      for look in [1, 2, 3, 5, 8, 13, 21, 34, 55] {
        let store = "\(folder)/\(look).db"
        guard try isInterrupted(options, store, at: look) else { break }
        let left = try names(in: folder).filter { $0.hasPrefix("\(look).db") }
        #expect(left.contains("\(look).db.migrating") && !left.contains("\(look).db"))
        let report = try Migration(options, store: store).run()
        let after = try names(in: folder).filter { $0.hasPrefix("\(look).db") }
        #expect(after == ["\(look).db"])
        #expect(report.isResumed, "look \(look)")
        #expect(report.ledger == undisturbed.ledger, "look \(look)")
        let found = try StoreDump.all(of: store)
        #expect(StoreDump.differences(expected, found) == [], "look \(look)")
      }
    }
  }

  @Test func `a run that is stopped again and again comes to its end, as one run`() throws {
    try withTemporaryFolder { folder in
      let export = folder + "/export.json"
      try write(Deployment(seed: 11).export(), to: export)
      var options = MigrationOptions(exports: [export])
      _ = try Migration(options, store: folder + "/whole.db").run()
      options.checkpointInterval = 1
      let store = folder + "/agora.db"
      var stops = 0
      while try isInterrupted(options, store, at: 4 * (stops + 1)) { stops += 1 }
      #expect(stops > 3)
      let hash = try Store(path: store).contentHash()
      #expect(try Store(path: folder + "/whole.db").contentHash() == hash)
      let runs = try RunList(Store(path: store)).runs
      #expect(runs.count == 1)
    }
  }

  private static let one =
    #"{"agent_message":[{"message_id":"1","content":"a"},{"message_id":"2","content":"b"}]}"#

  /// What happens between the two commands, and whether the second one may go on.
  @Test func `only the same command on the same exports and the same machine goes on`() throws {
    let cases: [(String, goesOn: Bool, (inout MigrationOptions) throws -> Void)] = [
      ("nothing", true, { _ in }),
      ("orphans", true, { $0.orphans = .keep }),
      ("another source", false, { $0.source = "other" }),
      ("another limit", false, { $0.maxRowBytes = 1000 }),
      ("a power cut", false, { $0.bootIdentity = "another" }),
      ("no word of the machine's start", false, { $0.bootIdentity = nil }),
      (
        "another first row", false,
        { try write(Self.one.split(separator: "a\"").joined(separator: "A\""), to: $0.exports[0]) }
      ),
      ("a shorter export", false, { try write(#"{"agent_message":[]}"#, to: $0.exports[0]) }),
      (
        "one more row", true,
        { options in
          let longer = Self.one.dropLast(2) + #",{"message_id":"3"}]}"#
          try write(String(longer), to: options.exports[0])
        }
      ),
    ]
    for (what, goesOn, change) in cases {
      try withTemporaryFolder { folder in
        try write(Self.one, to: folder + "/export.json")
        var options = MigrationOptions(exports: [folder + "/export.json"])
        options.checkpointInterval = 1
        let store = folder + "/agora.db"
        let isStopped = try isInterrupted(options, store, at: 3)
        #expect(isStopped)
        try change(&options)
        let report = try Migration(options, store: store).run()
        #expect(report.isResumed == goesOn, "\(what)")
        #expect(report.warnings.isEmpty == goesOn, "\(what): \(report.warnings)")
        _ = try Migration(options, store: folder + "/anew.db").run()
        let differences = StoreDump.differences(
          try StoreDump.all(of: folder + "/anew.db"), try StoreDump.all(of: store))
        #expect(differences == [], "\(what)")
      }
    }
  }

  /// What may lie where a staging file is looked for.
  @Test func `whatever lies in the staging file's place is never taken for rows`() throws {
    for leftover in ["", "not a database at all", String(repeating: "x", count: 8192)] {
      try withTemporaryFolder { folder in
        try write(Self.one, to: folder + "/export.json")
        try write(leftover, to: folder + "/agora.db.migrating")
        try write(leftover, to: folder + "/agora.db.migrating-journal")
        let report = try Migration(
          MigrationOptions(exports: [folder + "/export.json"]), store: folder + "/agora.db"
        ).run()
        #expect(report.ledger.totals.imported == 2 && !report.isResumed)
        #expect(try names(in: folder) == ["agora.db", "export.json"])
      }
    }
  }

  @Test func `a store that has its staging file's name still is not opened by it`() throws {
    try withTemporaryFolder { folder in
      try write(Self.one, to: folder + "/export.json")
      let options = MigrationOptions(exports: [folder + "/export.json"])
      _ = try Migration(options, store: folder + "/agora.db").run()
      // As a run leaves it that was killed between giving the store its name and taking the other.
      try File.link(folder + "/agora.db", to: folder + "/agora.db.migrating")
      let report = try Migration(options, store: folder + "/agora.db").run()
      #expect(report.ledger.totals.unchanged == 2)
      #expect(try names(in: folder) == ["agora.db", "export.json"])
    }
  }

  @Test func `a run does not go on in another store that happens to have equal numbers`() throws {
    try withTemporaryFolder { folder in
      let tables = [
        #""agent_message":[{"message_id":"1","content":"a"}]"#,
        #""agent_capability":[{"capability_id":"1","agent_id":"a","capability_type":"t"}]"#,
      ]
      for (name, order) in [("one", tables), ("other", tables.reversed())] {
        try write("{" + order.joined(separator: ",") + "}", to: "\(folder)/\(name).json")
        _ = try Migration(
          MigrationOptions(exports: ["\(folder)/\(name).json"]), store: "\(folder)/\(name).db"
        ).run()
      }
      try write(Self.one, to: folder + "/delta.json")
      var options = MigrationOptions(exports: [folder + "/delta.json"])
      options.checkpointInterval = 1
      let isStopped = try isInterrupted(options, folder + "/one.db", at: 3)
      #expect(isStopped)
      try File.rename(folder + "/other.db", to: folder + "/one.db")
      let report = try Migration(options, store: folder + "/one.db").run()
      #expect(!report.isResumed && report.warnings.count == 1)
      let verified = try Verification(options, store: folder + "/one.db").run()
      #expect(verified.mismatches.isEmpty && verified.missing.isEmpty, "\(verified.text)")
    }
  }

  private static let many =
    #"{"agent_message":[{"message_id":"1","content":"first"},{"message_id":"2","x":7,"x":7},"#
    + #"{"message_id":"3","content":"third"},{"message_id":"4","content":"fourth"}]}"#

  @Test func `what the disk has changed in a staged row is not gone on with`() throws {
    let damages = [
      "UPDATE v4_rows SET text=replace(text,'first','worst')",
      "UPDATE v4_rows SET v5_id=replace(v5_id,'msg_','msh_')", "UPDATE v4_rows SET ordinal=9",
      "DELETE FROM v4_rows WHERE row=1", "UPDATE rejects SET row=replace(row,'7','8')",
      "UPDATE v4_files SET path='elsewhere'", "UPDATE v4_tables SET name='agent_massage'",
    ]
    for damage in damages {
      try withTemporaryFolder { folder in
        try write(Self.many, to: folder + "/export.json")
        var options = MigrationOptions(exports: [folder + "/export.json"])
        options.checkpointInterval = 1
        let store = folder + "/agora.db"
        let isStopped = try isInterrupted(options, store, at: 4)
        #expect(isStopped)
        try Connection(path: store + ".migrating", mode: .readWrite).execute(damage)
        let report = try Migration(options, store: store).run()
        #expect(!report.isResumed && report.warnings.count == 1, "\(damage): \(report.warnings)")
        #expect(report.warnings.first?.contains("damaged") == true, "\(damage)")
        let verified = try Verification(options, store: store).run()
        #expect(verified.isIdentical, "\(damage): \(verified.text)")
      }
    }
  }

  @Test func `a flipped byte anywhere in a staging file does not get into the store`() throws {
    try withTemporaryFolder { folder in
      try write(Self.many, to: folder + "/export.json")
      var options = MigrationOptions(exports: [folder + "/export.json"])
      _ = try Migration(options, store: folder + "/whole.db").run()
      let whole = try StoreDump.all(of: folder + "/whole.db")
      options.checkpointInterval = 1
      let store = folder + "/agora.db"
      let isStopped = try isInterrupted(options, store, at: 4)
      #expect(isStopped)
      let staged = try File.contents(store + ".migrating")
      let text = Array("first".utf8)
      let row = try #require(
        staged.indices.first { staged[$0...].starts(with: text) }, "the row lies in the file")
      for place in [row, row + 1, row - 30, 20, 40, 100, 4096, staged.count - 100] {
        for suffix in ["", "-journal", "-wal", "-shm", ".migrating"] {
          try File.remove(store + suffix)
        }
        var damaged = staged
        damaged[place] ^= 0x04
        try write(damaged, to: store + ".migrating")
        _ = try Migration(options, store: store).run()
        let found = try StoreDump.all(of: store)
        #expect(StoreDump.differences(whole, found) == [], "byte \(place)")
      }
    }
  }

  @Test func `what the disk has changed in a loaded file does not get the store's name`() throws {
    let damages = [
      "UPDATE v4_rows SET text=replace(text,'first','worst')",
      "UPDATE rejects SET row=replace(row,'7','8')",
      "UPDATE messages SET content='worst' WHERE content='first'", "UPDATE v4_rows SET epoch=0",
    ]
    for damage in damages {
      try withTemporaryFolder { folder in
        try write(Self.many, to: folder + "/export.json")
        let options = MigrationOptions(exports: [folder + "/export.json"])
        let store = folder + "/agora.db"
        var look = 0
        var isLoaded = false
        while !isLoaded {
          look += 1
          guard try isInterrupted(options, store, at: look) else { break }
          let left = try Connection(path: store + ".migrating", mode: .readWrite)
          let loaded = Query("loaded", "SELECT count(loaded) FROM staging")
          isLoaded = try left.integer(loaded) == 1
          if isLoaded { try left.execute(damage) }
        }
        #expect(isLoaded)
        let report = try Migration(options, store: store).run()
        let isSame = damage.hasSuffix("epoch=0")
        #expect(report.isResumed == isSame && report.warnings.isEmpty == isSame, "\(damage)")
        let verified = try Verification(options, store: store).run()
        #expect(verified.isIdentical, "\(damage): \(verified.text)")
        #expect(try bundle(store) == Self.many + "\n", "\(damage)")
      }
    }
  }
}
