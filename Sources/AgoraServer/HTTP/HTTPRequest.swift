/// A request as it was read, with all of its body.
public struct HTTPRequest: Sendable, Equatable {
  /// What is to be done.
  public let method: HTTPMethod
  /// To what.
  public let target: RequestTarget
  /// The minor version of HTTP/1: 0, or 1 and more.
  public let minorVersion: Int
  /// The header fields.
  public let headers: HTTPHeaders
  /// The body; empty where there is none.
  public internal(set) var body: [UInt8] = []
  /// The fields behind a chunked body, which never become header fields (RFC 9110 §6.5.1).
  public internal(set) var trailers = HTTPHeaders()

  /// Host and port that the client asked; an absolute target's come first (RFC 9112 §3.2.2).
  public var host: String? { target.authority ?? headers["Host"] }

  /// Whether the client lets the connection stay open (RFC 9112 §9.3).
  var wantsToStay: Bool {
    let options = headers.list("Connection")
    if options.contains("close") { return false }
    return minorVersion >= 1 || options.contains("keep-alive")
  }

  /// Whether the client waits for 100 before it sends the body (RFC 9110 §10.1.1).
  var awaitsContinue: Bool {
    minorVersion >= 1 && headers.lists("Expect", "100-continue")
  }
}
