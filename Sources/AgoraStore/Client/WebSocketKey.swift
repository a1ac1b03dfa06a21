/// The key of a WebSocket's opening handshake, and the proof that it was read (RFC 6455 §4).
package enum WebSocketKey {
  /// A key that nobody has had: 16 random bytes in Base64.
  package static func random() -> String {
    let bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
    return Base64Encoder.text(of: bytes.span)
  }

  /// What the server answers a key with (§4.2.2, step 5.4).
  package static func proof(of key: String) -> String {
    var hash = SHA1()
    hash.update(key)
    hash.update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
    let digest = hash.finished()
    return Base64Encoder.text(of: digest.span)
  }
}
