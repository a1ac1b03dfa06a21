/// `agora.task.assign`: a task for one agent, or for the least loaded one that can do it.
public struct AssignTask: ToolCall {
  /// The type.
  public static let taskType = Parameter<String>(
    "task_type", "What kind of task it is, such as documentation, analysis, review, testing",
    .word)
  /// The agent.
  public static let assignee = Parameter<AgentReference?>(
    optional: "assignee", "Who is to do it; or say required_capabilities")
  /// What the agent has to be able to do.
  public static let requiredCapabilities = Parameter<[String]?>(
    optional: "required_capabilities",
    "What the agent has to be able to do: without an assignee the least loaded active agent that can gets the task",
    .word.times(0...256))
  /// What the task is about.
  public static let payload = Parameter<JSONObject>(
    "payload", "What the task is about", .content)
  /// When it is due.
  public static let deadline = Parameter<Timestamp?>(
    optional: "deadline", "When it is due")
  /// The urgency.
  public static let priority = Parameter<Priority>(
    "priority", "How urgent it is", default: .normal)
  /// The workflow.
  public static let workflow = Parameter<WorkflowID?>(
    optional: "workflow_id", "The workflow that it belongs to")
  /// What has to be done first.
  public static let dependsOn = Parameter<[TaskID]>(
    "depends_on", "Tasks that have to be completed before this one can start",
    Limits.none.times(0...256), default: [])

  /// The declaration.
  public static let tool = Tool(
    .task, "assign", title: "Assign a task",
    description:
      "Gives a task to an agent, or to the least loaded active agent that has all required capabilities and is below its limit. A task that depends on others cannot start before they are completed, and fails when one of them fails.",
    parameters: ParameterList(
      taskType, assignee, requiredCapabilities, payload, deadline, priority, workflow, dependsOn),
    output: Output.self, failures: [.notFound, .forbidden, .conflict], access: .writes,
    isIdempotent: false,
    examples: [
      .init(
        #"{"task_type":"documentation_review","assignee":"MyDocumentationAgent","payload":{"document":"user_guide.md","focus":"clarity"},"priority":"normal"}"#,
        #"{"task_id":"task_019740f0a4d07cc0a1b2c3d4e5f60718","status":"pending","assigned_agent":"agent_019740f0a4d07cc0a1b2c3d4e5f60719","estimated_completion":null}"#
      ),
      .init(
        #"{"task_type":"review","required_capabilities":["review"],"payload":{"file":"spec.md"},"deadline":"2025-06-07T10:00:00Z","depends_on":["task_019740f0a4d07cc0a1b2c3d4e5f60718"]}"#,
        #"{"task_id":"task_019740f0a4d07cc0a1b2c3d4e5f6071a","status":"pending","assigned_agent":"agent_019740f0a4d07cc0a1b2c3d4e5f60719","estimated_completion":"2025-06-06T10:30:00Z"}"#
      ),
    ])

  /// What assigning answers.
  public struct Output: ToolOutput {
    /// The task's id.
    public let taskID: String
    /// The id of the agent that is to do it.
    public let agent: String
    /// When it will probably be done; nil where nothing like it has been done yet.
    public let estimatedCompletion: Timestamp?

    /// The fields.
    public static let shape = Shape<Output>(
      .field("task_id", "The task's id") { $0.taskID },
      .field("status", "Always \"pending\": it waits for its agent") { _ in TaskStatus.pending },
      .field("assigned_agent", "The id of the agent that is to do it") { $0.agent },
      .field(
        "estimated_completion",
        "Now and the median time that the last tasks of this type took; null where there was none"
      ) { $0.estimatedCompletion })
  }

  private let taskType: String
  private let assignee: AgentReference?
  private let capabilities: [String]?
  private let payload: JSONObject
  private let deadline: Timestamp?
  private let priority: Priority
  private let workflow: WorkflowID?
  private let dependsOn: [TaskID]

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    taskType = try arguments[Self.taskType]
    assignee = try arguments[Self.assignee]
    capabilities = try arguments[Self.requiredCapabilities]
    payload = try arguments[Self.payload]
    deadline = try arguments[Self.deadline]
    priority = try arguments[Self.priority]
    workflow = try arguments[Self.workflow]
    dependsOn = try arguments[Self.dependsOn]
    guard assignee != nil || capabilities != nil else {
      throw ToolFailure(
        .invalidParameter,
        "assignee is missing: name an agent, or say required_capabilities and the marketplace chooses one",
        parameter: "assignee")
    }
  }

  /// Assigns the task.
  public func run(in context: ToolContext) throws -> Output {
    let requester = try context.actorIfAny()
    if let workflow { try checkWorkflow(workflow.description, context) }
    let dependencies = try dependencies(in: context)
    let assignment = Assignment(context)
    let agent =
      if let assignee {
        try assignment.named(assignee, capabilities: capabilities ?? [])
      } else {
        try assignment.leastLoaded(with: capabilities ?? [])
      }
    let task = TaskRecord(
      id: context.newID(.task), workflow: workflow?.description, agent: agent.id, type: taskType,
      payload: payload.json, priority: priority, deadline: deadline, createdAt: context.now,
      dependencies: dependencies,
      metadata: JSONObject(
        requester.map { [.init(TaskRecord.requesterKey, .string($0.id))] } ?? []))
    if let deadline, deadline <= context.now {
      context.warn("the deadline \(deadline) has passed already")
    }
    try TaskLife(context).begin(task)
    return Output(
      taskID: task.id, agent: agent.id,
      estimatedCompletion: try TaskStatistics.estimate(taskType, in: context))
  }

  private static let workflowStatus = Query(
    "workflows.status", "SELECT status FROM workflows WHERE workflow_id=?1")

  private func checkWorkflow(_ id: String, _ context: ToolContext) throws {
    let word = try context.connection.first(Self.workflowStatus, .text(id), map: { $0.text(0) })
    guard let word else {
      throw ToolFailure(.notFound, "there is no workflow \(id)", parameter: "workflow_id")
    }
    try context.refuseIfHalted(id, "the workflow \(id)")
    guard WorkflowStatus(rawValue: word)?.isFinished != true else {
      throw ToolFailure(
        .conflict, "the workflow \(id) is \(word) and takes no more tasks",
        parameter: "workflow_id")
    }
  }

  private static let status = Query("tasks.status", "SELECT status FROM tasks WHERE task_id=?1")

  /// The tasks to wait for, each once.
  ///
  /// Nothing can wait for a task that is only being made, so no circle can come of it.
  private func dependencies(in context: ToolContext) throws -> [String] {
    var ids: [String] = []
    for (index, id) in dependsOn.map(\.description).enumerated() where !ids.contains(id) {
      let status = try context.connection.first(Self.status, .text(id), map: { $0.text(0) })
      guard let status else {
        throw ToolFailure(
          .notFound, "there is no task \(id)", parameter: "depends_on[\(index)]")
      }
      guard status != TaskStatus.failed.rawValue else {
        throw ToolFailure(
          .conflict, "the task \(id) has failed, so one that depends on it could never start",
          parameter: "depends_on[\(index)]")
      }
      ids.append(id)
    }
    return ids
  }
}
