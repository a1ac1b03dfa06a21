/// Where a server of Agora is: `http://HOST:PORT`, perhaps with a path before those of its routes.
package struct ServerAddress: Sendable, Equatable {
  /// The host's name or address, without brackets.
  package let host: String
  package let port: Int
  /// What stands before each route's path; empty or with a slash at its beginning only.
  package let prefix: String

  /// Reads a URL.
  ///
  /// - Throws: ``AgoraError`` `misuse` for anything else, also for `https`, which needs another program.
  package init(_ url: String) throws(AgoraError) {
    let lowered = url.lowercased()
    if lowered.hasPrefix("https://") {
      throw AgoraError(
        .misuse, "\(url) is https, which this program does not speak",
        remedy:
          "Give the http address of a reverse proxy on this machine that speaks TLS to the server, or unset AGORA_URL and name a local store with AGORA_STORE."
      )
    }
    let invalid = AgoraError(
      .misuse, "\(TextTable.visible(url)) is no address of a server",
      remedy: "Write it as http://127.0.0.1:8080.")
    guard lowered.hasPrefix("http://") else { throw invalid }
    let rest = url.dropFirst(7)
    let authority = rest.prefix { $0 != "/" }
    var prefix = rest[authority.endIndex...]
    while prefix.last == "/" { prefix.removeLast() }
    let forbidden = rest.utf8.contains { $0 <= 0x20 || $0 >= 0x7f || $0 == 0x3f || $0 == 0x23 }
    guard !forbidden, !authority.contains("@") else { throw invalid }
    let end = authority.lastIndex(of: "]")
    let colon = authority[(end ?? authority.startIndex)...].firstIndex(of: ":")
    var host = authority[..<(colon ?? authority.endIndex)]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    let digits = colon.map { authority[authority.index(after: $0)...] } ?? "80"
    guard !host.isEmpty, let port = Int(digits), (1...65535).contains(port) else { throw invalid }
    self.host = String(host)
    self.port = port
    self.prefix = String(prefix)
  }

  /// The value of the `Host` field.
  package var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == 80 ? name : "\(name):\(port)"
  }

  /// The whole URL of a route.
  package func url(_ path: String) -> String { "http://\(authority)\(prefix)\(path)" }
}
