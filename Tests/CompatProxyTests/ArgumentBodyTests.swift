import AgoraStore
import CompatProxy
import TestSupport
import Testing

/// What a call with a JSON body is told that does not fit, in the words and at the places of SpacetimeDB
/// 1.1.2.
@Suite struct ArgumentBodyTests {
  private static func text(_ reducer: String, _ rest: String) -> String {
    "invalid arguments for reducer \(reducer): \(rest)"
  }

  @Test func `each fault of a body has SpacetimeDB's text and place`() throws {
    let rows: [(String, String, String)] = [
      (
        "agent_heartbeat", "[]",
        ".: .: invalid length 0, expected reducer args for agent_heartbeat with 1 elements at line 1 column 2"
      ),
      (
        "update_agent_status", #"["a", "b", 2]"#, ".: .: trailing characters at line 1 column 12"
      ),
      (
        "update_agent_status", #"[1, 2]"#,
        "[0]: [0]: invalid type: integer `1`, expected a string at line 1 column 2"
      ),
      (
        "register_agent_capability", #"["a","b",8,4294967296]"#,
        "[3]: [3]: invalid value: integer `4294967296`, expected u32 at line 1 column 21"
      ),
      (
        "register_agent_capability", #"["a", "b", 8, 1.5]"#,
        "[3]: [3]: invalid type: floating point `1.5`, expected u32 at line 1 column 17"
      ),
      (
        "register_agent_capability", #"["a", "b", 8, "x"]"#,
        #"[3]: [3]: invalid type: string "x", expected u32 at line 1 column 17"#
      ),
      (
        "register_agent_capability", "[\n  \"a\", \"b\",\n  8, true]",
        "[3]: [3]: invalid type: boolean `true`, expected u32 at line 3 column 9"
      ),
      (
        "register_agent", #"["a", "b", "c", 5]"#,
        "[3]: [3]: invalid type: integer `5`, expected sum type at line 1 column 17"
      ),
      (
        "agent_heartbeat", #"["he said "hi"", 1]"#,
        ".: .: expected `,` or `]` at line 1 column 12"
      ),
      (
        "agent_heartbeat", "[\"a\nb\"]",
        #"[0]: [0]: control character (\u0000-\u001F) found while parsing a string at line 2 column 0"#
      ),
      (
        "agent_heartbeat", "[\"a\u{0}\"]",
        #"[0]: [0]: control character (\u0000-\u001F) found while parsing a string at line 1 column 4"#
      ),
      ("agent_heartbeat", "", ".: .: EOF while parsing a value at line 1 column 0"),
      (
        "agent_heartbeat", #"["a"] x"#,
        "trailing characters at line 1 column 7: trailing characters at line 1 column 7"
      ),
      ("agent_heartbeat", #"["a",]"#, ".: .: trailing comma at line 1 column 6"),
      ("agent_heartbeat", #"["a"#, "[0]: [0]: EOF while parsing a string at line 1 column 3"),
      ("agent_heartbeat", #"["a""#, ".: .: EOF while parsing a list at line 1 column 4"),
      (
        "agent_heartbeat", #"{"agent_name":"a""#,
        ".: .: EOF while parsing an object at line 1 column 17"
      ),
      ("agent_heartbeat", #"{"agent_name" "a"}"#, ".: .: expected `:` at line 1 column 15"),
      ("agent_heartbeat", #"{agent_name:"a"}"#, ".: .: key must be a string at line 1 column 2"),
      ("agent_heartbeat", #"["\x"]"#, "[0]: [0]: invalid escape at line 1 column 4"),
      ("agent_heartbeat", "[nul]", "[0]: [0]: expected ident at line 1 column 5"),
      ("agent_heartbeat", "[-]", "[0]: [0]: invalid number at line 1 column 3"),
      ("agent_heartbeat", "hello", ".: .: expected value at line 1 column 1"),
      (
        "agent_heartbeat", #""a""#,
        #".: .: invalid type: string "a", expected reducer args for agent_heartbeat at line 1 column 3"#
      ),
      ("agent_heartbeat", #"{"nope":"a"}"#, ".: .: missing field `agent_name` at line 1 column 12"),
      (
        "agent_heartbeat", String(repeating: "[", count: 2000),
        "[0]: [0]: recursion limit exceeded at line 1 column 513"
      ),
    ]
    try withTemporaryFolder { folder in
      let place = try TestMarketplace(in: folder)
      let proxy = Proxy(place.marketplace)
      for (reducer, body, expected) in rows {
        let answer = proxy.answer(
          LegacyCall(
            database: "agora-marketplace", reducer: reducer, arguments: .document(Array(body.utf8)),
            door: "http"))
        let refusal = answer.refusal
        #expect(refusal?.text == Self.text(reducer, expected), "\(body)")
        #expect(refusal?.code == "invalid_arguments")
      }
      let bad = proxy.answer(
        LegacyCall(
          database: "agora-marketplace", reducer: "agent_heartbeat",
          arguments: .document([0x5b, 0x22, 0xff, 0x22, 0x5d]), door: "http"))
      #expect(bad.refusal?.text.contains("not UTF-8 at byte 2") == true)
      let recorded = try place.rows(
        "SELECT count(*), count(DISTINCT door), max(door) FROM v4_calls WHERE outcome='refused'")
      let agents = try place.rows("SELECT count(*) FROM agents")
      #expect(recorded == [["\(rows.count + 1)", "1", "http"]] && agents == [["0"]])
    }
  }

  @Test func `bodies that fit are taken, by place and by name, in all spellings of options`() throws
  {
    try withTemporaryFolder { folder in
      let place = try TestMarketplace(in: folder)
      let proxy = Proxy(place.marketplace)
      let rows: [(String, String)] = [
        ("register_agent", #"["x-1", "testing", "A", null]"#),
        ("register_agent", #"["x-1", "testing", "A", {"none":[]}]"#),
        ("register_agent", #"["x-1", "testing", "A", [0, "Boss"]]"#),
        (
          "register_agent",
          #"{"agent_id":"x-1","agent_type":"t","agent_name":"A","supervisor_id":{"some":"Boss"}}"#
        ),
        ("send_agent_message", #"["A", "*", "info", "x", 3]"#),
        ("send_agent_message", #" [ "A" , {"some":"A"}, "info", "x", "3" ] "#),
        ("agent_heartbeat", #"{"agent_name":"A"}"#),
      ]
      for (reducer, body) in rows {
        let answer = proxy.answer(
          LegacyCall(
            database: "agora-marketplace", reducer: reducer, arguments: .document(Array(body.utf8)))
        )
        #expect(answer.refusal == nil, "\(body)")
      }
      #expect(try place.rows("SELECT count(*) FROM agents") == [["1"]])
    }
  }
}
