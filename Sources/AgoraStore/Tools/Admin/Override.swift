/// `agora.admin.override`: halts, resumes or ends an agent, a workflow or everything, by force.
///
/// A halt holds until somebody of at least its level lifts it. Halts stack: each resume lifts one, the
/// strongest that its own level reaches.
public struct Override: ToolCall {
  /// What is done by force.
  public enum Action: String, Word {
    /// Halts.
    case pause
    /// Lifts a halt.
    case resume
    /// Ends for good.
    case terminate
    /// Halts, in an emergency.
    case emergencyHalt = "emergency_halt"
  }

  /// To what.
  public static let target = Parameter<String>(
    "target_id", "An agent's id or name, a workflow's id, or \"system_wide\"", .name)
  /// What.
  public static let action = Parameter<Action>(
    "action",
    "pause and emergency_halt refuse every change until they are resumed; terminate ends for good")
  /// Why.
  public static let reason = Parameter<String>(
    "reason", "Why; everybody who is refused reads it", Limits(length: 1...4_000))
  /// With what right.
  public static let priority = Parameter<Int>(
    "priority", "The authority that this is done with, at most the caller's own; 255 is supreme",
    .range(0...Caller.supreme))

  /// The declaration.
  public static let tool = Tool(
    .admin, "override", title: "Override by force",
    description:
      "Halts, resumes or terminates an agent, a workflow or the whole marketplace. Halts stack: a resume lifts one, and none of a higher level than its own. The open tasks of what is terminated fail; terminating system_wide ends all open work and halts.",
    parameters: ParameterList(target, action, reason, priority), output: Output.self,
    failures: [.notFound, .conflict], access: .writes, authority: 1, isIdempotent: false,
    isDestructive: true, passesHalt: true,
    examples: [
      .init(
        #"{"target_id":"system_wide","action":"emergency_halt","reason":"a runaway agent","priority":255}"#,
        #"{"override_id":"ovr_019740f0a4d07cc0a1b2c3d4e5f60718","status":"executed","executed_at":"2025-06-06T10:00:00Z","target_id":"system_wide","halted":true,"active_halts":1,"lifted":null}"#
      )
    ])

  /// What an override answers.
  public struct Output: ToolOutput {
    /// Its id.
    public let overrideID: String
    /// When it was done.
    public let executedAt: Timestamp
    /// The id of what it was done to.
    public let targetID: String
    /// How many halts hold the target now.
    public let activeHalts: Int
    /// The id of the override that it lifted; nil where it lifted none.
    public let lifted: String?

    /// The fields.
    public static let shape = Shape<Output>(
      .field("override_id", "The override's id") { $0.overrideID },
      .field("status", "Always \"executed\"") { _ in "executed" },
      .field("executed_at", "When it was done") { $0.executedAt },
      .field("target_id", "The id of what it was done to") { $0.targetID },
      .field("halted", "Whether the target is halted now") { $0.activeHalts > 0 },
      .field("active_halts", "How many halts hold the target now") { $0.activeHalts },
      .field("lifted", "The id of the halt that this lifted; null where it lifted none") {
        $0.lifted
      })
  }

  private let target: String
  private let action: Action
  private let reason: String
  private let priority: Int

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    target = try arguments[Self.target]
    action = try arguments[Self.action]
    reason = try arguments[Self.reason]
    priority = try arguments[Self.priority]
  }

  private static let insert = Query(
    "overrides.insert",
    """
    INSERT INTO overrides(override_id, target_id, action, reason, priority, actor, executed_at, state)
    VALUES(?1,?2,?3,?4,?5,?6,?7,?8)
    """)
  private static let lift = Query(
    "overrides.lift",
    "UPDATE overrides SET state='lifted', lifted_at=?2, lifted_by=?3 WHERE override_id=?1")

  /// Does it.
  public func run(in context: ToolContext) throws -> Output {
    guard priority <= context.caller.authority else {
      throw ToolFailure(
        .forbidden,
        "priority is \(priority), and this caller acts with at most its own authority, \(context.caller.authority)",
        parameter: "priority")
    }
    try context.actAsOperator()
    let target = try OverrideTarget.find(target, in: context)
    let halts = try Halt.all(on: target.id, in: context.connection)
    let id = context.newID(.override)
    let lifted = try execute(id, on: target, halts, in: context)
    let halting = lifted == nil && isHalting(target)
    try context.connection.run(
      Self.insert, .text(id), .text(target.id), .text(action.rawValue), .text(reason),
      .int(priority), .text(context.actor), .integer(context.now.microseconds),
      .text(halting ? "active" : "done"))
    let count = halts.count + (halting ? 1 : 0) - (lifted == nil ? 0 : 1)
    try tell(id, target, before: halts.count, after: count, lifted, in: context)
    if action == .resume, count > 0 {
      context.warn(
        "\(target.description) is still halted by \(count) more, the strongest of level \(strongest(of: halts, without: lifted))"
      )
    }
    return Output(
      overrideID: id, executedAt: context.now, targetID: target.id, activeHalts: count,
      lifted: lifted)
  }

  private func strongest(of halts: [Halt], without lifted: String?) -> Int {
    halts.first { $0.id != lifted }?.priority ?? 0
  }

  /// Whether this override itself holds until it is lifted.
  private func isHalting(_ target: OverrideTarget) -> Bool {
    switch action {
    case .pause, .emergencyHalt: true
    case .resume: false
    case .terminate: target.id == ToolContext.systemWide
    }
  }

  /// - Returns: the id of the halt that it lifted.
  private func execute(
    _ id: String, on target: OverrideTarget, _ halts: [Halt], in context: ToolContext
  ) throws -> String? {
    switch action {
    case .pause, .emergencyHalt:
      try target.refuseIfEnded()
      if halts.isEmpty { try target.pause(reason, in: context) }
      return nil
    case .resume:
      let halt = try liftable(halts, target)
      try context.connection.run(
        Self.lift, .text(halt.id), .integer(context.now.microseconds), .text(id))
      if halts.count == 1 { try target.unpause(reason, in: context) }
      return halt.id
    case .terminate:
      try target.refuseIfEnded()
      if let above = halts.first, above.priority > priority { throw tooLow(above, target) }
      try target.terminate(reason, in: context)
      return nil
    }
  }

  /// The strongest halt that this level reaches.
  private func liftable(_ halts: [Halt], _ target: OverrideTarget) throws -> Halt {
    guard let strongest = halts.first else {
      throw ToolFailure(
        .conflict, "\(target.description) is not halted: there is nothing to resume",
        parameter: "target_id")
    }
    guard let halt = halts.first(where: { $0.priority <= priority }) else {
      throw tooLow(strongest, target)
    }
    return halt
  }

  private func tooLow(_ halt: Halt, _ target: OverrideTarget) -> ToolFailure {
    ToolFailure(
      .forbidden,
      "\(target.description) is halted at level \(halt.priority) (\(ValueCheck.shown(halt.reason))), and level \(priority) is too low for that",
      parameter: "priority",
      details: .object([
        .init("override_id", .string(halt.id)), .init("priority", .int(halt.priority)),
      ]))
  }

  private func tell(
    _ id: String, _ target: OverrideTarget, before: Int, after: Int, _ lifted: String?,
    in context: ToolContext
  ) throws {
    let done: [JSON.Member] = [
      .init("override_id", .string(id)), .init("action", action.json),
      .init("priority", .int(priority)), .init("active_halts", .int(after)),
      .init("lifted", lifted.json),
    ]
    try context.audit(
      target.id, before: .object([.init("active_halts", .int(before))]), after: .object(done),
      reason: reason)
    try context.emit(
      "override_executed", from: context.actingAgent?.id, to: ToolContext.everyone,
      [
        .init("target_id", .string(target.id)), .init("reason", .string(reason)),
        .init("status", .string("executed")), .init("executed_at", context.now.json),
      ] + done)
  }
}
