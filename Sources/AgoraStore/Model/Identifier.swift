import Synchronization

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

  /// Whether the identifier was given on v5: a UUID of version 7, where migrated rows have version 5.
  package var isBornOnV5: Bool {
    let digits = description.utf8.suffix(32)
    return digits.count == 32 && digits.dropFirst(12).first == 0x37
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
  public func next(_ kind: IdentifierKind) -> Identifier { Identifier(kind, nextBits()) }

  fileprivate func nextBits() -> UUIDBits {
    let milliseconds = UInt64(max(0, clock.now().microseconds / 1000))
    return UUIDBits(version7: milliseconds, random: random())
  }
}

/// Identifiers each of which is greater than the one before, also within a millisecond and when the
/// clock is set back (RFC 9562 §6.2, method 2).
package final class IdentifierSequence: Sendable {
  private let source: IdentifierSource
  private let last = Mutex<UUIDBits?>(nil)

  package init(_ source: IdentifierSource) { self.source = source }

  /// A new identifier of a kind.
  package func next(_ kind: IdentifierKind) -> Identifier {
    let bits = last.withLock { last in
      var bits = source.nextBits()
      if let last, !(last < bits) { bits = last.following }
      last = bits
      return bits
    }
    return Identifier(kind, bits)
  }
}
