import AgoraStore

/// What was written to a staging file: a running hash for each table, in the order in which its rows were
/// numbered.
///
/// A checkpoint keeps it, and whoever goes on reads the file once and compares: a byte that the disk has
/// changed since is found before anything is built on it.
struct StagedMarks: Equatable {
  /// A table of the staging file.
  enum Table: String, CaseIterable {
    case rows = "v4_rows"
    case tables = "v4_tables"
    case files = "v4_files"
    case shapes = "v4_shapes"
    case rejects
    case chunks = "reject_chunks"
    case deletions = "source_deletions"

    /// Whether the log of rejects writes it.
    var isOfRejects: Bool { self == .rejects || self == .chunks }

    /// The columns in the order in which they are written, and the order of the rows.
    fileprivate var select: String {
      let (columns, order) =
        switch self {
        case .rows:
          (
            """
            row, table_no, v4_id, v5_id, joined, run, file, byte_offset, ordinal, shape, parent, text
            """, "row"
          )
        case .tables: ("table_no, source, name", "table_no")
        case .files: ("file, run, path, format", "file")
        case .shapes: ("shape, columns", "shape")
        case .rejects:
          (
            """
            number, run, source, v4_table, v4_id, file, byte_offset, ordinal, code, reason, shape, parent,
            row, row_blob
            """, "number"
          )
        case .chunks: ("number, chunk, bytes", "number, chunk")
        case .deletions:
          ("table_no, v4_id, row, ordinal, is_readable, text_key", "number")
        }
      return "SELECT \(columns) FROM main.\(rawValue) ORDER BY \(order)"
    }
  }

  private var marks: [Table: ReadingMark] = [:]

  init() {}

  /// Takes in a row that is written.
  mutating func add(_ record: Record, to table: Table) {
    marks[table, default: ReadingMark()].add(record)
  }

  /// Reads what a staging file has.
  init(reading connection: Connection) throws {
    for table in Table.allCases {
      var mark = ReadingMark()
      var record = Record()
      try connection.each(Query("staged.\(table.rawValue)", table.select)) { row in
        record.reset()
        for column in 0..<Int32(row.count) { row.append(column, to: &record) }
        mark.add(record)
      }
      if mark.events > 0 { marks[table] = mark }
    }
  }

  /// The marks of some tables.
  func only(_ isWanted: (Table) -> Bool) -> StagedMarks {
    var some = self
    some.marks = marks.filter { isWanted($0.key) }
    return some
  }

  /// The marks of two parts of the tables together.
  static func + (left: StagedMarks, right: StagedMarks) -> StagedMarks {
    var all = left
    all.marks.merge(right.marks) { $1 }
    return all
  }

  // MARK: JSON

  var json: JSON {
    .object(
      marks.sorted { $0.key.rawValue < $1.key.rawValue }.map {
        .init($0.key.rawValue, $0.value.json)
      })
  }

  /// Reads what ``json`` wrote; nil for anything else.
  init?(_ json: JSON) {
    for member in json.members ?? [] {
      guard let table = Table(rawValue: member.name), let mark = ReadingMark(member.value) else {
        return nil
      }
      marks[table] = mark
    }
  }
}

extension ReadingMark {
  /// Takes in a row that is written.
  fileprivate mutating func add(_ record: Record) {
    add(Int(record.hash(of: Array(record.fields.indices))))
    countEvent()
  }
}
