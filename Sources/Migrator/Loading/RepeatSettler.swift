import AgoraStore

/// Settles what an id means that occurs more than once: in one export, or in this export and the store.
///
/// Afterwards each staged row is either new (with its epoch and v5 id), or a newer text of a stored
/// row; rows that say nothing new are gone from the staging file and counted.
struct RepeatSettler {
  let context: LoadContext
  private let configurations: ConfigurationContents
  let respellings: Respellings
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) {
    self.context = context
    configurations = ConfigurationContents(context)
    respellings = Respellings(context)
  }

  /// A row that an id names already.
  struct Known {
    var row: Int64
    let epoch: Int
    /// In the store, and not touched by this run so far.
    var isStored: Bool
    let fingerprint: [UInt8]
    var digest: [UInt8]
    /// Where it stands in its table, as far as it is known.
    var ordinal: Int64 = 0
    /// Its id belongs to another table.
    var borrowsID = false
    /// The export has it as it is stored, too.
    var isHeld = false

    /// Rows that stand beside each other are taken in the order of the export that had them last.
    static func isInFront(_ one: Known, of other: Known) -> Bool {
      (one.ordinal, one.row) < (other.ordinal, other.row)
    }
  }

  /// The rows that share an id, by what never changes in them.
  private struct Namesakes {
    var rows: [[UInt8]: Known] = [:]
    var nextEpoch: Int
  }

  /// - Parameter droppingDeleted: whether rows that the export itself takes back are left out: they say
  ///   nothing of what is there.
  func settle(droppingDeleted: Bool = false) throws {
    if droppingDeleted { try dropDeleted() }
    try connection.execute(
      """
      CREATE TEMP TABLE contested(table_no INTEGER, v4_id TEXT, PRIMARY KEY(table_no, v4_id)) WITHOUT ROWID;
      CREATE TEMP TABLE replacements(row INTEGER PRIMARY KEY, main_row INTEGER, is_held INTEGER);
      CREATE TEMP TABLE seen(main_row INTEGER PRIMARY KEY, file INTEGER, byte_offset INTEGER, ordinal INTEGER);
      """, name: "contested.create")
    try configurations.begin()
    try respellings.begin()
    try RepeatedTexts(context).begin()
    try connection.run(
      context.staged(
        "contested.in_export",
        """
        INSERT INTO temp.contested
        SELECT table_no, v4_id FROM %.v4_rows GROUP BY table_no, v4_id HAVING count(*)>1
        """))
    if context.hasStoredRows {
      // Rejects that are tried once more are beside the rows that are known, not those rows again.
      if !context.isRetrying { try settleSameTexts() }
      try connection.run(
        Query(
          "contested.in_store",
          """
          INSERT OR IGNORE INTO temp.contested
          SELECT table_no, v4_id FROM stage.v4_rows s
          WHERE EXISTS(SELECT 1 FROM main.v4_rows m WHERE m.table_no=s.table_no AND m.v4_id=s.v4_id)
          """))
    }
    for table in context.tables { try settle(table) }
    guard context.hasStoredRows else { return }
    try configurations.moveStaged()
    try ReturnedRows(context).claim()
  }

  /// Rows that v4 made and removed while its changes were being recorded change nothing.
  private func dropDeleted() throws {
    for table in context.tables {
      let count = try connection.run(
        context.staged(
          "v4_rows.drop_deleted",
          """
          DELETE FROM %.v4_rows WHERE table_no=?1 AND row IN (
            SELECT r.row FROM %.source_removals d CROSS JOIN %.v4_rows r
              ON r.table_no=d.table_no AND r.v4_id=d.v4_id
            WHERE d.table_no=?1 AND r.row<d.row)
          """), .integer(table.number))
      if count > 0 { context.ledger[table.name].unchanged += count }
    }
  }

  /// Rows whose id stands once on either side, with the same text: in most exports nearly all of them,
  /// so they are settled all at once.
  private func settleSameTexts() throws {
    try connection.execute(
      """
      CREATE TEMP TABLE same(row INTEGER PRIMARY KEY, main_row INTEGER, table_no INTEGER);
      INSERT INTO temp.same SELECT s.row, m.row, s.table_no
        FROM stage.v4_rows s NOT INDEXED CROSS JOIN main.v4_rows m INDEXED BY v4_rows_by_id
          ON m.table_no=s.table_no AND m.v4_id=s.v4_id
        WHERE m.text=s.text AND m.shape IS s.shape
          AND NOT EXISTS(SELECT 1 FROM temp.contested c WHERE c.table_no=s.table_no AND c.v4_id=s.v4_id)
          AND NOT EXISTS(SELECT 1 FROM main.v4_rows x
            WHERE x.table_no=m.table_no AND x.v4_id=m.v4_id AND x.row<>m.row);
      INSERT INTO temp.seen SELECT m.main_row, s.file, s.byte_offset, s.ordinal
        FROM temp.same m CROSS JOIN stage.v4_rows s USING(row);
      """, name: "same.settle")
    try configurations.noteSame()
    try connection.execute(
      "DELETE FROM stage.v4_rows WHERE row IN (SELECT row FROM temp.same)", name: "same.drop_rows")
    let counts = try connection.all(
      Query("same.count", "SELECT table_no, count(*) FROM temp.same GROUP BY table_no"),
      map: { ($0.int64(0), $0.int(1)) })
    for (number, count) in counts {
      guard let table = context.tables.first(where: { $0.number == number }) else { continue }
      context.ledger[table.name].unchanged += count
    }
    try connection.execute("DROP TABLE temp.same", name: "same.drop")
  }

  private func settle(_ table: StagedTable) throws {
    let ids = Query(
      "contested.ids", "SELECT v4_id FROM temp.contested WHERE table_no=?1 ORDER BY v4_id")
    try connection.each(ids, .integer(table.number)) { try settle(table, v4ID: $0.text(0)) }
  }

  private func settle(_ table: StagedTable, v4ID: String) throws {
    let columns = "row, v4_id, epoch, v5_id, file, byte_offset, ordinal, shape, parent, text"
    var known: [Known] = []
    if context.hasStoredRows {
      // The text is compared first: a row that did not change at all is the common one.
      try connection.each(
        Query(
          "v4_rows.stored",
          "SELECT \(columns) FROM main.v4_rows WHERE table_no=?1 AND v4_id=?2 ORDER BY epoch"),
        .integer(table.number), .text(v4ID)
      ) { result in
        let row = LoadContext.stagedRow(result)
        let shape = try context.columns(row.shape)
        do {
          try result.withBytes(9) {
            try table.mapper.loadStored($0, columns: shape, row: row.row)
          }
        } catch let error as AgoraError where error.code == .damagedStore && context.listsDamage {
          return
        }
        known.append(
          Known(
            row: row.row, epoch: row.epoch, isStored: true,
            fingerprint: try table.mapper.fingerprint(), digest: table.mapper.digest(),
            ordinal: row.ordinal, borrowsID: table.mapper.idColumns.isForeign))
      }
    }
    var rows = try repeated(table, v4ID: v4ID)
    if RowIdentity.isContentHash(v4ID) {
      var stored: [Int: Known] = [:]
      for entry in known { stored[entry.epoch] = entry }
      var occurrence = 0
      for row in rows {
        // What is tried once more is beside what is there; but what went with a refused configuration
        // comes back with it.
        while context.isRetrying, let there = stored[occurrence],
          try row.row.parent == nil || !context.isGone(there.row)
        { occurrence += 1 }
        try settleRepetition(row.row, table, occurrence, stored[occurrence])
        occurrence += 1
      }
      return
    }
    if table.kind == .configuration {
      return try settleEntries(rows, table, known.sorted(by: Known.isInFront))
    }
    var next = (known.map(\.epoch).max() ?? -1) + 1
    if rows.contains(where: \.borrowsID) {
      try settleBorrowers(
        rows.filter(\.borrowsID), table, known.filter(\.borrowsID).sorted(by: Known.isInFront),
        nextEpoch: &next)
      rows.removeAll(where: \.borrowsID)
      known.removeAll(where: \.borrowsID)
    }
    // What an export says last is what it says: a row that ends as it is stored is unchanged, whatever
    // stood before it; of equal rows behind each other the first one's spelling counts.
    var named = Namesakes(nextEpoch: next)
    for entry in known { named.rows[entry.fingerprint] = entry }
    var last: [[UInt8]: (digest: [UInt8], spelling: Int, index: Int)] = [:]
    var repeatsLast: Set<Int> = []
    for (index, row) in rows.enumerated() {
      let spelling = last[row.fingerprint].flatMap { $0.digest == row.digest ? $0.spelling : nil }
      if spelling != nil { repeatsLast.insert(index) }
      last[row.fingerprint] = (row.digest, spelling ?? index, index)
    }
    for (index, row) in rows.enumerated() {
      if let stored = named.rows[row.fingerprint], stored.isStored,
        let end = last[row.fingerprint]
      {
        if stored.digest == end.digest {
          if index == end.spelling { try respellings.take(row.row, as: stored.row) }
          if rows.count > 1, !repeatsLast.contains(index) {
            try RepeatedTexts(context).note(row.row.row, ofStored: stored.row)
          }
          try keep(row.row, table, as: stored)
          continue
        }
        // What it says in the end is in conflict already: what stood before it changes nothing.
        if index < end.index, try isListed(end.digest, table, of: stored.row) {
          try keep(row.row, table, as: stored)
          continue
        }
      }
      try settle(row, table, &named)
    }
  }

  private static let listed = Query(
    "conflicts.listed",
    "SELECT text, shape FROM main.conflicts WHERE row=?1 AND status='outstanding' AND text IS NOT NULL"
  )

  /// Whether an outstanding conflict is about just what a row says now.
  private func isListed(_ digest: [UInt8], _ table: StagedTable, of stored: Int64) throws -> Bool {
    var isListed = false
    try connection.each(Self.listed, .integer(stored)) { conflict in
      let shape = try context.columns(conflict.optionalInt64(1))
      try conflict.withBytes(0) {
        try table.mapper.loadStored($0, columns: shape, row: stored)
      }
      isListed = table.mapper.digest() == digest
    }
    return isListed
  }

  /// A staged row of a contested id.
  struct Repeated {
    let row: StagedRow
    let fingerprint: [UInt8]
    let digest: [UInt8]
    var borrowsID = false
  }

  /// The staged rows of an id in order; those that cannot be understood are rejected.
  private func repeated(_ table: StagedTable, v4ID: String) throws -> [Repeated] {
    var rows: [Repeated] = []
    try connection.each(
      context.staged(
        "v4_rows.repeated",
        """
        SELECT row, v4_id, epoch, v5_id, file, byte_offset, ordinal, shape, parent, text
        FROM %.v4_rows WHERE table_no=?1 AND v4_id=?2 ORDER BY row
        """), .integer(table.number), .text(v4ID)
    ) { result in
      let row = LoadContext.stagedRow(result)
      do {
        let shape = try context.columns(row.shape)
        try result.withBytes(9) { try table.mapper.reload($0, columns: shape) }
        if !RowIdentity.isContentHash(v4ID) { try table.mapper.check(context.references) }
        rows.append(
          Repeated(
            row: row, fingerprint: try table.mapper.fingerprint(), digest: table.mapper.digest(),
            borrowsID: table.mapper.idColumns.isForeign))
      } catch let rejection as Rejection {
        // A row without an id is judged where it is loaded; here it only counts as a repetition.
        guard RowIdentity.isContentHash(v4ID) else {
          try context.reject(row, table, rejection)
          return
        }
        rows.append(Repeated(row: row, fingerprint: [], digest: []))
      }
    }
    return rows
  }

  /// A row without an id that has occurred before: the n-th one is the stored n-th one, or is new.
  private func settleRepetition(
    _ row: StagedRow, _ table: StagedTable, _ occurrence: Int, _ stored: Known?
  ) throws {
    if let stored {
      try respellings.take(row, as: stored.row)
      try keep(row, table, as: stored)
    } else if occurrence > 0 {
      try rename(row, table, epoch: occurrence)
    }
  }

  /// The row is a newer text of a stored one.
  func replace(_ known: Known, by row: StagedRow, _ table: StagedTable) throws {
    try markSeen(known.row, row, isCounted: false)
    try connection.run(
      Query("replacements.insert", "INSERT INTO temp.replacements VALUES(?1,?2,?3)"),
      .integer(row.row), .integer(known.row), .int(known.isHeld ? 1 : 0))
    if known.isHeld {
      try RepeatedTexts(context).move(row.row, toPlaceOf: known.row)
    } else if try context.isRetrying && !context.isGone(known.row) {
      try RepeatedTexts(context).move(row.row, toFormerPlaceOf: known.row)
    }
    if known.epoch > 0 { try rename(row, table, epoch: known.epoch) }
  }

  private func settle(
    _ repeated: Repeated, _ table: StagedTable, _ known: inout Namesakes
  ) throws {
    let (row, fingerprint, digest) = (repeated.row, repeated.fingerprint, repeated.digest)
    guard var found = known.rows[fingerprint] else {
      let epoch = known.nextEpoch
      known.nextEpoch += 1
      known.rows[fingerprint] = Known(
        row: row.row, epoch: epoch, isStored: false, fingerprint: fingerprint, digest: digest)
      if epoch > 0 {
        context.epochs += 1
        try rename(row, table, epoch: epoch)
      }
      return
    }
    if found.digest == digest {
      if found.isStored, !found.isHeld {
        known.rows[fingerprint]?.isHeld = true
        try RepeatedTexts(context).note(row.row, ofStored: found.row)
      }
      return try keep(row, table, as: found)
    }
    if found.isStored {
      try replace(found, by: row, table)
      found.row = row.row
      found.isStored = false
    } else {
      // A later text of a row of this very export: it stands where the first one stood.
      context.ledger[table.name].updated += 1
      try RepeatedTexts(context).supersede(found.row, by: row.row)
    }
    found.digest = digest
    known.rows[fingerprint] = found
  }

  /// The row says nothing new.
  func keep(_ row: StagedRow, _ table: StagedTable, as known: Known) throws {
    context.ledger[table.name].unchanged += 1
    if known.isStored { try markSeen(known.row, row, isCounted: true) }
    try context.drop(row.row)
  }

  private func markSeen(_ stored: Int64, _ row: StagedRow, isCounted: Bool) throws {
    try connection.run(
      Query("seen.insert", "INSERT OR IGNORE INTO temp.seen VALUES(?1,?2,?3,?4)"), .integer(stored),
      .integer(row.file), .integer(row.offset), .integer(row.ordinal))
    try configurations.note(stored, row, isCounted: isCounted)
  }

  /// Gives a row the id of a later epoch.
  ///
  /// An agent's id is its name's and has no epochs.
  func rename(_ row: StagedRow, _ table: StagedTable, epoch: Int) throws {
    let v5ID =
      table.kind.describesAgents
      ? String(decoding: row.v5ID, as: UTF8.self) : table.ids.id(row.v4ID, epoch: epoch)
    try connection.run(
      context.staged("v4_rows.rename", "UPDATE %.v4_rows SET epoch=?2, v5_id=?3 WHERE row=?1"),
      .integer(row.row), .int(epoch), .text(v5ID))
  }
}
