import AgoraStore

/// What each request says of itself from 2026-07-28 on, in `params._meta`.
struct MCPEnvelope: Sendable {
  static let versionKey = "io.modelcontextprotocol/protocolVersion"
  static let capabilitiesKey = "io.modelcontextprotocol/clientCapabilities"
  static let clientKey = "io.modelcontextprotocol/clientInfo"
  static let serverKey = "io.modelcontextprotocol/serverInfo"
  /// Methods that came with it.
  private static let methods: Set<String> = ["server/discover", "subscriptions/listen"]

  /// The revision as it was written.
  let version: JSON

  /// Whether a request means to be modern: one that says anything of what such a request has to say.
  static func isMeant(_ request: RPCRequest) -> Bool {
    methods.contains(request.method)
      || request.meta.contains {
        [versionKey, capabilitiesKey, clientKey].contains($0.name)
      }
  }

  /// Reads what a request says.
  ///
  /// - Throws: ``RPCError`` `-32602` naming what is missing.
  init(_ request: RPCRequest) throws(RPCError) {
    let meta = request.meta
    let missing = [Self.versionKey, Self.capabilitiesKey].filter { key in
      !meta.contains { $0.name == key }
    }
    guard let version = meta.first(where: { $0.name == Self.versionKey })?.value,
      let capabilities = meta.first(where: { $0.name == Self.capabilitiesKey })?.value
    else {
      throw RPCError(
        .invalidParams, "params._meta has to say \(missing.joined(separator: " and "))")
    }
    guard capabilities.members != nil else {
      throw RPCError(.invalidParams, "\(Self.capabilitiesKey) has to be an object")
    }
    self.version = version
  }

  /// Checks that the revision is spoken here.
  ///
  /// - Throws: ``RPCError`` `-32602` for what is no string, `-32022`.
  func check() throws(RPCError) {
    guard case .string(let text) = version else {
      throw RPCError(.invalidParams, "\(Self.versionKey) has to be a string")
    }
    guard MCPVersion(rawValue: text)?.isModern == true else { throw .unsupported(text) }
  }
}
