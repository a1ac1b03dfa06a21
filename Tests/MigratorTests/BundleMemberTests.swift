import AgoraStore
import Migrator
import TestSupport
import Testing

/// Members of a bundle that are no tables.
@Suite struct BundleMemberTests {
  private static let rows = #""agent_message":[{"message_id":"1","from_agent":"a","content":"x"}]"#

  @Test func `wherever such a member stands it is one reject, and comes back as it was`() throws {
    let members = [
      #""exported_at":"2025-06-01""#, #""meta":{"a":1}"#, #""meta":{"a":{"b":["}\"]",{}]}}"#,
      #""agent_capability":null"#, #""version":2"#, #""agent_capability":{"a":[1]}"#,
    ]
    for member in members {
      for export in ["{\(member),\(Self.rows)}\n", "{\(Self.rows),\(member)}\n"] {
        try withTemporaryFolder { folder in
          let store = folder + "/agora.db"
          let report = try migrate(export, into: store)
          #expect(
            report.ledger.totals == .init(read: 2, imported: 1, rejected: 1), "\(export)")
          let file = folder + "/rejects.ndjson"
          try RejectsFile.write(from: Store(path: store), to: file)
          let reject = try JSON.parse(contents(file))
          #expect(reject["ordinal"]?.integer == 1 && reject["code"]?.text == "bad_json")
          let list = try RejectList(Store(path: store)).json
          #expect(list["rejects"]?.elements?.first?["ordinal"]?.integer == 1)
          let back = try bundle(store)
          #expect(back == export)
        }
      }
    }
  }

  @Test func `a bundle of nothing but such members keeps them`() throws {
    for export in [#"{"agent_message":null}"# + "\n", #"{"agent_message":{"a":1}}"# + "\n"] {
      try withTemporaryFolder { folder in
        let store = folder + "/agora.db"
        let report = try migrate(export, into: store)
        #expect(report.ledger.totals == .init(read: 1, rejected: 1))
        let back = try bundle(store)
        #expect(back == export)
      }
    }
  }

  @Test func `rows and configurations that hold objects are no bundles`() throws {
    for (export, table) in [
      (#"{"agent_id":"a","capabilities":["c"],"workflows":[{"name":"w"}]}"#, "agent_config"),
      (#"{"message_id":"1","from_agent":"a","metadata":{"a":[1]}}"#, "agent_message"),
    ] {
      try withTemporaryFolder { folder in
        let report = try migrate(export, into: folder + "/agora.db")
        #expect(report.ledger.tables.first == table && report.ledger.totals.rejected == 0)
      }
    }
  }
}
