package import AgoraStore

/// Why a request has no result (JSON-RPC 2.0 §5.1).
package struct RPCError: Error, Sendable, Equatable {
  /// The codes that are used: those of JSON-RPC and of MCP, which reserves -32020 to -32099.
  package enum Code: Int, Sendable {
    case parse = -32700
    case invalidRequest = -32600
    case methodNotFound = -32601
    case invalidParams = -32602
    case `internal` = -32603
    /// Only up to 2025-11-25; later it is ``invalidParams``.
    case resourceNotFound = -32002
    case headerMismatch = -32020
    case unsupportedVersion = -32022
  }

  package let code: Code
  package let message: String
  package var data: JSON?

  init(_ code: Code, _ message: String, data: JSON? = nil) {
    self.code = code
    self.message = message
    self.data = data
  }

  /// A revision that is not spoken here.
  static func unsupported(_ version: String) -> RPCError {
    RPCError(
      .unsupportedVersion, "this server does not speak \(ValueCheck.shown(version))",
      data: .object([
        .init("supported", MCPVersion.names),
        .init("requested", .string(String(version.prefix(128)))),
      ]))
  }

  /// The answer to a request.
  ///
  /// - Parameter id: nil where the request's could not be read.
  package func answer(to id: RPCID?) -> JSON {
    var members: [JSON.Member] = [
      .init("code", .int(code.rawValue)), .init("message", .string(message)),
    ]
    if let data { members.append(.init("data", data)) }
    return .object([
      .init("jsonrpc", .string("2.0")), .init("id", id?.json ?? .null),
      .init("error", .object(members)),
    ])
  }
}
