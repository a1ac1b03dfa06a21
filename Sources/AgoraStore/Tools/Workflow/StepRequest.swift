/// A step as a call describes it.
public struct StepRequest: ParameterObject, Equatable {
  /// The name.
  public static let name = Parameter<String>(
    "name", "The step's name, one of its own in the workflow", .name)
  /// The agent.
  public static let agent = Parameter<AgentReference>("agent", "Who does it")
  /// What comes before.
  public static let dependsOn = Parameter<[String]>(
    "depends_on", "The names of the steps that come before; steps without any run at once",
    .name.times(0...256), default: [])
  /// When it is begun.
  public static let when = Parameter<StepCondition?>(
    optional: "when",
    "success: when all those steps were completed (where nothing is said); failure: when one of them failed; always: when all are over"
  )
  /// The other word for it.
  public static let condition = Parameter<StepCondition?>(
    optional: "condition", "Another word for when")
  /// The type of its task.
  public static let taskType = Parameter<String?>(
    optional: "task_type", "What kind of task it is; the step's name where nothing is said", .word)
  /// What it is about.
  public static let payload = Parameter<JSONObject>(
    "payload", "What the task is about", .metadata, default: JSONObject())
  /// The urgency.
  public static let priority = Parameter<Priority>(
    "priority", "How urgent it is", default: .normal)

  /// The fields.
  public static let fields = ParameterList(
    name, agent, dependsOn, when, condition, taskType, payload, priority)

  /// The step's name.
  public let name: String
  /// Who does it.
  public let agent: AgentReference
  /// The names of the steps that come before.
  public let dependsOn: [String]
  /// When it is begun.
  public let when: StepCondition
  /// What kind of task it is.
  public let taskType: String
  /// What the task is about.
  public let payload: JSONObject
  /// How urgent it is.
  public let priority: Priority

  /// Describes a step.
  public init(
    name: String, agent: AgentReference, dependsOn: [String] = [], when: StepCondition = .success,
    taskType: String? = nil, payload: JSONObject = JSONObject(), priority: Priority = .normal
  ) {
    self.name = name
    self.agent = agent
    self.dependsOn = dependsOn
    self.when = when
    self.taskType = taskType ?? (name.utf8.count > 128 ? "workflow_step" : name)
    self.payload = payload
    self.priority = priority
  }

  /// Reads the fields.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    let (when, condition) = (try arguments[Self.when], try arguments[Self.condition])
    self.init(
      name: try arguments[Self.name], agent: try arguments[Self.agent],
      dependsOn: try arguments[Self.dependsOn], when: when ?? condition ?? .success,
      taskType: try arguments[Self.taskType], payload: try arguments[Self.payload],
      priority: try arguments[Self.priority])
  }

  /// An object with the fields.
  public var json: JSON {
    .object([
      .init("name", .string(name)), .init("agent", agent.json),
      .init("depends_on", dependsOn.json), .init("when", when.json),
      .init("task_type", .string(taskType)), .init("payload", payload.json),
      .init("priority", priority.json),
    ])
  }
}
