/// Where a request's body ends: decided from the header fields alone, refusing all that two readers could
/// understand in two ways (RFC 9112 §6.3, §11.2).
enum RequestFraming: Equatable {
  case none
  case length(Int)
  case chunked

  init(_ headers: HTTPHeaders, minorVersion: Int, limit: Int) throws(HTTPFault) {
    let lengths = headers.all("Content-Length")
    if !headers.all("Transfer-Encoding").isEmpty {
      guard lengths.isEmpty else {
        throw .bad("Content-Length and Transfer-Encoding exclude each other")
      }
      guard minorVersion >= 1 else { throw .bad("HTTP/1.0 has no Transfer-Encoding") }
      let codings = headers.list("Transfer-Encoding")
      guard codings.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isTokenByte) }),
        codings.last == "chunked", codings.filter({ $0 == "chunked" }).count == 1
      else { throw .bad("Transfer-Encoding has to be chunked") }
      guard codings.count == 1 else {
        throw HTTPFault(501, "no transfer coding but chunked is understood")
      }
      self = .chunked
      return
    }
    guard let text = lengths.first else {
      self = .none
      return
    }
    guard lengths.count == 1 else { throw .bad("there is more than one Content-Length") }
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw .bad("Content-Length is no number")
    }
    // Digits that are too many for an integer are more bytes than any limit.
    guard let length = Int(text), length <= limit else { throw Self.tooLarge(limit) }
    self = length == 0 ? .none : .length(length)
  }

  static func tooLarge(_ limit: Int) -> HTTPFault {
    HTTPFault(413, "the body has more than \(limit) bytes")
  }

  /// Checks what every request has to say besides: one host, and no expectation but one.
  static func check(_ headers: HTTPHeaders, minorVersion: Int) throws(HTTPFault) {
    let hosts = headers.all("Host")
    guard hosts.count <= 1 else { throw .bad("there is more than one Host") }
    if let host = hosts.first {
      guard isHost(host) else { throw .bad("Host is malformed") }
    } else if minorVersion >= 1 {
      throw .bad("Host is missing")
    }
    if minorVersion >= 1, !headers.list("Expect").allSatisfy({ $0 == "100-continue" }) {
      throw HTTPFault(417, "nothing but 100-continue can be expected")
    }
  }

  /// Whether text is `host` or `host:port`: a name, an IPv4 address or an IPv6 address in brackets.
  static func isHost(_ text: some StringProtocol) -> Bool {
    var rest = Array(text.utf8)[...]
    let name: ArraySlice<UInt8>
    if rest.first == 0x5b {
      guard let end = rest.firstIndex(of: 0x5d) else { return false }
      name = rest[(rest.startIndex + 1)..<end]
      guard name.allSatisfy({ PercentCoding.hexValue($0) != nil || $0 == 0x3a || $0 == 0x2e })
      else { return false }
      rest = rest[(end + 1)...]
    } else {
      name = rest.prefix { $0 != 0x3a }
      guard
        name.allSatisfy({ byte in
          switch byte {
          case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e, 0x25: true
          default: false
          }
        })
      else { return false }
      rest = rest[name.endIndex...]
    }
    guard !name.isEmpty else { return false }
    guard let colon = rest.popFirst() else { return true }
    return colon == 0x3a && rest.count <= 5 && rest.allSatisfy { (0x30...0x39).contains($0) }
      && (rest.isEmpty || (Int(String(decoding: rest, as: UTF8.self)) ?? 65536) <= 65535)
  }

  /// The bytes of a token (RFC 9110 §5.6.2).
  static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e, 0x5f, 0x60, 0x7c, 0x7e: true
    default: false
    }
  }
}
