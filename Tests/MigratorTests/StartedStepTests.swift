import AgoraStore
import Migrator
import TestSupport
import Testing

/// Conflicts about workflows that v5 runs, settled for v4's side: what v5 had begun follows, and what is
/// ready then is started.
@Suite struct StartedStepTests {
  private static let agents =
    #""agent_registry":[{"agent_id":"a","agent_name":"a"},{"agent_id":"b","agent_name":"b"}]"#

  private static func step(_ number: Int, _ more: String = #""status":"pending""#) -> String {
    let agent = more.contains("assigned_agent") ? "" : #","assigned_agent":"a""#
    return
      #"{"step_id":"\#(number)","workflow_id":"w","step_name":"s\#(number)","step_order":\#(number)\#(agent),\#(more)}"#
  }

  private static func export(
    _ steps: [String], workflow: String? = #""status":"pending""#, more: String = ""
  ) -> String {
    let row = workflow.map { #"{"workflow_id":"w","created_at":5,\#($0)}"# } ?? ""
    return
      "{\(agents),\"workflow_coordination\":[\(row)],\"workflow_step\":[\(steps.joined(separator: ","))]\(more)}"
  }

  /// A marketplace that v4 filled, and what its tools and its runs do in the tests.
  private struct Scene {
    let store: String
    let bazaar: TestMarketplace
    let workflow: String

    init(_ folder: String, _ export: String) throws {
      store = folder + "/agora.db"
      try migrate(export, into: store)
      bazaar = try TestMarketplace(store: Store(path: store))
      workflow = try bazaar.rows("SELECT workflow_id FROM workflows")[0][0]
    }

    @discardableResult
    func modify(_ more: String) throws -> JSON {
      try bazaar.call("agora.workflow.modify", "{\"workflow_id\":\"\(workflow)\",\(more)}")
    }

    func task(_ step: Int) throws -> String {
      try modify(#""action":"start""#)["steps"]?.elements?[step]["task_id"]?.text ?? ""
    }

    func update(_ task: String, _ status: String) throws {
      try bazaar.call("agora.task.update", "{\"task_id\":\"\(task)\",\"status\":\"\(status)\"}")
    }

    /// The workflow, its steps with the status of each and of its task, and all tasks in order.
    func state() throws -> String {
      let steps = try bazaar.rows(
        """
        SELECT json_extract(j.value,'$.name')||' '||json_extract(j.value,'$.status')||' '||coalesce(t.status,'-')
        FROM workflows w, json_each(w.steps) j LEFT JOIN tasks t ON t.task_id=json_extract(j.value,'$.task_id')
        """)
      let tasks = try bazaar.rows("SELECT status FROM tasks ORDER BY rowid").map { $0[0] }
      let status = try bazaar.rows("SELECT status FROM workflows").map { $0[0] }
      return (status + steps.map { $0[0] } + ["|"] + tasks).joined(separator: ", ")
    }

    func kinds() throws -> [String] {
      let list = try ConflictList(Store(path: store)).json["conflicts"]?.elements ?? []
      return list.compactMap { $0["kind"]?.text }
    }

    func resolve() throws -> ConflictResolution.Report {
      try ConflictResolution(.all(source: nil), keeping: .v4, store: store).run()
    }

    /// What holds when conflicts about an export have been settled, before the settling is taken back.
    func expectSettled(_ export: String, deleting: Bool = false) throws {
      let report = try verify(store)
      #expect(report.isIdentical, "\(report.text)")
      let check = try StoreCheck(Store(path: store))
      #expect(check.isSound, "\(check.text)")
      let before = try hash(store)
      let again = try migrate(export, into: store, deleting: deleting)
      #expect(again.conflicts == 0 && again.ledger.totals.unchanged == again.ledger.totals.read)
      #expect(try hash(store) == before)
      _ = try Rollback(again.runID, store: store).run()
    }
  }

  /// How far v5 is with the first step, what v4 says of it, and the whole afterwards.
  static let decisions: [(onV5: String?, v4: String, state: String)] = [
    (
      nil, #""status":"completed","completed_at":99"#,
      "running, s1 completed completed, s2 pending pending, s3 pending -, |, completed, pending"
    ),
    (
      "in_progress", #""status":"done""#,
      "running, s1 completed completed, s2 pending pending, s3 pending -, |, completed, pending"
    ),
    (
      "in_progress", #""status":"failed""#,
      "failed, s1 failed failed, s2 skipped -, s3 skipped -, |, failed"
    ),
    (
      nil, #""status":"in_progress""#,
      "running, s1 in_progress in_progress, s2 pending -, s3 pending -, |, in_progress"
    ),
    (
      "in_progress", #""status":"pending","assigned_agent":"b""#,
      "running, s1 pending pending, s2 pending -, s3 pending -, |, pending"
    ),
    // Nobody is to do it: it waits for an agent.
    (
      "in_progress", #""status":"in_progress","assigned_agent":null"#,
      "running, s1 in_progress -, s2 pending -, s3 pending -, |, failed"
    ),
    // What was done stays done.
    (
      "completed", #""status":"failed""#,
      "running, s1 failed -, s2 pending pending, s3 pending -, |, completed, pending"
    ),
    (
      "completed", #""status":"pending","assigned_agent":"b""#,
      "running, s1 pending pending, s2 pending pending, s3 pending -, |, completed, pending, pending"
    ),
  ]

  @Test(arguments: decisions.indices)
  func `a step that v5 has started follows v4 with its task, and the next is started`(_ index: Int)
    throws
  {
    let (onV5, v4, state) = Self.decisions[index]
    try withTemporaryFolder { folder in
      let scene = try Scene(folder, Self.export((1...3).map { Self.step($0) }))
      let task = try scene.task(0)
      if let onV5 { try scene.update(task, onV5) }
      let export = Self.export([Self.step(1, v4), Self.step(2), Self.step(3)])
      #expect(try migrate(export, into: scene.store).conflicts == 1)
      let before = try hash(scene.store)
      let events = try scene.bazaar.rows("SELECT max(seq) FROM events")
      let report = try scene.resolve()
      #expect(try scene.state() == state)
      let changed = report.json["tasks_changed"]?.elements ?? []
      let started = report.json["tasks_started"]?.elements ?? []
      #expect(changed == (onV5 == "completed" ? [] : [.string(task)]))
      let count = try scene.bazaar.rows("SELECT count(*) FROM tasks")
      // A step that v5 had completed had started the next one.
      #expect(count == [["\(1 + (onV5 == "completed" ? 1 : 0) + started.count)"]])
      #expect(report.text.contains(task) == (onV5 != "completed"))
      #expect(report.text.contains("no agent") == v4.contains("null"))
      // Whoever does the task hears of it, and the audit says why.
      let told = try scene.bazaar.rows(
        "SELECT count(*)>0 FROM events WHERE event_type='task_updated' AND seq>\(events[0][0])")
      #expect(told == [[onV5 == "completed" ? "0" : "1"]])
      let why = try scene.bazaar.rows(
        "SELECT count(*)>0 FROM audit WHERE reason='v4''s side of conflict 1 was kept'")
      #expect(why == [["1"]])
      try scene.expectSettled(export)
      let row = try bundle(scene.store, withNew: true)
      try migrate(row, into: folder + "/fresh.db")
      _ = try Rollback(#require(report.runID), store: scene.store).run()
      #expect(try hash(scene.store) == before && scene.kinds() == ["changed"])
      let check = try StoreCheck(Store(path: scene.store))
      #expect(check.isSound, "\(check.text)")
    }
  }

  @Test func `what v5 has made of a step that was started so stands in the way of going back`()
    throws
  {
    try withTemporaryFolder { folder in
      let scene = try Scene(folder, Self.export((1...3).map { Self.step($0) }))
      try scene.update(scene.task(0), "in_progress")
      let export = Self.export([Self.step(1, #""status":"completed""#), Self.step(2), Self.step(3)])
      try migrate(export, into: scene.store)
      let report = try scene.resolve()
      let run = try #require(report.runID)
      try scene.bazaar.call(
        "agora.messaging.send", #"{"from_agent":"a","to_agent":"b","content":"x"}"#)
      let next = report.json["tasks_started"]?.elements?.first?.text ?? ""
      try scene.update(next, "in_progress")
      let error = #expect(throws: AgoraError.self) { try Rollback(run, store: scene.store).run() }
      #expect(error?.code == .refused)
      let state = try scene.state()
      let kept = try Rollback(run, keepsNewer: true, store: scene.store).run()
      #expect(kept.kept.contains(next))
      #expect(try scene.state() == state)
      let check = try StoreCheck(Store(path: scene.store))
      #expect(check.isSound, "\(check.text)")
    }
  }

  @Test
  func `a step that v4 has no more goes with its task, and one that it added takes its place`()
    throws
  {
    try withTemporaryFolder { folder in
      let scene = try Scene(folder, Self.export((1...3).map { Self.step($0) }))
      try scene.update(scene.task(0), "in_progress")
      let new =
        #"{"step_id":"9","workflow_id":"w","step_name":"new","step_order":2,"assigned_agent":"b"}"#
      let export = Self.export([Self.step(2), Self.step(3), new])
      try migrate(export, into: scene.store, deleting: true)
      #expect(try Set(scene.kinds()) == ["gone", "added"])
      let before = try hash(scene.store)
      let report = try scene.resolve()
      #expect(
        try scene.state()
          == "running, s2 pending pending, new pending pending, s3 pending -, |, failed, pending, pending"
      )
      try scene.expectSettled(export, deleting: true)
      _ = try Rollback(#require(report.runID), store: scene.store).run()
      #expect(try hash(scene.store) == before)
    }
  }

  @Test func `a workflow that is v4's again stands still until somebody starts it on v5`() throws {
    try withTemporaryFolder { folder in
      let steps = (1...3).map { Self.step($0) }
      let scene = try Scene(folder, Self.export(steps))
      try scene.update(scene.task(0), "in_progress")
      try scene.modify(#""action":"add_step","step":{"name":"own","agent":"b"}"#)
      let export = Self.export(steps, workflow: #""status":"active","participating_agents":["a"]"#)
      try migrate(export, into: scene.store)
      #expect(try scene.kinds() == ["changed"])
      let before = try hash(scene.store)
      let report = try scene.resolve()
      let still = "running, s1 pending -, s2 pending -, s3 pending -, |, failed, failed"
      #expect(try scene.state() == still)
      try scene.expectSettled(export)
      _ = try Rollback(#require(report.runID), store: scene.store).run()
      #expect(try hash(scene.store) == before)
      _ = try scene.resolve()
      try scene.modify(#""action":"start""#)
      #expect(
        try scene.state()
          == "running, s1 pending pending, s2 pending -, s3 pending -, |, failed, failed, pending")
    }
  }

  @Test func `a workflow that v4 has no more takes what v5 had begun with it`() throws {
    for keepsSteps in [true, false] {
      try withTemporaryFolder { folder in
        let steps = (1...2).map { Self.step($0) }
        let scene = try Scene(folder, Self.export(steps))
        try scene.update(scene.task(0), "in_progress")
        let export = Self.export(keepsSteps ? steps : [], workflow: nil)
        try migrate(export, into: scene.store, deleting: true)
        let before = try hash(scene.store)
        let report = try scene.resolve()
        // The task that v5 had made refers to it.
        let left = keepsSteps ? ", s1 pending -, s2 pending -" : ""
        #expect(try scene.state() == "pending\(left), |, failed")
        try scene.expectSettled(export, deleting: true)
        _ = try Rollback(#require(report.runID), store: scene.store).run()
        #expect(try hash(scene.store) == before)
      }
    }
  }

  // MARK: tasks that have been to v4

  /// What v4 makes of the task of the first step, and the whole afterwards.
  static let tasks: [(v4: (String, String)?, state: String)] = [
    (
      ("in_progress", "completed"),
      "running, s1 completed completed, s2 pending pending, |, completed, pending, pending"
    ),
    (("in_progress", "failed"), "failed, s1 failed failed, s2 skipped -, |, failed, failed"),
    (("in_progress", "pending"), "running, s1 pending pending, s2 pending -, |, pending, pending"),
    (nil, "failed, s1 failed -, s2 skipped -, |, failed"),
  ]

  @Test(arguments: tasks.indices)
  func `a task of v5 that v4 has changed takes its step along, and what waits for it`(_ index: Int)
    throws
  {
    let (v4, state) = Self.tasks[index]
    try withTemporaryFolder { folder in
      let scene = try Scene(folder, Self.export((1...2).map { Self.step($0) }))
      let task = try scene.task(0)
      try scene.update(task, "in_progress")
      try scene.bazaar.call(
        "agora.task.assign",
        #"{"task_type":"t","assignee":"b","payload":{},"depends_on":["\#(task)"]}"#)
      let told = try bundle(scene.store, withNew: true)
      try migrate(told, into: scene.store)
      var rows = try JSON.parse(told).members ?? []
      for place in rows.indices where rows[place].name == "task_assignment" {
        let changed = (rows[place].value.elements ?? []).compactMap { row -> JSON? in
          guard row["assignment_id"]?.text == task else { return row }
          return v4.map { _, now in
            .object(
              (row.members ?? []).map {
                $0.name == "status" ? .init("status", .string(now)) : $0
              })
          }
        }
        rows[place] = .init("task_assignment", .array(changed))
      }
      let export = JSONWriter.compact(.object(rows))
      try migrate(export, into: scene.store, deleting: true)
      #expect(try scene.kinds() == [v4 == nil ? "gone" : "changed"])
      let before = try hash(scene.store)
      let report = try scene.resolve()
      #expect(try scene.state() == state)
      try scene.expectSettled(export, deleting: true)
      _ = try Rollback(#require(report.runID), store: scene.store).run()
      #expect(try hash(scene.store) == before)
      let check = try StoreCheck(Store(path: scene.store))
      #expect(check.isSound, "\(check.text)")
    }
  }

  @Test func `a task that tasks of v5 wait for does not just go with its row`() throws {
    try withTemporaryFolder { folder in
      func export(_ rows: String) -> String {
        Self.export([], more: ",\"task_queue\":[\(rows)]")
      }
      let scene = try Scene(folder, export(#"{"task_id":"1","agent_id":"a"}"#))
      let task = try scene.bazaar.rows("SELECT task_id FROM tasks")[0][0]
      try scene.bazaar.call(
        "agora.task.assign",
        #"{"task_type":"t","assignee":"b","payload":{},"depends_on":["\#(task)"]}"#)
      try migrate(export(""), into: scene.store, deleting: true)
      #expect(try scene.kinds() == ["gone"])
      let before = try hash(scene.store)
      let report = try scene.resolve()
      #expect(try scene.bazaar.rows("SELECT status FROM tasks") == [["failed"]])
      try scene.expectSettled(export(""), deleting: true)
      _ = try Rollback(#require(report.runID), store: scene.store).run()
      #expect(try hash(scene.store) == before)
      let check = try StoreCheck(Store(path: scene.store))
      #expect(check.isSound, "\(check.text)")
    }
  }
}
