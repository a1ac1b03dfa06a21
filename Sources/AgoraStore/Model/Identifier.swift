/// The kinds of v5 identifiers and their prefixes (`agent_…`, `msg_…`).
public enum IdentifierKind: String, Sendable, CaseIterable {
  case agent
  case service = "svc"
  case workflow = "wf"
  case step
  case message = "msg"
  case task
  case event = "evt"
  case audit = "aud"
  case archivedRow = "row"
  case subscription = "sub"
  case override = "ovr"
  case run
}

/// A v5 identifier: a kind's prefix, an underscore and a UUID's 32 lower-case hex digits.
public struct Identifier: Sendable, Hashable, CustomStringConvertible {
  /// What the identifier names.
  public let kind: IdentifierKind
  /// The identifier as it is written, such as `msg_0190c5d4e5f67a8b9c0d1e2f3a4b5c6d`.
  public let description: String

  package init(_ kind: IdentifierKind, _ bits: UUIDBits) {
    self.kind = kind
    var text = Array(kind.rawValue.utf8)
    text.append(0x5f)
    bits.appendHex(to: &text)
    description = String(decoding: text, as: UTF8.self)
  }

  /// Reads an identifier; nil when the text has not the form of one.
  ///
  /// The protocol's older form with 16 digits (`agent_a1b2c3d4e5f60718`) is accepted as well.
  public init?(_ text: String) {
    guard let underscore = text.firstIndex(of: "_"),
      let kind = IdentifierKind(rawValue: String(text[..<underscore]))
    else { return nil }
    let digits = text[text.index(after: underscore)...].utf8
    guard digits.count == 32 || digits.count == 16,
      digits.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else { return nil }
    self.kind = kind
    description = text
  }
}

/// Makes new identifiers; the clock and the randomness are given, so that tests are exact.
public struct IdentifierSource: Sendable {
  private let clock: Clock
  private let random: @Sendable () -> (UInt64, UInt64)

  /// Makes a source of UUIDv7 identifiers.
  public init(
    clock: Clock = .system,
    random: @escaping @Sendable () -> (UInt64, UInt64) = {
      (UInt64.random(in: 0...UInt64.max), UInt64.random(in: 0...UInt64.max))
    }
  ) {
    self.clock = clock
    self.random = random
  }

  /// A new identifier of a kind.
  public func next(_ kind: IdentifierKind) -> Identifier {
    let milliseconds = UInt64(max(0, clock.now().microseconds / 1000))
    return Identifier(kind, UUIDBits(version7: milliseconds, random: random()))
  }
}
