/// `agora.agent.register`: makes an agent known, or adds to one that is.
public struct RegisterAgent: ToolCall {
  /// The name.
  public static let agentName = Parameter<String>(
    "agent_name", "The name by which other agents find this one", .name)
  /// What it can do.
  public static let capabilities = Parameter<[String]>(
    "capabilities", "What the agent can do; a known agent keeps those it has",
    .word.times(0...256), default: [])
  /// The tier.
  public static let serviceTier = Parameter<ServiceTier>(
    "service_tier", "The tier; a known agent keeps its own where none is given", default: .basic)
  /// How much it does at a time.
  public static let maxConcurrentTasks = Parameter<Int?>(
    optional: "max_concurrent_tasks", "How many tasks the agent works on at a time",
    .range(0...4_294_967_295))
  /// How good it is.
  public static let proficiencyLevel = Parameter<Int?>(
    optional: "proficiency_level", "How good the agent is at these capabilities",
    .range(0...4_294_967_295))
  /// Anything else.
  public static let metadata = Parameter<JSONObject?>(
    optional: "metadata", "Anything else; put into what a known agent has", .metadata)

  /// The declaration.
  public static let tool = Tool(
    .agent, "register", title: "Register an agent",
    description:
      "Makes an agent known to the marketplace and gives it its id. Registering a known name adds capabilities and returns the same id.",
    parameters: ParameterList(
      agentName, capabilities, serviceTier, maxConcurrentTasks, proficiencyLevel, metadata),
    output: Output.self, failures: [.conflict, .forbidden], access: .writes, isIdempotent: true,
    examples: [
      .init(
        #"{"agent_name":"MyDocumentationAgent","capabilities":["documentation","analysis","review"],"service_tier":"basic"}"#,
        #"{"agent_id":"agent_019740f0a4d07cc0a1b2c3d4e5f60718","status":"registered","available_services":["agora.agent.register","agora.messaging.send"]}"#
      )
    ])

  /// What registering answers.
  public struct Output: ToolOutput {
    /// The agent's id.
    public let agentID: String
    /// The names of the tools that it can call.
    public let availableServices: [String]

    /// The fields.
    public static let shape = Shape<Output>(
      .field("agent_id", "The agent's id") { $0.agentID },
      .field("status", "Always \"registered\"") { _ in "registered" },
      .field("available_services", "The tools that the agent can call") { $0.availableServices })
  }

  private let name: String
  private let capabilities: [String]
  private let tier: ServiceTier?
  private let maxConcurrentTasks: Int?
  private let proficiencyLevel: Int?
  private let metadata: JSONObject?

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    name = try arguments[Self.agentName]
    capabilities = try arguments[Self.capabilities]
    tier = try arguments.given(Self.serviceTier)
    maxConcurrentTasks = try arguments[Self.maxConcurrentTasks]
    proficiencyLevel = try arguments[Self.proficiencyLevel]
    metadata = try arguments[Self.metadata]
    try checkName()
    for key in AgentRecord.ownKeys
    where metadata?.members.contains(where: { $0.name == key }) == true {
      throw ToolFailure(
        .invalidParameter, "metadata.\(key) is the marketplace's own and cannot be given",
        parameter: "metadata.\(key)")
    }
  }

  /// Words that mean something else where an agent can stand.
  private static let reservedNames: Set<String> = [
    Receiver.broadcastWord, "*", "all_agents", ToolContext.systemWide, ToolContext.reservedName,
  ]

  private func checkName() throws(ToolFailure) {
    guard !Self.reservedNames.contains(name.lowercased()) else {
      throw ToolFailure(
        .invalidParameter, "agent_name \"\(name)\" is reserved; choose another",
        parameter: "agent_name")
    }
  }

  /// Registers the agent.
  public func run(in context: ToolContext) throws -> Output {
    let known = try context.knownAgent(AgentReference(name), parameter: "agent_name")
    try refuseOtherNames(known, context)
    let before: AgentRecord?
    if let known {
      try context.act(as: known, parameter: "agent_name")
      before = try AgentRecord.read(known.id, in: context.connection)
    } else {
      before = nil
    }
    let after = try record(from: before, in: context)
    if let before {
      if before != after {
        try after.update(in: context.connection)
        let changes = before.changes(to: after)
        try context.audit(after.id, before: changes.before, after: changes.after)
      }
    } else {
      try after.insert(in: context.connection)
      context.setActor(KnownAgent(id: after.id, name: after.name, status: .active))
      try context.audit(after.id, before: nil, after: after.json)
    }
    try context.emit(
      "agent_registered", from: after.id, to: ToolContext.everyone,
      [
        .init("agent_id", .string(after.id)), .init("agent_name", .string(after.name)),
        .init("capabilities", after.capabilities.json),
      ])
    return Output(
      agentID: after.id, availableServices: try ServiceRegister.available(to: context))
  }

  private func refuseOtherNames(_ known: KnownAgent?, _ context: ToolContext) throws {
    if let known { return try context.refuseOthers(known, parameter: "agent_name") }
    if context.caller.isBound, let own = context.caller.agent, own.description.exact != name.exact {
      throw ToolFailure(
        .forbidden, "this caller is \(own) and cannot register \(name)", parameter: "agent_name")
    }
    // An id that names nobody would be taken for a typing error wherever it was used.
    guard Identifier(name)?.description.utf8.count ?? 0 < 32 else {
      throw ToolFailure(
        .invalidParameter, "agent_name \"\(name)\" has the form of an id; choose another",
        parameter: "agent_name")
    }
  }

  /// The agent as it is to be.
  private func record(from before: AgentRecord?, in context: ToolContext) throws -> AgentRecord {
    var record =
      before
      ?? AgentRecord(
        id: context.newID(.agent), name: name, tier: tier ?? .basic,
        registeredAt: context.now.microseconds)
    if let tier { record.tier = tier }
    if let maxConcurrentTasks { record.maxConcurrentTasks = maxConcurrentTasks }
    try record.add(capabilities)
    if let metadata { record.metadata = record.metadata.merging(metadata) }
    if let proficiencyLevel { record.note(proficiencyLevel, for: capabilities) }
    if record.isStub {
      record.isStub = false
      record.registeredAt = record.registeredAt ?? context.now.microseconds
    }
    // Whoever registers is there, whatever v4 said; what an operator decided stays.
    if let before, before.status != .active, try !context.hasOperatorsStatus(before.id) {
      record.status = .active
    }
    if before == nil, context.caller.origin == .v4 {
      record.metadata = record.metadata.merging(
        JSONObject([.init("compatibility_mode", .string("true"))]))
    }
    return record
  }
}
