import AgoraStore

/// Reads requests from bytes that come in any pieces (RFC 9112), and knows no sockets.
///
/// Heads are read byte by byte, so that what comes out cannot depend on where the pieces end. Nothing is
/// read past a request until it is asked for with ``next()``; what waits is ``pendingCount``.
public struct HTTPParser: Sendable {
  /// What was read.
  public enum Event: Sendable, Equatable {
    /// A head, before its body; who wants to refuse the request does so now.
    case head(HTTPRequest)
    /// The whole request.
    case request(HTTPRequest)
  }

  private enum State: Sendable, Equatable {
    case start, requestLine, fields
    case body(left: Int)
    case chunkSize, chunk(left: Int), chunkEnd, trailers
    case done, failed(HTTPFault)
  }

  private let limits: HTTPLimits
  private var bodyLimit: Int
  private var state = State.start
  private var input: [UInt8] = []
  private var position = 0
  private var line: [UInt8] = []
  private var hasReturn = false
  private var hasSkippedLine = false
  private var fieldBytes = 0
  private var extensionBytes = 0
  private var start: (method: HTTPMethod, target: RequestTarget, minorVersion: Int)?
  private var headers = HTTPHeaders()
  private var request: HTTPRequest?

  /// Makes a reader for one connection.
  public init(limits: HTTPLimits = HTTPLimits()) {
    self.limits = limits
    bodyLimit = limits.body
  }

  /// The head of a request that failed behind it.
  private(set) var failed: HTTPRequest?
  /// The bytes that came and were not read yet.
  public var pendingCount: Int { input.count - position }
  /// The bytes that are kept: unread ones and the body so far.
  var heldCount: Int { input.count + line.count + (request?.body.count ?? 0) }
  /// Whether nothing of a request has come.
  var isIdle: Bool { state == .start && pendingCount == 0 && !hasReturn }
  /// Whether a head was read and its body is coming.
  var isInBody: Bool {
    switch state {
    case .body, .chunkSize, .chunk, .chunkEnd, .trailers: true
    default: false
    }
  }

  /// Takes in the next bytes.
  public mutating func feed(_ bytes: Span<UInt8>) {
    if position == input.count {
      input.removeAll(keepingCapacity: input.capacity <= 65536)
      position = 0
    }
    input.append(copying: bytes)
  }

  /// Lets the body whose head was just read have a lower limit.
  mutating func limitBody(to count: Int) throws(HTTPFault) {
    bodyLimit = min(bodyLimit, count)
    if case .body(let left) = state, left > count { throw fail(RequestFraming.tooLarge(count)) }
  }

  /// Gives back the bytes that no request has taken, for another protocol.
  mutating func takeRest() -> [UInt8] {
    defer { (input, position, state) = ([], 0, .failed(.bad("the protocol was changed"))) }
    return Array(input[position...])
  }

  /// The next thing that the bytes so far hold; nil when more have to come.
  ///
  /// - Throws: what is wrong with the request; the same again from then on.
  public mutating func next() throws(HTTPFault) -> Event? {
    while true {
      switch state {
      case .failed(let fault): throw fault
      case .done:
        guard let whole = request else { return nil }
        request = nil
        headers = HTTPHeaders()
        state = .start
        hasSkippedLine = false
        bodyLimit = limits.body
        return .request(whole)
      case .body(let left):
        guard takeBody(left, { .body(left: $0) }, then: .done) else { return nil }
      case .chunk(let left):
        guard takeBody(left, { .chunk(left: $0) }, then: .chunkEnd) else { return nil }
      case .start, .requestLine, .fields, .chunkSize, .chunkEnd, .trailers:
        guard try readLine() else { return nil }
        let text = line
        line.removeAll(keepingCapacity: true)
        do throws(HTTPFault) {
          if let event = try take(text) { return event }
        } catch { throw fail(error) }
      }
    }
  }

  private mutating func fail(_ fault: HTTPFault) -> HTTPFault {
    state = .failed(fault)
    failed = request
    failed?.body = []
    request = nil
    return fault
  }

  /// Moves what is there of a body over; false when more has to come.
  private mutating func takeBody(_ left: Int, _ rest: (Int) -> State, then end: State) -> Bool {
    let count = min(left, pendingCount)
    request?.body.append(contentsOf: input[position..<position + count])
    position += count
    state = count == left ? end : rest(left - count)
    return count == left
  }

  /// Reads on to the end of a line; false when it has not come yet.
  private mutating func readLine() throws(HTTPFault) -> Bool {
    while position < input.count {
      let byte = input[position]
      position += 1
      if hasReturn {
        guard byte == 0x0a else { throw fail(.bad("a carriage return stands alone")) }
        hasReturn = false
        return true
      }
      switch byte {
      case 0x0d: hasReturn = true
      // A line feed alone ends lines for some readers and not for others (RFC 9112 §2.2).
      case 0x0a: throw fail(.bad("a line ends without a carriage return"))
      case 0x09, 0x20...0x7e, 0x80...0xff:
        if state == .start { state = .requestLine }
        try count()
        line.append(byte)
      default: throw fail(.bad("there is a control character"))
      }
    }
    return false
  }

  /// Counts a byte of a line against its limit.
  private mutating func count() throws(HTTPFault) {
    switch state {
    case .requestLine where line.count >= limits.requestLine:
      guard line.contains(0x20) else {
        throw fail(
          line.allSatisfy(RequestFraming.isTokenByte)
            ? HTTPFault(501, "there is no such method") : .bad("the request line has no method"))
      }
      throw fail(HTTPFault(414, "the request line has more than \(limits.requestLine) bytes"))
    case .fields, .trailers:
      fieldBytes += 1
      let limit = state == .fields ? limits.fieldBytes : limits.trailerBytes
      guard fieldBytes <= limit else {
        throw fail(HTTPFault(431, "the fields have more than \(limit) bytes"))
      }
    case .chunkSize:
      // The digits of a size are few; what is more is an extension.
      if line.count >= 16 { extensionBytes += 1 }
      guard extensionBytes <= limits.chunkExtensionBytes else {
        throw fail(.bad("the chunk extensions have too many bytes"))
      }
    case .chunkEnd: throw fail(.bad("a chunk is longer than it says"))
    default: break
    }
  }

  private mutating func take(_ text: [UInt8]) throws(HTTPFault) -> Event? {
    switch state {
    case .start:
      // One empty line before a request is forgiven (RFC 9112 §2.2).
      guard !hasSkippedLine else { throw .bad("there are empty lines where a request should be") }
      hasSkippedLine = true
    case .requestLine:
      start = try Self.requestLine(text)
      fieldBytes = 0
      state = .fields
    case .fields:
      guard text.isEmpty else {
        try Self.addField(text, to: &headers, limit: limits.fields)
        return nil
      }
      return .head(try head())
    case .chunkSize:
      let size = try Self.chunkSize(text)
      guard size > 0 else {
        fieldBytes = 0
        state = .trailers
        return nil
      }
      guard size <= bodyLimit - (request?.body.count ?? 0) else {
        throw RequestFraming.tooLarge(bodyLimit)
      }
      state = .chunk(left: size)
    case .chunkEnd: state = .chunkSize
    case .trailers:
      guard text.isEmpty else {
        var trailers = request?.trailers ?? HTTPHeaders()
        try Self.addField(text, to: &trailers, limit: limits.trailers)
        request?.trailers = trailers
        return nil
      }
      state = .done
    case .body, .chunk, .done, .failed: break
    }
    return nil
  }

  private mutating func head() throws(HTTPFault) -> HTTPRequest {
    guard let start else { throw .bad("the request line is missing") }
    try RequestFraming.check(headers, minorVersion: start.minorVersion)
    let head = HTTPRequest(
      method: start.method, target: start.target, minorVersion: start.minorVersion,
      headers: headers)
    request = head
    let framing = try RequestFraming(
      headers, minorVersion: start.minorVersion, limit: bodyLimit)
    extensionBytes = 0
    switch framing {
    case .none: state = .done
    case .length(let count): state = .body(left: count)
    case .chunked: state = .chunkSize
    }
    return head
  }

  private static func requestLine(_ text: [UInt8]) throws(HTTPFault)
    -> (HTTPMethod, RequestTarget, Int)
  {
    let parts = text.split(separator: 0x20, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(RequestFraming.isTokenByte)
    else { throw .bad("the request line is not METHOD TARGET VERSION with single blanks") }
    let version = Array(parts[2])
    guard version.count == 8, version.starts(with: "HTTP/".utf8), version[6] == 0x2e,
      (0x30...0x39).contains(version[5]), (0x30...0x39).contains(version[7])
    else { throw .bad("the request line has no HTTP version") }
    guard version[5] == 0x31 else { throw HTTPFault(505, "the version has to be HTTP/1.1") }
    guard let method = HTTPMethod(rawValue: String(decoding: parts[0], as: UTF8.self)) else {
      throw HTTPFault(501, "there is no such method")
    }
    return (method, try RequestTarget(parts[1], method: method), Int(version[7] - 0x30))
  }

  private static func addField(
    _ text: [UInt8], to headers: inout HTTPHeaders, limit: Int
  ) throws(HTTPFault) {
    guard headers.fields.count < limit else {
      throw HTTPFault(431, "there are more than \(limit) fields")
    }
    // A blank before the colon, or a line that continues another one, are read in different ways by
    // different readers (RFC 9112 §5.1, §5.2): neither is in a token.
    guard let colon = text.firstIndex(of: 0x3a), colon > 0,
      text[..<colon].allSatisfy(RequestFraming.isTokenByte)
    else { throw .bad("a header line is not NAME: VALUE") }
    let value = HTTPHeaders.trimmed(text[(colon + 1)...])
    headers.append(
      String(decoding: text[..<colon], as: UTF8.self),
      // Bytes that are no UTF-8 are Latin-1, as they once were defined (RFC 9110 §5.5).
      String(validating: value, as: UTF8.self)
        ?? String(String.UnicodeScalarView(value.map { Unicode.Scalar($0) })))
  }

  /// The size that a chunk's first line gives (RFC 9112 §7.1); extensions are passed over.
  private static func chunkSize(_ text: [UInt8]) throws(HTTPFault) -> Int {
    let digits = text.prefix { PercentCoding.hexValue($0) != nil }
    let rest = text[digits.endIndex...]
    guard (1...15).contains(digits.count),
      rest.isEmpty || rest.first(where: { $0 != 0x20 && $0 != 0x09 }) == 0x3b
    else { throw .bad("a chunk's size is no hexadecimal number") }
    return digits.reduce(0) { $0 << 4 | Int(PercentCoding.hexValue($1) ?? 0) }
  }
}
