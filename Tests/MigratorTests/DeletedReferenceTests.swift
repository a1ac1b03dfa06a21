import AgoraStore
import Migrator
import TestSupport
import Testing

/// What rows refer to goes with the very export that brings them, or before they come again.
@Suite struct DeletedReferenceTests {
  @Test func `a step that comes as its workflow goes is as if it alone had come`() throws {
    try withTemporaryFolder { folder in
      for table in ["workflow_coordination", "workflows"] {
        for orphans in [OrphanPolicy.stub, .reject] {
          let (both, alone) = (
            "\(folder)/\(table)-\(orphans).db", "\(folder)/\(table)-\(orphans)-alone.db"
          )
          let first =
            #"{"workflow_step":[{"step_id":"s1","workflow_id":"w1"}],"\#(table)":[{"workflow_id":"w1"}]}"#
          let second =
            #"{"\#(table)":[],"workflow_step":[{"step_id":"s2","workflow_id":"w1"}]}"#
          _ = try migrate(first, into: both, deleting: true, orphans: orphans)
          let followed = try migrate(second, into: both, deleting: true, orphans: orphans)
          let report = try migrate(second, into: alone, deleting: true, orphans: orphans)
          #expect(followed.ledger.totals.rejected == (orphans == .reject ? 1 : 0))
          #expect(followed.ledger.totals.rejected == report.ledger.totals.rejected)
          let hashes = try [both, alone].map { try Store(path: $0).contentHash() }
          #expect(hashes[0] == hashes[1], "\(table), \(orphans)")
          let check = try StoreCheck(Store(path: both))
          #expect(check.isSound, "\(check.text)")
        }
      }
    }
  }

  @Test func `rejecting orphans refuses a step as its workflow goes, be it new or known`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      let workflow = #""workflow_coordination":[{"workflow_id":"id_1"}]"#
      let first = #"{"workflow_step":[{"workflow_id":"id_1"}],\#(workflow)}"#
      let second =
        #"{"workflow_coordination":[],"workflow_step":[],"workflow_steps":[{"workflow_id":"id_1"}]}"#
      _ = try migrate(first, into: store, deleting: true, orphans: .reject)
      let report = try migrate(second, into: store, deleting: true, orphans: .reject)
      #expect(report.ledger.totals == .init(read: 1, rejected: 1))
      #expect(report.status == .completedWithRejects)

      // A known step is refused as well: it refers to nothing by now. One of a table that the export lacks
      // stays in what is left of the workflow.
      let known = folder + "/known.db"
      let steps =
        #""workflow_steps":[{"step_id":"s1","workflow_id":"w"},{"step_id":"s2","workflow_id":"w"}],"#
        + #""workflow_step":[{"step_id":"s3","workflow_id":"w"}]"#
      let fewer = #""workflow_steps":[{"step_id":"s2","workflow_id":"w"}]"#
      _ = try migrate(
        #"{"workflows":[{"workflow_id":"w"}],"# + steps + "}", into: known, deleting: true,
        orphans: .reject)
      let taken = try migrate(
        #"{"workflows":[],"# + fewer + "}", into: known, deleting: true, orphans: .reject)
      #expect(taken.ledger.totals == .init(read: 1, rejected: 1))
      let count = Query("steps", "SELECT sum(json_array_length(steps)) FROM workflows")
      let left = try Store(path: known).read { try $0.integer(count) }
      #expect(left == 1)
      let check = try StoreCheck(Store(path: known))
      #expect(check.isSound, "\(check.text)")
      let compared = try verify(known)
      #expect(compared.isIdentical, "\(compared.text)")
    }
  }

  @Test func `an alias that goes leaves nothing for the next import of the export to change`()
    throws
  {
    try withTemporaryFolder { folder in
      let first =
        #"{"task_assignment":[{"assignment_id":"t","assigned_agent":"A","requesting_agent":"reg-B"}],"#
        + #""agent_registry":[{"agent_id":"reg-B","agent_name":"B"}]}"#
      for orphans in OrphanPolicy.allCases {
        let store = "\(folder)/\(orphans).db"
        _ = try migrate(first, into: store, deleting: true, orphans: orphans)
        _ = try migrate(#"{"agent_registry":[]}"#, into: store, deleting: true, orphans: orphans)
        let hash = try Store(path: store).contentHash()
        _ = try migrate(#"{"agent_registry":[]}"#, into: store, deleting: true, orphans: orphans)
        let again = try Store(path: store).contentHash()
        #expect(again == hash, "\(orphans)")
      }
    }
  }
}
