import AgoraStore
import Migrator
import TestSupport
import Testing

/// Rejected rows that a person has said need nothing more.
@Suite struct RejectDismissalTests {
  private static let export = #"{"agent_message":[17,18,{"message_id":"2","timestamp":"never"}]}"#
  private static let noon = Clock { Timestamp(microseconds: 1_750_000_000_000_000) }

  private func statuses(_ store: String) throws -> [String?] {
    try RejectList(Store(path: store), includingSettled: true).json["rejects"]?.elements?.map {
      $0["status"]?.text
    } ?? []
  }

  @Test func `several are dismissed together or not at all, with who and when`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/s.db"
      try migrate(Self.export, into: path)
      let store = try Store(path: path)
      for (numbers, part) in [([1, 9], "no reject 9"), ([9], "no reject 9")] {
        let error = #expect(throws: AgoraError.self) {
          try RejectDismissal(numbers, reason: "x").run(in: store)
        }
        #expect(error?.code == .notFound && error?.message.contains(part) == true)
      }
      #expect(try statuses(path) == ["outstanding", "outstanding", "outstanding"])
      let done = try RejectDismissal([3, 1, 3], reason: "noise", by: "ann", clock: Self.noon)
        .run(in: store)
      #expect(done.rejects.map(\.number) == [3, 1])
      for reject in done.json["rejects"]?.elements ?? [] {
        #expect(reject["status_reason"] == .string("noise"))
        #expect(reject["dismissed_by"] == .string("ann"))
        #expect(reject["dismissed_at"] == .string(Self.noon.now().description))
      }
      #expect(try statuses(path) == ["dismissed", "outstanding", "dismissed"])
      let waiting = try RejectList(store)
      #expect(waiting.rejects.map(\.number) == [2])
      #expect(waiting.json["rejects"]?.elements?.first?["dismissed_by"] == .null)
      let all = try RejectList(store, includingSettled: true)
      let words = "dismissed by ann at \(Self.noon.now()): noise"
      #expect(all.text.contains(words) && !waiting.text.contains("ann"))
      #expect(try RejectList(store, number: 1).detail.contains("dismissed by ann"))
      // One that is dismissed already keeps the others as they are.
      #expect(throws: AgoraError.self) {
        try RejectDismissal([2, 3], reason: "again").run(in: store)
      }
      #expect(try statuses(path) == ["dismissed", "outstanding", "dismissed"])
    }
  }

  @Test func `a dismissal outlasts the rollback of the run before it`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/s.db"
      try migrate(Self.export, into: path)
      let before = try hash(path)
      // The rejects stand elsewhere now, which goes with the run; what was dismissed since does not.
      let moved =
        #"{"agent_message":[{"message_id":"1"},18,17,{"message_id":"2","timestamp":"x"}]}"#
      let second = try migrate(moved, into: path)
      let store = try Store(path: path)
      let new = try RejectList(store).rejects.map(\.number)
      #expect(new.count == 3)
      _ = try RejectDismissal(new, reason: "noise", by: "ann").run(in: store)
      _ = try Rollback(second.runID, store: path).run()
      // The third was superseded by a new one, which is gone with the run.
      #expect(try statuses(path) == ["dismissed", "dismissed", "outstanding"])
      let kept = try RejectList(store, number: 1).json["rejects"]?.elements?.first
      #expect(kept?["dismissed_by"] == .string("ann") && kept?["ordinal"] == .int(1))
      #expect(try hash(path) == before)
      let check = try StoreCheck(store)
      #expect(check.isSound, "\(check.text)")
    }
  }
}
