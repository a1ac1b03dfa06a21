import AgoraStore

/// How the rows of one table with one layout become v5 records: made once a layout, so that a row is
/// read by positions and not by names.
protocol RowMapping: AnyObject {
  /// Writes a row's v5 record, in the order of the insert's parameters.
  ///
  /// - Throws: ``Rejection``, or what looking up a reference throws.
  func map(
    _ row: V4Row, as identity: RecordIdentity, _ references: ReferenceResolver,
    into record: inout Record) throws

  /// Appends what never changes in the life of a row: the same id with something else here is another
  /// row, made after v4's counter had started anew. Times are normalised, so that the same row in two
  /// shapes of export is one row.
  func appendImmutable(
    _ row: V4Row, _ parts: ImmutableParts, to target: inout [UInt8]) throws(Rejection)
}

/// What of the fields that never change is looked at.
struct ImmutableParts: OptionSet {
  let rawValue: UInt8

  /// The times, which may be unreadable.
  static let times = ImmutableParts(rawValue: 1)
  /// What the row refers to, which may have been what was wrong with it.
  static let references = ImmutableParts(rawValue: 2)
  static let all: ImmutableParts = [times, references]
}

/// Which record a row makes.
struct RecordIdentity {
  /// The v5 id.
  let id: [UInt8]
  /// The v4 id.
  let v4ID: String
  /// The number of the row in `v4_rows`.
  let sourceRow: Int64
  /// The v5 id of the agent whose configuration the row stands in; nil elsewhere.
  var owner: [UInt8]?
}

/// The helpers that mappings share.
extension V4Row {
  /// Appends a value for the fingerprint of what never changes.
  func appendImmutable(_ column: Int?, to target: inout [UInt8]) {
    target.append(0x1f)
    let text = self.text
    // Canonical, so that two texts that differ only in an unpaired surrogate stay two.
    if let slice = value(column) {
      CanonicalJSON.append(text.span, slice, byValue: true, to: &target)
    }
  }

  /// Appends a time for the fingerprint of what never changes.
  func appendImmutableTime(_ column: Int?, to target: inout [UInt8]) throws(Rejection) {
    target.append(0x1f)
    if let time = try time(column) { target.append(contentsOf: "\(time.microseconds)".utf8) }
  }
}

/// What a record's metadata holds of its v4 row: the columns that v5 has no place for, the originals of
/// what had to be translated with a loss, and notes on what had to be assumed.
struct RowMetadata {
  private var kept: [(name: String, json: [UInt8])] = []
  private var keptColumns: Set<Int> = []
  private var notes: [String] = []
  /// Further members beside `v4` and `notes`.
  private var members: [(name: String, json: [UInt8])] = []

  /// Keeps a column as it came, unless it says nothing.
  mutating func keep(_ row: V4Row, _ column: Int?) {
    guard let column, row.values[column].kind != .null else { return }
    guard keptColumns.insert(column).inserted else { return }
    kept.append((row.layout.names[column], Array(row.text[row.values[column].range])))
  }

  mutating func note(_ text: String?) {
    if let text { notes.append(text) }
  }

  mutating func add(_ name: String, _ value: JSON) {
    members.append((name, Array(JSONWriter.compact(value).utf8)))
  }

  /// Writes the object as a column of a record.
  func write(to record: inout Record) {
    record.text { target in
      guard !kept.isEmpty || !notes.isEmpty || !members.isEmpty else {
        target.append(contentsOf: [0x7b, 0x7d])
        return
      }
      append(to: &target)
    }
  }

  func append(to target: inout [UInt8]) {
    target.append(0x7b)
    var separator: [UInt8] = []
    for member in members {
      target.append(contentsOf: separator)
      JSONText.quote(member.name, into: &target)
      target.append(0x3a)
      target.append(contentsOf: member.json)
      separator = [0x2c]
    }
    if !kept.isEmpty {
      target.append(contentsOf: separator)
      target.append(contentsOf: "\"v4\":{".utf8)
      for (index, column) in kept.enumerated() {
        if index > 0 { target.append(0x2c) }
        JSONText.quote(column.name, into: &target)
        target.append(0x3a)
        target.append(contentsOf: column.json)
      }
      target.append(0x7d)
      separator = [0x2c]
    }
    if !notes.isEmpty {
      target.append(contentsOf: separator)
      target.append(contentsOf: "\"notes\":".utf8)
      JSONWriter.write(.array(notes.map { .string($0) }), into: &target)
    }
    target.append(0x7d)
  }
}
