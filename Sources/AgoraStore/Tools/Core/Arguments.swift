import Synchronization

/// The values that a call was given, held against the declarations by ``ParameterList/arguments(_:)``,
/// each to be read through its ``Parameter``.
public struct Arguments: Sendable {
  private let members: [JSON.Member]
  private let recorder: Recorder?

  /// Notes which parameters are read, for the test that holds declarations against code.
  package final class Recorder: Sendable {
    private let names = Mutex<Set<String>>([])

    package init() {}

    /// The names of the parameters that were read.
    package var read: Set<String> { names.withLock { $0 } }

    fileprivate func note(_ name: String) { names.withLock { _ = $0.insert(name) } }
  }

  init(_ members: [JSON.Member], recorder: Recorder? = nil) {
    self.members = members
    self.recorder = recorder
  }

  /// The same values, with a note of which of them are read.
  package func recording(_ recorder: Recorder) -> Arguments {
    Arguments(members, recorder: recorder)
  }

  /// The values as an object.
  public var json: JSON { .object(members) }

  /// A parameter's value, or its default.
  public subscript<Value: ParameterValue>(_ parameter: Parameter<Value>) -> Value {
    get throws(ToolFailure) {
      if let value = try given(parameter) { return value }
      if let value = parameter.defaultValue { return value }
      throw ToolFailure(
        .invalidParameter,
        "\(parameter.field.name) is missing: \(parameter.field.type.expectation) is due",
        parameter: parameter.field.name)
    }
  }

  /// A parameter's value; nil where it was not given, whatever its default.
  public func given<Value: ParameterValue>(
    _ parameter: Parameter<Value>
  ) throws(ToolFailure) -> Value? {
    let field = parameter.field
    recorder?.note(field.name)
    guard let value = members.first(where: { $0.name == field.name })?.value else { return nil }
    if value == .null, field.presence != .required { return nil }
    guard let read = Value(json: value) else {
      throw ToolFailure(
        .invalidParameter, "\(field.name) cannot be read, and \(field.type.expectation) is due",
        parameter: field.name)
    }
    return read
  }
}
