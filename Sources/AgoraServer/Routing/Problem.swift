public import AgoraStore

/// A failure as every route tells it: a problem document (RFC 9457) with a stable code.
public struct Problem: Error, Sendable, Equatable {
  /// The status.
  public var status: HTTPStatus
  /// The stable code.
  public var code: String
  /// What was wrong and what to do.
  public var detail: String
  /// More members; none of them may have a name of RFC 9457.
  public var members: [JSON.Member]
  /// Fields of the answer's head besides its type.
  public var headers = HTTPHeaders()

  /// Makes a problem.
  public init(
    _ status: HTTPStatus, _ code: String, _ detail: String, members: [JSON.Member] = []
  ) {
    self.status = status
    self.code = code
    self.detail = detail
    self.members = members
  }

  /// The problem that a tool's failure is.
  public init(_ failure: ToolFailure) {
    var members: [JSON.Member] = []
    if let parameter = failure.parameter { members.append(.init("parameter", .string(parameter))) }
    if let details = failure.details { members.append(.init("details", details)) }
    self.init(
      Self.status(failure.code), failure.code.rawValue, failure.message, members: members)
  }

  /// A request that is no request.
  static func malformed(_ detail: String) -> Problem { Problem(400, "malformed_request", detail) }

  /// The problem that a request which could not be read is.
  init(_ fault: HTTPFault) {
    let code =
      switch fault.status.code {
      case 413, 414, 431: ToolFailure.Code.tooLarge.rawValue
      case 408: "timeout"
      case 417: "expectation_failed"
      case 501: "not_implemented"
      case 503: ToolFailure.Code.unavailable.rawValue
      case 505: "unsupported_version"
      default: "malformed_request"
      }
    self.init(fault.status, code, fault.message)
  }

  /// The status of each of the marketplace's codes.
  public static func status(_ code: ToolFailure.Code) -> HTTPStatus {
    switch code {
    case .invalidParameter: 400
    case .unauthorized: 401
    case .forbidden: 403
    case .notFound: 404
    case .conflict: 409
    case .gone: 410
    case .tooLarge: 413
    case .rateLimited: 429
    case .internal: 500
    case .halted, .unavailable: 503
    }
  }

  /// The document; the answer's `X-Request-Id` names the request.
  public var json: JSON {
    .object(
      [
        .init("type", .string("about:blank")), .init("title", .string(status.reason)),
        .init("status", .int(status.code)), .init("detail", .string(detail)),
        .init("code", .string(code)),
      ] + members)
  }

  /// The answer.
  public var response: HTTPResponse {
    var response = HTTPResponse.text(
      json.description + "\n", status: status, type: "application/problem+json")
    for field in headers.fields { response.headers.append(field.name, field.value) }
    // Whoever is asked who it is has to be told how to say it (RFC 9110 §11.6.1).
    if status.code == 401, response.headers["WWW-Authenticate"] == nil {
      response.headers.append("WWW-Authenticate", #"Bearer realm="agora""#)
    }
    return response
  }
}
