import AgoraStore

/// The staging file of exports: all their rows, taken apart and named, beside a store that may have
/// rows already.
final class ExportStaging {
  let connection: Connection
  /// The number of the run that the rows belong to.
  let run: Int64
  /// Bytes read, after unpacking.
  private(set) var bytes = 0
  private(set) var warnings: [String] = []
  private let options: MigrationOptions
  private let existing: Connection?
  private let progress: any ProgressObserver

  /// Makes the file, which must not be there.
  init(
    _ options: MigrationOptions, path: String, existing: Connection?,
    progress: any ProgressObserver
  ) throws {
    self.options = options
    self.existing = existing
    self.progress = progress
    connection = try Connection(path: path, mode: .create)
    try Pragmas.staging.apply(to: connection)
    try SchemaUpgrade.apply(to: connection)
    let last = Query("migration_runs.last", "SELECT max(run) FROM migration_runs")
    run = (try existing?.integer(last) ?? 0) + 1
  }

  /// Reads all exports into the file.
  func stage() throws -> Stager {
    try connection.execute("DROP INDEX main.v4_rows_by_id", name: "v4_rows.drop_index")
    try connection.execute(Stager.createDeletions, name: "source_deletions.create")
    let stager = Stager(
      connection, source: options.source, numbers: try firstNumbers(),
      maxRejects: options.maxRejects, knownTables: try knownTables(),
      knownShapes: try knownShapes(), progress: progress)
    try connection.transaction(.immediate) { try readExports(stager) }
    try connection.execute(
      "CREATE INDEX main.v4_rows_by_id ON v4_rows(table_no, v4_id, epoch)", name: "v4_rows.index")
    try connection.execute(Stager.forgiveDeletions, name: "source_deletions.forgive")
    return stager
  }

  /// Numbers go on from those of the store, so that staged rows can be copied as they are.
  private func firstNumbers() throws -> Stager.Numbers {
    func next(_ column: String, _ table: String) throws -> Int64 {
      let query = Query("\(table).last", "SELECT max(\(column)) FROM \(table)")
      return try (existing?.integer(query) ?? 0) + 1
    }
    return Stager.Numbers(
      run: run, row: try next("row", "v4_rows"),
      reject: try next("number", "rejects"), file: try next("file", "v4_files"),
      shape: try next("shape", "v4_shapes"), table: try next("table_no", "v4_tables"))
  }

  private func knownTables() throws -> [[UInt8]: Int64] {
    var tables: [[UInt8]: Int64] = [:]
    let query = Query(
      "v4_tables.of_source", "SELECT name, table_no FROM v4_tables WHERE source=?1")
    try existing?.each(query, .text(options.source)) { tables[$0.bytes(0)] = $0.int64(1) }
    return tables
  }

  private func knownShapes() throws -> [[[UInt8]]: Int64] {
    var shapes: [[[UInt8]]: Int64] = [:]
    try existing?.each(Query("v4_shapes.all", "SELECT columns, shape FROM v4_shapes")) { row in
      let columns = try JSON.parse(row.text(0)).elements?.compactMap(\.text) ?? []
      shapes[columns.map(\.exact)] = row.int64(1)
    }
    return shapes
  }

  private func readExports(_ stager: Stager) throws {
    if options.retriesRejects {
      guard let existing else { return }
      return try RejectSource(existing, source: options.source).read(
        into: stager, staging: connection)
    }
    let readerOptions = ExportReader.Options(table: options.table, maxRowBytes: options.maxRowBytes)
    var readers: [ExportReader] = []
    for path in options.exports {
      readers.append(try ExportReader(path: path, options: readerOptions, sink: stager))
    }
    let sizes = readers.map(\.input.size)
    progress.began(bytes: sizes.contains(nil) ? nil : sizes.reduce(0) { $0 + ($1 ?? 0) }) {
      readers.reduce(0) { $0 + $1.input.bytesRead }
    }
    for reader in readers {
      try stager.open(file: reader.input.path, format: reader.format)
      try reader.read()
      bytes += reader.input.window.offset
      if reader.format == .drawing {
        warnings.append(
          "\(reader.input.path) is a drawn table, which cannot tell all texts apart; prefer JSON")
      }
    }
    // The first of them may have changed while the last one was read.
    for reader in readers { try reader.input.checkUnchanged() }
    if options.table != nil, !readers.contains(where: \.usedTableName) {
      warnings.append("--table was not needed: the exports name their tables")
    }
  }
}
