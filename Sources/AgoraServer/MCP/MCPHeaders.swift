import AgoraStore

/// The header fields that repeat a request's body (2026-07-28, Request Metadata), so that gateways need
/// not read it: what they route by has to be what is done.
enum MCPHeaders {
  static let version = "MCP-Protocol-Version"
  private static let method = "Mcp-Method"
  private static let name = "Mcp-Name"
  /// The parameter that `Mcp-Name` repeats.
  private static let named = [
    "tools/call": "name", "prompts/get": "name", "resources/read": "uri",
  ]

  /// Holds the fields against the body.
  ///
  /// - Throws: ``RPCError`` `-32020` for one that is missing, given twice or says something else.
  static func check(
    _ headers: HTTPHeaders, _ request: RPCRequest, _ envelope: MCPEnvelope
  ) throws(RPCError) {
    let spoken = try value(version, headers)
    guard case .string(let wanted) = envelope.version, spoken?.exact == wanted.exact else {
      throw mismatch(version, "params._meta")
    }
    guard try value(method, headers)?.exact == request.method.exact else {
      throw mismatch(method, "method")
    }
    guard let parameter = named[request.method], case .string(let text)? = request[parameter]
    else { return }
    let given = try value(name, headers).flatMap(decoded)
    guard given?.exact == text.exact else { throw mismatch(name, "params.\(parameter)") }
  }

  private static func value(
    _ name: String, _ headers: HTTPHeaders
  ) throws(RPCError) -> String? {
    let values = headers.all(name)
    guard values.count < 2 else {
      throw RPCError(.headerMismatch, "the header field \(name) is given twice")
    }
    return values.first
  }

  private static func mismatch(_ name: String, _ place: String) -> RPCError {
    RPCError(.headerMismatch, "the header field \(name) does not say what \(place) says")
  }

  /// A value without its wrapping: `=?base64?…?=` holds what cannot stand in a header field.
  ///
  /// - Returns: nil where what is inside is no Base64 of UTF-8.
  static func decoded(_ value: String) -> String? {
    let (start, end) = ("=?base64?", "?=")
    guard value.hasPrefix(start), value.hasSuffix(end),
      value.utf8.count >= start.utf8.count + end.utf8.count
    else { return value }
    let inside = value.dropFirst(start.count).dropLast(end.count)
    // Each run of bytes has one text: what two readers could tell apart is refused.
    guard let bytes = Base64Text.decode(inside), Base64Encoder.text(of: bytes.span) == inside else {
      return nil
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
