package import AgoraStore

/// What a call of v4 is on v5.
struct Plan: Sendable {
  /// The agent that the call says it comes from.
  var claimed: String?
  var steps: [PlanStep]
  /// A sentence for the caller.
  var message: String
  /// How the caller is answered.
  var answer = Answer.ids

  /// How a caller is answered.
  enum Answer: Sendable, Equatable {
    /// With the ids of what was made.
    case ids
    /// With the rows that a query found, as an array.
    case rows(QueryRows)
    /// With one object about the whole.
    case status(metrics: Bool, tasks: Bool)
  }

  /// What a query asks for.
  enum QueryRows: String, Sendable {
    case agents = "active_agents"
    case tasks, workflows, metrics
  }

  init(from claimed: String?, _ message: String, _ steps: PlanStep..., answer: Answer = .ids) {
    self.init(from: claimed, message, steps, answer: answer)
  }

  init(from claimed: String?, _ message: String, _ steps: [PlanStep], answer: Answer = .ids) {
    self.claimed = claimed
    self.steps = steps
    self.message = message
    self.answer = answer
  }
}

/// One call of a v5 tool, or one of the few things that v4 did and no tool does.
enum PlanStep: Sendable {
  /// The agent has to be there; where nobody registered it, it becomes a stub.
  case named(String)
  /// Another name of an agent.
  case alias(String, of: String)
  /// A call of a tool.
  case call(ToolUse)
  /// A task for whoever can do it; it waits where nobody can.
  case assign(ToolUse, workflow: String?)
  /// A workflow under an id of the caller's.
  case coordinate(ToolUse, id: String)
  /// The agent that reports on a task takes it where nobody has it yet.
  case claim(task: String, agent: String)
  /// An event in the log.
  case event(EventReport)
  /// An agent's own word for how it is.
  case agentStatus(String, of: String)
  /// A sign of life.
  case alive(String)
  /// A workflow's status in v4's word.
  case workflowStatus(String, of: String)
  /// Rows that the answer is made of.
  case ask(String, [JSON.Member])

  struct ToolUse: Sendable {
    let tool: String
    let arguments: [JSON.Member]
    /// The agent that acts; nil where the tool names it itself.
    var actor: String?
    /// The id under which the caller knows what is made.
    var id: (kind: LegacyIDs.Kind, v4ID: String)?
    /// What is kept beside it.
    var metadata: [JSON.Member] = []
  }

  struct EventReport: Sendable {
    let type: String
    var id: String?
    var source: String?
    var target: String?
    var data: JSON
    var metadata: [JSON.Member] = []
  }

  /// The v5 tool that does it; nil where none does.
  var tool: String? {
    switch self {
    case .call(let use), .assign(let use, _), .coordinate(let use, _): use.tool
    case .ask(let tool, _): tool
    default: nil
    }
  }
}

/// What a translation can look up.
package protocol LegacyLookups {
  /// How the task of a v4 or v5 id is; nil where nobody made it.
  func task(_ id: String) -> LegacyTaskStanding?
  /// The workflow of a v4 or v5 id; nil where nobody made it.
  func workflow(_ id: String) -> String?
  /// Whether a message of this id was sent.
  func isSent(_ id: String) -> Bool
  /// Whether an event of this id was reported.
  func isReported(_ id: String) -> Bool
}

/// How a task is.
package struct LegacyTaskStanding: Sendable, Equatable {
  package let id: String
  package let status: TaskStatus
  package let hasAgent: Bool
}
