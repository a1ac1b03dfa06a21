import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the operating system answered when a call failed.
public struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The value of `errno`.
  public let number: Int32
  /// What was being done, with the path where there is one.
  public let doing: String

  package init(number: Int32, doing: String) {
    self.number = number
    self.doing = doing
  }

  /// The system's words for ``number``.
  public var reason: String { String(cString: strerror(number)) }
  /// One line: what was being done and why it failed.
  public var description: String { "\(doing): \(reason)" }

  package var isInterruption: Bool { number == EINTR }
  package var isBrokenPipe: Bool { number == EPIPE }
  package var isMissing: Bool { number == ENOENT }
  package var isExisting: Bool { number == EEXIST }
  package var isDenied: Bool { number == EACCES || number == EPERM || number == EROFS }
  package var isFull: Bool { number == ENOSPC || number == EDQUOT || number == EFBIG }
  package var isOutOfFiles: Bool { number == EMFILE || number == ENFILE }
  package var isFolder: Bool { number == EISDIR }
  package var wouldBlock: Bool { number == EWOULDBLOCK }
}

/// The one door to the operating system: `errno` is read right after the call, EINTR is retried.
package enum System {
  /// Runs a call that answers -1 on failure.
  @inline(never)
  @discardableResult
  package static func call(_ doing: @autoclosure () -> String, _ body: () -> Int)
    throws(SystemError) -> Int
  {
    while true {
      let result = body()
      if result != -1 { return result }
      let number = errno
      if number != EINTR || isInterrupted { throw SystemError(number: number, doing: doing()) }
    }
  }

  private static let interruption = Atomic<Bool>(false)

  /// The pipe that becomes readable when the process is to stop; -1 while nobody watches for it.
  private static let alarm = Atomic<Int32>(-1)
  private static let alarmBell = Atomic<Int32>(-1)

  /// Makes ready for ``interrupt()``: called once, before the signals' handlers are set.
  package static func watchInterruption() {
    var ends: [Int32] = [-1, -1]
    guard alarm.load(ordering: .relaxed) == -1, pipe(&ends) == 0 else { return }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    alarmBell.store(ends[1], ordering: .relaxed)
    alarm.store(ends[0], ordering: .relaxed)
  }

  /// What becomes readable, and stays so, when the process is to stop; nil while nobody watches for it.
  package static var interruptionDescriptor: Int32? {
    let descriptor = alarm.load(ordering: .relaxed)
    return descriptor == -1 ? nil : descriptor
  }

  /// Notes that the process is to stop; may be called in a signal's handler.
  package static func interrupt() {
    interruption.store(true, ordering: .relaxed)
    var byte: UInt8 = 0
    // Nothing is lost when the pipe is full or not there: the mark above counts.
    _ = write(alarmBell.load(ordering: .relaxed), &byte, 1)
  }

  /// Waits until something can be read, or the process is to stop.
  ///
  /// A read that begins right after a signal came would wait for bytes that may never come; this looks
  /// at both at once.
  package static func waitUntilReadable(_ descriptor: Int32) throws(SystemError) {
    var watched = [
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: alarm.load(ordering: .relaxed), events: Int16(POLLIN), revents: 0),
    ]
    try call("wait for input") { Int(poll(&watched, 2, -1)) }
    if isInterrupted { throw SystemError(number: EINTR, doing: "wait for input") }
  }

  /// Whether the process is to stop.
  package static var isInterrupted: Bool { interruption.load(ordering: .relaxed) }

  /// Sets up what a command-line program relies on: its three standard files are open, a write that
  /// nobody takes or that goes beyond a limit fails instead of killing, and children can be waited for.
  package static func prepareProcess() {
    for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) == -1 {
      _ = open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY)
    }
    // Whoever started us may have blocked signals: then nothing but SIGKILL would end us.
    var none = sigset_t()
    sigemptyset(&none)
    sigprocmask(SIG_SETMASK, &none, nil)
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    signal(SIGCHLD, SIG_DFL)
  }

  /// Lets this process have as many files open as the system allows it, for a server with many clients.
  package static func allowManyFiles() {
    var limits = rlimit()
    #if canImport(Glibc)
      let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
      let files = RLIMIT_NOFILE
    #endif
    guard getrlimit(files, &limits) == 0, limits.rlim_cur < limits.rlim_max else { return }
    // A limit without end is refused by some systems; no server here needs more than this.
    limits.rlim_cur = min(limits.rlim_max, 65_536)
    _ = setrlimit(files, &limits)
  }

  /// The environment's value under a name; nil when it is not set or empty.
  package static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  /// This process's number.
  package static var processID: Int32 { getpid() }

  /// This machine's name.
  package static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Where this program lies; nil where the system does not tell.
  package static var executablePath: String? {
    #if os(Linux)
      guard let path = realpath("/proc/self/exe", nil) else { return nil }
      defer { free(path) }
      return String(cString: path)
    #else
      var size: UInt32 = 0
      _NSGetExecutablePath(nil, &size)
      var path = [CChar](repeating: 0, count: Int(size) + 1)
      guard _NSGetExecutablePath(&path, &size) == 0 else { return nil }
      return String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    #endif
  }

  /// Makes a pipe whose ends no child inherits by chance.
  package static func makePipe() throws(SystemError) -> (reading: File, writing: File) {
    var ends: [Int32] = [-1, -1]
    try call("make a pipe") { Int(pipe(&ends)) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (File(descriptor: ends[0], path: "-"), File(descriptor: ends[1], path: "-"))
  }

  /// Waits a moment.
  package static func pause(milliseconds: Int32) { _ = poll(nil, 0, milliseconds) }

  /// Lets others go first.
  package static func yield() { _ = sched_yield() }

  /// Whether a descriptor is a terminal.
  package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// Seconds on a clock that only goes forward, for durations.
  package static func monotonicSeconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
  }

  /// Microseconds since an instant of ``monotonicSeconds()``, 0 to 10¹².
  package static func microseconds(since start: Double) -> Int {
    Int(max(0, min(monotonicSeconds() - start, 1e6)) * 1e6)
  }

  /// Microseconds since 1970 UTC.
  package static func wallMicroseconds() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
  }

  /// A word that changes when the machine is started anew; nil where the system does not tell.
  ///
  /// Files that were not synced can be trusted after a crash of the process, not after one of the machine.
  package static func bootIdentity() -> String? {
    #if os(Linux)
      guard let text = try? File.contents("/proc/sys/kernel/random/boot_id", limit: 64) else {
        return nil
      }
      return String(decoding: text.prefix { $0 != 0x0a }, as: UTF8.self)
    #else
      var value = timeval()
      var size = MemoryLayout<timeval>.size
      guard sysctlbyname("kern.boottime", &value, &size, nil, 0) == 0 else { return nil }
      return "\(value.tv_sec).\(value.tv_usec)"
    #endif
  }
}
