/// A part of a tool's result: a Swift value whose JSON and whose JSON Schema come from one declaration.
public protocol ToolOutput: ResultValue {
  /// The fields.
  static var shape: Shape<Self> { get }
}

extension ToolOutput {
  /// An object with the fields.
  public static var valueType: ValueType { .fields(shape.fields) }
  /// The object.
  public var json: JSON { Self.shape.json(of: self) }
}

/// The fields of a result and where in its Swift value each is found.
public struct Shape<Output: Sendable>: Sendable {
  /// One field, or the fields of another shape.
  public struct Part: Sendable {
    let fields: [Field]
    let members: @Sendable (Output) -> [JSON.Member]

    /// Declares a field.
    ///
    /// - Parameters:
    ///   - name: the name in JSON.
    ///   - description: what it means, in a sentence without a full stop.
    ///   - value: the value in Swift.
    public static func field<Value: ResultValue>(
      _ name: String, _ description: String,
      _ value: @escaping @Sendable (Output) -> Value
    ) -> Part {
      let field = Field(
        name: name, description: description, type: Value.valueType, limits: .none,
        presence: .required)
      return Part(fields: [field], members: { [JSON.Member(name, value($0).json)] })
    }

    /// Takes in all fields of another value, beside this one's own.
    public static func fields<Other: ToolOutput>(
      of other: Other.Type, _ value: @escaping @Sendable (Output) -> Other
    ) -> Part {
      Part(
        fields: Other.shape.fields, members: { Other.shape.members(of: value($0)) })
    }
  }

  private let parts: [Part]

  /// Declares the fields in their order.
  public init(_ parts: Part...) { self.parts = parts }

  /// The declarations.
  public var fields: [Field] { parts.flatMap(\.fields) }

  func members(of output: Output) -> [JSON.Member] { parts.flatMap { $0.members(output) } }

  func json(of output: Output) -> JSON { .object(members(of: output)) }
}
