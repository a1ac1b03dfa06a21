import AgoraStore
import Migrator
import TestSupport
import Testing

/// v5 tools on a store that was migrated: what they change is told from what somebody altered, and what
/// they do not change stays as it was imported.
@Suite struct ToolsOnMigratedTests {
  private static let export = """
    {"agent_capability":[{"capability_id":"id_1","agent_id":"alpha","capability_type":"testing"},
      {"capability_id":"id_2","agent_id":"beta","capability_type":"docs"}],
     "agent_message":[{"message_id":"id_1","from_agent":"alpha","to_agent":"beta","content":"hi","timestamp":1748736000000000},
      {"message_id":"id_2","from_agent":"ghost","to_agent":"beta","content":"boo","timestamp":1748736000000001}]}
    """

  private func migrated(_ folder: String, _ text: String = export) throws -> TestMarketplace {
    let path = folder + "/v4.json"
    try write(text, to: path)
    _ = try Migration(MigrationOptions(exports: [path]), store: folder + "/agora.db").run()
    return try TestMarketplace(store: Store(path: folder + "/agora.db"))
  }

  private func verify(_ folder: String) throws -> VerificationReport {
    try Verification(MigrationOptions(exports: [folder + "/v4.json"]), store: folder + "/agora.db")
      .run()
  }

  @Test func `acting on v5 leaves a migrated agent as it was imported`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try migrated(folder)
      try bazaar.call(
        "agora.messaging.send", #"{"from_agent":"alpha","to_agent":"beta","content":"v5"}"#)
      let inbox = try bazaar.call("agora.messaging.receive", #"{"agent_id":"beta"}"#)
      let messages = inbox["messages"]?.elements ?? []
      #expect(messages.map { $0["content"]?.text } == ["hi", "boo", "v5"])
      let ids = messages.compactMap { $0["message_id"] }
      try bazaar.call(
        "agora.messaging.acknowledge",
        JSONWriter.compact(
          .object([.init("agent_id", .string("beta")), .init("message_ids", .array(ids))])))
      let report = try verify(folder)
      #expect(report.isIdentical && report.changedOnV5.isEmpty, "\(report.text)")
      let status = try bazaar.call("agora.agent.status", #"{"agent_id":"beta"}"#)
      #expect(status["last_activity"]?.text == "\(bazaar.now)")
      // v4 goes on meanwhile: a newer export is taken in without a conflict.
      let newer = Self.export.replacing("\"docs\"", with: "\"docs\",\"is_active\":false")
      try write(newer, to: folder + "/v4.json")
      let run = try Migration(
        MigrationOptions(exports: [folder + "/v4.json"]), store: folder + "/agora.db"
      ).run()
      #expect(run.conflicts == 0 && run.ledger.totals.updated == 1)
    }
  }

  @Test func `registering a migrated agent or a stub counts as changed on v5`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try migrated(folder)
      let ids = try ["beta", "ghost"].map { name in
        let known = try bazaar.rows("SELECT agent_id FROM agents WHERE agent_name='\(name)'")
        let result = try bazaar.call(
          "agora.agent.register", #"{"agent_name":"\#(name)","capabilities":["new"]}"#)
        #expect(result["agent_id"]?.text == known[0][0])
        return known[0][0]
      }
      let report = try verify(folder)
      #expect(report.mismatches.isEmpty && report.missing.isEmpty && report.extra.isEmpty)
      #expect(Set(report.changedOnV5.compactMap(\.v5ID)) == Set(ids), "\(report.text)")
      // The same registration again is no change, and neither is one that adds nothing.
      try bazaar.call(
        "agora.agent.register", #"{"agent_name":"alpha","capabilities":["testing"]}"#)
      #expect(try verify(folder).changedOnV5.count == 2)
    }
  }
}
