/// A change of a workflow that somebody asked for, with what stands in its way.
struct WorkflowChange {
  private let context: ToolContext
  private let life: WorkflowLife
  private(set) var workflow: WorkflowRecord

  init(_ context: ToolContext, _ workflow: WorkflowRecord) {
    self.context = context
    self.workflow = workflow
    life = WorkflowLife(context)
  }

  private func refuse(_ sentence: String, _ parameter: String = "action") -> ToolFailure {
    ToolFailure(
      .conflict, "the workflow is \(workflow.status.rawValue); \(sentence)", parameter: parameter)
  }

  // MARK: the whole

  mutating func start() throws {
    switch workflow.status {
    case .pending: break
    // As v4 left it: nothing runs it here so far.
    case .running where try !life.isRun(workflow): break
    case .paused: throw refuse("resume it")
    default: throw refuse("it has been started before")
    }
    try life.set(&workflow, .running, .started)
    try life.settle(&workflow)
  }

  mutating func pause() throws {
    guard workflow.status == .running else { throw refuse("only a running one can be paused") }
    try life.set(&workflow, .paused, .paused)
  }

  mutating func resume() throws {
    guard workflow.status == .paused else { throw refuse("only a paused one can be resumed") }
    try life.set(&workflow, .running, .resumed)
    try life.settle(&workflow)
  }

  mutating func terminate() throws {
    guard !workflow.status.isFinished else { throw refuse("it is over already") }
    try life.terminate(&workflow, reason: "the workflow \(workflow.id) was terminated")
  }

  // MARK: steps

  /// The place of a step that a call names by its id or its name.
  private func place(of reference: String, parameter: String) throws -> Int {
    let wanted = reference.exact
    if let index = workflow.steps.firstIndex(where: { $0.id.exact == wanted }) { return index }
    let found = workflow.steps.indices.filter { workflow.steps[$0].name.exact == wanted }
    guard let index = found.first else {
      let failure = StepPlan.unknown(
        reference, among: workflow.steps.map(\.name), at: parameter)
      throw ToolFailure(.notFound, failure.message, parameter: parameter)
    }
    guard found.count == 1 else {
      throw ToolFailure(
        .conflict,
        "\(found.count) steps are called \"\(ValueCheck.shown(reference))\"; name one by its step_id",
        parameter: parameter)
    }
    return index
  }

  private func refuseIfFinished() throws {
    if workflow.status.isFinished { throw refuse("its steps stay as they are") }
  }

  mutating func reassign(_ reference: String, to agent: AgentReference) throws {
    let index = try place(of: reference, parameter: "step")
    let before = workflow.steps[index]
    guard !before.status.isFinished else {
      throw ToolFailure(
        .conflict, "the step is \(before.status.rawValue) and cannot be given to another agent",
        parameter: "step")
    }
    try refuseIfFinished()
    let agent = try Assignment(context).named(agent, parameter: "agent")
    guard before.agent != agent.id else { return }
    workflow.steps[index].agent = agent.id
    workflow.addAgent(agent.id)
    if let id = before.task, let task = try TaskRecord.read(id, in: context.connection) {
      // The new agent begins it anew.
      workflow.steps[index].status = .pending
      try TaskLife(context).reassign(
        task, to: agent.id, reason: "the step \(before.name) of \(workflow.id) was reassigned")
    }
    try workflow.update(in: context.connection)
    try life.note(.stepReassigned, workflow, step: workflow.steps[index], was: before)
    try life.settle(&workflow)
  }

  mutating func add(_ request: StepRequest) throws {
    try refuseIfFinished()
    guard workflow.steps.count < StepPlan.countLimit else {
      throw ToolFailure(
        .conflict, "the workflow has \(workflow.steps.count) steps, as many as it can",
        parameter: "step")
    }
    let name = request.name.exact
    guard !workflow.steps.contains(where: { $0.name.exact == name || $0.id.exact == name }) else {
      throw ToolFailure(
        .conflict, "there is a step \"\(ValueCheck.shown(request.name))\" already",
        parameter: "step.name")
    }
    for (number, dependency) in request.dependsOn.enumerated() {
      _ = try place(of: dependency, parameter: "step.depends_on[\(number)]")
    }
    let agent = try Assignment(context).named(request.agent, parameter: "step.agent")
    let step = WorkflowStep(request, id: context.newID(.step), agent: agent.id)
    workflow.steps.append(step)
    try StepPlan.checkSize(.array(workflow.steps.map(\.json)))
    workflow.addAgent(agent.id)
    try workflow.update(in: context.connection)
    try life.note(.stepAdded, workflow, step: step, was: nil)
    try life.settle(&workflow)
  }

  mutating func remove(_ reference: String) throws {
    let index = try place(of: reference, parameter: "step")
    try refuseIfFinished()
    let step = workflow.steps[index]
    guard step.isWaiting else {
      throw ToolFailure(
        .conflict, "the step has been started or is over; only one that waits can be removed",
        parameter: "step")
    }
    let explicit = StepGraph(workflow.steps).dependents(of: index).filter {
      workflow.steps[$0].dependsOn != nil
    }
    if let dependent = explicit.first {
      throw ToolFailure(
        .conflict,
        "the step \"\(ValueCheck.shown(workflow.steps[dependent].name))\" depends on it; remove that first",
        parameter: "step")
    }
    workflow.steps.remove(at: index)
    try workflow.update(in: context.connection)
    try life.note(.stepRemoved, workflow, step: step, was: step)
    try life.settle(&workflow)
  }

  mutating func reorder(_ references: [String]) throws {
    try refuseIfFinished()
    var places: [Int] = []
    for (number, reference) in references.enumerated() {
      let index = try place(of: reference, parameter: "steps[\(number)]")
      guard !places.contains(index) else {
        throw ToolFailure(
          .invalidParameter, "the step \"\(ValueCheck.shown(reference))\" is named twice",
          parameter: "steps[\(number)]")
      }
      places.append(index)
    }
    guard places.count == workflow.steps.count else {
      throw ToolFailure(
        .conflict,
        "steps names \(places.count) steps, and all \(workflow.steps.count) of the workflow are due",
        parameter: "steps")
    }
    let before = workflow.steps
    workflow.steps = places.map { before[$0] }
    guard workflow.steps != before else { return }
    // Of v4's steps the order says what comes before what.
    for index in workflow.steps.indices where workflow.steps[index].order != nil {
      workflow.steps[index].order = index + 1
    }
    try workflow.update(in: context.connection)
    try life.note(
      .stepsReordered, workflow, before: .object([.init("steps", before.map(\.name).json)]),
      after: .object([.init("steps", workflow.steps.map(\.name).json)]))
    try life.settle(&workflow)
  }
}
