import AgoraStore
import TestSupport
import Testing

@Suite struct AgentToolTests {
  private let register = "agora.agent.register"

  @Test func `registering makes an agent, its event and its audit entry`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let result = try bazaar.call(
        register,
        #"{"agent_name":"A","capabilities":["x","y","x"],"service_tier":"premium","max_concurrent_tasks":3,"proficiency_level":8,"metadata":{"k":1}}"#
      )
      #expect(result["status"]?.text == "registered")
      #expect(result["available_services"] == ToolCatalog.agora.names.json)
      let id = result["agent_id"]?.text ?? ""
      let agent = try bazaar.rows(
        "SELECT agent_id, agent_name, service_tier, status, registered_at, last_activity, capabilities, max_concurrent_tasks, metadata, source_hash FROM agents"
      )
      let start = "\(TestMarketplace.start)"
      #expect(
        agent == [
          [
            id, "A", "premium", "active", start, start, #"["x","y"]"#, "3",
            #"{"k":1,"proficiency":{"x":8,"y":8}}"#, "-",
          ]
        ])
      let events = try bazaar.rows(
        "SELECT event_type, source_agent, target_agent, data, timestamp FROM events")
      #expect(
        events == [
          [
            "agent_registered", id, "broadcast",
            #"{"agent_id":"\#(id)","agent_name":"A","capabilities":["x","y"]}"#, start,
          ]
        ])
      let audit = try bazaar.rows("SELECT actor, action, target, before FROM audit")
      #expect(audit == [[id, register, id, "-"]])
      #expect(try StoreCheck(bazaar.store).isSound)
    }
  }

  @Test func `registering a known name adds and keeps`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let id = try bazaar.call(
        register, #"{"agent_name":"A","capabilities":["x"],"service_tier":"premium"}"#)["agent_id"]
      let audit = "SELECT before, after FROM audit ORDER BY rowid"
      // The same again changes nothing.
      let again = try bazaar.call(register, #"{"agent_name":"A","capabilities":["x"]}"#)
      #expect(again["agent_id"] == id)
      #expect(try bazaar.rows(audit).count == 1)
      let more = try bazaar.call(
        register, #"{"agent_name":"A","capabilities":["y"],"metadata":{"a":1}}"#)
      #expect(more["agent_id"] == id)
      _ = try bazaar.call(register, #"{"agent_name":"A","metadata":{"a":2,"b":3}}"#)
      let rows = try bazaar.rows("SELECT service_tier, capabilities, metadata FROM agents")
      #expect(rows == [["premium", #"["x","y"]"#, #"{"a":2,"b":3}"#]])
      #expect(
        try bazaar.rows(audit).dropFirst() == [
          [
            #"{"capabilities":["x"],"metadata":{}}"#,
            #"{"capabilities":["x","y"],"metadata":{"a":1}}"#,
          ],
          [#"{"metadata":{"a":1}}"#, #"{"metadata":{"a":2,"b":3}}"#],
        ])
    }
  }

  @Test func `a stub that registers is a stub no longer`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let stub = "agent_00000000000050008000000000000001"
      try bazaar.store.write {
        try $0.execute(
          """
          INSERT INTO agents(agent_id, agent_name, status, metadata)
          VALUES('\(stub)','Gone','paused','{"migration_source":"v4","stub":true}')
          """)
      }
      let result = try bazaar.call(register, #"{"agent_name":"Gone","capabilities":["x"]}"#)
      #expect(result["agent_id"]?.text == stub)
      let rows = try bazaar.rows(
        "SELECT status, registered_at, metadata, last_activity FROM agents")
      #expect(
        rows == [["active", "\(TestMarketplace.start)", #"{"migration_source":"v4"}"#, "-"]])
      #expect(try bazaar.rows("SELECT count(*) FROM audit WHERE target='\(stub)'") == [["1"]])
    }
  }

  @Test func `one seen through v4 is marked until it is seen on v5`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      try bazaar.call(register, #"{"agent_name":"A"}"#, as: .owner(.v4))
      let metadata = "SELECT metadata FROM agents WHERE agent_name='A'"
      let message = #"{"to_agent":"broadcast","content":"","from_agent":"A"}"#
      try bazaar.call("agora.messaging.send", message, as: .owner(.v4))
      #expect(try bazaar.rows(metadata) == [[#"{"compatibility_mode":"true"}"#]])
      try bazaar.call("agora.messaging.send", message, as: .owner(.mcp))
      #expect(try bazaar.rows(metadata) == [["{}"]])
    }
  }

  @Test func `what an operator decided about an agent stays`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      for status in ["paused", "suspended", "terminated"] {
        let id = try bazaar.register(status)
        try bazaar.store.write {
          try $0.execute("UPDATE agents SET status='\(status)' WHERE agent_id='\(id)'")
        }
        // So far nobody on v5 has said so: as v4 may have left it.
        try bazaar.register(status)
        #expect(try bazaar.rows("SELECT status FROM agents WHERE agent_id='\(id)'") == [["active"]])
        try bazaar.store.write {
          try $0.execute(
            """
            UPDATE agents SET status='\(status)' WHERE agent_id='\(id)';
            INSERT INTO audit(audit_id, action, target) VALUES('aud_\(id)','agora.admin.manage','\(id)')
            """)
        }
        let failure = try bazaar.failure(register, #"{"agent_name":"\#(status)"}"#)
        #expect(failure?.code == (status == "paused" ? nil : .forbidden), "\(status)")
        #expect(try bazaar.rows("SELECT status FROM agents WHERE agent_id='\(id)'") == [[status]])
      }
    }
  }
}
