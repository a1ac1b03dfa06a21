/// A WebSocket as its client has it (RFC 6455): text goes and comes.
package final class WebSocketConnection {
  private static let messageLimit = 64 << 20

  private let connection: HTTPConnection

  /// Opens one.
  ///
  /// - Parameter fields: of the request besides those of the handshake.
  /// - Returns: the server's answer where it does not open one.
  package static func open(
    _ address: ServerAddress, _ path: String, fields: [(String, String)],
    _ patience: HTTPConnection.Patience = HTTPConnection.Patience()
  ) throws(HTTPConnection.Fault) -> (socket: WebSocketConnection?, refusal: HTTPReply?) {
    let connection = try HTTPConnection(address, patience)
    let key = WebSocketKey.random()
    try connection.send(
      "GET", path,
      fields: [
        ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", key),
      ] + fields)
    var reply = try connection.readHead()
    guard reply.status == 101 else {
      if let count = reply.field("Content-Length").flatMap({ Int($0) }), (0...65536).contains(count)
      {
        reply.body = try connection.read(count)
      }
      return (nil, reply)
    }
    guard reply.field("Sec-WebSocket-Accept") == WebSocketKey.proof(of: key) else {
      throw .malformed("the server has not read the key of the WebSocket")
    }
    return (WebSocketConnection(connection), nil)
  }

  private init(_ connection: HTTPConnection) { self.connection = connection }

  /// Until when the next message has to be there, on ``System/monotonicSeconds()``.
  package var deadline: Double {
    get { connection.deadline }
    set { connection.deadline = newValue }
  }

  /// Sends a text.
  package func send(_ text: String) throws(HTTPConnection.Fault) {
    try send(opcode: 1, Array(text.utf8))
  }

  /// Sends a frame; a client's frames are masked (§5.3).
  private func send(opcode: UInt8, _ payload: [UInt8]) throws(HTTPConnection.Fault) {
    var bytes: [UInt8] = [0x80 | opcode]
    let count = UInt64(payload.count)
    let size = count <= 125 ? 0 : count <= 65535 ? 2 : 8
    bytes.append(0x80 | (size == 0 ? UInt8(count) : size == 2 ? 126 : 127))
    for shift in (0..<size).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: count >> UInt64(8 * shift)))
    }
    let mask = (0..<4).map { _ in UInt8.random(in: 0...255) }
    bytes += mask
    for (index, byte) in payload.enumerated() { bytes.append(byte ^ mask[index & 3]) }
    try connection.write(bytes)
  }

  /// The next text; nil when the server has closed.
  package func receive() throws(HTTPConnection.Fault) -> String? {
    var message: [UInt8] = []
    while true {
      let head = try connection.read(2)
      let (opcode, isFinal) = (head[0] & 0x0f, head[0] & 0x80 != 0)
      guard head[0] & 0x70 == 0, head[1] & 0x80 == 0 else {
        throw .malformed("a frame of the server breaks RFC 6455")
      }
      let short = Int(head[1])
      var count = short
      if short > 125 {
        count = 0
        for byte in try connection.read(short == 126 ? 2 : 8) {
          guard count <= Self.messageLimit else { break }
          count = count << 8 | Int(byte)
        }
      }
      guard count <= Self.messageLimit - message.count else {
        throw .malformed("a message of the server is too large")
      }
      let payload = try connection.read(count)
      switch opcode {
      case 8:
        // Said back, as §5.5.1 asks; whether it arrives does not matter.
        try? send(opcode: 8, Array(payload.prefix(2)))
        return nil
      case 9: try send(opcode: 10, payload)
      case 10: continue
      default:
        message += payload
        if isFinal { return String(decoding: message, as: UTF8.self) }
      }
    }
  }
}
