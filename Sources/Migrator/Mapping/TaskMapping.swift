import AgoraStore

/// `task_assignment`, `task_queue` and the tasks of an agent configuration → `tasks`.
final class TaskMapping: RowMapping {
  private let workflow: Int?
  private let agent: Int?
  private let requester: Int?
  private let type: Int?
  private let payload: Int?
  private let status: Int?
  private let priority: Int?
  private let progress: Int?
  private let created: Int?
  private let completed: Int?
  private let leftOver: [Int]

  init(_ layout: RowLayout, idColumn: Int?) {
    workflow = layout.index("workflow_id")
    agent = layout.index(["assigned_agent", "agent_id"])
    requester = layout.index("requesting_agent")
    type = layout.index("task_type")
    payload = layout.index(["input_data", "payload"])
    status = layout.index(["status", "status_update"])
    priority = layout.index("priority")
    progress = layout.index("progress")
    created = layout.index("created_at")
    completed = layout.index("completed_at")
    let taken = [
      idColumn, workflow, agent, requester, type, payload, status, priority, progress, created,
      completed,
    ]
    leftOver = layout.names.indices.filter { !taken.contains($0) }
  }

  func map(
    _ row: V4Row, as identity: RecordIdentity, _ references: ReferenceResolver,
    into record: inout Record
  ) throws {
    var metadata = RowMetadata()
    record.text(identity.id)
    let createdAt = try row.time(created)
    let completedAt = try row.time(completed)
    try references.appendWorkflow(
      row, workflow, at: createdAt?.microseconds, to: &record, &metadata)
    if let owner = identity.owner {
      record.text(owner)
    } else {
      try references.appendAgent(row, agent, to: &record, &metadata)
    }
    if let name = try row.name(requester) {
      if let id = try references.agent(named: name) {
        metadata.add("requesting_agent", .string(String(decoding: id, as: UTF8.self)))
      } else {
        metadata.keep(row, requester)
      }
    }
    record.text(try row.name(type) ?? "general")
    row.appendJSON(payload, to: &record)
    let percent = try Self.percentage(row, progress)
    let translation = Words.taskStatus(try row.word(status), progress: percent)
    if translation.keepsOriginal { metadata.keep(row, status) }
    record.text(translation.value)
    record.integer(try row.priority(priority, &metadata))
    // A finished task of which v4 says no progress is finished all the same.
    record.integer(percent ?? (translation.value == "completed" ? 100 : 0))
    record.integer(createdAt?.microseconds)
    record.integer(completedAt?.microseconds)
    metadata.note(createdAt?.note)
    metadata.note(completedAt?.note)
    for column in leftOver { metadata.keep(row, column) }
    metadata.write(to: &record)
    record.integer(identity.sourceRow)
  }

  /// Progress as v4 has it (0 to 1, sometimes 0 to 100) in whole percent, rounded half up.
  static func percentage(_ row: V4Row, _ column: Int?) throws(Rejection) -> Int64? {
    guard let column, let slice = row.value(column) else { return nil }
    let name = row.layout.names[column]
    guard slice.kind == .number || slice.kind == .string, let number = Decimal(row.plain(slice))
    else { throw Rejection(.badType, "\(name) is \(row.named(slice)), not a number") }
    let isPercentage = number.isAbove(1)
    guard !number.isAbove(100),
      let value = number.rounded(timesTenTo: isPercentage ? 0 : 2, limit: 100)
    else { throw Rejection(.outOfRange, "\(name) is not between 0 and 100") }
    return value
  }

  func appendImmutable(_ row: V4Row, to target: inout [UInt8]) throws(Rejection) {
    for column in [workflow, type, payload] { row.appendImmutable(column, to: &target) }
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
