import AgoraStore

/// The staging file of exports: all their rows, taken apart and named, beside a store that may have
/// rows already.
final class ExportStaging {
  let connection: Connection
  /// The number of the run that the rows belong to.
  let run: Int64
  /// The file's record of itself, with the run's id and when it began.
  let record: StagingRecord
  /// Whether rows that an interrupted run had staged are used.
  var isResumed: Bool { record.mark.events > 0 }
  /// Bytes read, after unpacking.
  private(set) var bytes = 0
  private(set) var warnings: [String] = []
  private let options: MigrationOptions
  private let existing: Connection?
  private let progress: any ProgressObserver
  private let command: String
  private let numbers: Stager.Numbers
  private let isNew: Bool

  /// Opens the file that an interrupted run of the same command left, or makes a new one.
  ///
  /// - Parameter fresh: the record of a new file.
  init(
    _ options: MigrationOptions, path: String, existing: Connection?, fresh: StagingRecord,
    progress: any ProgressObserver
  ) throws {
    self.options = options
    self.existing = existing
    self.progress = progress
    numbers = try Self.firstNumbers(existing)
    run = numbers.run
    command = try Self.command(options, numbers, existing)
    if options.bootIdentity != nil,
      let (connection, record) = Self.resume(path, command, Self.loading(options))
    {
      if record.isWhole(in: connection) {
        (self.connection, self.record, isNew) = (connection, record, false)
        return
      }
      warnings.append(
        "what an interrupted run had staged is damaged and was discarded; this run began anew")
    } else if StagingRecord.holdsRows(path, besides: existing), !options.retriesRejects {
      warnings.append(
        "what an interrupted run of another command, or of other exports, had staged was discarded")
    }
    try StagingFile.remove(path)
    connection = try Connection(path: path, mode: .create)
    record = fresh
    isNew = true
    try Pragmas.staging.apply(to: connection)
    try SchemaUpgrade.apply(to: connection)
  }

  /// All that decides what a staging file has: what was asked, and the numbers that are free in the
  /// store, which every run changes.
  ///
  /// The machine's start counts too: the file is not synced before it is complete, so after a power
  /// cut its pages may be missing.
  private static func command(
    _ options: MigrationOptions, _ numbers: Stager.Numbers, _ existing: Connection?
  ) throws -> String {
    // Another store may have equal numbers; the id of its last run is its own.
    let last = try existing?.first(
      Query(
        "migration_runs.newest_id", "SELECT run_id FROM migration_runs ORDER BY run DESC LIMIT 1"),
      map: { $0.text(0) })
    return JSONWriter.compact(
      .object([
        .init("boot", .optional(options.bootIdentity)),
        .init("schema", .int(Int(SchemaUpgrade.newest))),
        .init("exports", .array(options.exports.map { .string($0) })),
        .init("source", .string(options.source)), .init("table", .optional(options.table)),
        .init("max_row_bytes", .int(options.maxRowBytes)), .init("numbers", numbers.json),
        .init("store", existing == nil ? .null : .string(last ?? "")),
      ]))
  }

  /// All that decides how staged rows are loaded.
  static func loading(_ options: MigrationOptions) -> String {
    JSONWriter.compact(.array([options.json, .bool(options.announces)]))
  }

  private static func resume(
    _ path: String, _ command: String, _ loading: String
  ) -> (Connection, StagingRecord)? {
    guard (try? File.status(path)) != nil,
      let connection = try? Connection(path: path, mode: .readWrite),
      (try? Pragmas.staging.apply(to: connection)) != nil,
      (try? SchemaUpgrade.inspect(connection)) == SchemaUpgrade.newest,
      let record = StagingRecord(in: connection, command: command, loading: loading)
    else { return nil }
    return (connection, record)
  }

  /// Reads all exports into the file.
  ///
  /// - Throws: ``StagedInputChanged`` when an interrupted run had staged other rows.
  func stage() throws -> Stager {
    let stager = Stager(
      connection, source: options.source, numbers: numbers, maxRejects: options.maxRejects,
      knownTables: try knownTables(), knownShapes: try knownShapes(), resuming: record.state)
    if isNew {
      try connection.transaction {
        try connection.execute("DROP INDEX main.v4_rows_by_id", name: "v4_rows.drop_index")
        try connection.execute(Stager.createDeletions, name: "source_deletions.create")
        try record.begin(in: connection, command: command, state: stager.state)
      }
    }
    try connection.execute("BEGIN IMMEDIATE", name: "begin")
    do {
      if options.retriesRejects {
        try readRejects(into: stager)
      } else {
        try readExports(stager)
      }
      try connection.execute("COMMIT", name: "commit")
    } catch {
      // Rows beyond the last checkpoint go, unless they are rejects that are still to be told of.
      let isToBeTold = (error as? AgoraError)?.code == .tooManyRejects
      if connection.isInTransaction {
        try? connection.execute(isToBeTold ? "COMMIT" : "ROLLBACK", name: "end")
      }
      throw error
    }
    guard !record.isLoaded else { return stager }
    try connection.execute(
      "CREATE INDEX IF NOT EXISTS main.v4_rows_by_id ON v4_rows(table_no, v4_id, epoch)",
      name: "v4_rows.index")
    try connection.execute(Stager.collectRemovals, name: "source_removals.collect")
    return stager
  }

  /// Numbers go on from those of the store, so that staged rows can be copied as they are.
  private static func firstNumbers(_ existing: Connection?) throws -> Stager.Numbers {
    func next(_ column: String, _ table: String) throws -> Int64 {
      let query = Query("\(table).last", "SELECT max(\(column)) FROM \(table)")
      return try (existing?.integer(query) ?? 0) + 1
    }
    return Stager.Numbers(
      run: try next("run", "migration_runs"), row: try next("row", "v4_rows"),
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
    for known in [existing, connection] {
      try known?.each(Query("v4_shapes.all", "SELECT columns, shape FROM v4_shapes")) { row in
        let columns = try JSON.parse(row.text(0)).elements?.compactMap(\.text) ?? []
        shapes[columns.map(\.exact)] = row.int64(1)
      }
    }
    return shapes
  }

  private func readRejects(into stager: Stager) throws {
    guard let existing else { return }
    try RejectSource(existing, source: options.source).read(into: stager, staging: connection)
  }

  private func readExports(_ stager: Stager) throws {
    let sink = CheckpointingSink(
      stager, resumingAt: isResumed ? record.mark : nil, interval: options.checkpointInterval,
      progress: progress
    ) { [connection] mark in
      try StagingRecord.save(mark, stager.state, in: connection)
      try connection.execute("COMMIT; BEGIN IMMEDIATE", name: "checkpoint")
    }
    let readerOptions = ExportReader.Options(table: options.table, maxRowBytes: options.maxRowBytes)
    var readers: [ExportReader] = []
    for path in options.exports {
      readers.append(try ExportReader(path: path, options: readerOptions, sink: sink))
    }
    let sizes = readers.map(\.input.size)
    progress.began(bytes: sizes.contains(nil) ? nil : sizes.reduce(0) { $0 + ($1 ?? 0) }) {
      readers.reduce(0) { $0 + $1.input.bytesRead }
    }
    for reader in readers {
      try sink.open(file: reader.input.path, format: reader.format)
      try reader.read()
      bytes += reader.input.window.offset
      if reader.format == .drawing {
        warnings.append(
          "\(reader.input.path) is a drawn table, which cannot tell all texts apart, nor whether Agora's own spacetime drew it; prefer JSON"
        )
      }
    }
    // The first of them may have changed while the last one was read.
    for reader in readers { try reader.input.checkUnchanged() }
    if options.table != nil, !readers.contains(where: \.usedTableName) {
      warnings.append("--table was not needed: the exports name their tables")
    }
    try sink.finish()
  }
}
