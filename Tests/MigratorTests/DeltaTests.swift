import AgoraStore
import Migrator
import TestSupport
import Testing

/// Later exports into a store that has earlier ones.
@Suite struct DeltaTests {
  /// Imports exports one after the other and gives the last report and the store's path to `body`.
  private func importing(
    _ exports: [String], options change: (inout MigrationOptions, Int) -> Void = { _, _ in },
    between: (String, Int) throws -> Void = { _, _ in },
    _ body: (MigrationReport, String) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      var last: MigrationReport?
      for (index, export) in exports.enumerated() {
        try write(export, to: folder + "/export.json")
        var options = MigrationOptions(exports: [folder + "/export.json"])
        change(&options, index)
        last = try Migration(options, store: store).run()
        try between(store, index)
      }
      let report = try #require(last)
      try body(report, store)
      let check = try StoreCheck(Store(path: store))
      #expect(check.isSound, "\(check.text)")
    }
  }

  private func text(_ sql: String, in store: String) throws -> [String] {
    try Connection(path: store, mode: .readOnly).all(Query("test", sql), map: { $0.text(0) })
  }

  private func expect(_ sql: String, in store: String, gives expected: [String]) throws {
    let found = try text(sql, in: store)
    #expect(found == expected, "\(sql)")
  }

  @Test func `what is new comes in and what changed is updated`() throws {
    let first = """
      {"agent_message":[{"message_id":"a","from_agent":"x","content":"1","status":"pending"},
      {"message_id":"b","from_agent":"x","content":"2"}]}
      """
    let second = """
      {"agent_message":[{"message_id":"a","from_agent":"x","content":"1","status":"delivered"},
      {"message_id":"b","from_agent":"x","content":"2"},{"message_id":"c","from_agent":"x","content":"3"}]}
      """
    try importing([first, second]) { report, store in
      let entry = report.ledger["agent_message"]
      #expect(
        entry == .init(read: 3, imported: 1, updated: 1, merged: 0, unchanged: 1, rejected: 0))
      try expect(
        "SELECT delivered FROM messages ORDER BY content", in: store, gives: ["1", "0", "0"])
    }
    // The last one alone gives the same marketplace.
    try importing([first, second]) { _, store in
      let both = try StoreDump.marketplace(of: store)
      try importing([second]) { _, alone in
        let once = try StoreDump.marketplace(of: alone)
        #expect(once == both)
      }
    }
  }

  @Test func `a counter that restarted overwrites nothing`() throws {
    try importing([
      #"{"agent_message":[{"message_id":"id_1","from_agent":"x","content":"first life"}]}"#,
      #"{"agent_message":[{"message_id":"id_1","from_agent":"x","content":"second life"}]}"#,
    ]) { report, store in
      #expect(report.epochs == 1 && report.deletedInSource == 1)
      try expect(
        "SELECT content FROM messages ORDER BY content", in: store,
        gives: [
          "first life", "second life",
        ])
    }
  }

  @Test func `what v5 changed stands and is listed as a conflict`() throws {
    let before = #"{"task_assignment":[{"assignment_id":"t","agent_id":"x","progress":0.1}]}"#
    let after = #"{"task_assignment":[{"assignment_id":"t","agent_id":"x","progress":0.5}]}"#
    try importing(
      [before, after, after],
      between: { store, index in
        guard index == 0 else { return }
        try Connection(path: store, mode: .readWrite).execute("UPDATE tasks SET progress=90")
      }
    ) { report, store in
      #expect(report.conflicts == 1 && report.ledger["task_assignment"].unchanged == 1)
      try expect("SELECT progress FROM tasks", in: store, gives: ["90"])
      // Listed once, however often the export comes.
      try expect("SELECT count(*) FROM conflicts", in: store, gives: ["1"])
    }
  }

  /// Each pair's second export resolves a reference otherwise than the first one did; none of it is a
  /// change on v5.
  @Test(arguments: [
    (
      """
      {"workflow_coordination":[{"workflow_id":"w","created_at":10}],
      "task_assignment":[{"assignment_id":"t","workflow_id":"w","created_at":30,"progress":0.1}]}
      """,
      """
      {"workflow_coordination":[{"workflow_id":"w","created_at":20}],
      "task_assignment":[{"assignment_id":"t","workflow_id":"w","created_at":30,"progress":0.5}]}
      """
    ),
    (
      """
      {"workflows":[{"workflow_id":"w"}],
      "task_assignment":[{"assignment_id":"t","workflow_id":"w","progress":0.1}]}
      """,
      """
      {"workflows":[{"workflow_id":"w"}],"workflow_coordination":[{"workflow_id":"w"}],
      "task_assignment":[{"assignment_id":"t","workflow_id":"w","progress":0.5}]}
      """
    ),
  ])
  func `a reference that resolves otherwise is no conflict`(_ first: String, _ second: String)
    throws
  {
    try importing([first, second]) { report, store in
      #expect(report.conflicts == 0 && report.ledger["task_assignment"].updated == 1)
      try expect("SELECT progress FROM tasks", in: store, gives: ["50"])
    }
  }

  @Test func `a step stands in one workflow only`() throws {
    try importing([
      """
      {"workflow_coordination":[{"workflow_id":"w","created_at":10}],"workflow_step":[
      {"step_id":"s","workflow_id":"w","step_name":"n","started_at":30}]}
      """,
      """
      {"workflow_coordination":[{"workflow_id":"w","created_at":20}],"workflow_step":[
      {"step_id":"s","workflow_id":"w","step_name":"n","started_at":30,"status":"completed"}]}
      """,
    ]) { report, store in
      #expect(report.ledger["workflow_step"].updated == 1)
      try expect(
        "SELECT json_extract(steps,'$[0].status') FROM workflows ORDER BY created_at", in: store,
        gives: ["", "completed"])
    }
  }

  @Test func `a name that turns out to be an alias leads to its agent everywhere`() throws {
    let message = #"{"message_id":"m","from_agent":"a1","to_agent":"a1","content":"x"}"#
    let registry = #""agent_registry":[{"agent_id":"a1","agent_name":"Alice"}]"#
    let both = "{\"agent_message\":[\(message)],\(registry)}"
    try importing(["{\"agent_message\":[\(message)]}", both]) { report, store in
      #expect(report.missingAgents == 0)
      let found = try StoreDump.marketplace(of: store)
      try importing([both]) { _, alone in
        let once = try StoreDump.marketplace(of: alone)
        #expect(once == found)
      }
    }
  }

  @Test func `an agent that v5 knows keeps its id and gains what v4 adds`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      try Store(path: store, creates: true).write { connection in
        try connection.execute(
          """
          INSERT INTO agents(agent_id, agent_name, capabilities)
          VALUES('agent_0190c5d4e5f67a8b9c0d1e2f3a4b5c6d','alice','["review"]')
          """)
      }
      try write(
        #"{"agent_capability":[{"capability_id":"1","agent_id":"alice","capability_type":"testing"}]}"#,
        to: folder + "/export.json")
      let report = try Migration(
        MigrationOptions(exports: [folder + "/export.json"]), store: store
      ).run()
      #expect(report.ledger["agent_capability"].merged == 1)
      try expect(
        "SELECT agent_id || capabilities FROM agents", in: store,
        gives: [
          #"agent_0190c5d4e5f67a8b9c0d1e2f3a4b5c6d["review","testing"]"#
        ])
    }
  }

  @Test func `a stub is filled when its agent turns up`() throws {
    try importing([
      #"{"agent_message":[{"message_id":"m","from_agent":"late","content":"x"}]}"#,
      """
      {"agent_message":[{"message_id":"m","from_agent":"late","content":"x"}],
      "agent_capability":[{"capability_id":"1","agent_id":"late","capability_type":"testing"}]}
      """,
    ]) { report, store in
      #expect(report.ledger["agent_capability"].imported == 1 && report.missingAgents == 0)
      try expect("SELECT count(*) FROM agents", in: store, gives: ["1"])
      try expect("SELECT json_extract(metadata,'$.stub') FROM agents", in: store, gives: [""])
    }
  }

  @Test func `tables come in any order`() throws {
    let tables = [
      #""agent_message":[{"message_id":"m","from_agent":"a","to_agent":"b","content":"x"}]"#,
      #""agent_capability":[{"capability_id":"1","agent_id":"a","capability_type":"t"}]"#,
      #""agent_registry":[{"agent_id":"b","agent_name":"B","supervisor_id":"a","capabilities":"[\"u\"]"}]"#,
      #""task_assignment":[{"assignment_id":"t","workflow_id":"w","agent_id":"b","requesting_agent":"c"}]"#,
      #""workflow_coordination":[{"workflow_id":"w","coordinator_agent":"a","participating_agents":"[\"b\"]"}]"#,
      #""workflow_step":[{"step_id":"1","workflow_id":"w","step_name":"s","agent":"d"}]"#,
      #""system_events":[{"event_id":"e","source_agent":"e","target_agent":"*"}]"#,
      #""user_overrides":[{"override_id":"o","target_id":"c"},{"override_id":"p","target_id":"w"}]"#,
    ]
    var dumps: [JSON] = []
    for turn in tables.indices {
      let order = Array(tables[turn...] + tables[..<turn])
      let shuffled = turn % 2 == 0 ? order : order.reversed()
      try importing(["{" + shuffled.joined(separator: ",") + "}"]) { _, store in
        dumps.append(try StoreDump.marketplace(of: store))
      }
    }
    for dump in dumps { #expect(dump == dumps[0]) }
  }
}
