/// What a request comes with that does not stand in it.
public struct RequestContext: Sendable {
  /// The request's own id, which the answer carries and the log names.
  public let id: String
  /// The client's address, without its port.
  public let client: String
}

/// What is said to a request before its body is read.
public enum Admission: Sendable {
  /// The body is read, up to so many bytes; the server's own limit holds besides. A longer one is answered
  /// with `tooLarge`, or with a problem document where nothing else is said.
  case accept(bodyLimit: Int, tooLarge: HTTPResponse? = nil)
  /// The request is answered at once, refused or not.
  case refuse(HTTPResponse)
}

/// What answers requests.
public protocol RequestHandler: Sendable {
  /// Says whether a request's body is to be read; called on the server's own thread, so it must not
  /// wait for anything.
  func admit(_ head: HTTPRequest) -> Admission
  /// Answers; called on a worker's thread, where it may wait.
  func respond(to request: HTTPRequest, _ context: RequestContext) -> HTTPResponse
}
