/// An agent that a call has named and that is there.
package struct KnownAgent: Sendable, Equatable {
  package let id: String
  package let name: String
  package let status: AgentStatus
}

extension KnownAgent {
  private static let byID = Query(
    "agents.by_id", "SELECT agent_id, agent_name, status FROM agents WHERE agent_id=?1")
  /// An id that was another record of the same agent.
  private static let byFormerID = Query(
    "agents.by_former_id",
    """
    SELECT agent_id, agent_name, status FROM agents WHERE agent_id=\(MergedAgents.today("?1"))
    """)
  private static let byName = Query(
    "agents.by_name", "SELECT agent_id, agent_name, status FROM agents WHERE agent_name=?1")
  /// Two rows tell that a name of v4 means different agents in different sources.
  private static let byAlias = Query(
    "agents.by_v4_name",
    """
    SELECT DISTINCT a.agent_id, a.agent_name, a.status FROM v4_names n JOIN agents a ON a.agent_id=n.v5_id
    WHERE n.kind='agent' AND n.name=?1 LIMIT 2
    """)

  private static func map(_ row: borrowing Row) -> KnownAgent {
    KnownAgent(
      id: row.text(0), name: row.text(1), status: AgentStatus(rawValue: row.text(2)) ?? .active)
  }

  /// The agent that has a name on v5.
  package static func named(_ name: String, in connection: Connection) throws -> KnownAgent? {
    try connection.first(byName, .text(name), map: map)
  }

  /// Finds an agent by its id, its name, or a name that it had on v4.
  ///
  /// - Returns: nil when there is none.
  /// - Throws: ``ToolFailure`` `conflict` when a v4 name means several.
  package static func find(
    _ reference: AgentReference, parameter: String? = nil, in connection: Connection
  ) throws -> KnownAgent? {
    let text = SQLValue.text(reference.description)
    // An id first; but an agent of v4 may be called what looks like one.
    if Identifier(reference.description)?.kind == .agent,
      let agent = try connection.first(byID, text, map: map)
    {
      return agent
    }
    if let agent = try named(reference.description, in: connection) { return agent }
    if Identifier(reference.description)?.kind == .agent,
      let agent = try connection.first(byFormerID, text, map: map)
    {
      return agent
    }
    let aliased = try connection.all(byAlias, text, map: map)
    guard aliased.count < 2 else {
      throw ToolFailure(
        .conflict,
        "\"\(ValueCheck.shown(reference.description))\" was the name of several agents on v4; say \(aliased.map(\.id).joined(separator: " or "))",
        parameter: parameter)
    }
    return aliased.first
  }
}

extension ToolContext {
  /// Finds an agent as ``KnownAgent/find(_:parameter:in:)`` does.
  package func knownAgent(
    _ reference: AgentReference, parameter: String? = nil
  ) throws -> KnownAgent? {
    try KnownAgent.find(reference, parameter: parameter, in: connection)
  }

  /// The agent that a call names.
  ///
  /// - Parameter parameter: the name of the parameter, for the failure.
  /// - Throws: ``ToolFailure`` `not_found`, or `conflict` when a v4 name means several.
  package func agent(_ reference: AgentReference, parameter: String) throws -> KnownAgent {
    if let agent = try knownAgent(reference, parameter: parameter) { return agent }
    throw ToolFailure(
      .notFound,
      "there is no agent \"\(ValueCheck.shown(reference.description))\"; agora.query.agents lists them, agora.agent.register makes one",
      parameter: parameter)
  }

  /// The agent in whose name the call acts: the one given, else the caller's own.
  ///
  /// - Throws: ``ToolFailure`` `invalid_parameter` where there is none, `not_found`, `forbidden` where the
  ///   caller is bound to another or v5 suspended or terminated the agent, `halted`.
  package func actor(
    _ given: AgentReference?, parameter: String
  ) throws -> KnownAgent {
    guard let reference = given ?? caller.agent else {
      throw ToolFailure(
        .invalidParameter,
        "\(parameter) is missing: say which agent this is from",
        parameter: parameter)
    }
    let agent = try agent(reference, parameter: parameter)
    try refuseOthers(agent, parameter: parameter)
    try act(as: agent, parameter: parameter)
    return agent
  }

  /// The caller's own agent as the one who acts; nil where the caller has none.
  ///
  /// - Throws: ``ToolFailure`` as ``actor(_:parameter:)`` does.
  package func actorIfAny() throws -> KnownAgent? {
    guard caller.agent != nil else { return nil }
    return try actor(nil, parameter: "from_agent")
  }

  /// Refuses a bound caller whose agent has no part in something, unless it has an operator's authority.
  ///
  /// - Parameters:
  ///   - parties: the ids of those who may; where there is none, everybody may.
  ///   - what: what it is, for the sentence.
  package func refuseStrangers(
    _ actor: KnownAgent?, parties: [String?], _ what: String
  ) throws {
    let known = parties.compactMap { $0 }
    guard caller.isBound, caller.authority < Caller.administrative, !known.isEmpty else { return }
    guard let actor, known.contains(actor.id) else {
      throw ToolFailure(.forbidden, "\(actor?.name ?? "this caller") has no part in \(what)")
    }
  }

  /// Refuses a bound caller who means another agent than its own.
  package func refuseOthers(_ agent: KnownAgent, parameter: String) throws {
    guard caller.isBound, let own = caller.agent else { return }
    guard try knownAgent(own)?.id != agent.id else { return }
    throw ToolFailure(
      .forbidden, "this caller is \(own) and cannot act as \(agent.name)", parameter: parameter)
  }

  private static let decision = Query(
    "audit.decision",
    """
    SELECT EXISTS(SELECT 1 FROM audit
      WHERE target=?1 AND source_row IS NULL AND action LIKE 'agora.admin.%')
    """)
  private static let endCompatibility = Query(
    "agents.seen_on_v5",
    """
    UPDATE agents SET metadata=json_remove(metadata,'$.compatibility_mode')
    WHERE agent_id=?1 AND json_extract(metadata,'$.compatibility_mode') IS NOT NULL
    """)

  /// Whether an operator on v5 has decided about an agent's status.
  package func hasOperatorsStatus(_ agent: String) throws -> Bool {
    try connection.integer(Self.decision, .text(agent)) == 1
  }

  /// Lets the call act as an agent, if that agent may act.
  func act(as agent: KnownAgent, parameter: String) throws {
    setActor(agent)
    guard tool.access == .writes else { return }
    try refuseIfHalted(agent.id, "the agent \(agent.name)")
    // What v4 said of an agent does not stop it; what an operator decided on v5 does.
    if agent.status == .suspended || agent.status == .terminated,
      try hasOperatorsStatus(agent.id)
    {
      throw ToolFailure(
        .forbidden,
        "the agent \(agent.name) is \(agent.status.rawValue); an operator can change that with agora.admin.manage",
        parameter: parameter)
    }
    if caller.origin != .v4, Identifier(agent.id)?.isBornOnV5 == true {
      try connection.run(Self.endCompatibility, .text(agent.id))
    }
  }

  /// The name of the agent that speaks for the marketplace itself.
  package static let reservedName = "agora"

  private static let insertReserved = Query(
    "agents.insert_reserved",
    """
    INSERT INTO agents(agent_id, agent_name, registered_at, metadata)
    VALUES(?1,'agora',?2,'{"reserved":true}')
    """)

  /// The agent that speaks for the marketplace itself; made when it first does.
  package func reservedAgent() throws -> KnownAgent {
    if let agent = try KnownAgent.named(Self.reservedName, in: connection) { return agent }
    let id = newID(.agent)
    try connection.run(Self.insertReserved, .text(id), .integer(now.microseconds))
    let after = JSON.object([.init("agent_name", .string(Self.reservedName))])
    try audit(id, before: nil, after: after)
    return KnownAgent(id: id, name: Self.reservedName, status: .active)
  }
}
