import AgoraStore
import Migrator
import TestSupport
import Testing

/// Rejected rows of an id that the store has rows of: newer versions of those, or other rows.
@Suite struct RejectedEpochTests {
  private static func export(_ table: String, _ rows: [String]) -> String {
    "{\"\(table)\":[" + rows.map { "{\($0)}" }.joined(separator: ",") + "]}\n"
  }

  /// What a first export and a second one have of an id, and what the bundle has then; nobody is `Z`.
  private static let stories:
    [(what: String, table: String, first: [String], second: [String], back: [String])] = {
      let task = #""task_id":"1","payload":"first""#
      let message = #""message_id":"1","content":"x","timestamp":5"#
      let step = #""step_id":"1","workflow_id":"w","step_name":"one""#
      func both(_ table: String, _ what: String, _ row: String, _ other: String) -> (
        String, String, [String], [String], [String]
      ) { (what, table, [row], [other], [row, other]) }
      func newer(_ table: String, _ what: String, _ row: String, _ other: String) -> (
        String, String, [String], [String], [String]
      ) { (what, table, [row], [other], [other]) }
      let other = task.replacingFirst("first", with: "second")
      return [
        both("task_queue", "an orphan of another epoch", task, other + #","agent_id":"Z""#),
        both("task_queue", "an unreadable row of another epoch", task, other + #","priority":{}"#),
        newer("task_queue", "an orphan's newer text", task, task + #","agent_id":"Z""#),
        newer("task_queue", "an unreadable newer text", task, task + #","priority":{}"#),
        newer(
          "agent_message", "an unreadable time", message,
          message.replacingFirst("5", with: "\"never\"")),
        both(
          "agent_message", "an unreadable time beside another content", message,
          #""message_id":"1","content":"y","timestamp":"never""#),
        both("agent_message", "what cannot be taken apart", message, message + #","content":"x""#),
        both(
          "agent_message", "another sender", message, message + #","from_agent":"Z""#),
        newer(
          "user_overrides", "a row without such fields", #""override_id":"1","level":2"#,
          #""override_id":"1","level":3,"timestamp":"never""#),
        (
          "one of two epochs", "task_queue", [task, other], [task + #","priority":{}"#, other],
          [task + #","priority":{}"#, other]
        ),
        (
          "both of two epochs", "task_queue", [task, other],
          [task + #","agent_id":"Z""#, other + #","priority":{}"#],
          [task + #","agent_id":"Z""#, other + #","priority":{}"#]
        ),
        (
          "several rejects of one id", "task_queue", [task],
          [other + #","priority":{}"#, other + #","agent_id":"Z""#],
          [task, other + #","priority":{}"#, other + #","agent_id":"Z""#]
        ),
        both("workflow_step", "a step of nowhere", step, #""step_id":"1","workflow_id":"Z""#),
        newer("workflow_step", "a step's orphaned text", step, step + #","agent":"Z""#),
      ]
    }()

  @Test func `a rejected row takes the place of the row that it is a version of, and of no other`()
    throws
  {
    for (what, table, first, second, back) in Self.stories {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        let workflow = #"{"workflow_coordination":[{"workflow_id":"w"}]}"#
        try migrate(workflow, into: store, orphans: .reject)
        func text(_ rows: [String]) -> String {
          #"{"workflow_coordination":[{"workflow_id":"w"}],"# + Self.export(table, rows).dropFirst()
        }
        var history: [(run: String, bundle: String)] = []
        func run(_ rows: [String], _ orphans: OrphanPolicy, _ back: [String]) throws {
          let report = try migrate(
            Self.export(table, rows), into: store, orphans: orphans)
          history.append((report.runID, try bundle(store)))
          #expect(history.last?.bundle == text(back), "\(what)")
          let verified = try verify(store)
          #expect(verified.isIdentical, "\(what): \(verified.text)")
        }
        try run(first, .reject, first)
        try run(second, .reject, back)
        // What v4 has no more is given back as it was last.
        try run([], .reject, back)
        if let last = history.popLast() { _ = try Rollback(last.run, store: store).run() }
        #expect(try bundle(store) == text(back), "\(what)")
        let retry = try Migration(.retryingRejects(), store: store).run()
        #expect(retry.ledger.isBalanced, "\(what)")
        history.append((retry.runID, try bundle(store)))
        #expect(history.last?.bundle == text(back), "\(what)")
        try run(second, .stub, back)
        while let newest = history.popLast(), let older = history.last {
          _ = try Rollback(newest.run, store: store).run()
          #expect(try bundle(store) == older.bundle, "\(what)")
        }
        let check = try StoreCheck(Store(path: store))
        #expect(check.isSound, "\(what): \(check.text)")
      }
    }
  }

  /// What an export rejects, the next one has, and whether that settles the reject.
  private static let successors: [(rejected: String, next: String, isSettled: Bool)] = {
    let row = #""message_id":"1","content":"x","timestamp":5"#
    return [
      (row + #","from_agent":"Z""#, row, true),
      (row + #","from_agent":"Z""#, row + #","priority":{}"#, true),
      (row + #","from_agent":"Z""#, #""message_id":"1","content":"y","timestamp":5"#, false),
      (row + #","from_agent":"Z""#, #""message_id":"1","content":"x","timestamp":6"#, false),
      (row + #","from_agent":"Z""#, #""message_id":"1","content":"y","priority":{}"#, false),
      (#""message_id":"1","content":"x","timestamp":"never""#, row, true),
      (#""message_id":"1","content":"y","timestamp":"never""#, row, false),
      (row + #","content":"x""#, row, true),
    ]
  }()

  @Test func `a reject waits while the export has only other rows of its id`() throws {
    for (rejected, next, isSettled) in Self.successors {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        try migrate(Self.export("agent_message", [rejected]), into: store, orphans: .reject)
        let before = try bundle(store)
        let second = Self.export("agent_message", [next])
        let report = try migrate(second, into: store, orphans: .reject)
        let what = "\(rejected) \(next)"
        #expect(report.deletedInSource == (isSettled ? 0 : 1), "\(what)")
        let rows = try bundle(store).ranges(of: "message_id").count
        #expect(rows == (isSettled ? 1 : 2), "\(what)")
        let deleting = try migrate(second, into: store, deleting: true, orphans: .reject)
        #expect(try bundle(store) == second, "\(what)")
        for run in [deleting, report] { _ = try Rollback(run.runID, store: store).run() }
        #expect(try bundle(store) == before, "\(what)")
      }
    }
  }
}

extension String {
  /// The text with the first occurrence of a part replaced.
  fileprivate func replacingFirst(_ part: String, with other: String) -> String {
    guard let range = firstRange(of: part) else { return self }
    return String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
  }
}
