/// What a handler answers.
public struct HTTPResponse: Sendable {
  /// What follows the head.
  public enum Body: Sendable {
    /// All of it.
    case bytes([UInt8])
    /// A body that is too large to be kept: each call gives the next piece, nil is the end.
    ///
    /// Called on a worker's thread, again only when the client has taken what came before. When it
    /// throws, the connection is cut, so that nobody takes the part for the whole.
    case pieces(@Sendable () throws -> [UInt8]?)
    /// A body without a known end: the closure gets the stream once, and whoever keeps it sends.
    case stream(@Sendable (ClientStream) -> Void)
    /// The connection becomes a WebSocket.
    case webSocket(WebSocketAcceptance)
  }

  /// The status.
  public var status: HTTPStatus
  /// The fields; those about length and connection are the server's own business and left out.
  public var headers: HTTPHeaders
  /// The body.
  public var body: Body
  /// The pattern of the route that answers, for figures and logs.
  var route: String?

  /// Makes an answer.
  public init(_ status: HTTPStatus, _ headers: [(String, String)] = [], body: Body = .bytes([])) {
    self.status = status
    self.headers = HTTPHeaders(headers)
    self.body = body
  }

  /// An answer of text in a media type.
  public static func text(
    _ text: String, status: HTTPStatus = 200, type: String = "text/plain; charset=utf-8"
  ) -> HTTPResponse {
    HTTPResponse(status, [("Content-Type", type)], body: .bytes(Array(text.utf8)))
  }
}
