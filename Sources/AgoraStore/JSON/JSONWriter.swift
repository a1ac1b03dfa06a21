/// Writes a ``JSON`` value as text.
package enum JSONWriter {
  /// The shortest text of a value, without any white space.
  package static func compact(_ value: JSON) -> String {
    var bytes: [UInt8] = []
    write(value, into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The text for people: two spaces a level, and containers of scalars on one line where they fit.
  package static func pretty(_ value: JSON) -> String {
    var bytes: [UInt8] = []
    write(value, indent: 0, into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  package static func write(_ value: JSON, into bytes: inout [UInt8]) {
    switch value {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
    case .number(let text): bytes.append(contentsOf: text.utf8)
    case .string(let text): JSONText.quote(text, into: &bytes)
    case .array(let elements):
      bytes.append(0x5b)
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(0x2c) }
        write(element, into: &bytes)
      }
      bytes.append(0x5d)
    case .object(let members):
      bytes.append(0x7b)
      for (index, member) in members.enumerated() {
        if index > 0 { bytes.append(0x2c) }
        JSONText.quote(member.name, into: &bytes)
        bytes.append(0x3a)
        write(member.value, into: &bytes)
      }
      bytes.append(0x7d)
    }
  }

  private static func write(_ value: JSON, indent: Int, into bytes: inout [UInt8]) {
    let isContainer =
      switch value {
      case .array(let elements): !elements.isEmpty
      case .object(let members): !members.isEmpty
      default: false
      }
    let line = compact(value)
    guard isContainer, line.utf8.count + indent > 92 || indent == 0 else {
      bytes.append(contentsOf: line.utf8)
      return
    }
    let inner = "\n" + String(repeating: " ", count: indent + 2)
    let outer = "\n" + String(repeating: " ", count: indent)
    switch value {
    case .array(let elements):
      bytes.append(0x5b)
      for (index, element) in elements.enumerated() {
        bytes.append(contentsOf: ((index > 0 ? "," : "") + inner).utf8)
        write(element, indent: indent + 2, into: &bytes)
      }
      bytes.append(contentsOf: (outer + "]").utf8)
    case .object(let members):
      bytes.append(0x7b)
      for (index, member) in members.enumerated() {
        bytes.append(contentsOf: ((index > 0 ? "," : "") + inner).utf8)
        JSONText.quote(member.name, into: &bytes)
        bytes.append(contentsOf: ": ".utf8)
        write(member.value, indent: indent + 2, into: &bytes)
      }
      bytes.append(contentsOf: (outer + "}").utf8)
    default: break
    }
  }
}

extension [UInt8] {
  /// Appends a text that stands in the program.
  package mutating func append(literal: StaticString) {
    literal.withUTF8Buffer { append(contentsOf: $0) }
  }

  /// Appends a number's decimal digits.
  package mutating func append(decimal value: Int) {
    guard value > 9 || value < 0 else { return append(0x30 + UInt8(truncatingIfNeeded: value)) }
    append(contentsOf: String(value).utf8)
  }
}

extension JSON: CustomStringConvertible {
  /// The shortest text of the value.
  public var description: String { JSONWriter.compact(self) }
}

extension JSON {
  /// A whole number.
  package static func int(_ value: Int) -> JSON { .number(String(value)) }
  /// A number with a fraction, in the shortest form that reads back the same.
  package static func double(_ value: Double) -> JSON {
    value.isFinite ? .number("\(value)") : .null
  }
  /// A string, or null where there is none.
  package static func optional(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
}
