import AgoraStore
import Migrator
import TestSupport
import Testing

/// Answers of Agora's own `spacetime`, given back to the store that they came from.
@Suite struct OwnExportTests {
  private static let export = """
    {"agent_registry":[{"agent_id":"a","agent_name":"a"}],"agent_message":[{"message_id":"1","from_agent":"a","content":"x"}],"task_queue":[{"task_id":"1","agent_id":"a","task_type":"t"}],"workflows":[{"workflow_id":"1","workflow_type":"w"}]}

    """

  @Test func `an export whose ids are the store's own is refused before anything is written`()
    throws
  {
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      try migrate(Self.export, into: store)
      let before = try hash(store)
      let tables = [
        ("agent_message", "messages", "message_id"), ("task_queue", "tasks", "task_id"),
        ("workflows", "workflows", "workflow_id"), ("agent_registry", "agents", "agent_id"),
      ]
      for (table, record, column) in tables {
        let id = try Store(path: store).read { connection in
          try connection.first(Query(record, "SELECT \(column) FROM \(record)")) { $0.text(0) }
        }
        let row = #"{"\#(column)":"\#(try #require(id))","agent_name":"a","content":"x"}"#
        let own = #"{"\#(table)":[\#(row)]}"#
        for isDryRun in [true, false] {
          try write(own, to: folder + "/own.json")
          var options = MigrationOptions(exports: [folder + "/own.json"])
          options.isDryRun = isDryRun
          let migration = Migration(options, store: store)
          let error = #expect(throws: AgoraError.self, "\(table)") { try migration.run() }
          #expect(error?.code == .ownExport && error?.offset == table.utf8.count + 5, "\(table)")
        }
      }
      let after = try hash(store)
      #expect(after == before)
      let runs = try RunList(Store(path: store)).runs
      #expect(runs.count == 1)
    }
  }

  @Test func `an answer that says that it is Agora's is refused by any store`() throws {
    // As 1.x spells types, and 0.8.
    let types = [#"{"String":[]}"#, #"{"Builtin":{"String":[]}}"#]
    try withTemporaryFolder { folder in
      for type in types {
        let answer =
          #"[{"schema":{"elements":[{"name":{"some":"message_id"},"algebraic_type":\#(type)}]},"rows":[["9"]],"answered_by":"agora"}]"#
        try write(answer, to: folder + "/agent_message.json")
        let migration = Migration(
          MigrationOptions(exports: [folder + "/agent_message.json"]), store: folder + "/agora.db")
        let error = #expect(throws: AgoraError.self) { try migration.run() }
        #expect(error?.code == .ownExport)
        #expect(try names(in: folder) == ["agent_message.json"])
      }
    }
  }

  @Test func `what went back to v4 with what is new comes again, as often as it likes`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      try migrate(Self.export, into: store)
      let market = try Marketplace(Store(path: store))
      _ = try market.call(
        "agora.agent.register", try JSON.parse(#"{"agent_name":"new"}"#), as: .owner(.cli))
      let back = try bundle(store, withNew: true)
      for _ in 0..<2 {
        let report = try migrate(back, into: store)
        #expect(report.ledger.totals.rejected == 0 && report.ledger.totals.imported == 0)
      }
    }
  }
}
