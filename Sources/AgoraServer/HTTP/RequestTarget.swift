/// What a request line asks for (RFC 9112 §3.2): a path and a query, or `*`.
public struct RequestTarget: Sendable, Equatable {
  /// The path as it was written; `*` for all of the server.
  public let path: String
  /// The query as it was written, without `?`; nil where there is none.
  public let query: String?
  /// The path's parts, decoded; `/a/b` has two, `/a/` has `a` and an empty one.
  ///
  /// A slash that was written as `%2F` stays within its part.
  public let segments: [String]
  /// The authority of an absolute form, which counts instead of `Host`.
  let authority: String?

  /// The query's parameters in their order, decoded.
  public var parameters: [(name: String, value: String)] {
    // That the query is well encoded was checked when the target was read.
    query.flatMap { PercentCoding.query($0) } ?? []
  }

  /// Reads a target.
  init(_ bytes: some Collection<UInt8>, method: HTTPMethod) throws(HTTPFault) {
    for byte in bytes {
      switch byte {
      // A fragment never travels; the others are in no URI, and proxies rewrite them in different ways.
      case 0...0x20, 0x7f..., 0x22, 0x23, 0x3c, 0x3e, 0x5c:
        throw .bad("the request target has a character that no URI has; percent-encode it")
      default: continue
      }
    }
    var rest = String(decoding: bytes, as: UTF8.self)[...]
    var authority: String?
    if rest == "*" {
      guard method == .options else { throw .bad("only OPTIONS can ask for *") }
      (path, query, segments, self.authority) = ("*", nil, [], nil)
      return
    }
    if !rest.hasPrefix("/") {
      let scheme = rest.prefix { $0 != ":" }.lowercased()
      guard scheme == "http" || scheme == "https", rest.dropFirst(scheme.count).hasPrefix("://")
      else { throw .bad("the request target is no path and no http URI") }
      rest = rest.dropFirst(scheme.count + 3)
      let host = rest.prefix { $0 != "/" && $0 != "?" }
      guard RequestFraming.isHost(host) else { throw .bad("the target's host is malformed") }
      authority = String(host)
      rest = rest[host.endIndex...]
      if !rest.hasPrefix("/") { rest = "/" + rest }
    }
    self.authority = authority
    let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = parts.first ?? "/"
    let query = parts.count > 1 ? parts[1] : nil
    var segments: [String] = []
    for segment in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      guard let text = PercentCoding.decode(segment) else {
        throw .bad("the path is not percent-encoded UTF-8")
      }
      segments.append(text)
    }
    if let query, PercentCoding.query(query) == nil {
      throw .bad("the query is not percent-encoded UTF-8")
    }
    self.path = String(path)
    self.query = query.map(String.init)
    self.segments = segments
  }
}
