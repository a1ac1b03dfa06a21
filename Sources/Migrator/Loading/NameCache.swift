import AgoraStore

/// A bounded memory of names that were resolved and the ids they stand for: looked up by the bytes as
/// they stand in a row, so that a known name costs neither a string nor a query.
struct NameCache {
  private struct Entry {
    var hash: UInt64
    var start: Int
    var count: Int
    var id: [UInt8]?
  }

  /// What is known of a name.
  enum Finding {
    case unknown
    /// The name's id; nil for a reference that is kept empty.
    case known([UInt8]?)
  }

  private var slots: [Int32]
  private var entries: [Entry] = []
  private var names: [UInt8] = []
  private let entryLimit: Int
  private let byteLimit: Int

  /// - Parameters:
  ///   - entryLimit: how many names are remembered; at the limit all are forgotten.
  ///   - byteLimit: how many bytes they may have together.
  init(entryLimit: Int = 65_536, byteLimit: Int = 4 << 20) {
    self.entryLimit = entryLimit
    self.byteLimit = byteLimit
    var size = 1
    while size < entryLimit * 2 { size <<= 1 }
    slots = [Int32](repeating: -1, count: size)
  }

  /// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): names are short.
  private static func hash(_ name: Span<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in name.indices { hash = (hash ^ UInt64(name[index])) &* 0x0000_0100_0000_01b3 }
    return hash
  }

  /// What was remembered with a name.
  func find(_ name: Span<UInt8>) -> Finding {
    let hash = Self.hash(name)
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] >= 0 {
      let entry = entries[Int(slots[slot])]
      if entry.hash == hash, entry.count == name.count, matches(entry, name) {
        return .known(entry.id)
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return .unknown
  }

  private func matches(_ entry: Entry, _ name: Span<UInt8>) -> Bool {
    for index in name.indices where names[entry.start + index] != name[index] { return false }
    return true
  }

  /// Remembers the id of a name that is not known.
  mutating func insert(_ name: Span<UInt8>, _ id: [UInt8]?) {
    if entries.count == entryLimit || names.count + name.count > byteLimit { removeAll() }
    let hash = Self.hash(name)
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = Int32(entries.count)
    entries.append(Entry(hash: hash, start: names.count, count: name.count, id: id))
    names.append(copying: name)
  }

  /// Forgets everything.
  mutating func removeAll() {
    guard !entries.isEmpty else { return }
    entries.removeAll(keepingCapacity: true)
    names.removeAll(keepingCapacity: true)
    for index in slots.indices { slots[index] = -1 }
  }
}
