import AgoraStore

/// `workflow_coordination`, `workflows` and the workflows of an agent configuration → `workflows`.
///
/// The steps that stand in rows of their own are added when all of them are known.
final class WorkflowMapping: RowMapping {
  private let titles: [Int]
  private let status: Int?
  private let creators: [Int]
  private let participants: [Int]
  private let steps: Int?
  private let created: Int?
  private let completed: Int?
  private let leftOver: [Int]

  init(_ layout: RowLayout, id: [Int]) {
    titles = layout.indexes("workflow_name", "workflow_type", "name")
    status = layout.index("status")
    creators = layout.indexes("coordinator_agent", "initiator_agent")
    participants = layout.indexes("participating_agents", "assigned_agents")
    steps = layout.index("steps")
    created = layout.index("created_at")
    completed = layout.index("completed_at")
    let taken = [status, steps, created, completed].compactMap { $0 } + id
    leftOver = layout.names.indices.filter { !taken.contains($0) }
  }

  func map(
    _ row: V4Row, as identity: RecordIdentity, _ references: ReferenceResolver,
    into record: inout Record
  ) throws {
    // All that can be refused is read before a reference can make a stub.
    var metadata = RowMetadata()
    let (title, creator) = (row.pick(titles), row.pick(creators))
    let listed = row.pick(participants)
    let name = try row.name(title) ?? "migrated_workflow"
    let translation = LegacyWords.workflowStatus(try row.word(status))
    let names = try row.names(listed)
    let createdAt = try row.time(created)
    let completedAt = try row.time(completed)
    try row.checkName(creator)
    if translation.keepsOriginal { metadata.keep(row, status) }
    record.text(identity.id)
    record.text(name)
    record.text(translation.value)
    if try row.name(creator) == nil, let owner = identity.owner {
      record.text(owner)
    } else {
      try references.appendAgent(row, creator, to: &record, &metadata)
    }
    try appendParticipants(row, names, listed, identity, references, to: &record, &metadata)
    try appendSteps(row, identity, references, to: &record, &metadata)
    record.integer(createdAt?.microseconds)
    record.integer(completedAt?.microseconds)
    metadata.note(createdAt?.note)
    metadata.note(completedAt?.note)
    for column in leftOver where ![title, creator, listed].contains(column) {
      metadata.keep(row, column)
    }
    metadata.write(to: &record)
    record.integer(identity.sourceRow)
  }

  /// The participants, each once, the agent of a configuration first.
  ///
  /// Nulls and repetitions are dropped and reported.
  private func appendParticipants(
    _ row: V4Row, _ names: [String?], _ column: Int?, _ identity: RecordIdentity,
    _ references: ReferenceResolver, to record: inout Record, _ metadata: inout RowMetadata
  ) throws {
    var ids: [[UInt8]] = identity.owner.map { [$0] } ?? []
    var known = Set(ids)
    var dropped = 0
    for name in names {
      guard let name, !name.isEmpty else {
        dropped += 1
        continue
      }
      guard let id = try references.agent(named: name) else {
        metadata.keep(row, column)
        continue
      }
      if known.insert(id).inserted {
        ids.append(id)
      } else if id != identity.owner {
        dropped += 1
      }
    }
    if dropped > 0 {
      metadata.note("\(dropped) empty or repeated of the participants were dropped")
      metadata.keep(row, column)
    }
    record.text { target in
      target.append(0x5b)
      for (index, id) in ids.enumerated() {
        if index > 0 { target.append(0x2c) }
        target.append(0x22)
        target.append(contentsOf: id)
        target.append(0x22)
      }
      target.append(0x5d)
    }
  }

  /// Steps that stand in the row itself, as in an agent configuration.
  private func appendSteps(
    _ row: V4Row, _ identity: RecordIdentity, _ references: ReferenceResolver,
    to record: inout Record, _ metadata: inout RowMetadata
  ) throws {
    guard let slice = row.value(steps), identity.owner != nil, slice.kind == .array else {
      metadata.keep(row, steps)
      return record.text("[]")
    }
    let ids = MigratedIdentifiers(
      source: references.source, table: AgentConfiguration.workflowTable, kind: .step)
    var elements = JSONSlices()
    let text = row.text
    elements.split(text.span, at: slice.range.lowerBound)
    try record.text { target in
      target.append(0x5b)
      for (index, element) in elements.values.enumerated() {
        if index > 0 { target.append(0x2c) }
        let id = ids.id(identity.v4ID, suffix: "/step/\(index + 1)")
        try appendStep(row, element, id: id, references, to: &target)
      }
      target.append(0x5d)
    }
  }

  private func appendStep(
    _ row: V4Row, _ element: JSONSlice, id: String, _ references: ReferenceResolver,
    to target: inout [UInt8]
  ) throws {
    var parts = JSONSlices()
    let text = row.text
    if element.kind == .object { parts.split(text.span, at: element.range.lowerBound) }
    /// The first of some members that is a word.
    func word(_ names: [String]) -> String? {
      for name in names {
        for (index, range) in parts.names.enumerated() where row.string(range) == name {
          let value = parts.values[index]
          if value.kind == .string || value.kind == .number { return row.plain(value) }
        }
      }
      return nil
    }
    let title =
      word(["name", "step", "step_name"]) ?? (element.kind == .string ? row.plain(element) : "")
    target.append(contentsOf: "{\"step_id\":\"\(id)\",\"name\":".utf8)
    JSONText.quote(title, into: &target)
    target.append(contentsOf: ",\"agent\":".utf8)
    let agent = try word(["agent", "assigned_agent"]).flatMap { try references.agent(named: $0) }
    JSONWriter.write(.optional(agent.map { String(decoding: $0, as: UTF8.self) }), into: &target)
    let status = LegacyWords.taskStatus(word(["status"]), done: nil).value
    target.append(contentsOf: ",\"status\":\"\(status)\",\"v4\":".utf8)
    target.append(contentsOf: row.text[element.range])
    target.append(0x7d)
  }

  func appendImmutable(
    _ row: V4Row, _ parts: ImmutableParts, to target: inout [UInt8]
  ) throws(Rejection) {
    if parts.contains(.references) { row.appendImmutable(row.pick(creators), to: &target) }
    if parts.contains(.times) { try row.appendImmutableTime(created, to: &target) }
  }
}

extension V4Row {
  /// A list of names: a JSON array, or text that is one; nil for an element that is null.
  ///
  /// - Throws: ``Rejection`` `bad_type`.
  func names(_ column: Int?) throws(Rejection) -> [String?] {
    guard let column, values[column].kind != .null else { return [] }
    // An array is a list of names, not an option, unless it has an option's shape: no name is 0 or 1.
    guard let slice = value(column) else { return [] }
    if slice.kind == .array { return try Self.names(text, slice, of: layout.names[column]) }
    guard slice.kind == .string else {
      throw Rejection(.badType, "\(layout.names[column]) is \(named(slice)), not a list of names")
    }
    let written = Array(plain(slice).utf8)
    if written.isEmpty { return [] }
    guard (try? JSON.validate(written.span)) != nil else {
      throw Rejection(.badType, "\(layout.names[column]) is a text that is no JSON array")
    }
    let inner = JSONSlices.value(written.span, JSONSlices.skipSpace(written.span, 0))
    if inner.kind == .null { return [] }
    guard inner.kind == .array else {
      throw Rejection(.badType, "\(layout.names[column]) is JSON, but no array")
    }
    return try Self.names(written, inner, of: layout.names[column])
  }

  private static func names(
    _ text: [UInt8], _ array: JSONSlice, of column: String
  ) throws(Rejection) -> [String?] {
    var parts = JSONSlices()
    parts.split(text.span, at: array.range.lowerBound)
    var names: [String?] = []
    for value in parts.values {
      switch value.kind {
      case .null: names.append(nil)
      case .object, .array: throw Rejection(.badType, "\(column) holds something that is no name")
      default:
        var bytes: [UInt8] = []
        JSONText.unescape(text.span, value.inside, into: &bytes, asName: true)
        names.append(String(decoding: bytes, as: UTF8.self))
      }
    }
    return names
  }
}
