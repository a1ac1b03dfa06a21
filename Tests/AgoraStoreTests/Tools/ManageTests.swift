import AgoraStore
import TestSupport
import Testing

@Suite struct ManageTests {
  private let manage = "agora.admin.manage"

  @Test func `an agent's status is an operator's decision`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let id = try bazaar.register("a")
      let message = #"{"to_agent":"broadcast","content":"x","from_agent":"a"}"#
      let steps: [(AgentStatus, Bool, ToolFailure.Code?)] = [
        (.active, false, nil), (.active, false, nil), (.paused, true, nil),
        (.suspended, true, .forbidden), (.active, true, nil), (.terminated, true, .forbidden),
        (.active, true, nil),
      ]
      for (status, isChanged, code) in steps {
        let result = try bazaar.call(
          manage,
          #"{"action":"set_agent_status","agent_id":"a","status":"\#(status.rawValue)","reason":"r"}"#
        )
        #expect(result["agent"]?["status"] == status.json && result["target"]?.text == id)
        #expect(result["changed"] == .bool(isChanged), "\(status)")
        #expect(try bazaar.failure("agora.messaging.send", message)?.code == code, "\(status)")
      }
      // The first decision counts although it changes nothing, the second is the same.
      let audit = try bazaar.rows(
        "SELECT actor, before, after, reason FROM audit WHERE action='\(manage)' AND target='\(id)'"
      )
      #expect(audit.count == 6)
      #expect(
        audit[1] == ["operator", #"{"status":"active"}"#, #"{"status":"paused"}"#, "r"])
      let events = try bazaar.rows(
        "SELECT json_extract(data,'$.status') FROM events WHERE event_type='agent_status_changed'")
      #expect(events.map(\.[0]).suffix(2) == ["terminated", "active"])
    }
  }

  @Test func `a deprecated service warns, ends on its day, and can be taken back`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      try bazaar.register("a")
      let message = try JSON.parse(#"{"to_agent":"broadcast","content":"x","from_agent":"a"}"#)
      func warnings() throws -> [String] {
        try bazaar.marketplace.call("agora.messaging.send", message, as: .owner(.swift)).warnings
      }
      func state() throws -> JSON? {
        try bazaar.call("agora.query.services", #"{"category":"messaging"}"#)["services"]?.elements?
          .first { $0["name"]?.text == "agora.messaging.send" }
      }
      #expect(try warnings().isEmpty)
      let deprecation = #"""
        {"action":"deprecate_service","service_name":"agora.messaging.send","version":"1.0.0",
         "deprecation_date":"2025-06-06T10:00:00Z","sunset_date":"2025-06-06T11:00:00Z",
         "replacement":"agora.messaging.receive","migration_guide":"read on"}
        """#
      let result = try bazaar.call(manage, deprecation)
      #expect(
        result["changed"] == .bool(true) && result["service"]?["status"]?.text == "deprecated")
      #expect(try bazaar.call(manage, deprecation)["changed"] == .bool(false))
      #expect(try warnings().first?.contains("use agora.messaging.receive") == true)
      // Calls to it are counted all the same.
      #expect(try state()?["calls"]?.integer == 2)
      bazaar.pass(seconds: 3_599)
      #expect(try warnings().count == 1)
      bazaar.pass(seconds: 1)
      let gone = try bazaar.failure("agora.messaging.send", JSONWriter.compact(message))
      #expect(gone?.code == .gone && gone?.message.contains("agora.messaging.receive") == true)
      #expect(try state()?["calls"]?.integer == 3)
      // What operators decided outlives the program.
      let again = try TestMarketplace(store: bazaar.store)
      let early = try again.marketplace.call("agora.messaging.send", message, as: .owner(.swift))
      #expect(early.warnings.count == 1)
      let activation =
        #"{"action":"activate_service","service_name":"agora.messaging.send","version":"1.0.0"}"#
      let active = try bazaar.call(manage, activation)
      #expect(active["service"]?["sunset_date"] == .null && active["changed"] == .bool(true))
      #expect(try warnings().isEmpty)
      #expect(try bazaar.call(manage, activation)["changed"] == .bool(false))
      let audit = try bazaar.rows(
        "SELECT count(*) FROM audit a JOIN services s ON s.service_id=a.target WHERE a.action='\(manage)'"
      )
      #expect(audit == [["2"]])
      let events = try bazaar.rows(
        "SELECT event_type FROM events WHERE event_type LIKE 'service_%' ORDER BY seq")
      #expect(events == [["service_deprecated"], ["service_activated"]])
    }
  }

  @Test func `settings have types, limits and neighbours`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let all = try bazaar.call(manage, #"{"action":"get_config"}"#)["settings"]?.elements ?? []
      #expect(all.count == Setting.all.count)
      for setting in all { #expect(setting["value"] == setting["default"], "\(setting)") }
      let set = #"{"action":"set_config","key":"events.keep_days","value":30,"reason":"r"}"#
      #expect(try bazaar.call(manage, set)["changed"] == .bool(true))
      #expect(try bazaar.call(manage, set)["changed"] == .bool(false))
      let shown = try bazaar.call(manage, #"{"action":"get_config","key":"events.keep_days"}"#)
      let setting = shown["settings"]?.elements?.first
      #expect(setting?["value"]?.integer == 30 && setting?["default"]?.integer == 90)
      #expect(setting?["updated_by"]?.text == "operator")
      let audit = try bazaar.rows(
        "SELECT before, after, reason FROM audit WHERE target='events.keep_days'")
      #expect(audit == [["-", #"{"value":30}"#, "r"]])
      let events = try bazaar.rows(
        "SELECT data FROM events WHERE event_type='configuration_changed'")
      #expect(events == [[#"{"key":"events.keep_days","value":30,"previous_value":null}"#]])
      let failure = try bazaar.failure(
        manage, #"{"action":"set_config","key":"event.keep_day","value":1}"#)
      #expect(failure?.message.contains("did you mean events.keep_days?") == true)
      #expect(failure?.parameter == "key")
      let outside = try bazaar.failure(
        manage, #"{"action":"set_config","key":"events.keep_days","value":40000}"#)
      #expect(outside?.message.contains("1 to 36500") == true)
    }
  }

  @Test func `how long events are kept is what was set`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      try bazaar.call(manage, #"{"action":"set_config","key":"events.keep_count","value":10}"#)
      try bazaar.store.write {
        try $0.execute(
          """
          INSERT INTO events(event_id, event_type, target_agent, timestamp)
          WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<998)
          SELECT 'evt_'||i, 'x', 'broadcast', \(TestMarketplace.start)-i FROM n
          """)
      }
      #expect(try bazaar.rows("SELECT count(*) FROM events") == [["999"]])
      try bazaar.register("a")
      #expect(try bazaar.rows("SELECT count(*) FROM events") == [["10"]])
    }
  }
}
