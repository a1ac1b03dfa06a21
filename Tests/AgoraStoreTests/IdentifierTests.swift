import AgoraStore
import TestSupport
import Testing

@Suite struct IdentifierTests {
  /// Values of Python's `hashlib.sha1`, at every length around the block size that has its own path.
  @Test func `SHA-1 is the standard's`() {
    let known: [(String, String)] = [
      ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
      ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
      ),
      (String(repeating: "a", count: 1_000_000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
      (String(repeating: "x", count: 55), "cef734ba81a024479e09eb5a75b6ddae62e6abf1"),
      (String(repeating: "x", count: 64), "bb2fa3ee7afb9f54c6dfb5d021f14b1ffe40c163"),
    ]
    for (text, expected) in known {
      var hash = SHA1()
      hash.update(text)
      #expect(String(decoding: hash.hex(), as: UTF8.self) == expected, "\(text.count) bytes")
    }
  }

  /// Python: `uuid.uuid5(uuid.NAMESPACE_DNS, "agora-marketplace")` and `"python.org"`.
  @Test func `version 5 is Python's uuid5`() {
    let known = [
      ("python.org", "886313e13b8a53729b900c9aee199e5d")
    ]
    for (name, expected) in known {
      let bits = UUIDBits(namespace: .dnsNamespace, name: name)
      #expect(Identifier(.run, bits).description == "run_" + expected)
    }
  }

  @Test func `version 7 is ordered by time and marked as such`() {
    let source = IdentifierSource(
      clock: .fixed(Timestamp(microseconds: 1_645_557_742_000_000)),
      random: { (0xfff_ffff_ffff_fcc3, 0x18c4_dc0c_0c07_398f) })
    // The example of RFC 9562, appendix A.6.
    #expect(source.next(.message).description == "msg_017f22e279b07cc398c4dc0c0c07398f")
  }

  @Test func `an identifier is read only in its own form`() {
    #expect(Identifier("agent_0190c5d4e5f67a8b9c0d1e2f3a4b5c6d")?.kind == .agent)
    #expect(Identifier("agent_a1b2c3d4e5f60718")?.kind == .agent)
    for text in [
      "", "agent", "agent_", "agent_xyz", "agnt_0190c5d4e5f67a8b9c0d1e2f3a4b5c6d",
      "agent_0190C5D4E5F67A8B9C0D1E2F3A4B5C6D", "agent_0190c5d4e5f67a8b9c0d1e2f3a4b5c6",
    ] { #expect(Identifier(text) == nil, "\(text)") }
  }

  @Test func `a hundred thousand new identifiers are all different`() {
    let source = IdentifierSource()
    var seen: Set<String> = []
    for _ in 0..<100_000 { seen.insert(source.next(.task).description) }
    #expect(seen.count == 100_000)
  }
}

@Suite struct TimestampTests {
  @Test func `instants are written as RFC 3339`() {
    let known: [(Int64, String)] = [
      (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999Z"),
      (1_747_168_366_123_456, "2025-05-13T20:32:46.123456Z"),
      (1_747_168_366_120_000, "2025-05-13T20:32:46.120Z"),
      (951_782_400_000_000, "2000-02-29T00:00:00Z"),
      (Timestamp.writable.lowerBound, "0001-01-01T00:00:00Z"),
      (Timestamp.writable.upperBound, "9999-12-31T23:59:59.999999Z"),
    ]
    for (microseconds, text) in known {
      let instant = Timestamp(microseconds: microseconds)
      #expect(instant.description == text)
      #expect(Timestamp(text) == instant)
    }
  }

  @Test func `any instant reads back as itself`() {
    var dice = SeededDice(seed: 7)
    for _ in 0..<20_000 {
      let instant = Timestamp(microseconds: .random(in: Timestamp.writable, using: &dice))
      #expect(Timestamp(instant.description) == instant)
    }
  }

  @Test func `what is no instant is refused`() {
    for text in [
      "", "2025", "2025-13-01", "2025-02-29", "2025-06-01T24:00:00Z", "2025-06-01T10:60:00Z",
      "2025-06-01T10:00:61Z", "2025-06-01T10:00:00.Z", "2025-06-01T10:00:00+25:00",
      "2025-06-01T10:00:00Zjunk", "0000-01-01T00:00:00Z", "12025-06-01T00:00:00Z", "now",
    ] { #expect(Timestamp(text) == nil, "\(text)") }
  }
}
