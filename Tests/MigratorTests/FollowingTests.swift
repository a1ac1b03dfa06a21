import AgoraStore
import Migrator
import TestSupport
import Testing

/// What v5 has done stands, and what came before a run is no part of it.
@Suite struct FollowingTests {
  private func migrate(_ export: String, _ folder: String, orphans: OrphanPolicy = .stub) throws
    -> MigrationReport
  {
    try write(export, to: folder + "/export.json")
    var options = MigrationOptions(exports: [folder + "/export.json"])
    options.orphans = orphans
    return try Migration(options, store: folder + "/agora.db").run()
  }

  private static let agents =
    #""agent_capability":[{"capability_id":"c1","agent_id":"bob","capability_type":"d"}]"#
  private static func workflow(_ status: String, extra: String = "") -> String {
    "{" + agents
      + #","workflow_coordination":[{"workflow_id":"w","workflow_type":"n","status":"\#(status)"}],"#
      + #""workflow_step":[{"step_id":"s1","workflow_id":"w","step_name":"one","step_order":1,"assigned_agent":"bob","status":"pending"\#(extra)}]}"#
  }

  @Test func `a workflow that v5 runs keeps its steps when v4 says the same status`() throws {
    try withTemporaryFolder { folder in
      _ = try migrate(Self.workflow("pending"), folder)
      let bazaar = try TestMarketplace(store: Store(path: folder + "/agora.db"))
      let id = try bazaar.rows("SELECT workflow_id FROM workflows")[0][0]
      try bazaar.call("agora.workflow.modify", #"{"workflow_id":"\#(id)","action":"start"}"#)
      let started = try bazaar.rows("SELECT status, steps FROM workflows")
      _ = try migrate(Self.workflow("running", extra: #","extra":1"#), folder)
      #expect(try bazaar.rows("SELECT status, steps FROM workflows") == started)
      _ = try migrate(Self.workflow("pending"), folder)
      #expect(try bazaar.rows("SELECT status, steps FROM workflows") == started)
    }
  }

  @Test func `a run goes back although v5 had changed its records before`() throws {
    try withTemporaryFolder { folder in
      _ = try migrate("{" + Self.agents + "}", folder)
      let bazaar = try TestMarketplace(store: Store(path: folder + "/agora.db"))
      try bazaar.call("agora.agent.register", #"{"agent_name":"bob","capabilities":["v5"]}"#)
      let before = try bazaar.store.contentHash()
      let more =
        Self.agents.dropLast()
        + #",{"capability_id":"c2","agent_id":"bob","capability_type":"e"}]"#
      let run = try migrate("{" + more + "}", folder).runID
      _ = try Rollback(run, store: folder + "/agora.db").run()
      #expect(try bazaar.store.contentHash() == before)
      // What v5 does after a run still refuses.
      let again = try migrate("{" + more + "}", folder).runID
      try bazaar.call("agora.agent.register", #"{"agent_name":"bob","capabilities":["later"]}"#)
      let refusal = #expect(throws: AgoraError.self) {
        try Rollback(again, store: folder + "/agora.db").run()
      }
      #expect(refusal?.code == .refused)
    }
  }

  @Test func `a name that only a rejected row gave is nobody's`() throws {
    try withTemporaryFolder { folder in
      let export =
        #"{"agent_registry":[{"agent_name":"bob","supervisor_id":"ghost"}],"agent_message":[{"message_id":"1","from_agent":"bob"}]}"#
      let report = try migrate(export, folder, orphans: .reject)
      #expect(report.ledger.totals == .init(read: 2, rejected: 2))
      let check = try StoreCheck(Store(path: folder + "/agora.db"))
      #expect(check.isSound, "\(check.text)")
    }
  }
}
