import AgoraStore
import CompatProxy
import TestSupport
import Testing

@testable import AgoraServer

/// SpacetimeDB's tokens and identities.
@Suite struct SpacetimeTokenTests {
  private static func token(_ claims: String) -> String {
    [#"{"alg":"ES256"}"#, claims, "sig"].map { Base64Text.encodeURL(Array($0.utf8)) }
      .joined(separator: ".")
  }

  @Test func `identities are hashed as SpacetimeDB hashes them`() {
    let rows = [
      (
        "example.com", "123", "c200ef884364c1a99be0298dc68f2004e6b97c09d1b1658b7db22f51fb662059"
      ),
      (
        "localhost", "test-subject",
        "c200b3ce65d91b79ecfb7d881cd65bf8da2f647d590af1474ad19faa7aa87e38"
      ),
    ]
    for (issuer, subject, digits) in rows {
      #expect(SpacetimeIdentity.digits(issuer: issuer, subject: subject) == digits)
    }
    #expect(
      SpacetimeIdentity.digits(issuer: "x", subject: String(repeating: "s", count: 2000)) == nil)
  }

  @Test func `a token is taken for what it says, in each place where one can stand`() throws {
    try SpacetimeServer.serving { server in
      let made = try server.ask("POST /v1/identity", body: "")
      let token = made.json["token"]?.text ?? ""
      let identity = made.json["identity"]?.text ?? ""
      // What the real command line reads of it: standard Base64 without padding, and these claims.
      let parts = token.split(separator: ".")
      let claims = try JSON.parse(Base64Text.decode(parts[1]) ?? [])
      #expect(!parts[1].contains("-") && !parts[1].contains("_"))
      #expect(claims["hex_identity"]?.text == identity && claims["iss"]?.text == "localhost")
      #expect(claims["sub"]?.text?.utf8.count == 36 && claims["iat"]?.integer == 1_749_204_000)
      #expect(claims["exp"] == .null && claims["aud"]?.elements == [.string("spacetimedb")])
      let foreign = Self.token(#"{"iss":"example.com","sub":"123","iat":1}"#)
      let foreignIdentity = "c200ef884364c1a99be0298dc68f2004e6b97c09d1b1658b7db22f51fb662059"
      let ancient = String(repeating: "ab", count: 32)
      let before = Self.token(#"{"hex_identity":"\#(ancient)","iat":1,"exp":null}"#)
      let rows: [(String, [(String, String)], Int, String?)] = [
        ("", [("Authorization", "Bearer \(token)")], 200, identity),
        ("", [SpacetimeServer.basic(token)], 200, identity), ("?token=\(token)", [], 200, identity),
        ("", [("Authorization", "Bearer \(foreign)")], 200, foreignIdentity),
        ("", [("Authorization", "Bearer \(before)")], 200, ancient),
        ("", [("Authorization", "Bearer")], 400, nil),
        ("", [("Authorization", "Digest x")], 400, nil),
        ("", [("Authorization", "Basic !!!")], 400, nil),
        ("", [("Authorization", "Bearer a.b.c")], 401, nil),
        ("", [("Authorization", "Bearer \(Self.token("{}"))")], 401, nil),
        ("", [("Authorization", "Bearer \(token)x y")], 401, nil),
        ("?token=nonsense", [], 401, nil),
      ]
      for (query, headers, status, expected) in rows {
        let answer = try server.ask("GET \(SpacetimeServer.place)/identity\(query)", headers)
        #expect(answer.status == status, "\(headers) \(answer)")
        if let expected {
          #expect(answer.headers["spacetime-identity"] == expected, "\(headers)")
        } else if status == 400 {
          #expect(answer.text == "Authorization is invalid: malformed token")
        } else {
          #expect(answer.text.hasPrefix("TokenError("))
        }
      }
      let mine = [("Authorization", "Bearer \(token)")]
      let statuses = try [
        server.ask("GET /v1/identity/\(identity)/verify", mine),
        server.ask("GET /v1/identity/\(foreignIdentity)/verify", mine),
        server.ask("GET /v1/ping", [("Authorization", "Bearer x")]),
      ].map(\.status)
      #expect(statuses == [204, 400, 401])
      let short = try server.ask("POST /v1/identity/websocket-token", mine, body: "")
      let shortClaims = try JSON.parse(
        Base64Text.decode(short.json["token"]?.text?.split(separator: ".")[1] ?? "") ?? [])
      #expect(shortClaims["hex_identity"]?.text == identity)
      #expect(shortClaims["exp"]?.integer == 1_749_204_060)
    }
  }
}
