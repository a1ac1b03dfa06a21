import AgoraStore
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import AgoraServer

/// How a conversation reaches the server.
enum Road: CaseIterable {
  case inProcess, socket

  /// Sends bytes, closes the client's side, and gives all that came back.
  func talk(_ app: TestApp, _ bytes: [UInt8]) throws -> String {
    switch self {
    case .inProcess:
      let session = app.session()
      var output = session.talk(bytes)
      session.endInput(app.clock.now)
      output += session.settle()
      guard session.isOver else { throw AgoraError(.broken, "the session does not end") }
      return String(decoding: output, as: UTF8.self)
    case .socket:
      return try app.serving { _, port in
        let client = try Client(port)
        client.send(bytes)
        client.endOutput()
        return client.takeAll()
      }
    }
  }
}

/// The bytes of some answers, taken apart.
struct Answers {
  var list: [(status: Int, headers: String, body: String)] = []

  init(_ text: String, heads: Set<Int> = []) {
    var rest = Array(text.utf8)[...]
    func line() -> String? {
      guard let end = rest.indices.dropLast().first(where: { rest[$0] == 13 && rest[$0 + 1] == 10 })
      else { return nil }
      defer { rest = rest[(end + 2)...] }
      return String(decoding: rest[..<end], as: UTF8.self)
    }
    func take(_ count: Int) -> String {
      defer { rest = rest.dropFirst(count) }
      return String(decoding: rest.prefix(count), as: UTF8.self)
    }
    while let first = line() {
      var head = first
      while let field = line(), !field.isEmpty { head += "\n" + field }
      let lower = head.lowercased()
      var body = ""
      if lower.contains("transfer-encoding: chunked") {
        while let size = line().flatMap({ Int($0, radix: 16) }) {
          body += take(size)
          _ = line()
          if size == 0 { break }
        }
      } else if !heads.contains(list.count),
        let length = lower.firstMatch(of: /content-length: (\d+)/).flatMap({ Int($0.1) })
      {
        body = take(length)
      }
      list.append((Int(first.dropFirst(9).prefix(3)) ?? 0, head, body))
    }
  }
}

@Suite struct SessionTests {
  private let host = "Host: a\r\n"

  @Test(arguments: Road.allCases) func `answers come in order, each as its request asks`(
    _ road: Road
  ) throws {
    let h = host
    let rows: [(String, Int, String, [String])] = [
      ("GET /hello HTTP/1.1\r\n\(h)\r\n", 200, "hello", ["Content-Length: 5", "X-Request-Id: id"]),
      ("HEAD /hello HTTP/1.1\r\n\(h)\r\n", 200, "", ["Content-Length: 5"]),
      ("HEAD /pieces HTTP/1.1\r\n\(h)\r\n", 200, "", ["Date: Sun, 06 Nov 1994 08:49:37 GMT"]),
      ("POST /echo HTTP/1.1\r\n\(h)Content-Length: 3\r\n\r\nabc", 200, "abc", []),
      (
        "POST /echo HTTP/1.1\r\n\(h)Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
        200,
        "abc", []
      ),
      ("GET /agents/a%20b/status HTTP/1.1\r\n\(h)\r\n", 200, "status of a b", []),
      ("GET /agents/known/status HTTP/1.1\r\n\(h)\r\n", 200, "known", []),
      ("GET /files/a/b/ HTTP/1.1\r\n\(h)\r\n", 200, "a/b/", []),
      ("DELETE /agents/x/status HTTP/1.1\r\n\(h)\r\n", 204, "", []),
      (
        "PATCH /agents/x/status HTTP/1.1\r\n\(h)\r\n", 405, "PATCH",
        ["Allow: GET, HEAD, DELETE, OPTIONS"]
      ),
      ("OPTIONS /hello HTTP/1.1\r\n\(h)\r\n", 204, "", ["Allow: GET, HEAD, OPTIONS"]),
      ("OPTIONS * HTTP/1.1\r\n\(h)\r\n", 204, "", ["Allow: GET"]),
      (
        "GET /nowhere HTTP/1.1\r\n\(h)\r\n", 404, "\"code\":\"not_found\"",
        ["application/problem+json"]
      ),
      ("GET /agents//status HTTP/1.1\r\n\(h)\r\n", 404, "not_found", []),
      ("GET /conflict HTTP/1.1\r\n\(h)\r\n", 409, "\"code\":\"conflict\",\"parameter\":\"a\"", []),
      ("GET /broken HTTP/1.1\r\n\(h)\r\n", 500, "\"code\":\"internal\"", []),
      ("GET /inject HTTP/1.1\r\n\(h)\r\n", 200, "", ["X-A: b  X-Evil: 1"]),
      ("GET /pieces?n=3 HTTP/1.1\r\n\(h)\r\n", 200, "bbbb", ["Transfer-Encoding: chunked"]),
      ("PUT /small HTTP/1.1\r\n\(h)Content-Length: 4\r\n\r\nabcd", 200, "abcd", []),
      ("GET /ws HTTP/1.1\r\n\(h)\r\n", 426, "upgrade_required", ["Upgrade: websocket"]),
      (
        "PUT /small HTTP/1.1\r\n\(h)Content-Length: 5\r\n\r\nabcde", 413, "too_large",
        ["Connection: close"]
      ),
    ]
    let text = try road.talk(TestApp(), Array(rows.map(\.0).joined().utf8))
    let answers = Answers(text, heads: [1, 2]).list
    #expect(answers.map(\.status) == rows.map(\.1), "\(text)")
    for (answer, row) in zip(answers, rows) {
      let isRight = row.2.isEmpty ? answer.body.isEmpty : answer.body.contains(row.2)
      let lacks = row.3.filter { !answer.headers.contains($0) }
      #expect(isRight && lacks.isEmpty, "\(row.0): \(answer)")
    }
  }

  @Test(arguments: Road.allCases) func `each bad request gets its status, a problem and the end`(
    _ road: Road
  ) throws {
    let app = TestApp()
    func check(_ text: String, _ status: Int, _ row: String) {
      let answer = Answers(text).list.last
      let isRight =
        answer?.status == status && answer?.headers.contains("Connection: close") == true
        && answer?.body.contains("\"status\":\(status)") == true
      if !isRight { Issue.record("\(row.prefix(100).debugDescription): \(text)") }
    }
    let rows = RequestTable.bad.map { row in
      // The tables' requests go to a route that takes bodies.
      (row.status, row.text.replacing("POST / ", with: "POST /echo "))
    }
    switch road {
    case .inProcess:
      for (status, text) in rows { check(try road.talk(app, Array(text.utf8)), status, text) }
    case .socket:
      try app.serving { _, port in
        for (status, text) in rows {
          let client = try Client(port)
          client.send(text)
          client.endOutput()
          check(client.takeAll(), status, text)
        }
      }
    }
  }

  @Test func `where the pieces end makes no difference to the answers`() {
    let app = TestApp()
    let bytes = Array(
      """
      GET /hello HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r
      \r\n3\r\nabc\r\n0\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
      """.utf8)
    let whole = app.session().talk(bytes)
    let different = bytes.indices.filter { app.session().talk(bytes, cuts: [$0]) != whole }
    #expect(different.isEmpty)
    #expect(Answers(String(decoding: whole, as: UTF8.self)).list.map(\.status) == [200, 200, 404])
  }

  @Test func `a connection stays or ends as its client and version say`() {
    let rows: [(String, String, Bool, String?)] = [
      ("1.1", "", true, nil), ("1.1", "Connection: close\r\n", false, "Connection: close"),
      ("1.1", "Connection: x, Close\r\n", false, "Connection: close"),
      ("1.0", "", false, "Connection: close"),
      ("1.0", "Connection: keep-alive\r\n", true, "Connection: keep-alive"),
    ]
    for (version, fields, stays, wanted) in rows {
      let session = TestApp().session()
      let text = String(
        decoding: session.talk(
          Array("GET /hello HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n".utf8)),
        as: UTF8.self)
      let isRight =
        session.isOver == !stays && (wanted.map(text.contains) ?? !text.contains("Connection"))
      #expect(isRight, "\(version) \(fields): \(text)")
    }
    // A client of HTTP/1.0 is told the end of a stream by the connection's.
    let session = TestApp().session()
    let old = "GET /pieces?n=2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    let text = String(decoding: session.talk(Array(old.utf8)), as: UTF8.self)
    #expect(!text.contains("chunked") && text.hasSuffix("c") && session.isOver)
  }

  @Test func `a client that waits for 100 gets it, unless it is refused or has not waited`() {
    func talk(_ path: String, _ rest: String, version: String = "1.1") -> String {
      let session = TestApp().session()
      let head =
        "PUT \(path) HTTP/\(version)\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
      let first = session.talk(Array((head + rest).utf8))
      return String(decoding: first, as: UTF8.self)
    }
    #expect(talk("/small", "") == "HTTP/1.1 100 Continue\r\n\r\n")
    #expect(talk("/small", "abcd").hasPrefix("HTTP/1.1 200"))
    #expect(talk("/nowhere", "").hasPrefix("HTTP/1.1 404"))
    #expect(talk("/hello", "").hasPrefix("HTTP/1.1 405"))
    #expect(talk("/small", "", version: "1.0").isEmpty)
  }

  @Test func `slow senders, idle clients and slow readers are let go in time`() {
    let times = Timeouts()
    let rows: [(String, Int64, String)] = [
      ("", times.head, ""), ("GET", times.head, "408"),
      ("GET / HTTP/1.1\r\nHost: a\r\nA: ", times.head, "408"),
      ("PUT /small HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab", times.body, "408"),
      ("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", times.idle, "200"),
      ("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET", times.head, "408"),
    ]
    for (text, time, status) in rows {
      let session = TestApp().session()
      var output = session.talk(Array(text.utf8))
      session.expire(1_000_000 + time - 1)
      let isEarly = session.isOver
      // A byte more now does not help.
      if text.count > 3 && status == "408" { session.receive([0x41].span, 1_000_000 + time - 1) }
      session.expire(1_000_000 + time)
      output += session.settle(1_000_000 + time)
      let shown = String(decoding: output, as: UTF8.self)
      let isRight = status.isEmpty ? shown.isEmpty : shown.contains("HTTP/1.1 \(status)")
      #expect(!isEarly && session.isOver && isRight, "\(text): \(shown)")
    }
    let app = TestApp()
    let session = app.session()
    session.receive(Array("GET /pieces?n=1000 HTTP/1.1\r\nHost: a\r\n\r\n".utf8).span, 0)
    while let work = session.takeWork() { session.finish(work.perform(app.router), 0) }
    // No more is made than the client has room for.
    #expect(session.outputCount > 65000 && session.outputCount < 68000)
    session.sent(100, times.write - 1)
    session.expire(times.write - 1)
    #expect(!session.isOver)
    session.expire(times.write)
    #expect(session.isBroken && app.witness.exchanges.withLock { $0.map(\.isWhole) } == [false])
  }

  @Test func `a body that cannot be made to its end is never taken for whole`() {
    let session = TestApp().session()
    let text = String(
      decoding: session.talk(Array("GET /torn HTTP/1.1\r\nHost: a\r\n\r\n".utf8)), as: UTF8.self)
    #expect(session.isBroken && text.hasSuffix("part\r\n") && !text.hasSuffix("0\r\n\r\n"))
    let cut = TestApp().session()
    var answer = cut.talk(
      Array("PUT /small HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab".utf8))
    cut.endInput(1_000_000)
    answer += cut.settle()
    #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 400"))
  }

  @Test func `figures and the log tell each answer`() throws {
    let app = TestApp()
    let lines = Box<String>()
    let log = ServerLog(clock: .fixed(Timestamp(microseconds: 0))) { lines.put($0) }
    let session = app.session { $0.observers.append(AccessLog(log)) }
    _ = session.talk(Array("GET /agents/x/status HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    let wanted = """
      {"time":"1970-01-01T00:00:00Z","level":"info","message":"request","request_id":"id",\
      "client":"test","method":"GET","path":"/agents/x/status","route":"/agents/{id}/status","status":200,\
      "received":0,"sent":146,"ms":0,"whole":true}

      """
    let line = try lines.take()
    #expect(line == wanted)
    _ = session.talk(Array("GET /x HTTP/1.1\r\nHost: a\r\n\r\nBAD\r\n".utf8))
    let figures = app.metrics.figures
    let labels = figures.requests.keys.map { "\($0.method) \($0.route) \($0.status)" }.sorted()
    #expect(labels == ["- - 400", "GET - 404", "GET /agents/{id}/status 200"])
    #expect(figures.requests.values.allSatisfy { $0.count == 1 && $0.buckets[0] == 1 })
  }
}

/// What a client's connection does when the server has no room left.
@Suite struct MemoryTests {
  private func session(_ handler: any RequestHandler) -> Session {
    Session(
      SessionSettings(handler: handler, seconds: { 784_111_777 }, requestID: { "id" }),
      client: "127.0.0.1", now: 0
    ) {}
  }

  private func output(_ session: Session) -> String {
    let text = session.withOutput { String(decoding: $0, as: UTF8.self) }
    session.sent(session.outputCount, 0)
    return text
  }

  @Test func `what is done is answered, and what is still being sent is refused`() throws {
    let app = TestApp()
    let session = session(app.router)
    let body = String(repeating: "a", count: 100_000)
    func feed(_ text: String) { session.receive(Array(text.utf8).span, 0) }
    feed("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n\(body)")
    let work = try #require(session.takeWork())
    #expect(session.heldBytes >= 100_000)
    session.giveWay(0)
    #expect(!session.isBroken && session.outputCount == 0)
    session.finish(work.perform(app.router), 0)
    let answer = output(session)
    #expect(answer.hasPrefix("HTTP/1.1 200") && answer.hasSuffix(body))
    // Between two requests there is nothing to refuse.
    session.giveWay(0)
    #expect(session.outputCount == 0 && !session.isOver)
    feed("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n\(body.dropLast())")
    #expect(session.takeWork() == nil)
    session.giveWay(0)
    #expect(output(session).hasPrefix("HTTP/1.1 503") && session.isOver)
  }

  @Test func `what waits for a client that reads nothing counts, and goes with it`() throws {
    let app = TestApp()
    let session = session(app.router)
    session.receive(Array("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n".utf8).span, 0)
    while let work = session.takeWork() { session.finish(work.perform(app.router), 0) }
    let stream = try app.stream.take()
    let before = session.heldBytes
    #expect(stream.send([UInt8](repeating: 1, count: 500_000)) == .taken)
    #expect(session.heldBytes >= before + 500_000)
    session.giveWay(0)
    #expect(session.isBroken && stream.send([1]) == .closed && session.heldBytes < 500_000)
  }

  @Test func `figures of several addresses are those of all together`() {
    let metrics = ServerMetrics()
    for _ in 1...3 { metrics.connected() }
    metrics.disconnected()
    #expect(metrics.figures.open == 2 && metrics.figures.connections == 3)
  }
}
