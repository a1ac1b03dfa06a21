/// How far a step of a workflow is.
public enum StepStatus: String, Word {
  /// It waits, for other steps or for its agent.
  case pending
  /// Its agent works on it.
  case inProgress = "in_progress"
  /// It is done.
  case completed
  /// It will not be done.
  case failed
  /// It can never be begun, or its workflow was ended before.
  case skipped

  /// Whether nothing more comes of it.
  public var isFinished: Bool { self == .completed || self == .failed || self == .skipped }

  init(_ status: TaskStatus) {
    switch status {
    case .pending: self = .pending
    case .inProgress: self = .inProgress
    case .completed: self = .completed
    case .failed: self = .failed
    }
  }
}

/// When a step is begun, as to the steps that it depends on.
public enum StepCondition: String, Word {
  /// When all of them were completed.
  case success
  /// When one of them failed.
  case failure
  /// When all of them are over, however they ended.
  case always
}

/// An element of `workflows.steps`, with all that stands in it: what v4 left there stays.
struct WorkflowStep: Sendable, Equatable {
  private(set) var object: JSONObject

  /// Takes an element as it is stored.
  init(json: JSON) {
    // Nothing writes anything but objects; what somebody else wrote is kept all the same.
    object = JSONObject(json: json) ?? JSONObject([.init("v4", json)])
  }

  /// Makes a step of a request whose agent was found.
  init(_ request: StepRequest, id: String, agent: String) {
    object = JSONObject([
      .init("step_id", .string(id)), .init("name", .string(request.name)),
      .init("agent", .string(agent)), .init("depends_on", request.dependsOn.json),
      .init("when", request.when.json), .init("task_type", .string(request.taskType)),
      .init("payload", request.payload.json), .init("priority", request.priority.json),
      .init("status", StepStatus.pending.json), .init("task_id", .null),
      .init("started_at", .null), .init("completed_at", .null),
    ])
  }

  var json: JSON { object.json }

  private subscript(_ name: String) -> JSON? { object.members.first { $0.name == name }?.value }

  private mutating func set(_ name: String, _ value: JSON) {
    object = object.merging(JSONObject([.init(name, value)]))
  }

  var id: String { self["step_id"]?.text ?? "" }
  var name: String { self["name"]?.text ?? "" }
  var agent: String? {
    get { self["agent"]?.text }
    set { set("agent", newValue.json) }
  }
  var status: StepStatus {
    get { self["status"]?.text.flatMap { StepStatus(rawValue: $0) } ?? .pending }
    set { set("status", newValue.json) }
  }
  var task: String? {
    get { self["task_id"]?.text }
    set { set("task_id", newValue.json) }
  }
  var startedAt: Timestamp? {
    get { self["started_at"]?.text.flatMap { Timestamp($0) } }
    set { set("started_at", newValue.json) }
  }
  var completedAt: Timestamp? {
    get { self["completed_at"]?.text.flatMap { Timestamp($0) } }
    set { set("completed_at", newValue.json) }
  }
  /// The place that v4 gave the step among the others; nil on v5, where `depends_on` says it.
  var order: Int? {
    get { self["order"]?.integer }
    set { set("order", newValue.json) }
  }
  /// The ids or names of the steps that come before; nil for a step of v4, of which only the order says it.
  var dependsOn: [String]? { self["depends_on"]?.elements?.compactMap(\.text) }
  var when: StepCondition {
    self["when"]?.text.flatMap { StepCondition(rawValue: $0) } ?? .success
  }
  var priority: Priority {
    self["priority"]?.text.flatMap { Priority(rawValue: $0) } ?? .normal
  }
  /// The type of the task that the step becomes: what it says, else its name.
  var taskType: String {
    self["task_type"]?.text ?? (name.isEmpty || name.utf8.count > 128 ? "workflow_step" : name)
  }
  /// What the task is about: what the step says, else what v4 gave it, of which text that is JSON counts
  /// as that, as in tasks.
  var payload: JSON {
    if let payload = self["payload"] { return payload }
    let input = self["metadata"]?["v4"]?["input_data"] ?? self["v4"]?["payload"] ?? .object([])
    return input.text.flatMap { try? JSON.parse($0) } ?? input
  }
  /// What v4 said besides; nil for a step of v5.
  var leftOver: JSON? { self["metadata"] ?? self["v4"].map { .object([.init("v4", $0)]) } }

  /// Whether it has not been made a task and still can be.
  var isWaiting: Bool { !status.isFinished && task == nil }
}
