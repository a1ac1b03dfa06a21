import AgoraStore

/// Holds the records of a store against what the rows of an export make of them.
final class RecordComparison {
  let context: LoadContext
  var connection: Connection { context.connection }
  var report = VerificationReport()

  private let policies: Set<OrphanPolicy>

  /// - Parameter policies: those of the runs that rows may have come with, for references to nothing.
  init(_ context: LoadContext, policies: Set<OrphanPolicy>) {
    self.context = context
    self.policies = policies
  }

  func compare() throws -> VerificationReport {
    report.rowsCompared = context.ledger.totals.read
    try findMissingRows()
    for table in context.tables {
      switch table.kind {
      case .capability, .registry, .configuration, .step: continue
      default:
        try compareRecords(table)
        try compareColumnsOfV5(table)
      }
    }
    try AgentComparison(context, self).compare()
    try WorkflowStubComparison(context, self).compare()
    try StepComparison(context, self).compare()
    try findExtraRows()
    try findUnclaimedRecords()
    try findTablesLeftOut()
    return report
  }

  // MARK: findings

  func missing(_ table: String, _ v4ID: String?, _ v5ID: String?) {
    report.missing.append(.init(table: table, v4ID: v4ID, v5ID: v5ID))
  }

  private static let decision = Query(
    "conflicts.decision",
    """
    SELECT status FROM main.conflicts WHERE v5_id=?1 AND status<>'outstanding'
    ORDER BY settled_by DESC, number DESC LIMIT 1
    """)

  /// Whether a person has decided that v5's record stands.
  private func isKept(_ v5ID: String) throws -> Bool {
    try connection.first(Self.decision, .text(v5ID), map: { $0.text(0) }) == "v5"
  }

  /// Whether v5 has changed a record and says so: its tools in the audit, or a person who settled a
  /// conflict.
  func isChangedOnV5(_ v5ID: String) throws -> Bool {
    try ChangedOnV5.holds(v5ID, in: connection) || isKept(v5ID)
  }

  /// Notes that a row's record is not there: as v5's own work where it says so of the record that it
  /// would be, or would be part of.
  func absent(_ table: String, _ v4ID: String, _ v5ID: String, in record: String) throws {
    guard try isChangedOnV5(record) else { return missing(table, v4ID, v5ID) }
    noteChanged(.init(table: table, v4ID: v4ID, v5ID: v5ID))
  }

  private var changed: Set<String> = []

  /// Notes a record that v5 has changed; one that several rows make, or that is in conflict too, once.
  func noteChanged(_ record: VerificationReport.Record) {
    guard let id = record.v5ID, changed.insert(id).inserted else { return }
    report.changedOnV5.append(record)
  }

  /// Notes fields that differ: as v5's own work where its tools say that they changed the record.
  ///
  /// - Parameter record: the record that the fields belong to, where it has another id.
  func differ(
    _ table: String, _ v4ID: String, _ v5ID: String, in record: String? = nil,
    _ fields: [(name: String, expected: JSON, found: JSON)]
  ) throws {
    guard !fields.isEmpty else { return }
    if try isChangedOnV5(record ?? v5ID) {
      return noteChanged(.init(table: table, v4ID: v4ID, v5ID: v5ID))
    }
    for field in fields {
      report.mismatches.append(
        .init(
          table: table, v4ID: v4ID, v5ID: v5ID, field: field.name, expected: field.expected,
          found: field.found))
    }
  }

  /// The columns in which two records differ, of those that say what a record is.
  static func differences(
    _ expected: Record, _ found: Record, _ table: RecordTable, without ignored: Set<String> = []
  ) -> [(name: String, expected: JSON, found: JSON)] {
    table.content.compactMap { column in
      let (one, other) = (expected.value(column), found.value(column))
      guard one != other, !ignored.contains(table.columns[column]) else { return nil }
      return (table.columns[column], json(one), json(other))
    }
  }

  static func json(_ value: SQLValue) -> JSON {
    switch value {
    case .null: .null
    case .integer(let value): .number("\(value)")
    case .real(let value): .double(value)
    case .text(let text): .string(text)
    case .blob(let bytes): .string("\(bytes.count) bytes")
    }
  }

  // MARK: rows

  private static let isRejected = Query(
    "rejects.known",
    """
    SELECT EXISTS(SELECT 1 FROM main.rejects WHERE source=?1 AND v4_table=?2 AND v4_id IS ?3
      AND row=?4 AND \(RejectStatus.stands))
    """)

  /// Whether an import has rejected just what the table's mapper has in hand of a row.
  private func isRejected(_ row: StagedRow, _ table: StagedTable) throws -> Bool {
    let text = String(decoding: table.mapper.row.text, as: UTF8.self)
    return try connection.integer(
      Self.isRejected, .text(context.source), .text(table.name), .text(row.v4ID), .text(text)) == 1
  }

  /// What the export says of a row but for what was rejected of it; nil where nothing else is left, or just
  /// what the store has.
  private func accepted(_ row: StagedRow, _ table: StagedTable) throws -> StagedRow? {
    var row = row
    while try isRejected(row, table) {
      switch try RepeatedTexts(context).dropLast(of: row, table) {
      case .row(let earlier): row = earlier
      case .stored: return nil
      case .nothing:
        guard let stored = try context.replaced(by: row) else { return nil }
        // A newer text that was rejected left the row among those that v4 has no more.
        guard try context.isGone(stored) else { return row }
        try context.unsee(stored)
        return nil
      }
    }
    return row
  }

  /// Rows of the export that the store does not know, or knows with another text.
  private func findMissingRows() throws {
    for table in context.tables {
      try context.scan(table) { staged in
        // A row that was not understood is known as that.
        guard let row = try self.accepted(staged, table) else {
          return try self.context.dropContents(of: staged, table)
        }
        if let stored = try context.replaced(by: row) {
          return try self.compareTexts(row, table, stored: stored)
        }
        // A row that v5 has written is a record, whether it has come back or not; one that the export
        // itself takes back may have come or not.
        guard try !row.isBornOnV5 && !self.isTakenBack(row, table) else { return }
        self.missing(table.name, row.v4ID, String(decoding: row.v5ID, as: UTF8.self))
      }
    }
    try KnownRejects(context).eachUnknown {
      self.missing($0, $1, nil)
    }
  }

  private static let takenBack = Query(
    "source_removals.of_row",
    "SELECT EXISTS(SELECT 1 FROM stage.source_removals WHERE table_no=?1 AND v4_id=?2 AND row>?3)")

  /// Whether v4 removed a row while its changes were being recorded.
  private func isTakenBack(_ row: StagedRow, _ table: StagedTable) throws -> Bool {
    try connection.integer(
      Self.takenBack, .integer(table.number), .text(row.v4ID), .integer(row.row)) == 1
  }

  private static let listed = Query(
    "conflicts.of_text",
    """
    SELECT EXISTS(SELECT 1 FROM main.conflicts WHERE row=?1 AND status='outstanding' AND text=?2)
    """)

  /// A row that says something else now than when it was imported.
  private func compareTexts(_ row: StagedRow, _ table: StagedTable, stored: Int64) throws {
    let text = String(decoding: table.mapper.row.text, as: UTF8.self)
    if try connection.integer(Self.listed, .integer(stored), .text(text)) == 1 {
      // A conflict that nobody has settled says so already.
      return noteChanged(.init(table: table.name, v4ID: row.v4ID, v5ID: row.v5IDText))
    }
    let newer = columns(of: table)
    try connection.each(
      Query("v4_rows.stored_text", "SELECT text, shape FROM main.v4_rows WHERE row=?1"),
      .integer(stored)
    ) { result in
      let shape = try self.context.columns(result.optionalInt64(1))
      try result.withBytes(0) {
        try table.mapper.loadStored($0, columns: shape, row: stored)
      }
    }
    let older = columns(of: table)
    let names =
      newer.map(\.name)
      + older.map(\.name).filter { name in
        !newer.contains { $0.name == name }
      }
    let fields = names.compactMap { name -> (name: String, expected: JSON, found: JSON)? in
      let expected = newer.first { $0.name == name }?.value ?? .null
      let found = older.first { $0.name == name }?.value ?? .null
      return expected == found ? nil : (name, expected, found)
    }
    try differ(table.name, row.v4ID, String(decoding: row.v5ID, as: UTF8.self), fields)
  }

  private func columns(of table: StagedTable) -> [JSON.Member] {
    let row = table.mapper.row
    return zip(row.layout.names, row.values).map { name, slice in
      let value = try? JSON.parse(Array(row.text[slice.range]))
      return JSON.Member(name, value ?? .null)
    }
  }

  /// Each known row of a table, mapped once more, against its record.
  private func compareRecords(_ table: StagedTable) throws {
    let target = TableMapper.recordTable(of: table.kind)
    var expected = Record()
    try eachKnownRow(of: table) { row, id in
      let identity = RecordIdentity(
        id: row.v5ID, v4ID: row.v4ID, sourceRow: row.row,
        owner: try self.context.owner(of: row))
      try table.mapper.map(as: identity, self.context.references, into: &expected)
      guard let found = try target.read(id, in: self.connection) else {
        return try self.absent(table.name, row.v4ID, id, in: id)
      }
      guard !target.hasNoSource(found) else {
        // v5's own; it is what v5 has made of it since.
        guard !target.saysTheSame(expected, found) else { return }
        return self.noteChanged(.init(table: table.name, v4ID: row.v4ID, v5ID: id))
      }
      var fields = Self.differences(expected, found, target)
      let areStepsOfRow = target.name == "workflows" && row.parent != nil
      if !fields.isEmpty {
        for references in try self.otherReferences() where !fields.isEmpty {
          try table.mapper.map(as: identity, references, into: &expected)
          if Self.differences(expected, found, target).isEmpty { fields = [] }
        }
      }
      if areStepsOfRow { fields += Self.stepDifference(expected, found) }
      try self.differ(table.name, row.v4ID, id, fields)
    }
  }

  /// The steps of a workflow that stands in a configuration are its row's; those of the others have rows.
  private static func stepDifference(
    _ expected: Record, _ found: Record
  ) -> [(name: String, expected: JSON, found: JSON)] {
    guard let column = RecordTable.workflows.columns.firstIndex(of: "steps"),
      expected.value(column) != found.value(column)
    else { return [] }
    return [("steps", json(expected.value(column)), json(found.value(column)))]
  }

  /// The columns that only v5 fills, and what they are until it does.
  private static let columnsOfV5: [String: [(name: String, value: String)]] = [
    "tasks": [
      ("deadline", "NULL"), ("notes", "NULL"), ("updated_at", "NULL"), ("dependencies", "'[]'"),
    ], "audit": [("before", "NULL"), ("after", "NULL")],
  ]

  /// Columns that no row fills may have been filled behind the store's back.
  private func compareColumnsOfV5(_ table: StagedTable) throws {
    let target = TableMapper.recordTable(of: table.kind)
    guard let columns = Self.columnsOfV5[target.name] else { return }
    let rows = Query(
      "\(target.name).columns_of_v5",
      """
      SELECT r.v4_id, x.\(target.columns[0]), \(columns.map { "x.\($0.name)" }.joined(separator: ", "))
      FROM \(target.name) x CROSS JOIN main.v4_rows r ON r.row=x.source_row
      WHERE (\(columns.map { "x.\($0.name) IS NOT \($0.value)" }.joined(separator: " OR ")))
        AND r.table_no=?1 AND r.row IN (SELECT main_row FROM temp.seen)
      """)
    try connection.each(rows, .integer(table.number)) { row in
      var fields: [(name: String, expected: JSON, found: JSON)] = []
      for (index, column) in columns.enumerated() {
        let expected = column.value == "NULL" ? JSON.null : .string("[]")
        let found = Self.json(row.value(Int32(index + 2)))
        if found != expected { fields.append((column.name, expected, found)) }
      }
      try self.differ(table.name, row.text(0), row.text(1), fields)
    }
  }

  private var formerReferences: [ReferenceResolver] = []

  /// What references may have led to when their rows came, under the options of then: who registered on v5
  /// later is not who one was to that was left empty, and where no stubs were made, one may have been left
  /// from what was there.
  func otherReferences() throws -> [ReferenceResolver] {
    guard formerReferences.isEmpty else { return formerReferences }
    for policy in OrphanPolicy.allCases where policies.contains(policy) {
      // Of rows that came in, what is rejected says the same as what is kept empty.
      if policy == .reject, policies.contains(.keep) { continue }
      for seesStubs in policy == .stub ? [true] : [true, false] {
        for knowsBorn in [true, false] {
          formerReferences.append(
            try context.references.asOf(policy, seeingStubs: seesStubs, knowingBorn: knowsBorn))
        }
      }
    }
    return formerReferences
  }

  /// Gives each stored row that the export has too, in its table's mapper.
  func eachKnownRow(
    of table: StagedTable, _ body: (StagedRow, String) throws -> Void
  ) throws {
    let rows = Query(
      "v4_rows.known",
      """
      SELECT r.row, r.v4_id, r.epoch, r.v5_id, r.file, r.byte_offset, r.ordinal, r.shape, r.parent, r.text
      FROM main.v4_rows r JOIN temp.seen s ON s.main_row=r.row WHERE r.table_no=?1
      """)
    try connection.each(rows, .integer(table.number)) { result in
      let row = LoadContext.stagedRow(result)
      let shape = try self.context.columns(row.shape)
      try result.withBytes(9) {
        try table.mapper.loadStored($0, columns: shape, row: row.row)
      }
      do { try body(row, String(decoding: row.v5ID, as: UTF8.self)) } catch is Rejection {
        // Text that is understood no more was altered.
        self.missing(table.name, row.v4ID, String(decoding: row.v5ID, as: UTF8.self))
      }
    }
  }
}
