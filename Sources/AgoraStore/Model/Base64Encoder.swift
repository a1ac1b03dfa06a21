/// Base64 (RFC 4648 §4) of bytes that come in pieces.
package struct Base64Encoder {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private var pending: UInt32 = 0
  private var count = 0

  package init() {}

  /// Takes in a piece and appends the digits that are complete.
  package mutating func append(_ piece: Span<UInt8>, to target: inout [UInt8]) {
    for index in piece.indices {
      pending = pending << 8 | UInt32(piece[index])
      count += 1
      if count == 3 { flush(to: &target) }
    }
  }

  private mutating func flush(to target: inout [UInt8]) {
    let bits = pending << UInt32(8 * (3 - count))
    for position in 0..<4 {
      let digit = Int(bits >> UInt32(18 - 6 * position) & 63)
      target.append(position <= count ? Self.alphabet[digit] : 0x3d)
    }
    pending = 0
    count = 0
  }

  /// Appends what is left, padded.
  package mutating func finish(to target: inout [UInt8]) {
    if count > 0 { flush(to: &target) }
  }

  /// The text of bytes that are all there.
  package static func text(of bytes: Span<UInt8>) -> String {
    var encoder = Base64Encoder()
    var text: [UInt8] = []
    encoder.append(bytes, to: &text)
    encoder.finish(to: &text)
    return String(decoding: text, as: UTF8.self)
  }
}
