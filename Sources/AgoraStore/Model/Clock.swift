/// Where the time comes from: the system, or a fixed instant in tests and rehearsals.
public struct Clock: Sendable {
  private let read: @Sendable () -> Timestamp

  /// Makes a clock of any function.
  public init(_ read: @escaping @Sendable () -> Timestamp) { self.read = read }

  /// The present instant.
  public func now() -> Timestamp { read() }

  /// The machine's clock; where `AGORA_NOW` says an instant, one that stands still there.
  ///
  /// So a rehearsal has one time in all that it runs. Programs look with ``ofEnvironment()`` at their start
  /// whether the word is an instant.
  public static let system = (try? ofEnvironment()) ?? machine

  private static let machine = Clock { Timestamp(microseconds: System.wallMicroseconds()) }

  /// A clock that stands still.
  public static func fixed(_ instant: Timestamp) -> Clock { Clock { instant } }

  /// The machine's clock, or the instant that `AGORA_NOW` says in RFC 3339, for tests and rehearsals.
  ///
  /// - Throws: ``AgoraError`` `misuse` where it says no instant.
  package static func ofEnvironment() throws(AgoraError) -> Clock {
    guard let text = System.environment("AGORA_NOW") else { return machine }
    guard let instant = Timestamp(json: .string(text)) else {
      throw AgoraError(
        .misuse, "AGORA_NOW is \"\(TextTable.visible(text))\", and an instant is due",
        remedy: "Write it as 2025-06-06T10:00:00Z.")
    }
    return .fixed(instant)
  }
}
