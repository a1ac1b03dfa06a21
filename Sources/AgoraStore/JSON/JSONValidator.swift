/// Accepts one JSON value exactly as RFC 8259 says, in as many pieces as it comes.
///
/// The validator keeps a few bytes of state and one bit a level of nesting, so a value of any size can
/// stream through it; in memory that holds the whole value it is a plain scan. It says nothing about
/// UTF-8: whoever needs the text decoded checks that with ``UTF8Check``.
package struct JSONValidator: Sendable {
  /// What became of the bytes it was given.
  package enum Outcome: Sendable, Equatable {
    /// The value ends before `end`; a number's end is known only with the byte after it.
    case complete(end: Int)
    /// All bytes were taken and the value goes on.
    case incomplete
    /// The byte at `at` cannot stand there.
    case malformed(at: Int, reason: String)
  }

  private enum State: Sendable {
    case value, firstElement, firstName, name, colon, afterElement
    case string, escape, hex
    case minus, zero, integer, point, fraction, exponent, exponentSign, exponentDigits
    case literal
    case done
  }

  private var state = State.value
  private var isName = false
  private var hexLeft = 0
  private var literal: StaticString = "null"
  private var literalAt = 0
  /// One bit a level, 1 for an object.
  private var levels: [UInt64] = []
  private var depth = 0
  /// The deepest nesting so far; a scalar has depth 0.
  package private(set) var deepest = 0
  private let depthLimit: Int

  /// - Parameter depthLimit: the nesting above which the value is called malformed, so that hostile
  ///   input cannot fill the memory with levels.
  package init(depthLimit: Int = 16_000_000) { self.depthLimit = depthLimit }

  /// Makes the validator ready for another value, keeping its memory.
  package mutating func reset() {
    state = .value
    depth = 0
    deepest = 0
  }

  /// Takes bytes from `start` on.
  package mutating func consume(_ bytes: Span<UInt8>, from start: Int) -> Outcome {
    let count = bytes.count
    var at = start
    while at < count {
      let byte = bytes[at]
      switch state {
      case .string:
        at = Self.endOfPlainText(bytes, from: at)
        guard at < count else { return .incomplete }
        switch bytes[at] {
        case 0x22:
          if isName { state = .colon } else { finishValue() }
        case 0x5c: state = .escape
        default: return .malformed(at: at, reason: "a control character in a string")
        }
        at += 1
        if state == .done { return .complete(end: at) }
      case .value, .firstElement:
        if Self.isSpace(byte) {
          at += 1
          continue
        }
        if byte == 0x5d, state == .firstElement {
          at += 1
          pop()
          if state == .done { return .complete(end: at) }
          continue
        }
        switch byte {
        case 0x22:
          isName = false
          state = .string
        case 0x7b:
          guard push(object: true) else { return .malformed(at: at, reason: "nesting too deep") }
          state = .firstName
        case 0x5b:
          guard push(object: false) else { return .malformed(at: at, reason: "nesting too deep") }
          state = .firstElement
        case 0x2d: state = .minus
        case 0x30: state = .zero
        case 0x31...0x39: state = .integer
        case 0x74: begin("true")
        case 0x66: begin("false")
        case 0x6e: begin("null")
        default: return .malformed(at: at, reason: "no JSON value can start here")
        }
        at += 1
      case .firstName, .name:
        if Self.isSpace(byte) {
          at += 1
          continue
        }
        if byte == 0x22 {
          isName = true
          state = .string
          at += 1
        } else if byte == 0x7d, state == .firstName {
          at += 1
          pop()
          if state == .done { return .complete(end: at) }
        } else {
          return .malformed(at: at, reason: "a member's name in quotes is due here")
        }
      case .colon:
        if byte == 0x3a {
          state = .value
        } else if !Self.isSpace(byte) {
          return .malformed(at: at, reason: "a colon is due here")
        }
        at += 1
      case .afterElement:
        let inObject = isInObject
        switch byte {
        case 0x2c: state = inObject ? .name : .value
        case 0x7d where inObject, 0x5d where !inObject:
          pop()
        case _ where Self.isSpace(byte): break
        default:
          return .malformed(
            at: at, reason: inObject ? "a comma or } is due here" : "a comma or ] is due here")
        }
        at += 1
        if state == .done { return .complete(end: at) }
      case .escape:
        switch byte {
        case 0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74: state = .string
        case 0x75:
          state = .hex
          hexLeft = 4
        default: return .malformed(at: at, reason: "an unknown escape in a string")
        }
        at += 1
      case .hex:
        guard Self.isHex(byte) else {
          return .malformed(at: at, reason: "a \\u escape without four hex digits")
        }
        hexLeft -= 1
        if hexLeft == 0 { state = .string }
        at += 1
      case .literal:
        guard byte == literal.utf8Start[literalAt] else {
          return .malformed(at: at, reason: "not one of true, false and null")
        }
        literalAt += 1
        at += 1
        if literalAt == literal.utf8CodeUnitCount {
          finishValue()
          if state == .done { return .complete(end: at) }
        }
      case .done:
        return .complete(end: at)
      default:
        guard let next = Self.afterNumberByte(state, byte) else {
          guard Self.isEndOfNumber(state) else {
            return .malformed(at: at, reason: "a number without a digit where one is due")
          }
          finishValue()
          if state == .done { return .complete(end: at) }
          continue
        }
        state = next
        at += 1
      }
    }
    return .incomplete
  }

  /// Whether the value is whole if the text ends here: only a number can be.
  package func isCompleteAtEnd() -> Bool {
    state == .done || depth == 0 && Self.isEndOfNumber(state)
  }

  private mutating func begin(_ word: StaticString) {
    literal = word
    literalAt = 1
    state = .literal
  }

  private var isInObject: Bool {
    depth > 0 && levels[(depth - 1) >> 6] >> UInt64((depth - 1) & 63) & 1 == 1
  }

  private mutating func push(object: Bool) -> Bool {
    guard depth < depthLimit else { return false }
    let word = depth >> 6
    let bit = UInt64(1) << UInt64(depth & 63)
    if word == levels.count { levels.append(0) }
    levels[word] = object ? levels[word] | bit : levels[word] & ~bit
    depth += 1
    if depth > deepest { deepest = depth }
    return true
  }

  private mutating func pop() {
    depth -= 1
    finishValue()
  }

  private mutating func finishValue() { state = depth == 0 ? .done : .afterElement }

  private static func isEndOfNumber(_ state: State) -> Bool {
    switch state {
    case .zero, .integer, .fraction, .exponentDigits: true
    default: false
    }
  }

  /// RFC 8259 §6 as a table: the state after one more byte of a number; nil when it is not part of it.
  private static func afterNumberByte(_ state: State, _ byte: UInt8) -> State? {
    let isDigit = (0x30...0x39).contains(byte)
    switch state {
    case .minus: return byte == 0x30 ? .zero : isDigit ? .integer : nil
    case .integer where isDigit: return .integer
    case .zero, .integer:
      return byte == 0x2e ? .point : byte == 0x65 || byte == 0x45 ? .exponent : nil
    case .point: return isDigit ? .fraction : nil
    case .fraction: return isDigit ? .fraction : byte == 0x65 || byte == 0x45 ? .exponent : nil
    case .exponent:
      return isDigit ? .exponentDigits : byte == 0x2b || byte == 0x2d ? .exponentSign : nil
    case .exponentSign, .exponentDigits: return isDigit ? .exponentDigits : nil
    default: return nil
    }
  }

  @inline(__always)
  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
  }

  static func isHex(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
  }

  /// The first place from `start` on with a quote, a backslash or a control character; eight bytes at
  /// a time by the well-known test for a zero byte in a word.
  @inline(__always)
  static func endOfPlainText(_ bytes: Span<UInt8>, from start: Int) -> Int {
    let raw = bytes.bytes
    let count = bytes.count
    var at = start
    while at &+ 8 <= count {
      let word = raw.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self)
      let quote = word ^ 0x2222_2222_2222_2222
      let backslash = word ^ 0x5c5c_5c5c_5c5c_5c5c
      let found =
        ((quote &- 0x0101_0101_0101_0101) & ~quote)
        | ((backslash &- 0x0101_0101_0101_0101) & ~backslash)
        | ((word &- 0x2020_2020_2020_2020) & ~word)
      let marks = found & 0x8080_8080_8080_8080
      if marks != 0 {
        // Borrows can mark a byte after a real hit falsely, never before it: the lowest mark is true.
        #if _endian(little)
          return at &+ marks.trailingZeroBitCount >> 3
        #else
          break
        #endif
      }
      at &+= 8
    }
    while at < count {
      let byte = bytes[at]
      if byte == 0x22 || byte == 0x5c || byte < 0x20 { return at }
      at &+= 1
    }
    return at
  }
}
