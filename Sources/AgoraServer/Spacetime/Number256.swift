/// A number of 256 bits, the least of its four words first.
struct Number256: Equatable, Sendable {
  var words: InlineArray<4, UInt64>

  /// A small number.
  init(_ value: UInt64 = 0) {
    words = InlineArray(repeating: 0)
    words[0] = value
  }

  /// Four words, the greatest first.
  init(_ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
    words = [fourth, third, second, first]
  }

  /// 32 bytes, the greatest first; what is missing in front is zero.
  init(_ bytes: some Sequence<UInt8>) {
    words = InlineArray(repeating: 0)
    for (index, byte) in bytes.reversed().prefix(32).enumerated() {
      words[index / 8] |= UInt64(byte) << UInt64(8 * (index % 8))
    }
  }

  /// The 32 bytes, the greatest first.
  var bytes: [UInt8] {
    (0..<32).reversed().map { UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64(8 * ($0 % 8))) }
  }

  static func == (left: Number256, right: Number256) -> Bool {
    (0..<4).allSatisfy { left.words[$0] == right.words[$0] }
  }

  var isZero: Bool { self == Number256() }

  /// Four bits, counted from the least.
  func digit(_ place: Int) -> Int { Int(words[place / 16] >> UInt64(4 * (place % 16)) & 15) }

  static func < (left: Number256, right: Number256) -> Bool {
    for index in (0..<4).reversed() where left.words[index] != right.words[index] {
      return left.words[index] < right.words[index]
    }
    return false
  }

  /// The sum, and whether it has one bit more.
  static func sum(_ left: Number256, _ right: Number256) -> (Number256, overflows: Bool) {
    var result = Number256()
    var carry: UInt128 = 0
    for index in 0..<4 {
      carry += UInt128(left.words[index]) + UInt128(right.words[index])
      result.words[index] = UInt64(truncatingIfNeeded: carry)
      carry >>= 64
    }
    return (result, carry != 0)
  }

  /// The difference; below zero it wraps around.
  static func difference(_ left: Number256, _ right: Number256) -> Number256 {
    var result = Number256()
    var isBorrowed = false
    for index in 0..<4 {
      let (first, one) = left.words[index].subtractingReportingOverflow(right.words[index])
      let (second, other) = first.subtractingReportingOverflow(isBorrowed ? 1 : 0)
      result.words[index] = second
      isBorrowed = one || other
    }
    return result
  }
}

/// Arithmetic modulo an odd number above 2^255, in the form of Montgomery.
///
/// There a number stands for itself times 2^256, and no product has to be divided ("Modular multiplication
/// without trial division", 1985).
struct Modulus256: Sendable {
  let value: Number256
  /// −1 divided by the value, modulo 2^64.
  private let factor: UInt64
  /// 2^512.
  private let square: Number256

  init(_ value: Number256) {
    self.value = value
    var inverse: UInt64 = 1
    // Newton's method: each step doubles the bits that are right.
    for _ in 0..<6 { inverse = inverse &* (2 &- value.words[0] &* inverse) }
    factor = 0 &- inverse
    var power = Number256(1)
    for _ in 0..<512 { power = Self.add(power, power, value) }
    square = power
  }

  private static func add(
    _ left: Number256, _ right: Number256, _ value: Number256
  ) -> Number256 {
    let (sum, overflows) = Number256.sum(left, right)
    return overflows || !(sum < value) ? Number256.difference(sum, value) : sum
  }

  func add(_ left: Number256, _ right: Number256) -> Number256 { Self.add(left, right, value) }

  func subtract(_ left: Number256, _ right: Number256) -> Number256 {
    let difference = Number256.difference(left, right)
    return left < right ? Number256.sum(difference, value).0 : difference
  }

  /// The product, divided by 2^256.
  func multiply(_ left: Number256, _ right: Number256) -> Number256 {
    var t = InlineArray<6, UInt64>(repeating: 0)
    for i in 0..<4 {
      var carry: UInt128 = 0
      for j in 0..<4 {
        carry += UInt128(left.words[j]) * UInt128(right.words[i]) + UInt128(t[j])
        t[j] = UInt64(truncatingIfNeeded: carry)
        carry >>= 64
      }
      carry += UInt128(t[4])
      t[4] = UInt64(truncatingIfNeeded: carry)
      t[5] = UInt64(truncatingIfNeeded: carry >> 64)
      let m = UInt128(t[0] &* factor)
      carry = (m * UInt128(value.words[0]) + UInt128(t[0])) >> 64
      for j in 1..<4 {
        carry += m * UInt128(value.words[j]) + UInt128(t[j])
        t[j - 1] = UInt64(truncatingIfNeeded: carry)
        carry >>= 64
      }
      carry += UInt128(t[4])
      t[3] = UInt64(truncatingIfNeeded: carry)
      t[4] = t[5] &+ UInt64(truncatingIfNeeded: carry >> 64)
    }
    let result = Number256(t[3], t[2], t[1], t[0])
    return t[4] != 0 || !(result < value) ? Number256.difference(result, value) : result
  }

  /// A number in Montgomery's form.
  func enter(_ number: Number256) -> Number256 { multiply(number, square) }
  /// A number out of Montgomery's form.
  func leave(_ number: Number256) -> Number256 { multiply(number, Number256(1)) }
  /// A number that may be too large, once.
  func reduce(_ number: Number256) -> Number256 {
    number < value ? number : Number256.difference(number, value)
  }

  /// 1 divided by a number, both in Montgomery's form: by Fermat's little theorem, for the value is prime.
  func inverse(_ number: Number256) -> Number256 {
    let exponent = Number256.difference(value, Number256(2))
    var result = enter(Number256(1))
    for place in (0..<64).reversed() {
      for _ in 0..<4 { result = multiply(result, result) }
      for _ in 0..<exponent.digit(place) { result = multiply(result, number) }
    }
    return result
  }
}
