/// Whether bytes that come in pieces are UTF-8: a character may lie across two of them.
package struct UTF8Pieces {
  /// The beginning of a character whose rest is still to come.
  private var carry: [UInt8] = []

  package init() {}

  /// Whether no character is left unfinished.
  package var isComplete: Bool { carry.isEmpty }

  /// Takes the next piece.
  ///
  /// - Returns: the offset in the piece of the first byte that cannot stand where it is, 0 where the fault
  ///   began before it; nil when all is well so far.
  package mutating func firstFault(_ piece: Span<UInt8>) -> Int? {
    guard carry.isEmpty else {
      var joined = carry
      let before = carry.count
      joined.append(copying: piece)
      return check(joined.span).map { max(0, $0 - before) }
    }
    return check(piece)
  }

  private mutating func check(_ bytes: Span<UInt8>) -> Int? {
    carry = []
    guard let fault = UTF8Check.firstFault(bytes) else { return nil }
    let length =
      switch bytes[fault] {
      case 0xc2...0xdf: 2
      case 0xe0...0xef: 3
      case 0xf0...0xf4: 4
      default: 0
      }
    guard bytes.count - fault < length else { return fault }
    for index in (fault + 1)..<bytes.count where bytes[index] & 0xc0 != 0x80 { return fault }
    // What is wrong with it shows when the rest has come.
    carry.append(copying: bytes.extracting(fault..<bytes.count))
    return nil
  }
}
