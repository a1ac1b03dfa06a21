import AgoraStore

/// `workflow_step`, `workflow_steps` → an element of their workflow's `steps`.
final class StepMapping {
  private let workflow: Int?
  private let epoch: Int?
  private let titles: [Int]
  private let order: Int?
  private let agents: [Int]
  private let status: Int?
  private let started: Int?
  private let completed: Int?
  private let leftOver: [Int]

  init(_ layout: RowLayout, id: [Int]) {
    workflow = layout.index("workflow_id")
    epoch = layout.index(WorkflowEpochs.column)
    titles = layout.indexes("step_name", "name", "step")
    order = layout.index("step_order")
    agents = layout.indexes("assigned_agent", "agent")
    status = layout.index("status")
    started = layout.index("started_at")
    completed = layout.index("completed_at")
    let taken = [workflow, epoch, order, started, completed, status].compactMap { $0 } + id
    leftOver = layout.names.indices.filter { !taken.contains($0) }
  }

  /// A step before it stands in its workflow.
  struct Step {
    /// The v5 workflow; nil where the reference was kept empty.
    let workflow: [UInt8]?
    /// The place that the row asks for; nil where it asks for none.
    let order: Int64?
  }

  /// Writes a step's JSON and says where it belongs.
  func map(
    _ row: V4Row, id: [UInt8], _ references: ReferenceResolver, into target: inout [UInt8]
  ) throws -> Step {
    let startedAt = try row.time(started)
    let completedAt = try row.time(completed)
    guard let v4Workflow = try row.key(workflow) else {
      throw Rejection(.missingField, "a step without the workflow that it belongs to")
    }
    let place = try row.integer(order)
    let (name, agent) = (row.pick(titles), row.pick(agents))
    let title = try row.word(name) ?? ""
    let word = try row.word(status)
    try row.checkName(agent)
    var metadata = RowMetadata()
    // The latest workflow not after the step: its start is the only time that a step has.
    let workflowID = try references.workflow(
      v4Workflow, at: startedAt?.microseconds ?? completedAt?.microseconds,
      marked: row.mark(epoch))
    var agentID: [UInt8]?
    if let agentName = try row.key(agent) {
      agentID = try references.agent(named: agentName)
      if agentID == nil { metadata.keep(row, agent) }
    }
    let translation = LegacyWords.stepStatus(word)
    if translation.keepsOriginal { metadata.keep(row, status) }
    target.append(contentsOf: "{\"step_id\":\"".utf8)
    target.append(contentsOf: id)
    target.append(contentsOf: "\",\"name\":".utf8)
    JSONText.quote(title, into: &target)
    target.append(contentsOf: ",\"agent\":".utf8)
    if let agentID {
      target.append(0x22)
      target.append(contentsOf: agentID)
      target.append(0x22)
    } else {
      target.append(contentsOf: "null".utf8)
    }
    target.append(contentsOf: ",\"status\":\"\(translation.value)\"".utf8)
    if let place { target.append(contentsOf: ",\"order\":\(place)".utf8) }
    for (key, time) in [("started_at", startedAt), ("completed_at", completedAt)] {
      guard let time else { continue }
      let instant = Timestamp(microseconds: time.microseconds)
      target.append(contentsOf: ",\"\(key)\":\"\(instant)\"".utf8)
      metadata.note(time.note)
    }
    for column in leftOver where column != name && column != agent { metadata.keep(row, column) }
    target.append(contentsOf: ",\"metadata\":".utf8)
    metadata.append(to: &target)
    target.append(0x7d)
    return Step(workflow: workflowID, order: place)
  }

  func appendImmutable(_ row: V4Row, _ parts: ImmutableParts, to target: inout [UInt8]) {
    if parts.contains(.references) { row.appendImmutable(workflow, to: &target) }
    row.appendImmutable(row.pick(titles), to: &target)
  }
}
