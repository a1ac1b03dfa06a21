import AgoraStore
import Migrator
import TestSupport
import Testing

/// Where rows stand that were rejected and are loaded by a retry.
@Suite struct RetriedPlaceTests {
  private static let workflows =
    #""workflow_coordination":[{"workflow_id":"w0"},{"workflow_id":"w"}]"#
  private static let steps =
    #"{"step_id":"s0","workflow_id":"w0","step_name":"x"},{"step_id":"s1","workflow_id":"w","step_name":"one"}"#

  /// Exports of which some rows refer to `Z`, whom nobody has registered.
  private static let exports = [
    // The last step of three, and the first one.
    #"{\#(workflows),"workflow_step":[\#(steps),{"step_id":"s2","workflow_id":"w","step_name":"two","agent":"Z"}]}"#,
    #"{\#(workflows),"workflow_step":[{"step_id":"s2","workflow_id":"w","step_name":"two","agent":"Z"},\#(steps)]}"#,
    // One that asks for a place, of another table, and several.
    #"{\#(workflows),"workflow_steps":[{"step_id":"q","workflow_id":"w","agent":"Z"}],"workflow_step":[\#(steps),{"step_id":"s2","workflow_id":"w","step_order":1,"agent":"Z"},{"step_id":"s3","workflow_id":"w","agent":"Z"},{"step_id":"s4","workflow_id":"w"}]}"#,
    // A further registration of an agent says what it is last.
    #"{"agent_registry":[{"agent_id":"0","agent_name":"N"},{"agent_id":"1","agent_name":"A","capabilities":["x"],"status":"busy"},{"agent_id":"2","agent_name":"A","capabilities":["y"],"status":"paused","supervisor_id":"Z"},{"agent_id":"3","agent_name":"A","capabilities":["z"],"status":"busy"}]}"#,
    #"{"agent_config":[{"agent_id":"0"},{"agent_id":"A","capabilities":["x"]},{"agent_id":"A","capabilities":["y"],"supervisor_id":"Z"},{"agent_id":"A","capabilities":["z"]}]}"#,
    // With what stands in it, which was refused with it.
    #"[{"agent_id":"0","active_tasks":[{"description":"t"}]},{"agent_id":"A","supervisor_id":"Z","active_tasks":[{"description":"t"},{"description":"u"}],"workflows":[{"workflow_name":"W","steps":[{"step":"s"}]}]},{"agent_id":"A","active_tasks":[{"description":"t"}],"workflows":[{"workflow_name":"W","steps":[{"step":"s"}]}]}]"#,
    // What is refused in a configuration that is there.
    #"[{"agent_id":"A","active_tasks":[{"description":"t","workflow_id":"Z"},{"description":"u"},{"description":"u"}]},{"agent_id":"A","active_tasks":[{"description":"t","workflow_id":"Z"}]}]"#,
    // A known row's newer texts, in order, at its place.
    #"{\#(workflows),"workflow_step":[{"step_id":"s1","workflow_id":"w"},{"step_id":"s2","workflow_id":"w"},{"step_id":"s1","workflow_id":"w","agent":"Z","status":"active"},{"step_id":"s1","workflow_id":"w","agent":"Z","status":"done"}]}"#,
    #"{"task_queue":[{"task_id":"1","agent_id":"Z","status":"active"},{"task_id":"1","agent_id":"Z","status":"done"}]}"#,
    // Rows without an id, some of them the same.
    #"{"task_queue":[{"payload":"x","agent_id":"Z"},{"payload":"x","agent_id":"Z"},{"payload":"y"},{"payload":"y"}]}"#,
    // Workflows of one id, of which the last one is meant where times do not tell.
    #"{"workflow_coordination":[{"workflow_id":"w","workflow_name":"new"},{"workflow_id":"w","workflow_name":"old","coordinator_agent":"Z"}],"task_queue":[{"task_id":"1","agent_id":"Z","workflow_id":"w"}]}"#,
  ]

  /// Where each row stands in its file.
  private func places(_ store: String) throws -> [String] {
    try Connection(path: store, mode: .readOnly).all(
      Query(
        "test",
        """
        SELECT t.name||' '||r.v4_id||' '||r.byte_offset||' '||iif(r.parent IS NULL, r.ordinal, '')
          ||' '||(f.path='(rejects)') FROM v4_rows r JOIN v4_tables t USING(table_no)
          JOIN v4_files f USING(file) ORDER BY 1
        """), map: { $0.text(0) })
  }

  @Test func `a retried row stands where the export has it, as in an import with the same option`()
    throws
  {
    for export in Self.exports {
      for policy in [OrphanPolicy.stub, .keep] {
        try withTemporaryFolder { folder in
          let (store, alone) = (folder + "/s.db", folder + "/alone.db")
          let first = try migrate(export, into: store, orphans: .reject)
          #expect(first.ledger.totals.rejected > 0, "\(export)")
          let before = try (hash(store), bundle(store))
          let rejecting = try verify(store)
          #expect(rejecting.isIdentical, "\(policy) \(export): \(rejecting.text)")
          var options = MigrationOptions.retryingRejects()
          options.orphans = policy
          let retry = try Migration(options, store: store).run()
          #expect(retry.ledger.isBalanced && retry.ledger.totals.rejected == 0, "\(export)")
          let verified = try verify(store)
          #expect(verified.isIdentical, "\(policy) \(export): \(verified.text)")
          try migrate(export, into: alone, orphans: policy)
          #expect(try hash(store) == hash(alone), "\(policy) \(export)")
          #expect(try bundle(store) == bundle(alone), "\(policy) \(export)")
          #expect(try places(store) == places(alone), "\(policy) \(export)")
          // The same export again finds everything where it is.
          let again = try migrate(export, into: store, orphans: policy)
          #expect(again.ledger.totals.unchanged == again.ledger.totals.read, "\(export)")
          #expect(try hash(store) == hash(alone), "\(policy) \(export)")
          for run in [again, retry] { _ = try Rollback(run.runID, store: store).run() }
          #expect(try (hash(store), bundle(store)) == before, "\(export)")
          let check = try StoreCheck(Store(path: store))
          #expect(check.isSound, "\(export): \(check.text)")
        }
      }
    }
  }

  @Test func `rows that had the same place in two exports stand the same after a retry`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      func row(_ id: String, to: String) -> String {
        #"{"message_id":"\#(id)","to_agent":"\#(to)","content":"\#(id)"}"#
      }
      func export(_ rows: String...) -> String {
        #"{"agent_message":["# + rows.joined(separator: ",") + "]}\n"
      }
      let (kept, gone, new) = (row("1", to: "Z"), row("2", to: "Z"), row("3", to: "*"))
      try migrate(export(kept, gone), into: store, orphans: .reject)
      try migrate(export(new, kept), into: store, orphans: .reject)
      #expect(try bundle(store) == export(new, gone, kept))
      _ = try Migration(.retryingRejects(), store: store).run()
      #expect(try bundle(store) == export(new, gone, kept))
    }
  }
}
