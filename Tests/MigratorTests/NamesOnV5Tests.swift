import AgoraStore
import Migrator
import TestSupport
import Testing

/// Agents that register on v5 under names that v4's rows have referred to in vain.
@Suite struct NamesOnV5Tests {
  private static let export = #"""
    {"agent_message":[{"message_id":"m1","from_agent":"A"}],"agent_registry":[{"agent_id":"S","supervisor_id":"A"}],"workflow_coordination":[{"workflow_id":"w"}],"workflow_step":[{"step_id":"s","workflow_id":"w","step_name":"n","assigned_agent":"A"}],"user_overrides":[{"override_id":"o","target_id":"A"}]}

    """#

  /// Whom the message, the step and the registration refer to.
  private func named(in store: String) throws -> [String?] {
    let connection = try Connection(path: store, mode: .readOnly)
    return try [
      "SELECT from_agent FROM messages", "SELECT json_extract(steps,'$[0].agent') FROM workflows",
      "SELECT json_extract(metadata,'$.supervisor') FROM agents WHERE agent_name='S'",
    ].map { try connection.first(Query("test", $0), map: { $0.optionalText(0) }) ?? nil }
  }

  private func register(_ name: String, in store: String) throws -> String {
    let id = "agent_0190f0f0f0f07f0f8f0f0f0f0f0f0f0f"
    try Connection(path: store, mode: .readWrite).run(
      Query("test", "INSERT INTO agents(agent_id, agent_name, registered_at) VALUES(?1,?2,1)"),
      .text(id), .text(name))
    return id
  }

  @Test func `the same export fills nothing with who has come since on v5`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      try migrate(Self.export, into: store, orphans: .keep)
      _ = try register("A", in: store)
      let before = try hash(store)
      let again = try migrate(Self.export, into: store, orphans: .keep)
      #expect(again.ledger.totals == .init(read: 5, unchanged: 5))
      #expect(try hash(store) == before && named(in: store) == [nil, nil, nil])
      #expect(try verify(store).isIdentical)
    }
  }

  @Test func `where a stub would be made, an agent of its name stands for it`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      try migrate(Self.export, into: store, orphans: .keep)
      let id = try register("A", in: store)
      let report = try migrate(Self.export, into: store)
      #expect(report.ledger.totals.read == 5 && report.ledger.isBalanced)
      #expect(try named(in: store) == [id, id, id])
      let filled = try hash(store)
      try migrate(Self.export, into: store)
      #expect(try hash(store) == filled && verify(store).isIdentical)
      #expect(try bundle(store) == Self.export)
    }
  }

  @Test func `a step gets its agent when a later export brings it, whatever its name's wrapping`()
    throws
  {
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      let steps = #"""
        "workflow_coordination":[{"workflow_id":"w"}],"workflow_step":[{"step_id":"s","workflow_id":"w","step_name":"n","agent":{"some":"A"}},{"step_id":"t","workflow_id":"w","step_name":"n","assigned_agent":7},{"step_id":"u","workflow_id":"w","step_name":"n","agent":"B"}]
        """#
      let later = "{\"agent_registry\":[{\"agent_id\":\"A\"},{\"agent_id\":\"7\"}],\(steps)}\n"
      try migrate("{\(steps)}\n", into: store, orphans: .keep)
      try migrate(later, into: store, orphans: .keep)
      #expect(try verify(store).isIdentical)
      try migrate(later, into: folder + "/at-once.db", orphans: .keep)
      #expect(try hash(store) == hash(folder + "/at-once.db"))
    }
  }

  @Test func `what is filled keeps whom it refers to, stubs and agents of v5 included`() throws {
    try withTemporaryFolder { folder in
      let rows = #"""
        "agent_registry":[{"agent_id":"A"}],"task_assignment":[{"assignment_id":"t","requesting_agent":"Z","agent_id":"A"}],"workflow_coordination":[{"workflow_id":"w","participating_agents":["A","B","Z",null],"coordination_strategy":"par"}]
        """#
      let export = "{\(rows)}\n"
      // A stub stays where none are made any more.
      let stubbed = folder + "/stubbed.db"
      try migrate(export, into: stubbed)
      let before = try hash(stubbed)
      try migrate(export, into: stubbed, orphans: .keep)
      #expect(try hash(stubbed) == before && verify(stubbed).isIdentical)
      // An agent of v5 stays where another one is filled in.
      let kept = folder + "/kept.db"
      let id = try {
        try migrate("{\"agent_registry\":[{\"agent_id\":\"A\"}]}\n", into: kept, orphans: .keep)
        return try register("B", in: kept)
      }()
      try migrate(export, into: kept, orphans: .keep)
      let later =
        "{\(rows.split(separator: "]", maxSplits: 1)[0]),{\"agent_id\":\"Z\"}]\(rows.split(separator: "]", maxSplits: 1)[1])}\n"
      try migrate(later, into: kept, orphans: .keep)
      let participants = try Connection(path: kept, mode: .readOnly).all(
        Query(
          "test",
          "SELECT a.agent_name, j.value FROM workflows, json_each(assigned_agents) j LEFT JOIN agents a ON a.agent_id=j.value"
        ), map: { [$0.text(0), $0.text(1)] })
      #expect(participants.map { $0[0] } == ["A", "B", "Z"] && participants[1][1] == id)
      #expect(try verify(kept).isIdentical)
      let filled = try hash(kept)
      try migrate(later, into: kept, orphans: .keep)
      #expect(try hash(kept) == filled)
    }
  }

  @Test func `a reference that was kept is filled beside one that would be refused now`() throws {
    let task =
      #""task_assignment":[{"assignment_id":"t","workflow_id":"none","assigned_agent":"C"}]"#
    for policy in [OrphanPolicy.reject, .keep] {
      try withTemporaryFolder { folder in
        let store = folder + "/agora.db"
        try migrate("{\(task)}", into: store, orphans: .keep)
        let newer = "{\(task),\"agent_registry\":[{\"agent_id\":\"C\"}]}"
        let report = try migrate(newer, into: store, orphans: policy)
        #expect(report.ledger.totals.rejected == 0)
        let filled = try Connection(path: store, mode: .readOnly).integer(
          Query("test", "SELECT assigned_agent IS NOT NULL AND workflow_id IS NULL FROM tasks"))
        #expect(filled == 1, "\(policy)")
        let verified = try verify(store)
        #expect(verified.isIdentical, "\(policy): \(verified.text)")
        // Where deletions are applied it is as in an import of the export alone.
        let deleting = try migrate(newer, into: store, deleting: true, orphans: .reject)
        #expect(deleting.ledger.totals.rejected == 1)
        try migrate(newer, into: folder + "/alone.db", orphans: .reject)
        #expect(try hash(store) == hash(folder + "/alone.db"))
      }
    }
  }

  @Test func `whom one filled record refers to says nothing of another one`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      let agents = #""agent_registry":[{"agent_id":"A","supervisor_id":"B"}]"#
      try migrate("{\(agents)}", into: store, orphans: .keep)
      _ = try register("B", in: store)
      let message =
        #""agent_message":[{"message_id":"m","from_agent":"B","to_agent":"Z","content":"x"}]"#
      for _ in 1...2 {
        try migrate("{\(agents),\(message)}", into: store, orphans: .keep)
        let supervised = try Connection(path: store, mode: .readOnly).integer(
          Query(
            "test",
            "SELECT count(*) FROM agents WHERE json_extract(metadata,'$.supervisor') IS NOT NULL"))
        #expect(supervised == 0)
      }
    }
  }

  @Test func `a kept workflow that is refused by now takes along what refers to it`() throws {
    let workflow = #""workflow_coordination":[{"workflow_id":"w","coordinator_agent":"Z"}]"#
    let task = #""task_assignment":[{"assignment_id":"t","workflow_id":"w"}]"#
    let step = #""workflow_step":[{"step_id":"s","workflow_id":"w","step_name":"s"}]"#
    for first in ["{\(workflow)}", "{\(workflow),\(task)}", "{\(workflow),\(task),\(step)}"] {
      try withTemporaryFolder { folder in
        let store = folder + "/agora.db"
        let newer = "{\(step),\(workflow),\(task)}\n"
        try migrate(first, into: store, orphans: .keep)
        let before = try (hash(store), bundle(store))
        let report = try migrate(newer, into: store, deleting: true, orphans: .reject)
        #expect(report.ledger.isBalanced && report.ledger.totals.rejected == 3, "\(first)")
        let alone = folder + "/alone.db"
        try migrate(newer, into: alone, orphans: .reject)
        #expect(try hash(store) == hash(alone), "\(first)")
        let again = try migrate(newer, into: store, deleting: true, orphans: .reject)
        #expect(try hash(store) == hash(alone), "\(first)")
        let verified = try verify(store)
        #expect(verified.isIdentical, "\(first): \(verified.text)")
        for run in [again, report] { _ = try Rollback(run.runID, store: store).run() }
        #expect(try (hash(store), bundle(store)) == before, "\(first)")
      }
    }
  }

  @Test func `what retried rows bring is looked up where known rows may be about it`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      let export = #"""
        {"agent_message":[{"message_id":"m1","to_agent":"E"}],"user_overrides":[{"override_id":"o1","target_id":"E"}]}

        """#
      try migrate(export, into: store, orphans: .reject)
      var retrying = MigrationOptions.retryingRejects()
      retrying.orphans = .stub
      _ = try Migration(retrying, store: store).run()
      #expect(try verify(store).isIdentical)
      try migrate(export, into: folder + "/at-once.db")
      #expect(try hash(store) == hash(folder + "/at-once.db"))
    }
  }
}
