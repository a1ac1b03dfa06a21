import AgoraStore
import Migrator
import TestSupport
import Testing

/// Exports that say what the one before said in other words.
@Suite struct RespellingTests {
  /// How the words of an export are written.
  enum Style: CaseIterable {
    case plain, reversed, blanks, escaped, decimal, wrapped

    func write(_ value: JSON) -> String {
      let blank = self == .blanks ? " " : ""
      switch value {
      case .object(let members):
        if let time = value["t"] { return self.time(time) }
        let list = self == .reversed ? members.reversed() : members
        return "{" + blank
          + list.map { "\(text($0.name))\(blank):\(blank)\(write($0.value))" }
          .joined(separator: blank + "," + blank) + blank + "}"
      case .array(let elements):
        return "[" + blank + elements.map { write($0) }.joined(separator: "," + blank) + "]"
      case .string(let string): return text(string)
      case .number(let number):
        return self == .decimal ? number + (number.contains(".") ? "0" : ".0") : number
      default: return JSONWriter.compact(value)
      }
    }

    /// A row; its columns may be options.
    func row(_ value: JSON) -> String {
      guard self == .wrapped else { return write(value) }
      return "{"
        + (value.members ?? []).map { member in
          let inner = write(member.value)
          guard member.value != .null else { return "\(text(member.name)):{\"none\":[]}" }
          let isOption = member.name == "extra" || member.name == "status"
          return "\(text(member.name)):" + (isOption ? "{\"some\":\(inner)}" : inner)
        }.joined(separator: ",") + "}"
    }

    private func text(_ text: String) -> String {
      guard self == .escaped else { return JSONWriter.compact(.string(text)) }
      return "\""
        + text.utf16.map { unit in
          let digits = String(unit, radix: 16)
          return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined() + "\""
    }

    /// An instant, in one of the ways in which v4 writes it.
    private func time(_ micros: JSON) -> String {
      let number = JSONWriter.compact(micros)
      switch self {
      case .plain, .decimal: return number
      case .reversed: return "[\(number)]"
      case .blanks: return "{ \"__timestamp_micros_since_unix_epoch__\" : \(number) }"
      case .escaped: return "\"\(Timestamp(microseconds: Int64(number) ?? 0))\""
      case .wrapped: return "\"\("\(Timestamp(microseconds: Int64(number) ?? 0))".dropLast())\""
      }
    }
  }

  /// What every row has besides.
  private static let more =
    #""extra":{"b":1,"a":["é",{"n":2,"m":null}]},"note":"a\nb\"é🚀","more":null"#
  private static let when = #""created_at":{"t":1748000000000000}"#

  /// Rows of tables of every kind; who is X, Y, lost is nobody.
  private static let tables: [(name: String, rows: [String])] = [
    (
      "agent_capability",
      [
        #""capability_id":"1","agent_id":"A","capability_type":"t","max_concurrent_tasks":3,\#(when)"#
      ]
    ),
    (
      "agent_registry",
      [
        #""agent_id":"A","agent_name":"A","status":"idle","supervisor_id":"X","registered_at":{"t":5}"#,
        #""agent_id":"r","agent_name":"B","status":"paused","config":{"z":1,"a":2}"#,
      ]
    ),
    (
      "agent_message",
      [
        #""message_id":"1","from_agent":"A","to_agent":"Y","content":{"b":1,"a":2},"priority":5,\#(when)"#,
        #""message_id":"2","from_agent":"A","to_agent":"*","content":"x","status":"pending""#,
      ]
    ),
    (
      "task_assignment",
      [
        #""assignment_id":"1","agent_id":"A","workflow_id":"w","input_data":{"b":1,"a":2},"status":"weird","progress":0.5,\#(when)"#,
        #""assignment_id":"2","requesting_agent":"X","workflow_id":"lost","input_data":[1,{"b":1,"a":2}]"#,
      ]
    ),
    ("task_queue", [#""task_id":"1","agent_id":"Y","payload":"{\"q\":1}","priority":2"#]),
    (
      "workflow_coordination",
      [#""workflow_id":"w","participating_agents":["A",null,"A"],"status":"active",\#(when)"#]
    ),
    ("workflows", [#""workflow_id":"v","initiator_agent":"X","metadata":{"b":1,"a":2}"#]),
    (
      "workflow_step",
      [
        #""step_id":"1","workflow_id":"w","step_order":1,"assigned_agent":"X","input_data":{"b":1,"a":2}"#,
        #""step_id":"2","workflow_id":"lost","status":"odd","started_at":{"t":1748000000000000}"#,
      ]
    ),
    ("workflow_steps", [#""step_id":"3","workflow_id":"lost","output_data":[{"b":1,"a":2}]"#]),
    (
      "system_events",
      [
        #""event_id":"1","event_type":"e","source_agent":"X","data":{"b":1,"a":2},"timestamp":{"t":7}"#
      ]
    ),
    ("coordination_error", [#""error_id":"1","agent_id":"A","error":{"b":1,"a":2}"#]),
    ("user_notifications", [#""notification_id":"1","user_id":"u","data":"{\"b\": 1}""#]),
    (
      "user_overrides",
      [#""override_id":"1","target_id":"A","action":"x","timestamp":{"t":7}"#]
    ),
    ("user_audit_log", [#""log_id":"1","details":{"b":1,"a":2}"#]),
    ("users", [#""user_id":"1","roles":["b","a"]"#]),
    ("odd", [#""k":"x","v":{"b":1,"a":2}"#, #""k":"x","v":{"b":1,"a":2}"#]),
  ]

  private static func export(_ style: Style) throws -> String {
    "{"
      + (try tables.map { table in
        let rows = try table.rows.map { style.row(try JSON.parse("{\($0),\(more)}")) }
        return "\"\(table.name)\":[\(rows.joined(separator: ","))]"
      }).joined(separator: ",") + "}\n"
  }

  /// The newest words are those of the store, as if they had been the only ones, whatever v4 said before.
  private func expectNewest(
    _ exports: [String], _ folder: String, _ orphans: OrphanPolicy, isBundle: Bool = true
  ) throws {
    let store = folder + "/all.db"
    var runs: [String] = []
    var hashes: [String] = []
    for (index, export) in exports.enumerated() {
      let report = try migrate(export, into: store, deleting: true, orphans: orphans)
      #expect(report.ledger.isBalanced && report.conflicts == 0)
      runs.append(report.runID)
      hashes.append(try hash(store))
      let verified = try verify(store)
      #expect(verified.isIdentical, "\(verified.text)")
      if isBundle { #expect(try bundle(store) == export) }
      let alone = folder + "/alone\(index).db"
      try migrate(export, into: alone, deleting: true, orphans: orphans)
      let differences = StoreDump.differences(
        try StoreDump.marketplace(of: alone), try StoreDump.marketplace(of: store))
      #expect(differences == [])
      #expect(try hash(alone) == hashes.last)
    }
    let check = try StoreCheck(Store(path: store))
    #expect(check.isSound, "\(check.text)")
    while let run = runs.popLast() {
      #expect(try hash(store) == hashes.popLast())
      _ = try Rollback(run, store: store).run()
    }
  }

  @Test(arguments: OrphanPolicy.allCases)
  func `the words of the newest export stand`(_ orphans: OrphanPolicy) throws {
    try withTemporaryFolder { folder in
      try expectNewest(try Style.allCases.map { try Self.export($0) }, folder, orphans)
    }
  }

  @Test func `other words alone are no change`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      try migrate(try Self.export(.plain), into: store)
      for style in Style.allCases {
        let report = try migrate(try Self.export(style), into: store, deleting: true)
        for (table, _) in Self.tables where !Self.isKnownByContent(table, style) {
          let entry = report.ledger[table]
          #expect(entry.unchanged + entry.rejected == entry.read, "\(style) \(table)")
        }
        #expect(report.ledger.totals.rejected == 0)
      }
      // Nor where v5 has changed the record, which stays v5's.
      try migrate(try Self.export(.plain), into: store, deleting: true)
      try Connection(path: store, mode: .readWrite).execute(
        """
        UPDATE messages SET delivered=1; UPDATE tasks SET status='failed'; UPDATE agents SET capabilities='[]';
        UPDATE workflows SET source_hash=0 WHERE source_hash IS NOT NULL;
        """)
      for style in [Style.reversed, .blanks, .escaped, .plain] {
        let report = try migrate(try Self.export(style), into: store, deleting: true)
        let totals = report.ledger.totals
        #expect(report.conflicts == 0 && totals.unchanged == totals.read, "\(style)")
        #expect(try bundle(store) == Self.export(style))
      }
    }
  }

  /// Whether a row's words are its id.
  private static func isKnownByContent(_ table: String, _ style: Style) -> Bool {
    table == "odd" && (style == .wrapped || style == .decimal)
  }

  @Test func `the entries of a list of configurations stand in its newest words`() throws {
    func list(_ style: Style) throws -> String {
      let entry = try JSON.parse(
        """
        {"agent_id":"a","capabilities":["x"],"config":{"b":1,"a":2},"active_tasks":[{"type":"t","data":{"b":1,"a":2}}],
        "workflows":[{"name":"w","steps":[{"name":"s","input":{"b":1,"a":2}}],"metadata":{"b":1,"a":2}}]}
        """)
      return "[" + style.write(entry) + "]"
    }
    try withTemporaryFolder { folder in
      let styles = [Style.plain, .reversed, .blanks, .escaped]
      try expectNewest(try styles.map { try list($0) }, folder, .stub, isBundle: false)
    }
  }
}
