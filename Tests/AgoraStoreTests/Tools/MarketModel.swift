import AgoraStore

/// The whole marketplace as the specification has it, in the plainest way; work is chains of steps and
/// single tasks here, since `WorkModel` has the rest of it.
struct MarketModel {
  /// What can be halted: its levels, and what it was before the first of them.
  struct Standing<Status> {
    var status: Status
    var halts: [Int] = []
    var before: Status?
  }

  struct Agent {
    var standing = Standing(status: AgentStatus.active)
    var capabilities: [String]
  }

  struct Message {
    let from: Int
    /// Nil is everyone.
    let to: Int?
    var readers: Set<Int> = []
  }

  struct Subscription {
    let agent: Int
    let types: Set<String>
    var isActive = true
  }

  struct Task {
    let agent: Int
    var status = TaskStatus.pending
    var place: (workflow: Int, step: Int)?
  }

  struct Workflow {
    var standing = Standing(status: WorkflowStatus.running)
    /// Each after the one before.
    var steps: [(agent: Int, status: StepStatus, task: Int?)]
  }

  enum Target: Hashable {
    case whole, agent(Int), workflow(Int)
  }

  var agents: [Agent] = []
  var messages: [Message] = []
  var subscriptions: [Subscription] = []
  var tasks: [Task] = []
  var workflows: [Workflow] = []
  var wholeHalts: [Int] = []
  var settings: [String: Int] = [:]

  // MARK: who may

  /// What refuses a call in an agent's name.
  func actor(_ agent: Int) -> ToolFailure.Code? {
    let standing = agents[agent].standing
    if !standing.halts.isEmpty { return .halted }
    return standing.status == .suspended || standing.status == .terminated ? .forbidden : nil
  }

  /// What refuses to give an agent work.
  func assignee(_ agent: Int) -> ToolFailure.Code? {
    let standing = agents[agent].standing
    if !standing.halts.isEmpty { return .halted }
    return standing.status == .active ? nil : .conflict
  }

  // MARK: messages

  func inbox(_ agent: Int, unreadOnly: Bool) -> [Int] {
    messages.indices.filter { index in
      let message = messages[index]
      let isMine = message.to == agent || message.to == nil && message.from != agent
      return isMine && !(unreadOnly && message.readers.contains(agent))
    }
  }

  /// How many messages were not read before; nil where one is none of the agent's.
  mutating func read(_ agent: Int, _ wanted: [Int]) -> Int? {
    let mine = Set(inbox(agent, unreadOnly: false))
    guard wanted.allSatisfy(mine.contains) else { return nil }
    return wanted.count { messages[$0].readers.insert(agent).inserted }
  }

  func subscription(_ agent: Int, _ types: Set<String>) -> Int? {
    subscriptions.firstIndex { $0.agent == agent && $0.types == types && $0.isActive }
  }

  // MARK: work

  func load(_ agent: Int) -> Int { tasks.count { $0.agent == agent && $0.status.isOpen } }

  mutating func settle(_ place: Int) {
    let standing = workflows[place].standing
    guard standing.status == .running, standing.halts.isEmpty else { return }
    for step in workflows[place].steps.indices where workflows[place].steps[step].task == nil {
      guard workflows[place].steps[step].status == .pending else { continue }
      let before = step == 0 ? .completed : workflows[place].steps[step - 1].status
      if before == .completed {
        tasks.append(
          Task(agent: workflows[place].steps[step].agent, place: (place, step)))
        workflows[place].steps[step].task = tasks.count - 1
      } else if before.isFinished {
        workflows[place].steps[step].status = .skipped
      }
    }
    let statuses = workflows[place].steps.map(\.status)
    guard statuses.allSatisfy(\.isFinished) else { return }
    workflows[place].standing.status = statuses.contains(.failed) ? .failed : .completed
  }

  mutating func change(_ task: Int, to status: TaskStatus) {
    tasks[task].status = status
    guard let (place, step) = tasks[task].place else { return }
    workflows[place].steps[step].status = StepStatus(rawValue: status.rawValue) ?? .pending
    settle(place)
  }

  mutating func update(_ task: Int, _ status: TaskStatus) -> ToolFailure.Code? {
    let old = tasks[task]
    guard old.status != status else { return nil }
    guard old.status.isOpen, status != .pending else { return .conflict }
    if old.status == .pending, status != .failed {
      if let standing = old.place.map({ workflows[$0.workflow].standing }) {
        if !standing.halts.isEmpty { return .halted }
        if standing.status == .paused || standing.status == .terminated { return .conflict }
      }
      if !agents[old.agent].standing.halts.isEmpty { return .halted }
    }
    change(task, to: status)
    return nil
  }

  mutating func modify(_ place: Int, _ action: String) -> ToolFailure.Code? {
    let standing = workflows[place].standing
    if !standing.halts.isEmpty { return .halted }
    switch action {
    case "pause":
      guard standing.status == .running else { return .conflict }
      workflows[place].standing.status = .paused
    case "resume":
      guard standing.status == .paused else { return .conflict }
      workflows[place].standing.status = .running
      settle(place)
    default:
      guard !standing.status.isFinished else { return .conflict }
      terminate(workflow: place)
    }
    return nil
  }

  // MARK: force

  mutating func terminate(workflow place: Int) {
    workflows[place].standing.status = .terminated
    for step in workflows[place].steps.indices
    where workflows[place].steps[step].task == nil
      && !workflows[place].steps[step].status.isFinished
    {
      workflows[place].steps[step].status = .skipped
    }
    fail { $0.place?.workflow == place }
  }

  private mutating func fail(_ isMeant: (Task) -> Bool) {
    for task in tasks.indices where tasks[task].status.isOpen && isMeant(tasks[task]) {
      change(task, to: .failed)
    }
  }

  mutating func set(_ agent: Int, _ status: AgentStatus) {
    let isEnd = status == .terminated && agents[agent].standing.status != .terminated
    agents[agent].standing.status = status
    guard isEnd else { return }
    fail { $0.agent == agent }
    for index in subscriptions.indices where subscriptions[index].agent == agent {
      subscriptions[index].isActive = false
    }
  }

  func halts(_ target: Target) -> [Int] {
    switch target {
    case .whole: wholeHalts
    case .agent(let agent): agents[agent].standing.halts
    case .workflow(let place): workflows[place].standing.halts
    }
  }

  private mutating func setHalts(_ target: Target, _ halts: [Int]) {
    switch target {
    case .whole: wholeHalts = halts
    case .agent(let agent): agents[agent].standing.halts = halts
    case .workflow(let place): workflows[place].standing.halts = halts
    }
  }

  private func hasEnded(_ target: Target) -> Bool {
    switch target {
    case .whole: false
    case .agent(let agent): agents[agent].standing.status == .terminated
    case .workflow(let place): workflows[place].standing.status.isFinished
    }
  }

  mutating func override(_ target: Target, _ action: String, _ level: Int) -> ToolFailure.Code? {
    let halts = halts(target)
    switch action {
    case "resume":
      guard !halts.isEmpty else { return .conflict }
      guard let lifted = halts.filter({ $0 <= level }).max(),
        let index = halts.firstIndex(of: lifted)
      else { return .forbidden }
      var rest = halts
      rest.remove(at: index)
      setHalts(target, rest)
      if rest.isEmpty { release(target) }
    case "terminate":
      if hasEnded(target) { return .conflict }
      if let strongest = halts.max(), strongest > level { return .forbidden }
      terminate(target, level)
    default:
      if hasEnded(target) { return .conflict }
      if halts.isEmpty { hold(target) }
      setHalts(target, halts + [level])
    }
    return nil
  }

  private mutating func hold(_ target: Target) {
    switch target {
    case .whole: break
    case .agent(let agent):
      guard agents[agent].standing.status == .active else { return }
      agents[agent].standing.before = .active
      agents[agent].standing.status = .paused
    case .workflow(let place):
      let status = workflows[place].standing.status
      guard status == .running || status == .pending else { return }
      workflows[place].standing.before = status
      workflows[place].standing.status = .paused
    }
  }

  private mutating func release(_ target: Target) {
    switch target {
    case .whole: break
    case .agent(let agent):
      if let before = agents[agent].standing.before, agents[agent].standing.status == .paused {
        agents[agent].standing.status = before
      }
      agents[agent].standing.before = nil
    case .workflow(let place):
      if let before = workflows[place].standing.before, workflows[place].standing.status == .paused
      {
        workflows[place].standing.status = before
      }
      workflows[place].standing.before = nil
      settle(place)
    }
  }

  private mutating func terminate(_ target: Target, _ level: Int) {
    switch target {
    case .whole:
      for place in workflows.indices where !workflows[place].standing.status.isFinished {
        terminate(workflow: place)
      }
      fail { _ in true }
      wholeHalts.append(level)
    case .agent(let agent):
      set(agent, .terminated)
      agents[agent].standing.before = nil
    case .workflow(let place):
      terminate(workflow: place)
      workflows[place].standing.before = nil
    }
  }
}
