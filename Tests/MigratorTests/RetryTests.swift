import AgoraStore
import Migrator
import TestSupport
import Testing

/// Rejected rows loaded once more.
@Suite struct RetryTests {
  private static let export = """
    {"agent_message":[{"message_id":"1","from_agent":"a","content":"x"},{"message_id":"2","from_agent":"ghost","content":"y"},17,{"message_id":"3","from_agent":"a","timestamp":"never"}],"agent_capability":[{"capability_id":"1","agent_id":"a","capability_type":"t"}],"task_assignment":[{"assignment_id":"t","workflow_id":"nowhere","agent_id":"a"}]}

    """

  @Test func `what passes now is loaded where it stood, and the rest stays rejected`() throws {
    try withTemporaryFolder { folder in
      try write(Self.export, to: folder + "/export.json")
      let store = folder + "/agora.db"
      var options = MigrationOptions(exports: [folder + "/export.json"])
      options.orphans = .reject
      let first = try Migration(options, store: store).run()
      #expect(first.ledger.totals.rejected == 4)
      let before = try Store(path: store).contentHash()
      let retry = try Migration(.retryingRejects(), store: store).run()
      #expect(
        retry.ledger.isBalanced && retry.ledger.totals == .init(read: 4, imported: 2, rejected: 2))
      #expect(retry.deletedInSource == 0)
      // The same as if it had been imported so in the first place.
      options.orphans = .stub
      _ = try Migration(options, store: folder + "/at-once.db").run()
      let hash = try Store(path: folder + "/at-once.db").contentHash()
      #expect(try Store(path: store).contentHash() == hash)
      _ = try V4Export.write(Store(path: store), source: nil, to: folder + "/back.json")
      #expect(try contents(folder + "/back.json") == Self.export)
      // Once more finds nothing new, and the export is known.
      let again = try Migration(.retryingRejects(), store: store).run()
      #expect(again.ledger.totals == .init(read: 2, rejected: 2))
      let reimport = try Migration(options, store: store).run()
      #expect(reimport.ledger.totals.unchanged == 4 && reimport.ledger.totals.rejected == 2)
      let check = try StoreCheck(Store(path: store))
      #expect(check.isSound, "\(check.text)")
      // And back again.
      for run in [reimport, again, retry] { _ = try Rollback(run.runID, store: store).run() }
      #expect(try Store(path: store).contentHash() == before)
    }
  }

  @Test func `a retried row that changes a known one is settled and keeps its place`() throws {
    try withTemporaryFolder { folder in
      let row = #"{"message_id":"1","from_agent":"a","content":"x","correlation_id":"n"}"#
      let export =
        "{\"agent_capability\":[{\"capability_id\":\"1\",\"agent_id\":\"a\"}],\"agent_message\":[\(row)]}\n"
      try write(export, to: folder + "/export.json")
      let store = folder + "/agora.db"
      _ = try Migration(MigrationOptions(exports: [folder + "/export.json"]), store: store).run()
      // Two rejects of the stored row's id: one with a newer text, one that is that text again.
      try Connection(path: store, mode: .readWrite).execute(
        """
        INSERT INTO rejects(number,run,source,v4_table,v4_id,file,byte_offset,ordinal,code,reason,row)
          SELECT n,1,'agora-marketplace','agent_message','1','export.json',40+n,n,'bad_type','was so',
            '{"message_id":"1","from_agent":"a","content":"x","correlation_id":"newer"}'
          FROM (SELECT 1 AS n UNION SELECT 2);
        """)
      let report = try Migration(.retryingRejects(), store: store).run()
      #expect(report.ledger.totals == .init(read: 2, updated: 1, unchanged: 1))
      #expect(try RejectList(Store(path: store)).rejects.isEmpty)
      let places = try Connection(path: store, mode: .readOnly).all(
        Query("test", "SELECT byte_offset, ordinal FROM v4_rows WHERE v4_id='1' ORDER BY row"),
        map: { [$0.int(0), $0.int(1)] })
      #expect(places.last == [41, 1])
    }
  }
}
