import AgoraStore

/// Rows that say what they said before in other words: other blanks, escapes or times, another order of
/// columns.
///
/// They count as unchanged. The newest spelling stands all the same, in the row and in what is made of it,
/// as if its export had been the only one.
struct Respellings {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  /// Makes the list of rows that are spelled otherwise now, with what they were.
  func begin() throws {
    try connection.execute(
      "CREATE TEMP TABLE respelled(row INTEGER PRIMARY KEY, shape INTEGER, text TEXT)",
      name: "respelled.create")
  }

  private static let note = Query(
    "respelled.note",
    """
    INSERT OR IGNORE INTO temp.respelled SELECT m.row, m.shape, m.text
    FROM stage.v4_rows s JOIN main.v4_rows m ON m.row=?2
    WHERE s.row=?1 AND (s.text<>m.text OR s.shape IS NOT m.shape)
    """)
  private static let respell = Query(
    "v4_rows.respell",
    """
    UPDATE main.v4_rows SET (file, byte_offset, shape, text) =
      (SELECT file, byte_offset, shape, text FROM stage.v4_rows WHERE row=?1)
    WHERE row=?2
    """)

  /// Gives a stored row the words of a staged one that says the same; where it stands among the others is
  /// settled with all rows.
  func take(_ row: StagedRow, as stored: Int64) throws {
    guard context.takesSpellings else { return }
    let noted = try connection.run(Self.note, .integer(row.row), .integer(stored))
    guard noted > 0 else { return }
    try connection.run(Self.respell, .integer(row.row), .integer(stored))
  }

  /// Makes the records anew that the rows are, and has those made anew that they are a part of.
  ///
  /// It comes before anything else changes: what the former words lead to is what the record says.
  func refresh() throws {
    let any = Query("respelled.any", "SELECT EXISTS(SELECT 1 FROM temp.respelled)")
    guard try connection.integer(any) == 1 else { return }
    try connection.execute(
      """
      INSERT OR IGNORE INTO temp.reordered
        SELECT r.v5_id FROM temp.respelled s JOIN main.v4_rows r USING(row)
          JOIN main.v4_tables t USING(table_no)
        WHERE r.joined IS NOT NULL AND t.name IN ('agent_capability','agent_registry','agent_config')
        UNION SELECT p.workflow_id FROM temp.respelled s JOIN main.v4_steps p USING(row);
      """, name: "reordered.respelled")
    let lookups = try lookups()
    var mappers: [String: TableMapper] = [:]
    try connection.each(Self.rows) { result in
      let name = result.text(10)
      let mapper = mappers[name] ?? TableMapper(table: name, kind: V4Schema.kind(of: name))
      mappers[name] = mapper
      let row = LoadContext.stagedRow(result)
      if mapper.kind == .step {
        try load(result, 9, 7, row, mapper)
        return try StepArchive(connection).respell(row, mapper)
      }
      let target = TableMapper.recordTable(of: mapper.kind)
      guard let current = try target.read(row.v5IDText, in: connection),
        target.isAsImported(current)
      else { return }
      try load(result, 12, 11, row, mapper)
      guard let (former, lookup) = try former(row, mapper, target, current, lookups) else { return }
      try load(result, 9, 7, row, mapper)
      guard let newer = try map(row, mapper, lookup) else { return }
      var record = Self.merged(current, former, newer, target, areStepsOfRow: row.parent != nil)
      target.seal(&record)
      try target.overwrite(record, keepingSteps: row.parent == nil, in: connection)
    }
  }

  /// The rows that are records of their own, and the steps that stand in no workflow.
  private static let rows = Query(
    "respelled.rows",
    """
    SELECT r.row, r.v4_id, r.epoch, r.v5_id, r.file, r.byte_offset, r.ordinal, r.shape, r.parent,
      r.text, t.name, s.shape, s.text
    FROM temp.respelled s JOIN main.v4_rows r USING(row) JOIN main.v4_tables t USING(table_no)
    WHERE t.name NOT IN ('agent_capability','agent_registry','agent_config')
      AND s.row NOT IN (SELECT row FROM main.v4_steps)
    """)

  private func load(
    _ result: borrowing Row, _ text: Int32, _ shape: Int32, _ row: StagedRow, _ mapper: TableMapper
  ) throws {
    let columns = try context.columns(result.optionalInt64(shape))
    try result.withBytes(text) { try mapper.loadStored($0, columns: columns, row: row.row) }
  }

  /// What references may have led to when the rows came; nothing is made for any.
  private func lookups() throws -> [ReferenceResolver] {
    let expecting = try context.references.expecting()
    return try [expecting, expecting.withoutBorn(), expecting.withoutBorn(seeingStubs: true)]
  }

  private func map(
    _ row: StagedRow, _ mapper: TableMapper, _ references: ReferenceResolver
  ) throws -> Record? {
    var record = Record()
    do {
      try mapper.map(
        as: RecordIdentity(
          id: row.v5ID, v4ID: row.v4ID, sourceRow: row.row, owner: try context.owner(of: row)),
        references, into: &record)
    } catch is Rejection { return nil }
    return record
  }

  /// What the former words in the mapper's hand make, looked up as it was then, so far as can be told.
  private func former(
    _ row: StagedRow, _ mapper: TableMapper, _ target: RecordTable, _ current: Record,
    _ lookups: [ReferenceResolver]
  ) throws -> (Record, ReferenceResolver)? {
    var first: (Record, ReferenceResolver)?
    for lookup in lookups {
      guard let record = try map(row, mapper, lookup) else { return nil }
      if RecordComparison.differences(record, current, target).isEmpty { return (record, lookup) }
      first = first ?? (record, lookup)
    }
    return first
  }

  /// A record in which every column says in the newer words what it says in the former ones.
  private static func merged(
    _ current: Record, _ former: Record, _ newer: Record, _ target: RecordTable, areStepsOfRow: Bool
  ) -> Record {
    let content = Set(target.content)
    var record = Record()
    for column in target.columns.indices.dropLast() {
      let isSteps = areStepsOfRow && target.columns[column] == "steps"
      let follows =
        isSteps || content.contains(column) && current.value(column) == former.value(column)
      record.append(follows ? newer.value(column) : current.value(column))
    }
    return record
  }
}
