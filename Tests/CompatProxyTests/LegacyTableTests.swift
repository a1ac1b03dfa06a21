import AgoraStore
import CompatProxy
import TestSupport
import Testing

/// The tables that v4's agents see: their columns and types, what a query may cost, and what a watched
/// query gives.
@Suite struct LegacyTableTests {
  private func proxy(_ place: TestMarketplace, _ calls: [(String, String)]) throws {
    for (reducer, body) in calls {
      let answer = Proxy(place.marketplace).answer(
        LegacyCall(
          database: "agora-marketplace", reducer: reducer, arguments: .document(Array(body.utf8))))
      if let refusal = answer.refusal { Issue.record("\(reducer): \(refusal.text)") }
    }
  }

  private static let life = [
    ("register_agent_capability", #"["A","testing",8,2]"#),
    ("register_agent", #"["x-1","docs","B","A"]"#),
    ("send_agent_message", #"["A","B","info","hello",5]"#),
    ("create_task", #"["t-1","A","review",2,"{}"]"#), ("complete_task", #"["t-1"]"#),
    ("create_task", #"["t-2","A","review",2,"{}"]"#),
    ("start_workflow_coordination", #"["w-1","A","[\"B\"]","parallel"]"#),
    ("create_workflow", #"{"workflow_name":"w","steps":"[\"one\"]","assigned_agents":"[\"A\"]"}"#),
    ("create_user_notification", #"["n-1","u","info","low","T","M"]"#),
    ("user_override", #"["u","B","pause","tired",9]"#),
  ]
  /// The tables whose rows come with a migration only.
  private static let imported: Set<String> = [
    "coordination_error", "coordination_metrics", "health_metrics", "system_alerts",
    "user_directives", "user_audit_log", "users", "agent_hierarchy", "coordination_locks",
    "agent_subscriptions", "session_management",
  ]

  @Test func `each view has the columns that its table says, of their types`() throws {
    try withTemporaryFolder { folder in
      let place = try TestMarketplace(in: folder)
      try proxy(place, Self.life)
      #expect(LegacySQL.tables == LegacyTable.all.map(\.name))
      for table in LegacyTable.all {
        let answer = try LegacySQL.answer(
          "SELECT * FROM \(table.name)", path: place.store.path, within: .stranger)
        #expect(answer.columns == table.columns.map(\.name), "\(table.name)")
        #expect(answer.types == table.columns.map(\.type), "\(table.name)")
        let counted = try LegacySQL.answer(
          "SELECT COUNT(*) AS n FROM \(table.name)", path: place.store.path)
        #expect(
          counted.rows == [[.int(answer.rows.count)]], "\(table.name)")
        #expect(answer.rows.isEmpty == Self.imported.contains(table.name), "\(table.name)")
        // A value of each column in both spellings, and back to what it says.
        for row in answer.rows {
          for (column, value) in zip(table.columns, row) {
            let plain = column.type.value(value)
            let named = JSONWriter.compact(column.type.named(plain))
            switch column.type {
            case .timestamp:
              #expect(named.hasPrefix(#"{"__timestamp_micros_since_unix_epoch__":"#), "\(column)")
            case .option: #expect(named.contains("none") || named.contains("some"), "\(column)")
            default: #expect(named == JSONWriter.compact(plain))
            }
          }
        }
      }
      let done = try LegacySQL.answer(
        "SELECT completed_at FROM task_queue WHERE task_id LIKE 't-%' ORDER BY 1 DESC",
        path: place.store.path)
      let shown = done.rows.map { done.types[0].shown($0[0]) }
      #expect(shown == ["(some = 2025-06-06T10:00:00+00:00)", "(none = ())"])
      let old = JSONWriter.compact(done.json(microseconds: 1, .old))
      // Its clients pass over members that they do not know, as those of 1.x do.
      let end = #""rows":[[{"0":1749204000000000}],[{"1":[]}]],"answered_by":"agora"}]"#
      #expect(old.hasSuffix(end), "\(old)")
    }
  }

  @Test func `a column has one type in all tables`() {
    var types: [String: SATSType] = [:]
    for column in LegacyTable.all.flatMap(\.columns) {
      #expect(types.updateValue(column.type, forKey: column.name).map { $0 == column.type } ?? true)
    }
  }

  @Test func `a stranger's query ends when it has cost enough`() throws {
    try withTemporaryFolder { folder in
      let place = try TestMarketplace(in: folder)
      try proxy(place, Self.life)
      let budget = LegacySQL.Budget(seconds: 0.05, bytes: 4096)
      let many = (0..<12).map { "system_events e\($0)" }.joined(separator: ", ")
      let letters = String(repeating: "x", count: 256)
      let rows: [(String, String)] = [
        ("SELECT count(*) FROM \(many)", "timeout"),
        ("SELECT zeroblob(1000000)", "forbidden"),
        ("SELECT instr(printf('%.*c',3000,'a'),printf('%.*c',1600,'a')||'b')", "forbidden"),
        ("SELECT replace(content, 'a', 'b') FROM agent_message", "forbidden"),
        ("SELECT upper(trim(content)) FROM agent_message", "forbidden"),
        ("SELECT hex(content), randomblob(9) FROM agent_message AS v", "forbidden"),
        (
          "SELECT '\(String(repeating: "x", count: 5000))' || content FROM agent_message",
          "too_large"
        ),
        ("SELECT '\(String(repeating: "x", count: 70_000))'", "too_large"),
        ("SELECT * FROM agent_message WHERE content LIKE '%\(letters)'", "invalid_sql"),
        (
          "SELECT a.*, b.*, c.* FROM system_events a, system_events b, system_events c",
          "too_large"
        ),
      ]
      for (query, code) in rows {
        do throws(Refusal) {
          _ = try LegacySQL.answer(query, path: place.store.path, within: budget)
          Issue.record("\(query) was answered")
        } catch { #expect(error.code == code, "\(query): \(error.text)") }
      }
      // What is bounded is the query, and not the connection for ever.
      var sql = try LegacySQL(path: place.store.path)
      #expect(throws: Refusal.self) { try sql.run("SELECT zeroblob(100000)", within: budget) }
      #expect(try sql.run("SELECT zeroblob(100000)").rows.count == 1)
    }
  }

  @Test func `a row with many slow patterns ends in time`() throws {
    try withTemporaryFolder { folder in
      let place = try TestMarketplace(in: folder)
      try proxy(place, Self.life)
      let letters = String(repeating: "a", count: 100)
      let likes = (0..<400).map { "(t LIKE '%\(letters)\($0)b')" }
      let query = """
        WITH x AS MATERIALIZED (SELECT group_concat('\(letters)\(letters)','') AS t
          FROM system_events a, system_events b, system_events c)
        SELECT \(likes.joined(separator: "+")) FROM x
        """
      let start = System.monotonicSeconds()
      do throws(Refusal) {
        _ = try LegacySQL.answer(
          query, path: place.store.path, within: .init(seconds: 0.1, bytes: 8 << 20))
        Issue.record("it was answered")
      } catch { #expect(error.code == "timeout", "\(error.text)") }
      #expect(System.monotonicSeconds() - start < 3)
    }
  }

  @Test func `a stranger's ordinary queries are answered as anybody's are`() throws {
    try withTemporaryFolder { folder in
      let place = try TestMarketplace(in: folder)
      try proxy(place, Self.life)
      for query in [
        "SELECT COUNT(*) AS n FROM agent_message WHERE priority > 2 AND content LIKE 'HEL%'",
        "SELECT content FROM agent_message WHERE content LIKE '%l_o' OR content IN ('x') LIMIT 5",
        "SELECT * FROM agent_message WHERE content NOT LIKE 'h!%' ESCAPE '!' AND content LIKE 'hello'",
        "SELECT task_id, status FROM task_queue WHERE completed_at IS NULL ORDER BY created_at DESC",
        "SELECT task_id FROM task_assignment WHERE created_at > '2020' AND progress BETWEEN 0 AND 1",
        "SELECT status, count(*), max(priority), group_concat(task_id) FROM task_queue GROUP BY 1",
        "SELECT r.agent_name FROM agent_registry r JOIN agent_message m ON m.to_agent = r.agent_name",
        "SELECT json_extract(config, '$.agent_type') FROM agent_registry WHERE agent_id LIKE '%'",
        "SELECT lower(capability_type), created_at FROM agent_capability c",
      ] {
        let stranger = try LegacySQL.answer(query, path: place.store.path, within: .stranger)
        let owner = try LegacySQL.answer(query, path: place.store.path)
        #expect(!stranger.rows.isEmpty && stranger.rows == owner.rows, "\(query)")
      }
      let matches = try LegacySQL.answer(
        """
        SELECT 'aBc' LIKE 'AbC', 'abc' LIKE 'a%', 'abc' LIKE 'b%', 'a%' LIKE 'a!%' ESCAPE '!',
          'ab' LIKE 'a!%' ESCAPE '!', NULL LIKE 'a', 'a' LIKE NULL, 12 LIKE '1_', 'é' LIKE '_'
        """, path: place.store.path, within: .stranger)
      let one = SQLValue.integer(1)
      let zero = SQLValue.integer(0)
      #expect(matches.rows == [[one, one, zero, one, zero, .null, .null, one, one]])
    }
  }

  @Test func `a table that padding would blow up is not drawn`() throws {
    try withTemporaryFolder { folder in
      let place = try TestMarketplace(in: folder)
      try proxy(place, Self.life)
      let answer = try LegacySQL.answer(
        "SELECT content FROM agent_message UNION ALL SELECT printf('%.*c', 1000, 'x')",
        path: place.store.path)
      // Two rows and two lines above them, each of 1,005 characters.
      #expect(try answer.table(within: 4020).count > 4000)
      do throws(Refusal) {
        _ = try answer.table(within: 4019)
        Issue.record("it was drawn")
      } catch { #expect(error.code == "too_large") }
    }
  }

  @Test func `what passes by itself is not the query's fault`() {
    let rows: [(Int32, String)] = [
      (5, "unavailable"), (6, "unavailable"), (7, "unavailable"), (517, "unavailable"),
      (266, "unavailable"), (13, "unavailable"), (14, "unavailable"), (9, "timeout"),
      (18, "too_large"), (1, "invalid_sql"),
    ]
    for (code, expected) in rows {
      let error = SQLiteError(extendedCode: code, message: "m", query: "q")
      #expect(LegacySQL.refusal(error, of: "SELECT 1").code == expected, "\(code)")
    }
  }

  @Test func `counting tells of no table that is not v4's`() throws {
    try withTemporaryFolder { folder in
      let place = try TestMarketplace(in: folder)
      for query in [
        "SELECT count(*) FROM main.messages", "SELECT count(*) FROM messages",
        "SELECT count(*) FROM \"messages\"", "SELECT count(*) FROM [agents]",
        "SELECT count(*) FROM audit", "SELECT count(*) FROM v4_rows",
        "SELECT count(*) FROM main.workflows", "SELECT count(*) FROM tokens",
      ] {
        do throws(Refusal) {
          _ = try LegacySQL.answer(query, path: place.store.path)
          Issue.record("\(query) was answered")
        } catch { #expect(["forbidden", "not_found"].contains(error.code), "\(query)") }
      }
    }
  }

  @Test func `what calls brought is read as v4 spells it`() throws {
    try withTemporaryFolder { folder in
      let place = try TestMarketplace(in: folder)
      try proxy(place, Self.life)
      try proxy(
        place,
        [
          (
            "send_agent_message",
            #"["m-9","A","ghost","info","x",5,true,300,"c","t","{\"k\":1}","read"]"#
          ), ("assign_task", #"["w-2","review","{}","[\"testing\"]","A"]"#),
          ("update_agent_status", #"["A","busy"]"#),
        ])
      for (query, row) in [
        (
          "SELECT proficiency_level, max_concurrent_tasks FROM agent_capability WHERE agent_id='A'",
          "[8,2]"
        ),
        (
          "SELECT agent_id, agent_name, status FROM agent_registry ORDER BY 2",
          #"["A","A","busy"] ["x-1","B","paused"] ["ghost","ghost","active"]"#
        ),
        (
          """
          SELECT message_id, to_agent, priority, requires_response, timeout_seconds, correlation_id,
            thread_id, metadata, status FROM agent_message WHERE content='x'
          """, #"["m-9","ghost",5,true,[0,300],[0,"c"],[0,"t"],"{\"k\":1}","read"]"#
        ),
        (
          "SELECT task_id, workflow_id, requesting_agent, required_capabilities FROM task_assignment WHERE workflow_id='w-2'",
          #"["task_…","w-2","A","[\"testing\"]"]"#
        ),
        (
          "SELECT workflow_id, name, coordination_strategy, participating_agents FROM workflow_coordination WHERE name LIKE 'w-%'",
          #"["w-1","w-1","parallel","[\"B\"]"]"#
        ),
        (
          "SELECT step_name, step_order, assigned_agent, status FROM workflow_step",
          #"["one",1,"A","pending"]"#
        ),
        (
          "SELECT user_id, target_id, action, reason, priority FROM user_overrides",
          #"["u","B","pause","tired",9]"#
        ),
        (
          "SELECT notification_id, user_id, title, message FROM user_notifications",
          #"["n-1","u","T","M"]"#
        ),
      ] {
        let answer = try LegacySQL.answer(query, path: place.store.path)
        let rows = answer.rows.map { JSONWriter.compact(answer.row($0)) }
        let found = rows.joined(separator: " ").replacing(#/task_[0-9a-f]+/#, with: "task_…")
        #expect(found == row, "\(query)")
      }
    }
  }

  // MARK: watching

  @Test func `a subscription is whole rows of one table, and nothing else`() {
    let rows: [(String, [String]?)] = [
      ("SELECT * FROM agent_message", ["agent_message"]),
      ("select * from agent_message where priority = 3;", ["agent_message"]),
      ("SELECT * FROM agent_message WHERE content = 'order by limit'", ["agent_message"]),
      ("SELECT m.* FROM agent_message m WHERE m.priority > 2", ["agent_message"]),
      (
        "SELECT r.* FROM agent_message AS m JOIN agent_registry AS r ON r.agent_name = m.from_agent",
        ["agent_registry"]
      ),
      ("SELECT * FROM *", LegacyTable.all.map(\.name)),
      ("SELECT content FROM agent_message", nil), ("SELECT COUNT(*) AS n FROM agent_message", nil),
      ("SELECT * FROM agent_message LIMIT 5", nil), ("SELECT * FROM agent_message, workflows", nil),
      ("SELECT * FROM agent_message ORDER BY timestamp", nil), ("SELECT * FROM agents", nil),
      ("SELECT x.* FROM agent_message m", nil), ("DELETE FROM agent_message", nil), ("", nil),
      ("SELECT", nil), ("SELECT * FROM", nil), ("SELECT * FROM agent_message UNION SELECT 1", nil),
    ]
    for (text, tables) in rows {
      let queries = try? WatchedQuery.read(text)
      #expect(queries?.map(\.table.name) == tables, "\(text)")
    }
  }

  @Test func `what changes in a watched query is what differs, row by row`() throws {
    func row(_ text: String) -> WatchedRow { WatchedRow(bytes: Array(text.utf8)) }
    // Two rows that are equal, and two that only look so.
    let change = WatchedChange(
      from: [row("[1]"), row("[1]"), row("[2]"), row("[\"\u{e9}\"]")],
      to: [row("[1]"), row("[3]"), row("[\"e\u{301}\"]")])
    #expect(change.deletes == [row("[1]"), row("[2]"), row("[\"\u{e9}\"]")])
    #expect(change.inserts == [row("[3]"), row("[\"e\u{301}\"]")])
    try withTemporaryFolder { folder in
      let place = try TestMarketplace(in: folder)
      try proxy(place, Self.life)
      let watch = try LegacyWatch(path: place.store.path, within: .stranger)
      let query = try WatchedQuery.read("SELECT * FROM agent_message")[0]
      let before = try watch.rows(of: query)
      let isStill = try watch.hasChanged()
      try proxy(place, [("send_agent_message", #"["A","B","info","again",5]"#)])
      let hasChanged = try watch.hasChanged()
      let after = WatchedChange(from: before, to: try watch.rows(of: query))
      #expect(!isStill && hasChanged && after.deletes.isEmpty && after.inserts.count == 1)
      #expect(after.inserts.first?.named(in: query.table)["content"] == .string("again"))
      // Many different queries leave nothing behind that would look like a change.
      for number in 0..<600 {
        _ = try watch.rows(
          of: WatchedQuery.read("SELECT * FROM agent_message WHERE priority = \(number)")[0])
      }
      #expect(try watch.rows(of: query).count == 2)
      #expect(try !watch.hasChanged())
    }
  }

  // MARK: the schema

  @Test func `the schema passes what SpacetimeDB's command line asks of one`() throws {
    let schema = ModuleSchema.definition
    let types = schema["typespace"]?["types"]?.elements ?? []
    let declared = Set((schema["types"]?.elements ?? []).compactMap { $0["ty"]?.integer })
    var names: Set<String> = []
    for table in schema["tables"]?.elements ?? [] {
      let place = try #require(table["product_type_ref"]?.integer)
      let isDeclared = declared.contains(place) && types[place]["Product"] != nil
      #expect(isDeclared && table["name"]?.text?.hasPrefix("st_") == false)
      // The primary key is unique, and what is unique has an index on the same columns.
      let key = table["primary_key"]
      let unique = table["constraints"]?.elements?.first?["data"]?["Unique"]?["columns"]
      let index = table["indexes"]?.elements?.first?["algorithm"]?["BTree"]
      #expect(key == unique && key == index)
      for list in ["indexes", "constraints"] {
        let name = table[list]?.elements?.first?["name"]?["some"]?.text ?? ""
        #expect(names.insert(name).inserted)
      }
    }
    for type in schema["types"]?.elements ?? [] {
      #expect(type["custom_ordering"] == .bool(true))
    }
    let reducers = schema["reducers"]?.elements ?? []
    #expect(reducers.count == Reducer.all.count && types.count == LegacyTable.all.count)
    for reducer in reducers {
      let parameters = reducer["params"]?["elements"]?.elements ?? []
      let names = parameters.compactMap { $0["name"]?["some"]?.text }
      #expect(names.count == parameters.count && Set(names).count == names.count)
    }
    // Bare words of every shape on record reach the reducer as strings (or as numbers where all are).
    let message = ModuleSchema.entity(.reducer, named: "send_agent_message")
    #expect(message?["params"]?["elements"]?.elements?.count == 12)
    #expect(ModuleSchema.entity(.table, named: "agents") == nil)
  }
}
