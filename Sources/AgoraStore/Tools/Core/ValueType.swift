/// What a value in a call or in its result may be.
///
/// One description serves for decoding, for errors, for JSON Schema and for help.
public indirect enum ValueType: Sendable, Equatable {
  /// Text.
  case text
  /// A whole number.
  case integer
  /// A number.
  case number
  /// True or false.
  case boolean
  /// An instant, written as RFC 3339.
  case instant
  /// One of some words.
  case word([String])
  /// An agent, by its id or its name.
  case agent
  /// An agent, or all of them.
  case receiver
  /// The id of a record.
  case identifier(IdentifierKind)
  /// Any JSON object.
  case object
  /// Any JSON value.
  case any
  /// Values of one type, in an order.
  case list(ValueType)
  /// An object with known fields.
  case fields([Field])
  /// A value of a type, or null.
  case nullable(ValueType)

  /// What is expected, with its article, for an error's sentence.
  var expectation: String {
    switch self {
    case .text: "a string"
    case .integer: "a whole number"
    case .number: "a number"
    case .boolean: "true or false"
    case .instant: "a time in RFC 3339, such as 2025-06-06T10:00:00Z"
    case .word(let words): "one of " + words.joined(separator: ", ")
    case .agent: "an agent's id or name"
    case .receiver: "an agent's id or name, or \"broadcast\""
    case .identifier(let kind): "an id such as \(kind.rawValue)_…"
    case .object, .fields: "an object"
    case .any: "a value"
    case .list(let element): "an array of values, each \(element.expectation)"
    case .nullable(let type): type.expectation + " or null"
    }
  }

  /// The word for the type in help and in tables.
  public var name: String {
    switch self {
    case .text, .instant, .word, .agent, .receiver, .identifier: "string"
    case .integer: "integer"
    case .number: "number"
    case .boolean: "boolean"
    case .object, .fields: "object"
    case .any: "any"
    case .list: "array"
    case .nullable(let type): type.name
    }
  }
}

/// A named place in a call or in a result.
public struct Field: Sendable, Equatable {
  /// Whether a value has to be there.
  public enum Presence: Sendable, Equatable {
    /// It has to be given.
    case required
    /// It may be left out.
    case optional
    /// It may be left out and is this then.
    case defaulted(JSON)
  }

  /// The name in JSON.
  public let name: String
  /// What it means, in a sentence.
  public let description: String
  /// What it may be.
  public let type: ValueType
  /// How long, how many or how large it may be.
  public let limits: Limits
  /// Whether it has to be there.
  public let presence: Presence

  /// The command line's flag for it: `to_agent` is `--to-agent`.
  public var flag: String {
    "--" + name.split(separator: "_", omittingEmptySubsequences: false).joined(separator: "-")
  }
}

/// How long, how many or how large a value may be; what is nil is not limited.
public struct Limits: Sendable, Equatable {
  /// The characters (Unicode code points) that a text may have; in a list each of its texts.
  public var length: ClosedRange<Int>?
  /// The bytes that a text may have in UTF-8, or any other value as compact JSON; above it a call is
  /// `too_large`.
  public var bytes: Int?
  /// The values that a list may have.
  public var count: ClosedRange<Int>?
  /// The numbers that are accepted.
  public var range: ClosedRange<Int>?
  /// Whether a text is a name or a word: no control characters, and not only white space.
  public var isPlain: Bool

  package init(
    length: ClosedRange<Int>? = nil, bytes: Int? = nil, count: ClosedRange<Int>? = nil,
    range: ClosedRange<Int>? = nil, isPlain: Bool = false
  ) {
    self.length = length
    self.bytes = bytes
    self.count = count
    self.range = range
    self.isPlain = isPlain
  }

  /// No limits.
  public static let none = Limits()
  /// A name of an agent, of a capability, of a type: 1 to 256 characters, none of them a control
  /// character.
  public static let name = Limits(length: 1...256, isPlain: true)
  /// A short word such as a type: 1 to 128 characters, none of them a control character.
  public static let word = Limits(length: 1...128, isPlain: true)
  /// A text that people write: at most 4,000 characters.
  public static let note = Limits(length: 0...4_000)
  /// A content: at most 1 MiB.
  public static let content = Limits(bytes: 1 << 20)
  /// A small document, such as metadata: at most 64 KiB as JSON.
  public static let metadata = Limits(bytes: 1 << 16)

  /// Limits in numbers.
  public static func range(_ range: ClosedRange<Int>) -> Limits { Limits(range: range) }

  /// The same limits for each element of a list with so many elements.
  public func times(_ count: ClosedRange<Int>) -> Limits {
    var copy = self
    copy.count = count
    return copy
  }
}
