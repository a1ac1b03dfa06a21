import AgoraStore

/// How far the exports were read: how many of the readers' calls have come, and what they said.
///
/// The same exports read with the same options make the same calls, so two readings that have come
/// equally far have equal marks, and a byte that differs makes them different.
struct ReadingMark: Equatable {
  /// Calls of the sink that are complete.
  private(set) var events: Int
  private var state: UInt64

  init() {
    events = 0
    state = 0x6a09_e667_f3bc_c908
  }

  /// Reads what ``json`` wrote; nil for anything else.
  init?(_ json: JSON) {
    guard let events = json["events"]?.integer, let text = json["fingerprint"]?.text,
      let state = UInt64(text, radix: 16)
    else { return nil }
    self.events = events
    self.state = state
  }

  var json: JSON {
    .object([
      .init("events", .int(events)), .init("fingerprint", .string(String(state, radix: 16))),
    ])
  }

  mutating func countEvent() { events += 1 }

  mutating func add(_ text: String) {
    add(text.utf8.span)
  }

  mutating func add(_ number: Int) { mix(UInt64(bitPattern: Int64(number))) }

  /// Adds bytes of which it does not matter how they are cut into pieces.
  mutating func add(pieces bytes: Span<UInt8>) {
    for index in bytes.indices { mix(UInt64(bytes[index])) }
  }

  mutating func add(_ bytes: Span<UInt8>) {
    mix(UInt64(bytes.count))
    let raw = bytes.bytes
    var at = 0
    while at + 8 <= raw.byteCount {
      // Bounds are checked; "unsafe" says only that any eight bytes are taken for a number.
      mix(raw.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self))
      at += 8
    }
    guard at < bytes.count else { return }
    var rest: UInt64 = 0
    while at < bytes.count {
      rest = rest << 8 | UInt64(bytes[at])
      at += 1
    }
    mix(rest)
  }

  /// One step of a multiplicative hash: enough to notice a change that nobody contrived, at the speed
  /// of memory.
  @inline(__always)
  private mutating func mix(_ word: UInt64) {
    state = (state ^ word) &* 0x9e37_79b9_7f4a_7c15
    state ^= state >> 29
  }
}
