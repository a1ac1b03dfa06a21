/// What a server's connections have in common.
struct SessionSettings: Sendable {
  var handler: any RequestHandler
  var limits = HTTPLimits()
  var timeouts = Timeouts()
  /// Bytes of one message of a WebSocket.
  var messageLimit = 1 << 20
  /// Bytes that may wait in a stream or a WebSocket for its client.
  var streamLimit = 256 << 10
  /// Seconds since 1970, for `Date`.
  var seconds: @Sendable () -> Int64
  var requestID: @Sendable () -> String
  var observers: [any ServerObserver] = []
}

extension Session {
  /// Work for a worker's thread.
  enum Work: Sendable {
    case request(HTTPRequest, RequestContext)
    case piece(@Sendable () throws -> [UInt8]?)
    case run(@Sendable () -> Void)

    /// Does it.
    func perform(_ handler: any RequestHandler) -> Outcome {
      switch self {
      case .request(let request, let context):
        return .response(handler.respond(to: request, context))
      case .piece(let next):
        do { return .piece(try next()) } catch { return .failed }
      case .run(let body):
        body()
        return .ran
      }
    }
  }

  /// What became of work.
  enum Outcome: Sendable {
    case response(HTTPResponse)
    case piece([UInt8]?)
    case failed
    case ran
  }

  /// The answer that is being sent.
  struct Answer {
    let id: String
    let request: HTTPRequest?
    let started: Int64
    var status: HTTPStatus = 200
    var route: String?
    var framing = HTTPSerializer.Framing.whole
    var staysOpen = false
    /// What the connection had sent before.
    let begin: Int
  }
}
