/// BLAKE3 of at most one chunk (https://github.com/BLAKE3-team/BLAKE3-specs, §2): for SpacetimeDB's
/// identities, which are hashes of short names.
package enum BLAKE3 {
  /// The most bytes that fit into a chunk.
  package static let limit = 1024

  private static let start: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
    0x5be0_cd19,
  ]
  private static let order = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]

  /// The digest, 32 bytes; nil for more than ``limit`` bytes.
  package static func digest(_ bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count <= limit else { return nil }
    var state = start
    var at = 0
    repeat {
      let block = bytes[at..<min(at + 64, bytes.count)]
      let isLast = at + 64 >= bytes.count
      // CHUNK_START, CHUNK_END and ROOT.
      let flags: UInt32 = (at == 0 ? 1 : 0) | (isLast ? 2 | 8 : 0)
      state = compress(state, words(block), UInt32(block.count), flags)
      at += 64
    } while at < bytes.count
    return state.flatMap { word in
      [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
    }
  }

  private static func words(_ block: ArraySlice<UInt8>) -> [UInt32] {
    var words = [UInt32](repeating: 0, count: 16)
    for (index, byte) in block.enumerated() {
      words[index / 4] |= UInt32(byte) << UInt32(8 * (index % 4))
    }
    return words
  }

  private static func compress(
    _ chain: [UInt32], _ block: [UInt32], _ length: UInt32, _ flags: UInt32
  ) -> [UInt32] {
    var v = chain + start[0..<4] + [0, 0, length, flags]
    var m = block
    func mix(_ a: Int, _ b: Int, _ c: Int, _ d: Int, _ x: UInt32, _ y: UInt32) {
      v[a] = v[a] &+ v[b] &+ x
      v[d] = rotate(v[d] ^ v[a], 16)
      v[c] = v[c] &+ v[d]
      v[b] = rotate(v[b] ^ v[c], 12)
      v[a] = v[a] &+ v[b] &+ y
      v[d] = rotate(v[d] ^ v[a], 8)
      v[c] = v[c] &+ v[d]
      v[b] = rotate(v[b] ^ v[c], 7)
    }
    for _ in 0..<7 {
      for column in 0..<4 {
        mix(column, column + 4, column + 8, column + 12, m[2 * column], m[2 * column + 1])
      }
      for column in 0..<4 {
        mix(
          column, (column + 1) % 4 + 4, (column + 2) % 4 + 8, (column + 3) % 4 + 12,
          m[8 + 2 * column], m[9 + 2 * column])
      }
      m = order.map { m[$0] }
    }
    return (0..<8).map { v[$0] ^ v[$0 + 8] }
  }

  private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word >> count | word << (32 - count)
  }
}
