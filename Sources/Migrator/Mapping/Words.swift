import AgoraStore

/// The words of v4 and what they are in v5 (`docs/mapping.md`).
///
/// Unknown ones take a default, and the original is kept.
enum Words {
  /// A word's translation, and whether the original says more than it.
  struct Translation<Value> {
    let value: Value
    let keepsOriginal: Bool
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
  static func knownAgentStatus(_ word: String) -> String? { agentStatus[key(word)] }
  /// The v5 status of a task that a word of v4 is known to mean.
  static func knownTaskStatus(_ word: String) -> String? { taskStatus[key(word)] }
  /// The v5 status of a workflow that a word of v4 is known to mean.
  static func knownWorkflowStatus(_ word: String) -> String? { workflowStatus[key(word)] }

  /// The words under which v4 means every agent.
  static let broadcasts: Set<String> = ["*", "broadcast", "all_agents"]

  private static func key(_ word: String) -> String { word.lowercased() }

  static func agentStatus(_ word: String) -> Translation<String> {
    let value = agentStatus[key(word)]
    return Translation(value: value ?? "active", keepsOriginal: value != word)
  }

  static func workflowStatus(_ word: String?) -> Translation<String> {
    guard let word else { return Translation(value: "pending", keepsOriginal: false) }
    let value = workflowStatus[key(word)]
    return Translation(value: value ?? "pending", keepsOriginal: value != word)
  }

  /// A task's status; without a known word its progress decides.
  static func taskStatus(_ word: String?, done: TaskMapping.Share?) -> Translation<String> {
    if let word, let value = taskStatus[word] ?? taskStatus[key(word)] {
      return Translation(value: value, keepsOriginal: value != word)
    }
    let value =
      done.map { $0.isNothing ? "pending" : $0.isAll ? "completed" : "in_progress" } ?? "pending"
    return Translation(value: value, keepsOriginal: word != nil)
  }

  /// A status word of a message: whether it was delivered.
  static func isDelivered(_ word: String) -> Bool {
    ["delivered", "read", "processed", "acknowledged", "true", "1"].contains(key(word))
  }

  static func priority(_ number: Int64) -> Translation<Int64> {
    Translation(value: min(4, max(1, number)), keepsOriginal: !(1...4).contains(number))
  }

  static func priority(_ word: String) -> Translation<Int64> {
    if let number = Int64(word) { return priority(number) }
    let value = priorities[word] ?? priorities[key(word)]
    return Translation(
      value: value ?? 2,
      keepsOriginal: value == nil || !["low", "normal", "high", "urgent"].contains(word))
  }
}

extension V4Row {
  /// A priority as number or word, 1 to 4; the original goes to the metadata where it says more.
  ///
  /// - Throws: ``Rejection`` `bad_type` for a container or a truth value.
  func priority(_ column: Int?, _ metadata: inout RowMetadata) throws(Rejection) -> Int64 {
    guard let column, let slice = value(column) else { return 2 }
    let translation: Words.Translation<Int64>
    switch slice.kind {
    case .number:
      let text = string(slice.range)
      if let number = Int64(text) ?? Decimal(text)?.integer {
        translation = Words.priority(number)
      } else if let decimal = Decimal(text), decimal.isBelowZero || decimal.isAbove(4) {
        translation = Words.priority(decimal.isBelowZero ? 0 : 5)
      } else {
        translation = Words.Translation(value: 2, keepsOriginal: true)
      }
    case .string: translation = Words.priority(plain(slice))
    default:
      throw Rejection(.badType, "\(layout.names[column]) is \(named(slice)), not a priority")
    }
    if translation.keepsOriginal { metadata.keep(self, column) }
    return translation.value
  }
}
