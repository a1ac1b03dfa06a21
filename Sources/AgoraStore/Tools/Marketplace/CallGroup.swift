/// Several calls in one transaction, for a door whose one call is several of v5's.
///
/// It lives as long as the transaction and is used by one thread.
package final class CallGroup {
  package let connection: Connection
  /// The instant of all of them.
  package let now: Timestamp
  private let catalog: ToolCatalog
  private let verifies: Bool
  private let make: (Tool, Caller) -> ToolContext
  private let admit: (ToolContext) throws -> Void
  private var calls: [ToolContext] = []
  private var others: [ToolContext] = []

  init(
    _ connection: Connection, at now: Timestamp, _ catalog: ToolCatalog, verifies: Bool,
    make: @escaping (Tool, Caller) -> ToolContext, admit: @escaping (ToolContext) throws -> Void
  ) {
    self.connection = connection
    self.now = now
    self.catalog = catalog
    self.verifies = verifies
    self.make = make
    self.admit = admit
  }

  /// Calls a tool by name.
  ///
  /// - Returns: its result.
  /// - Throws: ``ToolFailure``; what the group did before stands unless the failure leaves its body.
  package func call(_ name: String, _ arguments: JSON, as caller: Caller) throws -> JSON {
    let call = try catalog.entry(name).call(arguments)
    let context = make(type(of: call).tool, caller)
    do {
      try Marketplace.authorize(caller, for: context.tool)
      try admit(context)
      let result = try call.run(in: context).json
      if verifies { try DeclarationCheck.check(result, of: context.tool) }
      calls.append(context)
      return result
    } catch {
      let failure = ToolFailure(error)
      throw verifies ? DeclarationCheck.checked(failure, of: context.tool) : failure
    }
  }

  /// A context for what no tool does; it is refused while the marketplace is halted, as a writing tool is.
  ///
  /// Its audit entries have to name their action: the tool in it only says that it writes.
  package func context(as caller: Caller) throws -> ToolContext {
    let context = make(RegisterAgent.tool, caller)
    try admit(context)
    others.append(context)
    return context
  }

  /// A context for writing down what was refused; it is there also while the marketplace is halted.
  package func recordingContext(as caller: Caller) -> ToolContext {
    let context = make(RegisterAgent.tool, caller)
    others.append(context)
    return context
  }

  /// Runs `body`; when it throws, the group is as it was before.
  package func attempt<Result>(_ body: () throws -> Result) throws -> Result {
    let (calls, others) = (calls, others)
    do { return try connection.savepoint("attempt", body) } catch {
      (self.calls, self.others) = (calls, others)
      throw error
    }
  }

  var emitted: Int { (calls + others).reduce(0) { $0 + $1.emitted } }
  var lastEvent: Int64 { (calls + others).map(\.lastEvent).max() ?? 0 }

  func note(in tally: inout UsageLog.Tally) {
    for context in calls {
      tally.note(
        context.tool, agent: context.actingAgent?.id, origin: context.caller.origin, at: now)
    }
    // A call of v4 that no tool answered is its agent's activity all the same.
    for context in others where calls.isEmpty {
      guard let agent = context.actingAgent else { continue }
      tally.note(agent: agent.id, origin: context.caller.origin, at: now)
    }
  }
}
