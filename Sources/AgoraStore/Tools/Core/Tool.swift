/// The declaration of a tool: everything that can be known of it without calling it.
///
/// The catalogue, the services of a store, MCP's list, REST's routes, the command line's help and the
/// checks at run time all read this one value.
public struct Tool: Sendable {
  /// What a tool does to the store.
  public enum Access: Sendable, Equatable {
    /// Looks, on a snapshot.
    case reads
    /// Changes things, all in one transaction.
    case writes
  }

  /// The part of a tool's name between the dots: `messaging` in `agora.messaging.send`.
  public enum Category: String, Word {
    /// Agents and their registration.
    case agent
    /// Messages and subscriptions.
    case messaging
    /// Tasks.
    case task
    /// Workflows.
    case workflow
    /// Questions about agents, services and the whole.
    case query
    /// Which tools there are.
    case discovery
    /// What only an operator may do.
    case admin
  }

  /// A call as somebody would make it, and what it would answer.
  public struct Example: Sendable {
    /// The parameters.
    public let parameters: JSON
    /// The result.
    public let result: JSON

    /// Takes both as JSON text; a test reads every example and holds it against the declaration.
    public init(_ parameters: String, _ result: String) {
      self.parameters = (try? JSON.parse(parameters)) ?? .null
      self.result = (try? JSON.parse(result)) ?? .null
    }
  }

  /// That a tool will go, and what takes its place.
  public struct Deprecation: Sendable, Equatable {
    /// Since when it is discouraged.
    public let since: Timestamp
    /// When it is refused; nil while that is open.
    public let sunset: Timestamp?
    /// The tool that takes its place, such as `agora.messaging.send@1.0.0`.
    public let replacement: String
    /// Where it is written how to change over; nil where nothing is.
    public let guide: String?

    /// Makes a deprecation.
    public init(since: Timestamp, sunset: Timestamp?, replacement: String, guide: String? = nil) {
      self.since = since
      self.sunset = sunset
      self.replacement = replacement
      self.guide = guide
    }
  }

  /// The canonical name, `agora.{category}.{action}`.
  public let name: String
  /// The version.
  public let version: SemanticVersion
  /// The category, as the name says it.
  public let category: Category
  /// A few words for a list.
  public let title: String
  /// What it does, in a sentence or a few.
  public let description: String
  /// The parameters.
  public let parameters: ParameterList
  /// The fields of the result.
  public let result: [Field]
  /// The failures that this tool can give besides those that every tool can.
  public let failures: Set<ToolFailure.Code>
  /// Whether it reads or writes.
  public let access: Access
  /// The least authority (0–255) that a caller needs.
  public let authority: Int
  /// Whether the same call a second time changes nothing more.
  public let isIdempotent: Bool
  /// Whether it can take away what cannot be brought back by the same caller.
  public let isDestructive: Bool
  /// Whether it is done also while the whole marketplace is halted.
  public let passesHalt: Bool
  /// Whether it may still change in any way.
  public let isBeta: Bool
  /// Calls and their results.
  public let examples: [Example]
  /// That it will go; nil for one that stays.
  public let deprecation: Deprecation?

  /// Declares a tool.
  ///
  /// - Parameters:
  ///   - action: the last part of the name.
  ///   - output: the type of the result.
  ///   - failures: the codes that ``ToolCall/run(in:)`` and reading the arguments can give, without
  ///     those of ``commonFailures(_:)``.
  public init<Output: ToolOutput>(
    _ category: Category, _ action: String, version: SemanticVersion = SemanticVersion(1, 0, 0),
    title: String, description: String, parameters: ParameterList, output: Output.Type,
    failures: Set<ToolFailure.Code> = [], access: Access, authority: Int = 0,
    isIdempotent: Bool, isDestructive: Bool = false, passesHalt: Bool = false,
    isBeta: Bool = false, examples: [Example], deprecation: Deprecation? = nil
  ) {
    name = "agora.\(category.rawValue).\(action)"
    self.version = version
    self.category = category
    self.title = title
    self.description = description
    self.parameters = parameters
    result = Output.shape.fields
    self.failures = failures
    self.access = access
    self.authority = authority
    self.isIdempotent = isIdempotent
    self.isDestructive = isDestructive
    self.passesHalt = passesHalt
    self.isBeta = isBeta
    self.examples = examples
    self.deprecation = deprecation
  }

  /// The failures that every tool can give, whatever it does.
  public static func commonFailures(_ tool: Tool) -> Set<ToolFailure.Code> {
    var codes: Set<ToolFailure.Code> = [.invalidParameter, .gone, .internal, .unavailable]
    if tool.access == .writes, !tool.passesHalt { codes.insert(.halted) }
    if tool.authority > 0 { codes.formUnion([.unauthorized, .forbidden]) }
    if tool.parameters.fields.contains(where: \.isMeasured) { codes.insert(.tooLarge) }
    return codes
  }

  /// All failures that this tool can give.
  public var allFailures: Set<ToolFailure.Code> { failures.union(Self.commonFailures(self)) }

  /// The name and version, `agora.messaging.send@1.0.0`.
  public var versionedName: String { "\(name)@\(version)" }
  /// The name for clients that refuse a dot, `agora_messaging_send`.
  public var underscoreName: String { Self.underscored(name) }

  static func underscored(_ name: String) -> String {
    name.split(separator: ".", omittingEmptySubsequences: false).joined(separator: "_")
  }

  /// The JSON Schema of the parameters.
  public var parametersSchema: JSON { JSONSchema.document(parameters.fields) }
  /// The JSON Schema of the result.
  public var resultSchema: JSON { JSONSchema.document(result) }
  /// Both schemas as they stand in `services`.
  public var schema: JSON {
    .object([.init("parameters", parametersSchema), .init("result", resultSchema)])
  }
}

extension Field {
  /// Whether a value of it can be `too_large`.
  fileprivate var isMeasured: Bool {
    if limits.bytes != nil { return true }
    switch type {
    case .fields(let fields), .list(.fields(let fields)):
      return fields.contains(where: \.isMeasured)
    default: return false
    }
  }
}
