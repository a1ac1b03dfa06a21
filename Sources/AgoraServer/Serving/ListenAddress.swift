extension SocketAddress {
  /// Reads `127.0.0.1:8080`, `localhost:8080`, `[::1]:8080`, or a port alone, which is of this machine only;
  /// nil for anything else.
  ///
  /// Whether the address is one of this machine is found out by listening on it.
  public init?(listening text: String) {
    let colon = text.lastIndex(of: ":")
    let digits = colon.map { text[text.index(after: $0)...] } ?? text[...]
    guard (1...5).contains(digits.utf8.count),
      digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits), port < 65536
    else { return nil }
    guard let colon else {
      self.init(host: "127.0.0.1", port: port)
      return
    }
    let host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      self.init(host: String(host.dropFirst().dropLast()), port: port)
    } else {
      guard !host.isEmpty, !host.contains(":") else { return nil }
      self.init(host: String(host), port: port)
    }
  }
}
