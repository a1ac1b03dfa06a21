import AgoraStore
import CompatProxy
import TestSupport
import Testing

@testable import AgoraServer

/// Who may call, from where, and how often.
@Suite struct AccessTests {
  private static let send = #"{"to_agent":"bob","content":"x","from_agent":"ann"}"#

  private func harness(
    _ folder: String, client: String = "127.0.0.1",
    _ change: (inout ServiceOptions) -> Void = { _ in }
  ) throws -> ServiceHarness {
    let harness = try ServiceHarness(in: folder, client: client, change)
    try harness.bazaar.register("ann")
    try harness.bazaar.register("bob")
    return harness
  }

  @Test func `SHA-256 gives the digests of FIPS 180-4`() {
    let rows: [(String, String)] = [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        String(repeating: "a", count: 1000),
        "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"
      ),
    ]
    for (text, wanted) in rows {
      var digits: [UInt8] = []
      for byte in SHA256.digest(Array(text.utf8)) { digits.append(hex: byte) }
      #expect(String(decoding: digits, as: UTF8.self) == wanted)
    }
  }

  @Test func `this machine is open to agents' tools until the first token, and closed ever after`()
    throws
  {
    try withTemporaryFolder { folder in
      let harness = try harness(folder)
      let path = "POST /agora/messaging/send"
      #expect(try harness.ask(path, body: Self.send).status == 200)
      let override = #"{"target_id":"bob","action":"pause","reason":"r","priority":1}"#
      let admin = try harness.ask("POST /agora/admin/override", body: override)
      #expect(admin.status == 401 && admin.headers["WWW-Authenticate"] == #"Bearer realm="agora""#)
      let created = try harness.token("ann")
      let closed = try harness.ask(path, body: Self.send)
      #expect(closed.status == 401 && closed.code == "unauthorized")
      #expect(closed.headers["WWW-Authenticate"] != nil)
      let revoked = try TokenRegister(harness.bazaar.store).revoke(
        created.token.id, at: harness.bazaar.now)
      #expect(revoked?.state(at: harness.bazaar.now) == .revoked)
      #expect(try harness.ask(path, body: Self.send).status == 401)
    }
  }

  @Test func `a token binds its caller to its agent, and gives an authority`() throws {
    try withTemporaryFolder { folder in
      let harness = try harness(folder)
      let ann = try harness.token("ann").text
      let chief = try harness.token("chief", authority: 100).text
      let send = "POST /agora/messaging/send"
      let halt = #"{"target_id":"bob","action":"pause","reason":"r","priority":100}"#
      let high = #"{"target_id":"bob","action":"pause","reason":"r","priority":101}"#
      let rows: [(String, String, String, Int)] = [
        (ann, send, #"{"to_agent":"bob","content":"x"}"#, 200), (ann, send, Self.send, 200),
        (ann, send, #"{"to_agent":"ann","content":"x","from_agent":"bob"}"#, 403),
        (ann, "POST /agora/messaging/receive", #"{"agent_id":"bob"}"#, 403),
        (ann, "POST /agora/admin/override", halt, 403),
        (chief, "POST /agora/admin/override", high, 403),
        (chief, "POST /agora/admin/override", halt, 200),
        (chief, "POST /agora/agent/register", #"{"agent_name":"other"}"#, 403),
        (chief, "POST /agora/agent/register", #"{"agent_name":"chief"}"#, 200),
        (chief, send, #"{"to_agent":"ann","content":"x"}"#, 200),
      ]
      for (token, line, body, status) in rows {
        let answer = try harness.ask(line, [("Authorization", "Bearer \(token)")], body: body)
        #expect(answer.status == status, "\(line) \(body): \(answer.text)")
      }
      // The audit says who, though an override has no agent of its own.
      let actors = try harness.bazaar.rows(
        "SELECT DISTINCT actor FROM audit WHERE action='agora.admin.override'")
      #expect(actors == [["chief"]])
    }
  }

  @Test func `only tokens that are whole, known, in time and not revoked are taken`() throws {
    try withTemporaryFolder { folder in
      let harness = try harness(folder)
      let good = try harness.token("ann")
      let short = try harness.token("ann", expiresAfter: 10)
      let revoked = try harness.token("ann")
      _ = try TokenRegister(harness.bazaar.store).revoke(revoked.token.id, at: harness.bazaar.now)
      let id = good.text.dropFirst(6).prefix(16)
      let rows: [([(String, String)], Int)] = [
        ([("Authorization", "Bearer \(good.text)")], 200),
        ([("Authorization", "bearer  \(good.text)")], 200),
        ([("authorization", "BEARER \(short.text)")], 200),
        ([("Authorization", "Bearer \(revoked.text)")], 401),
        ([("Authorization", "Bearer \(good.text)0")], 401),
        ([("Authorization", "Bearer \(good.text.dropLast())")], 401),
        (
          [
            (
              "Authorization",
              "Bearer \(good.text.dropLast())\(good.text.hasSuffix("0") ? "1" : "0")"
            )
          ], 401
        ),
        ([("Authorization", "Bearer agora_\(id)_\(String(repeating: "0", count: 64))")], 401),
        (
          [
            (
              "Authorization",
              "Bearer agora_\(String(repeating: "0", count: 16))_\(String(repeating: "0", count: 64))"
            )
          ], 401
        ),
        ([("Authorization", "Bearer")], 401), ([("Authorization", good.text)], 401),
        ([("Authorization", "Basic YTpi")], 401), ([], 401),
        (
          [("Authorization", "Bearer \(good.text)"), ("Authorization", "Bearer \(good.text)")], 401
        ),
      ]
      for (headers, status) in rows {
        let answer = try harness.ask("GET /agora/query/agents", headers)
        #expect(answer.status == status, "\(headers)")
      }
      // A token in the query is never looked at.
      #expect(try harness.ask("GET /agora/query/agents?token=\(good.text)").status == 401)
      harness.pass(seconds: 11)
      let late = try harness.ask(
        "GET /agora/query/agents", [("Authorization", "Bearer \(short.text)")])
      #expect(late.status == 401 && late.text.contains("has expired"))
      let stored = try harness.bazaar.rows("SELECT hash, last_used_at IS NULL FROM tokens")
      #expect(stored.allSatisfy { !good.text.contains($0[0]) && $0[0].utf8.count == 64 })
      #expect(stored.map { $0[1] }.sorted() == ["0", "0", "1"])
      let audited = try harness.bazaar.rows(
        "SELECT action FROM audit WHERE action LIKE 'agora.token.%' ORDER BY 1")
      #expect(
        audited.map { $0[0] }.sorted() == [
          "agora.token.create", "agora.token.create", "agora.token.create", "agora.token.revoke",
        ])
    }
  }

  /// A way in: the rules, where the client is, what it says, and what becomes of it.
  private struct Place {
    var client = "127.0.0.1"
    var listens = "127.0.0.1"
    var isInsecure = false
    var publicURL: String?
    var headers: [(String, String)] = []
    let status: Int
  }

  @Test func `names and pages of others are turned away, and proxies are not this machine`() throws
  {
    let places = [
      Place(headers: [("Host", "localhost:8080")], status: 200),
      Place(headers: [("Host", "LOCALHOST.")], status: 200),
      Place(headers: [("Host", "[::1]:8080")], status: 200),
      Place(headers: [("Host", "127.9.9.9")], status: 200),
      Place(headers: [("Host", "evil.example")], status: 403),
      Place(headers: [("Host", "localhost.evil.example")], status: 403),
      Place(headers: [("Host", "127.0.0.1.evil.example")], status: 403),
      Place(headers: [("Host", "10.0.0.1")], status: 403),
      Place(headers: [("Origin", "http://127.0.0.1:8080")], status: 200),
      Place(headers: [("Origin", "http://localhost:3000")], status: 200),
      Place(headers: [("Origin", "https://evil.example")], status: 403),
      Place(headers: [("Origin", "http://localhost.evil.example")], status: 403),
      Place(headers: [("Origin", "null")], status: 403),
      Place(
        headers: [("Origin", "http://localhost"), ("Origin", "http://localhost")], status: 403),
      Place(headers: [("Origin", "chrome-extension://abc")], status: 403),
      // Behind a proxy nobody is on this machine.
      Place(headers: [("X-Forwarded-For", "10.0.0.1")], status: 401),
      Place(headers: [("Forwarded", "for=10.0.0.1")], status: 401),
      Place(publicURL: "https://agora.example", headers: [("Host", "agora.example")], status: 401),
      Place(
        publicURL: "https://agora.example",
        headers: [("Host", "agora.example"), ("Origin", "https://evil.example")], status: 403),
      // Beyond this machine.
      Place(
        client: "10.0.0.7", listens: "0.0.0.0", headers: [("Host", "any.example")], status: 401),
      Place(
        client: "10.0.0.7", listens: "0.0.0.0", isInsecure: true, headers: [("Host", "10.0.0.1")],
        status: 200),
      Place(
        client: "10.0.0.7", listens: "0.0.0.0", isInsecure: true, headers: [("Host", "agora")],
        status: 200),
      Place(
        client: "10.0.0.7", listens: "0.0.0.0", isInsecure: true,
        headers: [("Host", "evil.example")], status: 403),
      Place(
        client: "10.0.0.7", listens: "0.0.0.0", isInsecure: true,
        headers: [("Host", "agora"), ("Origin", "http://agora")], status: 200),
      Place(
        client: "10.0.0.7", listens: "0.0.0.0", isInsecure: true,
        headers: [("Host", "agora"), ("Origin", "http://localhost")], status: 403),
    ]
    for place in places {
      try withTemporaryFolder { folder in
        let harness = try ServiceHarness(in: folder, client: place.client) {
          $0.address = SocketAddress(host: place.listens, port: 0)
          $0.isInsecure = place.isInsecure
          $0.publicOrigins = place.publicURL.flatMap { WebOrigin($0) }.map { [$0] } ?? []
        }
        let answer = try harness.ask("GET /agora/query/agents", place.headers)
        #expect(answer.status == place.status, "\(place): \(answer.text)")
      }
    }
  }

  @Test
  func `what is told without a token is told under names only that no stranger can lead here`()
    throws
  {
    let open = [
      "/metrics", "/ready", "/openapi.json", SunsetNotice.guidePath, SunsetNotice.policyPath,
    ]
    let rows: [(String, Bool, Int)] = [
      ("any.example", false, 403), ("any.example", true, 403), ("10.0.0.1:8080", false, 200),
      ("[fd00::1]", false, 200), ("agora", false, 200), ("agora.example", false, 200),
      ("localhost", false, 200),
    ]
    for (host, isInsecure, status) in rows {
      try withTemporaryFolder { folder in
        let harness = try ServiceHarness(in: folder, client: "10.0.0.7") {
          $0.address = SocketAddress(host: "0.0.0.0", port: 0)
          $0.isInsecure = isInsecure
          $0.publicOrigins = WebOrigin("https://agora.example").map { [$0] } ?? []
        }
        let token = ("Authorization", "Bearer \(try harness.token("ann").text)")
        for path in open {
          let answer = try harness.ask("GET \(path)", [("Host", host)])
          #expect(answer.status == status, "\(host) \(path): \(answer.text.prefix(200))")
        }
        // A token says more than a name does; where there need be none, the name has to do.
        let called = try harness.ask("GET /agora/query/agents", [("Host", host), token])
        #expect(called.status == (isInsecure ? status : 200), "\(host)")
      }
    }
    try withTemporaryFolder { folder in
      let local = try harness(folder)
      #expect(try local.ask("GET /ready", [("Host", "evil.example")]).status == 403)
    }
  }

  @Test func `a whole token stands for its id where one is due, and nothing shows its secret`() {
    let (digits, secret) = ("0123456789abcdef", String(repeating: "5e", count: 32))
    let rows = [
      ("agora_\(digits)_\(secret)", "tok_\(digits)"), ("tok_\(digits)", "tok_\(digits)"),
      ("agora_\(digits)_\(secret.dropLast())", "tok_\(digits)"),
      ("agora_\(digits)", "tok_\(digits)"), ("agora_\(secret)", "agora_…"),
      ("agora_\(digits.dropLast())_\(secret)", "agora_…"), ("agora_", "agora_…"),
      ("agora__\(secret)", "agora_…"), ("nonsense", "nonsense"), ("", ""),
    ]
    for (text, wanted) in rows { #expect(TokenRegister.id(named: text) == wanted, "\(text)") }
  }

  @Test func `the doors of v4 stay open on this machine, and ask for a token elsewhere`() throws {
    try withTemporaryFolder { folder in
      let harness = try harness(folder)
      let token = try harness.token("ann", authority: 9).text
      let rows: [(String, [(String, String)], Int)] = [
        ("127.0.0.1", [], 0), ("::1", [("Authorization", "Bearer eyJhbGciOi")], 0),
        ("127.0.0.1", [("Authorization", "Basic x")], 0),
        ("127.0.0.1", [("Authorization", "Bearer \(token)")], 9),
        ("127.0.0.1", [("Authorization", "Bearer \(token.dropLast(4))0000")], 401),
        ("10.0.0.1", [], 401), ("10.0.0.1", [("Authorization", "Bearer eyJhbGciOi")], 401),
        ("10.0.0.1", [("Authorization", "Bearer \(token)")], 9),
        ("127.0.0.1", [("X-Forwarded-For", "10.0.0.1")], 401),
        ("127.0.0.1", [("Origin", "https://evil.example")], 403),
      ]
      for (client, headers, wanted) in rows {
        let request = HTTPRequest(
          method: .get, target: try RequestTarget(Array("/".utf8), method: .get), minorVersion: 1,
          headers: HTTPHeaders([("Host", "localhost")] + headers))
        let context = RequestContext(id: "id", client: client)
        var found = -1
        do throws(Problem) {
          let caller = try harness.parts.access.legacyStanding(of: request, context).caller
          found = caller.authority
          #expect(caller.origin == .v4 && caller.isBound == (wanted == 9))
        } catch { found = error.status.code }
        #expect(found == wanted, "\(client) \(headers)")
      }
    }
  }

  @Test func `a token stays good when its agent turns out to be another one`() throws {
    try withTemporaryFolder { folder in
      let harness = try harness(folder)
      func legacy(_ reducer: String, _ words: String...) -> String? {
        Proxy(harness.parts.marketplace).answer(
          LegacyCall(database: "agora-marketplace", reducer: reducer, arguments: .words(words))
        ).refusal?.text
      }
      #expect(legacy("send_agent_message", "ann", "v3-1", "info", "x", "1") == nil)
      let token = try harness.token("v3-1")
      let mine = [("Authorization", "Bearer \(token.text)")]
      let body = #"{"to_agent":"bob","content":"x"}"#
      #expect(try harness.ask("POST /agora/messaging/send", mine, body: body).status == 200)
      #expect(legacy("register_agent_capability", "v3-1", "worker", "Real", "null") == nil)
      for sender in ["", #","from_agent":"Real""#, #","from_agent":"v3-1""#] {
        let body = #"{"to_agent":"bob","content":"x"\#(sender)}"#
        let answer = try harness.ask("POST /agora/messaging/send", mine, body: body)
        #expect(answer.status == 200, "\(sender) \(answer.text)")
      }
      let other = #"{"to_agent":"bob","content":"x","from_agent":"ann"}"#
      #expect(try harness.ask("POST /agora/messaging/send", mine, body: other).status == 403)
      let listed = try TokenRegister(harness.bazaar.store).list()
      #expect(listed.map(\.agentName) == ["Real"])
    }
  }

  @Test func `a token that calls too often is told when to come again, and no other is`() throws {
    try withTemporaryFolder { folder in
      let harness = try harness(folder) { $0.callsPerSecond = 2 }
      let tokens = try ["ann", "bob"].map { try harness.token($0).text }
      func status(_ token: String) throws -> Int {
        let answer = try harness.ask(
          "GET /agora/query/agents", [("Authorization", "Bearer \(token)")])
        if answer.status == 429 {
          #expect(answer.headers["Retry-After"] == "1" && answer.code == "rate_limited")
        }
        return answer.status
      }
      let first = try (0..<9).map { _ in try status(tokens[0]) }
      #expect(first == Array(repeating: 200, count: 8) + [429])
      #expect(try status(tokens[1]) == 200)
      harness.pass(seconds: 1)
      let second = try (0..<3).map { _ in try status(tokens[0]) }
      #expect(second == [200, 200, 429])
    }
  }

  @Test func `an origin is read as browsers write it`() {
    let rows: [(String, String?)] = [
      ("http://localhost:3000", "http://localhost:3000"),
      ("HTTPS://A.Example", "https://a.example"),
      ("https://a.example:443", "https://a.example"), ("http://[::1]:80", "http://[::1]"),
      ("http://a.example/", nil), ("null", nil), ("", nil), ("http://", nil), ("ftp://a", nil),
      ("http://a b", nil), ("http://a:65536", nil), ("http://user@a", nil),
    ]
    for (text, wanted) in rows { #expect(WebOrigin(text)?.description == wanted, "\(text)") }
    let listens: [(String, String?)] = [
      ("127.0.0.1:0", "127.0.0.1:0"), ("localhost:80", "127.0.0.1:80"), ("[::]:8080", "[::]:8080"),
      ("8080", "127.0.0.1:8080"), (":8080", nil), ("::1:80", nil), ("a:", nil), ("a:-1", nil),
      ("a:65536", nil), ("", nil),
    ]
    for (text, wanted) in listens {
      #expect(SocketAddress(listening: text)?.description == wanted, "\(text)")
    }
  }
}
