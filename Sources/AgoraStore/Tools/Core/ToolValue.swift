/// A type whose values stand in a tool's result.
public protocol ResultValue: Sendable {
  /// What the value may be in JSON.
  static var valueType: ValueType { get }
  /// The value in JSON.
  var json: JSON { get }
}

/// A type whose values a call can be given.
public protocol ParameterValue: ResultValue {
  /// Reads a value that was held against ``ResultValue/valueType`` before; nil where it is none.
  init?(json: JSON)
}

extension String: ParameterValue {
  /// Text.
  public static var valueType: ValueType { .text }
  /// A string.
  public var json: JSON { .string(self) }
  /// Reads a string.
  public init?(json: JSON) {
    guard case .string(let text) = json else { return nil }
    self = text
  }
}

extension Int: ParameterValue {
  /// A whole number.
  public static var valueType: ValueType { .integer }
  /// A number without a fraction.
  public var json: JSON { .int(self) }
  /// Reads a whole number, also one that is spelled with a point or an exponent.
  public init?(json: JSON) {
    guard case .number(let text) = json, let number = JSON.wholeNumber(text) else { return nil }
    self = number
  }
}

extension Double: ParameterValue {
  /// A number.
  public static var valueType: ValueType { .number }
  /// A number; null where it is none.
  public var json: JSON { .double(self) }
  /// Reads a number.
  public init?(json: JSON) {
    guard case .number(let text) = json, let number = Double(text), number.isFinite else {
      return nil
    }
    self = number
  }
}

extension Bool: ParameterValue {
  /// True or false.
  public static var valueType: ValueType { .boolean }
  /// True or false.
  public var json: JSON { .bool(self) }
  /// Reads true or false.
  public init?(json: JSON) {
    guard case .bool(let value) = json else { return nil }
    self = value
  }
}

extension Timestamp: ParameterValue {
  /// An instant.
  public static var valueType: ValueType { .instant }
  /// RFC 3339 in UTC.
  public var json: JSON { .string(description) }
  /// Reads RFC 3339.
  public init?(json: JSON) {
    guard case .string(let text) = json else { return nil }
    self.init(text)
  }
}

extension JSON: ParameterValue {
  /// Any value.
  public static var valueType: ValueType { .any }
  /// The value itself.
  public var json: JSON { self }
  /// Takes any value.
  public init?(json: JSON) { self = json }
}

extension Array: ResultValue where Element: ResultValue {
  /// A list.
  public static var valueType: ValueType { .list(Element.valueType) }
  /// An array.
  public var json: JSON { .array(map(\.json)) }
}

extension Array: ParameterValue where Element: ParameterValue {
  /// Reads an array all of whose elements can be read.
  public init?(json: JSON) {
    guard case .array(let elements) = json else { return nil }
    let values = elements.compactMap { Element(json: $0) }
    guard values.count == elements.count else { return nil }
    self = values
  }
}

extension Optional: ResultValue where Wrapped: ResultValue {
  /// The value or null.
  public static var valueType: ValueType { .nullable(Wrapped.valueType) }
  /// The value or null.
  public var json: JSON { map(\.json) ?? .null }
}

extension Optional: ParameterValue where Wrapped: ParameterValue {
  /// Reads a value, or null as none.
  public init?(json: JSON) {
    if case .null = json {
      self = .none
    } else {
      guard let value = Wrapped(json: json) else { return nil }
      self = value
    }
  }
}

/// A JSON object whose members nobody declared, such as metadata or a payload.
public struct JSONObject: ParameterValue, Equatable {
  /// The members in their order.
  public let members: [JSON.Member]

  /// Makes an object.
  public init(_ members: [JSON.Member] = []) { self.members = members }

  /// Any object.
  public static var valueType: ValueType { .object }
  /// The object.
  public var json: JSON { .object(members) }
  /// Reads an object.
  public init?(json: JSON) {
    guard case .object(let members) = json else { return nil }
    self.members = members
  }

  /// This object with another's members put in, each in the place of one of its name.
  public func merging(_ other: JSONObject) -> JSONObject {
    var result = members
    for member in other.members {
      if let index = result.firstIndex(where: { $0.name.exact == member.name.exact }) {
        result[index] = member
      } else {
        result.append(member)
      }
    }
    return JSONObject(result)
  }
}

/// An enumeration whose cases are words on the wire.
public protocol Word: ParameterValue, RawRepresentable, CaseIterable, Hashable
where RawValue == String {}

extension Word {
  /// One of the words.
  public static var valueType: ValueType { .word(allCases.map(\.rawValue)) }
  /// The word.
  public var json: JSON { .string(rawValue) }
  /// Reads a word.
  public init?(json: JSON) {
    guard case .string(let text) = json else { return nil }
    self.init(rawValue: text)
  }
}

/// An agent as a call names it, by id or by name; ``ToolContext/agent(_:)`` says which it is.
public struct AgentReference: ParameterValue, Hashable, CustomStringConvertible {
  /// The id or name as it was given.
  public let description: String

  /// Takes an id or a name.
  public init(_ text: String) { description = text }

  /// An agent.
  public static var valueType: ValueType { .agent }
  /// The id or name as it was given.
  public var json: JSON { .string(description) }
  /// Reads an id or a name.
  public init?(json: JSON) {
    guard case .string(let text) = json else { return nil }
    self.init(text)
  }
}

/// Who a message is to: one agent, or every agent.
public enum Receiver: ParameterValue, Hashable {
  /// Every agent.
  case broadcast
  /// One agent.
  case agent(AgentReference)

  /// The word in the store and on the wire.
  package static let broadcastWord = "broadcast"

  /// An agent, or all of them.
  public static var valueType: ValueType { .receiver }
  /// The id or name as it was given, or `broadcast`.
  public var json: JSON {
    switch self {
    case .broadcast: .string(Self.broadcastWord)
    case .agent(let reference): reference.json
    }
  }
  /// Reads an id, a name or `broadcast`.
  public init?(json: JSON) {
    guard case .string(let text) = json else { return nil }
    self = text == Self.broadcastWord ? .broadcast : .agent(AgentReference(text))
  }
}

/// An object with fields of its own inside a call, such as a workflow's step.
public protocol ParameterObject: ParameterValue {
  /// The fields.
  static var fields: ParameterList { get }
  /// Reads the fields.
  init(_ arguments: Arguments) throws(ToolFailure)
}

extension ParameterObject {
  /// An object with these fields.
  public static var valueType: ValueType { .fields(fields.fields) }
  /// Reads an object; nil where it is none.
  public init?(json: JSON) {
    guard case .object(let members) = json else { return nil }
    do throws(ToolFailure) { try self.init(Arguments(members)) } catch { return nil }
  }
}
