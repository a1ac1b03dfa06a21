/// A part of a long input in memory: bytes are taken off its front and read in at its back.
package final class ByteWindow {
  /// Gives up to so many further bytes by appending them; 0 at the end of the input.
  package typealias Source = (inout [UInt8], Int) throws -> Int

  /// The bytes in memory; those before ``start`` are used up.
  package private(set) var bytes: [UInt8] = []
  /// The first byte that is not used up.
  package private(set) var start = 0
  /// The offset in the input of `bytes[0]`.
  package private(set) var base = 0
  /// The input has no further bytes.
  package private(set) var isAtEnd = false
  private let source: Source
  private let chunk: Int

  /// - Parameters:
  ///   - chunk: how many bytes are asked for at a time.
  ///   - base: the offset in the input of the first byte that `source` will give.
  package init(chunk: Int = 1 << 20, base: Int = 0, source: @escaping Source) {
    self.chunk = chunk
    self.base = base
    self.source = source
  }

  /// The offset in the input of the first byte that is not used up.
  package var offset: Int { base + start }
  /// How many bytes are in memory and not used up.
  package var available: Int { bytes.count - start }

  /// Lends the bytes in memory, those that are used up included.
  package func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try bytes.withUnsafeBufferPointer { (buffer) throws(Failure) -> Result in
      try body(buffer.span)
    }
  }

  /// Reads more; false when there is no more.
  package func fill() throws -> Bool {
    if isAtEnd { return false }
    if start > 0 {
      bytes.removeSubrange(0..<start)
      base += start
      start = 0
    }
    let got = try source(&bytes, chunk)
    if got == 0 { isAtEnd = true }
    return got > 0
  }

  /// Takes bytes off the front.
  package func drop(_ count: Int) { start += min(count, available) }

  /// The first byte, without taking it; nil at the end of the input.
  package func peek() throws -> UInt8? {
    while start == bytes.count { if try !fill() { return nil } }
    return bytes[start]
  }

  /// Makes sure that `count` bytes are in memory, if the input has so many.
  package func require(_ count: Int) throws {
    while available < count { if try !fill() { return } }
  }

  /// Takes white space off the front; the first other byte, nil at the end of the input.
  package func peekAfterSpace() throws -> UInt8? {
    while let byte = try peek() {
      guard JSONValidator.isSpace(byte) else { return byte }
      drop(1)
    }
    return nil
  }
}
