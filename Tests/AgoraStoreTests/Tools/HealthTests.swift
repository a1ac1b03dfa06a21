import AgoraStore
import TestSupport
import Testing

@Suite struct HealthTests {
  private func check(
    _ bazaar: TestMarketplace, _ component: String? = nil
  ) throws -> (status: String, components: JSON) {
    let parameters = component.map { #"{"component":"\#($0)"}"# } ?? "{}"
    let result = try bazaar.call("agora.admin.health", parameters)
    #expect(result["timestamp"]?.text == "\(bazaar.now)")
    return (result["status"]?.text ?? "", result["components"] ?? .null)
  }

  private func value(_ health: JSON?) -> Double? {
    guard case .number(let text)? = health?["value"] else { return nil }
    return Double(text)
  }

  @Test func `everything is measured, and what was found is written`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let all = try check(bazaar)
      let names = all.components.members?.map(\.name) ?? []
      #expect(
        Set(names) == [
          "write", "read", "wal", "integrity", "disk", "messages", "tasks", "agents",
          "mcp_server", "halts",
        ])
      for name in names {
        let health = all.components[name]
        #expect(value(health).map { $0 >= 0 } == true, "\(name)")
        // A machine under load may be slow, and its disk full; the rest is as it has to be.
        guard !["write", "read", "disk"].contains(name) else { continue }
        #expect(health?["status"]?.text == "healthy", "\(name)")
      }
      let rows = "SELECT component, measured_at FROM health ORDER BY 1"
      #expect(try bazaar.rows(rows).map(\.[0]) == names.sorted())
      let filters = [
        ("database", ["write", "read", "wal", "integrity", "disk"]), ("tasks", ["tasks"]),
        ("write", ["write"]), ("mcp_server", ["mcp_server"]),
      ]
      for (component, expected) in filters {
        let found = try check(bazaar, component).components.members?.map(\.name)
        #expect(found == expected, "\(component)")
      }
      bazaar.pass(seconds: 60)
      _ = try check(bazaar, "write")
      let write = try bazaar.rows("SELECT measured_at FROM health WHERE component='write'")
      #expect(write == [["\(bazaar.now.microseconds)"]])
      let times = try (0..<5).map { _ in value(try check(bazaar, "write").components["write"]) }
      #expect(Set(times).count > 1)
    }
  }

  @Test func `what waits is counted against what operators have set`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      for name in ["a", "b"] { try bazaar.register(name) }
      for key in ["unread_messages", "overdue_tasks", "stranded_tasks"] {
        try bazaar.call(
          "agora.admin.manage",
          #"{"action":"set_config","key":"health.max_\#(key)","value":1}"#)
      }
      func expect(_ component: String, _ count: Double, _ status: String) throws {
        let health = try check(bazaar, component).components[component]
        #expect(value(health) == count && health?["status"]?.text == status, "\(component)")
        #expect(health?["threshold"] == .number("1.0"))
      }
      for (count, status) in [(1.0, "healthy"), (2, "degraded"), (3, "degraded")] {
        try bazaar.call(
          "agora.messaging.send", #"{"to_agent":"b","content":"x","from_agent":"a"}"#)
        try bazaar.call(
          "agora.messaging.send", #"{"to_agent":"broadcast","content":"x","from_agent":"a"}"#)
        try bazaar.call(
          "agora.task.assign",
          #"{"task_type":"t","payload":{},"assignee":"a","deadline":"2025-06-06T10:00:01Z"}"#)
        try expect("messages", count, status)
        try expect("tasks", 0, "healthy")
        try expect("agents", 0, "healthy")
      }
      bazaar.pass(seconds: 5)
      try expect("tasks", 3, "degraded")
      try bazaar.store.write {
        try $0.execute(
          """
          UPDATE agents SET status='paused';
          INSERT INTO tasks(task_id, task_type, status, deadline, assigned_agent)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<8)
            SELECT 'task_'||i, 't', 'pending', 1, agent_id FROM n, agents WHERE agent_name='a'
          """)
      }
      try expect("agents", 11, "critical")
      try expect("tasks", 11, "critical")
      #expect(try check(bazaar).status == "critical")
      try bazaar.store.write { try $0.execute("UPDATE services SET description='old'") }
      let server = try check(bazaar, "mcp_server")
      #expect(server.status == "degraded" && value(server.components["mcp_server"]) ?? 0 > 8)
    }
  }

  @Test func `a store that is halted or cannot be written is critical, and says so`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let override = #"{"target_id":"system_wide","action":"ACTION","reason":"why","priority":9}"#
      try bazaar.call("agora.admin.override", override.replacing("ACTION", with: "pause"))
      let halted = try check(bazaar)
      #expect(halted.status == "critical")
      #expect(halted.components["halts"]?["message"]?.text?.contains("why") == true)
      #expect(value(halted.components["write"]) != nil)
      try bazaar.call("agora.admin.override", override.replacing("ACTION", with: "resume"))
      #expect(try check(bazaar, "halts").status == "healthy")
      // Another program writes and does not stop.
      let other = try Connection(path: bazaar.store.path, mode: .readWrite)
      try other.execute("BEGIN IMMEDIATE")
      let locked = try check(bazaar, "database")
      #expect(locked.status == "critical" && locked.components["write"]?["value"] == .null)
      #expect(locked.components["write"]?["message"]?.text?.contains("locked") == true)
      #expect(value(locked.components["read"]) != nil)
      try other.execute("ROLLBACK")
      #expect(value(try check(bazaar, "write").components["write"]) != nil)
    }
  }

  @Test func `damage is found, in small stores and in large ones`() throws {
    for isLarge in [false, true] {
      try withTemporaryFolder { folder in
        let bazaar = try TestMarketplace(in: folder)
        for name in ["a", "b"] { try bazaar.register(name) }
        if isLarge {
          try bazaar.store.write {
            try $0.execute(
              "INSERT INTO messages(message_id, content) VALUES('msg_x', printf('%.*c', 9000000, 'x'))"
            )
          }
        }
        let sound = try check(bazaar, "integrity")
        #expect(sound.status == "healthy")
        let message = sound.components["integrity"]?["message"]?.text
        #expect(message?.contains(isLarge ? "looked up" : "were checked") == true)
        let page = try bazaar.rows(
          "SELECT rootpage FROM sqlite_master WHERE name='sqlite_autoindex_agents_1'")
        try bazaar.store.withWriter { try $0.execute("PRAGMA wal_checkpoint(TRUNCATE)") }
        let file = try File.updating(bazaar.store.path)
        try file.seek(to: ((Int(page[0][0]) ?? 0) - 1) * 16_384)
        try file.write([UInt8](repeating: 0xaa, count: 16_384).span)
        let damaged = try check(bazaar, "integrity")
        #expect(damaged.status == "critical", "\(damaged)")
      }
    }
  }

  @Test func `a store that is gone is critical`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      for suffix in ["", "-wal", "-shm"] { try File.remove(bazaar.store.path + suffix) }
      let gone = try check(bazaar)
      #expect(gone.status == "critical")
      for name in ["write", "read", "integrity", "messages", "halts"] {
        #expect(gone.components[name]?["status"]?.text == "critical", "\(name)")
      }
      #expect(gone.components["disk"]?["value"] != .null)
    }
  }
}
