import AgoraStore
import Migrator
import TestSupport
import Testing

/// Rows that v4 and v5 both changed, and what a person decides about them.
@Suite struct ConflictTests {
  /// A row as v4 has it in three exports, and what v5 makes of its record after the first.
  struct Case: Sendable, CustomTestStringConvertible {
    let table: String
    /// The rows of the three exports, the last of them without the changing part's change.
    let rows: [String]
    /// The rest of each export.
    var rest = ""
    let onV5: String
    /// How many of the export's rows then have records that v5 has changed.
    var changed = 1

    var testDescription: String { table }

    func export(_ index: Int) -> String {
      #"{"\#(table)":["# + rows[index] + "]" + rest + "}\n"
    }
  }

  private static func rows(_ fixed: String, _ changing: String...) -> [String] {
    changing.map { "{\(fixed),\($0)}" }
  }

  static let cases = [
    Case(
      table: "agent_message",
      rows: rows(
        #""message_id":"m","from_agent":"a","to_agent":"b","content":"x""#, #""priority":1"#,
        #""priority":2"#, #""priority":3"#),
      onV5: "UPDATE messages SET delivered=1"),
    Case(
      table: "task_assignment",
      rows: rows(
        #""assignment_id":"t","workflow_id":"w","agent_id":"a","x":1"#, #""progress":0.1"#,
        #""agent_id2":"c","progress":0.2"#, #""progress":0.3"#),
      onV5: "UPDATE tasks SET progress=90, notes='nearly'"),
    Case(
      table: "workflow_coordination",
      rows: rows(
        #""workflow_id":"w","coordinator_agent":"a","created_at":5"#, #""status":"created""#,
        #""participating_agents":["new"],"status":"active""#, #""status":"completed""#),
      rest: #","workflow_step":[{"step_id":"1","workflow_id":"w","step_name":"s"}]"#,
      onV5: #"UPDATE workflows SET status='paused', steps='[]'"#, changed: 2),
    Case(
      table: "agent_capability",
      rows: rows(
        #""capability_id":"1","agent_id":"a","capability_type":"t""#, #""max_concurrent_tasks":1"#,
        #""max_concurrent_tasks":2"#, #""max_concurrent_tasks":3"#),
      rest: #","agent_registry":[{"agent_id":"r","agent_name":"a","supervisor_id":"boss"}]"#,
      onV5: """
        UPDATE agents SET capabilities='["t","on v5"]', max_concurrent_tasks=9 WHERE agent_name='a'
        """),
    Case(
      table: "system_events",
      rows: rows(
        #""event_id":"e","event_type":"x","source_agent":"a""#, #""data":"{}""#,
        #""data":"{\"n\":1}""#, #""data":"{\"n\":2}""#),
      onV5: "UPDATE events SET target_agent='broadcast'"),
    Case(
      table: "user_overrides",
      rows: rows(
        #""override_id":"o","target_id":"new""#, #""reason":"1""#, #""reason":"2""#,
        #""reason":"3""#),
      rest: #","agent_message":[{"message_id":"m","from_agent":"new","content":"x"}]"#,
      onV5: "UPDATE audit SET action='looked at'"),
    Case(
      table: "custom", rows: rows(#""id":7"#, #""v":1"#, #""v":2"#, #""v":3"#),
      onV5: "UPDATE archive SET row='{}'"),
  ]

  private func change(_ store: String, _ sql: String) throws {
    try Connection(path: store, mode: .readWrite).execute(sql)
  }

  private func outstanding(_ store: String) throws -> [ConflictList.Entry] {
    try ConflictList(Store(path: store)).conflicts
  }

  @discardableResult
  private func resolve(_ store: String, _ side: ConflictResolution.Side) throws -> String {
    let report = try ConflictResolution(.all(source: nil), keeping: side, store: store).run()
    return try #require(report.runID)
  }

  /// What must hold after any decision about the second export.
  private func expectSettled(_ store: String, _ entry: Case, onV5: Int) throws {
    let again = try migrate(entry.export(1), into: store)
    #expect(again.conflicts == 0 && again.ledger.totals.unchanged == again.ledger.totals.read)
    let left = try outstanding(store)
    #expect(left.isEmpty)
    #expect(try bundle(store) == entry.export(1))
    let verification = try Verification(
      MigrationOptions(exports: [store + ".json"]), store: store
    ).run()
    #expect(
      verification.isIdentical && verification.changedOnV5.count == onV5, "\(verification.text)")
    let check = try StoreCheck(Store(path: store))
    #expect(check.isSound, "\(check.text)")
    _ = try Rollback(again.runID, store: store).run()
  }

  /// A store with the case's conflict.
  private func withConflict(_ entry: Case, _ body: (String, String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate(entry.export(0), into: store)
      try change(store, entry.onV5)
      let second = try migrate(entry.export(1), into: store)
      #expect(second.conflicts == 1)
      try body(folder, store)
    }
  }

  @Test(arguments: cases)
  func `keeping v5 leaves the record, and the same export says nothing new`(_ entry: Case) throws {
    try withConflict(entry) { folder, store in
      let before = try hash(store)
      let run = try resolve(store, .v5)
      #expect(try hash(store) == before)
      try expectSettled(store, entry, onV5: entry.changed)
      #expect(try hash(store) == before)
      // v4 goes on changing the row, and v5 has changed it still.
      let third = try migrate(entry.export(2), into: store)
      #expect(third.conflicts == 1 && third.ledger[entry.table].unchanged == 1)
      for taken in [third.runID, run] { _ = try Rollback(taken, store: store).run() }
      #expect(try hash(store) == before)
      #expect(try outstanding(store).count == 1)
    }
  }

  @Test(arguments: cases)
  func `keeping v4 makes the record of v4's row`(_ entry: Case) throws {
    try withConflict(entry) { folder, store in
      let before = try hash(store)
      _ = try Rollback(resolve(store, .v4), store: store).run()
      #expect(try hash(store) == before)
      #expect(try outstanding(store).count == 1)
      let run = try resolve(store, .v4)
      for index in 0...1 { try migrate(entry.export(index), into: folder + "/v4.db") }
      // What only v5 has a column for stays.
      try change(store, "UPDATE tasks SET notes=NULL")
      let expected = try StoreDump.marketplace(of: folder + "/v4.db")
      let found = try StoreDump.marketplace(of: store)
      #expect(StoreDump.differences(found, expected) == [])
      try expectSettled(store, entry, onV5: 0)
      // What both change from now on is a conflict again.
      try change(store, entry.onV5 + ";UPDATE archive SET row='[]'")
      let third = try migrate(entry.export(2), into: store)
      #expect(third.conflicts == 1)
      _ = try Rollback(third.runID, store: store).run()
      let error = #expect(throws: AgoraError.self) { try Rollback(run, store: store).run() }
      #expect(error?.code == .refused)
    }
  }

  // MARK: rows that v4 has no more

  private static let both =
    #"{"agent_message":[{"message_id":"m","from_agent":"a","to_agent":"b","content":"x"},"#
    + #"{"message_id":"n","from_agent":"a","content":"y"}]}"# + "\n"
  private static let one = #"{"agent_message":[{"message_id":"n","from_agent":"a","content":"y"}]}"#

  /// A store in which an agent has read a message that v4 has no more.
  private func withGoneRow(_ body: (String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate(Self.both, into: store)
      try change(
        store,
        """
        INSERT INTO message_reads SELECT message_id, to_agent, 5 FROM messages WHERE content='x'
        """)
      let report = try migrate(Self.one, into: store, deleting: true)
      #expect(report.conflicts == 1)
      try body(store)
    }
  }

  private func count(_ table: String, _ store: String) throws -> Int64? {
    try Connection(path: store, mode: .readOnly).integer(
      Query("test", "SELECT count(*) FROM \(table)"))
  }

  @Test func `a record that v5 keeps though v4 has it no more is not listed again`() throws {
    try withGoneRow { store in
      try resolve(store, .v5)
      for _ in 0..<2 {
        let again = try migrate(Self.one, into: store, deleting: true)
        #expect(again.conflicts == 0 && again.deletedInSource == 0)
      }
      let verification = try Verification(
        MigrationOptions(exports: [store + ".json"]), store: store
      ).run()
      #expect(verification.isIdentical && verification.changedOnV5.count == 1)
      #expect(try bundle(store) == Self.both)
      // The row comes again, and goes again: that is news.
      #expect(try migrate(Self.both, into: store).conflicts == 0)
      #expect(try migrate(Self.one, into: store, deleting: true).conflicts == 1)
    }
  }

  @Test func `a record that v4 has no more goes with its readings, and comes back with them`()
    throws
  {
    try withGoneRow { store in
      let before = try hash(store)
      let run = try resolve(store, .v4)
      #expect(try count("messages", store) == 1 && count("message_reads", store) == 0)
      // The receiver was made for this message only.
      #expect(try count("agents", store) == 1)
      #expect(try bundle(store) == Self.one + "\n")
      let check = try StoreCheck(Store(path: store))
      #expect(check.isSound, "\(check.text)")
      _ = try Rollback(run, store: store).run()
      #expect(try hash(store) == before && count("message_reads", store) == 1)
    }
  }

  @Test func `a workflow that v4 has no more and tasks need stays as a stub`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate(#"{"workflows":[{"workflow_id":"w"}],"custom":[]}"#, into: store)
      try change(
        store,
        """
        UPDATE workflows SET status='running';
        INSERT INTO tasks(task_id, workflow_id, task_type, status)
          SELECT 'task_0190c5d4e5f67a8b9c0d1e2f3a4b5c6d', workflow_id, 'x', 'pending' FROM workflows
        """)
      #expect(try migrate(#"{"workflows":[]}"#, into: store, deleting: true).conflicts == 1)
      try resolve(store, .v4)
      let check = try StoreCheck(Store(path: store))
      #expect(check.isSound, "\(check.text)")
    }
  }

  // MARK: the list

  @Test func `a row has one conflict, about what v4 said last, until it is moot`() throws {
    let entry = Self.cases[0]
    try withConflict(entry) { _, store in
      // The same row in another spelling, another change, and the change before.
      for export in [
        entry.export(1).split(separator: ",").joined(separator: " , "), entry.export(2),
        entry.export(1),
      ] {
        #expect(try migrate(export, into: store).conflicts == 1)
        #expect(try outstanding(store).count == 1)
      }
      // v4 takes its change back.
      #expect(try migrate(entry.export(0), into: store).conflicts == 0)
      #expect(try outstanding(store).isEmpty)
      try migrate(entry.export(1), into: store)
      #expect(try outstanding(store).count == 1)
      // v5 takes its own back.
      try change(store, "UPDATE messages SET delivered=0")
      #expect(try migrate(entry.export(1), into: store).ledger.totals.updated == 1)
      #expect(try outstanding(store).isEmpty)
    }
  }

  @Test(arguments: cases) func `a conflict tells what each side says`(_ entry: Case) throws {
    try withConflict(entry) { _, store in
      let list = try ConflictList(Store(path: store))
      let listed = try #require(list.json["conflicts"]?.elements?.first)
      #expect(listed["kind"]?.text == "changed" && listed["status"]?.text == "outstanding")
      #expect(listed["table"]?.text == entry.table && listed["run_id"]?.text != nil)
      #expect(listed["fields"]?.elements?.isEmpty == false)
      #expect(list.text.contains("v4 and v5 changed it"))
      try resolve(store, .v5)
      let all = try ConflictList(Store(path: store), includingSettled: true)
      #expect(all.conflicts.map(\.status) == ["v5"] && all.text.contains("v5 was kept"))
    }
  }
}
