import AgoraStore
import Migrator
import TestSupport
import Testing

/// Rejected rows in recordings of v4's changes, which may delete them again.
@Suite struct RecordedDeletionTests {
  private static let good = #"{"message_id":"1","from_agent":"a","content":"x","timestamp":5}"#
  private static let bad = #"{"message_id":"2","content":"y","timestamp":"never"}"#
  private static let worse = #"{"message_id":"2","content":"y","timestamp":"not ever"}"#
  private static let mended = #"{"message_id":"2","content":"y","timestamp":7}"#
  private static let twice = #"{"message_id":"3","content":"y","content":"z"}"#
  private static let orphan = #"{"message_id":"4","from_agent":"ghost","content":"y"}"#
  private static let large =
    #"{"message_id":"5","content":""# + String(repeating: "z", count: 4000) + "\"}"
  private static let keyless =
    #"{"content":""# + String(repeating: "k", count: 4000) + "\"}"

  /// What a recording inserts and deletes, change by change; how many rejected rows wait afterwards without
  /// and with deletions, and what has become of all that were kept with them.
  private static let stories:
    [(changes: [(deletes: [String], inserts: [String])], waits: (Int, Int), ends: [String])] = [
      ([([], [good, bad])], (1, 1), ["outstanding"]),
      ([([], [good, bad]), ([bad], [])], (1, 0), []),
      ([([], [good, bad]), ([bad], [mended])], (0, 0), ["superseded"]),
      ([([], [good, bad]), ([bad], [worse])], (1, 1), ["outstanding", "superseded"]),
      ([([], [good, bad]), ([bad], []), ([], [bad])], (1, 1), ["outstanding", "superseded"]),
      ([([], [good, twice]), ([twice], [])], (1, 0), ["gone"]),
      ([([], [good, "17"]), (["17"], [])], (1, 0), ["gone"]),
      ([([], [good, orphan]), ([orphan], [])], (1, 0), []),
      ([([], [good, large, keyless]), ([large, keyless], [])], (2, 0), ["gone", "gone"]),
      ([([], [good, large, keyless]), ([keyless], [])], (2, 1), ["gone", "outstanding"]),
      ([([], [good, "17", "18"]), (["18"], [])], (2, 1), ["gone", "outstanding"]),
    ]

  private func migrate(
    _ recording: String, into store: String, deleting: Bool
  ) throws -> MigrationReport {
    try write(recording, to: store + ".json")
    var options = MigrationOptions(exports: [store + ".json"])
    options.maxRowBytes = 3000
    options.orphans = .reject
    options.appliesDeletes = deleting
    return try Migration(options, store: store).run()
  }

  @Test func `a rejected row that its recording deletes again is gone, and deletes are no rows`()
    throws
  {
    for (index, (changes, waits, ends)) in Self.stories.enumerated() {
      let recording =
        changes.map {
          #"{"agent_capability":{"deletes":[],"inserts":[{"capability_id":"1","agent_id":"a"}]},"agent_message":{"#
            + "\"deletes\":[\($0.deletes.joined(separator: ","))],"
            + "\"inserts\":[\($0.inserts.joined(separator: ","))]}}\n"
        }.joined()
      let inserted = changes.reduce(0) { $0 + $1.inserts.count }
      for deletes in [false, true] {
        try withTemporaryFolder { folder in
          let store = folder + "/s.db"
          let what = "\(index) \(deletes)"
          let first = try migrate(recording, into: store, deleting: deletes)
          #expect(first.ledger.isBalanced && first.ledger["agent_message"].read == inserted)
          let waiting = try RejectList(Store(path: store))
          #expect(waiting.rejects.count == (deletes ? waits.1 : waits.0), "\(what)")
          func all() throws -> JSON {
            try RejectList(Store(path: store), includingSettled: true).json
          }
          let before = try (hash(store), all(), bundle(store))
          if deletes {
            #expect(
              before.1["rejects"]?.elements?.compactMap { $0["status"]?.text }.sorted() == ends,
              "\(what)")
          }
          let again = try migrate(recording, into: store, deleting: deletes)
          #expect(again.ledger.totals.rejected == first.ledger.totals.rejected, "\(what)")
          #expect(again.deletedInSource == first.deletedInSource, "\(what)")
          #expect(try (hash(store), all(), bundle(store)) == before, "\(what)")
          var options = MigrationOptions(exports: [store + ".json"])
          options.maxRowBytes = 3000
          let verified = try Verification(options, store: store).run()
          #expect(verified.isIdentical, "\(what): \(verified.text)")
          let check = try StoreCheck(Store(path: store))
          #expect(check.isSound, "\(what): \(check.text)")
          // What waited without deletions ends with them.
          guard !deletes else { return }
          let applied = try migrate(recording, into: store, deleting: true)
          #expect(try RejectList(Store(path: store)).rejects.count == waits.1, "\(what)")
          _ = try Rollback(applied.runID, store: store).run()
          #expect(try (hash(store), all(), bundle(store)) == before, "\(what)")
        }
      }
    }
  }

  /// Nothing tells that a new row without an id is an old one mended: like an imported row that v4 has no
  /// more, the rejected one stays and is given back until deletions are applied.
  @Test func `a rejected row without an id is gone when v4 has its text no more`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      func export(_ rows: String...) -> String {
        "{\"agent_message\":[" + rows.joined(separator: ",") + "]}\n"
      }
      let (bad, mended) = (
        #"{"content":"k","timestamp":"never"}"#, #"{"content":"k","timestamp":7}"#
      )
      _ = try migrate(export(Self.mended, bad), into: store, deleting: false)
      let report = try migrate(export(Self.mended, mended), into: store, deleting: false)
      #expect(report.deletedInSource == 1 && report.ledger.totals.rejected == 0)
      let waiting = try RejectList(Store(path: store))
      #expect(waiting.rejects.count == 1 && waiting.text.contains("gone from v4"))
      // Of two rows of one place the one that v4 has comes last.
      #expect(try bundle(store) == export(Self.mended, bad, mended))
      _ = try migrate(export(Self.mended, mended), into: store, deleting: true)
      #expect(try RejectList(Store(path: store)).rejects.isEmpty)
      #expect(try bundle(store) == export(Self.mended, mended))
    }
  }
}
