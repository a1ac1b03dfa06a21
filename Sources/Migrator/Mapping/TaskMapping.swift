import AgoraStore

/// `task_assignment`, `task_queue` and the tasks of an agent configuration → `tasks`.
final class TaskMapping: RowMapping {
  private let workflow: Int?
  private let epoch: Int?
  private let agents: [Int]
  private let requester: Int?
  private let type: Int?
  private let payloads: [Int]
  private let statuses: [Int]
  private let priority: Int?
  private let progress: Int?
  private let created: Int?
  private let completed: Int?
  private let leftOver: [Int]

  init(_ layout: RowLayout, id: [Int]) {
    workflow = layout.index("workflow_id")
    epoch = layout.index(WorkflowEpochs.column)
    agents = layout.indexes("assigned_agent", "agent_id")
    requester = layout.index("requesting_agent")
    type = layout.index("task_type")
    payloads = layout.indexes("input_data", "payload")
    statuses = layout.indexes("status", "status_update")
    priority = layout.index("priority")
    progress = layout.index("progress")
    created = layout.index("created_at")
    completed = layout.index("completed_at")
    let taken =
      [workflow, epoch, requester, type, priority, progress, created, completed].compactMap { $0 }
      + id
    leftOver = layout.names.indices.filter { !taken.contains($0) }
  }

  func map(
    _ row: V4Row, as identity: RecordIdentity, _ references: ReferenceResolver,
    into record: inout Record
  ) throws {
    // All that can be refused is read before a reference can make a stub.
    var metadata = RowMetadata()
    let (agent, payload, status) = (row.pick(agents), row.pick(payloads), row.pick(statuses))
    let createdAt = try row.time(created)
    let completedAt = try row.time(completed)
    let share = try Self.share(row, progress)
    let translation = LegacyWords.taskStatus(try row.word(status), done: share)
    let urgency = try row.priority(priority, &metadata)
    let kind = try row.name(type) ?? "general"
    for column in [agent, requester, workflow] { try row.checkName(column) }
    record.text(identity.id)
    try references.appendWorkflow(
      row, workflow, at: createdAt?.microseconds, marked: epoch, to: &record, &metadata)
    if let owner = identity.owner {
      record.text(owner)
      metadata.keep(row, agent)
    } else {
      try references.appendAgent(row, agent, to: &record, &metadata)
    }
    if let name = try row.key(requester) {
      if let id = try references.agent(named: name) {
        metadata.add("requesting_agent", .string(String(decoding: id, as: UTF8.self)))
      } else {
        metadata.keep(row, requester)
      }
    }
    record.text(kind)
    row.appendJSON(payload, to: &record)
    if translation.keepsOriginal { metadata.keep(row, status) }
    record.text(translation.value)
    record.integer(urgency)
    // A finished task of which v4 says no progress is finished all the same.
    record.integer(share?.percent ?? (translation.value == "completed" ? 100 : 0))
    record.integer(createdAt?.microseconds)
    record.integer(completedAt?.microseconds)
    metadata.note(createdAt?.note)
    metadata.note(completedAt?.note)
    for column in leftOver where ![agent, payload, status].contains(column) {
      metadata.keep(row, column)
    }
    metadata.write(to: &record)
    record.integer(identity.sourceRow)
  }

  /// How much of a task is done.
  struct Share {
    /// In whole percent, rounded half up.
    let percent: Int64
    let isNothing: Bool
    let isAll: Bool
  }

  /// Progress as v4 has it: 0 to 1, sometimes 0 to 100.
  static func share(_ row: V4Row, _ column: Int?) throws(Rejection) -> Share? {
    guard let column, let slice = row.value(column) else { return nil }
    let name = row.layout.names[column]
    guard slice.kind == .number || slice.kind == .string, let number = Decimal(row.plain(slice))
    else { throw Rejection(.badType, "\(name) is \(row.named(slice)), not a number") }
    let isPercentage = number.isAbove(1)
    guard !number.isAbove(100),
      let percent = number.rounded(timesTenTo: isPercentage ? 0 : 2, limit: 100)
    else { throw Rejection(.outOfRange, "\(name) is not between 0 and 100") }
    let whole: Int64 = isPercentage ? 100 : 1
    return Share(percent: percent, isNothing: number.isZero, isAll: number.integer == whole)
  }

  func appendImmutable(
    _ row: V4Row, _ parts: ImmutableParts, to target: inout [UInt8]
  ) throws(Rejection) {
    if parts.contains(.references) { row.appendImmutable(workflow, to: &target) }
    for column in [type, row.pick(payloads)] { row.appendImmutable(column, to: &target) }
  }
}

extension V4Row {
  /// Appends a column of JSON: JSON and text that is JSON as it stands, other text as a JSON string.
  func appendJSON(_ column: Int?, to record: inout Record) {
    guard let slice = value(column) else { return record.null() }
    record.text { appendJSON(slice, to: &$0) }
  }

  func appendJSON(_ slice: JSONSlice, to target: inout [UInt8]) {
    guard slice.kind == .string else {
      target.append(contentsOf: text[slice.range])
      return
    }
    let text = self.text
    let start = target.count
    JSONText.unescape(text.span, slice.inside, into: &target)
    if (try? JSON.validate(target.span.extracting(start..<target.count))) != nil { return }
    target.removeSubrange(start...)
    // Kept as it was written, so that escapes survive.
    target.append(contentsOf: text[slice.range])
  }
}
