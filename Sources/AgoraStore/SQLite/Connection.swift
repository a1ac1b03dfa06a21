import CSQLite

/// One connection to a SQLite file with its cache of statements; used by one thread at a time.
package final class Connection {
  /// How a file is opened.
  package enum Mode: Sendable {
    case readOnly, readWrite, create
  }

  let handle: OpaquePointer
  /// The file's path as it was given.
  package let path: String
  /// How the file looked when it was opened as one that nobody writes; nil where it was not.
  private let stillness: StoreReach.Stillness?
  private var cache: [String: Statement] = [:]
  /// Done once, before the process's first connection; a refusal costs time and nothing else.
  private static let memoryAccount = csqlite_keep_no_memory_account()

  /// Opens a file.
  ///
  /// - Throws: ``SQLiteError`` when SQLite cannot open it.
  package init(path: String, mode: Mode) throws(SQLiteError) {
    var handle: OpaquePointer?
    _ = Self.memoryAccount
    let reach = mode == .create ? .usual : try StoreReach(path)
    let flags =
      switch reach == .usual ? mode : .readOnly {
      case .readOnly: SQLITE_OPEN_READONLY
      case .readWrite: SQLITE_OPEN_READWRITE
      case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
      }
    // One thread at a time uses a connection (the store's lock sees to it), so SQLite's own mutex
    // would only cost time: https://www.sqlite.org/threadsafe.html, multi-thread mode.
    let code = sqlite3_open_v2(
      reach.address(of: Self.plainPath(path)), &handle,
      flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | (reach.isURI ? SQLITE_OPEN_URI : 0), nil
    )
    guard code == SQLITE_OK, let handle else {
      let message =
        handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
      let number = handle.map { sqlite3_system_errno($0) } ?? 0
      sqlite3_close_v2(handle)
      throw SQLiteError(
        extendedCode: code, message: message, query: "open \(path)", systemNumber: number)
    }
    self.handle = handle
    self.path = path
    stillness = reach.stillness
  }

  /// Whether nothing can be written through this connection.
  package var isReadOnly: Bool { sqlite3_db_readonly(handle, "main") == 1 }

  /// Whether somebody has written a file that was opened as one that nobody writes.
  package var isOutdated: Bool { stillness.map { $0 != StoreReach.Stillness(path) } ?? false }

  /// Asks whether what was read is what stood in the file at one instant.
  ///
  /// - Throws: ``SQLiteError`` (`SQLITE_BUSY`) where somebody has written meanwhile, unseen.
  package func confirmReading() throws(SQLiteError) {
    guard isOutdated else { return }
    throw SQLiteError(
      extendedCode: SQLITE_BUSY, message: "the file was written while it was read",
      query: "read \(path)")
  }

  /// A path that SQLite takes for a file whatever it is called: names such as `:memory:` and `file:x`
  /// mean something else to it.
  package static func plainPath(_ path: String) -> String {
    path.hasPrefix("/") || path.hasPrefix("./") ? path : "./" + path
  }

  deinit {
    cache.removeAll()
    sqlite3_close_v2(handle)
  }

  func error(_ code: Int32, _ query: String) -> SQLiteError {
    SQLiteError(
      extendedCode: code, message: String(cString: sqlite3_errmsg(handle)), query: query,
      systemNumber: sqlite3_system_errno(handle))
  }

  /// How long a statement waits for another connection's lock, in milliseconds.
  package func setBusyTimeout(milliseconds: Int) {
    sqlite3_busy_timeout(handle, Int32(clamping: milliseconds))
  }

  /// Runs one or several statements that give no rows.
  package func execute(_ sql: String, name: String = "script") throws(SQLiteError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw error(code, name) }
  }

  /// The statement for a query: from the cache, or prepared and kept there.
  package func statement(_ query: Query) throws(SQLiteError) -> Statement {
    if let known = cache[query.sql], !known.inUse { return known }
    var prepared: OpaquePointer?
    let code = sqlite3_prepare_v3(
      handle, query.sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
    guard code == SQLITE_OK, let prepared else { throw error(code, query.name) }
    let statement = Statement(handle: prepared, query: query, connection: self)
    if cache[query.sql] == nil { cache[query.sql] = statement }
    return statement
  }

  /// Lets go of the statement that is kept for a query, for queries of which there is no end.
  package func forget(_ query: Query) { cache[query.sql] = nil }

  /// The names of a query's columns, also where it gives no row.
  package func columns(of query: Query) throws(SQLiteError) -> [String] {
    let statement = try statement(query)
    return (0..<sqlite3_column_count(statement.handle)).map { column in
      sqlite3_column_name(statement.handle, column).map { String(cString: $0) } ?? ""
    }
  }

  /// Runs a query for its effect and gives the number of rows it changed.
  @discardableResult
  package func run(_ query: Query, _ values: SQLValue...) throws(SQLiteError) -> Int {
    try each(query, values) { _ in }
    return Int(sqlite3_changes64(handle))
  }

  /// Lends each row of the result in turn.
  package func each(
    _ query: Query, _ values: SQLValue..., body: (borrowing Row) throws -> Void
  ) throws {
    let statement = try statement(query)
    statement.inUse = true
    defer { statement.reset() }
    for (position, value) in values.enumerated() {
      try statement.bind(value, at: Int32(position) + 1)
    }
    while try statement.step() { try body(Row(handle: statement.handle)) }
  }

  /// The form of ``each(_:_:body:)-variadic`` that throws SQLite's errors only.
  private func each(
    _ query: Query, _ values: [SQLValue], body: (borrowing Row) -> Void
  ) throws(SQLiteError) {
    let statement = try statement(query)
    statement.inUse = true
    defer { statement.reset() }
    for (position, value) in values.enumerated() {
      try statement.bind(value, at: Int32(position) + 1)
    }
    while try statement.step() { body(Row(handle: statement.handle)) }
  }

  /// The first row, mapped; nil when there is none.
  package func first<Result>(
    _ query: Query, _ values: SQLValue..., map: (borrowing Row) -> Result
  ) throws(SQLiteError) -> Result? {
    let statement = try statement(query)
    statement.inUse = true
    defer { statement.reset() }
    for (position, value) in values.enumerated() {
      try statement.bind(value, at: Int32(position) + 1)
    }
    return try statement.step() ? map(Row(handle: statement.handle)) : nil
  }

  /// The first column of the first row as an integer; nil when there is no row or it is NULL.
  package func integer(_ query: Query, _ values: SQLValue...) throws(SQLiteError) -> Int64? {
    var result: Int64?
    try each(query, values) { row in if result == nil { result = row.optionalInt64(0) } }
    return result
  }

  /// All rows, mapped; for results that are known to be small.
  package func all<Result>(
    _ query: Query, _ values: SQLValue..., map: (borrowing Row) -> Result
  ) throws(SQLiteError) -> [Result] {
    var results: [Result] = []
    try each(query, values) { results.append(map($0)) }
    return results
  }

  /// The queries that have been prepared on this connection and are kept.
  package var preparedQueries: [Query] { cache.values.map(\.query) }
  /// The row number of the last insert.
  package var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }
  /// Whether a transaction is open.
  package var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// 16 MiB of a store.
  private static let pagesAStep: Int32 = 1024

  /// Copies the whole database into another connection's, page by page and as one snapshot
  /// (https://www.sqlite.org/backup.html), until the process is to stop.
  package func backup(to target: Connection) throws(SQLiteError) {
    // An open transaction keeps the snapshot from one step to the next.
    let isOurs = !isInTransaction
    if isOurs {
      try execute("BEGIN; SELECT count(*) FROM sqlite_master", name: "backup")
    }
    defer { if isOurs { try? execute("END", name: "backup") } }
    guard let backup = sqlite3_backup_init(target.handle, "main", handle, "main") else {
      throw target.error(sqlite3_extended_errcode(target.handle), "backup")
    }
    var code = SQLITE_OK
    while code == SQLITE_OK, !System.isInterrupted {
      code = sqlite3_backup_step(backup, Self.pagesAStep)
    }
    let finished = sqlite3_backup_finish(backup)
    guard code == SQLITE_DONE, finished == SQLITE_OK else {
      guard code != SQLITE_OK else {
        throw SQLiteError(
          extendedCode: SQLITE_INTERRUPT, message: "interrupted", query: "backup")
      }
      throw target.error(code == SQLITE_DONE ? finished : code, "backup")
    }
    try confirmReading()
  }
}
