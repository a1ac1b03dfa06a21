import AgoraStore
import CompatProxy
import TestSupport
import Testing

@testable import AgoraServer

/// SpacetimeDB's HTTP API: every route and status.
@Suite struct SpacetimeRouteTests {
  /// What a route is asked, and what it answers.
  private struct Row {
    let line: String
    var body: String?
    let status: Int
    /// The whole text, or what it begins with where it ends with `…`.
    let text: String
    let type: String?

    init(
      _ line: String, _ body: String? = nil, _ status: Int, _ text: String, _ type: String? = nil
    ) {
      self.line = line
      self.body = body
      self.status = status
      self.text = text
      self.type = type
    }

    init(_ line: String, _ status: Int, _ text: String) {
      self.init(line, nil, status, text)
    }
  }

  private static let place = SpacetimeServer.place
  private static let identity = SpacetimeServer.identity
  private static let plain = "text/plain; charset=utf-8"
  private static let json = "application/json"

  private static let large = String(repeating: "x", count: (2 << 20) + 1)

  private static let current: [Row] = [
    Row("GET /v1/ping", 200, ""),
    Row(
      "GET /v1/health", nil, 200,
      #"{"package_name":"spacetimedb-client-api","version":"1.1.2","nodes":[0],"schedulable":true}"#,
      json),
    Row("GET /v1/nothing", 404, ""), Row("GET /v1/database/x/y/z", 404, ""),
    Row("POST /v1/ping", "", 405, ""), Row("GET \(place)/sql", nil, 405, ""),
    Row("GET \(place)/call/agent_heartbeat", nil, 405, ""),
    Row("POST \(place)/schema", "", 405, ""),
    Row("POST /v1/identity", "", 200, #"{"identity":"c200…"#, json),
    Row("POST /v1/identity/websocket-token", "", 401, "Authorization required", plain),
    Row("GET /v1/identity/\(identity)/verify", nil, 401, "Authorization required", plain),
    Row(
      "GET /v1/identity/xyz/verify", nil, 400,
      "Invalid URL: Cannot parse `identity` with value `xyz`", plain),
    Row(
      "GET /v1/identity/\(identity)/databases", nil, 200, #"{"identities":["\#(identity)",…"#, json),
    Row("GET /v1/energy/\(identity)", nil, 200, #"{"balance":"0"}"#, json),
    Row(
      "GET \(place)", nil, 200, #"{"database_identity":{"__identity__":"0x\#(identity)"},…"#, json),
    Row("GET \(place)/identity", nil, 200, identity, plain),
    Row("GET /v1/database/\(identity)/identity", nil, 200, identity, plain),
    Row("GET /v1/database/0x\(identity)/identity", nil, 200, identity, plain),
    Row("GET /v1/database/nope/identity", nil, 404, ""),
    Row(
      "GET /v1/database/c200\(String(repeating: "0", count: 60))/identity", nil, 404,
      "No such database.", plain),
    Row(
      "GET /v1/database/agora_v4/identity", nil, 400,
      "Invalid URL: invalid characters in database name", plain),
    Row(
      "GET /v1/database/..%2F..%2Fetc/schema?version=9", nil, 400,
      "Invalid URL: invalid characters in database name", plain),
    Row("GET /v1/database/../../../etc/passwd", nil, 404, ""),
    Row("GET \(place)/names", nil, 200, #"{"names":["agora-marketplace"]}"#, json),
    Row(
      "POST \(place)/names", "other-name", 401, #"{"PermissionDenied":{"domain":"other-name"}}"#,
      json),
    Row("POST \(place)/names", "Bad Name", 400, "invalid characters in database name", plain),
    Row(
      "PUT \(place)/names", #"["x"]"#, 401, #"{"NotYourDatabase":{"database":"\#(identity)"}}"#,
      json),
    Row("POST /v1/database", "wasm", 403, "Agora v5 answers…", plain),
    Row("PUT \(place)", "wasm", 403, "Agora v5 answers…", plain),
    Row("DELETE \(place)", nil, 403, "Agora v5 answers…", plain),
    Row("GET \(place)/schema?version=9", nil, 200, #"{"typespace":{"types":[…"#, json),
    Row(
      "GET \(place)/schema", nil, 400,
      "Failed to deserialize query string: missing field `version`", plain),
    Row(
      "GET \(place)/schema?version=10", nil, 400,
      "Failed to deserialize query string: unknown variant `10`, expected `9`", plain),
    Row("POST \(place)/call/agent_heartbeat", #"["A"]"#, 200, ""),
    Row("POST /v1/database/\(identity)/call/agent_heartbeat", #"{"agent_name":"A"}"#, 200, ""),
    Row("POST \(place)/call/nosuch", "[]", 404, "no such reducer", plain),
    Row("POST \(place)/call/a%2Fb", "[]", 404, "no such reducer", plain),
    Row(
      "POST \(place)/call/agent_heartbeat", "[]", 400,
      "invalid arguments for reducer agent_heartbeat: .: .: invalid length 0,…", plain),
    Row(
      "POST \(place)/call/agent_heartbeat", nil, 400,
      "invalid arguments for reducer agent_heartbeat: .: .: EOF while parsing a value at line 1 column 0",
      plain),
    Row(
      "POST \(place)/call/user_directive", #"["u","x"]"#, 530, "user_directive has no meaning…",
      plain),
    Row("POST \(place)/sql", "SELECT * FROM agent_registry WHERE agent_name='A'", 200, "[{…", json),
    Row("POST \(place)/sql", "SELECT * FROM nope", 400, "`nope` is not a valid table", plain),
    Row(
      "POST \(place)/sql", "DELETE FROM agent_message", 400, "Only owners are authorized…", plain),
    Row(
      "POST \(place)/sql", "SELECT * FROM v4_rows", 400, "`v4_rows` is not a valid table", plain),
    Row("POST \(place)/sql", "", 400, "Empty SQL query", plain),
    Row("GET \(place)/logs?num_lines=1", nil, 200, "…", "application/x-ndjson"),
    Row(
      "GET \(place)/logs?num_lines=x", nil, 400,
      "Failed to deserialize query string: invalid digit found in string", plain),
    Row(
      "GET \(place)/logs?follow=x", nil, 400,
      "Failed to deserialize query string: provided string was not `true` or `false`", plain),
    Row("GET /v1/database/nope/logs", nil, 404, ""),
    Row("GET \(place)/subscribe", nil, 426, "this is a WebSocket; ask for an upgrade", plain),
    Row("POST \(place)/sql", large, 413, "Failed to buffer the request body…", plain),
    Row("POST \(place)/sql", large + large, 413, "Failed to buffer the request body…", plain),
    Row("POST \(place)/call/agent_heartbeat", large, 413, "Failed to buffer the request…", plain),
  ]

  private static let address = LegacyDatabase.marketplace.address

  private static let old: [Row] = [
    Row("GET /database/ping", 200, ""), Row("GET /database/nothing/x", 404, ""),
    Row("POST /database/call/agora-marketplace/agent_heartbeat", #"["A"]"#, 200, ""),
    Row("POST /database/call/\(address)/agent_heartbeat?client_address=00", #"["A"]"#, 200, ""),
    Row("POST /database/call/agora-marketplace/nosuch", "[]", 404, "no such reducer", plain),
    Row("POST /database/call/nope/agent_heartbeat", "[]", 404, ""),
    Row("POST /database/sql/agora-marketplace", "SELECT 1", 401, "Invalid credentials.", plain),
    Row(
      "GET /database/schema/agora-marketplace/reducer/agent_heartbeat?expand=true", nil, 200,
      #"{"agent_heartbeat":{"type":"reducer","arity":1,"schema":{"name":"agent_heartbeat","elements":[{"name":{"some":"agent_name"},"algebraic_type":{"Builtin":{"String":[]}}}]}}}"#,
      json),
    Row(
      "GET /database/schema/agora-marketplace/reducer/x", nil, 404, #"reducer "x" not found"#, plain
    ),
    Row(
      "GET /database/schema/agora-marketplace", nil, 200,
      #"{"entities":{"agent_capability":{"type":"table","arity":11},…"#, json),
    Row(
      "GET /database/dns/agora-marketplace", nil, 200,
      #"{"Success":{"domain":"agora-marketplace","address":"\#(address)"}}"#, json),
    Row("GET /database/dns/nope", nil, 200, #"{"Failure":{"domain":"nope"}}"#, json),
    Row(
      "GET /database/reverse_dns/\(address)", nil, 200, #"{"names":["agora-marketplace"]}"#, json),
    Row("GET /database/info/\(address)", nil, 200, #"{"address":"\#(address)",…"#, json),
    Row("GET /database/logs/agora-marketplace", nil, 401, "Invalid credentials", plain),
    Row("POST /database/publish", "wasm", 403, "Agora v5 answers…", plain),
    Row("POST /identity", "", 200, #"{"identity":"c200…"#, json),
    Row("GET /identity?email=x", nil, 200, #"{"identities":[]}"#, json),
    Row("POST /identity/websocket_token", "", 401, "Authorization required", plain),
    Row("GET /identity/\(identity)/databases", nil, 200, #"{"addresses":["\#(address)",…"#, json),
    Row("GET /identity/a/b/c", nil, 404, ""),
  ]

  @Test func `each route of 1_x and of 0_8 answers with its status, text and type`() throws {
    try SpacetimeServer.serving { server in
      for row in Self.current + Self.old {
        let answer = try server.ask(row.line, [("Content-Type", "text/plain")], body: row.body)
        let isText =
          row.text.hasSuffix("…")
          ? answer.text.hasPrefix(row.text.dropLast()) : answer.text == row.text
        #expect(answer.status == row.status && isText, "\(row.line): \(answer)")
        if let type = row.type { #expect(answer.headers["Content-Type"] == type, "\(row.line)") }
        let isDatabase =
          (row.line.contains("/database/agora") || row.line.contains("/database/call"))
          && row.status != 404 || answer.text == "no such reducer"
        if isDatabase {
          let digits = answer.headers["spacetime-identity"]
          #expect(digits?.hasPrefix("c200") == true && digits?.utf8.count == 64, "\(row.line)")
          #expect(answer.headers["spacetime-identity-token"] != nil, "\(row.line)")
        }
        #expect(answer.headers["Access-Control-Allow-Origin"] == "*", "\(row.line)")
      }
      // Pages of strangers may not read why they are refused.
      let strange = try server.ask("POST \(SpacetimeServer.place)/sql", [("Host", "evil.example")])
      #expect(strange.status == 403 && strange.headers["Content-Type"] == Self.plain)
      #expect(strange.headers["spacetime-identity-token"] != nil)
      #expect(strange.headers["Access-Control-Allow-Origin"] == nil)
      let options = try server.ask("OPTIONS \(SpacetimeServer.place)/sql")
      #expect(options.status == 200 && options.headers["Access-Control-Allow-Methods"] == "*")
    }
  }
}
