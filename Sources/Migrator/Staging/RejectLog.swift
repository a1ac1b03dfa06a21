import AgoraStore

/// Writes rejected rows to the `rejects` table, byte for byte.
final class RejectLog {
  private let connection: Connection
  private let run: Int64
  private let source: String
  private var next: Int64
  private var record = Record()
  private var chunk: Int64 = 0
  /// How many rows were rejected.
  private(set) var count: Int
  private let limit: Int?
  /// What was written here.
  private(set) var marks: StagedMarks

  private let insert: Query
  private let insertChunk: Query

  private static let insertText = """
    .rejects(number, run, source, v4_table, v4_id, file, byte_offset, ordinal, code, reason,
      shape, parent, row, row_blob) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)
    """

  /// - Parameters:
  ///   - schema: the database that the table lies in.
  ///   - first: the number of the first reject.
  ///   - limit: how many rejects the run may have.
  ///   - count: how many it has already.
  ///   - marks: what an interrupted run had written.
  init(
    _ connection: Connection, schema: String = "main", run: Int64, source: String, first: Int64,
    limit: Int?, count: Int = 0, marks: StagedMarks = StagedMarks()
  ) {
    self.marks = marks
    insert = Query("rejects.insert", "INSERT INTO " + schema + Self.insertText)
    insertChunk = Query(
      "reject_chunks.insert",
      "INSERT INTO \(schema).reject_chunks(number, chunk, bytes) VALUES(?1,?2,?3)")
    self.connection = connection
    self.run = run
    self.source = source
    next = first
    self.limit = limit
    self.count = count
  }

  /// The number that the next reject gets.
  var nextNumber: Int64 { next }

  /// Where a rejected row stood.
  struct Place {
    let table: String
    var v4ID: String?
    let file: String
    let offset: Int64
    let ordinal: Int64
    var shape: Int64?
    var parent: Int64?
  }

  /// Adds a rejected row.
  ///
  /// - Throws: ``AgoraError`` `too_many_rejects`.
  func add(_ text: Span<UInt8>, at place: Place, _ rejection: Rejection) throws {
    begin(place, rejection)
    if UTF8Check.firstFault(text) == nil {
      record.text(text)
      record.null()
    } else {
      record.null()
      record.blob(text)
    }
    try connection.statement(insert).run(record)
    marks.add(record, to: .rejects)
    try counted(place)
  }

  private func begin(_ place: Place, _ rejection: Rejection) {
    record.reset()
    record.integer(next)
    record.integer(run)
    record.text(source)
    record.text(place.table)
    record.text(place.v4ID)
    record.text(place.file)
    record.integer(place.offset)
    record.integer(place.ordinal)
    record.text(rejection.code.rawValue)
    record.text(rejection.reason)
    record.integer(place.shape)
    record.integer(place.parent)
    next += 1
  }

  private func counted(_ place: Place) throws {
    count += 1
    guard let limit, count > limit else { return }
    throw AgoraError(
      .tooManyRejects, "more than \(limit) rows were rejected; the last one stands here",
      file: place.file, offset: Int(place.offset),
      remedy: """
        Nothing was imported. Look at the rejects with a dry run and --rejects FILE, mend the export or \
        raise --max-rejects.
        """)
  }

  /// Begins a rejected row that is too large for memory.
  func beginOversized(at place: Place, _ rejection: Rejection) throws {
    begin(place, rejection)
    record.null()
    record.null()
    try connection.statement(insert).run(record)
    marks.add(record, to: .rejects)
    chunk = 0
    try counted(place)
  }

  /// Adds a piece of it.
  func append(_ piece: Span<UInt8>) throws {
    guard piece.count > 0 else { return }
    record.reset()
    record.integer(next - 1)
    record.integer(chunk)
    record.blob(piece)
    chunk += 1
    try connection.statement(insertChunk).run(record)
    marks.add(record, to: .chunks)
  }
}
