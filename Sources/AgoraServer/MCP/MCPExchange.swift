package import AgoraStore

/// What comes with a request that does not stand in it.
package struct MCPExchange: Sendable {
  /// Who asks.
  let caller: Caller
  /// Where messages go that come before the answer.
  let notify: @Sendable (JSON) -> Void

  /// - Parameter notify: takes whole messages, in order; it may be called on any thread.
  package init(caller: Caller, notify: @escaping @Sendable (JSON) -> Void = { _ in }) {
    self.caller = caller
    self.notify = notify
  }
}

/// How far a request is, told to a client that has given a token for it.
///
/// A call is one transaction, so there are two things to tell: that it begins, and that it is done.
struct MCPProgress: Sendable {
  private let token: JSON

  /// - Returns: nil where the request has no token: a string or a whole number.
  init?(_ request: RPCRequest) {
    guard let given = request.meta.first(where: { $0.name == "progressToken" })?.value,
      let token = RPCID(given)?.json
    else { return nil }
    self.token = token
  }

  /// How much of one is done; each value is above the last one.
  func message(_ done: Int, _ words: String) -> JSON {
    RPCNotification.json(
      "notifications/progress",
      [
        .init("progressToken", token), .init("progress", .int(done)), .init("total", .int(1)),
        .init("message", .string(words)),
      ])
  }
}

/// Messages that ask for no answer.
enum RPCNotification {
  static func json(_ method: String, _ params: [JSON.Member]) -> JSON {
    .object([
      .init("jsonrpc", .string("2.0")), .init("method", .string(method)),
      .init("params", .object(params)),
    ])
  }
}
