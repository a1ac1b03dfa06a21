import AgoraStore

/// The workflows that one v4 id names: several where the counter had restarted.
///
/// Those of an id that names several are collected once, in tables of the connection's own: any number of
/// rows may refer to any of them, in whatever order.
final class WorkflowEpochs {
  /// What an id means.
  enum Meaning {
    case nothing
    /// The only one there is.
    case only([UInt8])
    /// One of several, by the times.
    case dated([UInt8])
    /// The last one, since times do not tell.
    case last([UInt8])
  }

  /// The column of a row that says which of several workflows of one id it means.
  ///
  /// Only the way back to v4 writes it, where times alone would lead to another one.
  static let column = "workflow_epoch"

  static let coordinationTable = "workflow_coordination"
  /// The tables in the order in which an id is looked for.
  static let tables = [coordinationTable, "workflows"]

  private let connection: Connection
  private let source: String
  private var mappers: [String: TableMapper] = [:]

  init(_ connection: Connection, source: String) throws {
    self.connection = connection
    self.source = source
    try connection.execute(
      """
      CREATE TEMP TABLE IF NOT EXISTS epochs(source TEXT, name TEXT, v4_id TEXT, place INTEGER,
        id TEXT, created INTEGER, row INTEGER, PRIMARY KEY(source, name, v4_id, place)) WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS temp.epochs_by_time ON epochs(source, name, v4_id, created, place);
      CREATE TEMP TABLE IF NOT EXISTS epoch_ids(source TEXT, name TEXT, v4_id TEXT, last TEXT,
        is_dated INTEGER, PRIMARY KEY(source, name, v4_id)) WITHOUT ROWID;
      CREATE TEMP TABLE IF NOT EXISTS epoch_marks(source TEXT, name TEXT, v4_id TEXT, mark TEXT,
        place INTEGER, id TEXT, PRIMARY KEY(source, name, v4_id, mark, place)) WITHOUT ROWID;
      """, name: "epochs.create")
    try forget()
  }

  /// Forgets what was asked for: workflows have come or gone.
  func forget() throws {
    try connection.execute(
      "DELETE FROM temp.epochs; DELETE FROM temp.epoch_ids; DELETE FROM temp.epoch_marks",
      name: "epochs.forget")
  }

  // MARK: an id in one table

  /// How many workflows an id names in a table.
  private enum Count {
    case none
    case one(id: [UInt8], row: Int64)
    /// Those in `temp.epochs`.
    ///
    /// - Parameters:
    ///   - last: the last one.
    ///   - isDated: whether of all of them it is known when they were created.
    case several(last: [UInt8], isDated: Bool)
  }

  private static let summary = Query(
    "epoch_ids.of",
    "SELECT last, is_dated FROM temp.epoch_ids WHERE source=?1 AND name=?2 AND v4_id=?3")
  private static let few = Query(
    "v4_rows.workflow",
    """
    SELECT r.v5_id, r.row FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
    WHERE t.source=?1 AND t.name=?2 AND r.v4_id=?3 LIMIT 2
    """)

  private func count(_ v4ID: String, in table: String) throws -> Count {
    if let known = try summary(v4ID, in: table) { return known }
    let few = try connection.all(
      Self.few, .text(source), .text(table), .text(v4ID), map: { ($0.bytes(0), $0.int64(1)) })
    guard let (id, row) = few.first else { return .none }
    guard few.count > 1 else { return .one(id: id, row: row) }
    try collect(v4ID, in: table)
    return try summary(v4ID, in: table) ?? .none
  }

  private func summary(_ v4ID: String, in table: String) throws -> Count? {
    try connection.first(
      Self.summary, .text(source), .text(table), .text(v4ID),
      map: { .several(last: $0.bytes(0), isDated: $0.bool(1)) })
  }

  // What v4 has no more comes first: the last one is one that the newest export has.
  private static let collect = Query(
    "epochs.collect",
    """
    INSERT INTO temp.epochs
    SELECT ?1, ?2, ?3, row_number() OVER (ORDER BY g.row IS NULL, r.ordinal, r.row),
      r.v5_id, w.created_at, r.row
    FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
      LEFT JOIN main.workflows w ON w.workflow_id=r.v5_id LEFT JOIN main.v4_gone g ON g.row=r.row
    WHERE t.source=?1 AND t.name=?2 AND r.v4_id=?3
    """)
  // The other columns are those of the row that has the greatest place.
  private static let sumUp = Query(
    "epoch_ids.insert",
    """
    INSERT INTO temp.epoch_ids
    SELECT source, name, v4_id, id, is_dated FROM (
      SELECT source, name, v4_id, id, max(place), count(created)=count(*) AS is_dated
      FROM temp.epochs WHERE source=?1 AND name=?2 AND v4_id=?3)
    """)

  private func collect(_ v4ID: String, in table: String) throws {
    for query in [Self.collect, Self.sumUp] {
      try connection.run(query, .text(source), .text(table), .text(v4ID))
    }
  }

  /// The last workflow of an id, in the first table that has one.
  func last(_ v4ID: String) throws -> [UInt8]? {
    for table in Self.tables {
      switch try count(v4ID, in: table) {
      case .none: continue
      case .one(let id, _), .several(let id, _): return id
      }
    }
    return nil
  }

  // MARK: what an id means

  // Of several of one time it is the last one.
  private static let latest = Query(
    "epochs.latest",
    """
    SELECT id FROM temp.epochs WHERE source=?1 AND name=?2 AND v4_id=?3 AND created<=?4
    ORDER BY created DESC, place DESC LIMIT 1
    """)

  /// What an id means as seen from a row of a given time: the latest workflow not after it.
  func meaning(of v4ID: String, at time: Int64?) throws -> Meaning {
    for table in Self.tables {
      switch try count(v4ID, in: table) {
      case .none: continue
      case .one(let id, _): return .only(id)
      case .several(let last, let isDated):
        if isDated, let time,
          let latest = try connection.first(
            Self.latest, .text(source), .text(table), .text(v4ID), .integer(time),
            map: { $0.bytes(0) })
        {
          return .dated(latest)
        }
        return .last(last)
      }
    }
    return .nothing
  }

  // MARK: marks

  private static let areMarked = Query(
    "epoch_marks.any",
    """
    SELECT EXISTS(SELECT 1 FROM temp.epoch_marks WHERE source=?1 AND name=?2 AND v4_id=?3)
    """)
  private static let all = Query(
    "epochs.all",
    """
    SELECT row, place, id FROM temp.epochs WHERE source=?1 AND name=?2 AND v4_id=?3 ORDER BY place
    """)
  private static let insertMark = Query(
    "epoch_marks.insert", "INSERT INTO temp.epoch_marks VALUES(?1,?2,?3,?4,?5,?6)")
  private static let ofMark = Query(
    "epoch_marks.of",
    """
    SELECT id FROM temp.epoch_marks WHERE source=?1 AND name=?2 AND v4_id=?3 AND mark=?4
    ORDER BY place LIMIT 1
    """)

  /// The workflow of an id that a mark stands for; nil where none of them has it.
  func marked(_ v4ID: String, _ mark: String) throws -> [UInt8]? {
    for table in Self.tables {
      switch try count(v4ID, in: table) {
      case .none: continue
      case .one(let id, let row):
        if try self.mark(ofRow: row) == mark { return id }
      case .several:
        try collectMarks(v4ID, in: table)
        if let id = try connection.first(
          Self.ofMark, .text(source), .text(table), .text(v4ID), .text(mark), map: { $0.bytes(0) })
        {
          return id
        }
      }
    }
    return nil
  }

  private func collectMarks(_ v4ID: String, in table: String) throws {
    let isDone = try connection.integer(
      Self.areMarked, .text(source), .text(table), .text(v4ID))
    guard isDone == 0 else { return }
    try connection.each(Self.all, .text(source), .text(table), .text(v4ID)) { epoch in
      // One whose row cannot be understood has a mark that nothing stands for.
      let mark = try self.mark(ofRow: epoch.int64(0)) ?? ""
      try connection.run(
        Self.insertMark, .text(source), .text(table), .text(v4ID), .text(mark),
        .integer(epoch.int64(1)), .text(epoch.text(2)))
    }
  }

  private static let text = Query(
    "v4_rows.workflow_text",
    """
    SELECT r.text, s.columns, t.name FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
      LEFT JOIN main.v4_shapes s USING(shape) WHERE r.row=?1
    """)

  /// What tells a workflow from the others of its id.
  ///
  /// It is the beginning of the hash of what never changes in its row, and so means the same workflow in
  /// another store, where epochs may have other numbers.
  func mark(ofRow row: Int64) throws -> String? {
    var mark: String?
    try connection.each(Self.text, .integer(row)) { result in
      let table = result.text(2)
      let mapper = mappers[table] ?? TableMapper(table: table, kind: .workflow)
      mappers[table] = mapper
      let columns = try result.optionalText(1).map {
        try JSON.parse($0).elements?.compactMap(\.text) ?? []
      }
      try result.withBytes(0) { try mapper.loadStored($0, columns: columns, row: row) }
      let fingerprint = try? mapper.fingerprint()
      mark = fingerprint.map { String(decoding: $0.prefix(16), as: UTF8.self) }
    }
    return mark
  }
}
