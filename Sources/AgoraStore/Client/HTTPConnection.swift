/// One request and its answer over HTTP/1.1, or a connection that becomes a WebSocket.
package final class HTTPConnection {
  /// Why there is no answer.
  package enum Fault: Error, Sendable {
    /// The server cannot be reached.
    case unreachable(SystemError)
    /// It was reached, and the connection broke or its time was over.
    case broken(SystemError)
    /// What it said is no HTTP/1.1.
    case malformed(String)
  }

  /// How long is waited, in seconds.
  package struct Patience: Sendable {
    /// For the connection.
    package var connect = 5.0
    /// For the whole answer.
    package var answer = 30.0

    package init() {}
  }

  private static let headLimit = 1 << 16
  private static let bodyLimit = 256 << 20

  private let address: ServerAddress
  private let socket: ClientSocket
  /// Until when the answer has to be there, on ``System/monotonicSeconds()``.
  package var deadline: Double
  private var input: [UInt8] = []

  /// Connects.
  package init(_ address: ServerAddress, _ patience: Patience = Patience()) throws(Fault) {
    self.address = address
    let now = System.monotonicSeconds()
    deadline = now + patience.answer
    do throws(SystemError) {
      socket = try ClientSocket(address.host, address.port, until: now + patience.connect)
    } catch { throw .unreachable(error) }
  }

  /// Sends a request and reads the whole answer.
  package func exchange(
    _ method: String, _ path: String, fields: [(String, String)] = [], body: [UInt8]? = nil
  ) throws(Fault) -> HTTPReply {
    do throws(Fault) {
      try send(method, path, fields: fields + [("Connection", "close")], body: body)
    } catch {
      // A server that refuses a body says so before it has read it.
      guard case .broken(let failure) = error, !ClientSocket.isTimeout(failure) else { throw error }
    }
    var reply = try readHead()
    guard method != "HEAD", reply.status >= 200, reply.status != 204, reply.status != 304 else {
      return reply
    }
    reply.body = try readBody(reply)
    return reply
  }

  /// Sends a request.
  package func send(
    _ method: String, _ path: String, fields: [(String, String)], body: [UInt8]? = nil
  ) throws(Fault) {
    var head = "\(method) \(address.prefix)\(path) HTTP/1.1\r\nHost: \(address.authority)\r\n"
    if let body { head += "Content-Length: \(body.count)\r\n" }
    for (name, value) in fields {
      head += "\(name): " + value.filter { $0 != "\r" && $0 != "\n" && $0 != "\r\n" } + "\r\n"
    }
    try write(Array((head + "\r\n").utf8) + (body ?? []))
  }

  /// Sends bytes as they are.
  package func write(_ bytes: [UInt8]) throws(Fault) {
    do throws(SystemError) { try socket.write(bytes, until: deadline) } catch {
      throw .broken(error)
    }
  }

  /// Reads on; false at the end.
  private func fill() throws(Fault) -> Bool {
    do throws(SystemError) {
      let bytes = try socket.read(until: deadline)
      input += bytes
      return !bytes.isEmpty
    } catch { throw .broken(error) }
  }

  /// Reads exactly so many bytes.
  package func read(_ count: Int) throws(Fault) -> [UInt8] {
    while input.count < count {
      guard try fill() else { throw .malformed("the answer ends too early") }
    }
    defer { input.removeFirst(count) }
    return Array(input.prefix(count))
  }

  /// Reads up to an empty line; interim answers are passed over (RFC 9110 §15.2).
  package func readHead() throws(Fault) -> HTTPReply {
    while true {
      var seen = 0
      var end: Int?
      while end == nil {
        end = Self.endOfHead(input, from: max(0, seen - 3))
        seen = input.count
        guard end == nil else { break }
        guard input.count <= Self.headLimit, try fill() else {
          throw .malformed("the answer has no head")
        }
      }
      let head = input.prefix(end ?? 0)
      guard let reply = HTTPReply(head: head) else { throw .malformed("the answer is no HTTP/1.1") }
      input.removeFirst(end ?? 0)
      if reply.status >= 200 || reply.status == 101 { return reply }
    }
  }

  private static func endOfHead(_ bytes: [UInt8], from start: Int) -> Int? {
    guard bytes.count >= 4 else { return nil }
    for at in start...max(start, bytes.count - 4) where at + 4 <= bytes.count {
      if bytes[at] == 0x0d, bytes[at + 1] == 0x0a, bytes[at + 2] == 0x0d, bytes[at + 3] == 0x0a {
        return at + 4
      }
    }
    return nil
  }

  /// Reads the rest of an answer.
  package func readBody(_ reply: HTTPReply) throws(Fault) -> [UInt8] {
    if reply.field("Transfer-Encoding")?.lowercased() == "chunked" {
      var body: [UInt8] = []
      while let chunk = try readChunk() {
        body += chunk
        guard body.count <= Self.bodyLimit else { throw .malformed("the answer is too large") }
      }
      return body
    }
    if let text = reply.field("Content-Length") {
      guard let count = Int(text), (0...Self.bodyLimit).contains(count) else {
        throw .malformed("the answer's length is \(text)")
      }
      return try read(count)
    }
    while try fill() {
      guard input.count <= Self.bodyLimit else { throw .malformed("the answer is too large") }
    }
    return input
  }

  /// The next chunk (RFC 9112 §7.1); nil behind the last one.
  package func readChunk() throws(Fault) -> [UInt8]? {
    var line: [UInt8] = []
    while !line.suffix(2).elementsEqual([0x0d, 0x0a]) {
      guard line.count < 64 else { throw .malformed("a chunk has no size") }
      line += try read(1)
    }
    let digits = String(decoding: line.prefix { $0 != 0x3b && $0 != 0x0d }, as: UTF8.self)
    guard let count = Int(digits, radix: 16), (0...Self.bodyLimit).contains(count) else {
      throw .malformed("a chunk has no size")
    }
    let chunk = try read(count)
    _ = try read(2)
    return count == 0 ? nil : chunk
  }
}
