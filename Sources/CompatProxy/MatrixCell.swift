package import AgoraStore

/// One cell of the matrix: a reducer in one of its shapes, an example of it, and what it is on v5.
///
/// The shapes are the reducers' own table; every example is run by a test, in both spellings, and a shape
/// without one fails it.
package struct MatrixCell: Sendable {
  package let reducer: Reducer
  package let shape: String
  /// The parameters as the matrix shows them.
  package let arguments: String
  /// The words behind the reducer's name; nil where nobody has written an example.
  package let words: [String]?
  /// The call of v5 that does the same.
  package let replacement: Replacement
  /// Why it is refused; nil where it is done.
  package let refusal: Refusal?

  /// All of them, in the order of the table.
  package static let all: [MatrixCell] = Reducer.all.flatMap { reducer in
    reducer.matrix.map { MatrixCell(reducer, $0.shape, $0.arguments) }
  }

  private init(_ reducer: Reducer, _ shape: String, _ arguments: String) {
    self.reducer = reducer
    self.shape = shape
    self.arguments = arguments
    words = Self.examples["\(reducer.name) \(shape)"]
    var (replacement, refusal) = (Replacement(reducer.replacement), Refusal?.none)
    do throws(Refusal) {
      let call = LegacyCall(
        database: LegacyDatabase.marketplace.rawValue, reducer: reducer.name,
        arguments: .words(words ?? []))
      let lookups = KnownExamples()
      let plan = try reducer.plan(BoundCall(call, reducer), lookups)
      replacement = plan.replacement(usual: reducer.replacement, lookups)
    } catch { refusal = error }
    self.replacement = replacement
    self.refusal = refusal
  }

  /// The example as it is typed.
  package var example: String? {
    words.map { words in
      (["spacetime", "call", LegacyDatabase.marketplace.rawValue, reducer.name]
        + words.map { ShellWords.quoted($0) }).joined(separator: " ")
    }
  }

  /// The cell as JSON.
  package var json: JSON {
    .object([
      .init("shape", .string(shape)), .init("arguments", .string(arguments)),
      .init("example", .optional(example)),
      .init("outcome", .string(refusal == nil ? "done" : "refused")),
      .init("code", .optional(refusal?.code)), .init("replacement", replacement.json),
    ])
  }

  /// In examples, tasks and workflows that are named are there.
  private struct KnownExamples: LegacyLookups {
    func task(_ id: String) -> LegacyTaskStanding? {
      guard id.hasPrefix("task_") else { return nil }
      return LegacyTaskStanding(id: id, status: .inProgress, hasAgent: true)
    }
    func workflow(_ id: String) -> String? { id.hasPrefix("wf_") ? id : nil }
    func isSent(_ id: String) -> Bool { false }
    func isReported(_ id: String) -> Bool { false }
  }

  private static let task = "task_019740f0a4d07cc0a1b2c3d4e5f60718"
  private static let workflow = "wf_019740f0a4d07cc0a1b2c3d4e5f60718"

  /// A call of each shape, as agents write it.
  private static let examples: [String: [String]] = [
    "register_agent_capability capability": ["TestAgent", "testing", "8", "2"],
    "register_agent_capability registration": ["v3-1", "worker", "TestAgent", "null"],
    "register_agent_capability described": [
      "--agent_id", "TestAgent", "--capability_name", "testing", "--description", "Runs tests",
      "--proficiency_level", "80",
    ],
    "register_agent_capability row": [
      "--capability_id", "id_1", "--agent_id", "TestAgent", "--capability_type", "testing",
      "--proficiency_level", "8", "--max_concurrent_tasks", "2", "--average_completion_time", "1.5",
      "--success_rate", "0.9", "--resource_requirements", "{}", "--availability_schedule", "always",
      "--is_active", "true",
    ],
    "send_agent_message message": ["TestAgent", "Doc", "info", "Hello", "3"],
    "send_agent_message correlated": ["TestAgent", "Doc", "task", "{\"n\":1}", "4", "true", "c-1"],
    "send_agent_message row": [
      "m-1", "TestAgent", "Doc", "info", "Hello", "3", "false", "300", "", "", "{}", "pending",
    ],
    "send_message message": ["m-2", "TestAgent", "Doc", "info", "Hello", "3"],
    "assign_task task": [workflow, "testing", "{\"file\":\"a.md\"}", "[\"testing\"]", "TestAgent"],
    "update_task_progress progress": [task, "TestAgent", "0.5", "in_progress", "{\"pages\":3}"],
    "start_workflow_coordination workflow": [
      "wf-1", "TestAgent", "[\"TestAgent\",\"Doc\"]", "sequential",
    ],
    "broadcast_to_agents sender": ["Hello all", "TestAgent"],
    "broadcast_to_agents priority": ["{\"text\":\"Hello all\"}", "4"],
    "query_coordination_data query": ["active_agents", "{\"capabilities\":[\"testing\"]}"],
    "query_coordination_data type": ["tasks"],
    "coordination_system_status status": [],
    "coordination_system_status detailed": [
      "--include_metrics", "true", "--include_active_tasks", "true",
    ],
    "register_agent registration": ["v3-1", "worker", "TestAgent", "null"],
    "register_agent named": ["TestAgent", "worker", "active"],
    "register_agent tier": ["a-1", "TestAgent", "premium", "active", "[\"testing\"]"],
    "register_agent tier-metadata": [
      "a-1", "TestAgent", "basic", "active", "[\"testing\"]", "{\"team\":\"docs\"}",
    ],
    "register_agent any": [
      "--agent_name", "TestAgent", "--agent_type", "worker", "--status", "active",
    ],
    "update_agent_status status": ["TestAgent", "busy"],
    "agent_heartbeat heartbeat": ["TestAgent"],
    "agent_heartbeat status": ["--agent_name", "TestAgent", "--status", "active"],
    "create_system_event event": ["evt-1", "agent_started", "TestAgent", "null", "{}", "3"],
    "create_system_event object": [
      "{\"event_id\":\"evt-2\",\"event_type\":\"agent_started\",\"source_agent\":\"TestAgent\",\"data\":{}}"
    ],
    "create_workflow workflow": ["wf-2", "review", "TestAgent", "[\"Doc\"]", "{}"],
    "create_workflow steps": [
      "--workflow_name", "review", "--steps", "[{\"name\":\"read\"},{\"name\":\"write\"}]",
      "--assigned_agents", "[\"TestAgent\",\"Doc\"]",
    ],
    "create_workflow type": ["review"],
    "update_workflow_status status": [workflow, "paused"],
    "create_task task": ["t-1", "TestAgent", "review", "2", "{\"file\":\"a.md\"}"],
    "complete_task task": [task],
    "create_user_notification notification": [
      "n-1", "user-1", "info", "low", "Build", "The build is done",
    ],
    "user_override override": ["user-1", "TestAgent", "pause", "Looks wrong", "255"],
    "user_directive directive": ["user-1", "Stop"],
    "clear_duplicate_entries all": [],
    "cleanup_agent_registration agent": ["TestAgent"],
  ]
}
