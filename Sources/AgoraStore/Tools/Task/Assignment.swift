/// Who is to do a task: the agent that was named, or the least loaded one that can.
///
/// An agent's load is the number of its open tasks.
struct Assignment {
  let context: ToolContext

  init(_ context: ToolContext) { self.context = context }

  private static let lacks = """
    EXISTS(SELECT 1 FROM json_each(?1) r
      WHERE r.value NOT IN (SELECT c.value FROM json_each(a.capabilities) c))
    """
  private static let load = """
    (SELECT count(*) FROM tasks t WHERE t.assigned_agent=a.agent_id AND t.status IN ('pending','in_progress'))
    """
  private static let isHalted =
    "EXISTS(SELECT 1 FROM overrides o WHERE o.target_id=a.agent_id AND o.state='active')"
  /// Neither a name that was only referred to nor the marketplace's own.
  private static let isReal = """
    ifnull(json_extract(a.metadata,'$.stub'),0)<>1 AND ifnull(json_extract(a.metadata,'$.reserved'),0)<>1
    """

  /// Among agents of the same load the one with the smallest id, which on v5 is the one that registered
  /// first.
  private static let choose = Query(
    "agents.least_loaded",
    """
    SELECT a.agent_id, a.agent_name, \(load) AS load FROM agents a
    WHERE a.status='active' AND \(isReal) AND NOT \(isHalted) AND NOT \(lacks)
      AND (a.max_concurrent_tasks IS NULL OR load<a.max_concurrent_tasks)
    ORDER BY load, a.agent_id LIMIT 1
    """)
  private static let count = Query(
    "agents.capable",
    """
    SELECT count(*), ifnull(sum(a.status='active' AND NOT \(isHalted)),0) FROM agents a
    WHERE \(isReal) AND NOT \(lacks)
    """)
  private static let hasAll = Query(
    "agents.has_capabilities",
    "SELECT NOT \(lacks) FROM agents a WHERE a.agent_id=?2")

  /// The least loaded active agent that has all the capabilities and is below its limit.
  ///
  /// - Throws: ``ToolFailure`` `not_found` when no agent has them, `conflict` when none of those that have
  ///   them is free.
  func leastLoaded(with capabilities: [String]) throws -> KnownAgent {
    let connection = context.connection
    let wanted = SQLValue.text(JSONWriter.compact(capabilities.json))
    let found = try connection.first(
      Self.choose, wanted,
      map: { KnownAgent(id: $0.text(0), name: $0.text(1), status: .active) })
    if let found { return found }
    let (capable, available) =
      try connection.first(Self.count, wanted, map: { ($0.int(0), $0.int(1)) }) ?? (0, 0)
    let words = capabilities.map { ValueCheck.shown($0) }.joined(separator: ", ")
    guard capable > 0 else {
      throw ToolFailure(
        .notFound,
        "no agent has the capabilities \(words); agora.query.agents lists who can do what",
        parameter: "required_capabilities")
    }
    throw ToolFailure(
      .conflict,
      "\(capable) agents could do this and none is free: \(available) work on as many tasks as they take, \(capable - available) are not active; call again later or name an assignee",
      parameter: "required_capabilities",
      details: .object([
        .init("capable", .int(capable)), .init("full", .int(available)),
        .init("inactive", .int(capable - available)),
      ]))
  }

  /// The agent that was named, when it may be given work.
  ///
  /// - Throws: ``ToolFailure`` `not_found`, `halted`, or `conflict` where an operator has taken it out of
  ///   service or it lacks a capability.
  func named(_ reference: AgentReference, capabilities: [String]) throws -> KnownAgent {
    let agent = try context.agent(reference, parameter: "assignee")
    try context.refuseIfHalted(agent.id, "the agent \(agent.name)")
    if agent.status != .active {
      guard try !context.hasOperatorsStatus(agent.id) else {
        throw ToolFailure(
          .conflict, "the agent \(agent.name) is \(agent.status.rawValue) and takes no new task",
          parameter: "assignee")
      }
      context.warn("the agent \(agent.name) was \(agent.status.rawValue) when it left v4")
    }
    let wanted = SQLValue.text(JSONWriter.compact(capabilities.json))
    guard try context.connection.integer(Self.hasAll, wanted, .text(agent.id)) == 1 else {
      throw ToolFailure(
        .conflict, "the agent \(agent.name) has not all of the required capabilities",
        parameter: "required_capabilities")
    }
    return agent
  }
}
