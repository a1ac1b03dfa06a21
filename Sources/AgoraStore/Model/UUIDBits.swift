/// The 128 bits of a UUID (RFC 9562), without Foundation: ids are made by the million.
package struct UUIDBits: Sendable, Hashable {
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The name-based UUID of a name whose namespace and prefix `hash` has taken in already
  /// (version 5, RFC 9562 §5.5).
  package init(version5 hash: SHA1) {
    let digest = hash.finished()
    var high: UInt64 = 0
    var low: UInt64 = 0
    for index in 0..<8 { high = high << 8 | UInt64(digest[index]) }
    for index in 8..<16 { low = low << 8 | UInt64(digest[index]) }
    self.high = high & ~0xf000 | 0x5000
    self.low = low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
  }

  /// A time-ordered UUID (version 7, RFC 9562 §5.7).
  ///
  /// - Parameters:
  ///   - milliseconds: milliseconds since 1970, 48 bits of them.
  ///   - random: 74 bits are used.
  package init(version7 milliseconds: UInt64, random: (UInt64, UInt64)) {
    high = milliseconds << 16 | 0x7000 | random.0 & 0x0fff
    low = random.1 & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
  }

  /// The next greater UUID of version 7: the random bits as a counter, which carries into the time.
  package var following: UUIDBits {
    let counter = low & 0x3fff_ffff_ffff_ffff
    guard counter == 0x3fff_ffff_ffff_ffff else { return UUIDBits(high: high, low: low &+ 1) }
    let bottom: UInt64 = 0x8000_0000_0000_0000
    guard high & 0x0fff == 0x0fff else { return UUIDBits(high: high &+ 1, low: bottom) }
    return UUIDBits(high: (high >> 16 &+ 1) << 16 | 0x7000, low: bottom)
  }

  /// The order of the texts.
  package static func < (left: UUIDBits, right: UUIDBits) -> Bool {
    left.high == right.high ? left.low < right.low : left.high < right.high
  }

  /// The version-5 UUID of a name in a namespace.
  package init(namespace: UUIDBits, name: String) {
    var hash = SHA1()
    namespace.feed(&hash)
    hash.update(name)
    self.init(version5: hash)
  }

  /// RFC 9562 §6.6: the namespace of fully qualified domain names.
  package static let dnsNamespace = UUIDBits(
    high: 0x6ba7_b810_9dad_11d1, low: 0x80b4_00c0_4fd4_30c8)

  /// Gives the 16 bytes, most significant first, to a hash.
  package func feed(_ hash: inout SHA1) {
    for shift in stride(from: 56, through: 0, by: -8) {
      hash.update(UInt8(truncatingIfNeeded: high >> UInt64(shift)))
    }
    for shift in stride(from: 56, through: 0, by: -8) {
      hash.update(UInt8(truncatingIfNeeded: low >> UInt64(shift)))
    }
  }

  /// Appends 32 lower-case hex digits.
  package func appendHex(to bytes: inout [UInt8]) {
    for word in [high, low] {
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(hex: UInt8(truncatingIfNeeded: word >> UInt64(shift)))
      }
    }
  }
}
