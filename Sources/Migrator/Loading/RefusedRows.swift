import AgoraStore

/// Stored rows that the export has still and that are refused by now: their newer texts were rejected, or
/// what they refer to is gone where orphans are rejected.
///
/// They are as in an import of the export alone: among the rejects, and not in the marketplace once
/// deletions are applied.
struct RefusedRows {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) { self.context = context }

  private static let known = Query(
    "v4_rows.refused",
    """
    SELECT r.row, r.v4_id, r.v5_id, t.name FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
    WHERE r.row=?1
    """)

  /// Counts rows among the gone whose newer texts were rejected since this was asked last.
  func settle() throws {
    let refused = context.takeRefused()
    // Rejects that are tried once more say nothing of what v4 has.
    guard context.isFollowing else { return }
    for row in refused.gone {
      try connection.run(
        Query("gone.refused", "INSERT OR IGNORE INTO temp.gone VALUES(?1)"), .integer(row))
      try connection.run(
        Query("v4_gone.refused", "INSERT OR IGNORE INTO main.v4_gone VALUES(?1,?2)"),
        .integer(row), .integer(context.run))
      try remove(row)
    }
    try lookUpAgain(refused.held, stepsAreToCome: true)
  }

  private static let held = Query(
    "v4_rows.held",
    """
    SELECT t.name, s.workflow_id, r.v5_id FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
      LEFT JOIN main.v4_steps s ON s.row=r.row
    WHERE r.row=?1
    """)

  /// Makes records once more that were left to a newer text, which was rejected: what they refer to may have
  /// changed like that of any other known row.
  ///
  /// - Parameter stepsAreToCome: whether steps are still to be put into their workflows.
  private func lookUpAgain(_ rows: [Int64], stepsAreToCome: Bool = false) throws {
    var records: [(target: RecordTable, rows: [Int64])] = []
    var places: Set<String> = []
    for row in rows {
      guard
        let (name, workflow, id) = try connection.first(
          Self.held, .integer(row), map: { ($0.text(0), $0.optionalText(1), $0.text(2)) })
      else { continue }
      let kind = V4Schema.kind(of: name)
      // Agents are derived from all rows that there are.
      if kind.describesAgents {
        try AgentRenames(context).note(left: id)
      } else if kind == .step {
        if let workflow { places.insert(workflow) }
      } else {
        let target = TableMapper.recordTable(of: kind)
        if let known = records.firstIndex(where: { $0.target.name == target.name }) {
          records[known].rows.append(row)
        } else {
          records.append((target, [row]))
        }
      }
    }
    for (target, rows) in records { try RecordRefresh(context).refresh(target, rows: rows) }
    guard !places.isEmpty else { return }
    let steps = StepLoader(context)
    if stepsAreToCome {
      for workflow in places { try steps.note(lost: workflow) }
    } else {
      try steps.rebuild(places.sorted())
    }
  }

  // MARK: orphans

  /// A known row that refers to what is gone.
  struct Orphan {
    let row: Int64
    let rejection: Rejection
  }

  /// Whether a known row is rejected that would not come in any more: where deletions are applied, what is
  /// left is what the export alone would give.
  var rejectsKnown: Bool {
    context.isFollowing && context.appliesDeletes && context.references.rejectsOrphans
  }

  private static let seen = Query(
    "seen.refused",
    """
    SELECT coalesce(q.text, r.text), coalesce(q.file, s.file),
      coalesce(q.byte_offset, s.byte_offset), coalesce(q.ordinal, s.ordinal),
      iif(q.text IS NULL, r.shape, q.shape), r.parent, t.name, r.v4_id, q.is_counted
    FROM temp.seen s JOIN main.v4_rows r ON r.row=s.main_row JOIN main.v4_tables t USING(table_no)
      LEFT JOIN (SELECT * FROM temp.repeated_texts WHERE row=?1 ORDER BY number DESC LIMIT 1) q
    WHERE s.main_row=?1
    """)

  /// Puts known rows among the rejects; those of tables that the export lacks stay as they are.
  func reject(_ orphans: [Orphan]) throws {
    var returned: [Int64] = []
    for orphan in orphans where try isToGo(orphan) {
      try add(orphan)
      if try goBack(orphan.row) {
        returned.append(orphan.row)
      } else {
        try remove(orphan.row)
      }
    }
    try lookUpAgain(returned)
  }

  /// Puts what the export says of a known row among the rejects.
  private func add(_ orphan: Orphan) throws {
    try connection.each(Self.seen, .integer(orphan.row)) { result in
      let table = result.text(6)
      let place = RejectLog.Place(
        table: table, v4ID: result.text(7), file: try context.path(result.int64(1)),
        offset: result.int64(2), ordinal: result.int64(3), shape: result.optionalInt64(4),
        parent: result.optionalInt64(5))
      try result.withBytes(0) { try context.rejects.add($0, at: place, orphan.rejection) }
      if result.optionalInt64(8) == 1 {
        context.ledger[table].updated -= 1
      } else {
        context.ledger[table].unchanged -= 1
      }
      context.ledger[table].rejected += 1
    }
  }

  /// Lets a known row say what the export had said of it before, as far as that is not rejected as well.
  ///
  /// - Returns: whether it had said anything that is not.
  private func goBack(_ row: Int64) throws -> Bool {
    while let changes = try RepeatedTexts(context).goBack(stored: row) {
      guard let table = try connection.first(Self.known, .integer(row), map: { $0.text(3) }) else {
        return false
      }
      context.ledger[table].unchanged -= changes
      context.ledger[table].updated += changes
      guard let rejection = try rejection(of: row) else { return true }
      try add(Orphan(row: row, rejection: rejection))
    }
    return false
  }

  private static let text = Query(
    "v4_rows.of_refused",
    """
    SELECT r.row, r.v4_id, r.epoch, r.v5_id, r.file, r.byte_offset, r.ordinal, r.shape, r.parent, r.text,
      r.table_no, t.name
    FROM main.v4_rows r JOIN main.v4_tables t USING(table_no) WHERE r.row=?1
    """)

  /// Why a stored row is rejected as it stands; nil where it is not, and for rows of agents, which are
  /// looked at together.
  private func rejection(of row: Int64) throws -> Rejection? {
    var found: Rejection?
    try connection.each(Self.text, .integer(row)) { result in
      let row = LoadContext.stagedRow(result)
      let table = StagedTable(
        number: result.int64(10), source: context.source, name: result.text(11))
      guard !table.kind.describesAgents else { return }
      let columns = try context.columns(row.shape)
      try result.withBytes(9) {
        try table.mapper.loadStored($0, columns: columns, row: row.row)
      }
      do {
        if table.kind == .step {
          var ignored: [UInt8] = []
          _ = try table.mapper.mapStep(id: row.v5ID, context.references, into: &ignored)
        } else {
          var ignored = Record()
          let identity = RecordIdentity(
            id: row.v5ID, v4ID: row.v4ID, sourceRow: row.row, owner: try context.owner(of: row))
          try table.mapper.map(as: identity, context.references, into: &ignored)
        }
      } catch let rejection as Rejection { found = rejection }
    }
    return found
  }

  private static let isSeen = Query(
    "seen.has", "SELECT EXISTS(SELECT 1 FROM temp.seen WHERE main_row=?1)")

  /// Whether the export has a row, and v5 has done nothing with its record.
  func isToGo(_ orphan: Orphan) throws -> Bool {
    let row = orphan.row
    guard try !context.isPending(row), try connection.integer(Self.isSeen, .integer(row)) == 1,
      let gone = try connection.first(Self.known, .integer(row), map: DeletionSweep.row)
    else { return false }
    let target = TableMapper.recordTable(of: V4Schema.kind(of: gone.table))
    guard !V4Schema.kind(of: gone.table).describesAgents,
      let current = try target.read(gone.v5ID, in: connection)
    else { return true }
    return try DeletionSweep(context).isUntouched(current, target)
  }

  private func remove(_ row: Int64) throws {
    try context.unsee(row)
    guard context.appliesDeletes,
      let gone = try connection.first(Self.known, .integer(row), map: DeletionSweep.row)
    else { return }
    if V4Schema.kind(of: gone.table) == .configuration {
      try removeContents(of: row)
      try ConfigurationContents(context).drop(in: row)
    }
    try DeletionSweep(context).remove([gone])
  }

  private static let contents = Query(
    "v4_rows.contents",
    """
    SELECT r.row, r.v4_id, r.v5_id, t.name FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
    WHERE r.parent=?1
    """)

  /// Removes what stands in a refused configuration: it is a part of the reject, and not counted beside it.
  private func removeContents(of configuration: Int64) throws {
    let rows = try connection.all(
      Self.contents, .integer(configuration), map: DeletionSweep.row)
    for row in rows {
      let wasSeen = try context.unsee(row.row)
      context.ledger[row.table].unchanged -= wasSeen
      context.ledger[row.table].read -= wasSeen
    }
    try DeletionSweep(context).remove(rows)
  }
}
