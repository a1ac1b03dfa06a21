import AgoraStore

/// A message of a WebSocket, whole.
public enum WebSocketMessage: Sendable, Equatable {
  /// Text.
  case text(String)
  /// Bytes.
  case binary([UInt8])
}

/// Why a WebSocket ends (RFC 6455 §7.4.1).
public struct WebSocketCloseCode: Sendable, Hashable {
  /// The number.
  public let number: UInt16

  /// Makes a code of its number.
  public init(_ number: UInt16) { self.number = number }

  /// The purpose is fulfilled.
  public static let normal = WebSocketCloseCode(1000)
  /// The server stops.
  public static let goingAway = WebSocketCloseCode(1001)
  /// The frames break the protocol.
  public static let protocolError = WebSocketCloseCode(1002)
  /// This kind of data is not taken.
  public static let unsupported = WebSocketCloseCode(1003)
  /// A text is not UTF-8.
  public static let badData = WebSocketCloseCode(1007)
  /// The endpoint's rules were broken.
  public static let policy = WebSocketCloseCode(1008)
  /// A message is too large.
  public static let tooLarge = WebSocketCloseCode(1009)
  /// The server failed.
  public static let failed = WebSocketCloseCode(1011)
  /// The client should come again later.
  public static let tryLater = WebSocketCloseCode(1013)

  /// Whether an endpoint may send it: the defined ones and those for libraries and applications.
  var isSendable: Bool {
    switch number {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }
}

/// A breach of RFC 6455, and the code that the connection is closed with.
struct WebSocketFault: Error, Equatable {
  let code: WebSocketCloseCode
  let message: String
}

/// Reads a client's frames from bytes that come in any pieces (RFC 6455 §5), and knows no sockets.
struct WebSocketReader {
  /// What was read.
  enum Event: Equatable {
    case message(WebSocketMessage)
    case ping([UInt8])
    case pong([UInt8])
    /// The other side closes; nil when it gives no code.
    case close(WebSocketCloseCode?, String)
  }

  private struct Frame {
    var opcode: UInt8
    var isFinal: Bool
    var left: Int
    var mask: [UInt8]
    var offset = 0
  }

  private let limit: Int
  private var input: [UInt8] = []
  private var position = 0
  private var frame: Frame?
  private var control: [UInt8] = []
  private var message: [UInt8] = []
  /// The opcode of the message whose fragments are coming.
  private var messageOpcode: UInt8?
  private var check = UTF8Pieces()
  private var isText = true
  private var fault: WebSocketFault?
  private var isClosed = false

  /// - Parameter limit: bytes of one message.
  init(limit: Int) { self.limit = limit }

  /// The bytes that came and were not read yet.
  var pendingCount: Int { input.count - position }
  /// The bytes that are kept.
  var heldCount: Int { input.count + message.count }

  mutating func feed(_ bytes: Span<UInt8>) {
    if position == input.count {
      input.removeAll(keepingCapacity: input.capacity <= 65536)
      position = 0
    }
    input.append(copying: bytes)
  }

  /// The next thing that the bytes so far hold; nil when more have to come, and after a close frame.
  mutating func next() throws(WebSocketFault) -> Event? {
    if let fault { throw fault }
    guard !isClosed else { return nil }
    do throws(WebSocketFault) {
      while true {
        if frame == nil, try !readHead() { return nil }
        readPayload()
        if frame?.opcode == 1 || frame?.opcode == 0 && messageOpcode == 1, !isText {
          throw WebSocketFault(code: .badData, message: "a text is not UTF-8")
        }
        guard let frame, frame.left == 0 else { return nil }
        self.frame = nil
        if let event = try finish(frame) { return event }
      }
    } catch {
      fault = error
      throw error
    }
  }

  private func breach(_ message: String) -> WebSocketFault {
    WebSocketFault(code: .protocolError, message: message)
  }

  /// Reads a frame's head (§5.2); false when it has not come as a whole.
  private mutating func readHead() throws(WebSocketFault) -> Bool {
    guard pendingCount >= 2 else { return false }
    let (first, second) = (input[position], input[position + 1])
    let opcode = first & 0x0f
    let isFinal = first & 0x80 != 0
    let isControl = opcode >= 8
    guard first & 0x70 == 0 else { throw breach("a reserved bit is set") }
    switch opcode {
    case 0:
      guard messageOpcode != nil else { throw breach("a fragment continues nothing") }
    case 1, 2:
      guard messageOpcode == nil else { throw breach("a message begins within another") }
    case 8, 9, 10: break
    default: throw breach("there is no opcode \(opcode)")
    }
    guard second & 0x80 != 0 else { throw breach("a client's frames have to be masked") }
    let short = Int(second & 0x7f)
    guard !isControl || isFinal && short <= 125 else {
      throw breach("a control frame is whole and has at most 125 bytes")
    }
    let extra = short == 126 ? 2 : short == 127 ? 8 : 0
    guard pendingCount >= 6 + extra else { return false }
    var length: UInt64 = extra == 0 ? UInt64(short) : 0
    for index in 0..<extra { length = length << 8 | UInt64(input[position + 2 + index]) }
    guard length < 1 << 63, extra != 2 || length > 125, extra != 8 || length > 65535 else {
      throw breach("a length is not written in the shortest way")
    }
    guard isControl || length <= UInt64(max(0, limit - message.count)) else {
      throw WebSocketFault(code: .tooLarge, message: "a message has more than \(limit) bytes")
    }
    let start = position + 2 + extra
    frame = Frame(
      opcode: opcode, isFinal: isFinal, left: Int(length), mask: Array(input[start..<start + 4]))
    position = start + 4
    if opcode == 1 { (check, isText) = (UTF8Pieces(), true) }
    if opcode == 1 || opcode == 2 { messageOpcode = opcode }
    return true
  }

  private mutating func readPayload() {
    guard var current = frame else { return }
    let count = min(current.left, pendingCount)
    guard count > 0 else { return }
    var piece = Array(input[position..<position + count])
    for index in piece.indices { piece[index] ^= current.mask[(current.offset + index) & 3] }
    position += count
    current.left -= count
    current.offset = (current.offset + count) & 3
    frame = current
    if current.opcode >= 8 {
      control += piece
    } else {
      if messageOpcode == 1, isText { isText = check.firstFault(piece.span) == nil }
      message += piece
    }
  }

  private mutating func finish(_ frame: Frame) throws(WebSocketFault) -> Event? {
    if frame.opcode >= 8 {
      let payload = control
      control = []
      switch frame.opcode {
      case 9: return .ping(payload)
      case 10: return .pong(payload)
      default:
        isClosed = true
        return try Self.close(payload)
      }
    }
    guard frame.isFinal else { return nil }
    defer { (message, messageOpcode) = ([], nil) }
    guard messageOpcode == 1 else { return .message(.binary(message)) }
    guard isText, check.isComplete else {
      throw WebSocketFault(code: .badData, message: "a text is not UTF-8")
    }
    return .message(.text(String(decoding: message, as: UTF8.self)))
  }

  private static func close(_ payload: [UInt8]) throws(WebSocketFault) -> Event {
    guard !payload.isEmpty else { return .close(nil, "") }
    guard payload.count >= 2 else {
      throw WebSocketFault(code: .protocolError, message: "a close code has two bytes")
    }
    let code = WebSocketCloseCode(UInt16(payload[0]) << 8 | UInt16(payload[1]))
    guard code.isSendable else {
      throw WebSocketFault(code: .protocolError, message: "\(code.number) is no code to close with")
    }
    guard let reason = String(validating: payload[2...], as: UTF8.self) else {
      throw WebSocketFault(code: .badData, message: "a reason is not UTF-8")
    }
    return .close(code, reason)
  }
}

/// Writes a server's frames, which are not masked (RFC 6455 §5.1).
enum WebSocketWriter {
  static func frame(_ message: WebSocketMessage) -> [UInt8] {
    switch message {
    case .text(let text): frame(opcode: 1, Array(text.utf8))
    case .binary(let bytes): frame(opcode: 2, bytes)
    }
  }

  static func frame(opcode: UInt8, _ payload: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [0x80 | opcode]
    bytes.reserveCapacity(payload.count + 10)
    switch payload.count {
    case ...125: bytes.append(UInt8(payload.count))
    case ...65535:
      bytes.append(126)
      append(UInt64(payload.count), 2, to: &bytes)
    default:
      bytes.append(127)
      append(UInt64(payload.count), 8, to: &bytes)
    }
    return bytes + payload
  }

  /// A close frame; the reason is cut at a character's end to the 123 bytes that there are.
  static func close(_ code: WebSocketCloseCode?, _ reason: String = "") -> [UInt8] {
    guard let code else { return frame(opcode: 8, []) }
    var payload: [UInt8] = []
    append(UInt64(code.number), 2, to: &payload)
    for character in reason {
      guard payload.count + character.utf8.count <= 125 else { break }
      payload += Array(character.utf8)
    }
    return frame(opcode: 8, payload)
  }

  private static func append(_ value: UInt64, _ count: Int, to bytes: inout [UInt8]) {
    for index in (0..<count).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
    }
  }
}
