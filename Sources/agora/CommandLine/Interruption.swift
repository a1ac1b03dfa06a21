import AgoraStore
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether somebody pressed Control-C or asked the process to end.
///
/// The handler only sets a mark; the work looks at it between two batches.
enum Interruption {
  private static let mark = Atomic<Bool>(false)

  private static let handler: @convention(c) (Int32) -> Void = { number in
    mark.store(true, ordering: .relaxed)
    signal(number, SIG_DFL)
  }

  /// Takes the signals; a second one ends the process at once.
  static func watch() {
    for number in [SIGINT, SIGTERM] { signal(number, handler) }
  }

  /// - Throws: ``AgoraError`` `interrupted`.
  static func check() throws {
    guard mark.load(ordering: .relaxed) else { return }
    throw AgoraError(
      .interrupted, "interrupted; the store is as it was before",
      remedy: "Run the same command again.")
  }
}
