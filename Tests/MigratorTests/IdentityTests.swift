import AgoraStore
import Migrator
import TestSupport
import Testing

/// What rows are called: the values were computed with Python's `uuid`, `hashlib` and `json`.
@Suite struct IdentityTests {
  @Test func `ids are those of Python's uuid5`() throws {
    try withTemporaryFolder { folder in
      let odd = #"{"b":[1,{"z":"é\ud83d\ude80\n","a":null}],"a":"\u007f\"\\"}"#
      try write(
        """
        {"agent_capability":[{"capability_id":"id_1","agent_id":"TestAgent"},
        {"capability_id":"id_2","agent_id":"Größe 🚀/#%"}],
        "agent_message":[{"message_id":"id_1","content":"first"},{"message_id":"id_1","content":"second"},
        {"message_id":"a/b#c%d"}],"käse":[\(odd),\(odd)]}
        """, to: folder + "/export.json")
      let store = folder + "/agora.db"
      _ = try Migration(MigrationOptions(exports: [folder + "/export.json"]), store: store).run()
      let ids = try Connection(path: store, mode: .readOnly).all(
        Query("test", "SELECT v5_id || ' ' || v4_id FROM v4_rows ORDER BY row"), map: { $0.text(0) }
      )
      let hash = "~0e770967f1b2bce4af1a567a0d2dd10d6d5d907e"
      #expect(
        ids == [
          "agent_67be9729bab7518fb9f0020410fa3528 id_1",
          "agent_f6b3b73b62ff521b9bf8e18a0f15f7e9 id_2",
          "msg_6bfa5783ca595cd2a16c54e1118a07fc id_1",
          "msg_e0e7bcbcedff5a26acd8b38e6a05a109 id_1",
          "msg_92de46078fa5548498cea3fdc91cceb6 a/b#c%d",
          "row_4da3f5eadf2a5ac9b42706d4071ad2be \(hash)",
          "row_28ddfcd3708b5029b2f82b963d41d459 \(hash)",
        ])
    }
  }

  @Test func `another source gives other ids, and one agent for one name`() throws {
    try withTemporaryFolder { folder in
      try write(
        """
        {"agent_capability":[{"capability_id":"1","agent_id":"a","capability_type":"t"}],
        "agent_message":[{"message_id":"m","from_agent":"a","content":"x"}]}
        """, to: folder + "/export.json")
      let store = folder + "/agora.db"
      var options = MigrationOptions(exports: [folder + "/export.json"])
      _ = try Migration(options, store: store).run()
      options.source = "second"
      let report = try Migration(options, store: store).run()
      #expect(report.ledger["agent_message"].imported == 1)
      #expect(report.ledger["agent_capability"].merged == 1)
      let counts = try Connection(path: store, mode: .readOnly).all(
        Query("test", "SELECT (SELECT count(*) FROM agents), (SELECT count(*) FROM messages)"),
        map: { [$0.int(0), $0.int(1)] })
      #expect(counts == [[1, 2]])
    }
  }

  @Test func `a run that waits takes its turn`() throws {
    try withTemporaryFolder { folder in
      try write("{\"agent_message\":[{\"message_id\":\"m\"}]}", to: folder + "/export.json")
      let store = folder + "/agora.db"
      var lock: File? = try File.updating(store + ".lock")
      #expect(try lock?.lock(waits: false) == true)
      var options = MigrationOptions(exports: [folder + "/export.json"])
      let refused = #expect(throws: AgoraError.self) { try Migration(options, store: store).run() }
      #expect(refused?.code == .locked)
      options.waits = true
      let waiting = Background { [options] in try Migration(options, store: store).run().ledger }
      lock = nil
      #expect(try waiting.value()["agent_message"].imported == 1)
    }
  }

  @Test func `names and ids that differ in an unpaired surrogate are two`() throws {
    try withTemporaryFolder { folder in
      let export = #"""
        {"agent_message":[{"message_id":"\ud800","from_agent":"a\ud800","content":"x"},\#
        {"message_id":"\ud801","from_agent":"a\udfff","content":"x"}],\#
        "agent_capability":[{"capability_id":"1","agent_id":"a\ud800","capability_type":"t"},\#
        {"capability_id":"2","agent_id":"a\ufffd","capability_type":"u"}],\#
        "workflow_coordination":[{"workflow_id":"w\ud800"},{"workflow_id":"w\ud801","status":"active"}],\#
        "task_assignment":[{"assignment_id":"t","workflow_id":"w\ud801"}]}
        """#
      try write(export, to: folder + "/export.json")
      let store = folder + "/agora.db"
      let options = MigrationOptions(exports: [folder + "/export.json"])
      let report = try Migration(options, store: store).run()
      #expect(report.ledger.totals.imported == 7 && report.missingAgents == 1)
      let status = try Connection(path: store, mode: .readOnly).all(
        Query("test", "SELECT w.status FROM tasks JOIN workflows w USING(workflow_id)"),
        map: { $0.text(0) })
      #expect(status == ["running"])
      let verified = try Verification(options, store: store).run()
      #expect(verified.isIdentical, "\(verified.text)")
      _ = try V4Export.write(Store(path: store), source: nil, to: folder + "/back.json")
      #expect(try contents(folder + "/back.json") == export + "\n")
    }
  }
}
