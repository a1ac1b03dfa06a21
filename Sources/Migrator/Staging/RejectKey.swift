import AgoraStore

/// The hash by which rejected rows are known as the same: of their table and their text, in the form in
/// which it is kept.
struct RejectKey {
  private var hash = SHA1()

  init(table: Span<UInt8>) {
    hash.update("+")
    add(table)
  }

  private mutating func add(_ part: Span<UInt8>) {
    hash.update("\(part.count);")
    hash.update(part)
  }

  /// Takes in a row's text.
  mutating func take(text: Span<UInt8>) {
    hash.update("+")
    add(text)
    hash.update("-")
  }

  /// Takes in a row that is not UTF-8.
  mutating func take(bytes: Span<UInt8>) {
    hash.update("-+")
    add(bytes)
  }

  /// Begins a row that comes in pieces.
  mutating func beginPieces() { hash.update("--") }

  /// Takes in a piece of it.
  mutating func take(piece: Span<UInt8>) { hash.update(piece) }

  /// The hash in hexadecimal.
  var hex: [UInt8] { hash.hex() }

  /// The key of a row that is held as a whole.
  static func of(_ text: Span<UInt8>, table: String) -> [UInt8] {
    let name = Array(table.utf8)
    var key = RejectKey(table: name.span)
    if UTF8Check.firstFault(text) == nil {
      key.take(text: text)
    } else {
      key.take(bytes: text)
    }
    return key.hex
  }
}
