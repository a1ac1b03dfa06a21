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
  /// One field.
  public struct Part: Sendable {
    let field: Field
    let value: @Sendable (Output) -> JSON

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
      Part(
        field: Field(
          name: name, description: description, type: Value.valueType, limits: .none,
          presence: .required),
        value: { value($0).json })
    }
  }

  private let parts: [Part]

  /// Declares the fields in their order.
  public init(_ parts: Part...) { self.parts = parts }

  /// The declarations.
  public var fields: [Field] { parts.map(\.field) }

  func json(of output: Output) -> JSON {
    .object(parts.map { JSON.Member($0.field.name, $0.value(output)) })
  }
}
