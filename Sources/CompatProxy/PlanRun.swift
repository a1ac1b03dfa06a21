import AgoraStore

/// Does a plan, step by step, in one transaction.
struct PlanRun {
  private let group: CallGroup
  private let source: String
  private let caller: Caller
  private var ids: LegacyIDs { LegacyIDs(group.connection) }

  init(_ group: CallGroup, source: String, caller: Caller) {
    self.group = group
    self.source = source
    self.caller = caller
  }

  /// The fields of a tool's result that callers are told.
  private static let told = ["agent_id", "message_id", "task_id", "workflow_id"]

  /// - Returns: what the caller is told, and what was made.
  func run(_ plan: Plan) throws -> (JSON, LegacyCallRecord.Touched) {
    var made: [JSON.Member] = []
    var found: JSON?
    for step in plan.steps {
      switch step {
      case .named(let name): _ = try context().agentOrStub(name, source: source)
      case .alias(let other, let name):
        let context = try context()
        try context.alias(
          other, of: context.agentOrStub(name, source: source), source: source)
      case .call(let use):
        add(try call(use, use.arguments), to: &made)
        // Whoever reports on a task is told which.
        if use.tool == "agora.task.update" { add(.object(use.arguments), to: &made) }
      case .assign(let use, let workflow): add(try assign(use, workflow), to: &made)
      case .coordinate(let use, let id): add(try coordinate(use, id), to: &made)
      case .claim(let task, let agent):
        let context = try context()
        try context.claim(task: task, for: context.act(asNamed: agent, source: source))
      case .event(let report): add(try emit(report), to: &made)
      case .agentStatus(let word, let name):
        let context = try context()
        let agent = try context.act(asNamed: name, source: source)
        try context.setStatus(word, of: agent)
        add(.object([.init("agent_id", .string(agent.id))]), to: &made)
      case .alive(let name):
        let agent = try context().act(asNamed: name, source: source)
        add(.object([.init("agent_id", .string(agent.id))]), to: &made)
      case .workflowStatus(let word, let v4ID):
        let context = try context()
        let id = try context.workflowOrStub(v4ID, source: source)
        let status = try context.setStatus(word, ofWorkflow: id)
        add(.object([.init("workflow_id", .string(id))]), to: &made)
        made.append(.init("status", status.json))
      case .ask(let tool, let arguments):
        found = try LegacyRows(group).answer(plan.answer, tool, arguments)
      }
    }
    let result = JSON.object(made)
    let touched = LegacyCallRecord.Touched(
      task: result["task_id"]?.text, workflow: result["workflow_id"]?.text,
      message: result["message_id"]?.text)
    if let found { return (found, touched) }
    let told = [.init("success", .bool(true))] + made + [.init("message", .string(plan.message))]
    return (.object(told), touched)
  }

  private func add(_ result: JSON, to made: inout [JSON.Member]) {
    for member in result.members ?? []
    where Self.told.contains(member.name) && !made.contains(where: { $0.name == member.name }) {
      made.append(member)
    }
  }

  private func context(as actor: String? = nil) throws -> ToolContext {
    try group.context(as: .legacy(of: caller, as: actor.map { AgentReference($0) }))
  }

  private func call(_ use: PlanStep.ToolUse, _ arguments: [JSON.Member]) throws -> JSON {
    if let actor = use.actor { _ = try context().agentOrStub(actor, source: source) }
    let caller = Caller.legacy(of: caller, as: use.actor.map { AgentReference($0) })
    let result = try group.call(use.tool, .object(arguments), as: caller)
    let id =
      Self.told.lazy.compactMap { result[$0]?.text }.first
      ?? arguments.first { $0.name == "task_id" }?.value.text
    guard let id else { return result }
    if let (kind, v4ID) = use.id { try ids.remember(kind, v4ID, as: id, source: source) }
    if use.tool == "agora.agent.register",
      let name = arguments.first(where: { $0.name == "agent_name" })?.value.text
    {
      try ids.rememberAgent(name, as: id, .registered, source: source)
    }
    try context().keep(use.metadata, beside: id)
    return result
  }

  /// Gives a task to whoever can do it, or lets it wait where nobody can.
  private func assign(_ use: PlanStep.ToolUse, _ workflow: String?) throws -> JSON {
    let context = try context()
    let workflowID = try workflow.map { try context.workflowOrStub($0, source: source) }
    let place: [JSON.Member] = workflowID.map { [.init("workflow_id", .string($0))] } ?? []
    do {
      return try group.attempt { try call(use, use.arguments + place) }
    } catch let failure as ToolFailure
      where failure.parameter == "required_capabilities"
      && (failure.code == .notFound || failure.code == .conflict)
    {
      return try wait(use, workflowID)
    }
  }

  private func wait(_ use: PlanStep.ToolUse, _ workflow: String?) throws -> JSON {
    let context = try context()
    if let actor = use.actor { _ = try context.act(asNamed: actor, source: source) }
    func argument(_ name: String) -> JSON? { use.arguments.first { $0.name == name }?.value }
    let id = try context.openTask(
      type: argument("task_type")?.text ?? "general", payload: argument("payload") ?? .object([]),
      priority: argument("priority").flatMap { Priority(json: $0) } ?? .normal,
      workflow: workflow,
      metadata: use.metadata + [
        .init("required_capabilities", argument("required_capabilities") ?? .array([]))
      ])
    if let (kind, v4ID) = use.id { try ids.remember(kind, v4ID, as: id, source: source) }
    return .object([.init("task_id", .string(id))])
  }

  /// Makes a workflow under an id of the caller's; one that was only named is filled in, and one that is
  /// there stays as it is.
  private func coordinate(_ use: PlanStep.ToolUse, _ v4ID: String) throws -> JSON {
    guard let known = try ids.workflow(v4ID) else {
      let result = try call(use, use.arguments)
      if let id = result["workflow_id"]?.text {
        try ids.rememberWorkflow(v4ID, as: id, .registered, source: source)
      }
      return result
    }
    let isStub =
      try group.connection.integer(Self.stub, .text(known)) == 1
    if isStub {
      func argument(_ name: String) -> JSON? { use.arguments.first { $0.name == name }?.value }
      let context = try context()
      let creator = try use.actor.map { try context.act(asNamed: $0, source: source) }
      let agents = try (argument("assigned_agents")?.elements ?? []).compactMap(\.text).map {
        try context.agentOrStub($0, source: source).id
      }
      try context.fill(
        workflow: known, name: argument("workflow_name")?.text ?? v4ID, creator: creator?.id,
        agents: agents, metadata: argument("metadata") ?? .object([]))
      try ids.rememberWorkflow(v4ID, as: known, .registered, source: source)
    }
    return .object([.init("workflow_id", .string(known))])
  }

  private static let stub = Query(
    "workflows.is_stub",
    "SELECT json_extract(metadata,'$.stub')=1 FROM workflows WHERE workflow_id=?1")

  private func emit(_ report: PlanStep.EventReport) throws -> JSON {
    let context = try context()
    let source = try report.source.map { try context.act(asNamed: $0, source: self.source).id }
    let target = try report.target.map {
      try context.agentOrStub($0, source: self.source).id
    }
    var members: [JSON.Member]
    if case .object(let own) = report.data {
      members = own
    } else {
      members = [.init("data", report.data)]
    }
    members += report.metadata.filter { kept in !members.contains { $0.name == kept.name } }
    let id = try context.emit(
      report.type, from: source, to: target ?? ToolContext.everyone, members)
    if let v4ID = report.id { try ids.remember(.event, v4ID, as: id, source: self.source) }
    return .object([.init("event_id", .string(id))])
  }
}
