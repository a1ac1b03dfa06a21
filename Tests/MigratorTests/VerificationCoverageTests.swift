import AgoraStore
import Migrator
import Monitor
import TestSupport
import Testing

/// How much of what was imported a comparison has seen, and what the readiness gate makes of it.
@Suite struct VerificationCoverageTests {
  private static let rows = """
    "agent_message":[{"message_id":"1","from_agent":"a","content":"x"},{"message_id":"2","from_agent":"a","content":"y"}]
    """
  private static let agents = #""agent_capability":[{"capability_id":"1","agent_id":"a"}]"#
  private static let whole = "{\(rows),\(agents)}"

  private func compare(
    _ export: String, from source: String? = nil, _ store: String
  ) throws -> VerificationReport {
    try write(export, to: store + ".other.json")
    var options = MigrationOptions(exports: [store + ".other.json"])
    options.source = source ?? options.source
    return try Verification(options, store: store).run()
  }

  private func gate(_ store: String) throws -> Gate {
    let report = try MonitorReport(
      Marketplace(Store(path: store)), at: Clock.system.now(), replacements: [:])
    return try #require(report.gates.first { $0.name == "verification" })
  }

  @Test func `the gate opens for a comparison of all that was imported, and for no part of it`()
    throws
  {
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      try migrate(Self.whole, into: store)
      let parts: [(export: String, covered: Int, reason: String)] = [
        ("{}", 0, "only 0 of 3 imported rows were compared"),
        ("{\(Self.agents)}", 1, "only 1 of 3 imported rows were compared"),
        (Self.whole, 3, "all 3 rows were as exported"),
        (#"{"agent_message":[],"agent_capability":[]}"#, 3, "found 3 differences"),
      ]
      for (export, covered, reason) in parts {
        let report = try compare(export, store)
        #expect(report.coverage.covered == covered && report.coverage.imported == 3)
        #expect(report.json["whole"] == .bool(covered == 3))
        #expect(report.text.contains("This was a part") == (covered < 3))
        let found = try gate(store)
        #expect(found.reason.contains(reason), "\(found.reason)")
        #expect(found.passed == (reason.hasPrefix("all")))
      }
    }
  }

  @Test func `a source that nothing came from is not found, and opens no gate`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      try migrate(Self.whole, into: store)
      let error = #expect(throws: AgoraError.self) { try compare(Self.whole, from: "x", store) }
      #expect(error?.code == .notFound)
      let found = try gate(store)
      #expect(found.reason == "the store was never compared with an export")
    }
  }

  @Test
  func `each deployment needs a comparison of its own, and another's run does not outdate it`()
    throws
  {
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      try migrate(Self.whole, into: store)
      _ = try compare(Self.whole, store)
      let others = #"{"agent_message":[{"message_id":"1","from_agent":"b","content":"x"}]}"#
      try write(others, to: store + ".others.json")
      var other = MigrationOptions(exports: [store + ".others.json"])
      other.source = "other"
      _ = try Migration(other, store: store).run()
      let missing = try gate(store)
      #expect(missing.reason == "no export was ever compared (other)")
      #expect(missing.remedy?.contains("--source other") == true)
      _ = try compare(others, from: "other", store)
      let both = try gate(store)
      #expect(both.passed, "\(both.reason)")
      // What somebody alters of the one is not hidden by a newer comparison of the other.
      try Connection(path: store, mode: .readWrite).execute(
        """
        UPDATE messages SET content='z' WHERE source_row=(SELECT min(source_row) FROM messages)
        """)
      _ = try compare(Self.whole, store)
      _ = try compare(others, from: "other", store)
      let altered = try gate(store)
      #expect(altered.reason.hasSuffix("found 1 difference (agora-marketplace)"))
    }
  }
}
