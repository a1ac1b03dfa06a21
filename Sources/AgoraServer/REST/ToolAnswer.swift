import AgoraStore

/// What a tool's reply or failure is in HTTP, with what is to be said of a tool that will go.
struct ToolAnswer {
  let marketplace: Marketplace

  /// The answer of a call that was done.
  func response(_ reply: ToolReply) -> HTTPResponse {
    var response = HTTPResponse.text(
      JSONWriter.compact(reply.result) + "\n", type: "application/json")
    response.headers.append("Cache-Control", "no-store")
    for warning in reply.warnings {
      response.headers.append("Warning", "299 agora \(Self.quoted(warning))")
    }
    if !reply.warnings.isEmpty { add(deprecationOf: reply.tool, to: &response.headers) }
    return response
  }

  /// The problem that a failed call is.
  ///
  /// - Parameter tool: what was called; nil where there is no such tool.
  func problem(_ failure: ToolFailure, of tool: Tool?) -> Problem {
    var problem = Problem(failure)
    if let tool { add(deprecationOf: tool, to: &problem.headers) }
    // A store that is busy is free again soon; a halt, or a store that may only be read, lasts until
    // somebody does something about it.
    if failure.code == .unavailable, failure.lastingFault == nil {
      problem.headers.append("Retry-After", "1")
    }
    return problem
  }

  /// Says since when a tool is discouraged, when it ends and what takes its place (RFC 9745, 8594, 5829).
  private func add(deprecationOf tool: Tool, to headers: inout HTTPHeaders) {
    let state = try? marketplace.store.read { try ServiceRegister.state(of: tool, in: $0) }
    guard let deprecation = state?.deprecation else { return }
    headers.append("Deprecation", "@\(Self.seconds(deprecation.since))")
    if let sunset = deprecation.sunset {
      headers.append("Sunset", HTTPDate.text(seconds: Self.seconds(sunset)))
    }
    if let path = ToolPath(named: deprecation.replacement)?.path {
      headers.append("Link", "<\(path)>; rel=\"successor-version\"")
    }
    if let guide = deprecation.guide, let link = Self.link(guide) {
      headers.append("Link", "<\(link)>; rel=\"deprecation\"")
    }
  }

  private static func seconds(_ instant: Timestamp) -> Int64 { instant.microseconds / 1_000_000 }

  /// A guide's address; nil where the guide is words.
  private static func link(_ guide: String) -> String? {
    let isAddress =
      ["https://", "http://", "/"].contains { guide.hasPrefix($0) }
      && guide.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x3c && $0 != 0x3e && $0 != 0x22 }
    return isAddress ? guide : nil
  }

  /// Text as a quoted string (RFC 9110 §5.6.4); what is not ASCII becomes a question mark.
  private static func quoted(_ text: String) -> String {
    let inner = text.unicodeScalars.reduce(into: "") { result, scalar in
      if scalar == "\"" || scalar == "\\" { result += "\\" }
      result.unicodeScalars.append(scalar.isASCII ? scalar : "?")
    }
    return "\"\(inner)\""
  }
}

/// Where a tool is on the server: `/agora/messaging/send` for `agora.messaging.send`.
struct ToolPath {
  let path: String

  init(_ tool: Tool) { path = Self.path(tool.name.split(separator: ".").map(String.init)) }

  /// The path of a name that may have a version behind it; nil for what is no tool's name.
  init?(named name: String) {
    let parts = name.split(
      separator: ".", maxSplits: 2, omittingEmptySubsequences: false
    ).map(String.init)
    guard parts.count == 3, parts[0] == "agora" else { return nil }
    path = Self.path(parts)
  }

  private static func path(_ parts: [String]) -> String {
    "/"
      + parts.map {
        PercentCoding.encode($0).split(separator: "%40", omittingEmptySubsequences: false).joined(
          separator: "@")
      }.joined(separator: "/")
  }
}
