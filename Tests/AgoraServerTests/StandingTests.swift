import AgoraStore
import TestSupport
import Testing

@testable import AgoraServer

/// Whether a caller may go on, long after the answer has begun.
@Suite struct StandingTests {
  private func request(_ token: String) throws -> HTTPRequest {
    HTTPRequest(
      method: .get, target: try RequestTarget(Array("/".utf8), method: .get), minorVersion: 1,
      headers: HTTPHeaders([("Host", "localhost"), ("Authorization", "Bearer \(token)")]))
  }

  @Test func `a look of the server's own counts as no call and as no use`() throws {
    try withTemporaryFolder { folder in
      let harness = try ServiceHarness(in: folder) { $0.callsPerSecond = 1 }
      try harness.bazaar.register("ann")
      let register = TokenRegister(harness.bazaar.store)
      let access = harness.parts.access
      let context = RequestContext(id: "id", client: "127.0.0.1")
      for isLegacy in [false, true] {
        let token = try harness.token("ann")
        func lastUse() throws -> Timestamp? {
          try register.list().first { $0.id == token.token.id }?.lastUsedAt
        }
        let request = try request(token.text)
        let standing =
          isLegacy
          ? try access.legacyStanding(of: request, context)
          : try access.standing(of: request, context, through: .http)
        #expect(standing.caller.isBound)
        let first = try lastUse()
        // Time in which nothing but the server's looks happens, and as many of them as would be too many.
        harness.pass(seconds: 120)
        let looks = (0..<20).map { _ in standing.holds }
        #expect(!looks.contains(false))
        #expect(try first != nil && lastUse() == first)
        // Calls count: a second's worth and the burst, then no more, which ends nothing.
        let codes = (0..<5).map { _ in standing.objection()?.code }
        #expect(codes == [nil, nil, nil, nil, "rate_limited"])
        #expect(standing.holds)
        #expect(try lastUse() == harness.bazaar.now)
        _ = try register.revoke(token.token.id, at: harness.bazaar.now)
        #expect(!standing.holds && standing.objection()?.status.code == 401)
      }
    }
  }

  @Test func `who is let in waits for no writer`() throws {
    try withTemporaryFolder { folder in
      let harness = try ServiceHarness(in: folder)
      let token = try harness.token("ann").text
      let (access, request) = (harness.parts.access, try request(token))
      // The writer is taken for as long as it takes to be let in.
      let caller = try harness.bazaar.store.withWriter { _ in
        try Background {
          try access.caller(of: request, RequestContext(id: "id", client: "::1"), through: .http)
        }.value()
      }
      #expect(caller.isBound)
    }
  }

  @Test func `what has ended for all ends a stream of whoever may call`() {
    let standing = Standing(.anonymous(.v4))
    #expect(standing.holds && standing.objection() == nil)
    let rows = [(401, false), (403, false), (410, false), (429, true), (503, true)]
    for (status, holds) in rows {
      let other = standing.unless { Problem(HTTPStatus(status), "x", "y") }
      #expect(other.holds == holds && other.objection()?.status.code == status)
    }
  }
}
