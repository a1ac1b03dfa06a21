/// How much of everything a client may send.
public struct HTTPLimits: Sendable, Equatable {
  /// Bytes of the request line, without its end (RFC 9112 §3 recommends 8000 at least).
  public var requestLine = 8192
  /// Header fields of one request.
  public var fields = 100
  /// Bytes of all header fields of one request together.
  public var fieldBytes = 32768
  /// Bytes of a body, however it is framed.
  public var body = 4 << 20
  /// Bytes of all chunk extensions of one body together.
  public var chunkExtensionBytes = 4096
  /// Trailer fields of one request.
  public var trailers = 32
  /// Bytes of all trailer fields together.
  public var trailerBytes = 8192
  /// Bytes that wait behind the request being worked on, before no more is read from the client.
  public var pipelinedBytes = 65536

  /// The limits that are documented.
  public init() {}
}
