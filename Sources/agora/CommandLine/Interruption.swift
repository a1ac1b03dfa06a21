import AgoraStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether somebody pressed Control-C or asked the process to end.
///
/// The handler only sets a mark; the work looks at it between two batches, and a system call that
/// waits is left at once.
enum Interruption {
  private static let handler: @convention(c) (Int32) -> Void = { number in
    System.interrupt()
    // A second signal ends the process at once.
    signal(number, SIG_DFL)
  }

  /// Takes the signals.
  static func watch() {
    System.watchInterruption()
    // A parent's thread may have handed its blocked signals down.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] {
      sigaddset(&signals, number)
      // Not `signal`, which has waiting calls go on as if nothing had been.
      var action = sigaction()
      #if canImport(Glibc)
        action.__sigaction_handler.sa_handler = handler
      #else
        action.__sigaction_u.__sa_handler = handler
      #endif
      sigaction(number, &action, nil)
    }
    sigprocmask(SIG_UNBLOCK, &signals, nil)
  }

  /// - Throws: ``AgoraError`` `interrupted`.
  static func check() throws {
    guard System.isInterrupted else { return }
    throw AgoraError.interrupted
  }
}
