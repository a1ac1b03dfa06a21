import AgoraStore
import Migrator
import TestSupport
import Testing

/// What v5 has done stands, and what came before a run is no part of it.
@Suite struct FollowingTests {
  @discardableResult
  private func migrate(
    _ export: String, _ folder: String, orphans: OrphanPolicy = .stub, appliesDeletes: Bool = false
  ) throws -> MigrationReport {
    try write(export, to: folder + "/export.json")
    var options = MigrationOptions(exports: [folder + "/export.json"])
    options.orphans = orphans
    options.appliesDeletes = appliesDeletes
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

  @Test
  func `a row that v5 wrote in the place of a removed one stays when the removal is taken back`()
    throws
  {
    try withTemporaryFolder { folder in
      func messages(_ ids: [Int]) -> String {
        let rows = ids.map {
          #"{"message_id":"\#($0)","from_agent":"bob","to_agent":"bob","content":"\#($0)"}"#
        }
        return "{" + Self.agents + #","agent_message":["# + rows.joined(separator: ",") + "]}"
      }
      let first = try migrate(messages([1, 2]), folder).runID
      let bazaar = try TestMarketplace(store: Store(path: folder + "/agora.db"))
      let second = try migrate(messages([1]), folder, appliesDeletes: true).runID
      try bazaar.call(
        "agora.messaging.send", #"{"to_agent":"bob","from_agent":"bob","content":"born on v5"}"#)
      _ = try Rollback(second, store: folder + "/agora.db").run()
      let contents = Query("contents", "SELECT content FROM messages ORDER BY content")
      let found = try bazaar.store.read { try $0.all(contents, map: { $0.text(0) }) }
      #expect(found == ["1", "2", "born on v5"])
      let refusal = #expect(throws: AgoraError.self) {
        try Rollback(first, store: folder + "/agora.db").run()
      }
      #expect(refusal?.code == .refused)
      _ = try Rollback(first, keepsNewer: true, store: folder + "/agora.db").run()
      let left = try bazaar.store.read { try $0.all(contents, map: { $0.text(0) }) }
      #expect(left == ["born on v5"])
      let check = try StoreCheck(bazaar.store)
      #expect(check.isSound, "\(check.text)")
    }
  }

  /// What the bundle for v4 says of a store's one task or step, and what comes of it in a fresh store.
  private func backAndForth(_ folder: String, _ sql: String) throws -> [String] {
    let store = try Store(path: folder + "/agora.db")
    _ = try V4Export.write(store, source: nil, to: folder + "/back.json", includingNew: true)
    _ = try Migration(
      MigrationOptions(exports: [folder + "/back.json"]), store: folder + "/fresh.db"
    ).run()
    return try [store, Store(path: folder + "/fresh.db")].map { store in
      try store.read { try $0.first(Query("outcome", sql), map: { $0.text(0) }) ?? "" }
    }
  }

  @Test func `a task whose status was an unknown word comes back as far as it is`() throws {
    try withTemporaryFolder { folder in
      let row =
        #"{"assignment_id":"t1","task_type":"x","status":"weird","progress":0.5,"agent_id":"bob"}"#
      try migrate("{" + Self.agents + #","task_assignment":["# + row + "]}", folder)
      let bazaar = try TestMarketplace(store: Store(path: folder + "/agora.db"))
      let id = try bazaar.rows("SELECT task_id FROM tasks")[0][0]
      try bazaar.call("agora.task.update", #"{"task_id":"\#(id)","progress":100}"#)
      let found = try backAndForth(folder, "SELECT status||' '||progress FROM tasks")
      #expect(found == ["in_progress 100", "in_progress 100"])
    }
  }

  @Test func `a step that was skipped comes back as skipped`() throws {
    try withTemporaryFolder { folder in
      try migrate(Self.workflow("pending"), folder)
      let bazaar = try TestMarketplace(store: Store(path: folder + "/agora.db"))
      let id = try bazaar.rows("SELECT workflow_id FROM workflows")[0][0]
      try bazaar.call("agora.workflow.modify", #"{"workflow_id":"\#(id)","action":"terminate"}"#)
      let found = try backAndForth(
        folder, "SELECT status||' '||json_extract(steps,'$[0].status') FROM workflows")
      #expect(found == ["terminated skipped", "terminated skipped"])
    }
  }
}
