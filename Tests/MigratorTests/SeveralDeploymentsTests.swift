import AgoraStore
import Migrator
import TestSupport
import Testing

/// Several v4 deployments in one store: an agent of all of them is one agent on v5.
@Suite struct SeveralDeploymentsTests {
  private static func capability(_ id: String, _ agent: String, _ type: String) -> String {
    #"{"capability_id":"\#(id)","agent_id":"\#(agent)","capability_type":"\#(type)","proficiency_level":5,"max_concurrent_tasks":1,"is_active":true,"created_at":1748000000000000}"#
  }
  private static func export(_ rows: String...) -> String {
    #"{"agent_capability":[\#(rows.joined(separator: ","))]}"#
  }

  private struct Deployments {
    let store: String

    func options(_ source: String, _ export: String) throws -> MigrationOptions {
      try write(export, to: store + "." + source)
      var options = MigrationOptions(exports: [store + "." + source])
      options.source = source
      options.appliesDeletes = true
      return options
    }

    func take(_ source: String, _ export: String) throws -> String {
      try Migration(options(source, export), store: store).run().runID
    }

    func verify(_ source: String, _ export: String) throws -> VerificationReport {
      try Verification(options(source, export), store: store).run()
    }

    func agents() throws -> [String] {
      try Store(path: store).read { connection in
        try connection.all(
          Query(
            "test",
            "SELECT agent_name||' '||capabilities||' '||metadata FROM agents ORDER BY agent_name")
        ) { $0.text(0) }
      }
    }
  }

  @Test func `what one of them says of an agent stands beside what the others say`() throws {
    try withTemporaryFolder { folder in
      let place = Deployments(store: folder + "/a.db")
      let first = Self.export(
        Self.capability("id_1", "A", "doc"), Self.capability("id_2", "B", "x"))
      let second = Self.export(Self.capability("id_1", "A", "test"))
      _ = try place.take("one", first)
      let alone = try place.agents()
      let added = try place.take("two", second)
      let both = try place.agents()
      #expect(both.count == 2 && both[1] == alone[1])
      for part in [#""doc""#, #""test""#] { #expect(both[0].contains(part), "\(both[0])") }
      for (source, export) in [("one", first), ("two", second)] {
        let report = try place.verify(source, export)
        #expect(report.isIdentical, "\(source): \(report.text)")
      }
      // A newer export of one leaves what the other has said.
      let newer = Self.export(
        Self.capability("id_1", "A", "test"), Self.capability("id_3", "A", "more"))
      let grown = try place.take("two", newer)
      let more = try place.agents()
      for part in [#""doc""#, #""test""#, #""more""#] { #expect(more[0].contains(part)) }
      let gone = try place.take("two", Self.export())
      #expect(try place.agents() == alone)
      let report = try place.verify("one", first)
      #expect(report.isIdentical, "\(report.text)")
      for (run, before) in [(gone, more), (grown, both), (added, alone)] {
        _ = try Rollback(run, store: place.store).run()
        #expect(try place.agents() == before)
      }
    }
  }

  @Test func `who is only named by two of them is there until neither names it`() throws {
    try withTemporaryFolder { folder in
      let place = Deployments(store: folder + "/a.db")
      let message =
        #"{"message_id":"id_1","from_agent":"A","to_agent":"Ghost","message_type":"info","content":"x","priority":2,"timestamp":1748000000000001,"delivered":false}"#
      let named = #"{"agent_message":[\#(message)],"agent_registry":[]}"#
      let nobody = #"{"agent_message":[],"agent_registry":[]}"#
      let registered =
        #"{"agent_message":[\#(message)],"agent_registry":[{"agent_id":"g","agent_name":"Ghost","agent_type":"w","status":"active","registered_at":1748000000000000,"last_heartbeat":1748000000000000}]}"#
      _ = try place.take("one", named)
      let alone = try place.agents()
      #expect(alone.count == 2)
      // It comes and goes in the other one, as a name and as an agent, again and again.
      for export in [named, nobody, registered, named, registered, nobody, registered] {
        _ = try place.take("two", export)
        for (source, text) in [("one", named), ("two", export)] {
          let report = try place.verify(source, text)
          #expect(report.isIdentical, "\(source) after \(export.prefix(200)): \(report.text)")
        }
      }
      _ = try place.take("two", nobody)
      #expect(try place.agents() == alone)
      _ = try place.take("one", nobody)
      #expect(try place.agents().isEmpty)
    }
  }
}
