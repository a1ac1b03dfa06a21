import AgoraStore

/// The records that were written on v5, as rows of v4's tables.
///
/// A record was born on v5 when its id is one that v5 gives and no row made it. What v5 keeps for itself,
/// its audit and its reserved agent, stays on v5.
struct NewRows {
  private let context: LoadContext
  private let fields: V4Fields
  private let tables: [String]
  private var connection: Connection { context.connection }

  /// - Parameter tables: the tables that the source has.
  init(_ context: LoadContext, _ fields: V4Fields, tables: [String]) {
    self.context = context
    self.fields = fields
    self.tables = tables
  }

  /// The table that rows go to: the first one that the source has, else the first one.
  private func table(_ names: String...) -> String {
    names.first(where: tables.contains) ?? names[0]
  }

  var hasRegistry: Bool { tables.contains("agent_registry") }

  /// The tables that may get rows, those that the source lacks in the order in which they are added.
  var targets: [String] {
    ["agent_capability"] + (hasRegistry ? ["agent_registry"] : [])
      + [table("agent_message"), table("task_assignment", "task_queue"), workflowTable]
      // A stub is a workflow of this table, whatever the source has.
      + (workflowTable == WorkflowEpochs.coordinationTable
        ? [] : [WorkflowEpochs.coordinationTable])
      + [table("workflow_step", "workflow_steps")]
      + (tables.contains("system_events") ? ["system_events"] : [])
  }

  private var workflowTable: String { table(WorkflowEpochs.coordinationTable, "workflows") }

  /// Gives the rows of a table that v5 adds, one after the other.
  func write(_ shape: V4Shape, _ body: ([UInt8]) throws -> Void) throws {
    guard targets.contains(shape.table) else { return }
    func row(_ fields: [V4Field]) throws { try body(V4RowText.new(fields, shape)) }
    switch V4Schema.kind(of: shape.table) {
    case .capability: try eachAgent { try capabilities($0, isKnown: $1, shape, row) }
    case .registry:
      try eachAgent { if !$1 { try row(fields.registration($0, shape)) } }
    case .message: try each(.messages) { try row(fields.message($0, shape)) }
    case .task: try each(.tasks) { try row(fields.task($0, shape)) }
    case .workflow:
      if shape.table == workflowTable {
        try each(.workflows) { try row(fields.workflow($0, shape)) }
      }
      if shape.table == WorkflowEpochs.coordinationTable {
        try eachStub { try row(fields.workflow($0, shape, as: $1)) }
      }
    case .step: try eachWorkflow { try steps($0, $1, shape, row) }
    case .event: try each(.events) { try row(fields.event($0, shape)) }
    default: return
    }
  }

  // MARK: records

  private static func record(_ row: borrowing Row, _ table: RecordTable) -> Record {
    var record = Record()
    for column in table.columns.indices { record.append(row.value(Int32(column))) }
    return record
  }

  /// The records of a table that were born on v5, in the order of their ids, which is that of time.
  private func each(_ table: RecordTable, _ body: (Record) throws -> Void) throws {
    let id = table.columns[0]
    let born = Query(
      "\(table.name).born_on_v5",
      """
      SELECT \(table.columns.joined(separator: ", ")) FROM \(table.name) x
      WHERE source_row IS NULL AND \(BornOnV5.condition(on: "x.\(id)"))
        AND NOT EXISTS(SELECT 1 FROM main.v4_tables t JOIN main.v4_rows r USING(table_no)
          WHERE t.source=?1 AND r.v4_id=x.\(id) AND r.v5_id=x.\(id)) ORDER BY \(id)
      """)
    try connection.each(born, .text(context.source)) { try body(Self.record($0, table)) }
  }

  /// The workflows that v4 only refers to and v5 has worked on, with their v4 ids.
  ///
  /// Where v4 has got a workflow of the id since, its rows would mean the stub when they come back, so that
  /// stays on v5.
  private func eachStub(_ body: (Record, String) throws -> Void) throws {
    let table = RecordTable.workflows
    let columns = table.columns.map { "w." + $0 }.joined(separator: ", ")
    let stubs = Query(
      "workflows.stubs",
      """
      SELECT \(columns), n.name FROM v4_names n JOIN workflows w ON w.workflow_id=n.v5_id
      WHERE n.source=?1 AND n.kind='workflow' AND n.origin='stub' AND w.source_hash=0
        AND NOT EXISTS(SELECT 1 FROM main.v4_tables t JOIN main.v4_rows r USING(table_no)
          WHERE t.source=?1 AND r.v4_id=n.name
            AND t.name IN (\(WorkflowEpochs.tables.map { "'\($0)'" }.joined(separator: ","))))
      ORDER BY n.name
      """)
    try connection.each(stubs, .text(context.source)) {
      try body(Self.record($0, table), $0.text(Int32(table.columns.count)))
    }
  }

  /// Whether v5 has made something of an agent that v4 only refers to.
  private func isWorkedOn(_ stub: Record) throws -> Bool {
    guard stub.string(3) != "active" || stub.string(6) != "[]" || stub.number(7) != nil else {
      return false
    }
    return try ChangedOnV5.holds(stub.string(0) ?? "", in: connection)
  }

  // MARK: agents

  private static let describedHere = Query(
    "v4_rows.describe_agent",
    """
    SELECT EXISTS(SELECT 1 FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
      WHERE r.v5_id=?2 AND r.joined IS NOT NULL AND t.source=?1)
    """)
  private static let namedHere = Query(
    "v4_names.names_agent",
    "SELECT EXISTS(SELECT 1 FROM v4_names WHERE source=?1 AND kind='agent' AND v5_id=?2)")

  /// The agents that are of this source or of none, and whether rows of it describe them already.
  private func eachAgent(_ body: (Record, Bool) throws -> Void) throws {
    let table = RecordTable.agents
    let all = Query(
      "agents.all", "SELECT \(table.columns.joined(separator: ", ")) FROM agents ORDER BY agent_id")
    try connection.each(all) { row in
      let id = row.text(0)
      let isKnown =
        try connection.integer(Self.describedHere, .text(context.source), .text(id)) == 1
      let agent = Self.record(row, table)
      if isKnown {
        if !table.isAsImported(agent) { try body(agent, true) }
        return
      }
      let metadata = try? JSON.parse(agent.string(8) ?? "{}")
      guard metadata?["reserved"] != .bool(true) else { return }
      if metadata?["stub"] == .bool(true), try !isWorkedOn(agent) { return }
      let isOurs =
        try BornOnV5.isGiven(id)
        || connection.integer(Self.namedHere, .text(context.source), .text(id)) == 1
      if isOurs { try body(agent, false) }
    }
  }

  /// A row for each capability that no row of the agent's names.
  private func capabilities(
    _ agent: Record, isKnown: Bool, _ shape: V4Shape, _ row: ([V4Field]) throws -> Void
  ) throws {
    var named: Set<[UInt8]> = []
    if isKnown, let known = try StoredAgent(context).record(agent.string(0) ?? "", "") {
      named = Set(JSON.parseList(known.string(6)).map(\.exact))
    }
    var capabilities = JSON.parseList(agent.string(6)).filter { !named.contains($0.exact) }
    if capabilities.isEmpty, !isKnown, !hasRegistry { capabilities = [""] }
    let isRegistered =
      isKnown ? try StoredAgent(context).isRegistered(agent.string(0) ?? "") : hasRegistry
    let facts = CapabilityFacts(agent)
    for capability in capabilities {
      try row(fields.capability(capability, of: agent, facts, hasRegistry: isRegistered, shape))
    }
  }

  // MARK: steps

  /// The workflows that may have steps of v5: all but those of other sources.
  private func eachWorkflow(_ body: (String, [JSON]) throws -> Void) throws {
    let all = Query(
      "workflows.with_steps",
      """
      SELECT w.workflow_id, w.steps FROM workflows w
        LEFT JOIN main.v4_rows r ON r.row=w.source_row LEFT JOIN main.v4_tables t USING(table_no)
      WHERE w.steps<>'[]' AND (t.source IS NULL OR t.source=?1) AND r.parent IS NULL
      ORDER BY w.workflow_id
      """)
    try connection.each(all, .text(context.source)) { row in
      try body(row.text(0), (try? JSON.parse(row.text(1)))?.elements ?? [])
    }
  }

  /// The steps that no row made, each after the one that it stands after.
  private func steps(
    _ workflow: String, _ steps: [JSON], _ shape: V4Shape, _ row: ([V4Field]) throws -> Void
  ) throws {
    let isOwn = BornOnV5.isGiven(workflow)
    var last: Int64?
    var hasPlaces = true
    for (index, step) in steps.enumerated() {
      guard let id = step["step_id"]?.text else { continue }
      guard BornOnV5.isGiven(id) else {
        last = step["order"]?.integer.map(Int64.init)
        hasPlaces = last != nil
        continue
      }
      // Of equal places the row that comes later stands later.
      let next = steps[index...].lazy.compactMap { $0["order"]?.integer }.first.map(Int64.init)
      let order = isOwn ? Int64(index + 1) : hasPlaces ? last ?? next.map { $0 - 1 } : nil
      if try !isKnown(id) {
        try row(fields.step(step, of: workflow, order: order, shape))
      }
    }
  }

  private static let known = Query(
    "v4_rows.of_born",
    """
    SELECT EXISTS(SELECT 1 FROM main.v4_tables t JOIN main.v4_rows r USING(table_no)
      WHERE t.source=?1 AND r.v4_id=?2 AND r.v5_id=?2)
    """)

  /// Whether a row of this source is the record already: it has been to v4 and came back.
  private func isKnown(_ id: String) throws -> Bool {
    try connection.integer(Self.known, .text(context.source), .text(id)) == 1
  }
}
