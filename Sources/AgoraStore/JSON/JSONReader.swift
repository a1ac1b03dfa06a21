/// A pull reader for JSON of any size: the caller walks through the outer structure token by token and
/// takes whole values where it wants them, as one run of bytes.
///
/// Strict RFC 8259 throughout; errors carry the byte offset in the input.
package final class JSONReader {
  /// A step through the structure.
  package enum Token: Sendable, Equatable {
    case beginObject, endObject, beginArray, endArray
    /// A member's name; its text is in ``JSONReader/text``.
    case name
    /// A string, number, true, false or null; its text as it was written is in ``JSONReader/text``.
    case scalar(JSONSlice.Kind)
    /// The input holds nothing but white space any more.
    case end
  }

  /// What came of taking a whole value.
  package enum Capture: Sendable, Equatable {
    /// The value lies in the window's bytes at this range and is still to be dropped.
    case whole(Range<Int>)
    /// The value is larger than the limit, or nested deeper; nothing of it was taken.
    case tooLarge
  }

  private enum Expectation: Sendable { case value, firstElement, firstName, name, afterValue }

  /// The bytes that are being read.
  package let window: ByteWindow
  /// The decoded name, or the scalar's text, of the last token.
  package private(set) var text: [UInt8] = []
  private var expectation = Expectation.value
  private var isObject: [Bool] = []
  private var validator = JSONValidator()

  /// - Parameter containers: the objects (true) and arrays that the input's next byte lies in, for a
  ///   reader that goes on where another one stopped, after a value.
  package init(_ window: ByteWindow, containers: [Bool] = []) {
    self.window = window
    isObject = containers
    if !containers.isEmpty { expectation = .afterValue }
  }

  /// The offset in the input of the next byte.
  package var offset: Int { window.offset }

  private func fail(_ reason: String) -> JSONError { JSONError(offset: offset, reason: reason) }
  private var truncated: JSONError {
    JSONError(
      offset: offset + window.available, reason: "the text ends too early", isTruncated: true)
  }

  /// Takes the commas and colons that are due, and says whether a value or a name comes next; false
  /// when the container ends or, outside of any, the input does.
  package func hasNext() throws -> Bool {
    if isObject.isEmpty {
      if expectation == .afterValue { expectation = .value }
      return try window.peekAfterSpace() != nil
    }
    guard let byte = try window.peekAfterSpace() else { throw truncated }
    let closing: UInt8 = isObject[isObject.count - 1] ? 0x7d : 0x5d
    switch expectation {
    case .afterValue:
      if byte == closing { return false }
      guard byte == 0x2c else {
        throw fail(closing == 0x7d ? "a comma or } is due here" : "a comma or ] is due here")
      }
      window.drop(1)
      expectation = closing == 0x7d ? .name : .value
      guard try window.peekAfterSpace() != nil else { throw truncated }
      return true
    case .firstElement, .firstName: return byte != closing
    case .value, .name: return true
    }
  }

  /// The next token.
  package func next() throws -> Token {
    guard try hasNext() else {
      guard let last = isObject.popLast() else { return .end }
      window.drop(1)
      expectation = .afterValue
      return last ? .endObject : .endArray
    }
    guard let byte = try window.peekAfterSpace() else { throw truncated }
    if expectation == .name || expectation == .firstName {
      guard byte == 0x22 else { throw fail("a member's name in quotes is due here") }
      try takeScalar(.string)
      guard let colon = try window.peekAfterSpace() else { throw truncated }
      guard colon == 0x3a else { throw fail("a colon is due here") }
      window.drop(1)
      guard try window.peekAfterSpace() != nil else { throw truncated }
      expectation = .value
      return .name
    }
    switch byte {
    case 0x7b, 0x5b:
      guard isObject.count < JSON.depthLimit else { throw fail("nesting too deep") }
      window.drop(1)
      isObject.append(byte == 0x7b)
      expectation = byte == 0x7b ? .firstName : .firstElement
      return byte == 0x7b ? .beginObject : .beginArray
    default:
      let kind: JSONSlice.Kind =
        switch byte {
        case 0x22: .string
        case 0x74, 0x66: .bool
        case 0x6e: .null
        default: .number
        }
      try takeScalar(kind)
      expectation = .afterValue
      return .scalar(kind)
    }
  }

  private func takeScalar(_ kind: JSONSlice.Kind) throws {
    guard case .whole(let range) = try capture(limit: 16 << 20, depthLimit: 0) else {
      throw fail("a name or scalar of more than 16 MiB")
    }
    text.removeAll(keepingCapacity: true)
    try window.withBytes { bytes throws(JSONError) in
      guard kind == .string else {
        text.append(copying: bytes.extracting(range))
        return
      }
      let inside = (range.lowerBound + 1)..<(range.upperBound - 1)
      if let fault = UTF8Check.firstFault(bytes.extracting(inside)) {
        throw JSONError(offset: window.base + inside.lowerBound + fault, reason: "not UTF-8")
      }
      JSONText.unescape(bytes, inside, into: &text)
    }
    window.drop(range.upperBound - window.start)
  }

  /// The whole value that comes next, which stays in the window until ``take(_:)``.
  ///
  /// - Parameters:
  ///   - limit: the most bytes that a value may have.
  ///   - depthLimit: the most levels of nesting that it may have.
  package func capture(limit: Int, depthLimit: Int) throws -> Capture {
    guard try window.peekAfterSpace() != nil else { throw truncated }
    validator.reset()
    var scanned = 0
    while true {
      let outcome = window.withBytes { validator.consume($0, from: window.start + scanned) }
      if validator.deepest > depthLimit { return .tooLarge }
      switch outcome {
      case .malformed(let at, let reason):
        throw JSONError(offset: window.base + at, reason: reason)
      case .complete(let end):
        guard end - window.start <= limit else { return .tooLarge }
        return .whole(window.start..<end)
      case .incomplete:
        scanned = window.available
        if scanned > limit { return .tooLarge }
        if try !window.fill() {
          guard validator.isCompleteAtEnd() else { throw truncated }
          return .whole(window.start..<window.bytes.count)
        }
      }
    }
  }

  /// Takes a value that ``capture(limit:depthLimit:)`` found.
  package func take(_ range: Range<Int>) {
    window.drop(range.upperBound - window.start)
    expectation = .afterValue
  }

  /// Takes the value that comes next piece by piece, without ever holding the whole of it.
  package func stream(_ piece: (Span<UInt8>) throws -> Void) throws {
    guard try window.peekAfterSpace() != nil else { throw truncated }
    validator.reset()
    while true {
      switch window.withBytes({ validator.consume($0, from: window.start) }) {
      case .malformed(let at, let reason):
        throw JSONError(offset: window.base + at, reason: reason)
      case .complete(let end):
        try window.withBytes { try piece($0.extracting(window.start..<end)) }
        window.drop(end - window.start)
        expectation = .afterValue
        return
      case .incomplete:
        try window.withBytes { try piece($0.extracting(window.start..<$0.count)) }
        window.drop(window.available)
        if try !window.fill() {
          guard validator.isCompleteAtEnd() else { throw truncated }
          expectation = .afterValue
          return
        }
      }
    }
  }

  /// Passes over the value that comes next, which has to be UTF-8 all the same.
  package func skip() throws {
    guard try window.peekAfterSpace() != nil else { throw truncated }
    var check = UTF8Pieces()
    var at = offset
    try stream { piece in
      if let fault = check.firstFault(piece) {
        throw JSONError(offset: at + fault, reason: "not UTF-8")
      }
      at += piece.count
    }
    guard check.isComplete else { throw JSONError(offset: at, reason: "not UTF-8") }
  }
}
