import AgoraStore

/// A key of ECDSA on the curve P-256 (FIPS 186-4 §6, §D.1.2.3), with nonces that are made of key and
/// message (RFC 6979).
///
/// It takes other times for other keys, so it is for signatures that guard nothing: SpacetimeDB's tokens
/// open no door here.
struct SigningKey: Sendable {
  private static let field = Modulus256(
    Number256(0xffff_ffff_0000_0001, 0, 0x0000_0000_ffff_ffff, 0xffff_ffff_ffff_ffff))
  private static let order = Modulus256(
    Number256(
      0xffff_ffff_0000_0000, 0xffff_ffff_ffff_ffff, 0xbce6_faad_a717_9e84, 0xf3b9_cac2_fc63_2551))

  private let secret: Number256
  private let point: (x: Number256, y: Number256)

  /// Draws a key.
  static func random() -> SigningKey {
    var generator = SystemRandomNumberGenerator()
    while true {
      let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
      if let key = SigningKey(bytes) { return key }
    }
  }

  /// Makes a key of its 32 bytes; nil where they are none.
  init?(_ bytes: [UInt8]) {
    let secret = Number256(bytes)
    guard bytes.count == 32, !secret.isZero, secret < Self.order.value else { return nil }
    self.secret = secret
    point = Point.multiple(secret).affine
  }

  /// The public point's coordinates, 64 bytes.
  var publicPoint: [UInt8] { point.x.bytes + point.y.bytes }

  /// The public key as PEM (RFC 5480, RFC 7468).
  var pem: String {
    let head: [UInt8] = [
      0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
      0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ]
    let digits = Array(Base64Encoder.text(of: (head + publicPoint).span).utf8)
    let lines = stride(from: 0, to: digits.count, by: 64).map {
      String(decoding: digits[$0..<min($0 + 64, digits.count)], as: UTF8.self)
    }
    return (["-----BEGIN PUBLIC KEY-----"] + lines + ["-----END PUBLIC KEY-----", ""])
      .joined(separator: "\n")
  }

  /// The signature of a message, 64 bytes (RFC 7518 §3.4).
  func signature(of message: [UInt8]) -> [UInt8] {
    let order = Self.order
    let hash = order.reduce(Number256(SHA256.digest(message)))
    var nonces = Nonces(secret, hash)
    while true {
      let nonce = Number256(nonces.next())
      guard !nonce.isZero, nonce < order.value else { continue }
      let r = order.reduce(Point.multiple(nonce).affine.x)
      let product = order.multiply(order.enter(r), order.enter(secret))
      let sum = order.add(order.enter(hash), product)
      let s = order.leave(order.multiply(order.inverse(order.enter(nonce)), sum))
      if !r.isZero, !s.isZero { return r.bytes + s.bytes }
    }
  }

  /// The nonces of a key and a message's hash (RFC 6979 §3.2).
  private struct Nonces {
    private var key = [UInt8](repeating: 0, count: 32)
    private var value = [UInt8](repeating: 1, count: 32)
    private var isFirst = true

    init(_ secret: Number256, _ hash: Number256) {
      for mark in [UInt8(0), 1] {
        key = HMAC.sha256(value + [mark] + secret.bytes + hash.bytes, key: key)
        value = HMAC.sha256(value, key: key)
      }
    }

    mutating func next() -> [UInt8] {
      if !isFirst {
        key = HMAC.sha256(value + [0], key: key)
        value = HMAC.sha256(value, key: key)
      }
      isFirst = false
      value = HMAC.sha256(value, key: key)
      return value
    }
  }

  // MARK: the curve

  /// A point in Jacobian coordinates: x/z² and y/z³, in Montgomery's form.
  private struct Point {
    var x: Number256
    var y: Number256
    var z: Number256

    static let zero = Point(x: Number256(1), y: Number256(1), z: Number256())
    static let base = Point(
      x: field.enter(
        Number256(
          0x6b17_d1f2_e12c_4247, 0xf8bc_e6e5_63a4_40f2, 0x7703_7d81_2deb_33a0,
          0xf4a1_3945_d898_c296)),
      y: field.enter(
        Number256(
          0x4fe3_42e2_fe1a_7f9b, 0x8ee7_eb4a_7c0f_9e16, 0x2bce_3357_6b31_5ece,
          0xcbb6_4068_37bf_51f5)),
      z: field.enter(Number256(1)))

    /// The base point times 1 to 15 times each power of 16.
    static let table: [[Point]] = {
      var rows: [[Point]] = []
      var unit = base
      for _ in 0..<64 {
        var row = [unit]
        for _ in 0..<14 { row.append(row[row.count - 1].plus(unit)) }
        rows.append(row)
        unit = row[14].plus(unit)
      }
      return rows
    }()

    /// The base point times a number.
    static func multiple(_ number: Number256) -> Point {
      var sum = zero
      for place in 0..<64 {
        let digit = number.digit(place)
        if digit > 0 { sum = sum.plus(table[place][digit - 1]) }
      }
      return sum
    }

    /// The plain coordinates.
    var affine: (x: Number256, y: Number256) {
      let field = SigningKey.field
      let inverse = field.inverse(z)
      let square = field.multiply(inverse, inverse)
      return (
        field.leave(field.multiply(x, square)),
        field.leave(field.multiply(y, field.multiply(square, inverse)))
      )
    }

    /// The sum (https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-3.html, add-2007-bl).
    func plus(_ other: Point) -> Point {
      if z.isZero { return other }
      if other.z.isZero { return self }
      let f = SigningKey.field
      let (zz, otherZZ) = (f.multiply(z, z), f.multiply(other.z, other.z))
      let (u, otherU) = (f.multiply(x, otherZZ), f.multiply(other.x, zz))
      let s = f.multiply(y, f.multiply(other.z, otherZZ))
      let otherS = f.multiply(other.y, f.multiply(z, zz))
      if u == otherU { return s == otherS ? doubled : .zero }
      let h = f.subtract(otherU, u)
      let twice = f.add(h, h)
      let i = f.multiply(twice, twice)
      let j = f.multiply(h, i)
      let difference = f.subtract(otherS, s)
      let r = f.add(difference, difference)
      let v = f.multiply(u, i)
      let newX = f.subtract(f.subtract(f.multiply(r, r), j), f.add(v, v))
      let product = f.multiply(s, j)
      let newY = f.subtract(f.multiply(r, f.subtract(v, newX)), f.add(product, product))
      let sum = f.add(z, other.z)
      let squares = f.subtract(f.subtract(f.multiply(sum, sum), zz), otherZZ)
      return Point(x: newX, y: newY, z: f.multiply(squares, h))
    }

    /// Twice the point (dbl-2001-b of the same collection).
    private var doubled: Point {
      let f = SigningKey.field
      let (delta, gamma) = (f.multiply(z, z), f.multiply(y, y))
      let beta = f.multiply(x, gamma)
      let part = f.multiply(f.subtract(x, delta), f.add(x, delta))
      let alpha = f.add(f.add(part, part), part)
      let beta2 = f.add(beta, beta)
      let beta4 = f.add(beta2, beta2)
      let newX = f.subtract(f.multiply(alpha, alpha), f.add(beta4, beta4))
      let sum = f.add(y, z)
      let newZ = f.subtract(f.subtract(f.multiply(sum, sum), gamma), delta)
      var eighth = f.multiply(gamma, gamma)
      for _ in 0..<3 { eighth = f.add(eighth, eighth) }
      let newY = f.subtract(f.multiply(alpha, f.subtract(beta4, newX)), eighth)
      return Point(x: newX, y: newY, z: newZ)
    }
  }
}

/// Authentication by a hash (RFC 2104).
enum HMAC {
  /// With SHA-256; the key has at most 64 bytes.
  static func sha256(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
    let block = key + [UInt8](repeating: 0, count: max(0, 64 - key.count))
    let inner = SHA256.digest(block.map { $0 ^ 0x36 } + bytes)
    return SHA256.digest(block.map { $0 ^ 0x5c } + inner)
  }
}
