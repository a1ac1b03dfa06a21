/// One call of a v5 tool: its parameters read and checked, ready to be run.
public protocol ToolCall: Sendable {
  /// What the call answers.
  associatedtype Output: ToolOutput
  /// The declaration.
  static var tool: Tool { get }
  /// Reads the parameters, every one of them.
  init(_ arguments: Arguments) throws(ToolFailure)
  /// Does the work: a tool that writes inside one transaction, one that reads on one snapshot.
  ///
  /// - Throws: ``ToolFailure`` with a code that ``tool`` declares; then nothing has been changed.
  func run(in context: ToolContext) throws -> Output
}

/// A call that is answered also where the store can be neither read nor written, and whatever is halted.
///
/// It runs outside of any transaction, on connections of its own.
public protocol MeasuringCall: ToolCall {
  /// Looks at the store under a path; what goes wrong is part of the answer.
  func measure(_ path: String, _ catalog: ToolCatalog, at now: Timestamp) -> Output
}

extension MeasuringCall {
  /// Measures the store that the context is of.
  public func run(in context: ToolContext) throws -> Output {
    measure(context.connection.path, context.catalog, at: context.now)
  }
}

extension ToolCall {
  /// Makes a call in Swift, with the checks that any other call goes through:
  /// `SendMessage(SendMessage.to(.broadcast), SendMessage.content("…"))`.
  ///
  /// - Throws: ``ToolFailure`` `invalid_parameter` or `too_large`, naming the parameter.
  public init(_ arguments: Argument...) throws(ToolFailure) {
    try self.init(Self.tool.parameters.arguments(.object(arguments.map(\.member))))
  }
}

/// What a call by name answers.
public struct ToolReply: Sendable {
  /// The tool and version that answered.
  public let tool: Tool
  /// The result, an object with the fields that the tool declares.
  public let result: JSON
  /// Sentences that the caller should read, such as that the tool will go.
  public let warnings: [String]
}
