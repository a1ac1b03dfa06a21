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
    var ends: [Int32] = [-1, -1]
    try System.call("make a pipe") { Int(pipe(&ends)) }
    // Our end must not be open in the child, or it would never see the pipe closed.
    _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
    #if canImport(Glibc)
      var actions = posix_spawn_file_actions_t()
    #else
      var actions: posix_spawn_file_actions_t?
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, input, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addclose(&actions, ends[1])
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
    words.append(nil)
    var process: pid_t = 0
    let code = posix_spawnp(&process, program, &actions, nil, words, environ)
    posix_spawn_file_actions_destroy(&actions)
    for word in words { free(word) }
    close(ends[1])
    guard code == 0 else {
      close(ends[0])
      throw SystemError(number: code, doing: "start \(program)")
    }
    self.process = process
    output = File(descriptor: ends[0], path: program)
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
      kill(process, SIGTERM)
      _ = try? wait()
    }
  }
}
