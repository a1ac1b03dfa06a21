import AgoraStore
import TestSupport
import Testing

@Suite struct OverrideTests {
  private func override(
    _ bazaar: TestMarketplace, _ target: String, _ action: String, _ level: Int,
    as caller: Caller = .owner(.swift)
  ) throws -> JSON {
    let arguments = JSON.object([
      .init("target_id", .string(target)), .init("action", .string(action)),
      .init("reason", .string("because of \(level)")), .init("priority", .int(level)),
    ])
    return try bazaar.marketplace.call("agora.admin.override", arguments, as: caller).result
  }

  private func code(_ body: () throws -> JSON) -> ToolFailure.Code? {
    do {
      _ = try body()
      return nil
    } catch { return (error as? ToolFailure)?.code ?? .internal }
  }

  private func send(_ bazaar: TestMarketplace, from agent: String) throws -> ToolFailure.Code? {
    try bazaar.failure(
      "agora.messaging.send", #"{"to_agent":"broadcast","content":"x","from_agent":"\#(agent)"}"#
    )?.code
  }

  @Test func `while everything is halted every writing tool but an override is refused`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      for action in ["pause", "emergency_halt"] {
        let result = try override(bazaar, "system_wide", action, 200)
        #expect(result["status"]?.text == "executed" && result["halted"] == .bool(true))
        #expect(result["override_id"]?.text?.hasPrefix("ovr_") == true)
        #expect(result["executed_at"]?.text == "\(bazaar.now)")
        var refused: Set<String> = []
        for entry in CatalogTests.tools {
          for example in entry.tool.examples where entry.tool.access == .writes {
            guard entry.tool.name != "agora.admin.override" else { continue }
            let before = try bazaar.state()
            let failure = try bazaar.failure(
              entry.tool.name, JSONWriter.compact(example.parameters))
            #expect(failure?.code == .halted, "\(entry.tool.name): \(String(describing: failure))")
            #expect(failure?.message.contains("because of 200") == true)
            #expect(try bazaar.state() == before, "\(entry.tool.name)")
            refused.insert(entry.tool.name)
          }
        }
        #expect(refused.count >= 8)
        // Whatever only looks goes on.
        for tool in ["agora.query.agents", "agora.query.marketplace", "agora.discovery.list"] {
          #expect(try bazaar.failure(tool, "{}") == nil)
        }
        let resumed = try override(bazaar, "system_wide", "resume", 200)
        #expect(resumed["halted"] == .bool(false) && resumed["lifted"] == result["override_id"])
        try bazaar.register("a")
      }
    }
  }

  @Test func `halts stack, and each level lifts what it reaches`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let id = try bazaar.register("a")
      for target in ["system_wide", id] {
        let low = try override(bazaar, target, "pause", 100)["override_id"]
        let high = try override(bazaar, target, "emergency_halt", 255)["override_id"]
        #expect(low != high)
        // A lower level lifts its own and no higher one.
        #expect(code { try override(bazaar, target, "resume", 99) } == .forbidden)
        let first = try override(bazaar, target, "resume", 254)
        #expect(first["lifted"] == low && first["active_halts"]?.integer == 1)
        #expect(code { try override(bazaar, target, "resume", 254) } == .forbidden)
        #expect(try send(bazaar, from: "a") == .halted)
        #expect(try override(bazaar, target, "resume", 255)["lifted"] == high)
        #expect(try send(bazaar, from: "a") == nil)
        #expect(code { try override(bazaar, target, "resume", 255) } == .conflict)
        // The highest first: the lower one stays.
        for level in [100, 255] { _ = try override(bazaar, target, "pause", level) }
        let arguments = try JSON.parse(
          #"{"target_id":"\#(target)","action":"resume","reason":"x","priority":255}"#)
        let reply = try bazaar.marketplace.call(
          "agora.admin.override", arguments, as: .owner(.cli))
        #expect(reply.warnings.first?.contains("level 100") == true)
        #expect(try send(bazaar, from: "a") == .halted)
        _ = try override(bazaar, target, "resume", 255)
        #expect(try send(bazaar, from: "a") == nil)
      }
    }
  }

  @Test func `nobody acts above the own level, and a halted operator can still lift`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let id = try bazaar.register("boss")
      let boss = Caller.bound(to: AgentReference("boss"), authority: 120, origin: .http)
      #expect(code { try override(bazaar, "system_wide", "pause", 121, as: boss) } == .forbidden)
      _ = try override(bazaar, "boss", "pause", 110)
      _ = try override(bazaar, "system_wide", "pause", 120, as: boss)
      _ = try override(bazaar, "system_wide", "resume", 120, as: boss)
      _ = try override(bazaar, "boss", "resume", 110, as: boss)
      #expect(try send(bazaar, from: "boss") == nil)
      let actors = try bazaar.rows("SELECT actor FROM overrides ORDER BY rowid")
      #expect(actors == [["operator"], [id], [id], [id]])
    }
  }

  @Test func `a halted agent is paused until its last halt is lifted`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let id = try bazaar.register("a")
      try bazaar.register("b")
      let status = "SELECT status FROM agents WHERE agent_id='\(id)'"
      for level in [50, 60] { _ = try override(bazaar, "a", "pause", level) }
      #expect(try send(bazaar, from: "a") == .halted && send(bazaar, from: "b") == nil)
      #expect(try bazaar.failure("agora.agent.register", #"{"agent_name":"a"}"#)?.code == .halted)
      #expect(try bazaar.rows(status) == [["paused"]])
      _ = try override(bazaar, id, "resume", 60)
      #expect(try bazaar.rows(status) == [["paused"]])
      _ = try override(bazaar, id, "resume", 60)
      #expect(try bazaar.rows(status) == [["active"]])
      #expect(try bazaar.rows("SELECT count(*) FROM halted_status") == [["0"]])
      // One that an operator had paused before stays so.
      let manage = #"{"action":"set_agent_status","agent_id":"a","status":"paused"}"#
      try bazaar.call("agora.admin.manage", manage)
      for action in ["pause", "resume"] { _ = try override(bazaar, "a", action, 60) }
      #expect(try bazaar.rows(status) == [["paused"]])
      let audit = try bazaar.rows(
        "SELECT reason FROM audit WHERE action='agora.admin.override' AND target='\(id)'")
      #expect(audit.count == 8 && audit.allSatisfy { $0[0].hasPrefix("because of") })
      let events = try bazaar.rows(
        "SELECT json_extract(data,'$.action'), json_extract(data,'$.target_id') FROM events WHERE event_type='override_executed'"
      )
      #expect(events.count == 6 && events.allSatisfy { $0[1] == id })
      #expect(try StoreCheck(bazaar.store).isSound)
    }
  }

  @Test func `what is terminated ends with its open work`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let id = try bazaar.register("a")
      let workflow = "wf_00000000000070008000000000000000"
      try bazaar.store.write {
        try $0.execute(
          "INSERT INTO workflows(workflow_id, workflow_name, status) VALUES('\(workflow)','w','running')"
        )
      }
      func assign(_ rest: String) throws -> String {
        try bazaar.call("agora.task.assign", #"{"task_type":"t","payload":{}\#(rest)}"#)["task_id"]?
          .text ?? ""
      }
      let tasks = "SELECT status FROM tasks WHERE task_id="
      try bazaar.register("b")
      let first = try assign(#","assignee":"a""#)
      let dependent = try assign(#","assignee":"b","depends_on":["\#(first)"]"#)
      let ofWorkflow = try assign(#","assignee":"b","workflow_id":"\#(workflow)""#)
      let free = try assign(#","assignee":"b""#)
      try bazaar.call(
        "agora.messaging.subscribe", #"{"agent_id":"a","event_types":["task_assigned"]}"#)
      _ = try override(bazaar, "a", "terminate", 50)
      #expect(
        try bazaar.rows("SELECT status FROM agents WHERE agent_id='\(id)'") == [["terminated"]])
      #expect(try bazaar.rows("SELECT status FROM subscriptions") == [["ended"]])
      #expect(try bazaar.rows(tasks + "'\(first)'") == [["failed"]])
      #expect(try bazaar.rows(tasks + "'\(dependent)'") == [["failed"]])
      #expect(try bazaar.rows(tasks + "'\(ofWorkflow)'") == [["pending"]])
      #expect(try send(bazaar, from: "a") == .forbidden)
      #expect(code { try override(bazaar, "a", "resume", 255) } == .conflict)

      let start = #"{"task_id":"\#(ofWorkflow)","status":"in_progress"}"#
      let state = "SELECT status, completed_at FROM workflows WHERE workflow_id='\(workflow)'"
      _ = try override(bazaar, workflow, "pause", 50)
      #expect(try bazaar.rows(state)[0][0] == "paused")
      #expect(try bazaar.failure("agora.task.update", start)?.code == .halted)
      _ = try override(bazaar, workflow, "resume", 50)
      #expect(try bazaar.rows(state)[0] == ["running", "-"])
      _ = try override(bazaar, workflow, "terminate", 50)
      #expect(try bazaar.rows(state)[0] == ["terminated", "\(bazaar.now.microseconds)"])
      #expect(try bazaar.rows(tasks + "'\(ofWorkflow)'") == [["failed"]])
      #expect(try bazaar.rows(tasks + "'\(free)'") == [["pending"]])

      let result = try override(bazaar, "system_wide", "terminate", 255)
      #expect(result["halted"] == .bool(true))
      #expect(try bazaar.rows(tasks + "'\(free)'") == [["failed"]])
      #expect(try send(bazaar, from: "b") == .halted)
      _ = try override(bazaar, "system_wide", "resume", 255)
      #expect(try send(bazaar, from: "b") == nil)
      #expect(try StoreCheck(bazaar.store).isSound)
    }
  }
}
