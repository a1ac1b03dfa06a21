import AgoraStore
import CompatProxy
import Foundation
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

  @Test func `a log that is followed ends with the right to look at it`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let request = HTTPRequest(
        method: .get, target: try RequestTarget("/?follow=true".utf8, method: .get),
        minorVersion: 1, headers: HTTPHeaders([]))
      let routed = RoutedRequest(
        request: request, context: RequestContext(id: "id", client: "127.0.0.1"), places: [:])
      let logs = SpacetimeLogs(bazaar.store, recheck: 0)
      func follow(while isAllowed: @escaping @Sendable () -> Bool) throws -> Background<Int64> {
        let (asked, news) = (HandClock(), DispatchSemaphore(value: 0))
        let start = asked.now
        let reply = try logs.read(
          routed,
          as: Standing(.anonymous(.v4)) { _ in
            asked.go(1)
            return isAllowed() && asked.now - start <= 3 ? nil : Problem(401, "gone", "gone")
          })
        guard case .stream(let begin) = reply.response.body else { throw CancellationError() }
        let stream = ClientStream(limit: 1024) { news.signal() }
        begin(stream)
        return Background {
          while !stream.take().isEnd {
            guard news.wait(timeout: .now() + 10) == .success else { throw CancellationError() }
          }
          return asked.now - start
        }
      }
      // One that may look on stands while the other one ends.
      let patient = try follow { true }
      let refused = try follow { false }
      let counts = try [refused.value(), patient.value()]
      #expect(counts == [1, 4])
    }
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

  @Test func `tokens are signed with the key that the server shows`() throws {
    func bytes(_ hex: String) -> [UInt8] {
      stride(from: 0, to: hex.count, by: 2).map {
        UInt8(hex.dropFirst($0).prefix(2), radix: 16) ?? 0
      }
    }
    func hex(_ bytes: some Sequence<UInt8>) -> String {
      var digits: [UInt8] = []
      for byte in bytes { digits.append(hex: byte) }
      return String(decoding: digits, as: UTF8.self).uppercased()
    }
    // RFC 6979 §A.2.5.
    let key = try #require(
      SigningKey(bytes("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")))
    #expect(
      hex(key.publicPoint)
        == "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
        + "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299")
    let rows = [
      (
        "sample",
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
          + "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
      ),
      (
        "test",
        "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367"
          + "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083"
      ),
    ]
    for (message, signature) in rows {
      #expect(hex(key.signature(of: Array(message.utf8))) == signature)
    }
    #expect(SigningKey([UInt8](repeating: 0, count: 32)) == nil)
    #expect(SigningKey([UInt8](repeating: 255, count: 32)) == nil)
    try SpacetimeServer.serving { server in
      let answer = try server.ask("GET /v1/identity/public-key")
      #expect(answer.headers["Content-Type"] == "application/pem-certificate-chain")
      #expect(
        answer.text.hasPrefix("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"))
      #expect(try server.ask("GET /identity/public-key").text == answer.text)
    }
  }
}
