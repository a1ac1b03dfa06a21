import AgoraStore

/// How the program ends (the command line's contract).
enum ExitCode: Int32 {
  case done = 0
  /// Nothing is half-done.
  case failed = 1
  /// The command line is wrong.
  case misused = 2
  /// Done, but rows were rejected or conflicts listed.
  case needsAttention = 3
  /// Verification found differences.
  case different = 4
  /// Refused by a guard of the store.
  case refused = 5
  /// The readiness gate is closed.
  case notReady = 6
  /// Interrupted.
  case interrupted = 130
  /// Nobody reads standard output any more: as a program that SIGPIPE has ended.
  case unread = 141

  /// The code that a failure ends with.
  init(_ error: AgoraError) {
    self =
      switch error.code {
      case .misuse, .unknownTable: .misused
      case .locked, .storeIsNewer, .refused, .halted, .ownExport: .refused
      case .notReady: .notReady
      case .interrupted: .interrupted
      default: .failed
      }
  }
}
