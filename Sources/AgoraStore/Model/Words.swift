/// How urgent a message or a task is.
public enum Priority: String, Word {
  /// 1 in the store.
  case low
  /// 2 in the store.
  case normal
  /// 3 in the store.
  case high
  /// 4 in the store.
  case urgent

  /// The number in the store, 1–4.
  public var rank: Int {
    switch self {
    case .low: 1
    case .normal: 2
    case .high: 3
    case .urgent: 4
    }
  }

  /// The priority of a number in the store.
  public init(rank: Int) {
    switch rank {
    case ...1: self = .low
    case 2: self = .normal
    case 3: self = .high
    default: self = .urgent
    }
  }
}

/// What an agent has subscribed to.
public enum ServiceTier: String, Word {
  /// The tier of those who say nothing.
  case basic
  /// The tier above it.
  case premium
  /// The highest tier.
  case enterprise
}

/// Whether an agent is there to be used.
public enum AgentStatus: String, Word {
  /// It can be given work.
  case active
  /// It is not to be given new work.
  case paused
  /// It may not act.
  case suspended
  /// It is gone for good.
  case terminated
}

/// Whether a tool is there to be used.
public enum ServiceStatus: String, Word {
  /// It is.
  case active
  /// It will go.
  case deprecated
  /// It is, and may still change.
  case beta
}

/// How far a task is.
public enum TaskStatus: String, Word {
  /// It waits to be begun.
  case pending
  /// Its agent works on it.
  case inProgress = "in_progress"
  /// It is done.
  case completed
  /// It will not be done.
  case failed

  /// Whether it is still to be done.
  public var isOpen: Bool { self == .pending || self == .inProgress }
}

/// How far a workflow is.
public enum WorkflowStatus: String, Word {
  /// It has not been started.
  case pending
  /// Steps that are ready are started.
  case running
  /// All its steps are done.
  case completed
  /// All is done that could be, and a step failed.
  case failed
  /// Somebody ended it.
  case terminated
  /// Nothing is started until it is resumed.
  case paused

  /// Whether nothing of it is to be done any more.
  public var isFinished: Bool { self == .completed || self == .failed || self == .terminated }
}
