import AgoraStore

/// Takes the rows of an export into the staging file: each is taken apart, named and written with its
/// text byte for byte, or rejected.
///
/// What a row refers to is not looked at here; all rows are known before any is mapped.
final class Stager: RowSink {
  /// The first free numbers, which go on from what the store has.
  struct Numbers {
    var run: Int64
    var row: Int64
    var reject: Int64
    var file: Int64
    var shape: Int64
    var table: Int64
  }

  private let connection: Connection
  private let source: String
  private var numbers: Numbers
  let rejects: RejectLog
  /// The tables that the export holds, in order.
  private(set) var tables: [StagedTable] = []
  private var byName: [[UInt8]: StagedTable] = [:]
  private var current: StagedTable?
  private var shapes: [[[UInt8]]: Int64] = [:]
  private var rejected = Ledger()
  /// How many rows were read.
  private(set) var read = 0

  /// What has become of the rows so far.
  var ledger: Ledger {
    var ledger = rejected
    for table in tables { ledger[table.name].read = table.read }
    return ledger
  }

  /// What was written, but for the rejects.
  private var marks: StagedMarks
  private var file = ""
  private var fileNumber: Int64 = 0
  private var record = Record()
  private var v4ID: [UInt8] = []

  /// A row that is too large to be held, of which the first bytes are awaited.
  private struct Oversized {
    let table: String
    let columns: [String]?
    let place: RejectLog.Place
    let rejection: Rejection
    var start: [UInt8] = []
  }
  private var oversized: Oversized?
  var oversizedDeletion: OversizedDeletion?

  private static let insertRow = Query(
    "v4_rows.insert",
    """
    INSERT INTO v4_rows(row, table_no, v4_id, epoch, v5_id, joined, run, file, byte_offset, ordinal,
      shape, parent, text) VALUES(?1,?2,?3,0,?4,?5,?6,?7,?8,?9,?10,?11,?12)
    """)
  private static let insertTable = Query(
    "v4_tables.insert", "INSERT INTO v4_tables(table_no, source, name) VALUES(?1,?2,?3)")
  private static let insertFile = Query(
    "v4_files.insert", "INSERT INTO v4_files(file, run, path, format) VALUES(?1,?2,?3,?4)")
  private static let insertShape = Query(
    "v4_shapes.insert", "INSERT INTO v4_shapes(shape, columns) VALUES(?1,?2)")

  /// - Parameters:
  ///   - knownTables: the tables that the store has already, by name.
  ///   - knownShapes: the shapes that it has, by their columns.
  ///   - state: where an interrupted run had come to; nil to begin at the beginning.
  init(
    _ connection: Connection, source: String, numbers: Numbers, maxRejects: Int?,
    knownTables: [[UInt8]: Int64], knownShapes: [[[UInt8]]: Int64], resuming state: State? = nil
  ) {
    self.connection = connection
    self.source = source
    self.numbers = state?.numbers ?? numbers
    self.knownTables = knownTables
    shapes = knownShapes
    let marks = state?.marks ?? StagedMarks()
    self.marks = marks.only { !$0.isOfRejects }
    rejects = RejectLog(
      connection, run: numbers.run, source: source, first: self.numbers.reject, limit: maxRejects,
      count: state?.rejectCount ?? 0, marks: marks.only(\.isOfRejects))
    guard let state else { return }
    fileNumber = state.numbers.file - 1
    read = state.read
    for known in state.tables {
      let table = StagedTable(number: known.number, source: source, name: known.name)
      table.ordinal = known.ordinal
      table.read = known.read
      table.rows = known.rows
      byName[known.name.exact] = table
      tables.append(table)
      rejected[known.name].rejected = known.rejected
    }
  }

  /// What has to be known to go on from here, besides what the file holds.
  var state: State {
    var numbers = numbers
    numbers.reject = rejects.nextNumber
    return State(
      numbers: numbers, rejectCount: rejects.count, read: read,
      tables: tables.map {
        .init(
          name: $0.name, number: $0.number, ordinal: $0.ordinal, read: $0.read, rows: $0.rows,
          rejected: rejected[$0.name].rejected)
      }, marks: marks + rejects.marks)
  }

  /// Writes the record in hand, and takes it into the marks.
  private func write(_ query: Query, to table: StagedMarks.Table) throws {
    try connection.statement(query).run(record)
    marks.add(record, to: table)
  }

  /// The rows that are passed over come from this file, and so may those after them.
  func reopen(file path: String) { file = path }

  private let knownTables: [[UInt8]: Int64]

  /// The next rows come from this file.
  func open(file path: String, format: ExportFormat) throws {
    file = path
    fileNumber = numbers.file
    numbers.file += 1
    record.reset()
    record.integer(fileNumber)
    record.integer(numbers.run)
    record.text(path)
    record.text(format.rawValue)
    try write(Self.insertFile, to: .files)
  }

  func staged(_ name: String) throws -> StagedTable {
    // Rows of one table mostly come one after the other.
    if let current, current.name.utf8.elementsEqual(name.utf8) { return current }
    if let known = byName[name.exact] {
      current = known
      return known
    }
    let number: Int64
    if let known = knownTables[name.exact] {
      number = known
    } else {
      number = numbers.table
      numbers.table += 1
      record.reset()
      record.integer(number)
      record.text(source)
      record.text(name)
      try write(Self.insertTable, to: .tables)
    }
    let table = StagedTable(number: number, source: source, name: name)
    byName[name.exact] = table
    tables.append(table)
    rejected.open(name)
    return table
  }

  private func shape(_ columns: [String]?) throws -> Int64? {
    guard let columns else { return nil }
    let key = columns.map(\.exact)
    if let known = shapes[key] { return known }
    let number = numbers.shape
    numbers.shape += 1
    record.reset()
    record.integer(number)
    record.text(JSONWriter.compact(.array(columns.map { .string($0) })))
    try write(Self.insertShape, to: .shapes)
    shapes[key] = number
    return number
  }

  // MARK: RowSink

  func table(_ name: String) throws { _ = try staged(name) }

  func row(_ text: Span<UInt8>, table name: String, at origin: RowOrigin) throws {
    let table = try staged(name)
    try stage(text, table, at: origin, parent: nil, owner: nil)
  }

  /// Takes a row that stands among those of its table where the export has had it.
  ///
  /// - Parameter outer: the configuration that it stands in.
  func row(
    _ text: Span<UInt8>, table name: String, at origin: RowOrigin, ordinal: Int64,
    inside outer: (row: Int64, agent: String)?
  ) throws {
    let table = try staged(name)
    table.ordinal = ordinal - 1
    try stage(text, table, at: origin, parent: outer?.row, owner: outer?.agent)
  }

  private func stage(
    _ text: Span<UInt8>, _ table: StagedTable, at origin: RowOrigin, parent: Int64?, owner: String?
  ) throws {
    count(table)
    let shape = try shape(origin.columns)
    do {
      try table.mapper.load(text, columns: origin.columns)
      let row = numbers.row
      let contents = table.kind == .configuration ? try contents(of: table) : []
      try insert(text, table, at: origin, shape: shape, parent: parent, owner: owner)
      if !contents.isEmpty { try stage(contents, of: table, row: row, at: origin) }
    } catch let rejection as Rejection {
      try reject(text, table, at: origin, shape: shape, parent: parent, rejection)
    }
  }

  private func count(_ table: StagedTable) {
    table.ordinal += 1
    table.read += 1
    read += 1
  }

  /// Writes the row that the table's mapper has in hand.
  private func insert(
    _ text: Span<UInt8>, _ table: StagedTable, at origin: RowOrigin, shape: Int64?, parent: Int64?,
    owner: String?
  ) throws {
    let mapper = table.mapper
    v4ID.removeAll(keepingCapacity: true)
    try RowIdentity.append(mapper.row, mapper.idColumns, owner: owner, to: &v4ID)
    record.reset()
    record.integer(numbers.row)
    record.integer(table.number)
    record.text(v4ID)
    if table.kind.describesAgents {
      // The name as it stands; the loader knows better where it is an alias.
      record.text(table.ids.id(try mapper.agentName()))
      record.integer(1)
    } else {
      let id = v4ID
      record.text { table.ids.append(v4ID: id.span, to: &$0) }
      record.integer(table.kind == .step ? 1 : nil)
    }
    record.integer(numbers.run)
    record.integer(fileNumber)
    record.integer(Int64(origin.offset))
    record.integer(table.ordinal)
    record.integer(shape)
    record.integer(parent)
    record.text(text)
    try write(Self.insertRow, to: .rows)
    table.include(numbers.row)
    numbers.row += 1
  }

  /// The lists of rows that stand in an agent's configuration.
  private func contents(of table: StagedTable) throws(Rejection) -> [(
    name: String, list: JSONSlice
  )] {
    let row = table.mapper.row
    var lists: [(name: String, list: JSONSlice)] = []
    for name in [AgentConfiguration.taskTable, AgentConfiguration.workflowTable] {
      guard let column = row.layout.index(name), let list = row.value(column) else { continue }
      guard list.kind == .array else {
        throw Rejection(.badType, "\(name) is \(row.named(list)), not an array")
      }
      lists.append((name, list))
    }
    return lists
  }

  /// The tasks and workflows that stand in an agent's configuration, as rows of their own.
  private func stage(
    _ contents: [(name: String, list: JSONSlice)], of table: StagedTable, row: Int64,
    at origin: RowOrigin
  ) throws {
    let owner = try table.mapper.agentName()
    let text = table.mapper.row.text
    for (name, list) in contents {
      let inner = try staged(name)
      var elements = JSONSlices()
      elements.split(text.span, at: list.range.lowerBound)
      for element in elements.values {
        try stage(
          text.span.extracting(element.range), inner,
          at: RowOrigin(offset: origin.offset + element.range.lowerBound), parent: row, owner: owner
        )
      }
    }
  }

  private func reject(
    _ text: Span<UInt8>, _ table: StagedTable, at origin: RowOrigin, shape: Int64? = nil,
    parent: Int64? = nil, _ rejection: Rejection
  ) throws {
    rejected[table.name].rejected += 1
    let id = rejectedID(of: text, table, columns: origin.columns)
    try rejects.add(
      text, at: place(table, origin, v4ID: id, shape: shape, parent: parent), rejection)
  }

  /// The id of a row that the table's mapper has refused, as far as it says one.
  func rejectedID(of text: Span<UInt8>, _ table: StagedTable, columns: [String]?) -> String? {
    let row = table.mapper.row
    // Before the first row of a table there is nothing in hand.
    return !row.values.isEmpty && row.values.count == row.layout.names.count
      ? try? id(of: table) : LeadingKey.find(in: text, table: table.name, columns: columns)
  }

  private func place(
    _ table: StagedTable, _ origin: RowOrigin, v4ID: String?, shape: Int64? = nil,
    parent: Int64? = nil
  ) -> RejectLog.Place {
    RejectLog.Place(
      table: table.name, v4ID: v4ID, file: file, offset: Int64(origin.offset),
      ordinal: table.ordinal, shape: shape, parent: parent)
  }

  /// The v4 id of the row in hand, where it has one of its own.
  private func id(of table: StagedTable) throws(Rejection) -> String? {
    let row = table.mapper.row
    return try row.key(row.pick(RowIdentity.columns(of: table.name, in: row.layout).candidates))
  }

  func refuse(
    _ text: Span<UInt8>, table name: String, at origin: RowOrigin, _ rejection: Rejection
  ) throws {
    let table = try staged(name)
    count(table)
    rejected[name].rejected += 1
    let id = LeadingKey.find(in: text, table: name, columns: origin.columns)
    try rejects.add(text, at: place(table, origin, v4ID: id), rejection)
  }

  func refuseMember(
    _ text: Span<UInt8>, named name: String, at origin: RowOrigin, _ rejection: Rejection
  ) throws {
    let table = try staged(name)
    table.read += 1
    read += 1
    rejected[name].rejected += 1
    // Its ordinal says that it is no row of the table but all that stands under the name; people are told
    // that it is the first.
    try rejects.add(
      text,
      at: RejectLog.Place(
        table: table.name, v4ID: nil, file: file, offset: Int64(origin.offset), ordinal: 0),
      rejection)
  }

  func beginOversized(table name: String, at origin: RowOrigin, _ rejection: Rejection) throws {
    let table = try staged(name)
    count(table)
    rejected[name].rejected += 1
    oversized = Oversized(
      table: name, columns: origin.columns,
      place: place(table, origin, v4ID: nil, shape: try shape(origin.columns)),
      rejection: rejection)
  }

  func oversized(_ piece: Span<UInt8>) throws {
    if takeDeleted(piece) { return }
    guard oversized != nil else { return try rejects.append(piece) }
    oversized?.start.append(copying: piece)
    if let oversized, oversized.start.count >= LeadingKey.reach { try begin(oversized) }
  }

  func endOversized() throws {
    if try endDeleted() { return }
    if let oversized { try begin(oversized) }
  }

  /// Writes a row that is too large as far as it has come, now that it may have said which one it is.
  private func begin(_ row: Oversized) throws {
    oversized = nil
    let start = row.start.prefix(LeadingKey.reach)
    var place = row.place
    place.v4ID = LeadingKey.find(in: Array(start).span, table: row.table, columns: row.columns)
    try rejects.beginOversized(at: place, row.rejection)
    try rejects.append(row.start.span)
  }

  /// Writes that a row was deleted, of which at least its text's key is known.
  func note(
    deleted id: [UInt8]?, _ table: StagedTable, isReadable: Bool, _ key: [UInt8]
  ) throws {
    record.reset()
    record.integer(table.number)
    record.text(id)
    record.integer(numbers.row)
    record.integer(table.ordinal)
    record.integer(isReadable ? 1 : 0)
    record.text(key)
    try write(Self.insertDeletion, to: .deletions)
  }
}
