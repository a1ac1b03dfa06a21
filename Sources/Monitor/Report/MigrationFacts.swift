public import AgoraStore

/// One migration with its ledger.
public struct RunFacts: Sendable {
  /// The run's id.
  public let runID: String
  /// How it ended: `completed`, `completed_with_rejects` or `failed`.
  public let status: String
  /// The v4 deployment.
  public let source: String
  /// When it began.
  public let startedAt: Timestamp
  /// When it ended; nil where it has not.
  public let finishedAt: Timestamp?
  /// What became of the rows of each table.
  public let tables: [LedgerLine]
  /// How many agents and workflows its rows named that nobody made.
  public let orphans: Int
  /// How many rows had an id that named another row before.
  public let epochs: Int
  /// How many rows v4 and v5 had both changed.
  public let conflicts: Int

  /// Whether it was taken back.
  public var isRolledBack: Bool { status == "rolled_back" }

  /// What became of all its rows.
  public var totals: LedgerLine {
    tables.reduce(into: LedgerLine(table: "total")) { $0.add($1) }
  }
}

/// What became of the rows of a table.
public struct LedgerLine: Sendable, Equatable {
  /// The v4 table.
  public let table: String
  /// Rows that were read.
  public internal(set) var read = 0
  /// Rows that made a new record.
  public internal(set) var imported = 0
  /// Rows that changed a record.
  public internal(set) var updated = 0
  /// Rows that joined a record.
  public internal(set) var merged = 0
  /// Rows that said nothing new.
  public internal(set) var unchanged = 0
  /// Rows that were not understood.
  public internal(set) var rejected = 0

  init(table: String) { self.table = table }

  mutating func add(_ other: LedgerLine) {
    read = Numeric.sum(read, other.read)
    imported = Numeric.sum(imported, other.imported)
    updated = Numeric.sum(updated, other.updated)
    merged = Numeric.sum(merged, other.merged)
    unchanged = Numeric.sum(unchanged, other.unchanged)
    rejected = Numeric.sum(rejected, other.rejected)
  }

  /// The figures with their names, in the order of a ledger.
  package var figures: [(name: String, value: Int)] {
    [
      ("read", read), ("imported", imported), ("updated", updated), ("merged", merged),
      ("unchanged", unchanged), ("rejected", rejected),
    ]
  }

  var json: JSON { .object(figures.map { .init($0.name, .int($0.value)) }) }
}

/// How a store was last compared with exports of a v4 deployment.
public struct VerificationFacts: Sendable, Equatable {
  /// The v4 deployment.
  public let source: String
  /// When.
  public let at: Timestamp
  /// Whether every row was as exported.
  public let isIdentical: Bool
  /// How many rows were compared.
  public let rowsCompared: Int
  /// How many fields or rows were not as they should be.
  public let differences: Int
  /// Whether no migration of the deployment has gone in since.
  public let isCurrent: Bool
  /// How many rows had been imported from the deployment; nil where that was not noted.
  public let rowsImported: Int?
  /// How many of them were of tables that the exports had; nil where that was not noted.
  public let rowsCovered: Int?

  /// Whether no imported row was left out.
  public var isWhole: Bool {
    guard let rowsImported, let rowsCovered else { return false }
    return rowsCovered >= rowsImported
  }

  /// Whether it says that all that was imported is as it was exported.
  public var holds: Bool { isCurrent && isIdentical && isWhole }

  /// The outcome in words.
  var outcome: String {
    (isIdentical ? "identical" : "different") + (isWhole ? "" : ", but not all that was imported")
      + (isCurrent ? "" : ", and the migrations have changed since")
  }

  var json: JSON {
    .object([
      .init("source", .string(source)),
      .init("rows_imported", rowsImported.map { .int($0) } ?? .null),
      .init("rows_covered", rowsCovered.map { .int($0) } ?? .null),
      .init("status", .string(isIdentical ? "identical" : "different")),
      .init("verified_at", .string(at.description)), .init("rows_compared", .int(rowsCompared)),
      .init("differences", .int(differences)), .init("is_current", .bool(isCurrent)),
    ])
  }
}

/// What the migrations have left behind.
public struct MigrationFacts: Sendable {
  /// The migrations, the newest first.
  public private(set) var runs: [RunFacts] = []
  /// Rows that wait for somebody to look at them, by reason.
  public private(set) var rejects: [(code: String, rows: Int)] = []
  /// The number of the first of them; nil where none waits.
  package private(set) var firstReject: Int?
  /// The files that all of a v4 deployment came from last; none where they cannot be told.
  package private(set) var exports: [String: [String]] = [:]
  /// Rows that v4 and v5 both changed and nobody has decided about.
  public private(set) var conflicts = 0
  /// The last comparison of each v4 deployment with a migration that stands, the newest first.
  public private(set) var verifications: [VerificationFacts] = []
  /// The first of the last comparisons that does not hold, else the newest; nil where there was none.
  public var verification: VerificationFacts? {
    verifications.first { !$0.holds } ?? verifications.first
  }
  /// The v4 deployments with a migration that stands.
  public var sources: [String] {
    standing.reduce(into: []) { if !$0.contains($1.source) { $0.append($1.source) } }
  }
  /// Whether all that was imported was compared as a whole, and found as it was exported.
  public var isVerified: Bool {
    verifications.count == sources.count && verifications.allSatisfy(\.holds)
  }
  /// The last copy of the store; nil where none was taken.
  public private(set) var backup: (path: String, at: Timestamp, hasLastRun: Bool)?

  /// The migrations that were not taken back, the newest first.
  public var standing: [RunFacts] { runs.filter { !$0.isRolledBack } }

  /// Agents and workflows that rows of v4 name and nobody made.
  public private(set) var orphans = 0

  /// All rejects that wait.
  public var outstandingRejects: Int { rejects.reduce(0) { Numeric.sum($0, $1.rows) } }

  private static let selectRuns = Query(
    "migration_runs.facts",
    """
    SELECT run, run_id, status, source, started_at, finished_at, report FROM migration_runs
    ORDER BY run DESC
    """)
  private static let selectTables = Query(
    "migration_ledger.of_run",
    """
    SELECT v4_table, read, imported, updated, merged, unchanged, rejected FROM migration_ledger
    WHERE run=?1 ORDER BY position
    """)
  private static let selectRejects = Query(
    "rejects.outstanding",
    """
    SELECT code, count(*) FROM rejects WHERE status='outstanding' GROUP BY 1 ORDER BY 2 DESC, 1
    """)
  private static let selectFirst = Query(
    "rejects.first", "SELECT min(number) FROM rejects WHERE status='outstanding'")
  /// The newest run of each table that read files, and whether it is that of the table.
  private static let selectReadings = Query(
    "migration_ledger.newest",
    """
    SELECT r.source, l.run, l.run=max(l.run) OVER (PARTITION BY r.source, l.v4_table)
    FROM migration_ledger l JOIN migration_runs r USING(run)
    WHERE r.status<>'rolled_back'
      AND EXISTS(SELECT 1 FROM v4_files f WHERE f.run=l.run AND f.path<>'(rejects)')
    ORDER BY r.source, l.run
    """)
  private static let selectFiles = Query(
    "v4_files.of_run", "SELECT path FROM v4_files WHERE run=?1 AND path<>'(rejects)' ORDER BY file")
  private static let selectOrphans = Query(
    "v4_names.stubs", "SELECT count(DISTINCT v5_id) FROM v4_names WHERE origin='stub' AND run>0")
  private static let selectConflicts = Query(
    "conflicts.outstanding", "SELECT count(*) FROM conflicts WHERE status='outstanding'")
  private static let selectVerifications = Query(
    "verifications.newest",
    """
    SELECT source, verified_at, status, rows_compared, mismatches+missing+extra,
      run IS (SELECT max(run) FROM migration_runs r WHERE r.source=v.source AND status<>'rolled_back'),
      rows_imported, rows_covered
    FROM verifications v WHERE number=(SELECT max(number) FROM verifications w WHERE w.source=v.source)
      AND EXISTS(SELECT 1 FROM migration_runs r WHERE r.source=v.source AND status<>'rolled_back')
    ORDER BY number DESC
    """)

  package init(_ connection: Connection) throws {
    var last: Int64?
    try connection.each(Self.selectRuns) { row in
      let number = row.int64(0)
      let run = try Self.run(row, try Self.tables(of: number, connection))
      if !run.isRolledBack { last = max(last ?? number, number) }
      runs.append(run)
    }
    rejects = try connection.all(Self.selectRejects) { ($0.text(0), $0.int(1)) }
    firstReject = try connection.integer(Self.selectFirst).map { Int($0) }
    exports = try Self.exports(connection)
    orphans = Int(try connection.integer(Self.selectOrphans) ?? 0)
    conflicts = Int(try connection.integer(Self.selectConflicts) ?? 0)
    verifications = try connection.all(Self.selectVerifications) { row in
      VerificationFacts(
        source: row.text(0), at: DayTime.instant(row.int64(1)),
        isIdentical: row.text(2) == "identical",
        rowsCompared: row.int(3), differences: row.int(4), isCurrent: row.bool(5),
        rowsImported: row.optionalInt64(6).map { Int($0) },
        rowsCovered: row.optionalInt64(7).map { Int($0) })
    }
    if let newest = try BackupRecord.newest(in: connection) {
      let hasLast = last.map { Int64(newest.run ?? -1) >= $0 } ?? true
      backup = (newest.path, DayTime.instant(newest.at.microseconds), hasLast)
    }
  }

  private static func exports(_ connection: Connection) throws -> [String: [String]] {
    var readings: [String: [Int64: Set<Bool>]] = [:]
    try connection.each(selectReadings) { row in
      readings[row.text(0), default: [:]][row.int64(1), default: []].insert(row.bool(2))
    }
    return try readings.compactMapValues { runs in
      let newest = runs.filter { $0.value.contains(true) }
      // Files that are the newest of some tables and old of others cannot be compared together.
      guard newest.allSatisfy({ $0.value == [true] }) else { return nil }
      return try newest.keys.sorted().flatMap { run in
        try connection.all(selectFiles, .integer(run), map: { $0.text(0) })
      }
    }
  }

  private static func tables(of run: Int64, _ connection: Connection) throws -> [LedgerLine] {
    try connection.all(selectTables, .integer(run)) { row in
      var line = LedgerLine(table: row.text(0))
      line.read = row.int(1)
      line.imported = row.int(2)
      line.updated = row.int(3)
      line.merged = row.int(4)
      line.unchanged = row.int(5)
      line.rejected = row.int(6)
      return line
    }
  }

  private static func run(_ row: borrowing Row, _ tables: [LedgerLine]) throws -> RunFacts {
    // A report that cannot be read is told as one that found nothing: the ledger stands by itself.
    let report = (try? JSON.parse(row.text(6))) ?? .null
    let orphans = report["orphans"]
    return RunFacts(
      runID: row.text(1), status: row.text(2), source: row.text(3),
      startedAt: DayTime.instant(row.int64(4)),
      finishedAt: row.optionalInt64(5).map { DayTime.instant($0) }, tables: tables,
      orphans: Numeric.sum(
        orphans?["agents"]?.integer ?? 0, orphans?["workflows"]?.integer ?? 0),
      epochs: report["epochs"]?.integer ?? 0, conflicts: report["conflicts"]?.integer ?? 0)
  }
}
