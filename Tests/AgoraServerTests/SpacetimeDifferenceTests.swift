import AgoraStore
import TestSupport
import Testing

@testable import AgoraServer

/// The numbered differences of SpacetimeDB's API, by their numbers.
@Suite struct SpacetimeDifferenceTests {
  @Test func `difference 19: SQL only reads, and one protocol is spoken`() throws {
    try SpacetimeServer.serving { server in
      _ = try server.ask(
        "POST \(SpacetimeServer.place)/call/send_agent_message", body: #"["A","B","info","x",3]"#)
      let before = try server.bazaar.state()
      for query in [
        "DELETE FROM agent_message", "UPDATE agent_message SET content = ''",
        "INSERT INTO agent_message (message_id) VALUES ('m')", "SET x TO 1",
      ] {
        let answer = try server.ask("POST \(SpacetimeServer.place)/sql", body: query)
        #expect(answer.status == 400 && answer.text.hasPrefix("Only owners are authorized"))
      }
      #expect(try server.bazaar.state() == before)
      let upgrade = [
        ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
      ]
      let rows = [
        ("v1.json.spacetimedb", 101), ("v1.bsatn.spacetimedb", 400), ("v2.bsatn.spacetimedb", 400),
        ("v1.text.spacetimedb", 400),
      ]
      for (name, status) in rows {
        let answer = try server.ask(
          "GET \(SpacetimeServer.place)/subscribe", upgrade + [("Sec-WebSocket-Protocol", name)])
        #expect(answer.status == status, "\(name): \(answer)")
        #expect(status == 101 || answer.text == "no valid protocol selected")
        #expect(answer.headers["Sec-WebSocket-Protocol"] == (status == 101 ? name : nil))
      }
    }
  }

  @Test func `difference 20: any type and any token is taken, and opens nothing`() throws {
    try SpacetimeServer.serving { server in
      let claims = #"{"iss":"example.com","sub":"123","iat":1}"#
      let token = [#"{"alg":"ES256"}"#, claims, "no signature"].map {
        Base64Text.encodeURL(Array($0.utf8))
      }.joined(separator: ".")
      for type in ["text/plain", "application/json; charset=utf-8", "application/octet-stream"] {
        let answer = try server.ask(
          "POST \(SpacetimeServer.place)/call/agent_heartbeat",
          [("Content-Type", type), ("Authorization", "Bearer \(token)")], body: #"["A"]"#)
        #expect(answer.status == 200, "\(type): \(answer)")
      }
    }
    let far = { (options: inout ServiceOptions) in
      options.address = SocketAddress(host: "0.0.0.0", port: 0)
    }
    try SpacetimeServer.serving(client: "192.0.2.7", far) { server in
      let made = SpacetimeToken(
        subject: "x", at: 0, signer: TokenSigner()
      ).text
      let answer = try server.ask(
        "POST \(SpacetimeServer.place)/call/agent_heartbeat",
        [("Authorization", "Bearer \(made)")], body: #"["A"]"#)
      #expect(answer.status == 401)
    }
  }
}
