/// One request and its answer, after the last byte was handed over.
public struct Exchange: Sendable, Equatable {
  /// The request's id.
  public let id: String
  /// The client's address.
  public let client: String
  /// The method; nil where the request could not be read.
  public let method: HTTPMethod?
  /// The path as it was written; nil where the request could not be read.
  public let path: String?
  /// The pattern of the route that answered; nil where there was none.
  public let route: String?
  /// The answer's status.
  public let status: HTTPStatus
  /// Bytes of the request's body.
  public let received: Int
  /// Bytes of the answer, with its head.
  public let sent: Int
  /// From the head's arrival to the answer's end, in milliseconds.
  public let milliseconds: Int64
  /// Whether the answer came to its end.
  public let isWhole: Bool
}

/// Who is told what the server does; called on the server's own thread, so it must not wait.
public protocol ServerObserver: Sendable {
  /// A client came.
  func connected()
  /// A client went.
  func disconnected()
  /// A request was answered.
  func answered(_ exchange: Exchange)
}
