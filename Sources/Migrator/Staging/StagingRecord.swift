import AgoraStore

/// What a staging file says about itself: which command it belongs to and how far it has come.
///
/// It lies in the file, and changes in the same transaction as the rows that it covers.
struct StagingRecord {
  /// The id that the run has from its first attempt on.
  let runID: String
  /// When the first attempt began.
  let startedAt: Timestamp
  /// How far the exports were read.
  private(set) var mark = ReadingMark()
  /// Where the stager stood then.
  private(set) var state: Stager.State?
  /// Whether the file is the whole store but for its name.
  private(set) var isLoaded = false
  /// What v4's rows were when the file had become that.
  private var seal: StagedMarks?

  private static let create = """
    CREATE TABLE staging(
      command TEXT NOT NULL, run_id TEXT NOT NULL, started_at INTEGER NOT NULL,
      mark TEXT NOT NULL, state TEXT NOT NULL, loaded TEXT, seal TEXT)
    """
  /// Takes the record out of a file that becomes a store.
  static let drop = "DROP TABLE main.staging"
  private static let insert = Query(
    "staging.insert", "INSERT INTO main.staging VALUES(?1,?2,?3,?4,?5,NULL,NULL)")
  private static let update = Query("staging.update", "UPDATE main.staging SET mark=?1, state=?2")
  private static let select = Query(
    "staging.select",
    "SELECT run_id, started_at, mark, state, loaded, seal FROM main.staging WHERE command=?1")

  init(runID: String, startedAt: Timestamp) {
    self.runID = runID
    self.startedAt = startedAt
  }

  /// Reads the record of a file that an interrupted run left; nil when nothing can be gone on with.
  ///
  /// A file of another command, of other exports or of a store that has changed since is of no use.
  ///
  /// - Parameters:
  ///   - loading: how the staged rows are to be loaded; rows that were loaded in another way are of no use.
  init?(in connection: Connection, command: String, loading: String) {
    guard
      case let found?? = try? connection.first(
        Self.select, .text(command),
        map: {
          ($0.text(0), $0.int64(1), $0.text(2), $0.text(3), $0.optionalText(4), $0.optionalText(5))
        }),
      let mark = (try? JSON.parse(found.2)).flatMap(ReadingMark.init),
      let state = (try? JSON.parse(found.3)).flatMap(Stager.State.init),
      found.4 == nil || found.4 == loading
    else { return nil }
    runID = found.0
    startedAt = Timestamp(microseconds: found.1)
    self.mark = mark
    self.state = state
    isLoaded = found.4 != nil
    seal = found.5.flatMap { try? JSON.parse($0) }.flatMap(StagedMarks.init)
  }

  /// Whether the file has what was written to it: a byte that the disk has changed must not get into the
  /// store.
  func isWhole(in connection: Connection) -> Bool {
    guard let state, mark.events > 0 else { return true }
    do {
      guard try connection.first(Self.quickCheck, map: { $0.text(0) }) == "ok" else { return false }
      let found = try StagedMarks(reading: connection)
      return try isLoaded ? found == seal && Self.isSealed(connection) : found == state.marks
    } catch {
      return false
    }
  }

  private static let quickCheck = Query("staging.quick_check", "PRAGMA quick_check(1)")

  /// Whether the records of a file that is loaded are what their hashes say.
  private static func isSealed(_ connection: Connection) throws -> Bool {
    var isSealed = true
    for table in RecordTable.all where isSealed {
      let columns = table.columns.joined(separator: ", ")
      var record = Record()
      try connection.each(
        Query("staging.\(table.name)", "SELECT \(columns) FROM main.\(table.name)")
      ) { row in
        guard isSealed else { return }
        record.reset()
        for column in table.columns.indices { row.append(Int32(column), to: &record) }
        // A stub has no hash.
        if record.fields.last != .null, !table.isAsImported(record) { isSealed = false }
      }
    }
    return isSealed
  }

  private static let staged = Query("staging.any", "SELECT mark, run_id FROM main.staging")
  private static let isDone = Query(
    "migration_runs.has", "SELECT EXISTS(SELECT 1 FROM migration_runs WHERE run_id=?1)")

  /// Whether a file that cannot be gone on with has rows of an interrupted run; one that was killed before
  /// its first checkpoint has none, and nobody need hear of it.
  ///
  /// - Parameter store: the store that the file lies beside: a run that is in it was killed when all was done.
  static func holdsRows(_ path: String, besides store: Connection?) -> Bool {
    guard (try? File.status(path)) != nil,
      let connection = try? Connection(path: path, mode: .readWrite),
      case let found?? = try? connection.first(staged, map: { ($0.text(0), $0.text(1)) }),
      let mark = (try? JSON.parse(found.0)).flatMap(ReadingMark.init)
    else { return false }
    let isDone = (try? store?.integer(Self.isDone, .text(found.1))) == 1
    return mark.events > 0 && !isDone
  }

  /// Writes the record into a new file.
  func begin(in connection: Connection, command: String, state: Stager.State) throws {
    try connection.execute(Self.create, name: "staging.create")
    try connection.run(
      Self.insert, .text(command), .text(runID),
      .integer(startedAt.microseconds), .text(JSONWriter.compact(mark.json)),
      .text(JSONWriter.compact(state.json)))
  }

  /// Notes how far the file has come; the rows that it covers are committed with it.
  static func save(_ mark: ReadingMark, _ state: Stager.State, in connection: Connection) throws {
    try connection.run(
      update, .text(JSONWriter.compact(mark.json)), .text(JSONWriter.compact(state.json)))
  }

  private static let finish = Query("staging.finish", "UPDATE main.staging SET loaded=?1, seal=?2")

  /// Notes that all is loaded and only the store's name is missing; committed with what was loaded.
  static func finishLoading(_ loading: String, in connection: Connection) throws {
    let seal = try StagedMarks(reading: connection)
    try connection.run(finish, .text(loading), .text(JSONWriter.compact(seal.json)))
  }
}
