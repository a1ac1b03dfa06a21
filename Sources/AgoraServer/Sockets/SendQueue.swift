/// The bytes that wait to be sent to one client, and since when it has taken too few of them.
struct SendQueue {
  /// As many bytes wait at most before nothing more is made for the client.
  static let highWater = 65536

  private var bytes: [UInt8] = []
  private var start = 0
  private var mark: (time: Int64, bytes: Int) = (0, 0)

  /// Bytes that were ever appended.
  private(set) var appended = 0
  /// Bytes that wait.
  var count: Int { bytes.count - start }
  /// Bytes that are kept, those included that were sent and have not been let go of.
  var heldCount: Int { bytes.count }
  /// Whether nothing more is to be made before the client has taken some.
  var isFull: Bool { count >= Self.highWater }
  /// The time since which too little has been taken; nil where nothing waits.
  var waitingSince: Int64? { count > 0 ? mark.time : nil }

  /// Lends the bytes that wait.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
  }

  /// Notes that bytes were taken.
  mutating func sent(_ count: Int, _ now: Int64) {
    start += count
    mark.bytes += count
    if start == bytes.count {
      bytes.removeAll(keepingCapacity: bytes.capacity <= 2 * Self.highWater)
      start = 0
    }
    // A byte now and then is no progress: else a slow reader could stay for ever.
    if self.count == 0 || mark.bytes >= 4096 { mark = (now, 0) }
  }

  /// Appends what `body` writes.
  mutating func append(_ now: Int64, _ body: (inout [UInt8]) -> Void) {
    if count == 0 { mark = (now, 0) }
    if start > Self.highWater {
      bytes.removeFirst(start)
      start = 0
    }
    let before = bytes.count
    body(&bytes)
    appended += bytes.count - before
  }
}
