/// SHA-1 as UUID version 5 needs it (FIPS 180-4 §6.1, RFC 9562 §5.5): for names, not for secrets.
///
/// A value: a state that has taken in a common prefix can be copied and continued many times, which
/// is how a run derives millions of ids from one namespace.
package struct SHA1: Sendable {
  private var h0: UInt32 = 0x6745_2301
  private var h1: UInt32 = 0xefcd_ab89
  private var h2: UInt32 = 0x98ba_dcfe
  private var h3: UInt32 = 0x1032_5476
  private var h4: UInt32 = 0xc3d2_e1f0
  private var block = InlineArray<16, UInt32>(repeating: 0)
  private var filled = 0
  private var length: UInt64 = 0

  package init() {}

  /// Takes in one byte.
  @inline(__always)
  package mutating func update(_ byte: UInt8) {
    // `filled` is below 64 whenever a byte comes.
    block[unchecked: filled &>> 2] = block[unchecked: filled &>> 2] &<< 8 | UInt32(byte)
    filled &+= 1
    length &+= 1
    if filled == 64 {
      compress()
      filled = 0
    }
  }

  /// Takes in a run of bytes.
  package mutating func update(_ bytes: Span<UInt8>) {
    for index in bytes.indices { update(bytes[index]) }
  }

  /// Takes in a string's UTF-8.
  package mutating func update(_ text: String) {
    for byte in text.utf8 { update(byte) }
  }

  private mutating func compress() {
    var w = block
    var (a, b, c, d, e) = (h0, h1, h2, h3, h4)

    /// One round: the words are sixteen that go round, each made of four earlier ones when its turn
    /// comes again. All indexes are below 16 by their mask.
    @inline(__always)
    func round(_ t: Int, _ f: UInt32, _ k: UInt32) {
      let s = t & 15
      if t >= 16 {
        let x =
          w[unchecked: (s &+ 13) & 15] ^ w[unchecked: (s &+ 8) & 15] ^ w[unchecked: (s &+ 2) & 15]
          ^ w[unchecked: s]
        w[unchecked: s] = x &<< 1 | x &>> 31
      }
      let sum = (a &<< 5 | a &>> 27) &+ f &+ e &+ k &+ w[unchecked: s]
      e = d
      d = c
      c = b &<< 30 | b &>> 2
      b = a
      a = sum
    }
    for t in 0..<20 { round(t, b & c | ~b & d, 0x5a82_7999) }
    for t in 20..<40 { round(t, b ^ c ^ d, 0x6ed9_eba1) }
    for t in 40..<60 { round(t, b & c | b & d | c & d, 0x8f1b_bcdc) }
    for t in 60..<80 { round(t, b ^ c ^ d, 0xca62_c1d6) }
    h0 &+= a
    h1 &+= b
    h2 &+= c
    h3 &+= d
    h4 &+= e
  }

  /// The digest of what was taken in; the value itself stays as it was.
  package func finished() -> InlineArray<20, UInt8> {
    var copy = self
    let bits = length * 8
    copy.update(0x80)
    while copy.filled != 56 { copy.update(0) }
    for shift in stride(from: 56, through: 0, by: -8) {
      copy.update(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
    }
    var digest = InlineArray<20, UInt8>(repeating: 0)
    for (index, word) in [copy.h0, copy.h1, copy.h2, copy.h3, copy.h4].enumerated() {
      for byte in 0..<4 {
        digest[index * 4 + byte] = UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * byte))
      }
    }
    return digest
  }

  /// The digest as 40 lower-case hex digits.
  package func hex() -> [UInt8] {
    let digest = finished()
    var text: [UInt8] = []
    text.reserveCapacity(40)
    for index in digest.indices { text.append(hex: digest[index]) }
    return text
  }
}

extension [UInt8] {
  /// Appends a byte as two lower-case hex digits.
  @inline(__always)
  package mutating func append(hex byte: UInt8) {
    let (high, low) = (byte &>> 4, byte & 15)
    append(high < 10 ? 0x30 &+ high : 0x57 &+ high)
    append(low < 10 ? 0x30 &+ low : 0x57 &+ low)
  }
}
