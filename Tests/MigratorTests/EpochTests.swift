import AgoraStore
import Migrator
import TestSupport
import Testing

/// Workflows of one id, and what refers to them: over several exports, and to v4 and back.
@Suite struct EpochTests {
  private static func workflow(_ id: String, by agent: String, at time: Int) -> String {
    #"{"workflow_id":"\#(id)","coordinator_agent":"\#(agent)","created_at":\#(time)}"#
  }

  private static func task(_ id: String, of workflow: String, at time: Int) -> String {
    #"{"assignment_id":"\#(id)","workflow_id":"\#(workflow)","task_type":"\#(id)","created_at":\#(time)}"#
  }

  private static func step(_ id: String, of workflow: String, _ rest: String = "") -> String {
    #"{"step_id":"\#(id)","workflow_id":"\#(workflow)","step_name":"\#(id)","status":"pending"\#(rest)}"#
  }

  private static func bundle(
    _ workflows: [String], tasks: [String] = [], steps: [String] = [],
    table: String = "workflow_coordination"
  ) -> String {
    func list(_ rows: [String]) -> String { "[" + rows.joined(separator: ",") + "]" }
    return #"{"\#(table)":"# + list(workflows) + #","task_assignment":"# + list(tasks)
      + #","workflow_step":"# + list(steps) + "}"
  }

  /// Who coordinates the workflow that each task, and each step, is in.
  private func places(_ store: String) throws -> [String: String] {
    let connection = try Connection(path: store, mode: .readOnly)
    var places: [String: String] = [:]
    try connection.each(
      Query(
        "test",
        """
        SELECT task_type, coalesce(a.agent_name, iif(w.workflow_id IS NULL, '-', 'stub'))
        FROM tasks t LEFT JOIN workflows w USING(workflow_id)
          LEFT JOIN agents a ON a.agent_id=w.creator_agent
        UNION ALL
        SELECT json_extract(j.value,'$.name'), coalesce(a.agent_name, 'stub')
        FROM workflows w, json_each(w.steps) j LEFT JOIN agents a ON a.agent_id=w.creator_agent
        """)
    ) { places[$0.text(0)] = (places[$0.text(0)].map { $0 + "+" } ?? "") + $0.text(1) }
    return places
  }

  /// A second export, and the place of each task and step after it.
  private static let deltas:
    [(what: String, exports: [String], deletes: Bool, places: [String: String])] = [
      (
        "an earlier epoch comes later",
        [
          bundle(
            [workflow("w", by: "b", at: 50)], tasks: [task("t", of: "w", at: 20)],
            steps: [step("s", of: "w", #","started_at":20"#)]),
          bundle(
            [workflow("w", by: "a", at: 10), workflow("w", by: "b", at: 50)],
            tasks: [task("t", of: "w", at: 20)], steps: [step("s", of: "w", #","started_at":20"#)]),
        ], false, ["t": "a", "s": "a"]
      ),
      (
        "a later epoch leaves what is older alone",
        [
          bundle(
            [workflow("w", by: "a", at: 10)],
            tasks: [task("t", of: "w", at: 20), task("u", of: "w", at: 70)]),
          bundle(
            [workflow("w", by: "b", at: 50)],
            tasks: [task("t", of: "w", at: 20), task("u", of: "w", at: 70)]),
        ], false, ["t": "a", "u": "b"]
      ),
      (
        "times do not tell: the one of the newest export",
        [
          bundle(
            ["{\"x\":1,\"workflow_id\":\"q\"}", #"{"workflow_id":"w","coordinator_agent":"a"}"#],
            steps: [step("s", of: "w")]),
          bundle([#"{"workflow_id":"w","coordinator_agent":"b"}"#], steps: [step("s", of: "w")]),
        ], false, ["s": "b"]
      ),
      (
        "the meant one is gone",
        [
          bundle(
            [workflow("w", by: "a", at: 10), workflow("w", by: "b", at: 50)],
            tasks: [task("t", of: "w", at: 20)], steps: [step("s", of: "w", #","started_at":20"#)]),
          bundle(
            [workflow("w", by: "b", at: 50)], tasks: [task("t", of: "w", at: 20)],
            steps: [step("s", of: "w", #","started_at":20"#)]),
        ], true, ["t": "b", "s": "b"]
      ),
      (
        "a missing one comes in the other table",
        [
          bundle([], tasks: [task("t", of: "w", at: 20)], steps: [step("s", of: "w")]),
          bundle(
            [workflow("w", by: "a", at: 10)], tasks: [task("t", of: "w", at: 20)],
            steps: [step("s", of: "w")], table: "workflows"),
        ], false, ["t": "a", "s": "a"]
      ),
      (
        "a missing one that has steps comes",
        [
          bundle([], tasks: [task("t", of: "w", at: 20)], steps: [step("s", of: "w")]),
          bundle(
            [workflow("w", by: "a", at: 10)], tasks: [task("t", of: "w", at: 20)],
            steps: [step("s", of: "w")]),
        ], false, ["t": "a", "s": "a"]
      ),
      (
        "one of the other table is gone",
        [
          bundle(
            [workflow("w", by: "a", at: 10)], tasks: [task("t", of: "w", at: 20)],
            steps: [step("s", of: "w")], table: "workflows"),
          bundle(
            [], tasks: [task("t", of: "w", at: 20)], steps: [step("s", of: "w")],
            table: "workflows"),
        ], true, ["t": "stub", "s": "stub"]
      ),
    ]

  @Test func `what known rows refer to is looked up anew when workflows come or go`() throws {
    for (what, exports, deletes, expected) in Self.deltas {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        var hashes: [String] = []
        var runs: [String] = []
        for export in exports {
          if !runs.isEmpty { hashes.append(try Store(path: store).contentHash()) }
          runs.append(try migrate(export, into: store, deleting: deletes).runID)
        }
        let found = try places(store)
        #expect(found == expected, "\(what)")
        let report = try verify(store)
        #expect(report.isIdentical, "\(what): \(report.text)")
        let check = try StoreCheck(Store(path: store))
        #expect(check.isSound, "\(what): \(check.text)")
        // The same once more changes nothing, and the run can be taken back.
        let hash = try Store(path: store).contentHash()
        let again = try migrate(exports[exports.count - 1], into: store, deleting: deletes)
        #expect(again.ledger.totals.unchanged == again.ledger.totals.read, "\(what)")
        #expect(try Store(path: store).contentHash() == hash, "\(what)")
        for run in [again.runID, runs[1]] { _ = try Rollback(run, store: store).run() }
        #expect(try Store(path: store).contentHash() == hashes[0], "\(what)")
      }
    }
  }

  @Test func `rows that name several ids by turns each mean the latest one not after them`() throws
  {
    // x and y are told apart by times; of those of one time it is the last one. z is not: it is the last.
    let ids = [
      (id: "x", table: "workflow_coordination", times: [50, 10, 30, 30] as [Int?]),
      (id: "y", table: "workflows", times: [40, 20] as [Int?]),
      (id: "z", table: "workflows", times: [10, nil, 20] as [Int?]),
    ]
    func coordinator(_ id: String, at time: Int) -> String {
      switch (id, time) {
      case ("x", 10..<30): "x1"
      case ("x", 30..<50): "x3"
      case ("x", 50...): "x0"
      // What is older than all of them means the last one.
      case ("x", _): "x3"
      case ("y", 40...): "y0"
      case ("y", _): "y1"
      default: "z2"
      }
    }
    var tables: [String: [String]] = [:]
    for (id, table, times) in ids {
      for (number, time) in times.enumerated() {
        let said = time.map { #","created_at":\#($0)"# } ?? ""
        tables[table, default: []].append(
          #"{"workflow_id":"\#(id)","coordinator_agent":"\#(id)\#(number)""#
            + #","initiator_agent":"\#(id)\#(number)"\#(said)}"#)
      }
    }
    var expected: [String: String] = [:]
    var tasks: [String] = []
    for time in stride(from: 0, through: 60, by: 10) {
      for id in ids.map(\.id) {
        tasks.append(Self.task("\(id)-\(time)", of: id, at: time))
        expected["\(id)-\(time)"] = coordinator(id, at: time)
      }
    }
    let members = tables.sorted { $0.key < $1.key }.map {
      #""\#($0.key)":["# + $0.value.joined(separator: ",") + "]"
    }
    let export =
      "{" + members.joined(separator: ",") + #","task_assignment":["#
      + tasks.joined(separator: ",") + "]}"
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      let report = try migrate(export, into: store)
      #expect(report.ambiguousReferences == 10)
      let found = try places(store)
      #expect(found == expected)
      #expect(try verify(store).isIdentical)
    }
  }

  /// What v5 does in workflows of one id, as its tools leave it.
  private func work(_ store: String) throws {
    let connection = try Connection(path: store, mode: .readWrite)
    let old = try #require(
      try connection.first(
        Query("test", "SELECT workflow_id FROM workflows WHERE created_at=10"), map: { $0.text(0) })
    )
    let task = IdentifierSource().next(.task).description
    let step = IdentifierSource().next(.step).description
    try connection.execute(
      """
      INSERT INTO tasks(task_id, workflow_id, task_type, status, created_at)
        VALUES('\(task)','\(old)','born','pending',90);
      UPDATE workflows SET source_hash=0, steps=json_insert(
        json_set(steps, '$[0].status', 'completed', '$[0].completed_at', '1970-01-01T00:00:00.000090Z'),
        '$[#]', json('{"step_id":"\(step)","name":"added","agent":null,"status":"pending"}'))
      WHERE workflow_id='\(old)';
      INSERT INTO audit(audit_id, action, target) VALUES('aud_01a20656000070008000000000000009','agora.workflow.modified','\(old)');
      """)
  }

  @Test func `tasks and steps of v5 come back to the workflow that they were in`() throws {
    let export = Self.bundle(
      [Self.workflow("w", by: "a", at: 10), Self.workflow("w", by: "b", at: 50)],
      tasks: [Self.task("t", of: "w", at: 20)],
      steps: [
        Self.step("s", of: "w", #","started_at":20,"completed_at":null"#),
        Self.step("r", of: "w", #","started_at":60,"completed_at":null"#),
      ])
    let expected = ["t": "a", "s": "a", "r": "b", "born": "a", "added": "a"]
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate(export, into: store)
      try work(store)
      #expect(try places(store) == expected)
      func bundle() throws -> String {
        _ = try V4Export.write(
          Store(path: store), source: nil, to: folder + "/new.json", includingNew: true)
        return try contents(folder + "/new.json")
      }
      let newer = try bundle()
      let hash = try Store(path: store).contentHash()
      // Into a store of its own, and in another order of the workflows.
      for (index, text) in [newer, try reversed(newer)].enumerated() {
        let fresh = folder + "/\(index).db"
        try migrate(text, into: fresh)
        let found = try places(fresh)
        #expect(found == expected, "\(index)")
        let report = try verify(fresh)
        #expect(report.isIdentical, "\(report.text)")
      }
      // Back into the same store.
      let report = try migrate(newer, into: store)
      let conflicts = try ConflictList(Store(path: store)).text
      #expect(report.conflicts == 0 && report.epochs == 0, "\(conflicts)")
      #expect(report.ledger.totals.imported == 0)
      #expect(try Store(path: store).contentHash() == hash)
      #expect(try bundle() == newer)
      _ = try Rollback(report.runID, store: store).run()
      #expect(try Store(path: store).contentHash() == hash)
    }
  }

  /// The bundle with its workflows the other way round.
  private func reversed(_ bundle: String) throws -> String {
    let members = try JSON.parse(bundle).members ?? []
    return JSONWriter.compact(
      .object(
        members.map { member in
          member.name == "workflow_coordination"
            ? .init(member.name, .array((member.value.elements ?? []).reversed())) : member
        }))
  }

  @Test func `rows in another order are followed`() throws {
    let tables: [(table: String, rows: [String], sql: String)] = [
      (
        "agent_capability",
        ["x", "y", "z"].map {
          #"{"capability_id":"\#($0)","agent_id":"a","capability_type":"\#($0)"}"#
        }, "SELECT capabilities FROM agents"
      ),
      (
        "workflow_step", ["x", "y", "z"].map { Self.step($0, of: "w") },
        "SELECT json_group_array(json_extract(j.value,'$.name')) FROM workflows, json_each(steps) j"
      ),
    ]
    for (table, rows, sql) in tables {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        func export(_ rows: [String]) -> String {
          #"{"\#(table)":["# + rows.joined(separator: ",") + "]}"
        }
        func order() throws -> String? {
          try Connection(path: store, mode: .readOnly).first(
            Query("test", sql), map: { $0.text(0) })
        }
        try migrate(export(rows), into: store)
        let hash = try Store(path: store).contentHash()
        let report = try migrate(export(rows.reversed()), into: store)
        #expect(try order() == #"["z","y","x"]"#)
        #expect(report.ledger.totals.unchanged == 3)
        // One that is gone stands where it stood; no fault of the store.
        try migrate(export([rows[1], rows[2]]), into: store)
        let verified = try verify(store)
        #expect(verified.isIdentical && verified.deletedInSource.count == 1, "\(verified.text)")
        // An export that was never imported is another matter.
        try write(export([rows[2]]), to: store + ".json")
        #expect(try verify(store).extra.count == 1)
        for run in try RunList(Store(path: store)).runs.prefix(2) {
          _ = try Rollback(run.runID, store: store).run()
        }
        #expect(try Store(path: store).contentHash() == hash)
      }
    }
  }
}
