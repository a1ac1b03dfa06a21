public import AgoraStore

/// A request's caller, and whether the caller may go on: a stream may outlive the token that opened it.
public struct Standing: Sendable {
  /// Whether asking counts.
  enum Question: Sendable {
    /// One more call of the caller's: it counts against the rate, and as a use of the token.
    case call
    /// A look of the server's own, which costs the caller nothing.
    case look
  }

  /// Who the server takes the caller for.
  public let caller: Caller
  private let check: @Sendable (Question) -> Problem?

  /// - Parameter check: what speaks against the caller at that instant.
  init(_ caller: Caller, check: @escaping @Sendable (Question) -> Problem? = { _ in nil }) {
    self.caller = caller
    self.check = check
  }

  /// What speaks against one more call of the caller's; asking is that call.
  public func objection() -> Problem? { check(.call) }

  /// Whether a stream of the caller's may go on; asking is no call.
  ///
  /// A store that cannot be read at the moment ends no stream.
  public var holds: Bool { check(.look)?.endsStreams != true }

  /// The same caller, as long as nothing else speaks against it either.
  func unless(_ objection: @escaping @Sendable () -> Problem?) -> Standing {
    Standing(caller) { [check] in check($0) ?? objection() }
  }
}

extension Problem {
  /// Whether a stream has to end with it: its token or what it shows is gone, where a full rate passes.
  var endsStreams: Bool { [401, 403, 410].contains(status.code) }
}
