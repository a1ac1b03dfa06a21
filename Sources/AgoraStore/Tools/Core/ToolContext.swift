/// What a call works with while it runs: the connection, the instant, the caller, and the few things that
/// every tool does in the same way.
///
/// It lives as long as the transaction and is used by one thread.
public final class ToolContext {
  package let connection: Connection
  /// The tool that is being called.
  public let tool: Tool
  /// The instant of the call; everything that it writes has this time.
  public let now: Timestamp
  /// Who calls.
  public let caller: Caller
  /// All tools there are.
  public let catalog: ToolCatalog
  private let identifiers: IdentifierSequence
  private let usage: UsageLog
  /// Sentences for the caller.
  private(set) var warnings: [String] = []
  /// How many events were emitted.
  private(set) var emitted = 0
  /// The place of the last event in the log.
  private(set) var lastEvent: Int64 = 0
  /// The agent in whose name the call acts; nil until ``actor(_:parameter:)`` has found it.
  private(set) var actingAgent: KnownAgent?

  init(
    _ connection: Connection, tool: Tool, now: Timestamp, caller: Caller, catalog: ToolCatalog,
    identifiers: IdentifierSequence, usage: UsageLog
  ) {
    self.connection = connection
    self.tool = tool
    self.now = now
    self.caller = caller
    self.catalog = catalog
    self.identifiers = identifiers
    self.usage = usage
  }

  /// A new id of a kind.
  package func newID(_ kind: IdentifierKind) -> String { identifiers.next(kind).description }

  /// Adds a sentence that the caller should read.
  package func warn(_ sentence: String) { warnings.append(sentence) }

  /// How often a tool was called in this process without being written down yet.
  func uncountedCalls(of tool: Tool) -> Int { usage.calls(of: tool) }

  // MARK: events and audit

  /// The word in an event's target for every agent.
  package static let everyone = Receiver.broadcastWord

  private static let insertEvent = Query(
    "events.emit",
    """
    INSERT INTO events(seq, event_id, event_type, source_agent, target_agent, data, timestamp, processed)
    VALUES(1+max(ifnull((SELECT max(seq) FROM events),0),(SELECT seq FROM event_floor)),?1,?2,?3,?4,?5,?6,1)
    """)

  /// Writes an event; subscribers get it when the transaction is committed, and not before.
  ///
  /// - Parameters:
  ///   - source: the id of the agent that caused it.
  ///   - target: the id of the one agent that may see it, or ``everyone``.
  /// - Returns: the event's id.
  @discardableResult
  package func emit(
    _ type: String, from source: String?, to target: String, _ data: [JSON.Member]
  ) throws -> String {
    let id = newID(.event)
    // Committed is published: nobody has to process it after, as v4's events had to be.
    try connection.run(
      Self.insertEvent, .text(id), .text(type), .optional(source), .text(target),
      .text(JSONWriter.compact(.object(data))), .integer(now.microseconds))
    emitted += 1
    lastEvent = connection.lastInsertedRow
    return id
  }

  private static let insertAudit = Query(
    "audit.append",
    """
    INSERT INTO audit(audit_id, actor, action, target, reason, before, after, timestamp, metadata)
    VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)
    """)

  /// Writes who changed what, and how it was before and is after.
  ///
  /// Entries are never changed or removed.
  ///
  /// - Parameters:
  ///   - target: the id of the record that was changed.
  ///   - action: what was done, where that says more than the tool's name.
  package func audit(
    _ target: String, before: JSON?, after: JSON?, reason: String? = nil, action: String? = nil
  ) throws {
    let metadata = JSON.object([.init("origin", .string(caller.origin.rawValue))])
    try connection.run(
      Self.insertAudit, .text(newID(.audit)), .text(actor), .text(action ?? tool.name),
      .text(target), .optional(reason), .optional(before.map(JSONWriter.compact)),
      .optional(after.map(JSONWriter.compact)), .integer(now.microseconds),
      .text(JSONWriter.compact(metadata)))
  }

  /// Who it is in the audit: the acting agent's id, or what is known of the caller.
  package var actor: String {
    if let actingAgent { return actingAgent.id }
    if caller.isBound, let agent = caller.agent { return agent.description }
    return caller.isAuthenticated ? "operator" : "anonymous"
  }

  // MARK: agents

  /// Notes the agent that acts.
  func setActor(_ agent: KnownAgent) { actingAgent = agent }

  // MARK: halts

  /// What `target_id` is where an override is for the whole marketplace.
  package static let systemWide = "system_wide"

  /// Refuses while an operator has halted something.
  ///
  /// - Parameters:
  ///   - target: an agent's or a workflow's id, or ``systemWide``.
  ///   - what: what is halted, for the sentence.
  /// - Throws: ``ToolFailure`` `halted`.
  package func refuseIfHalted(_ target: String, _ what: String) throws {
    guard let halt = try Halt.strongest(on: target, in: connection) else { return }
    throw ToolFailure(
      .halted,
      "\(what) is halted (\(halt.action) at level \(halt.priority): \(ValueCheck.shown(halt.reason))); an operator of that level can resume it with agora.admin.override",
      details: .object([
        .init("override_id", .string(halt.id)), .init("priority", .int(halt.priority)),
        .init("target_id", .string(target)),
      ]))
  }
}
