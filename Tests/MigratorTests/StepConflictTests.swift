import AgoraStore
import Migrator
import TestSupport
import Testing

/// Steps that v4 changes or adds while v5 works on their workflow.
@Suite struct StepConflictTests {
  private func names(_ store: String) throws -> String? {
    try Connection(path: store, mode: .readOnly).first(
      Query(
        "test",
        """
        SELECT group_concat(json_extract(j.value,'$.name')||' '||json_extract(j.value,'$.status'))
        FROM workflows, json_each(steps) j
        """), map: { $0.text(0) })
  }

  private static func export(_ steps: String...) -> String {
    #"{"workflow_coordination":[{"workflow_id":"w","created_at":5}],"workflow_step":["#
      + steps.map { "{" + $0 + "}" }.joined(separator: ",") + "]}"
  }

  private static let first =
    #""step_id":"1","workflow_id":"w","step_name":"one","status":"pending""#
  private static let done =
    #""step_id":"1","workflow_id":"w","step_name":"one","status":"completed""#
  private static let second =
    #""step_id":"2","workflow_id":"w","step_name":"two","status":"pending""#

  /// v5 adds a step to the workflow.
  private func addStep(_ store: String) throws {
    let step = IdentifierSource().next(.step).description
    try Connection(path: store, mode: .readWrite).execute(
      """
      UPDATE workflows SET source_hash=0, steps=json_insert(steps, '$[#]',
        json('{"step_id":"\(step)","name":"added","agent":null,"status":"pending"}'));
      INSERT INTO audit(audit_id, action, target) SELECT 'aud_01a20656000070008000000000000009', 'modified', workflow_id FROM workflows;
      """)
  }

  @Test func `a step that v4 changed and one that it added are listed with their fields`() throws {
    let sides: [(ConflictResolution.Side, steps: String)] = [
      (.v5, "one pending,added pending"), (.v4, "one completed,two pending,added pending"),
    ]
    for (side, steps) in sides {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        try migrate(Self.export(Self.first), into: store)
        try addStep(store)
        let before = try hash(store)
        let export = Self.export(Self.done, Self.second)
        let delta = try migrate(export, into: store)
        #expect(delta.conflicts == 2)
        let listed = try hash(store)
        for _ in 0..<2 {
          let report = try verify(store)
          #expect(report.isIdentical, "\(report.text)")
          let entries = try ConflictList(Store(path: store)).json["conflicts"]?.elements ?? []
          #expect(entries.map { $0["kind"]?.text } == ["changed", "added"])
          let fields = entries.map { entry in
            (entry["fields"]?.elements ?? []).map { $0["field"]?.text ?? "" }
          }
          #expect(fields == [["status"], ["name", "status"]])
          let again = try migrate(export, into: store)
          #expect(again.ledger.totals.unchanged == again.ledger.totals.read)
          #expect(try hash(store) == listed)
        }
        let run = try ConflictResolution(.all(source: nil), keeping: side, store: store).run()
        #expect(try names(store) == steps)
        let report = try verify(store)
        #expect(report.isIdentical, "\(report.text)")
        let check = try StoreCheck(Store(path: store))
        #expect(check.isSound, "\(check.text)")
        let settled = try migrate(export, into: store)
        #expect(settled.conflicts == 0)
        #expect(settled.ledger.totals.unchanged == settled.ledger.totals.read)
        let runs = try RunList(Store(path: store)).runs.map(\.runID)
        #expect(runs[1] == run.runID)
        for run in runs.dropLast() { _ = try Rollback(run, store: store).run() }
        #expect(try hash(store) == before)
      }
    }
  }

  /// What is left of the workflow when v4 removes a step of it and a side is kept.
  @Test func `a step that goes from a workflow that v5 has changed is a conflict`() throws {
    let sides: [(ConflictResolution.Side, steps: String, told: Bool)] = [
      (.v5, "one pending,two pending,added pending", true),
      (.v4, "two pending,added pending", false),
    ]
    for (side, steps, isTold) in sides {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        let first = Self.export(Self.first, Self.second)
        try migrate(first, into: store)
        try addStep(store)
        let before = try hash(store)
        let export = Self.export(Self.second)
        for _ in 0..<2 {
          let delta = try migrate(export, into: store, deleting: true)
          #expect(delta.conflicts == 1 && delta.deletedInSource == 1)
          #expect(delta.text.contains("no longer has, but for those in conflict"))
          let entries = try ConflictList(Store(path: store)).json["conflicts"]?.elements ?? []
          #expect(entries.map { $0["kind"]?.text } == ["gone"])
          #expect(try hash(store) == before)
          #expect(try bundle(store) == first + "\n")
          let report = try verify(store)
          #expect(report.isIdentical, "\(report.text)")
        }
        _ = try ConflictResolution(.all(source: nil), keeping: side, store: store).run()
        #expect(try names(store) == steps)
        #expect(try bundle(store) == (isTold ? first : export) + "\n")
        let settled = try migrate(export, into: store, deleting: true)
        #expect(settled.conflicts == 0 && settled.deletedInSource == 0)
        let report = try verify(store)
        #expect(report.isIdentical, "\(report.text)")
        let check = try StoreCheck(Store(path: store))
        #expect(check.isSound, "\(check.text)")
        for run in try RunList(Store(path: store)).runs.map(\.runID).prefix(4) {
          _ = try Rollback(run, store: store).run()
        }
        #expect(try hash(store) == before)
        #expect(try bundle(store) == first + "\n")
        // What v4 has again is in conflict no more, and what v5 has removed as well just goes.
        try migrate(export, into: store, deleting: true)
        try migrate(first, into: store, deleting: true)
        #expect(try ConflictList(Store(path: store)).conflicts.isEmpty)
        try Connection(path: store, mode: .readWrite).execute(
          "UPDATE workflows SET steps=json_remove(steps, '$[0]')")
        #expect(try migrate(export, into: store, deleting: true).conflicts == 0)
        #expect(try bundle(store) == export + "\n")
      }
    }
  }

  @Test func `steps of several workflows that come by turns are each held against their own`()
    throws
  {
    func row(_ workflow: String, _ step: Int, _ status: String) -> String {
      #"{"step_id":"\#(workflow)\#(step)","workflow_id":"\#(workflow)","step_name":"\#(workflow)\#(step)","#
        + #""step_order":\#(step),"status":"\#(status)"}"#
    }
    func export(_ steps: [String]) -> String {
      #"{"workflow_coordination":[{"workflow_id":"v","created_at":5},{"workflow_id":"w","created_at":6}],"#
        + #""workflow_step":["# + steps.joined(separator: ",") + "]}"
    }
    let numbers = 1...4
    let first = numbers.flatMap { n in ["v", "w"].map { row($0, n, "pending") } }
    // Of each workflow the second step is done, the third is gone, and a fifth has come.
    let second = [1, 2, 4, 5].flatMap { n in
      ["v", "w"].map { row($0, n, n == 2 ? "completed" : "pending") }
    }
    let sides: [(ConflictResolution.Side, steps: String)] = [
      (.v4, "1 pending,2 completed,4 pending,5 pending"),
      (.v5, "1 pending,2 pending,3 pending,4 pending"),
    ]
    for (side, steps) in sides {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        try migrate(export(first), into: store)
        try Connection(path: store, mode: .readWrite).execute(
          """
          UPDATE workflows SET source_hash=0;
          INSERT INTO audit(audit_id, action, target)
          SELECT 'aud_01a2065600007000800000000000000'||rowid, 'modified', workflow_id FROM workflows;
          """)
        let delta = try migrate(export(second), into: store, deleting: true)
        #expect(delta.conflicts == 6)
        let listed = (try ConflictList(Store(path: store)).json["conflicts"]?.elements ?? []).map {
          let fields = ($0["fields"]?.elements ?? []).compactMap { $0["field"]?.text }
          return ($0["v4_id"]?.text ?? "") + " " + ($0["kind"]?.text ?? "") + " "
            + fields.joined(separator: "+")
        }
        #expect(
          listed.sorted() == [
            "v2 changed status", "v3 gone ", "v5 added name+status", "w2 changed status",
            "w3 gone ", "w5 added name+status",
          ])
        _ = try ConflictResolution(.all(source: nil), keeping: side, store: store).run()
        let expected = ["v", "w"].map { workflow in
          steps.split(separator: ",").map { workflow + $0 }.joined(separator: ",")
        }.joined(separator: ",")
        #expect(try names(store) == expected)
        let report = try verify(store)
        #expect(report.isIdentical, "\(report.text)")
        #expect(try migrate(export(second), into: store, deleting: true).conflicts == 0)
      }
    }
  }

  /// What v4 makes of a step of v5 that went to v4 and came back, and the step when a side is kept.
  @Test func `a change in v4 of a step that v5 has written is a conflict`() throws {
    let sides: [(ConflictResolution.Side, steps: String)] = [
      (.v5, "one pending,added pending"), (.v4, "one pending,added completed"),
    ]
    for (side, steps) in sides {
      for comesBackFirst in [true, false] {
        try withTemporaryFolder { folder in
          let store = folder + "/s.db"
          try migrate(Self.export(Self.first), into: store)
          try addStep(store)
          let told = try bundle(store, withNew: true)
          if comesBackFirst { #expect(try migrate(told, into: store).conflicts == 0) }
          let before = try hash(store)
          guard let place = told.range(of: "pending", after: "added") else {
            Issue.record("the step was not told: \(told)")
            return
          }
          var changed = told
          changed.replaceSubrange(place, with: "completed")
          for turn in 1...2 {
            let delta = try migrate(changed, into: store)
            let total = delta.ledger.totals
            #expect(delta.conflicts == (turn == 1 || comesBackFirst ? 1 : 0), "\(turn)")
            #expect(total.updated == 0 && delta.ledger.isBalanced)
            let entries = try ConflictList(Store(path: store)).json["conflicts"]?.elements ?? []
            #expect(entries.map { $0["kind"]?.text } == ["changed"])
            let fields = entries.first?["fields"]?.elements?.map { $0["field"]?.text }
            #expect(fields == ["status"])
            #expect(try hash(store) == before)
            let report = try verify(store)
            #expect(report.isIdentical, "\(report.text)")
          }
          _ = try ConflictResolution(.all(source: nil), keeping: side, store: store).run()
          #expect(try names(store) == steps)
          let settled = try migrate(changed, into: store)
          #expect(settled.conflicts == 0)
          #expect(settled.ledger.totals.unchanged == settled.ledger.totals.read)
          for run in try RunList(Store(path: store)).runs.map(\.runID).prefix(2) {
            _ = try Rollback(run, store: store).run()
          }
          #expect(try hash(store) == before)
          #expect(try names(store) == "one pending,added pending")
        }
      }
    }
  }

  @Test func `a step that follows v4 takes its task along`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate(Self.export(Self.first), into: store)
      try addStep(store)
      let v5 = try Connection(path: store, mode: .readWrite)
      try v5.execute(
        """
        INSERT INTO tasks(task_id, workflow_id, task_type, status)
          SELECT 'task_01a20656000070008000000000000001', workflow_id, 'x', 'pending' FROM workflows;
        UPDATE workflows SET steps=json_set(steps, '$[1].task_id', 'task_01a20656000070008000000000000001');
        """)
      let told = try bundle(store, withNew: true)
      try migrate(told, into: store)
      guard let place = told.range(of: "pending", after: "added") else {
        Issue.record("the step was not told: \(told)")
        return
      }
      var changed = told
      changed.replaceSubrange(place, with: "completed")
      #expect(try migrate(changed, into: store).conflicts == 1)
      _ = try ConflictResolution(.all(source: nil), keeping: .v4, store: store).run()
      #expect(try names(store) == "one pending,added completed")
      let status = Query("test", "SELECT status FROM tasks")
      #expect(try v5.first(status, map: { $0.text(0) }) == "completed")
      let check = try StoreCheck(Store(path: store))
      #expect(check.isSound, "\(check.text)")
    }
  }

  @Test func `a row that stands twice and is in conflict is unchanged the next time`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      func export(_ priorities: Int...) -> String {
        #"{"agent_message":["#
          + priorities.map { #"{"message_id":"m","content":"x","priority":\#($0)}"# }
          .joined(separator: ",") + "]}"
      }
      try migrate(export(1), into: store)
      try Connection(path: store, mode: .readWrite).execute("UPDATE messages SET delivered=1")
      try migrate(export(2, 3, 4), into: store)
      let again = try migrate(export(2, 3, 4), into: store)
      #expect(again.conflicts == 1 && again.ledger.totals.unchanged == 3)
    }
  }

  @Test func `what the export itself takes back says nothing`() throws {
    let changes = """
      {"agent_message":{"deletes":[],"inserts":[{"message_id":"1","content":"a"},{"message_id":"2"}]}}
      {"agent_message":{"deletes":[{"message_id":"1","content":"a"}],"inserts":[]}}

      """
    for deletes in [true, false] {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        let report = try migrate(changes, into: store, deleting: deletes)
        #expect(report.ledger.totals.imported == (deletes ? 1 : 2))
        #expect(report.ledger.isBalanced)
        let before = try hash(store)
        let again = try migrate(changes, into: store, deleting: deletes)
        #expect(again.ledger.totals.unchanged == 2)
        #expect(try hash(store) == before)
        let verified = try verify(store)
        #expect(verified.isIdentical, "\(verified.text)")
        try migrate(changes, into: store, deleting: true)
        let swept = try verify(store)
        #expect(swept.isIdentical, "\(swept.text)")
      }
    }
  }
}

extension String {
  /// Where a text stands first behind another one.
  fileprivate func range(of text: String, after other: String) -> Range<String.Index>? {
    firstRange(of: other).flatMap { self[$0.upperBound...].firstRange(of: text) }
  }
}
