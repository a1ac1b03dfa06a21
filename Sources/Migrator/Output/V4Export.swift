public import AgoraStore

/// Gives back the v4 bundle of a source: the same tables, rows in order, keys, values, number spelling
/// and string content as were imported, rejected rows included.
///
/// With what is new on v5 it is what v4 would have now: rows follow what v5 changed, and what was written
/// on v5 stands as rows behind them.
public struct V4Export {
  private let connection: Connection
  private let source: String
  private let output: OutputFile
  private let includesNew: Bool
  private var rows = 0

  /// Writes the bundle to a file.
  ///
  /// - Parameters:
  ///   - source: the v4 deployment; nil for the only one there is.
  ///   - path: the file; `/dev/stdout` for standard output.
  ///   - includesNew: whether what v5 has changed and written since is in it.
  /// - Returns: the number of rows.
  /// - Throws: ``AgoraError`` `misuse` where the store has several sources and none was named,
  ///   `not_found` where it has none of that name.
  public static func write(
    _ store: Store, source: String?, to path: String, includingNew includesNew: Bool = false
  ) throws -> Int {
    try store.refuseOverwriting(path)
    return try store.withSnapshot { connection in
      let output = try OutputFile(path)
      var export = V4Export(
        connection: connection,
        source: try KnownSources(connection, path: store.path).choose(source),
        output: output, includesNew: includesNew)
      try export.write()
      try output.finish()
      return export.rows
    }
  }

  private init(connection: Connection, source: String, output: OutputFile, includesNew: Bool) {
    self.includesNew = includesNew
    self.connection = connection
    self.source = source
    self.output = output
  }

  private mutating func write() throws {
    try collectOutdated()
    try collectPlaces()
    let tables = try tables()
    let wayBack = includesNew ? try WayBack(connection, source: source, tables: tables) : nil
    var isFirst = true
    for table in tables + (wayBack?.addedTables ?? []) {
      var lead: [UInt8] = isFirst ? [0x7b] : [0x2c]
      JSONText.quote(table, into: &lead)
      lead.append(0x3a)
      // A table that v4 lacks is there when it has a row.
      let isAdded = !tables.contains { $0.exact == table.exact }
      if try write(table, after: lead, wayBack, isAdded: isAdded) { isFirst = false }
    }
    let end: [UInt8] = isFirst ? [0x7b, 0x7d, 0x0a] : [0x7d, 0x0a]
    try output.append { $0.append(contentsOf: end) }
    try connection.execute(
      "DROP TABLE temp.places; DROP TABLE temp.outdated", name: "places.drop")
  }

  /// Imported rows that v4 has no more as they were, of ids that rejects have too.
  private static let doubtful = """
    FROM main.v4_gone g JOIN main.v4_rows r USING(row) JOIN main.v4_tables t USING(table_no)
    WHERE t.source=?1 AND r.parent IS NULL
    """

  /// Finds the imported rows of which a reject is what v4 says now.
  ///
  /// A reject of another row of the id takes no row's place, nor one that cannot be read.
  private func collectOutdated() throws {
    try connection.execute(
      """
      CREATE TEMP TABLE outdated(row INTEGER PRIMARY KEY);
      CREATE TEMP TABLE doubtful(table_name TEXT, v4_id TEXT, PRIMARY KEY(v4_id, table_name)) WITHOUT ROWID;
      """, name: "outdated.create")
    try connection.run(
      Query(
        "doubtful.collect",
        """
        INSERT OR IGNORE INTO temp.doubtful SELECT t.name, r.v4_id \(Self.doubtful)
          AND EXISTS(SELECT 1 FROM main.rejects j
            WHERE j.source=t.source AND j.v4_table=t.name AND j.v4_id=r.v4_id)
        """), .text(source))
    let writer = RowWriter(connection: connection, output: output)
    let versions = try RowVersions(connection, columns: writer.columns)
    let rejects = Query(
      "rejects.doubtful",
      """
      SELECT j.number, j.v4_table, j.v4_id, j.shape, j.gone_by, j.row
      FROM temp.doubtful d CROSS JOIN main.rejects j
        ON j.source=?1 AND j.v4_table=d.table_name AND j.v4_id=d.v4_id
      WHERE j.parent IS NULL AND j.row IS NOT NULL AND j.\(RejectStatus.stands)
      """)
    try connection.each(rejects, .text(source)) { reject in
      let text = RowVersions.Text(
        table: reject.text(1), v4ID: reject.text(2), shape: reject.optionalInt64(3),
        reject: reject.int64(0), goneBy: reject.optionalInt64(4))
      try reject.withBytes(5) { try versions.note($0, text) }
    }
    let rows = Query(
      "v4_rows.doubtful",
      """
      SELECT r.row, t.name, r.v4_id, r.shape, g.run, r.text \(Self.doubtful)
        AND EXISTS(SELECT 1 FROM temp.doubtful d WHERE d.v4_id=r.v4_id AND d.table_name=t.name)
      ORDER BY r.row
      """)
    let note = Query("outdated.note", "INSERT INTO temp.outdated VALUES(?1)")
    try connection.each(rows, .text(source)) { row in
      let text = RowVersions.Text(
        table: row.text(1), v4ID: row.text(2), shape: row.optionalInt64(3))
      let isOutdated = try row.withBytes(5) {
        try versions.takeNewer(than: $0, text, goneBy: row.int64(4))
      }
      if isOutdated { try connection.run(note, .integer(row.int64(0))) }
    }
    try versions.end()
    try connection.execute("DROP TABLE temp.doubtful", name: "doubtful.drop")
  }

  /// One pass over the rows says where each stands; each is read again when its turn comes.
  private func collectPlaces() throws {
    try connection.execute(
      """
      -- Of two rows of one place the one that went from v4 first stands first; what v4 has comes last.
      CREATE TEMP TABLE places(table_name TEXT, ordinal INTEGER, gone_by INTEGER, kind INTEGER, number INTEGER);
      -- Workflows that v4 has no more come first, so that an id means what it means here.
      INSERT INTO temp.places SELECT t.name,
          r.ordinal-(t.name IN ('workflow_coordination','workflows') AND g.row IS NOT NULL)*4611686018427387904,
          coalesce(g.run, 9223372036854775807), 0, r.row
        FROM main.v4_rows r NOT INDEXED JOIN main.v4_tables t USING(table_no)
          LEFT JOIN main.v4_gone g ON g.row=r.row
        WHERE r.parent IS NULL AND t.source=\(Self.quoted(source))
          AND r.row NOT IN (SELECT row FROM temp.outdated);
      INSERT INTO temp.places SELECT v4_table,
          ordinal-(v4_table IN ('workflow_coordination','workflows')
            AND gone_by IS NOT NULL AND ordinal>0)*4611686018427387904,
          coalesce(gone_by, 9223372036854775807), 1, number
        FROM main.rejects WHERE parent IS NULL AND \(RejectStatus.stands) AND source=\(Self.quoted(source));
      CREATE INDEX temp.places_in_order ON places(table_name, ordinal, gone_by, kind, number);
      """, name: "places.collect")
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
  }

  /// The tables in the order in which they first came; those that only stand in configurations are not
  /// tables of the bundle.
  private func tables() throws -> [String] {
    try connection.all(
      Query(
        "v4_tables.to_export",
        """
        SELECT name FROM v4_tables t WHERE source=?1
          AND (EXISTS(SELECT 1 FROM temp.places p WHERE p.table_name=t.name)
            OR name NOT IN ('\(AgentConfiguration.taskTable)','\(AgentConfiguration.workflowTable)')
            OR NOT EXISTS(SELECT 1 FROM v4_tables l WHERE l.source=?1 AND l.name='\(AgentConfiguration.table)'))
        ORDER BY table_no
        """), .text(source), map: { $0.text(0) })
  }

  private static let places = Query(
    "places.of_table",
    """
    SELECT ordinal, kind, number FROM temp.places WHERE table_name=?1
    ORDER BY ordinal, gone_by, kind, number
    """)

  private static let countPlaces = Query(
    "places.count", "SELECT count(*) FROM temp.places WHERE table_name=?1")

  /// Writes a table with its rows behind `lead`; false where it is an added one without any.
  private mutating func write(
    _ table: String, after lead: [UInt8], _ wayBack: WayBack?, isAdded: Bool
  ) throws -> Bool {
    let writer = RowWriter(connection: connection, output: output)
    let shape = try wayBack?.shape(of: table, writer.newest(of: table))
    var count = 0
    var lead = lead
    /// Begins a row: what stands before it.
    func begin(isArray: Bool = true) throws {
      if count > 0 {
        try output.append { $0.append(0x2c) }
      } else {
        if isArray { lead.append(0x5b) }
        try output.append { $0.append(contentsOf: lead) }
      }
      count += 1
    }
    // A member of the bundle that was no table stands under its name as it is, where it stands alone.
    var isMember = false
    let places = try connection.integer(Self.countPlaces, .text(table)) ?? 0
    try connection.each(Self.places, .text(table)) { place in
      isMember = place.int(0) == 0 && places == 1 && wayBack == nil
      if place.int(1) == 1 {
        try begin(isArray: !isMember)
        return try writer.reject(place.int64(2))
      }
      guard let wayBack, let shape else {
        try begin()
        return try writer.row(place.int64(2))
      }
      switch try wayBack.changed.outcome(of: place.int64(2), in: shape) {
      case .leftOut: return
      case .asIs:
        try begin()
        try writer.row(place.int64(2))
      case .changed(let bytes):
        try begin()
        try output.append { $0.append(contentsOf: bytes) }
      }
    }
    if let wayBack, let shape {
      try wayBack.new.write(shape) { bytes in
        try begin()
        try output.append { $0.append(contentsOf: bytes) }
      }
    }
    rows += count
    guard count > 0 || !isAdded else { return false }
    if count == 0 { try output.append { $0.append(contentsOf: lead + [0x5b]) } }
    if !isMember { try output.append { $0.append(0x5d) } }
    return true
  }
}

/// What an export needs to tell v4 what is new on v5.
private struct WayBack {
  let changed: ChangedRows
  let new: NewRows
  /// The tables that the source lacks and that may get rows.
  let addedTables: [String]

  init(_ connection: Connection, source: String, tables: [String]) throws {
    let history = try RunHistory(connection, source: source)
    let references = try ReferenceResolver(
      connection: connection, source: source, policy: history.orphans, aliases: history.aliases,
      run: 0,
      isExpecting: true)
    let context = LoadContext(
      storedRowsOf: source, run: 0, references: references, in: connection)
    let fields = V4Fields(names: V4Names(connection, source: source, references))
    new = NewRows(context, fields, tables: tables)
    changed = ChangedRows(context, fields)
    addedTables = new.targets.filter { !tables.contains($0) }
  }

  /// The shape of a table.
  func shape(
    of table: String, _ rows: ((Span<UInt8>, [String]?) throws -> Void) throws -> Void
  ) throws -> V4Shape {
    try V4Shape(table, rows: rows)
  }
}

/// Writes rows as they came: objects byte for byte, arrays as objects of their columns.
private final class RowWriter {
  private let connection: Connection
  private let output: OutputFile
  private let row = V4Row()
  private var shapes: [Int64: [String]] = [:]

  init(connection: Connection, output: OutputFile) {
    self.connection = connection
    self.output = output
  }

  private static let selectRow = Query(
    "v4_rows.to_export", "SELECT text, shape FROM v4_rows WHERE row=?1")
  private static let selectReject = Query(
    "rejects.to_export", "SELECT row, row_blob, shape FROM rejects WHERE number=?1")
  private static let selectShape = Query(
    "v4_shapes.to_export", "SELECT columns FROM v4_shapes WHERE shape=?1")
  private static let selectChunks = Query(
    "reject_chunks.to_export", "SELECT bytes FROM reject_chunks WHERE number=?1 ORDER BY chunk")

  private static let newest = Query(
    "places.newest",
    """
    SELECT number FROM temp.places WHERE table_name=?1 AND kind=0 ORDER BY ordinal DESC LIMIT ?2
    """)

  /// The newest rows of a table, to be given to whom they are lent to.
  func newest(
    of table: String
  ) -> ((Span<UInt8>, [String]?) throws -> Void) throws -> Void {
    { body in
      try self.connection.each(Self.newest, .text(table), .int(V4Shape.sampleSize)) { place in
        try self.connection.each(Self.selectRow, .integer(place.int64(0))) { result in
          let columns = try self.columns(result.optionalInt64(1))
          try result.withBytes(0) { try body($0, columns) }
        }
      }
    }
  }

  func row(_ number: Int64) throws {
    try connection.each(Self.selectRow, .integer(number)) { result in
      try write(result, 0, columns: try columns(result.optionalInt64(1)))
    }
  }

  func reject(_ number: Int64) throws {
    var isChunked = false
    try connection.each(Self.selectReject, .integer(number)) { result in
      isChunked = result.isNull(0) && result.isNull(1)
      guard !isChunked else { return }
      try write(
        result, result.isNull(0) ? 1 : 0, columns: try columns(result.optionalInt64(2)))
    }
    guard isChunked else { return }
    try connection.each(Self.selectChunks, .integer(number)) { chunk in
      try chunk.withBytes(0) { piece in try output.append { $0.append(copying: piece) } }
    }
  }

  func columns(_ shape: Int64?) throws -> [String]? {
    guard let shape else { return nil }
    if let known = shapes[shape] { return known }
    let text = try connection.first(Self.selectShape, .integer(shape), map: { $0.text(0) })
    let columns = try JSON.parse(text ?? "[]").elements?.compactMap(\.text) ?? []
    shapes[shape] = columns
    return columns
  }

  private func write(_ result: borrowing Row, _ column: Int32, columns: [String]?) throws {
    try result.withBytes(column) { text in
      var validator = JSONValidator()
      let isJSON: Bool
      switch validator.consume(text, from: 0) {
      case .complete(let end): isJSON = JSONSlices.skipSpace(text, end) == text.count
      case .incomplete: isJSON = validator.isCompleteAtEnd()
      case .malformed: isJSON = false
      }
      guard isJSON else {
        // A line that was no JSON cannot stand in a bundle but as a text.
        return try output.append { JSONText.quote(text, into: &$0) }
      }
      if let columns, (try? row.loadChecked(text, columns: columns)) != nil {
        return try output.append { row.appendObject(to: &$0) }
      }
      try output.append { $0.append(copying: text) }
    }
  }
}
