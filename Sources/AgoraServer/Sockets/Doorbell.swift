import AgoraStore
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A pipe that wakes a thread which waits for descriptors; rung many times, it wakes once.
final class Doorbell: Sendable {
  private let reading: File
  private let writing: File
  private let isRung = Atomic<Bool>(false)

  init() throws(SystemError) {
    (reading, writing) = try System.makePipe()
    for file in [reading, writing] { _ = fcntl(file.descriptor, F_SETFL, O_NONBLOCK) }
  }

  /// What becomes readable.
  var descriptor: Int32 { reading.descriptor }

  /// Wakes; may be called on any thread.
  func ring() {
    guard !isRung.exchange(true, ordering: .acquiringAndReleasing) else { return }
    let byte: [UInt8] = [0]
    // A pipe that is full wakes just as well.
    try? writing.write(byte.span)
  }

  /// Waits until it is rung, or for so long, and makes it ready again.
  func wait(milliseconds: Int32) {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    if poll(&waiting, 1, milliseconds) > 0 { rest() }
  }

  /// Makes it ready to be rung again; what was posted before is seen by who looks after this.
  func rest() {
    var bytes: [UInt8] = []
    _ = try? reading.read(upTo: 16, appendingTo: &bytes)
    isRung.store(false, ordering: .sequentiallyConsistent)
  }
}
