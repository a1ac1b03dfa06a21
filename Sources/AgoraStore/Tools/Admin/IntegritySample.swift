/// Looks for damage in a time that does not grow with the store: a small store is checked page by page,
/// of a large one records all over it are looked up by their ids.
struct IntegritySample {
  let connection: Connection

  /// What was found.
  struct Outcome {
    /// The first faults in words.
    var faults: [String] = []
    /// What was looked at.
    var scope: String
  }

  /// Up to here all pages are checked: some tens of milliseconds.
  private static let wholeBytes: Int64 = 8 << 20
  /// How many records of each table are looked up.
  private static let records = 16

  private static let size = Query(
    "health.size",
    "SELECT (SELECT page_count FROM pragma_page_count)*(SELECT page_size FROM pragma_page_size)")
  private static let pages = Query(
    "health.pages", "SELECT quick_check FROM pragma_quick_check(5) WHERE quick_check<>'ok'")

  private static let tables = [
    ("agents", "agent_id"), ("workflows", "workflow_id"), ("messages", "message_id"),
    ("tasks", "task_id"), ("events", "event_id"), ("audit", "audit_id"),
  ].map { table, id in
    (
      table: table,
      last: Query("health.last_\(table)", "SELECT max(rowid) FROM \(table)"),
      record: Query(
        "health.record_\(table)",
        "SELECT rowid, \(id), * FROM \(table) WHERE rowid>=?1 ORDER BY rowid LIMIT 1"),
      lookup: Query("health.lookup_\(table)", "SELECT rowid FROM \(table) WHERE \(id)=?1")
    )
  }

  /// The statements that samples are taken with.
  static let queries = tables.flatMap { [$0.last, $0.record, $0.lookup] }

  /// Checks; where in the store the samples lie depends on the instant, so that others come next time.
  func check(from now: Timestamp) throws -> Outcome {
    let bytes = try connection.integer(Self.size) ?? 0
    guard bytes > Self.wholeBytes else {
      return Outcome(
        faults: try connection.all(Self.pages, map: { $0.text(0) }),
        scope: "all \(bytes) bytes of the store were checked")
    }
    return try sample(from: now, bytes: bytes)
  }

  func sample(from now: Timestamp, bytes: Int64) throws -> Outcome {
    var outcome = Outcome(scope: "")
    var count = 0
    for table in Self.tables {
      guard let last = try connection.integer(table.last), last > 0 else { continue }
      let stride = max(1, last / Int64(Self.records))
      let offset = Int64(now.microseconds.magnitude % UInt64(stride))
      for number in 0..<Int64(Self.records) where offset + number * stride <= last {
        let found = try connection.first(
          table.record, .integer(offset + number * stride), map: Self.record)
        guard let (row, id) = found else { continue }
        count += 1
        if try connection.integer(table.lookup, .text(id)) != row {
          outcome.faults.append("\(id) is in \(table.table) and not in its index")
        }
      }
    }
    outcome.scope = "\(count) records all over the store of \(bytes) bytes were looked up"
    return outcome
  }

  /// Reads all columns, so that every page of the record is met.
  private static func record(_ row: borrowing Row) -> (Int64, String) {
    for column in 2..<Int32(max(2, row.count)) { row.withBytes(column) { _ in } }
    return (row.int64(0), row.text(1))
  }
}
