/// Whether bytes that come in pieces are UTF-8 as a whole.
package struct StreamedUTF8Check {
  /// Whether nothing that came so far is wrong.
  package private(set) var isValid = true
  private var carry: [UInt8] = []

  package init() {}

  /// Whether all is well and the last character is whole.
  package var isComplete: Bool { isValid && carry.isEmpty }

  /// Takes in the next piece.
  package mutating func append(_ piece: Span<UInt8>) {
    guard isValid else { return }
    carry.append(copying: piece)
    guard let fault = UTF8Check.firstFault(carry.span) else { return carry.removeAll() }
    // A character that is cut off at the end of a piece has at most three bytes there.
    if carry.count - fault > 3 { isValid = false } else { carry.removeSubrange(0..<fault) }
  }
}
