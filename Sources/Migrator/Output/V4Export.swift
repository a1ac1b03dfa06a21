public import AgoraStore

/// Gives back the v4 bundle of a source: the same tables, rows in order, keys, values, number spelling
/// and string content as were imported, rejected rows included.
public struct V4Export {
  private let connection: Connection
  private let source: String
  private let output: OutputFile
  private var rows = 0

  /// Writes the bundle to a file.
  ///
  /// - Parameters:
  ///   - source: the v4 deployment; nil for the only one there is.
  ///   - path: the file; `/dev/stdout` for standard output.
  /// - Returns: the number of rows.
  /// - Throws: ``AgoraError`` `misuse` where the store has several sources and none was named,
  ///   `not_found` where it has none of that name.
  public static func write(_ store: Store, source: String?, to path: String) throws -> Int {
    try store.refuseOverwriting(path)
    return try store.withSnapshot { connection in
      let output = try OutputFile(path)
      var export = V4Export(
        connection: connection, source: try Self.source(source, connection, store.path),
        output: output)
      try export.write()
      try output.finish()
      return export.rows
    }
  }

  private init(connection: Connection, source: String, output: OutputFile) {
    self.connection = connection
    self.source = source
    self.output = output
  }

  private static func source(
    _ wanted: String?, _ connection: Connection, _ path: String
  ) throws -> String {
    let known = try connection.all(
      Query("migration_runs.sources", "SELECT DISTINCT source FROM migration_runs ORDER BY run"),
      map: { $0.text(0) })
    if let wanted {
      guard known.contains(where: { $0.exact == wanted.exact }) else {
        throw AgoraError(
          .notFound, "nothing was imported from \"\(wanted)\"", file: path,
          remedy: "There is: \(known.joined(separator: ", ")).")
      }
      return wanted
    }
    guard known.count <= 1 else {
      throw AgoraError(
        .misuse, "the store holds several v4 deployments: \(known.joined(separator: ", "))",
        remedy: "Say which with --source.")
    }
    return known.first ?? MigrationOptions(exports: []).source
  }

  private struct Table {
    let number: Int64?
    let name: String
  }

  private mutating func write() throws {
    try collectPlaces()
    try output.append { $0.append(0x7b) }
    var isFirst = true
    for table in try tables() {
      try output.append { bytes in
        if !isFirst { bytes.append(0x2c) }
        JSONText.quote(table.name, into: &bytes)
        bytes.append(0x3a)
      }
      isFirst = false
      try write(table)
    }
    try output.append { $0.append(contentsOf: [0x7d, 0x0a]) }
    try connection.execute("DROP TABLE temp.places", name: "places.drop")
  }

  /// One pass over the rows says where each stands; each is read again when its turn comes.
  private func collectPlaces() throws {
    try connection.execute(
      """
      CREATE TEMP TABLE places(table_name TEXT, ordinal INTEGER, kind INTEGER, number INTEGER);
      INSERT INTO temp.places SELECT t.name, r.ordinal, 0, r.row
        FROM main.v4_rows r NOT INDEXED JOIN main.v4_tables t USING(table_no)
        WHERE r.parent IS NULL AND t.source=\(Self.quoted(source));
      INSERT INTO temp.places SELECT v4_table, ordinal, 1, number FROM main.rejects
        WHERE parent IS NULL AND status<>'retried' AND source=\(Self.quoted(source));
      CREATE INDEX temp.places_in_order ON places(table_name, ordinal, kind, number);
      """, name: "places.collect")
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
  }

  /// The tables in the order in which they first came; those that only stand in configurations are not
  /// tables of the bundle.
  private func tables() throws -> [Table] {
    try connection.all(
      Query(
        "v4_tables.to_export",
        """
        SELECT table_no, name FROM v4_tables t WHERE source=?1
          AND (EXISTS(SELECT 1 FROM temp.places p WHERE p.table_name=t.name)
            OR NOT EXISTS(SELECT 1 FROM v4_rows r WHERE r.parent IS NOT NULL AND r.table_no=t.table_no))
        ORDER BY table_no
        """), .text(source), map: { Table(number: $0.int64(0), name: $0.text(1)) })
  }

  private static let places = Query(
    "places.of_table",
    "SELECT ordinal, kind, number FROM temp.places WHERE table_name=?1 ORDER BY ordinal, kind, number"
  )

  private mutating func write(_ table: Table) throws {
    var count = 0
    var isMember = false
    let writer = RowWriter(connection: connection, output: output)
    try connection.each(Self.places, .text(table.name)) { place in
      // A member of the bundle that was no table stands under its name as it is.
      isMember = place.int(0) == 0
      if !isMember {
        let opening: UInt8 = count == 0 ? 0x5b : 0x2c
        try output.append { $0.append(opening) }
      }
      count += 1
      if place.int(1) == 0 {
        try writer.row(place.int64(2))
      } else {
        try writer.reject(place.int64(2))
      }
    }
    rows += count
    if count == 0 { try output.append { $0.append(0x5b) } }
    if !isMember { try output.append { $0.append(0x5d) } }
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

  private func columns(_ shape: Int64?) throws -> [String]? {
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
