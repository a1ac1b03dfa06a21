/// A JSON value in memory, for documents that are known to be small.
///
/// A number keeps its text, so that nothing beyond 2^53 is rounded; an object keeps the order of its
/// members. Rows of an export never pass through here.
public indirect enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  /// The number's text as it was written.
  case number(String)
  case string(String)
  case array([JSON])
  case object([Member])

  /// One member of an object.
  public struct Member: Sendable, Equatable {
    /// The member's name.
    public let name: String
    /// The member's value.
    public let value: JSON

    /// Makes a member.
    public init(_ name: String, _ value: JSON) {
      self.name = name
      self.value = value
    }
  }

  /// The nesting that ``parse(_:)-(String)`` accepts.
  public static let depthLimit = 512

  /// Reads one JSON value that fills the text.
  ///
  /// - Throws: ``JSONError`` with the byte offset when the text is not exactly one value, is nested
  ///   deeper than ``depthLimit``, or is not UTF-8.
  public static func parse(_ text: String) throws(JSONError) -> JSON {
    try parse(Array(text.utf8))
  }

  package static func parse(
    _ bytes: [UInt8], depthLimit: Int = JSON.depthLimit
  ) throws(JSONError) -> JSON {
    let text = bytes.span
    try validate(text, depthLimit: depthLimit)
    return build(text, JSONSlices.value(text, JSONSlices.skipSpace(text, 0)))
  }

  /// Checks that bytes are exactly one JSON value with white space around it.
  package static func validate(_ text: Span<UInt8>, depthLimit: Int = JSON.depthLimit)
    throws(JSONError)
  {
    if let fault = UTF8Check.firstFault(text) {
      throw JSONError(offset: fault, reason: "not UTF-8")
    }
    var validator = JSONValidator(depthLimit: depthLimit)
    switch validator.consume(text, from: 0) {
    case .malformed(let offset, let reason): throw JSONError(offset: offset, reason: reason)
    case .incomplete:
      guard validator.isCompleteAtEnd() else {
        throw JSONError(offset: text.count, reason: "the text ends too early", isTruncated: true)
      }
    case .complete(let end):
      let rest = JSONSlices.skipSpace(text, end)
      guard rest == text.count else {
        throw JSONError(offset: rest, reason: "something follows the value")
      }
    }
  }

  private static func build(_ text: Span<UInt8>, _ slice: JSONSlice) -> JSON {
    switch slice.kind {
    case .null: return .null
    case .bool: return .bool(text[slice.range.lowerBound] == 0x74)
    case .number: return .number(string(text, slice.range))
    case .string: return .string(unescaped(text, slice.inside))
    case .array, .object:
      var parts = JSONSlices()
      parts.split(text, at: slice.range.lowerBound)
      if slice.kind == .array {
        var elements: [JSON] = []
        for value in parts.values { elements.append(build(text, value)) }
        return .array(elements)
      }
      var members: [Member] = []
      for (index, value) in parts.values.enumerated() {
        members.append(Member(unescaped(text, parts.names[index]), build(text, value)))
      }
      return .object(members)
    }
  }

  private static func string(_ text: Span<UInt8>, _ range: Range<Int>) -> String {
    text.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }

  private static func unescaped(_ text: Span<UInt8>, _ range: Range<Int>) -> String {
    var bytes: [UInt8] = []
    JSONText.unescape(text, range, into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The member of an object under a name; nil when there is none or this is no object.
  public subscript(_ name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// The text of a string; nil for anything else.
  public var text: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  /// The value of an integer that fits; nil for anything else.
  public var integer: Int? {
    guard case .number(let text) = self else { return nil }
    return Int(text)
  }

  /// The elements of an array; nil for anything else.
  public var elements: [JSON]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  /// The members of an object; nil for anything else.
  public var members: [Member]? {
    guard case .object(let members) = self else { return nil }
    return members
  }
}
