import AgoraStore

/// One staged row, without its text.
struct StagedRow {
  let row: Int64
  let v4ID: String
  let epoch: Int
  let v5ID: [UInt8]
  let file: Int64
  let offset: Int64
  let ordinal: Int64
  let shape: Int64?
  let parent: Int64?

  /// The v5 id as a text.
  var v5IDText: String { String(decoding: v5ID, as: UTF8.self) }
}

/// What the parts of a load share: the store's connection, the staged rows beside it, and the book.
///
/// A new store is filled where it is staged: then `stage` is the main database itself, and a row that
/// was staged need not be copied.
final class LoadContext {
  let connection: Connection
  /// The schema that the staged rows lie in, `main` or `stage`.
  let stage: String
  let source: String
  let run: Int64
  let tables: [StagedTable]
  let references: ReferenceResolver
  private var expectingReferences: ReferenceResolver?
  let rejects: RejectLog
  let progress: any ProgressObserver
  /// The steps that stand in the workflows, by their ids.
  let steps: StepElements
  var ledger: Ledger
  /// Rows whose v4 id had another row before.
  var epochs = 0
  /// Rows that both sides changed.
  var conflicts = 0
  /// Rows that v4 has no more.
  var deletedInSource = 0
  /// What `--alias` said in earlier runs.
  var formerAliases: [String: String] = [:]
  /// Whether references to nothing were left empty, now or before.
  var hasKeptReferences = false
  private var shapes: [Int64: [String]] = [:]
  private var files: [Int64: String] = [:]
  private var loadedRows = 0
  private let readRows: Int
  /// Whether the store had rows before this run.
  let hasStoredRows: Bool
  /// Whether a stored row that is damaged is passed over as if it were not there; it stops an import.
  var listsDamage = false
  /// Whether the stored rows stand where the newest export has them (``KnownPlaces``).
  var isFollowing = false
  /// Whether the staged rows are rejects of the store that are tried once more.
  var isRetrying = false
  /// Whether what v4 has no more goes.
  var appliesDeletes = false
  /// Whether stored rows take the words of the newest export that says the same (``Respellings``).
  var takesSpellings = false
  /// Whether newer texts of stored rows are still to be loaded.
  var hasPendingRows = false
  /// Workflows whose rows are gone, until it is known what still refers to them.
  var leaving: [GoneRow] = []
  /// Whether rows of the export have further texts (``RepeatedTexts``).
  var hasRepeatedTexts = false
  /// Whether the rejects that stand in configurations are known (``ConfigurationContents``).
  var hasCollectedContents = false
  /// Stored rows whose newer texts were rejected, until `takeRefused`.
  var refused: [Int64] = []
  private var held: [Int64] = []

  init(
    connection: Connection, stage: String, source: String, run: Int64, tables: [StagedTable],
    references: ReferenceResolver, rejects: RejectLog, ledger: Ledger,
    progress: any ProgressObserver
  ) {
    hasStoredRows = stage != "main"
    self.connection = connection
    self.stage = stage
    self.source = source
    self.run = run
    self.tables = tables
    self.references = references
    self.rejects = rejects
    self.ledger = ledger
    readRows = ledger.totals.read
    self.progress = progress
    steps = StepElements(connection)
  }

  /// Works on the rows that the store has, with no others staged beside them.
  init(
    storedRowsOf source: String, run: Int64, references: ReferenceResolver,
    in connection: Connection
  ) {
    hasStoredRows = true
    self.connection = connection
    stage = "main"
    self.source = source
    self.run = run
    tables = []
    self.references = references
    rejects = RejectLog(connection, run: run, source: source, first: 0, limit: nil)
    ledger = Ledger()
    readRows = 0
    progress = NoProgress()
    steps = StepElements(connection)
  }

  private static let selectShape = "SELECT columns FROM %.v4_shapes WHERE shape=?1"
  private static let selectFile = "SELECT path FROM %.v4_files WHERE file=?1"

  /// A query on the staged tables.
  func staged(_ name: String, _ sql: String) -> Query {
    // No `replacing` from Foundation: it would draw in four times the binary.
    Query(
      name, sql.split(separator: "%", omittingEmptySubsequences: false).joined(separator: stage))
  }

  /// The columns of an array row's shape.
  func columns(_ shape: Int64?) throws -> [String]? {
    guard let shape else { return nil }
    if let known = shapes[shape] { return known }
    for query in [
      staged("v4_shapes.staged", Self.selectShape),
      Query("v4_shapes.stored", "SELECT columns FROM main.v4_shapes WHERE shape=?1"),
    ] {
      guard let text = try connection.first(query, .integer(shape), map: { $0.text(0) }) else {
        continue
      }
      let columns = try JSON.parse(text).elements?.compactMap(\.text) ?? []
      shapes[shape] = columns
      return columns
    }
    throw AgoraError(.damagedStore, "the columns of shape \(shape) are gone")
  }

  /// Looks up references and makes nothing, for rows of which it is not sure that they will count.
  func expectedReferences() throws -> ReferenceResolver {
    if let known = expectingReferences { return known }
    let made = try references.expecting()
    expectingReferences = made
    return made
  }

  /// The path of a staged file.
  func path(_ file: Int64) throws -> String {
    if let known = files[file] { return known }
    let path =
      try connection.first(
        staged("v4_files.staged", Self.selectFile), .integer(file), map: { $0.text(0) }) ?? ""
    files[file] = path
    return path
  }

  /// Gives each staged row of a table in turn, taken apart in the table's mapper.
  ///
  /// A row that `body` rejects goes to the rejects and out of the staged rows; where the export had said
  /// something else of it before, that is given next.
  func scan(_ table: StagedTable, _ body: (StagedRow) throws -> Void) throws {
    guard let rows = table.rows else { return }
    let query = staged(
      "v4_rows.scan",
      """
      SELECT row, v4_id, epoch, v5_id, file, byte_offset, ordinal, shape, parent, text
      FROM %.v4_rows NOT INDEXED WHERE row BETWEEN ?1 AND ?2 AND table_no=?3 ORDER BY row
      """)
    try connection.each(
      query, .integer(rows.lowerBound), .integer(rows.upperBound), .integer(table.number)
    ) { result in
      let row = Self.stagedRow(result)
      do {
        let columns = try columns(row.shape)
        try result.withBytes(9) { try table.mapper.reload($0, columns: columns) }
        try body(row)
      } catch let rejection as Rejection {
        try reject(row, table, rejection, tryingEarlier: body)
      }
      try countLoaded()
    }
  }

  /// Takes one staged row into the hand of its table's mapper.
  func take(_ staged: Int64, _ table: StagedTable, _ body: (StagedRow) throws -> Void) throws {
    var found: StagedRow?
    let query = self.staged(
      "v4_rows.take",
      """
      SELECT row, v4_id, epoch, v5_id, file, byte_offset, ordinal, shape, parent, text
      FROM %.v4_rows WHERE row=?1
      """)
    try connection.each(query, .integer(staged)) { result in
      found = Self.stagedRow(result)
      let columns = try columns(result.optionalInt64(7))
      try result.withBytes(9) { try table.mapper.reload($0, columns: columns) }
    }
    if let found { try body(found) }
  }

  static func stagedRow(_ result: borrowing Row) -> StagedRow {
    StagedRow(
      row: result.int64(0), v4ID: result.text(1), epoch: result.int(2), v5ID: result.bytes(3),
      file: result.int64(4), offset: result.int64(5), ordinal: result.int64(6),
      shape: result.optionalInt64(7), parent: result.optionalInt64(8))
  }

  private func countLoaded() throws {
    loadedRows += 1
    if loadedRows & 4095 == 0 {
      try progress.loading(rows: loadedRows, of: readRows)
    }
  }

  private func reject(
    _ row: StagedRow, _ table: StagedTable, _ rejection: Rejection,
    tryingEarlier body: (StagedRow) throws -> Void
  ) throws {
    var next = try reject(row, table, rejection)
    while let earlier = next {
      do {
        return try body(earlier)
      } catch let rejection as Rejection {
        next = try reject(earlier, table, rejection)
      }
    }
  }

  /// Puts the text that the table's mapper has in hand among the rejects.
  ///
  /// - Returns: the row as the export said it before, which is in hand now; nil where there is no such
  ///   text, and the row is done with.
  @discardableResult
  func reject(
    _ row: StagedRow, _ table: StagedTable, _ rejection: Rejection
  ) throws -> StagedRow? {
    ledger[table.name].rejected += 1
    let repeats = RepeatedTexts(self)
    let place = try repeats.place(of: row)
    let text = table.mapper.row.text
    try rejects.add(
      text.span,
      at: RejectLog.Place(
        table: table.name, v4ID: row.v4ID, file: try path(place.file), offset: place.offset,
        ordinal: place.ordinal, shape: row.shape, parent: row.parent), rejection)
    switch try repeats.dropLast(of: row, table) {
    case .row(let earlier):
      ledger[table.name].updated -= 1
      return earlier
    case .stored(let texts):
      ledger[table.name].updated -= texts
      ledger[table.name].unchanged += texts
      if let stored = try replaced(by: row) { held.append(stored) }
      try connection.run(Self.dropReplacement, .integer(row.row))
    case .nothing:
      try dropContents(of: row, table)
      if let stored = try replaced(by: row) {
        refused.append(stored)
      } else if row.epoch > 0, table.kind != .configuration, !RowIdentity.isContentHash(row.v4ID) {
        // It was counted as a further row of its id.
        epochs -= 1
      }
    }
    try drop(row.row)
    return nil
  }

  private static let dropReplacement = Query(
    "replacements.drop", "DELETE FROM temp.replacements WHERE row=?1")

  /// The stored rows whose newer texts were rejected, which are forgotten here: `gone` where the export
  /// says nothing else of them, `held` where it also says just what the store has.
  func takeRefused() -> (gone: [Int64], held: [Int64]) {
    defer {
      refused.removeAll()
      held.removeAll()
    }
    return (refused, held)
  }

  private static let unsee = Query("seen.drop", "DELETE FROM temp.seen WHERE main_row=?1")
  private static let gone = Query(
    "v4_gone.has", "SELECT EXISTS(SELECT 1 FROM main.v4_gone WHERE row=?1)")

  /// Takes a stored row out of those that the export has too; 1 where it was one of them, else 0.
  @discardableResult
  func unsee(_ stored: Int64) throws -> Int {
    try connection.run(Self.unsee, .integer(stored))
  }

  /// Whether v4 has a stored row no more as it is.
  func isGone(_ stored: Int64) throws -> Bool {
    try connection.integer(Self.gone, .integer(stored)) == 1
  }

  /// Takes a row out of the staged ones.
  func drop(_ row: Int64) throws {
    try connection.run(
      staged("v4_rows.drop", "DELETE FROM %.v4_rows WHERE row=?1"), .integer(row))
  }

  private static let replacement = Query(
    "replacements.find", "SELECT main_row FROM temp.replacements WHERE row=?1")

  private static let pending = Query(
    "replacements.pending", "SELECT EXISTS(SELECT 1 FROM temp.replacements WHERE main_row=?1)")

  /// Whether a newer text of a stored row is still to be loaded, which decides what becomes of it.
  func isPending(_ stored: Int64) throws -> Bool {
    guard hasPendingRows else { return false }
    return try connection.integer(Self.pending, .integer(stored)) == 1
  }

  /// The stored row that a staged one is a newer text of; nil for a new row.
  func replaced(by row: StagedRow) throws -> Int64? {
    guard hasStoredRows else { return nil }
    return try connection.integer(Self.replacement, .integer(row.row))
  }

  /// The v5 id of the agent whose configuration a row stands in.
  func owner(of row: StagedRow) throws -> [UInt8]? { try owner(inside: row.parent) }

  /// The v5 id of the agent whose configuration is a row; nil for no row.
  func owner(inside parent: Int64?) throws -> [UInt8]? {
    guard let parent else { return nil }
    return try connection.first(
      staged("v4_rows.owner", "SELECT v5_id FROM %.v4_rows WHERE row=?1"), .integer(parent),
      map: { $0.bytes(0) })
      ?? connection.first(
        Query("v4_rows.stored_owner", "SELECT v5_id FROM main.v4_rows WHERE row=?1"),
        .integer(parent), map: { $0.bytes(0) })
  }

  private static let adopt = Query(
    "v4_rows.adopt",
    """
    UPDATE main.v4_rows SET (file, byte_offset, ordinal, shape, text) =
      (SELECT file, byte_offset, ordinal, shape, text FROM stage.v4_rows WHERE row=?1)
    WHERE row=?2
    """)

  /// Gives a stored row the text and place of a staged one, which is then done with.
  func adopt(_ row: StagedRow, into stored: Int64) throws {
    try connection.run(Self.adopt, .integer(row.row), .integer(stored))
    try connection.run(Conflict.forget, .integer(stored))
    try drop(row.row)
  }

  /// Copies a table's staged rows, those that are left, into the store.
  func keepRows(of table: StagedTable) throws {
    guard hasStoredRows else { return }
    try connection.run(
      Query(
        "v4_rows.keep", "INSERT INTO main.v4_rows SELECT * FROM stage.v4_rows WHERE table_no=?1"),
      .integer(table.number))
  }

  /// Lists a row that v4 and v5 both changed; v5's record stands.
  func conflict(_ row: StagedRow, _ table: StagedTable, stored: Int64) throws {
    conflicts += 1
    try Conflict.list(
      Conflict.Entry(
        run: run, table: table.name, v4ID: row.v4ID,
        v5ID: row.v5IDText, row: stored, shape: row.shape,
        text: String(decoding: table.mapper.row.text, as: UTF8.self)), in: connection)
  }
}
