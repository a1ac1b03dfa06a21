#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A program of the system that runs beside us and whose output we read, such as `gzip -dc`.
///
/// `posix_spawn` by hand: Foundation's `Process` would make every static binary four times as large.
package final class ChildProcess {
  /// The child's standard output.
  package let output: File
  private let process: pid_t
  private var status: Int32?

  /// Starts `program` (looked up in PATH) with `input` as its standard input.
  package init(_ program: String, _ arguments: [String], input: Int32) throws(SystemError) {
    // Our end must not be open in the child, or it would never see the pipe closed.
    let (reading, writing) = try System.makePipe()
    #if canImport(Glibc)
      var actions = posix_spawn_file_actions_t()
    #else
      var actions: posix_spawn_file_actions_t?
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, input, 0)
    posix_spawn_file_actions_adddup2(&actions, writing.descriptor, 1)
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
    words.append(nil)
    var process: pid_t = 0
    let code = posix_spawnp(&process, program, &actions, nil, words, environ)
    posix_spawn_file_actions_destroy(&actions)
    for word in words { free(word) }
    guard code == 0 else { throw SystemError(number: code, doing: "start \(program)") }
    self.process = process
    output = reading
  }

  /// Ends the child as `kill -9` does.
  package func kill() { Self.send(SIGKILL, to: process) }

  private static func send(_ signal: Int32, to process: pid_t) {
    #if canImport(Glibc)
      _ = Glibc.kill(process, signal)
    #else
      _ = Darwin.kill(process, signal)
    #endif
  }

  /// Waits for the child's end and gives its exit status; 128 and the signal's number for a signal.
  package func wait() throws(SystemError) -> Int32 {
    if let status { return status }
    var result: Int32 = 0
    try System.call("wait for a child") { Int(waitpid(process, &result, 0)) }
    let signal = result & 0x7f
    let code = signal == 0 ? (result >> 8) & 0xff : 128 + signal
    status = code
    return code
  }

  deinit {
    if status == nil {
      Self.send(SIGTERM, to: process)
      _ = try? wait()
    }
  }
}
