import AgoraStore

/// The body of a call over HTTP or a WebSocket: an array of arguments by place, or an object of
/// arguments by name.
struct ArgumentBody {
  enum Content {
    case values([JSON])
    case named([JSON.Member])
  }

  let content: Content
  /// Where the arguments stand.
  let text: ArgumentText

  /// Reads a body.
  ///
  /// - Throws: ``Refusal`` in the words of SpacetimeDB 1.1.2, with the place.
  init(_ bytes: [UInt8], of reducer: Reducer) throws(Refusal) {
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes) } catch {
      throw Self.refusal(error, bytes, reducer)
    }
    let span = bytes.span
    let start = JSONSlices.skipSpace(span, 0)
    let whole = JSONSlices.value(span, start)
    var slices = JSONSlices()
    switch json {
    case .array(let elements):
      slices.split(span, at: start)
      content = .values(elements)
    case .object(let members):
      slices.split(span, at: start)
      content = .named(members)
    default:
      let text = ArgumentText(span, [], end: whole.range.upperBound)
      throw reducer.invalid(
        ".: .: invalid type: \(LegacyType.shown(json)), expected reducer args for \(reducer.name)",
        at: text.end)
    }
    text = ArgumentText(span, slices.values.map(\.range), end: whole.range.upperBound)
  }

  /// What serde_json says of a text that is no JSON.
  private static func refusal(
    _ error: JSONError, _ bytes: [UInt8], _ reducer: Reducer
  ) -> Refusal {
    let span = bytes.span
    let text = ArgumentText(span, [], end: bytes.count)
    let standing = Standing(span, until: error.offset)
    let next = error.offset < bytes.count ? bytes[error.offset] : nil
    var path = standing.isInside ? "[\(standing.index)]" : "."
    var read = min(error.offset + 1, bytes.count)
    let reason: String
    switch error.reason {
    case "a control character in a string":
      reason = "control character (\\u0000-\\u001F) found while parsing a string"
    case "nesting too deep": reason = "recursion limit exceeded"
    case "no JSON value can start here":
      let isTrailing = next == 0x5d && standing.index > 0
      reason = isTrailing ? "trailing comma" : "expected value"
      if !isTrailing, standing.depth == 1 { path = "[\(standing.index)]" }
    case "a member's name in quotes is due here":
      reason = next == 0x7d ? "trailing comma" : "key must be a string"
    case "a colon is due here": reason = "expected `:`"
    case "a comma or } is due here": reason = "expected `,` or `}`"
    case "a comma or ] is due here": reason = "expected `,` or `]`"
    case "not one of true, false and null": reason = "expected ident"
    case "a number without a digit where one is due": reason = "invalid number"
    case "something follows the value":
      // The text behind the array is met by another reader, which names no path.
      let place = text.place(read)
      let said = "trailing characters at line \(place.line) column \(place.column)"
      return reducer.invalid("\(said): trailing characters", at: place)
    case "not UTF-8":
      return Refusal(
        .invalidArguments(signature: reducer.signature), "invalid_arguments",
        "invalid arguments for reducer \(reducer.name): the body is not UTF-8 at byte \(error.offset)"
      )
    case _ where error.isTruncated:
      reason = "EOF while parsing \(standing.expected)"
      read = bytes.count
    default: reason = "invalid escape"
    }
    return reducer.invalid("\(path): \(path): \(reason)", at: text.place(read))
  }

  /// How far a text was understood.
  private struct Standing {
    /// Containers that are open.
    var depth = 0
    /// The argument.
    var index = 0
    /// Whether a value has begun and not ended at the place.
    var isInside: Bool { depth > 1 || depth == 1 && (isInString || isInWord) }
    private var isInString = false
    private var isInWord = false
    private var isInObject: [Bool] = []
    private var hasValue = false

    init(_ text: Span<UInt8>, until end: Int) {
      var isEscaped = false
      for at in 0..<min(end, text.count) {
        let byte = text[at]
        if isInString {
          if isEscaped {
            isEscaped = false
          } else if byte == 0x5c {
            isEscaped = true
          } else if byte == 0x22 {
            isInString = false
          }
          continue
        }
        switch byte {
        case 0x22: (isInString, hasValue) = (true, true)
        case 0x5b, 0x7b:
          depth += 1
          isInObject.append(byte == 0x7b)
          (isInWord, hasValue) = (false, false)
        case 0x5d, 0x7d:
          depth -= 1
          _ = isInObject.popLast()
          (isInWord, hasValue) = (false, true)
        case 0x2c:
          if depth == 1 { index += 1 }
          (isInWord, hasValue) = (false, false)
        case 0x20, 0x0a, 0x0d, 0x09: isInWord = false
        case 0x3a: hasValue = false
        default: (isInWord, hasValue) = (true, true)
        }
      }
    }

    /// What was being read when the text ended.
    var expected: String {
      if isInString { return "a string" }
      guard let isInObject = isInObject.last, hasValue || depth == 1 && index == 0 else {
        return "a value"
      }
      return isInObject ? "an object" : "a list"
    }
  }
}
