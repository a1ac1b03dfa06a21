import AgoraServer
import Foundation
import TestSupport
import Testing

/// What a parser made of bytes.
enum Reading: Equatable {
  case requests([HTTPRequest])
  case refused(Int, after: Int)

  /// Feeds bytes in pieces that end where `cuts` say.
  init(_ bytes: [UInt8], cuts: [Int] = [], limits: HTTPLimits = HTTPLimits()) {
    var parser = HTTPParser(limits: limits)
    var requests: [HTTPRequest] = []
    var start = 0
    do throws(HTTPFault) {
      for end in cuts + [bytes.count] {
        parser.feed(bytes[start..<end].span)
        start = end
        while let event = try parser.next() {
          if case .request(let request) = event { requests.append(request) }
        }
      }
      self = .requests(requests)
    } catch { self = .refused(error.status.code, after: requests.count) }
  }
}

/// Requests as text: good ones that can follow each other on one connection, and bad ones.
enum RequestTable {
  static let good: [(text: String, body: String)] = [
    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", ""),
    ("\r\nGET /after/an/empty/line HTTP/1.1\r\nHost: a\r\n\r\n", ""),
    ("POST /p HTTP/1.1\r\nHost: a:8080\r\nContent-Length: 5\r\n\r\nhello", "hello"),
    ("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", ""),
    ("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 0005\r\n\r\nhello", "hello"),
    (
      "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "5\r\nhello\r\n6;a=b;c=\"d\"\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n", "hello world"
    ),
    (
      "POST /c HTTP/1.1\r\nHost: a\r\ntransfer-encoding:\tChunked \r\n\r\n00A ; x\r\n0123456789\r\n000\r\n\r\n",
      "0123456789"
    ),
    ("GET http://b:80/x?y HTTP/1.1\r\nHost: a\r\n\r\n", ""),
    ("GET http://b?y HTTP/1.1\r\nHost: a\r\n\r\n", ""),
    ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", ""),
    ("GET /%C3%A4/%2F?a=%41+b&c&=d HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", ""),
    ("GET / HTTP/1.0\r\n\r\n", ""),
    ("GET / HTTP/1.7\r\nHost: a\r\n\r\n", ""),
    ("GET / HTTP/1.1\r\nHost:a\r\nEmpty:\r\nOdd!#$%&'*+-.^_`|~9: v  w \t\r\nUtf: ä\r\n\r\n", ""),
    ("PUT /e HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\nx", "x"),
    ("DELETE /b HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nGET ", "GET "),
  ]

  static let bad: [(status: Int, text: String)] = {
    var rows: [(Int, String)] = []
    let h = "Host: a\r\n"
    // Request lines.
    for line in [
      "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "GET /", "GET / http/1.1",
      "GET / HTTP/1", "GET / HTTP/1.10", "GET / HTTP/11", "GET / HTTP/1,1", "GET\t/\tHTTP/1.1",
      "GET / HTTP/1.1\u{0}", "G(T / HTTP/1.1", "GET a HTTP/1.1", "GET * HTTP/1.1",
      "GET /#f HTTP/1.1", "GET /\\ HTTP/1.1", "GET /ä HTTP/1.1", "GET /%zz HTTP/1.1",
      "GET /%4 HTTP/1.1", "GET /%00 HTTP/1.1", "GET /%ff HTTP/1.1", "GET /?a=%f HTTP/1.1",
      "GET /?%ff HTTP/1.1", "GET ftp://a/ HTTP/1.1", "GET http:///x HTTP/1.1",
      "GET http://u@b/ HTTP/1.1", "GET /\u{7f} HTTP/1.1", "\u{16}\u{3}\u{1}",
      "\r\n\r\nGET / HTTP/1.1",
    ] { rows.append((400, line + "\r\n" + h + "\r\n")) }
    for version in ["HTTP/0.9", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9"] {
      rows.append((505, "GET / \(version)\r\n\(h)\r\n"))
    }
    for method in ["get", "BREW", "CONNECT", "TRACE", "PRI", String(repeating: "A", count: 9000)] {
      rows.append((501, "\(method) / HTTP/1.1\r\n\(h)\r\n"))
    }
    // Line ends.
    rows += [
      (400, "GET / HTTP/1.1\nHost: a\n\n"), (400, "GET / HTTP/1.1\r\nHost: a\n\r\n"),
      (400, "GET / HTTP/1.1\rHost: a\r\r"), (400, "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n"),
      (400, "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"),
    ]
    // Fields, behind a good Host.
    for field in [
      "No-Colon", ": v", "Space : v", "Tab\t: v", " Folded: v", "A: b\r\n folded",
      "A: b\r\n\tfolded",
      "N(me: v", "Näme: v", "A: \u{0}", "A: \u{b}", "A: \u{7f}", "Host: a", "Host: b",
    ] { rows.append((400, "GET / HTTP/1.1\r\n\(h)\(field)\r\n\r\n")) }
    for host in ["", "a b", "a/b", "a,b", "a@b", "[::1", "a:b", "a:99999", "[::g]", ":80", "[]"] {
      rows.append((400, "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n"))
    }
    rows += [
      (400, "GET / HTTP/1.1\r\n\r\n"), (400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
      (417, "GET / HTTP/1.1\r\n\(h)Expect: miracles\r\n\r\n"),
    ]
    // Where a body ends: what others have read in two ways.
    for fields in [
      "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5\r\nContent-Length: 5",
      "Content-Length: 5, 5", "Content-Length: +5", "Content-Length: -5", "Content-Length: 0x5",
      "Content-Length: 5 5", "Content-Length:", "Content-Length: 5;", "Content-Length: ５",
      "Content-Length: 5.0", "Content-Length: 5\r\nTransfer-Encoding: chunked",
      "Transfer-Encoding: chunked\r\nContent-Length: 5", "Transfer-Encoding: chunked, chunked",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: identity",
      "Transfer-Encoding: chunked, gzip", "Transfer-Encoding: xchunked",
      "Transfer-Encoding: \"chunked\"",
      "Transfer-Encoding:", "Transfer-Encoding: ,chunked", "Transfer-Encoding: chunked,",
      "Transfer-Encoding: chunked;q=1", "Transfer-Encoding: gzip", "Transfer-Encoding : chunked",
      "Transfer-Encoding\u{b}: chunked", "Transfer-Encoding: \u{b}chunked",
      "Transfer-Encoding:\r\n chunked",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    ] { rows.append((400, "POST / HTTP/1.1\r\n\(h)\(fields)\r\n\r\n5\r\nhello\r\n0\r\n\r\n")) }
    rows += [
      (501, "POST / HTTP/1.1\r\n\(h)Transfer-Encoding: gzip, chunked\r\n\r\n"),
      (501, "POST / HTTP/1.1\r\n\(h)Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"),
      (400, "POST / HTTP/1.0\r\n\(h)Transfer-Encoding: chunked\r\n\r\n"),
      (413, "POST / HTTP/1.1\r\n\(h)Content-Length: 4194305\r\n\r\n"),
      (413, "POST / HTTP/1.1\r\n\(h)Content-Length: 99999999999999999999999\r\n\r\n"),
    ]
    // Chunks.
    let chunked = "POST / HTTP/1.1\r\n\(h)Transfer-Encoding: chunked\r\n\r\n"
    for body in [
      "\r\nhello", "g\r\n", "0x5\r\nhello\r\n", "+5\r\nhello\r\n", "-1\r\n", " 5\r\nhello\r\n",
      "5 \r\nhello\r\n", "5\nhello\r\n", "5\r\nhello!\r\n", "5\r\nhell\r\no", "5\r\nhello\n",
      "5\r\nhello0\r\n\r\n", "5,a\r\n", "0000000000000005\r\nhello\r\n", "ffffffffffffffff\r\n",
      "5;a\rb\r\n",
      "5;a\nb\r\n", "0\r\n: v\r\n\r\n", "0\r\nBad\r\n\r\n", "0\r\n A: b\r\n\r\n", "0\r\nA: b\n\r\n",
      "1;" + String(repeating: "e", count: 5000) + "\r\n",
    ] { rows.append((400, chunked + body)) }
    rows += [
      (413, chunked + "400001\r\n"), (413, chunked + "7fffffffffffff\r\n"),
      (413, chunked + "1\r\na\r\n400000\r\n"),
      (431, chunked + "0\r\n" + String(repeating: "A: b\r\n", count: 33) + "\r\n"),
      (431, chunked + "0\r\nA: " + String(repeating: "b", count: 8200) + "\r\n\r\n"),
      (414, "GET /" + String(repeating: "a", count: 8200) + " HTTP/1.1\r\n\(h)\r\n"),
      (431, "GET / HTTP/1.1\r\n\(h)A: " + String(repeating: "b", count: 32768) + "\r\n\r\n"),
      (431, "GET / HTTP/1.1\r\n\(h)" + String(repeating: "A: b\r\n", count: 100) + "\r\n"),
    ]
    return rows
  }()
}

@Suite struct HTTPParserTests {
  @Test func `good requests are read with their bodies`() throws {
    for (text, body) in RequestTable.good {
      guard case .requests(let requests) = Reading(Array(text.utf8)) else {
        Issue.record("refused: \(text)")
        continue
      }
      #expect(requests.map(\.body) == [Array(body.utf8)], "\(text)")
    }
  }

  @Test func `each bad request has its status, however its bytes come`() {
    for (status, text) in RequestTable.bad {
      let bytes = Array(text.utf8)
      let wanted = Reading.refused(status, after: 0)
      let shown = text.prefix(120).debugDescription
      #expect(Reading(bytes) == wanted, "\(shown)")
      if bytes.count < 400 {
        let each = Reading(bytes, cuts: Array(0..<bytes.count))
        #expect(each == wanted, "byte by byte: \(shown)")
      }
    }
  }

  @Test func `where the pieces end makes no difference`() {
    let bytes = Array(RequestTable.good.map(\.text).joined().utf8)
    let whole = Reading(bytes)
    guard case .requests(let requests) = whole else {
      Issue.record("\(whole)")
      return
    }
    #expect(requests.count == RequestTable.good.count)
    #expect(Reading(bytes, cuts: Array(bytes.indices)) == whole)
    for (first, second) in zip(RequestTable.good, RequestTable.good.dropFirst()) {
      let bytes = Array((first.text + second.text).utf8)
      let whole = Reading(bytes)
      let different = bytes.indices.filter { Reading(bytes, cuts: [$0]) != whole }
      if !different.isEmpty { Issue.record("\(first.text) at \(different)") }
    }
  }

  @Test func `a target has a path and a query, decoded part by part`() throws {
    guard
      case .requests(let requests) = Reading(
        Array("GET http://b:81/%C3%A4//x%2Fy/?a=%41+b&c&=d+%2B HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    else { throw CancellationError() }
    let request = try #require(requests.first)
    #expect(request.target.segments == ["ä", "", "x/y", ""])
    #expect(request.target.parameters.map { "\($0.name)=\($0.value)" } == ["a=A b", "c=", "=d +"])
    #expect(request.host == "b:81" && request.target.path == "/%C3%A4//x%2Fy/")
    #expect(PercentCoding.encode("ä /~") == "%C3%A4%20%2F~")
  }

  @Test func `trailers stay apart from the head, and odd bytes are Latin-1`() throws {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX: "
    let bytes =
      Array(head.utf8) + [0xe4] + Array("\r\n\r\n0\r\nContent-Length: 7\r\nY: 1\r\n\r\n".utf8)
    guard case .requests(let requests) = Reading(bytes) else { throw CancellationError() }
    let request = try #require(requests.first)
    #expect(request.headers["x"] == "ä" && request.headers["Content-Length"] == nil)
    #expect(request.trailers["content-length"] == "7" && request.trailers["y"] == "1")
  }

  @Test func `limits are met to the byte`() {
    var limits = HTTPLimits()
    limits.requestLine = 16
    limits.fieldBytes = 12
    limits.body = 3
    let rows: [(String, Int?)] = [
      ("GET /aa HTTP/1.1\r\nHost: a\r\n\r\n", nil), ("GET /aaa HTTP/1.1\r\n", 414),
      ("GET / HTTP/1.1\r\nHost: a\r\nA: bc\r\n\r\n", nil),
      ("GET / HTTP/1.1\r\nHost: a\r\nA: bcd\r\n\r\n", 431),
    ]
    for (text, status) in rows {
      let reading = Reading(Array(text.utf8), limits: limits)
      #expect((reading == .refused(status ?? 0, after: 0)) == (status != nil), "\(text)")
    }
    limits.fieldBytes = 100
    for (size, status) in [(3, nil), (4, 413)] as [(Int, Int?)] {
      let body = String(repeating: "x", count: size)
      let bodies = [
        "Content-Length: \(size)\r\n\r\n\(body)",
        "Transfer-Encoding: chunked\r\n\r\n\(size)\r\n\(body)\r\n0\r\n\r\n",
      ]
      for rest in bodies {
        let reading = Reading(Array("PUT / HTTP/1.1\r\nHost: a\r\n\(rest)".utf8), limits: limits)
        #expect((reading == .refused(status ?? 0, after: 0)) == (status != nil), "\(rest)")
      }
    }
  }

  @Test func `damaged requests in any pieces are read in one way and never trap`() {
    var dice = SeededDice(seed: 0x5eed)
    let rounds = Int(ProcessInfo.processInfo.environment["FUZZ_ROUNDS"] ?? "") ?? 1500
    let samples =
      RequestTable.good.map { Array($0.text.utf8) }
      + RequestTable.bad.map { Array($0.text.utf8) }.filter { $0.count < 300 }
    for round in 0..<rounds {
      var bytes = dice.pick(samples) + dice.pick(samples)
      for _ in 0..<Int.random(in: 0...3, using: &dice) {
        let at = Int.random(in: bytes.indices, using: &dice)
        switch Int.random(in: 0...3, using: &dice) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &dice)
        case 1: bytes.remove(at: at)
        case 2: bytes.insert(dice.pick(Array("\r\n :;,0\t5A%\u{0}".utf8)), at: at)
        default: bytes.insert(contentsOf: dice.pick(samples).prefix(40), at: at)
        }
        if bytes.isEmpty { bytes = [0x41] }
      }
      let cuts = (0..<3).map { _ in Int.random(in: bytes.indices, using: &dice) }.sorted()
      let (whole, cut) = (Reading(bytes), Reading(bytes, cuts: cuts))
      if whole != cut { Issue.record("round \(round): \(String(decoding: bytes, as: UTF8.self))") }
    }
  }
}
