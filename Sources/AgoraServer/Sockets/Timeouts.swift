/// How long the server waits for its clients, in milliseconds.
public struct Timeouts: Sendable, Equatable {
  /// For a whole head, from its first byte, or from the beginning of the connection.
  public var head: Int64 = 10_000
  /// For a whole body, from the end of its head.
  public var body: Int64 = 60_000
  /// For another request on an open connection.
  public var idle: Int64 = 60_000
  /// For the client to take some of what is sent to it.
  public var write: Int64 = 30_000
  /// Between two signs of life of a WebSocket's client: then it is asked, and then it is let go.
  public var heartbeat: Int64 = 30_000
  /// For a client to notice that the connection is closed, before it is cut.
  public var linger: Int64 = 2_000

  /// The time-outs that are documented.
  public init() {}

  /// Until when the next part of a request has to be there.
  ///
  /// - Parameters:
  ///   - headSince: since when a head is coming; nil while none is.
  ///   - bodySince: since when a body is coming; nil while none is.
  ///   - idleSince: since when a request has been awaited.
  ///   - isFirst: whether it is the connection's first one.
  func ofReading(
    head headSince: Int64?, body bodySince: Int64?, _ idleSince: Int64, _ isFirst: Bool
  )
    -> Int64
  {
    if let bodySince { return bodySince + body }
    if let headSince { return headSince + head }
    return idleSince + (isFirst ? head : idle)
  }
}
