/// Where the time comes from: the system, or a fixed instant in tests and rehearsals.
public struct Clock: Sendable {
  private let read: @Sendable () -> Timestamp

  /// Makes a clock of any function.
  public init(_ read: @escaping @Sendable () -> Timestamp) { self.read = read }

  /// The present instant.
  public func now() -> Timestamp { read() }

  /// The machine's clock.
  public static let system = Clock { Timestamp(microseconds: System.wallMicroseconds()) }

  /// A clock that stands still.
  public static func fixed(_ instant: Timestamp) -> Clock { Clock { instant } }
}
