import AgoraStore

/// Tasks and workflows as the specification has them, in the plainest way: what the tools do is held
/// against it.
struct WorkModel {
  struct Agent {
    let name: String
    let capabilities: Set<String>
    let limit: Int
  }

  struct Task {
    var agent: Int
    var status = TaskStatus.pending
    var progress = 0
    var dependencies: [Int] = []
    var workflow: Int?
    /// The step's name.
    var step: String?
  }

  struct Step {
    let name: String
    var agent: Int
    let dependencies: [String]
    let when: StepCondition
    var status = StepStatus.pending
    var task: Int?
    var waits: Bool { task == nil && !status.isFinished }
  }

  struct Workflow {
    var status = WorkflowStatus.pending
    var steps: [Step]
  }

  var agents: [Agent] = []
  var tasks: [Task] = []
  var workflows: [Workflow] = []

  func load(_ agent: Int) -> Int { tasks.count { $0.agent == agent && $0.status.isOpen } }

  // MARK: tasks

  /// The agent that gets a task; a failure where none does.
  func choose(_ wanted: Set<String>) -> (Int?, ToolFailure.Code?) {
    let capable = agents.indices.filter { agents[$0].capabilities.isSuperset(of: wanted) }
    if capable.isEmpty { return (nil, .notFound) }
    // Agents stand in the order of their ids.
    let free = capable.filter { load($0) < agents[$0].limit }
    let best = free.min { (load($0), $0) < (load($1), $1) }
    return (best, best == nil ? .conflict : nil)
  }

  mutating func assign(_ agent: Int, _ dependencies: [Int], _ workflow: Int?) -> ToolFailure.Code? {
    if let workflow, workflows[workflow].status.isFinished { return .conflict }
    if dependencies.contains(where: { tasks[$0].status == .failed }) { return .conflict }
    tasks.append(Task(agent: agent, dependencies: dependencies, workflow: workflow))
    return nil
  }

  private func mayChange(_ index: Int, to status: TaskStatus) -> Bool {
    let task = tasks[index]
    let workflow = task.workflow.map { workflows[$0].status }
    let dependencies = task.dependencies.map { tasks[$0].status }
    if status != .pending {
      guard task.status.isOpen else { return false }
      guard task.status == .pending, status != .failed else { return true }
      return dependencies.allSatisfy { $0 == .completed } && workflow != .paused
        && workflow != .terminated
    }
    if workflow == .terminated || dependencies.contains(.failed) { return false }
    let isStep = task.step != nil
    if isStep, workflow?.isFinished == true { return false }
    if task.status == .inProgress { return true }
    let followers = tasks.filter { $0.dependencies.contains(index) }.map(\.status)
    if followers.contains(.inProgress) || followers.contains(.completed) { return false }
    guard isStep, let place = task.workflow, let name = task.step else { return true }
    return workflows[place].steps.allSatisfy { !$0.dependencies.contains(name) || $0.waits }
  }

  mutating func update(_ index: Int, _ status: TaskStatus?, _ progress: Int?) -> ToolFailure.Code? {
    let old = tasks[index]
    let new = status ?? old.status
    let isChange = new != old.status
    var share = progress ?? old.progress
    if isChange, progress == nil {
      if new == .completed { share = 100 }
      if new == .pending { share = 0 }
    }
    if share != old.progress {
      if new == .pending, share > 0 { return .conflict }
      if !isChange, !new.isOpen { return .conflict }
    }
    if isChange, !mayChange(index, to: new) { return .conflict }
    tasks[index].progress = share
    if isChange { change(index, to: new) }
    return nil
  }

  private mutating func change(_ index: Int, to status: TaskStatus) {
    tasks[index].status = status
    if let workflow = tasks[index].workflow,
      let step = workflows[workflow].steps.firstIndex(where: { $0.task == index })
    {
      workflows[workflow].steps[step].status = StepStatus(rawValue: status.rawValue) ?? .pending
      settle(workflow)
    }
    guard status == .failed else { return }
    for other in tasks.indices
    where tasks[other].status == .pending && tasks[other].dependencies.contains(index) {
      change(other, to: .failed)
    }
  }

  // MARK: workflows

  mutating func create(_ steps: [Step], starts: Bool) {
    workflows.append(Workflow(steps: steps))
    guard starts else { return }
    workflows[workflows.count - 1].status = .running
    settle(workflows.count - 1)
  }

  private func verdict(_ step: Step, _ steps: [Step]) -> Bool? {
    let before = steps.filter { step.dependencies.contains($0.name) }.map(\.status)
    let isOver = before.allSatisfy(\.isFinished)
    switch step.when {
    case .always: return isOver ? true : nil
    case .failure: return before.contains(.failed) ? true : isOver ? false : nil
    case .success:
      if before.contains(where: { $0 == .failed || $0 == .skipped }) { return false }
      return isOver ? true : nil
    }
  }

  private mutating func settle(_ place: Int) {
    guard workflows[place].status == .running else { return }
    while let index = workflows[place].steps.firstIndex(where: {
      $0.waits && verdict($0, workflows[place].steps) != nil
    }) {
      let step = workflows[place].steps[index]
      if verdict(step, workflows[place].steps) == true {
        tasks.append(Task(agent: step.agent, workflow: place, step: step.name))
        workflows[place].steps[index].task = tasks.count - 1
      } else {
        workflows[place].steps[index].status = .skipped
      }
    }
    let statuses = workflows[place].steps.map(\.status)
    guard !statuses.isEmpty, statuses.allSatisfy(\.isFinished) else { return }
    workflows[place].status = statuses.contains(.failed) ? .failed : .completed
  }

  mutating func modify(_ place: Int, _ action: ModifyWorkflow.Action) -> ToolFailure.Code? {
    let allowed: Set<WorkflowStatus> =
      switch action {
      case .start: [.pending]
      case .pause: [.running]
      case .resume: [.paused]
      default: [.pending, .running, .paused]
      }
    guard allowed.contains(workflows[place].status) else { return .conflict }
    switch action {
    case .start, .resume:
      workflows[place].status = .running
      settle(place)
    case .pause: workflows[place].status = .paused
    case .terminate:
      workflows[place].status = .terminated
      for index in workflows[place].steps.indices where workflows[place].steps[index].waits {
        workflows[place].steps[index].status = .skipped
      }
      for index in tasks.indices
      where tasks[index].workflow == place && tasks[index].status.isOpen {
        change(index, to: .failed)
      }
    default: break
    }
    return nil
  }

  mutating func reassign(_ place: Int, _ index: Int, _ agent: Int) -> ToolFailure.Code? {
    let step = workflows[place].steps[index]
    if step.status.isFinished || workflows[place].status.isFinished { return .conflict }
    guard step.agent != agent else { return nil }
    workflows[place].steps[index].agent = agent
    if let task = step.task {
      workflows[place].steps[index].status = .pending
      tasks[task].agent = agent
      tasks[task].status = .pending
      tasks[task].progress = 0
    }
    return nil
  }

  mutating func add(_ place: Int, _ step: Step) -> ToolFailure.Code? {
    if workflows[place].status.isFinished { return .conflict }
    workflows[place].steps.append(step)
    settle(place)
    return nil
  }

  mutating func remove(_ place: Int, _ index: Int) -> ToolFailure.Code? {
    let steps = workflows[place].steps
    let isNeeded = steps.contains { $0.dependencies.contains(steps[index].name) }
    if workflows[place].status.isFinished || !steps[index].waits || isNeeded { return .conflict }
    workflows[place].steps.remove(at: index)
    settle(place)
    return nil
  }
}
