import Synchronization

/// All versions of all tools.
public struct ToolCatalog: Sendable {
  /// One tool in one version, and how a call of it is made.
  public struct Entry: Sendable {
    /// The declaration.
    public let tool: Tool
    let make: @Sendable (Arguments) throws(ToolFailure) -> any ToolCall

    init<Call: ToolCall>(_ call: Call.Type) {
      tool = call.tool
      make = { (arguments: Arguments) throws(ToolFailure) -> any ToolCall in try Call(arguments) }
    }

    /// Reads arguments into a call.
    ///
    /// - Throws: ``ToolFailure`` `invalid_parameter` or `too_large`, naming the parameter.
    public func call(_ arguments: JSON) throws(ToolFailure) -> any ToolCall {
      try call(tool.parameters.arguments(arguments))
    }

    /// Makes a call of arguments that were held against the declaration.
    package func call(_ arguments: Arguments) throws(ToolFailure) -> any ToolCall {
      try make(arguments)
    }
  }

  /// The entries that have been made, and the calls that they are made of.
  ///
  /// A process that makes one call needs one tool, and making all of them costs it more than the call.
  private final class Shelf: Sendable {
    struct State {
      var byName: [String: [Entry]] = [:]
      var all: [Entry]?
    }

    let calls: [(name: String, type: any ToolCall.Type)]
    let state = Mutex(State())

    init(_ calls: [(name: String, type: any ToolCall.Type)]) { self.calls = calls }
  }

  private let shelf: Shelf

  /// Collects calls.
  public init(_ calls: [any ToolCall.Type]) {
    shelf = Shelf(calls.map { ($0.tool.name, $0) })
  }

  /// Collects calls under the names of their tools, which are not looked at before they are wanted.
  init(named calls: [(name: String, type: any ToolCall.Type)]) { shelf = Shelf(calls) }

  /// The calls under the names that they were given.
  package var named: [(name: String, type: any ToolCall.Type)] { shelf.calls }

  /// The tools in order of their names, the newest version of each first.
  public var entries: [Entry] {
    shelf.state.withLock { state in
      if let all = state.all { return all }
      let all = Self.ordered(shelf.calls.map(\.type))
      state.all = all
      return all
    }
  }

  /// The versions of a tool, the newest first, by its dotted name or the one with underscores.
  private func versions(of name: String) -> [Entry] {
    shelf.state.withLock { state in
      if let known = state.byName[name] { return known }
      let found = Self.ordered(
        shelf.calls.filter { $0.name == name || Tool.underscored($0.name) == name }.map(\.type))
      // Names that there are not would fill the memory.
      if !found.isEmpty { state.byName[name] = found }
      return found
    }
  }

  private static func ordered(_ calls: [any ToolCall.Type]) -> [Entry] {
    calls.map { entry($0) }.sorted { one, other in
      one.tool.name == other.tool.name
        ? one.tool.version > other.tool.version
        : one.tool.name.exact.lexicographicallyPrecedes(other.tool.name.exact)
    }
  }

  private static func entry<Call: ToolCall>(_ call: Call.Type) -> Entry { Entry(call) }

  /// The names of the tools, each once, in order.
  public var names: [String] {
    entries.map(\.tool.name).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }

  /// The entry of a tool by name, `name@1.0.0` or `name@RANGE`: the newest version that fits, one that
  /// is final and not deprecated before any other.
  ///
  /// - Throws: ``ToolFailure`` `not_found`, with the nearest name or the versions that there are.
  public func entry(_ name: String) throws(ToolFailure) -> Entry {
    guard let first = try candidates(name).first else {
      throw ToolFailure(.internal, "a name without versions")
    }
    return first
  }

  /// The entries that a name means, the one to take first.
  func candidates(_ text: String) throws(ToolFailure) -> [Entry] {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let versions = versions(of: String(parts[0]))
    guard !versions.isEmpty else { throw unknown(String(parts[0])) }
    let ordered =
      versions.filter(\.tool.isPreferred) + versions.filter { !$0.tool.isPreferred }
    guard parts.count == 2 else { return ordered }
    let range = try VersionRange(reading: String(parts[1]))
    let fitting = ordered.filter { range.contains($0.tool.version) }
    guard !fitting.isEmpty else {
      let there = versions.map { "\($0.tool.version)" }.joined(separator: ", ")
      throw ToolFailure(
        .notFound,
        "\(versions[0].tool.name) has no version \(ValueCheck.shown(String(parts[1]))); there is \(there)"
      )
    }
    return fitting
  }

  private func unknown(_ name: String) -> ToolFailure {
    let shown = ValueCheck.shown(name)
    let nearest = nearestName(to: name)
    let hint = nearest.map { "did you mean \($0)?" } ?? "agora.discovery.list lists them"
    return ToolFailure(
      .notFound, "there is no tool \"\(shown)\"; \(hint)",
      details: nearest.map { .object([.init("nearest", .string($0))]) })
  }

  /// The tool that somebody may have meant who said a name that there is not: a mistyped one, one without
  /// `agora.`, or an action alone.
  package func nearestName(to name: String) -> String? {
    let typed = name.split(separator: "@").first.map { String($0.prefix(64)) } ?? ""
    guard !typed.isEmpty else { return nil }
    if let nearest = Suggestion.nearest(to: typed, among: names)
      ?? Suggestion.nearest(to: "agora." + typed, among: names)
    {
      return nearest
    }
    return names.first { $0.hasSuffix("." + typed) }
  }

  /// The whole catalogue as JSON.
  public var json: JSON { .array(entries.map(\.tool.json)) }
}

extension VersionRange {
  /// Reads a range that a call gave.
  init(reading text: String) throws(ToolFailure) {
    guard let range = VersionRange(text) else {
      throw ToolFailure(
        .invalidParameter,
        "\"\(ValueCheck.shown(text))\" is no version and no range of versions, such as 1.0.0, ^1.0 or >=1 <2",
        parameter: "version")
    }
    self = range
  }
}

extension Tool {
  /// Whether a caller who says no version gets this one rather than another.
  fileprivate var isPreferred: Bool { deprecation == nil && !isBeta && version.prerelease.isEmpty }

  /// The declaration as JSON.
  public var json: JSON {
    var members: [JSON.Member] = [
      .init("name", .string(name)), .init("version", .string(version.description)),
      .init("category", .string(category.rawValue)), .init("title", .string(title)),
      .init("description", .string(description)),
      .init("status", .string(isBeta ? "beta" : deprecation == nil ? "active" : "deprecated")),
      .init("access", .string(access == .reads ? "reads" : "writes")),
      .init("authority", .int(authority)), .init("idempotent", .bool(isIdempotent)),
      .init("destructive", .bool(isDestructive)),
      .init(
        "failures", .array(allFailures.map(\.rawValue).sorted().map { .string($0) })),
      .init("parameters", parametersSchema), .init("result", resultSchema),
      .init(
        "examples",
        .array(
          examples.map {
            .object([.init("parameters", $0.parameters), .init("result", $0.result)])
          })),
    ]
    if let deprecation {
      members += [
        .init("deprecation_date", deprecation.since.json),
        .init("sunset_date", deprecation.sunset.json),
        .init("replacement", .string(deprecation.replacement)),
        .init("migration_guide", .optional(deprecation.guide)),
      ]
    }
    return .object(members)
  }
}
