/// Writes the heads of answers and the frames of their bodies (RFC 9112 §4, §7).
enum HTTPSerializer {
  /// How the client is told where the body ends.
  enum Framing: Equatable {
    /// It has none, or its length is in the head.
    case whole
    case chunked
    /// With the connection; for clients of HTTP/1.0.
    case untilClose
  }

  /// What the answered request says about the answer.
  struct Context {
    var minorVersion = 1
    var isHead = false
    /// Whether another request may follow.
    var staysOpen = true
    /// The date's text.
    var date: String
    /// The request's id.
    var requestID: String
  }

  private static let own = [
    "connection", "content-length", "date", "keep-alive", "transfer-encoding", "x-request-id",
  ]

  /// Appends the head, and the body where it is there as a whole.
  static func write(_ response: HTTPResponse, _ context: Context, to bytes: inout [UInt8])
    -> Framing
  {
    var framing = Framing.whole
    var staysOpen = context.staysOpen
    var content: [UInt8] = []
    var length: Int?
    switch response.body {
    case .bytes(let body):
      content = body
      length = response.status.isBodiless ? nil : body.count
    case .pieces, .stream:
      if !response.status.isBodiless, !context.isHead {
        framing = context.minorVersion >= 1 ? .chunked : .untilClose
        if framing == .untilClose { staysOpen = false }
      }
    case .webSocket: length = response.status.isBodiless ? nil : 0
    }
    line("HTTP/1.1 \(response.status.code) \(response.status.reason)", to: &bytes)
    field("Date", context.date, to: &bytes)
    field("X-Request-Id", context.requestID, to: &bytes)
    let isUpgrade = response.status.code == 101
    for header in response.headers.fields {
      guard !own.contains(header.name.lowercased()),
        !header.name.isEmpty, header.name.utf8.allSatisfy(RequestFraming.isTokenByte)
      else { continue }
      field(header.name, header.value, to: &bytes)
    }
    if let length { field("Content-Length", String(length), to: &bytes) }
    if framing == .chunked { field("Transfer-Encoding", "chunked", to: &bytes) }
    if isUpgrade {
      field("Connection", "Upgrade", to: &bytes)
    } else if !staysOpen {
      field("Connection", "close", to: &bytes)
    } else if context.minorVersion == 0 {
      field("Connection", "keep-alive", to: &bytes)
    }
    line("", to: &bytes)
    if !context.isHead, !response.status.isBodiless { bytes.append(contentsOf: content) }
    return framing
  }

  /// Appends a piece of a body; an empty one is left out, since it would end a chunked body.
  static func write(piece: [UInt8], _ framing: Framing, to bytes: inout [UInt8]) {
    guard !piece.isEmpty else { return }
    if framing == .chunked { line(String(piece.count, radix: 16), to: &bytes) }
    bytes.append(contentsOf: piece)
    if framing == .chunked { line("", to: &bytes) }
  }

  /// Appends the end of a body.
  static func end(_ framing: Framing, to bytes: inout [UInt8]) {
    if framing == .chunked { bytes.append(contentsOf: "0\r\n\r\n".utf8) }
  }

  /// The interim answer that lets a client send its body.
  static let goOn = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

  private static func line(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: text.utf8)
    bytes.append(contentsOf: [0x0d, 0x0a])
  }

  private static func field(_ name: String, _ value: String, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: name.utf8)
    bytes.append(contentsOf: [0x3a, 0x20])
    // A value may come from a client: nothing in it may begin a line of its own.
    for byte in value.utf8 {
      bytes.append(byte < 0x20 && byte != 0x09 || byte == 0x7f ? 0x20 : byte)
    }
    bytes.append(contentsOf: [0x0d, 0x0a])
  }
}
