/// The v5 marketplace on a store: every tool of the catalogue as a call.
///
/// Calls may come from any thread. A tool that writes runs in one immediate transaction and has been
/// synced to the disk when the call returns; one that reads runs on a snapshot.
public final class Marketplace: Sendable {
  /// What can be chosen when a marketplace is opened.
  public struct Options: Sendable {
    /// The tools.
    public var catalog: ToolCatalog
    /// How long events are kept where the configuration does not say.
    public var retention = EventRetention.usual
    /// Whether every result and failure is held against its tool's declaration; on in debug builds.
    ///
    /// One that breaks it is an `internal` failure then.
    public var verifiesDeclarations: Bool
    /// Whether `services` is brought in line with the catalogue when the marketplace is opened.
    ///
    /// It costs a third of a process that makes one call; tools are answered the same without.
    package var keepsRegister = true

    /// The usual choices.
    public init(catalog: ToolCatalog = .agora) {
      self.catalog = catalog
      #if DEBUG
        verifiesDeclarations = true
      #else
        verifiesDeclarations = false
      #endif
    }
  }

  /// The store.
  public let store: Store
  /// The tools.
  public var catalog: ToolCatalog { options.catalog }
  private let options: Options
  let clock: Clock
  private let identifiers: IdentifierSequence
  private let usage = UsageLog()
  let commits = CommitSignal()

  /// Opens the marketplace of a store and brings its `services` in line with the catalogue, where this user
  /// may write it.
  ///
  /// - Parameter identifiers: makes new ids; by default of the clock and the system's randomness.
  /// - Throws: ``AgoraError`` when the store cannot be read or written.
  public init(
    _ store: Store, clock: Clock = .system, identifiers: IdentifierSource? = nil,
    options: Options = Options()
  ) throws {
    self.store = store
    self.clock = clock
    self.options = options
    let sequence = IdentifierSequence(identifiers ?? IdentifierSource(clock: clock))
    self.identifiers = sequence
    guard options.keepsRegister, !store.isReadOnly else { return }
    let catalog = options.catalog
    let isCurrent = try store.read { try ServiceRegister.outdated(catalog, in: $0).isEmpty }
    guard !isCurrent else { return }
    let now = clock.now()
    try store.write { connection in
      let outdated = try ServiceRegister.outdated(catalog, in: connection)
      try ServiceRegister.write(outdated, in: connection, at: now, sequence)
    }
  }

  /// What only looked left its traces in memory.
  deinit {
    let rest = usage.take()
    guard !rest.isEmpty else { return }
    try? store.withWriter { connection in
      // A statistic is not worth waiting for another's long transaction.
      connection.setBusyTimeout(milliseconds: 100)
      defer { connection.setBusyTimeout(milliseconds: Pragmas.live.busyTimeout) }
      try connection.transaction { try rest.write(to: connection) }
    }
  }

  /// The present instant.
  package var now: Timestamp { clock.now() }

  /// Calls a tool by name.
  ///
  /// - Parameters:
  ///   - name: `agora.messaging.send`, `agora_messaging_send`, either with `@` and a version or a range.
  ///   - arguments: an object with the parameters.
  /// - Throws: ``ToolFailure``; then nothing has been changed.
  public func call(
    _ name: String, _ arguments: JSON, as caller: Caller
  ) throws(ToolFailure) -> ToolReply {
    let entry = try choose(catalog.candidates(name))
    try Self.authorize(caller, for: entry.tool)
    return try reply(to: entry.call(arguments), as: caller)
  }

  /// Runs a call that was made in Swift.
  ///
  /// - Throws: ``ToolFailure``; then nothing has been changed.
  public func run<Call: ToolCall>(
    _ call: Call, as caller: Caller
  ) throws(ToolFailure) -> Call.Output {
    try Self.authorize(caller, for: Call.tool)
    return try perform(call, as: caller).output
  }

  private func reply(
    to call: some ToolCall, as caller: Caller
  ) throws(ToolFailure) -> ToolReply {
    let outcome = try perform(call, as: caller)
    return ToolReply(
      tool: type(of: call).tool, result: outcome.output.json, warnings: outcome.warnings)
  }

  /// The version to take where several fit: one that operators have not deprecated, else one that is
  /// still answered.
  private func choose(_ entries: [ToolCatalog.Entry]) throws(ToolFailure) -> ToolCatalog.Entry {
    guard let first = entries.first else { throw ToolFailure(.internal, "no version to choose") }
    if entries.count == 1 { return first }
    let now = clock.now()
    do {
      return try store.read { connection in
        let states = try entries.map { try ServiceRegister.state(of: $0.tool, in: connection) }
        let index =
          states.firstIndex { $0.status != .deprecated }
          ?? states.firstIndex { !$0.isSunset(at: now) }
        return entries[index ?? 0]
      }
    } catch { throw ToolFailure(error) }
  }

  /// Refuses a caller whose authority a tool asks more than.
  static func authorize(_ caller: Caller, for tool: Tool) throws(ToolFailure) {
    guard caller.authority < tool.authority else { return }
    guard caller.isAuthenticated else {
      throw ToolFailure(
        .unauthorized, "\(tool.name) needs a token of authority \(tool.authority) or more")
    }
    throw ToolFailure(
      .forbidden,
      "\(tool.name) needs authority \(tool.authority), and this caller has \(caller.authority)")
  }

  private struct Outcome<Output: Sendable>: Sendable {
    let output: Output
    let warnings: [String]
    let hasEmitted: Bool
  }

  private func perform<Call: ToolCall>(
    _ call: Call, as caller: Caller
  ) throws(ToolFailure) -> Outcome<Call.Output> {
    do {
      let outcome =
        try measured(call, caller)
        ?? (Call.tool.access == .writes ? write(call, caller) : read(call, caller))
      if options.verifiesDeclarations {
        try DeclarationCheck.check(outcome.output.json, of: Call.tool)
      }
      return outcome
    } catch {
      let failure = ToolFailure(error)
      throw options.verifiesDeclarations
        ? DeclarationCheck.checked(failure, of: Call.tool) : failure
    }
  }

  /// Answers a call that has to be answered also where the store can be neither read nor written.
  private func measured<Call: ToolCall>(
    _ call: Call, _ caller: Caller
  ) throws -> Outcome<Call.Output>? {
    guard let measuring = call as? any MeasuringCall else { return nil }
    let now = clock.now()
    var warnings: [String] = []
    if let connection = try? HealthProbe.connect(store.path) {
      let context = context(connection, Call.tool, now, caller)
      do {
        try admit(context)
        warnings = context.warnings
      } catch let failure as ToolFailure { throw failure } catch {}
    }
    let answer = measuring.measure(store.path, catalog, at: now)
    guard let output = answer as? Call.Output else { return nil }
    usage.note(Call.tool, agent: nil, origin: caller.origin, at: now)
    return Outcome(output: output, warnings: warnings, hasEmitted: false)
  }

  private func read<Call: ToolCall>(
    _ call: Call, _ caller: Caller
  ) throws -> Outcome<Call.Output> {
    let now = clock.now()
    let (outcome, agent) = try store.read { connection in
      let context = self.context(connection, Call.tool, now, caller)
      try self.admit(context)
      let output = try call.run(in: context)
      return (
        Outcome(output: output, warnings: context.warnings, hasEmitted: false),
        context.actingAgent?.id
      )
    }
    usage.note(Call.tool, agent: agent, origin: caller.origin, at: now)
    return outcome
  }

  private func write<Call: ToolCall>(
    _ call: Call, _ caller: Caller
  ) throws -> Outcome<Call.Output> {
    let gathered = usage.take()
    let retention = options.retention
    do {
      let outcome = try store.write { [clock] connection in
        // Read under the lock, so that what is committed later is not older: whoever asks for what came
        // since the last look would miss it.
        let now = clock.now()
        let context = self.context(connection, Call.tool, now, caller)
        try self.admit(context)
        let output = try call.run(in: context)
        var tally = gathered
        tally.note(Call.tool, agent: context.actingAgent?.id, origin: caller.origin, at: now)
        try tally.write(to: connection)
        if EventRetention.isDue(after: context.emitted, upTo: context.lastEvent) {
          try retention.apply(to: connection, at: now)
        }
        return Outcome(
          output: output, warnings: context.warnings, hasEmitted: context.emitted > 0)
      }
      if outcome.hasEmitted { commits.signal() }
      return outcome
    } catch {
      usage.put(back: gathered)
      throw error
    }
  }

  /// Runs several calls, and what stands around them, in one transaction: all of it is done, or nothing.
  ///
  /// - Throws: ``ToolFailure``; then nothing has been changed.
  package func together<Result: Sendable>(
    _ body: @Sendable (CallGroup) throws -> Result
  ) throws(ToolFailure) -> Result {
    let gathered = usage.take()
    let (retention, verifies) = (options.retention, options.verifiesDeclarations)
    do {
      let (result, hasEmitted) = try store.write { [clock] connection in
        // Read under the lock, as for a single call.
        let now = clock.now()
        let group = CallGroup(connection, at: now, self.catalog, verifies: verifies) {
          self.context(connection, $0, now, $1)
        } admit: {
          try self.admit($0)
        }
        let result = try body(group)
        var tally = gathered
        group.note(in: &tally)
        try tally.write(to: connection)
        if EventRetention.isDue(after: group.emitted, upTo: group.lastEvent) {
          try retention.apply(to: connection, at: now)
        }
        return (result, group.emitted > 0)
      }
      if hasEmitted { commits.signal() }
      return result
    } catch {
      usage.put(back: gathered)
      throw ToolFailure(error)
    }
  }

  /// Runs several calls of tools that only look, and what stands around them, on one snapshot: nobody has
  /// to wait for them who writes.
  ///
  /// - Throws: ``ToolFailure``.
  package func looking<Result: Sendable>(
    _ body: @Sendable (CallGroup) throws -> Result
  ) throws(ToolFailure) -> Result {
    let now = clock.now()
    do {
      let (result, tally) = try store.read { connection in
        let group = CallGroup(
          connection, at: now, self.catalog, verifies: options.verifiesDeclarations
        ) {
          self.context(connection, $0, now, $1)
        } admit: {
          try self.admit($0)
        }
        let result = try body(group)
        var tally = UsageLog.Tally()
        group.note(in: &tally)
        return (result, tally)
      }
      usage.put(back: tally)
      return result
    } catch { throw ToolFailure(error) }
  }

  func context(
    _ connection: Connection, _ tool: Tool, _ now: Timestamp, _ caller: Caller
  ) -> ToolContext {
    ToolContext(
      connection, tool: tool, now: now, caller: caller, catalog: catalog, identifiers: identifiers,
      usage: usage)
  }

  /// What holds for every tool before it runs: it is still there, and nobody has halted everything.
  private func admit(_ context: ToolContext) throws {
    let tool = context.tool
    if let deprecation = try ServiceRegister.state(of: tool, in: context.connection).deprecation {
      let instead = "use \(deprecation.replacement)"
      if let sunset = deprecation.sunset, sunset <= context.now {
        throw ToolFailure(
          .gone, "\(tool.versionedName) ended on \(sunset); \(instead)",
          details: .object([.init("replacement", .string(deprecation.replacement))]))
      }
      let end = deprecation.sunset.map { " and ends on \($0)" } ?? ""
      context.warn(
        "\(tool.versionedName) is deprecated since \(deprecation.since)\(end); \(instead)")
    }
    if tool.access == .writes, !tool.passesHalt {
      try context.refuseIfHalted(ToolContext.systemWide, "the marketplace")
    }
  }
}
