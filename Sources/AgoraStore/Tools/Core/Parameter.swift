/// One parameter of a tool, declared once: decoding, default, JSON Schema, flag and help come from it.
public struct Parameter<Value: ParameterValue>: Sendable {
  /// The declaration without its Swift type.
  public let field: Field
  let defaultValue: Value?

  private init(_ field: Field, default value: Value?) {
    self.field = field
    defaultValue = value
  }

  /// Declares a parameter that has to be given.
  ///
  /// - Parameters:
  ///   - name: the name in JSON.
  ///   - description: what it means, in a sentence without a full stop.
  public init(_ name: String, _ description: String, _ limits: Limits = .none) {
    self.init(
      Field(
        name: name, description: description, type: Value.valueType, limits: limits,
        presence: .required), default: nil)
  }

  /// Declares a parameter that is `value` where it is not given.
  public init(
    _ name: String, _ description: String, _ limits: Limits = .none, default value: Value
  ) {
    self.init(
      Field(
        name: name, description: description, type: Value.valueType, limits: limits,
        presence: .defaulted(value.json)), default: value)
  }

  /// Declares a parameter that may be left out.
  public init<Wrapped: ParameterValue>(
    optional name: String, _ description: String, _ limits: Limits = .none
  ) where Value == Wrapped? {
    self.init(
      Field(
        name: name, description: description, type: Wrapped.valueType, limits: limits,
        presence: .optional), default: .some(nil))
  }

  /// A value for this parameter, for a call that is made in Swift.
  public func callAsFunction(_ value: Value) -> Argument {
    Argument(member: JSON.Member(field.name, value.json))
  }
}

/// A value with the name of its parameter; made by calling a ``Parameter``.
public struct Argument: Sendable {
  let member: JSON.Member
}

/// The parameters of a tool, or of an object inside a call, in the order in which help shows them.
public struct ParameterList: Sendable, Equatable {
  /// The declarations.
  public let fields: [Field]

  /// Lists parameters.
  public init<each Value: ParameterValue>(_ parameters: repeat Parameter<each Value>) {
    var fields: [Field] = []
    for parameter in repeat each parameters { fields.append(parameter.field) }
    self.fields = fields
  }

  /// Makes arguments of an object, held against the declarations.
  ///
  /// - Throws: ``ToolFailure`` `invalid_parameter` or `too_large`, naming the parameter.
  public func arguments(_ json: JSON) throws(ToolFailure) -> Arguments {
    guard case .object(let members) = json else {
      throw ToolFailure(
        .invalidParameter,
        "the arguments are \(ValueCheck.came(json)), and an object with the parameters is due")
    }
    try ValueCheck.check(members, fields, at: "")
    return Arguments(members)
  }
}
