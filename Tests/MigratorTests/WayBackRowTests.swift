import AgoraStore
import Migrator
import TestSupport
import Testing

/// Rows of the bundle with what is new, one by one.
@Suite struct WayBackRowTests {
  private func bundle(_ store: String) throws -> String {
    let path = store + ".new.json"
    _ = try V4Export.write(Store(path: store), source: nil, to: path, includingNew: true)
    return String(try contents(path).dropLast())
  }

  /// A table's row, what v5 does, and the row afterwards; nil where none is left.
  static let changes: [(table: String, row: String, sql: String, expected: String?)] = [
    (
      "agent_message", #"{ "message_id" : "m", "from_agent":"a","x":1e2 ,"delivered":false}"#,
      "UPDATE messages SET delivered=1",
      #"{ "message_id" : "m", "from_agent":"a","x":1e2 ,"delivered":true}"#
    ),
    (
      "agent_message", #"{"message_id":"m","status":{"some":"pending"},"priority":"low"}"#,
      "UPDATE messages SET delivered=1, priority=4",
      #"{"message_id":"m","status":{"some":"delivered"},"priority":"urgent"}"#
    ),
    (
      "task_assignment", #"{"assignment_id":7,"agent_id":[0,"a"],"progress":0.10,"payload":"{ }"}"#,
      "UPDATE tasks SET progress=29, status='completed', completed_at=5",
      #"{"assignment_id":7,"agent_id":[0,"a"],"progress":0.29,"payload":"{ }","status":"completed","completed_at":{"__timestamp_micros_since_unix_epoch__":5}}"#
    ),
    (
      "task_queue",
      #"{"task_id":"t","agent_id":"a","status":"queued","created_at":"2025-06-01 00:00:00","completed_at":null}"#,
      "UPDATE tasks SET status='failed', completed_at=1780000000500000",
      #"{"task_id":"t","agent_id":"a","status":"failed","created_at":"2025-06-01 00:00:00","completed_at":"2026-05-28 20:26:40.500"}"#
    ),
    (
      "workflow_coordination",
      #"{"workflow_id":"w","participating_agents":["a"],"status":"active"}"#,
      "UPDATE workflows SET assigned_agents='[]', status='paused'",
      #"{"workflow_id":"w","participating_agents":[],"status":"paused"}"#
    ),
    (
      "agent_capability",
      #"{"capability_id":"c","agent_id":"a","capability_type":"t","is_active":1}"#,
      "UPDATE agents SET status='paused', max_concurrent_tasks=3",
      #"{"capability_id":"c","agent_id":"a","capability_type":"t","is_active":0,"max_concurrent_tasks":3}"#
    ),
    (
      "agent_registry", #"{"agent_id":"r","agent_name":"a","status":"idle","last_heartbeat":[5]}"#,
      // No tool of v5 gives a migrated agent another time.
      "UPDATE agents SET status='terminated', last_activity=9",
      #"{"agent_id":"r","agent_name":"a","status":"terminated","last_heartbeat":[5]}"#
    ),
    (
      "agent_message",
      #"{"message_id":"m","delivered":{"some":false},"status":"READ","priority": 3.0}"#,
      "UPDATE messages SET delivered=1, priority=4",
      #"{"message_id":"m","delivered":{"some":true},"status":"READ","priority": 4}"#
    ),
    ("system_events", #"{"event_id":"e","data":"{}"}"#, "DELETE FROM events", nil),
    ("custom", #"{"id":"e"}"#, "DELETE FROM archive", nil),
  ]

  @Test(arguments: changes.indices)
  func `a row follows v5, and all else in it stays as it was`(_ index: Int) throws {
    let (table, row, sql, expected) = Self.changes[index]
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate("{\"\(table)\":[\(row)]}", into: store)
      try Connection(path: store, mode: .readWrite).execute(sql)
      #expect(try bundle(store) == "{\"\(table)\":[\(expected ?? "")]}")
    }
  }

  private static let task = "task_0190c5d4e5f67a8b9c0d1e2f3a4b5c6d"
  private static let workflow = "wf_0190c5d4e5f67a8b9c0d1e2f3a4b5c6d"
  private static let agent = "agent_0190c5d4e5f67a8b9c0d1e2f3a4b5c6d"
  private static let born = """
    INSERT INTO agents(agent_id, agent_name, status, capabilities)
      VALUES('\(agent)','newcomer','suspended','["x"]');
    INSERT INTO workflows(workflow_id, workflow_name, status, created_at)
      VALUES('\(workflow)','w','running',7);
    INSERT INTO tasks(task_id, workflow_id, assigned_agent, task_type, payload, status, priority, progress, created_at)
      VALUES('\(task)','\(workflow)','\(agent)','build','{"n":1}','in_progress',3,29,8);
    """

  /// What v4 had, and the rows that v5's records become behind it.
  static let births: [(export: String, expected: String)] = [
    // No table that they could go to: as v4 is on record to have them.
    (
      #"{"custom":[]}"#,
      """
      {"custom":[],"agent_capability":[{"capability_id":"\(agent):x","agent_id":"newcomer",\
      "capability_type":"x","proficiency_level":null,"max_concurrent_tasks":null,"is_active":false,\
      "created_at":null,"status":"suspended"}],\
      "task_assignment":[{"assignment_id":"\(task)","workflow_id":"\(workflow)","task_type":"build",\
      "input_data":"{\\"n\\":1}","requesting_agent":null,"agent_id":"newcomer","progress":0.29,\
      "status":"in_progress","priority":3,"created_at":{"__timestamp_micros_since_unix_epoch__":8},\
      "completed_at":null}],\
      "workflow_coordination":[{"workflow_id":"\(workflow)","workflow_type":"w",\
      "coordinator_agent":null,"participating_agents":"[]","coordination_strategy":null,\
      "status":"running","created_at":{"__timestamp_micros_since_unix_epoch__":7},"completed_at":null}]}
      """
    ),
    // The tables of v3, in its columns and spellings.
    (
      """
      {"task_queue":[{"task_id":"t","agent_id":"b","priority":"high","payload":{"k":2},"extra":"e",\
      "status":"running","created_at":[5]}],\
      "agent_capability":[{"capability_id":"c","agent_id":"b","capability_type":"t","is_active":"true"}],\
      "agent_registry":[{"agent_name":"b","agent_id":"b","status":"error"}],\
      "workflows":[{"workflow_id":"w","workflow_type":{"some":"x"},"status":"active","created_at":6}]}
      """,
      """
      {"task_queue":[{"task_id":"t","agent_id":"b","priority":"high","payload":{"k":2},"extra":"e",\
      "status":"running","created_at":[5]},{"task_id":"\(task)","agent_id":"newcomer","priority":"high",\
      "payload":{"n":1},"extra":"","status":"running","created_at":[8],"workflow_id":"\(workflow)",\
      "task_type":"build","progress":0.29}],\
      "agent_capability":[{"capability_id":"c","agent_id":"b","capability_type":"t","is_active":"true"},\
      {"capability_id":"\(agent):x","agent_id":"newcomer","capability_type":"x","is_active":"false"}],\
      "agent_registry":[{"agent_name":"b","agent_id":"b","status":"error"},\
      {"agent_name":"newcomer","agent_id":"newcomer","status":"error"}],\
      "workflows":[{"workflow_id":"w","workflow_type":{"some":"x"},"status":"active","created_at":6},\
      {"workflow_id":"\(workflow)","workflow_type":{"some":"w"},"status":"active","created_at":7}]}
      """
    ),
  ]

  @Test(arguments: births.indices)
  func `what v5 wrote has the columns and spellings of its table`(_ index: Int) throws {
    let (export, expected) = Self.births[index]
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate(export, into: store)
      try Connection(path: store, mode: .readWrite).execute(Self.born)
      #expect(try bundle(store) == expected)
    }
  }

  @Test func `what v4 made of it meanwhile is a conflict, and either side can be kept`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate(#"{"task_assignment":[]}"#, into: store)
      try Connection(path: store, mode: .readWrite).execute(Self.born)
      var back = try JSON.parse(bundle(store)).members ?? []
      // v4 goes on with the task.
      back = back.map { table in
        guard table.name == "task_assignment" else { return table }
        let rows = (table.value.elements ?? []).map { row in
          JSON.object(
            (row.members ?? []).map { $0.name == "progress" ? .init("progress", .int(1)) : $0 })
        }
        return .init(table.name, .array(rows))
      }
      let changed = JSONWriter.compact(.object(back))
      for _ in 0..<2 {
        try migrate(changed, into: store)
        #expect(try ConflictList(Store(path: store)).conflicts.count == 1)
      }
      let progress = Query("test", "SELECT progress FROM tasks")
      let connection = try Connection(path: store, mode: .readOnly)
      #expect(try connection.integer(progress) == 29)
      let before = try Store(path: store).contentHash()
      let v5 = try ConflictResolution(.all(source: nil), keeping: .v5, store: store).run()
      #expect(try Store(path: store).contentHash() == before)
      _ = try Rollback(#require(v5.runID), store: store).run()
      let v4 = try ConflictResolution(.all(source: nil), keeping: .v4, store: store).run()
      #expect(v4.runID != nil)
      #expect(try connection.integer(progress) == 100)
      #expect(try connection.integer(Query("test", "SELECT count(*) FROM tasks")) == 1)
      let check = try StoreCheck(Store(path: store))
      #expect(check.isSound, "\(check.text)")
    }
  }

  /// What v5 does to an agent before a second row describes it, and both rows afterwards.
  static let twice: [(onV5: String, rows: [String])] = [
    (
      "service_tier='premium'",
      [
        #"{"agent_id":"a","agent_name":"a","status":"Idle","last_heartbeat": [ 7 ],"n":1}"#,
        #"{"agent_id":"r","agent_name":"a","status":"PAUSED","last_heartbeat":{ "some" :9}}"#,
      ]
    ),
    (
      "status='paused', max_concurrent_tasks=4",
      [
        #"{"agent_id":"a","agent_name":"a","status":"PAUSED","last_heartbeat": [ 7 ],"n":1}"#,
        #"{"agent_id":"r","agent_name":"a","status":"PAUSED","last_heartbeat":{ "some" :9}}"#,
      ]
    ),
  ]

  @Test(arguments: twice.indices)
  func `rows that describe one agent keep what v5 has not changed, each in its bytes`(_ index: Int)
    throws
  {
    let first = #"{"agent_id":"a","agent_name":"a","status":"Idle","last_heartbeat": [ 7 ],"n":1}"#
    let second = Self.twice[0].rows[1]
    let capability =
      #""agent_capability":[{"agent_id":"a","capability_id":"c","capability_type":"t"}]"#
    func export(_ rows: String...) -> String {
      "{\"agent_registry\":[\(rows.joined(separator: ","))],\(capability)}"
    }
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate(export(first), into: store)
      try Connection(path: store, mode: .readWrite).execute(
        "UPDATE agents SET \(Self.twice[index].onV5)")
      try migrate(export(first, second), into: store)
      let told = try bundle(store)
      let rows = Self.twice[index].rows.joined(separator: ",")
      #expect(told.hasPrefix("{\"agent_registry\":[\(rows)]"), "\(told)")
      // A heartbeat is none of v5's, and no conflict.
      let later = export(first, second.replacing("9", with: "11"))
      #expect(try migrate(later, into: store).conflicts == (index == 0 ? 0 : 1))
      #expect(try bundle(store).contains(#"{ "some" :11}"#) == (index == 0))
    }
  }

  @Test func `a workflow that v4 only referred to does not come back before one of its id`() throws
  {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      let rows = #""workflow_step":[{"step_id":"1","workflow_id":"w","step_name":"s"}]"#
      try migrate("{\(rows)}", into: store)
      try Connection(path: store, mode: .readWrite).execute(
        """
        UPDATE workflows SET status='terminated', source_hash=0;
        INSERT INTO tasks(task_id, workflow_id, task_type, status)
          SELECT '\(Self.task)', workflow_id, 'x', 'pending' FROM workflows;
        INSERT INTO audit(audit_id, action, target)
          SELECT 'aud_01a20656000070008000000000000009', 'x', workflow_id FROM workflows;
        """)
      #expect(try bundle(store).contains("terminated"))
      let second = #"{"step_id":"2","workflow_id":"w","step_name":"t"}"#
      try migrate(
        #"{"workflows":[{"workflow_id":"w","created_at":5}],"workflow_step":["# + second + "]}",
        into: store)
      let told = try bundle(store)
      #expect(!told.contains("terminated"))
      let before = try hash(store)
      let report = try migrate(told, into: store)
      #expect(report.conflicts == 0 && report.ledger.totals.imported == 0)
      #expect(try hash(store) == before && bundle(store) == told)
    }
  }

  @Test func `a member that was no table stands among the rows`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate(#"{"custom":[{"id":1}],"task_queue":"never"}"#, into: store)
      try Connection(path: store, mode: .readWrite).execute(Self.born)
      let rows = try JSON.parse(bundle(store))["task_queue"]?.elements
      #expect(rows?.first == .string("never") && rows?.count == 2)
    }
  }
}
