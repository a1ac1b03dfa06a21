import AgoraStore
import Migrator
import TestSupport
import Testing

/// Rows that stand several times in an export, some of them rejected.
@Suite struct RepeatedRejectTests {
  /// Imports an export that lies in one file or in two, as `agora migrate` would.
  private func migrate(
    _ tables: [(name: String, rows: [String])], into store: String, split: Bool = false,
    orphans: OrphanPolicy, deleting: Bool
  ) throws -> MigrationReport {
    var options = try written(tables, beside: store, split: split)
    options.orphans = orphans
    options.appliesDeletes = deleting
    return try Migration(options, store: store).run()
  }

  private func written(
    _ tables: [(name: String, rows: [String])], beside store: String, split: Bool
  ) throws -> MigrationOptions {
    func text(_ part: ([String]) -> ArraySlice<String>) -> String {
      "{"
        + tables.map { "\"\($0.name)\":[\(part($0.rows).joined(separator: ","))]" }
        .joined(separator: ",") + "}\n"
    }
    guard split else {
      try write(text { $0[...] }, to: store + ".json")
      return MigrationOptions(exports: [store + ".json"])
    }
    try write(text { $0.prefix($0.count / 2) }, to: store + ".1.json")
    try write(text { $0.dropFirst($0.count / 2) }, to: store + ".2.json")
    return MigrationOptions(exports: [store + ".1.json", store + ".2.json"])
  }

  private func rejects(_ store: String) throws -> JSON { try RejectList(Store(path: store)).json }

  // MARK: one row

  /// What an export says of one row, text by text, with the agents `k` (known) and `o` (nobody); what the
  /// store has of it afterwards, and which texts are rejected.
  private static let stories: [(texts: [String], stands: String?, rejected: [Int])] = [
    (["o1", "o2", "o3"], nil, [0, 1, 2]), (["o1", "o1"], nil, [0]), (["o1", "k2"], "k2", []),
    (["k1", "o2", "o3"], "k1", [1, 2]),
    (["o1", "k2", "o3"], "k2", [2]), (["k1", "o2", "k1"], "k1", []),
    (["k1", "k2", "o3"], "k2", [2]), (["k1", "x2"], "k1", [1]),
    (["o1", "o2"], nil, [0, 1]), (["k1", "o2"], "k1", [1]),
    (["k1", "k2", "o3", "o4", "k2", "o5"], "k2", [5]),
    (["x1", "k2", "o3", "x4"], "k2", [0, 2, 3]), (["x1", "o2", "k3"], "k3", [0]),
  ]

  /// A row of a text, in a table whose rows are records, steps or agents.
  private static let kinds: [(table: String, row: @Sendable (String) -> String)] = [
    (
      "task_queue",
      {
        #"{"task_id":"u","agent_id":"\#($0.prefix(1))","priority":\#($0.suffix(1)),"progress":\#($0.hasPrefix("x") ? 900 : 0)}"#
      }
    ),
    (
      "workflow_step",
      {
        #"{"step_id":"u","workflow_id":"w","agent":"\#($0.prefix(1))","x":\#($0.suffix(1)),"status":\#($0.hasPrefix("x") ? "[]" : "null")}"#
      }
    ),
    (
      "agent_registry",
      {
        #"{"agent_id":"u","agent_name":"u","supervisor_id":"\#($0.prefix(1))","x":\#($0.suffix(1)),"status":\#($0.hasPrefix("x") ? "[]" : "null")}"#
      }
    ),
  ]

  private static func tables(
    _ kind: (table: String, row: @Sendable (String) -> String), _ texts: [String]
  ) -> [(name: String, rows: [String])] {
    [
      ("agent_capability", [#"{"capability_id":"1","agent_id":"k","capability_type":"t"}"#]),
      ("workflow_coordination", [#"{"workflow_id":"w","coordinator_agent":"k"}"#]),
      (kind.table, texts.map(kind.row)),
    ]
  }

  @Test(arguments: kinds.indices)
  func `each text of a repeated row stands or is rejected by itself`(_ index: Int) throws {
    let kind = Self.kinds[index]
    // What a record does, steps and agents do by other ways to the same end: one story of each sort.
    let stories = index == 0 ? Self.stories : Self.stories.suffix(5)
    for (place, (texts, stands, rejected)) in stories.enumerated() {
      let deletes = place % 2 == 0
      try withTemporaryFolder { folder in
        let (store, alone) = (folder + "/s.db", folder + "/alone.db")
        let what = "\(kind.table) \(texts)"
        let export = Self.tables(kind, texts)
        let first = try migrate(export, into: store, orphans: .reject, deleting: deletes)
        let entry = first.ledger[kind.table]
        #expect(first.ledger.isBalanced && entry.rejected == rejected.count, "\(what)")
        #expect(entry.imported + entry.merged == (stands == nil ? 0 : 1), "\(what)")
        // The store is as if what stands were all that was ever said.
        _ = try migrate(
          Self.tables(kind, stands.map { [$0] } ?? []), into: alone, orphans: .reject,
          deleting: deletes)
        #expect(try hash(store) == hash(alone), "\(what)")
        let listed = try rejects(store)["rejects"]?.elements?.map { $0["ordinal"]?.integer }
        #expect(listed?.sorted { $0 ?? 0 < $1 ?? 0 } == rejected.map { $0 + 1 }, "\(what)")
        // Each reject lies where its text stands in the file.
        let file = Array(try contents(store + ".json").utf8)
        for reject in try rejects(store)["rejects"]?.elements ?? [] {
          let text = Array((reject["row"]?.text ?? "").utf8)
          let offset = reject["offset"]?.integer ?? 0
          #expect(Array(file.dropFirst(offset).prefix(text.count)) == text, "\(what)")
        }
        let before = try (hash(store), rejects(store), bundle(store))
        let again = try migrate(export, into: store, orphans: .reject, deleting: deletes)
        let totals = again.ledger.totals
        #expect(totals.rejected == rejected.count && again.ledger.isBalanced, "\(what)")
        #expect(totals.unchanged == totals.read - totals.rejected, "\(what): \(totals)")
        #expect(try (hash(store), rejects(store), bundle(store)) == before, "\(what)")
        let verified = try verify(store)
        #expect(verified.isIdentical, "\(what): \(verified.text)")
        // With stubs all that waited for an agent is as if it had been so in the first place.
        let retry = try Migration(.retryingRejects(), store: store).run()
        #expect(retry.ledger.isBalanced, "\(what)")
        #expect(
          retry.ledger.totals.rejected == texts.filter { $0.hasPrefix("x") }.count, "\(what)")
        _ = try migrate(export, into: folder + "/stubs.db", orphans: .stub, deleting: deletes)
        #expect(try hash(store) == hash(folder + "/stubs.db"), "\(what)")
        let check = try StoreCheck(Store(path: store))
        #expect(check.isSound, "\(what): \(check.text)")
      }
    }
  }

  /// A stored row, and what later exports say of it.
  private static let deltas: [[String]] = [
    ["k1", "k1 o2", "o2"], ["k1", "o2 k1 o3", "k4 o3"], ["k1", "o2 k3 o4", "k3 o4 k5 k6 o7"],
    ["o1 k2", "k2 o3", "k2"], ["k1 o2", "k1 k3", "o2 k3"],
  ]

  @Test func `a later export says of a repeated row what it would say alone`() throws {
    for kind in Self.kinds {
      for exports in kind.table == "task_queue" ? Self.deltas : Self.deltas.suffix(1) {
        try withTemporaryFolder { folder in
          let store = folder + "/s.db"
          var runs: [(run: String, hash: String, rejects: JSON)] = []
          for (index, texts) in exports.enumerated() {
            let what = "\(kind.table) \(exports.prefix(index + 1))"
            let tables = Self.tables(kind, texts.split(separator: " ").map(String.init))
            let alone = "\(folder)/\(index).db"
            _ = try migrate(tables, into: alone, orphans: .reject, deleting: true)
            let run = try migrate(tables, into: store, orphans: .reject, deleting: true)
            #expect(try hash(store) == hash(alone), "\(what)")
            #expect(try bundle(store) == bundle(alone), "\(what)")
            runs.append((run.runID, try hash(store), try rejects(store)))
            let again = try migrate(tables, into: store, orphans: .reject, deleting: true)
            let totals = again.ledger.totals
            #expect(totals.unchanged == totals.read - totals.rejected, "\(what): \(totals)")
            #expect(try (hash(store), rejects(store)) == (runs[index].1, runs[index].2), "\(what)")
            _ = try Rollback(again.runID, store: store).run()
            #expect(try (hash(store), rejects(store)) == (runs[index].1, runs[index].2), "\(what)")
          }
          while let newest = runs.popLast(), let older = runs.last {
            _ = try Rollback(newest.run, store: store).run()
            #expect(try (hash(store), rejects(store)) == (older.hash, older.rejects), "\(exports)")
          }
        }
      }
    }
  }

  @Test func `a repeated row stands where the export has it first, stored as it is or not`() throws
  {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      func row(_ id: String, _ level: Int) -> String {
        #"{"capability_id":"\#(id)","agent_id":"a","capability_type":"\#(id)","x":\#(level)}"#
      }
      let first = [("agent_capability", [row("1", 0), row("2", 0)])]
      let second = [("agent_capability", [row("1", 0), row("2", 0), row("1", 1)])]
      _ = try migrate(first, into: store, orphans: .stub, deleting: false)
      _ = try migrate(second, into: store, orphans: .stub, deleting: false)
      let once = try (hash(store), bundle(store))
      let again = try migrate(second, into: store, orphans: .stub, deleting: false)
      #expect(again.ledger.totals.unchanged == 3)
      #expect(try (hash(store), bundle(store)) == once)
      _ = try migrate(second, into: folder + "/alone.db", orphans: .stub, deleting: false)
      #expect(try hash(folder + "/alone.db") == once.0)
    }
  }

  @Test func `all texts of a known row go when its agent does`() throws {
    for kind in Self.kinds {
      try withTemporaryFolder { folder in
        let (store, alone) = (folder + "/s.db", folder + "/alone.db")
        func tables(_ agents: [String], _ texts: [String]) -> [(name: String, rows: [String])] {
          var tables = Self.tables(kind, texts)
          tables[0].rows += agents.map { #"{"capability_id":"\#($0)","agent_id":"\#($0)"}"# }
          return tables
        }
        _ = try migrate(tables(["a", "b"], ["b1"]), into: store, orphans: .reject, deleting: true)
        for texts in [["k1", "a1", "b1"], ["b1", "a1", "b1"]] {
          let known = try migrate(
            tables(["a", "b"], texts), into: store, orphans: .reject, deleting: true)
          #expect(known.ledger.totals.rejected == 0)
          let last = tables([], texts)
          let report = try migrate(last, into: store, orphans: .reject, deleting: true)
          _ = try migrate(last, into: alone, orphans: .reject, deleting: true)
          let what = "\(kind.table) \(texts)"
          #expect(report.ledger.isBalanced, "\(what)")
          #expect(try hash(store) == hash(alone), "\(what)")
          #expect(try bundle(store) == bundle(alone), "\(what)")
          let verified = try verify(store)
          #expect(verified.isIdentical, "\(what): \(verified.text)")
          let again = try migrate(last, into: store, orphans: .reject, deleting: true)
          #expect(
            again.ledger.totals.unchanged == again.ledger.totals.read
              - report.ledger.totals.rejected,
            "\(what)")
          _ = try Rollback(again.runID, store: store).run()
          _ = try Rollback(report.runID, store: store).run()
          _ = try Rollback(known.runID, store: store).run()
        }
      }
    }
  }

  // MARK: generated

  @Test(arguments: PropertyTests.seeds.prefix(6))
  func `an export with repeated and rejected rows is idle the second time`(_ seed: UInt64) throws {
    // Each policy has several seeds.
    let policy = OrphanPolicy.allCases[Int(seed % 3)]
    for deletes in [false, true] {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        var dice = SeededDice(seed: seed)
        let split = dice.once(in: 2)
        var rows = RepeatedRows(dice)
        for export in [rows.export(rows: 40), rows.export(rows: 40)] {
          let what = "\(policy) \(deletes) \(split)"
          let first = try migrate(
            export, into: store, split: split, orphans: policy, deleting: deletes)
          let before = try (hash(store), rejects(store), bundle(store))
          let again = try migrate(
            export, into: store, split: split, orphans: policy, deleting: deletes)
          let totals = again.ledger.totals
          #expect(first.ledger.isBalanced && again.ledger.isBalanced, "\(what)")
          #expect(totals.rejected == first.ledger.totals.rejected, "\(what)")
          #expect(totals.unchanged == totals.read - totals.rejected, "\(what): \(totals)")
          #expect(again.epochs == 0 && again.conflicts == 0, "\(what)")
          #expect(try (hash(store), rejects(store), bundle(store)) == before, "\(what)")
          let verified = try Verification(
            written(export, beside: store, split: split), store: store
          ).run()
          #expect(verified.isIdentical, "\(what): \(verified.text)")
          let check = try StoreCheck(Store(path: store))
          #expect(check.isSound, "\(what): \(check.text)")
        }
      }
    }
  }
}
