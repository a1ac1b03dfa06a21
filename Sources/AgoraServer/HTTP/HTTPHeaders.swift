/// Header fields in their order; a name may occur more than once, and its case does not matter.
public struct HTTPHeaders: Sendable, Equatable {
  /// One field.
  public struct Field: Sendable, Equatable {
    /// The name as it was written.
    public let name: String
    /// The value without white space around it.
    public let value: String
  }

  /// All fields in their order.
  public private(set) var fields: [Field] = []

  /// Makes a list without fields.
  public init() {}

  /// Makes a list of names and values.
  public init(_ fields: [(String, String)]) {
    for (name, value) in fields { append(name, value) }
  }

  /// Adds a field behind the others.
  public mutating func append(_ name: String, _ value: String) {
    fields.append(Field(name: name, value: value))
  }

  /// The first value under a name; setting it replaces all of them.
  public subscript(_ name: String) -> String? {
    get { fields.first { Self.isSame($0.name, name) }?.value }
    set {
      fields.removeAll { Self.isSame($0.name, name) }
      if let newValue { append(name, newValue) }
    }
  }

  /// All values under a name, in their order.
  public func all(_ name: String) -> [String] {
    fields.filter { Self.isSame($0.name, name) }.map(\.value)
  }

  /// The members of a comma-separated list over all fields of a name, in lower case; empty members
  /// stay, so that the caller can refuse them.
  public func list(_ name: String) -> [String] {
    all(name).flatMap { value in
      value.split(separator: ",", omittingEmptySubsequences: false).map {
        String(decoding: Self.trimmed(Array($0.utf8)), as: UTF8.self).lowercased()
      }
    }
  }

  /// Whether a comma-separated list has a member, in any case.
  public func lists(_ name: String, _ member: String) -> Bool { list(name).contains(member) }

  /// Whether two field names are the same (RFC 9110 §5.1).
  static func isSame(_ one: String, _ other: String) -> Bool {
    let (left, right) = (one.utf8, other.utf8)
    guard left.count == right.count else { return false }
    return zip(left, right).allSatisfy { $0 == $1 || lower($0) == lower($1) }
  }

  static func lower(_ byte: UInt8) -> UInt8 {
    (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
  }

  /// Bytes without the blanks and tabs around them (OWS, RFC 9110 §5.6.3).
  static func trimmed(_ bytes: some BidirectionalCollection<UInt8>) -> [UInt8] {
    var rest = bytes[...]
    while let first = rest.first, first == 0x20 || first == 0x09 { rest = rest.dropFirst() }
    while let last = rest.last, last == 0x20 || last == 0x09 { rest = rest.dropLast() }
    return Array(rest)
  }
}
