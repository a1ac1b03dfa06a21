import AgoraStore

/// What happens to a reference to an agent or a workflow that does not exist.
public enum OrphanPolicy: String, Sendable, CaseIterable {
  /// The missing one is made, marked as a stub.
  case stub
  /// The reference is left empty and v4's value kept in the metadata.
  case keep
  /// The row that refers is rejected.
  case reject
}

/// Finds the v5 ids of what v4 rows refer to, and deals with what is not there.
///
/// Agents and workflows that rows of their own describe are in the store before anything that refers
/// to them is mapped.
final class ReferenceResolver {
  let source: String
  private let connection: Connection
  private let policy: OrphanPolicy
  /// Whether ids are only said that a migration would have given, and nothing is made.
  private let isExpecting: Bool
  /// Whether agents count that only v5 knows.
  private let knowsBorn: Bool
  /// Whether an agent or workflow counts that is only a stub: where none are made, one that is left over
  /// from what v4 has no more is nobody.
  private let seesStubs: Bool
  private let aliases: [String: String]
  private let run: Int64
  private let agentIDs: MigratedIdentifiers
  private let workflowIDs: MigratedIdentifiers
  private var agents = NameCache()
  private var workflows = NameCache()
  /// The workflows that one id names.
  let epochs: WorkflowEpochs
  /// What rows refer to and nobody made.
  let missing: MissingNames
  /// The texts of a record that is made once more to be filled: whom it refers to counts, be it one that
  /// only v5 knows or a stub.
  var filled: [UInt8]?
  private var scratch: [UInt8] = []
  /// References that the times of several rows of one id could not decide.
  private(set) var ambiguousReferences = 0

  /// - Parameters:
  ///   - aliases: old names of agents and the names they have now (`--alias`).
  ///   - knowsBorn: whether agents count that only v5 knows.
  ///   - seesStubs: whether stubs count; nil for what the policy says.
  ///   - epochs: those of another resolver of the source; nil for its own.
  init(
    connection: Connection, source: String, policy: OrphanPolicy, aliases: [String: String],
    run: Int64, isExpecting: Bool = false, knowsBorn: Bool = true, seesStubs: Bool? = nil,
    epochs: WorkflowEpochs? = nil
  ) throws {
    self.isExpecting = isExpecting
    self.knowsBorn = knowsBorn
    self.seesStubs = seesStubs ?? (policy == .stub)
    self.connection = connection
    self.source = source
    self.policy = policy
    self.aliases = aliases
    self.run = run
    agentIDs = MigratedIdentifiers(source: source, table: "agent", kind: .agent)
    workflowIDs = MigratedIdentifiers(
      source: source, table: WorkflowEpochs.coordinationTable, kind: .workflow)
    self.epochs = try epochs ?? WorkflowEpochs(connection, source: source)
    missing = try MissingNames(connection, source: source)
  }

  /// Looks up what this one does, and makes nothing: it says the ids that stubs would have.
  func expecting() throws -> ReferenceResolver {
    try ReferenceResolver(
      connection: connection, source: source, policy: policy, aliases: aliases, run: run,
      isExpecting: true, knowsBorn: knowsBorn, seesStubs: seesStubs, epochs: epochs)
  }

  /// Looks up what this one does, and makes what is missing: for known rows that stay, and refer to what is
  /// gone.
  func makingStubs() throws -> ReferenceResolver {
    try ReferenceResolver(
      connection: connection, source: source, policy: .stub, aliases: aliases, run: run,
      epochs: epochs)
  }

  /// Looks up what this one does, but for agents that only v5 knows: they may have registered after a row
  /// came whose reference was left empty.
  ///
  /// - Parameters:
  ///   - policy: what becomes of a reference to nothing; nil for what this one does.
  ///   - seesStubs: whether stubs count all the same, which rows of other options may refer to.
  func withoutBorn(
    _ policy: OrphanPolicy? = nil, seeingStubs seesStubs: Bool? = nil
  ) throws -> ReferenceResolver {
    try ReferenceResolver(
      connection: connection, source: source, policy: policy ?? self.policy, aliases: aliases,
      run: run,
      isExpecting: isExpecting, knowsBorn: false, seesStubs: seesStubs, epochs: epochs)
  }

  /// Looks up what references may have led to when a row came, under the policy of then; makes nothing.
  func asOf(
    _ policy: OrphanPolicy, seeingStubs seesStubs: Bool, knowingBorn knowsBorn: Bool
  ) throws -> ReferenceResolver {
    try ReferenceResolver(
      connection: connection, source: source, policy: policy, aliases: aliases, run: run,
      isExpecting: true, knowsBorn: knowsBorn, seesStubs: seesStubs)
  }

  private static let agentByName = Query(
    "agents.by_name", "SELECT agent_id FROM agents WHERE agent_name=?1")
  private static let nameByName = Query(
    "v4_names.by_name", "SELECT v5_id, origin FROM v4_names WHERE source=?1 AND kind=?2 AND name=?3"
  )
  private static let insertStubAgent = Query(
    "agents.insert_stub",
    """
    INSERT INTO agents(agent_id, agent_name, metadata)
    VALUES(?1, ?2, '{"migration_source":"v4","stub":true}')
    """)
  private static let insertStubWorkflow = Query(
    "workflows.insert_stub",
    """
    INSERT INTO workflows(workflow_id, workflow_name, status, metadata)
    VALUES(?1, ?2, 'pending', '{"migration_source":"v4","stub":true}')
    """)
  private static let insertName = Query(
    "v4_names.insert",
    """
    INSERT INTO v4_names(source, kind, name, v5_id, origin, run) VALUES(?1,?2,?3,?4,?5,?6)
    ON CONFLICT DO UPDATE SET v5_id=excluded.v5_id, origin=excluded.origin, run=excluded.run
    """)
  /// Whether a reference to nothing costs its row.
  var rejectsOrphans: Bool { policy == .reject }

  /// Whether what a reference lacks is made.
  var makesStubs: Bool { policy == .stub }

  private var isChecking = false

  /// Runs `body` with every reference answered as if it existed, and nothing looked up or made.
  func checking<Result>(_ body: () throws -> Result) rethrows -> Result {
    isChecking = true
    defer { isChecking = false }
    return try body()
  }

  // MARK: agents

  /// The name that an agent goes by now, as `--alias` says.
  func currentName(_ name: String) -> String {
    var current = name
    // Renamed again and again is followed to the end; a circle ends where it began.
    for _ in 0..<aliases.count {
      guard let next = aliases[current], next != name else { break }
      current = next
    }
    return current
  }

  /// The names that `--alias` has replaced, in order.
  var oldNames: [String] { aliases.keys.sorted() }

  /// The id that the rule gives to an agent.
  func derivedID(ofAgent name: String) -> String { agentIDs.id(name) }

  /// The agent of a name; nil where a missing one is kept empty.
  func agent(named name: String) throws -> [UInt8]? {
    if isChecking { return [] }
    let bytes = Array(name.utf8)
    return try agent(bytes.span)
  }

  private func agent(_ name: Span<UInt8>) throws -> [UInt8]? {
    if filled == nil, case .known(let id) = agents.find(name) { return id }
    let text = name.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    let id = try resolveAgent(text)
    if filled == nil { agents.insert(name, id) }
    return id
  }

  private func resolveAgent(_ text: String) throws -> [UInt8]? {
    let name = currentName(text)
    if let id = try registeredAgent(name) { return id }
    // A name is one agent on v5: one that only v5 knows stands where a stub would.
    let bearer =
      makesStubs
      ? try connection.first(Self.agentByName, .text(name), map: { $0.bytes(0) }) : nil
    if isExpecting { return makesStubs ? bearer ?? Array(agentIDs.id(name).utf8) : nil }
    if let bearer { return bearer }
    try missing.note("agent", name)
    switch policy {
    case .reject: throw Rejection(.orphan, "the agent \"\(text)\" does not exist")
    case .keep: return nil
    case .stub:
      let id = agentIDs.id(name)
      try connection.run(Self.insertStubAgent, .text(id), .text(name))
      try connection.run(
        Self.insertName, .text(source), .text("agent"), .text(name), .text(id), .text("stub"),
        .integer(run))
      return Array(id.utf8)
    }
  }

  /// The agent of a name or an alias; a stub of an earlier reference counts as missing all the same.
  private func registeredAgent(_ name: String) throws -> [UInt8]? {
    if let id = try connection.first(Self.agentByName, .text(name), map: { $0.bytes(0) }) {
      let origin = try connection.first(
        Self.nameByName, .text(source), .text("agent"), .text(name), map: { $0.text(1) })
      if origin == "stub" {
        try missing.note("agent", name)
        guard seesStubs || isReferred(id) else { return nil }
      }
      if !knowsBorn, origin != "stub", try isMadeOnV5(id, isKnown: origin != nil),
        !isReferred(id)
      {
        return nil
      }
      return id
    }
    return try connection.first(
      Self.nameByName, .text(source), .text("agent"), .text(name), map: { $0.bytes(0) })
  }

  /// Whether the record that is filled has an id among its texts.
  private func isReferred(_ id: [UInt8]) -> Bool {
    guard let filled, let first = id.first, filled.count >= id.count else { return false }
    return (0...(filled.count - id.count)).contains { start in
      filled[start] == first && filled[start..<(start + id.count)].elementsEqual(id)
    }
  }

  private static let isFromV4 = Query(
    "agents.is_from_v4",
    "SELECT EXISTS(SELECT 1 FROM agents WHERE agent_id=?1 AND source_hash IS NOT NULL)")

  /// Whether an agent is v5's own: v4 knows it only as v5 has told it, if at all.
  private func isMadeOnV5(_ id: [UInt8], isKnown: Bool) throws -> Bool {
    let id = String(decoding: id, as: UTF8.self)
    guard isKnown else { return BornOnV5.isGiven(id) }
    return try connection.integer(Self.isFromV4, .text(id)) == 0
  }

  /// Appends the agent that a column names; NULL where it names none.
  func appendAgent(
    _ row: V4Row, _ column: Int?, to record: inout Record, _ metadata: inout RowMetadata
  ) throws {
    guard let name = try name(row, column) else { return record.null() }
    try appendAgent(named: name, row, column, to: &record, &metadata)
  }

  private func appendAgent(
    named name: [UInt8], _ row: V4Row, _ column: Int?, to record: inout Record,
    _ metadata: inout RowMetadata
  ) throws {
    if isChecking { return record.null() }
    if let id = try agent(name.span) {
      record.text(id)
    } else {
      metadata.keep(row, column)
      record.null()
    }
  }

  /// Appends the receiver of a message: v4 writes everybody in several ways.
  func appendReceiver(
    _ row: V4Row, _ column: Int?, to record: inout Record, _ metadata: inout RowMetadata
  ) throws {
    guard let name = try name(row, column) else { return record.text("broadcast") }
    try appendTarget(named: name, row, column, to: &record, &metadata)
  }

  /// Appends the agent that an event is for, or the word for all; NULL where it is for nobody.
  func appendTarget(
    _ row: V4Row, _ column: Int?, to record: inout Record, _ metadata: inout RowMetadata
  ) throws {
    guard let name = try name(row, column) else { return record.null() }
    try appendTarget(named: name, row, column, to: &record, &metadata)
  }

  private func appendTarget(
    named name: [UInt8], _ row: V4Row, _ column: Int?, to record: inout Record,
    _ metadata: inout RowMetadata
  ) throws {
    if name.count <= 10, LegacyWords.broadcasts.contains(String(decoding: name, as: UTF8.self)) {
      return record.text("broadcast")
    }
    try appendAgent(named: name, row, column, to: &record, &metadata)
  }

  /// A column's name in the scratch buffer; nil for none.
  private func name(_ row: V4Row, _ column: Int?) throws(Rejection) -> [UInt8]? {
    guard let column, let slice = row.value(column) else { return nil }
    guard slice.kind != .object, slice.kind != .array else {
      throw Rejection(
        .badType, "\(row.layout.names[column]) is \(row.named(slice)), not an agent's name")
    }
    let text = row.text
    scratch.removeAll(keepingCapacity: true)
    JSONText.unescape(text.span, slice.inside, into: &scratch, asName: true)
    return scratch.isEmpty ? nil : scratch
  }

  // MARK: workflows

  /// The workflow of a v4 id as seen from a row of a given time; nil where a missing one is kept empty.
  ///
  /// Where the counter had restarted, the id names several workflows: the latest not after the row is
  /// meant, and where times do not tell, the last one.
  ///
  /// - Parameter mark: what the row itself says about which one it means.
  func workflow(_ v4ID: String, at time: Int64?, marked mark: String? = nil) throws -> [UInt8]? {
    if isChecking { return [] }
    if let mark, let id = try epochs.marked(v4ID, mark) { return id }
    let bytes = Array(v4ID.utf8)
    if filled == nil, case .known(let id) = workflows.find(bytes.span) { return id }
    switch try epochs.meaning(of: v4ID, at: time) {
    case .only(let id):
      workflows.insert(bytes.span, id)
      return id
    case .dated(let id): return id
    case .last(let id):
      ambiguousReferences += 1
      return id
    case .nothing:
      let id = try missingWorkflow(v4ID)
      if filled == nil { workflows.insert(bytes.span, id) }
      return id
    }
  }

  /// Forgets which agents names mean: some mean others now.
  func forgetAgents() { agents.removeAll() }

  /// Forgets which workflows there are: some have come or gone.
  func forgetWorkflows() throws {
    workflows.removeAll()
    try epochs.forget()
  }

  private func missingWorkflow(_ v4ID: String) throws -> [UInt8]? {
    try missing.note("workflow", v4ID)
    if seesStubs || filled != nil,
      let id = try connection.first(
        Self.nameByName, .text(source), .text("workflow"), .text(v4ID), map: { $0.bytes(0) }),
      seesStubs || isReferred(id)
    {
      return id
    }
    if isExpecting { return policy == .stub ? Array(workflowIDs.id(v4ID).utf8) : nil }
    switch policy {
    case .reject: throw Rejection(.orphan, "the workflow \"\(v4ID)\" does not exist")
    case .keep: return nil
    case .stub:
      let id = workflowIDs.id(v4ID)
      try connection.run(Self.insertStubWorkflow, .text(id), .text(v4ID))
      try connection.run(
        Self.insertName, .text(source), .text("workflow"), .text(v4ID), .text(id), .text("stub"),
        .integer(run))
      return Array(id.utf8)
    }
  }

  /// Appends the workflow that a column names; NULL where it names none.
  ///
  /// - Parameter mark: the column that says which one is meant of several.
  func appendWorkflow(
    _ row: V4Row, _ column: Int?, at time: Int64?, marked mark: Int?, to record: inout Record,
    _ metadata: inout RowMetadata
  ) throws {
    guard let v4ID = try row.key(column) else { return record.null() }
    if let id = try workflow(v4ID, at: time, marked: row.mark(mark)) {
      record.text(id)
    } else {
      metadata.keep(row, column)
      record.null()
    }
  }

  /// An agent or workflow that v4's rows describe or refer to, for references that may be to anything.
  ///
  /// What v5 alone knows does not count: an import says nothing that its exports do not determine.
  func known(_ written: String) throws -> [UInt8]? {
    if isChecking { return nil }
    let name = currentName(written)
    if let (id, origin) = try connection.first(
      Self.nameByName, .text(source), .text("agent"), .text(name),
      map: { ($0.bytes(0), $0.text(1)) })
    {
      if origin == "stub" {
        try missing.note("agent", name)
      }
      if origin != "stub" || seesStubs { return id }
    }
    if let last = try epochs.last(written) { return last }
    guard seesStubs else { return nil }
    return try connection.first(
      Self.nameByName, .text(source), .text("workflow"), .text(written), map: { $0.bytes(0) })
  }
}
