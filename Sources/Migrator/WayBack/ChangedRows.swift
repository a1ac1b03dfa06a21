import AgoraStore

/// Imported rows as v5 has left them: what v5 changed in a record is written into its row, and a row whose
/// record v5 has removed is left out.
final class ChangedRows {
  /// What becomes of a row.
  enum Outcome {
    /// It is given back as it came.
    case asIs
    case changed([UInt8])
    /// v5 has removed what it made.
    case leftOut
  }

  private let context: LoadContext
  private let fields: V4Fields
  private var mappers: [String: TableMapper] = [:]
  private var connection: Connection { context.connection }

  init(_ context: LoadContext, _ fields: V4Fields) {
    self.context = context
    self.fields = fields
  }

  private static let select = Query(
    "v4_rows.to_compare",
    """
    SELECT row, v4_id, epoch, v5_id, file, byte_offset, ordinal, shape, parent
    FROM main.v4_rows WHERE row=?1
    """)
  private static let text = Query("v4_rows.text", "SELECT text FROM main.v4_rows WHERE row=?1")

  /// Looks at one row of a table.
  func outcome(of number: Int64, in shape: V4Shape) throws -> Outcome {
    let kind = V4Schema.kind(of: shape.table)
    let mapper = mappers[shape.table] ?? TableMapper(table: shape.table, kind: kind)
    mappers[shape.table] = mapper
    guard
      let row = try connection.first(
        Self.select, .integer(number), map: { LoadContext.stagedRow($0) })
    else { return .leftOut }
    let id = String(decoding: row.v5ID, as: UTF8.self)
    do {
      switch kind {
      case .capability, .registry, .configuration:
        return try agent(row, id, mapper, shape)
      case .step: return try step(row, id, mapper, shape)
      default: return try record(row, id, mapper, shape)
      }
    } catch is Rejection {
      // A row that would not pass today says all that can be said.
      return .asIs
    }
  }

  /// Takes a row into its table's mapper.
  private func load(_ row: StagedRow, _ mapper: TableMapper) throws {
    let columns = try context.columns(row.shape)
    try connection.each(Self.text, .integer(row.row)) { result in
      try result.withBytes(0) { try mapper.loadStored($0, columns: columns, row: row.row) }
    }
  }

  /// The fields that are to change in the row in hand; nil where nothing is.
  private func patch(
    _ mapper: TableMapper, _ fields: [V4Field], _ changed: Set<String>, _ shape: V4Shape
  ) -> Outcome {
    let wanted = fields.filter { changed.contains($0.field) }
    guard !wanted.isEmpty else { return .asIs }
    return .changed(V4RowText.patched(mapper.row, wanted, shape))
  }

  // MARK: records of their own

  private func record(
    _ row: StagedRow, _ id: String, _ mapper: TableMapper, _ shape: V4Shape
  ) throws -> Outcome {
    let kind = mapper.kind
    let target = TableMapper.recordTable(of: kind)
    guard let current = try target.read(id, in: connection) else { return .leftOut }
    guard !target.isAsImported(current), kind != .audit else { return .asIs }
    try load(row, mapper)
    var expected = Record()
    try mapper.map(
      as: RecordIdentity(
        id: row.v5ID, v4ID: row.v4ID, sourceRow: row.row, owner: try context.owner(of: row)),
      context.references, into: &expected)
    var changed = Set(RecordComparison.differences(expected, current, target).map(\.name))
    // What never changes in the life of a row has not been changed by v5 either.
    changed.subtract(target.immutable)
    switch kind {
    case .message:
      return patch(mapper, try fields.message(current, shape, as: row.v4ID), changed, shape)
    case .task:
      if Self.requester(expected) != Self.requester(current) { changed.insert("requesting_agent") }
      // What an unknown word means depends on the progress beside it.
      if changed.contains("progress"), Self.hasUnknownStatus(mapper.row) {
        changed.insert("status")
      }
      changed.insert(WorkflowEpochs.column)
      let all = try fields.task(current, shape, as: row.v4ID, marked: Self.mark(mapper.row))
      return patch(mapper, all, changed, shape)
    case .workflow:
      return patch(mapper, try fields.workflow(current, shape, as: row.v4ID), changed, shape)
    case .event:
      return patch(mapper, try fields.event(current, shape, as: row.v4ID), changed, shape)
    case .archive:
      return changed.contains("row") ? .changed(Array((current.string(3) ?? "{}").utf8)) : .asIs
    default: return .asIs
    }
  }

  /// What a row says about which workflow of an id it means.
  private static func mark(_ row: V4Row) -> String? {
    row.mark(row.layout.index(WorkflowEpochs.column))
  }

  private static func hasUnknownStatus(_ row: V4Row) -> Bool {
    for name in ["status", "status_update"] {
      guard let column = row.layout.index(name), let word = try? row.word(column) else { continue }
      return LegacyWords.knownTaskStatus(word) == nil
    }
    return true
  }

  /// The agent that a task's metadata say asked for it.
  private static func requester(_ task: Record) -> JSON? {
    (try? JSON.parse(task.string(10) ?? "{}"))?["requesting_agent"]
  }

  // MARK: agents

  private func agent(
    _ row: StagedRow, _ id: String, _ mapper: TableMapper, _ shape: V4Shape
  ) throws -> Outcome {
    let kind = mapper.kind
    guard let current = try RecordTable.agents.read(id, in: connection) else { return .leftOut }
    guard !RecordTable.agents.isAsImported(current), kind != .configuration,
      let expected = try StoredAgent(context).record(id, current.string(1) ?? "")
    else { return .asIs }
    var changed = Set(
      RecordComparison.differences(expected, current, .agents).map(\.name))
    changed.remove("agent_name")
    // An agent of another origin has its own; of a migrated one v5 keeps no times.
    changed.remove("registered_at")
    if current.fields.last != .null { changed.remove("last_activity") }
    try load(row, mapper)
    let capabilities = JSON.parseList(current.string(6))
    guard kind == .capability else {
      let listed = try mapper.mapAgent().capabilities
      let left = listed.filter { capabilities.contains($0) }
      if left.count == listed.count { changed.remove("capabilities") }
      let all = try fields.registration(current, shape).map { field in
        field.field == "capabilities"
          ? V4Field(field: field.field, columns: field.columns, value: .names(left)) : field
      }
      return patch(mapper, all, changed, shape)
    }
    let own = try mapper.mapAgent().capabilities.first
    let isLeft = own.map { capabilities.contains($0) } ?? true
    if !isLeft, !capabilities.isEmpty { return .leftOut }
    if isLeft { changed.remove("capabilities") }
    // How good the agent is at it, and what else a call of v4 has said of it since.
    let metadata = try? JSON.parse(current.string(8) ?? "{}")
    if let own, isLeft {
      if metadata?["proficiency"]?[own] != nil { changed.insert("proficiency") }
      if metadata?["capability_rows"]?[own] != nil { changed.insert(V4Fields.said) }
    }
    let all = try fields.capability(
      isLeft ? own ?? "" : "", of: current,
      hasRegistry: try StoredAgent(context).isRegistered(id), shape)
    // What the call did not say stays as the row has it.
    return patch(
      mapper, all.filter { $0.field != V4Fields.said || $0.isNeeded }, changed, shape)
  }

  // MARK: steps

  private static let workflow = Query(
    "v4_steps.workflow_of",
    "SELECT workflow_id FROM main.v4_steps WHERE row=?1")

  private func step(
    _ row: StagedRow, _ id: String, _ mapper: TableMapper, _ shape: V4Shape
  ) throws -> Outcome {
    try load(row, mapper)
    let place = try connection.first(
      Self.workflow, .integer(row.row), map: { $0.text(0) })
    guard let workflow = try place ?? ownWorkflow(row) else {
      // A step without a workflow lies in the archive.
      return try RecordTable.archive.read(id, in: connection) == nil ? .leftOut : .asIs
    }
    guard let current = try context.steps.element(id, of: workflow) else { return .leftOut }
    var json: [UInt8] = []
    _ = try mapper.mapStep(id: row.v5ID, context.references, into: &json)
    var changed = Set(
      WorkflowSteps.differences(try JSON.parse(json), current).map(\.name))
    changed.insert(WorkflowEpochs.column)
    return patch(
      mapper,
      try fields.step(
        current, of: workflow, order: current["order"]?.integer.map(Int64.init), shape,
        as: row.v4ID, marked: Self.mark(mapper.row)),
      changed, shape)
  }

  /// The workflow that a step which was born on v5 and came back stands in.
  private func ownWorkflow(_ row: StagedRow) throws -> String? {
    guard row.isBornOnV5 else { return nil }
    return try context.steps.workflow(ofBorn: row.v4ID)
  }
}
