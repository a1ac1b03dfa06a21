import AgoraStore
import CompatProxy
import TestSupport
import Testing

/// What SQL that is not run is told.
@Suite struct SQLFaultTests {
  @Test func `a query that is refused is told in SpacetimeDB's words, and of nothing else`() throws
  {
    try withTemporaryFolder { folder in
      let place = try TestMarketplace(in: folder)
      let hidden = [
        "tokens", "agents", "v4_rows", "sqlite_master", "audit", "no_such_thing",
        "sqlite_temp_master",
      ]
      var rows: [(String, String)] = [
        ("", "Empty SQL query"), (" ; ", "Empty SQL query"), ("-- x", "Empty SQL query"),
        ("SELECT 1; SELECT 2", "Multiple SQL statements are not supported"),
        ("DELETE FROM x", "Only owners are authorized to run SQL DML statements"),
        ("update x set y = 1", "Only owners are authorized to run SQL DML statements"),
        ("PRAGMA table_info(agents)", "Unsupported: PRAGMA table_info(agents)"),
        ("SHOW x", "`x` is not a valid system variable"),
        ("hello", "sql parser error: Expected an SQL statement, found: hello at Line: 1, Column 1"),
        ("SELECT", "sql parser error: Expected an expression:, found: EOF"),
        (
          "SELECT *\nFORM agent_message",
          "sql parser error: Expected end of statement, found: FORM at Line: 2, Column 1"
        ),
        ("SELECT nope FROM agent_message", "`agent_message` does not have a field `nope`"),
        ("SELECT m.nope FROM agent_message AS m", "`m` does not have a field `nope`"),
        ("SELECT m.nope FROM agent_message AS n", "`m` is not in scope"),
        ("WITH t(x) AS (SELECT 1) SELECT nope FROM t", "`t` does not have a field `nope`"),
        ("SELECT * FROM main.agents", "Multi-part names are not supported: main.agents"),
        ("SELECT nope(1) FROM agent_message", "Unsupported expression: nope()"),
        (
          "SELECT agent_id FROM agent_registry a JOIN agent_capability b",
          "Names must be qualified when using joins"
        ), ("SELECT max() FROM users", "Unsupported: SELECT max() FROM users"),
      ]
      // Whether the store has such a table or not is all the same.
      for name in hidden {
        let text = "`\(name)` is not a valid table"
        rows += [
          "SELECT * FROM \(name)", "SELECT nope FROM \(name)", "SELECT count(*) FROM \(name)",
          "SELECT nope FROM/**/[\(name)]", "SELECT nope FROM agent_message, (\(name))",
          "SELECT nope FROM agent_message WHERE content IN \(name)",
          "SELECT (SELECT nope FROM \"\(name)\") FROM agent_message",
          "WITH t AS (SELECT nope FROM \(name)) SELECT * FROM t",
          "SELECT agent_id FROM agent_registry NATURAL JOIN \(name) x",
          "SELECT 1 FROM \(name)('x')", "SELECT 1 FROM agent_registry NATURAL JOIN \(name)(1)",
          "SELECT 1 FROM (SELECT 'x' AS agent) JOIN \(name) USING (agent)",
          "SELECT '\u{301}', agent_id FROM agent_registry NATURAL JOIN \(name) WHERE ''=''",
        ].map { ($0, text) }
      }
      for (query, text) in rows {
        do throws(Refusal) {
          _ = try LegacySQL.answer(query, path: place.store.path, within: .stranger)
          Issue.record("\(query) was answered")
        } catch { #expect(error.text == text, "\(query)") }
      }
    }
  }

  @Test func `a subscription is refused in SpacetimeDB's words`() {
    for (query, text) in [
      ("SELECT * FROM tokens", "`tokens` is not a valid table"),
      ("DELETE FROM users", "Unsupported: Non-SELECT queries"), ("", "Empty SQL query"),
      (
        "SELECT user_id FROM users",
        "Column projections are not supported in subscriptions; Subscriptions must return a table type"
      ), ("SELECT x.* FROM users u", "`x` is not in scope"),
      ("SELECT * FROM users JOIN workflows", "SELECT * is not supported for joins"),
      ("SELECT 1", "A FROM clause is required"),
    ] {
      do throws(Refusal) {
        _ = try WatchedQuery.read(query)
        Issue.record("\(query) was taken")
      } catch { #expect(error.text == "\(text), executing: `\(query)`") }
    }
  }
}
