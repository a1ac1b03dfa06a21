import AgoraStore

/// An agent's id; the usual form is kept as its 128 bits, a fifth of what the text would take.
enum AgentID: Sendable, Hashable {
  /// `agent_` and 32 lower-case hex digits.
  case usual(UUIDBits)
  /// Whatever else a row has.
  case other(OtherID)

  /// An id of another form, behind a reference, so that the usual ones stay small.
  final class OtherID: Sendable, Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (left: OtherID, right: OtherID) -> Bool { left.text == right.text }
    func hash(into hasher: inout Hasher) { hasher.combine(text) }
  }

  /// Reads an id.
  init(_ text: String) {
    var text = text
    if let bits = text.withUTF8({ Self.bits($0.span) }) {
      self = .usual(bits)
    } else {
      self = .other(OtherID(text))
    }
  }

  /// Reads an id where it lies.
  init(_ text: Span<UInt8>) {
    if let bits = Self.bits(text) {
      self = .usual(bits)
    } else {
      self = .other(OtherID(text.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }))
    }
  }

  /// The id as it is written.
  var text: String {
    guard case .usual = self else {
      if case .other(let other) = self { return other.text }
      return ""
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(38)
    append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends the id, as it is written, to a text.
  func append(to bytes: inout [UInt8]) {
    switch self {
    case .usual(let bits):
      bytes += Self.prefix
      bits.appendHex(to: &bytes)
    case .other(let other): bytes += other.text.utf8
    }
  }

  /// Whether it was computed of a v4 row (version 5) instead of given on v5.
  var isOfARow: Bool {
    switch self {
    case .usual(let bits): bits.high >> 12 & 0xf == 5
    case .other(let other):
      other.text.utf8.count >= 32 && other.text.utf8.suffix(32).dropFirst(12).first == 0x35
    }
  }

  private static let prefix: [UInt8] = Array("agent_".utf8)

  private static func bits(_ text: Span<UInt8>) -> UUIDBits? {
    guard text.count == 38 else { return nil }
    for position in 0..<6 where text[position] != prefix[position] { return nil }
    var words: (UInt64, UInt64) = (0, 0)
    for position in 6..<38 {
      let byte = text[position]
      let digit: UInt8
      if byte >= 0x30, byte <= 0x39 {
        digit = byte - 0x30
      } else if byte >= 0x61, byte <= 0x66 {
        digit = byte - 0x57
      } else {
        return nil
      }
      if position < 22 {
        words.0 = words.0 << 4 | UInt64(digit)
      } else {
        words.1 = words.1 << 4 | UInt64(digit)
      }
    }
    return UUIDBits(high: words.0, low: words.1)
  }
}
