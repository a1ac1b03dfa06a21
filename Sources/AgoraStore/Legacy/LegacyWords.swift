/// The words of v4 and what they are in v5 (`docs/mapping.md`).
///
/// Unknown ones take a default, and the original is kept.
package enum LegacyWords {
  /// The deployment of v4 that is meant where none is named.
  package static let usualSource = "agora-marketplace"

  /// A word's translation, and whether the original says more than it.
  package struct Translation<Value> {
    package let value: Value
    package let keepsOriginal: Bool

    package init(value: Value, keepsOriginal: Bool) {
      self.value = value
      self.keepsOriginal = keepsOriginal
    }
  }

  private static let agentStatus: [String: String] = [
    "active": "active", "idle": "active", "busy": "active", "online": "active",
    "inactive": "paused", "offline": "paused", "paused": "paused", "going_offline": "paused",
    "error": "suspended", "suspended": "suspended", "terminated": "terminated",
  ]

  private static let taskStatus: [String: String] = [
    "pending": "pending", "assigned": "pending", "unassigned": "pending", "accepted": "pending",
    "queued": "pending", "open": "pending",
    "in_progress": "in_progress", "running": "in_progress", "active": "in_progress",
    "working": "in_progress", "started": "in_progress",
    "completed": "completed", "complete": "completed", "done": "completed",
    "finished": "completed", "success": "completed",
    "failed": "failed", "error": "failed", "cancelled": "failed", "canceled": "failed",
    "aborted": "failed",
  ]

  private static let workflowStatus: [String: String] = [
    "pending": "pending", "created": "pending",
    "active": "running", "running": "running", "in_progress": "running", "started": "running",
    "completed": "completed", "complete": "completed", "done": "completed",
    "failed": "failed", "error": "failed",
    "terminated": "terminated", "cancelled": "terminated", "paused": "paused",
  ]

  private static let priorities: [String: Int64] = [
    "low": 1, "normal": 2, "medium": 2, "high": 3, "urgent": 4, "critical": 4, "emergency": 4,
  ]

  /// The v5 status of an agent that a word of v4 is known to mean.
  package static func knownAgentStatus(_ word: String) -> String? { agentStatus[key(word)] }
  /// The v5 status of a task that a word of v4 is known to mean.
  package static func knownTaskStatus(_ word: String) -> String? { taskStatus[key(word)] }
  /// The v5 status of a workflow that a word of v4 is known to mean.
  package static func knownWorkflowStatus(_ word: String) -> String? { workflowStatus[key(word)] }

  /// The v5 priority (1 to 4) that a word of v4 is known to mean.
  package static func knownPriority(_ word: String) -> Int64? { priorities[key(word)] }

  /// The statuses of v5 that v4's words for agents mean, the words in lower case.
  package static var agentWords: [String: String] { agentStatus }
  /// The statuses of v5 that v4's words for tasks and steps mean, the words in lower case.
  package static var taskWords: [String: String] { taskStatus }
  /// The statuses of v5 that v4's words for workflows mean, the words in lower case.
  package static var workflowWords: [String: String] { workflowStatus }

  /// The words under which v4 means every agent.
  package static let broadcasts: Set<String> = ["*", "broadcast", "all_agents"]

  private static func key(_ word: String) -> String { word.lowercased() }

  package static func agentStatus(_ word: String) -> Translation<String> {
    let value = agentStatus[key(word)]
    return Translation(value: value ?? "active", keepsOriginal: value != word)
  }

  package static func workflowStatus(_ word: String?) -> Translation<String> {
    guard let word else { return Translation(value: "pending", keepsOriginal: false) }
    let value = workflowStatus[key(word)]
    return Translation(value: value ?? "pending", keepsOriginal: value != word)
  }

  /// A status word of a message: whether it was delivered.
  package static func isDelivered(_ word: String) -> Bool {
    ["delivered", "read", "processed", "acknowledged", "true", "1"].contains(key(word))
  }

  package static func priority(_ number: Int64) -> Translation<Int64> {
    Translation(value: min(4, max(1, number)), keepsOriginal: !(1...4).contains(number))
  }

  package static func priority(_ word: String) -> Translation<Int64> {
    if let number = Int64(word) { return priority(number) }
    let value = priorities[word] ?? priorities[key(word)]
    return Translation(
      value: value ?? 2,
      keepsOriginal: value == nil || !["low", "normal", "high", "urgent"].contains(word))
  }
}
