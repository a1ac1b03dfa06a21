/// The key of a WebSocket's opening handshake, and the proof that it was read (RFC 6455 §4).
package enum WebSocketKey {
  /// A key that nobody has had: 16 random bytes in Base64.
  package static func random() -> String {
    base64((0..<16).map { _ in UInt8.random(in: 0...255) })
  }

  /// What the server answers a key with (§4.2.2, step 5.4).
  package static func proof(of key: String) -> String {
    var hash = SHA1()
    hash.update(key)
    hash.update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
    let digest = hash.finished()
    return base64(digest.indices.map { digest[$0] })
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    var encoder = Base64Encoder()
    encoder.append(bytes.span, to: &text)
    encoder.finish(to: &text)
    return String(decoding: text, as: UTF8.self)
  }
}
