/// Where a web page comes from: scheme, host and port (RFC 6454 §4).
public struct WebOrigin: Sendable, Hashable, CustomStringConvertible {
  /// `http` or `https`.
  public let scheme: String
  /// The host in lower case; an IPv6 address in brackets.
  public let host: String
  /// The port.
  public let port: Int

  /// Reads `https://agora.example.com` or `http://localhost:3000`; nil where it is no such thing.
  public init?(_ text: String) {
    let lowered = text.lowercased()
    guard let scheme = ["http", "https"].first(where: { lowered.hasPrefix($0 + "://") }) else {
      return nil
    }
    self.init(scheme: scheme, authority: lowered.dropFirst(scheme.count + 3))
  }

  /// Reads the host and port that a request asks.
  init?(scheme: String, authority: some StringProtocol) {
    guard RequestFraming.isHost(authority) else { return nil }
    let text = authority.lowercased()
    let end = text.lastIndex { $0 == "]" } ?? text.startIndex
    let colon = text[end...].firstIndex(of: ":")
    let digits = colon.map { text[text.index(after: $0)...] } ?? ""
    self.scheme = scheme
    // A name may have the root's dot at its end.
    let name = text[..<(colon ?? text.endIndex)]
    host = String(name.hasSuffix(".") ? name.dropLast() : name)
    port = Int(digits) ?? (scheme == "https" ? 443 : 80)
  }

  /// The origin as browsers write it.
  public var description: String {
    let usual = scheme == "https" ? 443 : 80
    return "\(scheme)://\(host)" + (port == usual ? "" : ":\(port)")
  }

  /// Whether the host is this machine itself.
  var isLoopback: Bool {
    if host == "localhost" || host == "[::1]" { return true }
    return host.hasPrefix("127.") && isIPv4
  }

  /// Whether the host is an address and no name, so that no name server has a say in where it leads.
  var isAddress: Bool { host.hasPrefix("[") || isIPv4 }

  private var isIPv4: Bool {
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
          && (Int(part) ?? 256) < 256
      }
  }
}
