/// Why a request could not be read; after one, nothing else from that client can be told apart.
public struct HTTPFault: Error, Sendable, Equatable {
  /// The status that answers it.
  public let status: HTTPStatus
  /// What was wrong and what to do, a sentence without a full stop.
  public let message: String

  init(_ status: HTTPStatus, _ message: String) {
    self.status = status
    self.message = message
  }

  static func bad(_ message: String) -> HTTPFault { HTTPFault(400, message) }
}
