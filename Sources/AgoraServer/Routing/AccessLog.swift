import AgoraStore

/// Writes a line for each answered request.
public final class AccessLog: ServerObserver {
  private let log: ServerLog

  /// Makes an observer that writes to a log.
  public init(_ log: ServerLog) { self.log = log }

  /// Nothing is written about connections.
  public func connected() {}
  /// Nothing is written about connections.
  public func disconnected() {}

  /// Writes a line, soon.
  public func answered(_ exchange: Exchange) {
    log.note(
      exchange.status.code < 500 ? .info : .error, "request",
      [
        .init("request_id", .string(exchange.id)), .init("client", .string(exchange.client)),
        .init("method", .optional(exchange.method?.rawValue)),
        .init("path", .optional(exchange.path)), .init("route", .optional(exchange.route)),
        .init("status", .int(exchange.status.code)), .init("received", .int(exchange.received)),
        .init("sent", .int(exchange.sent)), .init("ms", .int(Int(exchange.milliseconds))),
        .init("whole", .bool(exchange.isWhole)),
      ])
  }
}
