import AgoraStore
import CompatProxy
import TestSupport
import Testing

/// Every reducer in every shape on record, run one after the other on a store.
///
/// Held are what each call is answered and what stands in the store afterwards; `RECORD=1` writes both anew.
@Suite struct ReducerFixtureTests {
  private static let folder = Project.root + "/fixtures/reducers"

  /// What a call left behind, by table; ids are what a seed makes them.
  private static let tables: [(String, String)] = [
    (
      "agents",
      """
      SELECT agent_name, status, capabilities, ifnull(max_concurrent_tasks,'-'), metadata
      FROM agents ORDER BY rowid
      """
    ),
    (
      "messages",
      """
      SELECT f.agent_name, ifnull(t.agent_name, m.to_agent), m.message_type, m.content, m.priority, m.metadata
      FROM messages m JOIN agents f ON f.agent_id=m.from_agent LEFT JOIN agents t ON t.agent_id=m.to_agent
      ORDER BY m.rowid
      """
    ),
    (
      "workflows",
      """
      SELECT w.workflow_name, w.status, ifnull(a.agent_name,'-'), json_array_length(w.assigned_agents),
        w.metadata FROM workflows w LEFT JOIN agents a ON a.agent_id=w.creator_agent ORDER BY w.rowid
      """
    ),
    (
      "tasks",
      """
      SELECT t.task_type, t.status, t.progress, t.priority, ifnull(a.agent_name,'-'),
        ifnull(w.workflow_name,'-'), ifnull(t.notes,'-'), t.payload,
        json_remove(t.metadata,'$.requesting_agent')
      FROM tasks t LEFT JOIN agents a ON a.agent_id=t.assigned_agent
        LEFT JOIN workflows w ON w.workflow_id=t.workflow_id ORDER BY t.rowid
      """
    ),
    (
      "events of v4",
      """
      SELECT event_type, ifnull(a.agent_name,'-'), iif(target_agent='broadcast','broadcast','one'), data
      FROM events e LEFT JOIN agents a ON a.agent_id=e.source_agent
      WHERE event_type NOT IN ('v4_api_call','message_received','broadcast_message','agent_registered',
        'task_assigned','task_updated','workflow_created','workflow_updated','override_executed')
      ORDER BY seq
      """
    ),
    ("known ids", "SELECT kind, v4_id FROM v4_call_ids ORDER BY kind, v4_id"),
    (
      "names",
      """
      SELECT n.kind, n.name, n.origin, coalesce(a.agent_name, w.workflow_name) FROM v4_names n
        LEFT JOIN agents a ON a.agent_id=n.v5_id LEFT JOIN workflows w ON w.workflow_id=n.v5_id
      ORDER BY n.kind, n.name
      """
    ),
    (
      "calls",
      """
      SELECT c.reducer, ifnull(c.shape,'-'), ifnull(c.claimed,'-'), ifnull(a.agent_name,'-'), c.outcome,
        ifnull(c.code,'-'), ifnull(c.tool,'-')
      FROM v4_calls c LEFT JOIN agents a ON a.agent_id=c.agent_id ORDER BY c.call
      """
    ),
  ]

  static func call(_ line: JSON) -> LegacyCall {
    let arguments: LegacyCall.Arguments =
      if let words = line["words"]?.elements {
        .words(words.compactMap(\.text))
      } else if let values = line["values"]?.elements {
        .values(values)
      } else {
        .named(line["named"]?.members ?? [])
      }
    return LegacyCall(
      database: "agora-marketplace", reducer: line["reducer"]?.text ?? "", arguments: arguments)
  }

  private func transcript(of lines: [JSON]) throws -> String {
    try withTemporaryFolder { folder in
      let place = try TestMarketplace(in: folder)
      let proxy = Proxy(place.marketplace)
      var text = ""
      for line in lines {
        let answer = proxy.answer(Self.call(line))
        place.pass(seconds: 1)
        text += "> \(JSONWriter.compact(line))\n"
        if let refusal = answer.refusal {
          text += "refused \(refusal.code): \(refusal.text)\n"
        } else {
          text += JSONWriter.compact(answer.output) + "\n"
        }
      }
      for (name, sql) in Self.tables {
        let rows = try place.rows(sql)
        guard !rows.isEmpty else { continue }
        text += "\n# \(name)\n"
        for row in rows { text += JSONWriter.compact(row.json) + "\n" }
      }
      return text
    }
  }

  @Test func `each shape of each reducer does on v5 what it did on v4`() throws {
    let cases = try names(in: Self.folder).sorted()
    #expect(cases.count >= 11)
    for name in cases {
      let folder = "\(Self.folder)/\(name)"
      let lines = try contents(folder + "/calls.ndjson").split(separator: "\n").map {
        try JSON.parse(String($0))
      }
      let found = try transcript(of: lines)
      if Project.isRecording { try write(found, to: folder + "/expected.txt") }
      let expected = try? contents(folder + "/expected.txt")
      #expect(found == expected, "\(name)")
      #expect(!Project.isRecording, "recorded")
    }
  }

  @Test func `every reducer has a fixture, and so has each of its shapes`() throws {
    var seen: Set<String> = []
    for name in try names(in: Self.folder) {
      let text = try contents("\(Self.folder)/\(name)/expected.txt")
      for line in text.split(separator: "\n").drop(while: { $0 != "# calls" }).dropFirst() {
        let row = try JSON.parse(String(line)).elements?.compactMap(\.text) ?? []
        guard row.count > 1, let shape = row[1].split(separator: ":").last else { continue }
        seen.insert("\(row[0]) \(shape)")
      }
    }
    for reducer in Reducer.all {
      for (shape, _) in reducer.matrix {
        #expect(seen.contains("\(reducer.name) \(shape)"), "\(reducer.name) \(shape)")
      }
    }
  }
}
