import AgoraStore

/// Maps the rows of one v4 table: keeps the row in hand and the mapping for its layout.
final class TableMapper {
  let table: String
  let kind: TableKind
  let row = V4Row()
  private var layout: RowLayout?
  private(set) var idColumns = RowIdentity.Columns(candidates: [], isForeign: false)
  private var mapping: (any RowMapping)?
  private var step: StepMapping?
  private var agent: AgentMapping?

  init(table: String, kind: TableKind) {
    self.table = table
    self.kind = kind
  }

  /// The v5 table that the rows make records in.
  static func recordTable(of kind: TableKind) -> RecordTable {
    switch kind {
    case .capability, .registry, .configuration: .agents
    case .message: .messages
    case .task: .tasks
    case .workflow, .step: .workflows
    case .event: .events
    case .audit: .audit
    case .archive: .archive
    }
  }

  /// The kind of id that a row's record has.
  static func identifierKind(of kind: TableKind) -> IdentifierKind {
    switch kind {
    case .capability, .registry, .configuration: .agent
    case .message: .message
    case .task: .task
    case .workflow: .workflow
    case .step: .step
    case .event: .event
    case .audit: .audit
    case .archive: .archivedRow
    }
  }

  /// Takes a row into hand.
  func load(_ text: Span<UInt8>, columns: [String]?) throws(Rejection) {
    try row.load(text, columns: columns)
    prepare()
  }

  /// Takes a row into hand that was staged, and so is known to be well-formed.
  func reload(_ text: Span<UInt8>, columns: [String]?) throws(Rejection) {
    try row.loadChecked(text, columns: columns)
    prepare()
  }

  /// Takes a row into hand that lies in the store, where anybody may have changed it.
  ///
  /// - Throws: ``AgoraError`` `damaged_store`.
  func loadStored(_ text: Span<UInt8>, columns: [String]?, row number: Int64) throws(AgoraError) {
    do {
      try JSON.validate(text)
      try load(text, columns: columns)
    } catch {
      throw AgoraError(
        .damagedStore, "the text of row \(number) of v4_rows is damaged: \(error)",
        remedy: "Restore a backup; agora store check looks for more damage.")
    }
  }

  private func prepare() {
    guard layout !== row.layout else { return }
    let layout = row.layout
    self.layout = layout
    idColumns = RowIdentity.columns(of: table, in: layout)
    // The id itself is known by its place in `v4_rows`; one of another table is a column like others.
    let own = idColumns.isForeign ? [] : idColumns.candidates
    mapping = nil
    switch kind {
    case .capability, .registry, .configuration:
      agent = AgentMapping(layout, kind: kind)
    case .step: step = StepMapping(layout, id: own)
    case .message: mapping = MessageMapping(layout, id: own)
    case .task: mapping = TaskMapping(layout, id: own)
    case .workflow: mapping = WorkflowMapping(layout, id: own)
    case .event: mapping = EventMapping(layout, id: own, table: table)
    case .audit: mapping = AuditMapping(layout, id: own, table: table)
    case .archive: mapping = ArchiveMapping(table: table)
    }
  }

  /// Writes the record of the row in hand; for tables whose rows are records of their own.
  func map(
    as identity: RecordIdentity, _ references: ReferenceResolver, into record: inout Record
  ) throws {
    record.reset()
    try mapping?.map(row, as: identity, references, into: &record)
  }

  /// Writes the step that the row in hand is.
  func mapStep(
    id: [UInt8], _ references: ReferenceResolver, into target: inout [UInt8]
  ) throws -> StepMapping.Step {
    guard let step else { throw Rejection(.badJSON, "not a step") }
    return try step.map(row, id: id, references, into: &target)
  }

  /// What the row in hand says of its agent.
  func mapAgent() throws(Rejection) -> AgentMapping.Facts {
    guard let agent else { throw Rejection(.badJSON, "not an agent") }
    return try agent.facts(row)
  }

  /// Whether the row in hand is what the way back writes of an agent: a capability under the agent's own
  /// id, or a registration with nothing else in it.
  func isEcho(of agent: String) -> Bool {
    switch kind {
    case .capability:
      var id: [UInt8] = []
      guard (try? RowIdentity.append(row, idColumns, owner: nil, to: &id)) != nil else {
        return false
      }
      return id.starts(with: (agent + ":").utf8)
    case .registry: return self.agent?.isEcho(row) == true
    default: return false
    }
  }

  /// The agent that the row in hand describes, as v4 names it.
  func agentName() throws(Rejection) -> String {
    guard let agent else { throw Rejection(.badJSON, "not an agent") }
    return try agent.name(row)
  }

  /// Looks whether the row in hand can be understood, without looking up what it refers to.
  func check(_ references: ReferenceResolver) throws {
    try references.checking {
      switch kind {
      case .capability, .registry, .configuration: _ = try mapAgent()
      case .step:
        var ignored: [UInt8] = []
        _ = try mapStep(id: [], references, into: &ignored)
      default:
        var record = Record()
        try map(as: RecordIdentity(id: [], v4ID: "", sourceRow: 0), references, into: &record)
      }
    }
  }

  private var hasImmutableColumns: Bool {
    switch kind {
    case .capability, .message, .task, .workflow, .step: true
    case .event: table == "system_events"
    case .registry, .configuration, .audit, .archive: false
    }
  }

  /// The hash of what never changes in the life of the row in hand.
  func fingerprint(_ parts: ImmutableParts = .all) throws(Rejection) -> [UInt8] {
    var bytes: [UInt8] = []
    switch kind {
    case _ where idColumns.isForeign && !hasImmutableColumns: bytes = digest()
    case .capability: agent?.appendImmutable(row, parts, to: &bytes)
    case .registry, .configuration: break
    case .step: step?.appendImmutable(row, parts, to: &bytes)
    default: try mapping?.appendImmutable(row, parts, to: &bytes)
    }
    var hash = SHA1()
    hash.update(bytes.span)
    return hash.hex()
  }

  /// The columns that hold times.
  static let timeColumns: Set<String> = [
    "timestamp", "created_at", "completed_at", "started_at", "assigned_at", "registered_at",
    "last_heartbeat", "last_triggered",
  ]

  /// The hash of all that the row in hand says, whatever the spelling: members sorted, numbers by value,
  /// options without their wrapping, times as microseconds.
  func digest() -> [UInt8] {
    var bytes: [UInt8] = []
    let text = row.text
    let order = row.layout.names.indices.sorted { row.layout.names[$0] < row.layout.names[$1] }
    for column in order {
      bytes.append(contentsOf: row.layout.names[column].utf8)
      bytes.append(0x1e)
      if Self.timeColumns.contains(row.layout.names[column]), let time = try? row.time(column) {
        bytes.append(contentsOf: "\(time.microseconds)".utf8)
      } else if let slice = row.value(column) {
        CanonicalJSON.append(text.span, slice, byValue: true, to: &bytes)
      }
      bytes.append(0x1f)
    }
    var hash = SHA1()
    hash.update(bytes.span)
    return hash.hex()
  }
}
