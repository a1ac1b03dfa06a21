import AgoraStore

/// The workflows that one v4 id names: several where the counter had restarted.
final class WorkflowEpochs {
  /// One of them.
  struct Candidate {
    let id: [UInt8]
    let created: Int64?
    /// The number of its row in `v4_rows`.
    let row: Int64
  }

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
  /// What was asked for last: the rows of one workflow often come one after the other.
  private var last: (table: String, v4ID: String, candidates: [Candidate])?

  init(_ connection: Connection, source: String) {
    self.connection = connection
    self.source = source
  }

  // What v4 has no more comes first: the last one is one that the newest export has.
  private static let rows = Query(
    "v4_rows.workflows",
    """
    SELECT r.v5_id, w.created_at, r.row FROM main.v4_rows r JOIN main.v4_tables t USING(table_no)
      LEFT JOIN main.workflows w ON w.workflow_id=r.v5_id LEFT JOIN main.v4_gone g ON g.row=r.row
    WHERE t.source=?1 AND t.name=?2 AND r.v4_id=?3 ORDER BY g.row IS NULL, r.ordinal, r.row
    """)

  /// The workflows of an id in one table, the last one last.
  func candidates(_ v4ID: String, in table: String) throws -> [Candidate] {
    if let last, last.table == table, last.v4ID.utf8.elementsEqual(v4ID.utf8) {
      return last.candidates
    }
    let found = try connection.all(
      Self.rows, .text(source), .text(table), .text(v4ID),
      map: { Candidate(id: $0.bytes(0), created: $0.optionalInt64(1), row: $0.int64(2)) })
    last = (table, v4ID, found)
    return found
  }

  /// Forgets what was asked for: workflows have come or gone.
  func forget() { last = nil }

  /// What an id means as seen from a row of a given time: the latest workflow not after it.
  func meaning(of v4ID: String, at time: Int64?) throws -> Meaning {
    for table in Self.tables {
      let candidates = try candidates(v4ID, in: table)
      guard let last = candidates.last else { continue }
      if candidates.count == 1 { return .only(last.id) }
      if let time, candidates.allSatisfy({ $0.created != nil }) {
        let earlier = candidates.filter { ($0.created ?? .max) <= time }
        if let latest = earlier.max(by: { ($0.created ?? 0) <= ($1.created ?? 0) }) {
          return .dated(latest.id)
        }
      }
      return .last(last.id)
    }
    return .nothing
  }

  // MARK: marks

  /// The workflow of an id that a mark stands for; nil where none of them has it.
  func marked(_ v4ID: String, _ mark: String) throws -> [UInt8]? {
    for table in Self.tables {
      for candidate in try candidates(v4ID, in: table)
      where try self.mark(ofRow: candidate.row) == mark { return candidate.id }
    }
    return nil
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
