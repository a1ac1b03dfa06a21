import AgoraStore
import Migrator
import TestSupport
import Testing

/// Rows without an id of their own, whose first `_id` column is that of another table.
@Suite struct BorrowedIDTests {
  private static func export(_ table: String, _ rows: [String]) -> String {
    "{\"\(table)\":[" + rows.map { "{" + $0 + "}" }.joined(separator: ",") + "]}\n"
  }

  /// A table, rows of one borrowed id of which two agree in all that never changes, and the same with each
  /// row changed in what may change but for the second.
  private static let tables: [(table: String, first: [String], second: [String])] = [
    (
      "task_queue",
      [
        #""agent_id":"A","payload":"q","priority":1"#,
        #""agent_id":"A","payload":"q","priority":3"#,
        #""agent_id":"A","payload":"z","priority":3"#,
      ],
      [
        #""agent_id":"A","payload":"q","priority":2"#,
        #""agent_id":"A","payload":"q","priority":3"#,
        #""agent_id":"A","payload":"z","priority":4"#,
      ]
    ),
    (
      "task_assignment",
      [
        #""workflow_id":"w","task_type":"t","assigned_agent":"A","status":"pending""#,
        #""workflow_id":"w","task_type":"t","assigned_agent":"A","status":"failed""#,
      ],
      [
        #""workflow_id":"w","task_type":"t","assigned_agent":"A","status":"active""#,
        #""workflow_id":"w","task_type":"t","assigned_agent":"A","status":"failed""#,
      ]
    ),
    (
      "workflow_step",
      [
        #""workflow_id":"w","step_name":"s","agent":"A","status":"pending""#,
        #""workflow_id":"w","step_name":"s","agent":"A","status":"failed""#,
      ],
      [
        #""workflow_id":"w","step_name":"s","agent":"A","status":"active""#,
        #""workflow_id":"w","step_name":"s","agent":"A","status":"failed""#,
      ]
    ),
    (
      "agent_capability",
      [
        #""agent_id":"A","capability_type":"t","proficiency_level":1"#,
        #""agent_id":"A","capability_type":"t","proficiency_level":2"#,
      ],
      [
        #""agent_id":"A","capability_type":"t","proficiency_level":3"#,
        #""agent_id":"A","capability_type":"t","proficiency_level":2"#,
      ]
    ),
  ]

  @Test func `rows that share a borrowed id and say different things are all kept, and followed`()
    throws
  {
    for (table, first, second) in Self.tables {
      try withTemporaryFolder { folder in
        let (store, alone) = (folder + "/s.db", folder + "/alone.db")
        let (before, after) = (Self.export(table, first), Self.export(table, second))
        let report = try migrate(before, into: store)
        let totals = report.ledger.totals
        #expect(totals.imported + totals.merged == first.count, "\(table)")
        #expect(try bundle(store) == before, "\(table)")
        let hashed = try hash(store)
        let again = try migrate(before, into: store)
        #expect(again.ledger.totals.unchanged == first.count, "\(table)")
        #expect(try hash(store) == hashed, "\(table)")
        let delta = try migrate(after, into: store)
        let changed = zip(first, second).filter { $0 != $1 }.count
        #expect(delta.ledger.totals.updated == changed && delta.deletedInSource == 0, "\(table)")
        #expect(try bundle(store) == after, "\(table)")
        let verified = try verify(store)
        #expect(verified.isIdentical, "\(table): \(verified.text)")
        try migrate(after, into: alone)
        #expect(try hash(store) == hash(alone), "\(table)")
        for run in [delta, again] { _ = try Rollback(run.runID, store: store).run() }
        #expect(try (hash(store), bundle(store)) == (hashed, before), "\(table)")
        // The very same row twice is one.
        let twice = try migrate(Self.export(table, first + first), into: store)
        #expect(twice.ledger.totals.unchanged == 2 * first.count, "\(table)")
      }
    }
  }

  @Test func `a retried row stands beside those that share its borrowed id`() throws {
    for (table, first, _) in Self.tables where table != "agent_capability" {
      try withTemporaryFolder { folder in
        let (store, alone) = (folder + "/s.db", folder + "/alone.db")
        let export = Self.export(table, first)
        try migrate(export, into: store, orphans: .reject)
        #expect(try bundle(store) == export, "\(table)")
        var options = MigrationOptions.retryingRejects()
        options.orphans = .stub
        let retry = try Migration(options, store: store).run()
        #expect(retry.ledger.totals.rejected == 0, "\(table)")
        #expect(try bundle(store) == export, "\(table)")
        try migrate(export, into: alone)
        #expect(try hash(store) == hash(alone), "\(table)")
        let verified = try verify(store)
        #expect(verified.isIdentical, "\(table): \(verified.text)")
        let newer = Self.export(table, Array(first.dropFirst()))
        let delta = try migrate(newer, into: store, deleting: true)
        #expect(delta.deletedInSource == 1, "\(table)")
        #expect(try bundle(store) == newer, "\(table)")
      }
    }
  }
}
