import AgoraStore
import Migrator
import TestSupport
import Testing

/// The tools for tasks and workflows on what v4 left.
@Suite struct WorkOnMigratedTests {
  private static let export = """
    {"agent_capability":[{"capability_id":"id_1","agent_id":"alpha","capability_type":"testing"},
      {"capability_id":"id_2","agent_id":"beta","capability_type":"docs","max_concurrent_tasks":2}],
     "workflow_coordination":[
      {"workflow_id":"w1","coordinator_agent":"alpha","participating_agents":"[\\"alpha\\",\\"beta\\"]","status":"active","created_at":1748736000000000},
      {"workflow_id":"w2","coordinator_agent":"beta","participating_agents":"[]","status":"paused","created_at":1748736000000001}],
     "workflow_step":[
      {"step_id":"s1","workflow_id":"w1","step_name":"read","step_order":1,"agent":"alpha","status":"done","started_at":1748736000000005,"completed_at":1748736000000009},
      {"step_id":"s2","workflow_id":"w1","step_name":"read","step_order":2,"agent":"beta","status":"running","input_data":"{\\"n\\":1}"},
      {"step_id":"s3","workflow_id":"w1","step_name":"","step_order":3,"status":"pending"},
      {"step_id":"s4","workflow_id":"w2","step_name":"only","agent":"beta","status":"pending"}],
     "task_assignment":[
      {"assignment_id":"t1","workflow_id":"w1","agent_id":"beta","requesting_agent":"alpha","task_type":"work","input_data":"not JSON","progress":0.5},
      {"assignment_id":"t2","workflow_id":"never","task_type":"work","input_data":"{}","status":"assigned"}]}
    """

  private func migrated(_ folder: String) throws -> TestMarketplace {
    let path = folder + "/v4.json"
    try write(Self.export, to: path)
    _ = try migrate(folder)
    return try TestMarketplace(store: Store(path: folder + "/agora.db"))
  }

  @discardableResult
  private func migrate(_ folder: String) throws -> MigrationReport {
    try Migration(
      MigrationOptions(exports: [folder + "/v4.json"]), store: folder + "/agora.db"
    ).run()
  }

  private func verify(_ folder: String) throws -> VerificationReport {
    try Verification(MigrationOptions(exports: [folder + "/v4.json"]), store: folder + "/agora.db")
      .run()
  }

  private func id(_ v4ID: String, _ bazaar: TestMarketplace) throws -> String {
    try bazaar.rows("SELECT v5_id FROM v4_rows WHERE v4_id='\(v4ID)'").first?.first ?? ""
  }

  private func steps(_ workflow: JSON) -> [String] {
    (workflow["steps"]?.elements ?? []).map {
      "\($0["name"]?.text ?? "") \($0["status"]?.text ?? "") \($0["task_id"] == .null ? "-" : "+") after \($0["depends_on"]?.elements?.count ?? 0)"
    }
  }

  @Test func `looking at what v4 left changes nothing of it`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try migrated(folder)
      let workflow = try bazaar.call(
        "agora.workflow.status", #"{"workflow_id":"\#(try id("w1", bazaar))"}"#)
      #expect(workflow["status"]?.text == "running" && workflow["current_step"]?.integer == 2)
      #expect(
        steps(workflow) == [
          "read completed - after 0", "read in_progress - after 1", " pending - after 1",
        ])
      let timeline = workflow["timeline"]?.elements ?? []
      #expect(
        timeline.compactMap { $0["change"]?.text } == [
          "created", "step_started", "step_completed",
        ])
      let list = try bazaar.call("agora.task.list", "{}")
      #expect(list["total"]?.integer == 2)
      let history = try bazaar.call(
        "agora.task.history", #"{"task_id":"\#(try id("t1", bazaar))"}"#)
      #expect(history["count"]?.integer == 0 && history["status"]?.text == "in_progress")
      #expect(try verify(folder).isIdentical)
    }
  }

  @Test func `a migrated task is updated, and that is told from damage`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try migrated(folder)
      for task in ["t1", "t2"] {
        try bazaar.call(
          "agora.task.update",
          #"{"task_id":"\#(try id(task, bazaar))","status":"completed","notes":"on v5"}"#)
      }
      let report = try verify(folder)
      #expect(report.mismatches.isEmpty && report.changedOnV5.count == 2, "\(report.text)")
      let payload = try bazaar.rows("SELECT payload FROM tasks ORDER BY source_row")
      #expect(payload == [["\"not JSON\""], ["{}"]])
      // v4 says more of it meanwhile; what was done on v5 stands.
      try write(Self.export.replacing("0.5", with: "0.75"), to: folder + "/v4.json")
      #expect(try migrate(folder).conflicts == 1)
      #expect(
        try bazaar.rows("SELECT DISTINCT status, progress FROM tasks") == [["completed", "100"]])
    }
  }

  @Test func `a migrated workflow is run from the moment that it is started on v5`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try migrated(folder)
      let workflow = try id("w1", bazaar)
      func modify(_ parameters: String) throws -> ToolReply {
        try bazaar.marketplace.call(
          "agora.workflow.modify",
          try JSON.parse(#"{"workflow_id":"\#(workflow)",\#(parameters)}"#), as: .owner(.swift))
      }
      // Nothing runs what v4 left running, until somebody says so.
      _ = try modify(
        #""action":"reorder","steps":["\#(try id("s1", bazaar))","\#(try id("s2", bazaar))","\#(try id("s3", bazaar))"]"#
      )
      #expect(try bazaar.rows("SELECT count(*) FROM tasks WHERE source_row IS NULL") == [["0"]])
      let ambiguous = try bazaar.failure(
        "agora.workflow.modify",
        #"{"workflow_id":"\#(workflow)","action":"remove_step","step":"read"}"#)
      #expect(ambiguous?.code == .conflict && ambiguous?.message.contains("step_id") == true)
      #expect(
        steps(try modify(#""action":"start""#).result) == [
          "read completed - after 0", "read pending + after 1", " pending - after 1",
        ])
      let task = try bazaar.rows(
        "SELECT task_id, task_type, payload FROM tasks WHERE source_row IS NULL")
      #expect(task.first?.dropFirst() == ["read", #"{"n":1}"#])
      // The last step has no agent: the work is done all the same, and the step waits for one.
      let done = try bazaar.marketplace.call(
        "agora.task.update",
        try JSON.parse(#"{"task_id":"\#(task[0][0])","status":"completed"}"#), as: .owner(.swift))
      #expect(done.warnings.count == 1 && done.warnings[0].contains("no agent"))
      let given = try modify(
        #""action":"reassign","step":"\#(try id("s3", bazaar))","agent":"beta""#)
      #expect(steps(given.result).last == " pending + after 1")
      let report = try verify(folder)
      #expect(report.mismatches.isEmpty && report.missing.isEmpty, "\(report.text)")
      #expect(Set(report.changedOnV5.compactMap(\.v4ID)) == ["s2", "s3"], "\(report.text)")
      #expect(try StoreCheck(bazaar.store).isSound)

      // v4 goes on with its steps: those of v5 stand, and a new one is kept beside them and listed.
      let newer = Self.export.replacing(
        #""step_name":"","step_order":3,"status":"pending"}"#,
        with:
          #""step_name":"","step_order":3,"status":"done"},{"step_id":"s5","workflow_id":"w1","step_name":"late","status":"pending"}"#
      )
      let before = try bazaar.rows("SELECT steps FROM workflows WHERE workflow_id='\(workflow)'")
      try write(newer, to: folder + "/v4.json")
      let run = try migrate(folder)
      #expect(run.conflicts == 2)
      #expect(
        try bazaar.rows("SELECT steps FROM workflows WHERE workflow_id='\(workflow)'") == before)
      #expect(try bazaar.rows("SELECT v4_id FROM archive") == [["s5"]])
      let last = try verify(folder)
      #expect(last.missing.isEmpty && last.extra.isEmpty, "\(last.text)")
    }
  }

  @Test func `a workflow that v4 left paused goes on when it is resumed`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try migrated(folder)
      let workflow = try id("w2", bazaar)
      let parameters = #"{"workflow_id":"\#(workflow)","action":"resume"}"#
      let result = try bazaar.call("agora.workflow.modify", parameters)
      #expect(steps(result) == ["only pending + after 0"])
      let task = result["steps"]?.elements?.first?["task_id"]?.text ?? ""
      try bazaar.call("agora.task.update", #"{"task_id":"\#(task)","status":"failed"}"#)
      let status = try bazaar.rows(
        "SELECT status FROM workflows WHERE workflow_id='\(workflow)'")
      #expect(status == [["failed"]])
    }
  }

  @Test func `a run that v5 tasks depend on is not taken back without a word`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try migrated(folder)
      let own =
        try bazaar.call(
          "agora.agent.register", #"{"agent_name":"own"}"#)["agent_id"]?.text ?? ""
      let task =
        try bazaar.call(
          "agora.task.assign",
          #"{"task_type":"x","assignee":"\#(own)","payload":{},"depends_on":["\#(try id("t1", bazaar))"]}"#
        )["task_id"]?.text ?? ""
      let run = try bazaar.rows("SELECT run_id FROM migration_runs")[0][0]
      let refusal = #expect(throws: AgoraError.self) {
        try Rollback(run, store: folder + "/agora.db").run()
      }
      #expect(refusal?.description.contains(task) == true)
      let report = try Rollback(run, keepsNewer: true, store: folder + "/agora.db").run()
      #expect(report.kept.contains(try id("t1", bazaar)))
      #expect(try StoreCheck(bazaar.store).isSound)
    }
  }

  @Test(arguments: [ConflictResolution.Side.v4, .v5])
  func `a step that v4 and v5 both changed is settled either way`(_ side: ConflictResolution.Side)
    throws
  {
    try withTemporaryFolder { folder in
      let bazaar = try migrated(folder)
      let workflow = try id("w1", bazaar)
      try bazaar.call(
        "agora.workflow.modify",
        #"{"workflow_id":"\#(workflow)","action":"reassign","step":"\#(try id("s2", bazaar))","agent":"alpha"}"#
      )
      func secondStep() throws -> String {
        try bazaar.rows("SELECT steps->1 FROM workflows WHERE workflow_id='\(workflow)'")[0][0]
      }
      let onV5 = try secondStep()
      try write(
        Self.export.replacing("\"status\":\"running\"", with: "\"status\":\"failed\""),
        to: folder + "/v4.json")
      #expect(try migrate(folder).conflicts == 1)
      let resolution = try ConflictResolution(
        .all(source: nil), keeping: side, store: folder + "/agora.db"
      ).run()
      let settled = try secondStep()
      #expect((settled == onV5) == (side == .v5), "\(settled)")
      #expect(settled.contains("failed") == (side == .v4), "\(settled)")
      // The same export has nothing new to say, the store is sound, and the decision can be taken back.
      let again = try migrate(folder)
      #expect(again.conflicts == 0 && again.ledger.totals.unchanged == again.ledger.totals.read)
      let check = try StoreCheck(Store(path: folder + "/agora.db"))
      #expect(check.isSound, "\(check.text)")
      for run in [again.runID, resolution.runID ?? ""] {
        _ = try Rollback(run, store: folder + "/agora.db").run()
      }
      #expect(try secondStep() == onV5)
    }
  }

  @Test func `a stub that was worked on stays when v4's row of it comes`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try migrated(folder)
      let stub = try bazaar.rows(
        "SELECT v5_id FROM v4_names WHERE origin='stub' AND kind='workflow'")[0][0]
      try bazaar.call(
        "agora.workflow.modify",
        #"{"workflow_id":"\#(stub)","action":"add_step","step":{"name":"new on v5","agent":"alpha"}}"#
      )
      let before = try bazaar.rows(
        "SELECT status, steps FROM workflows WHERE workflow_id='\(stub)'")
      let row = #"{"workflow_id":"never","coordinator_agent":"alpha","status":"completed"},"#
      let later = Self.export.replacing(
        #""workflow_coordination":["#, with: #""workflow_coordination":["# + row)
      try write(later, to: folder + "/v4.json")
      let report = try migrate(folder)
      #expect(report.conflicts == 1 && report.ledger.isBalanced)
      #expect(
        try bazaar.rows("SELECT status, steps FROM workflows WHERE workflow_id='\(stub)'") == before
      )
      // Nothing of the row is lost: it is explained, given back, and may be taken after all.
      _ = try V4Export.write(bazaar.store, source: nil, to: folder + "/back.json")
      #expect(try contents(folder + "/back.json").contains(row.dropLast()))
      #expect(try migrate(folder).conflicts == 0)
      let verified = try verify(folder)
      #expect(verified.mismatches.isEmpty && verified.missing.isEmpty, "\(verified.text)")
      _ = try ConflictResolution(.all(source: nil), keeping: .v4, store: folder + "/agora.db").run()
      #expect(
        try bazaar.rows("SELECT status FROM workflows WHERE workflow_id='\(stub)'")
          == [["completed"]])
    }
  }

  @Test func `a note on a migrated task is v5's work like any other`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try migrated(folder)
      try bazaar.call(
        "agora.task.update", #"{"task_id":"\#(try id("t2", bazaar))","notes":"remember"}"#)
      #expect(try verify(folder).isIdentical)
      // Gone from v4: the record stays, and somebody decides.
      let row =
        #"{"assignment_id":"t2","workflow_id":"never","task_type":"work","input_data":"{}","status":"assigned"}"#
      let shorter = Self.export.replacing(",\n  " + row, with: "")
      #expect(shorter != Self.export)
      try write(shorter, to: folder + "/v4.json")
      var options = MigrationOptions(exports: [folder + "/v4.json"])
      options.appliesDeletes = true
      let report = try Migration(options, store: folder + "/agora.db").run()
      #expect(report.conflicts == 1)
      let notes = try bazaar.rows("SELECT notes FROM tasks WHERE notes IS NOT NULL")
      #expect(notes == [["remember"]])
      _ = try Rollback(report.runID, store: folder + "/agora.db").run()
      let first = try RunList(bazaar.store).runs.first { $0.status != "rolled_back" }
      let refusal = #expect(throws: AgoraError.self) {
        try Rollback(first?.runID ?? "", store: folder + "/agora.db").run()
      }
      #expect(refusal?.code == .refused)
    }
  }
}
