import AgoraStore

/// One thing that a v5 record says, and where it stands in a v4 row.
struct V4Field {
  /// The v5 column.
  let field: String
  /// The names that its v4 column goes by, the best first.
  let columns: [String]
  let value: V4Value
  /// Whether a row without such a column would lose something, so that it gets one.
  var isNeeded = true
  /// The column that a row gets which has none of them; the best one where nothing else is said.
  var addedAs: String?
  /// Whether another word means the same; nil where only the value itself does.
  var means: ((String) -> Bool)?

  /// The column that a row gets which has none of them.
  var newColumn: String { addedAs ?? columns[0] }

  /// The column of a layout that the import would read it from, or where it is to be written.
  func column(in layout: RowLayout) -> Int? {
    for name in columns {
      if let index = layout.index(name) { return index }
    }
    return nil
  }

  /// Whether a row says so already, in whatever words: then it keeps them.
  func isSaid(by row: V4Row, in column: Int) -> Bool {
    if let means, let word = try? row.word(column) { return means(word) }
    return value.isSaid(by: row, in: column)
  }
}

/// A row on its way out.
enum V4RowText {
  /// A new row: the shape's columns, and those that something would be lost without.
  static func new(_ fields: [V4Field], _ shape: V4Shape) -> [UInt8] {
    var bytes: [UInt8] = [0x7b]
    func append(_ column: String, _ value: V4Value) {
      if bytes.count > 1 { bytes.append(0x2c) }
      JSONText.quote(column, into: &bytes)
      bytes.append(0x3a)
      shape.form(of: column, for: value).append(value, to: &bytes)
    }
    var places: [Int: V4Value] = [:]
    for field in fields {
      guard let column = field.column(in: shape.layout), places[column] == nil else { continue }
      places[column] = field.value
    }
    for (index, column) in shape.layout.names.enumerated() {
      append(column, places[index] ?? .null)
    }
    for field in fields where field.isNeeded && field.column(in: shape.layout) == nil {
      append(field.newColumn, field.value)
    }
    bytes.append(0x7d)
    return bytes
  }

  /// A row with some of its values changed and everything else byte for byte as it is.
  static func patched(_ row: V4Row, _ fields: [V4Field], _ shape: V4Shape) -> [UInt8] {
    var replaced: [Int: [UInt8]] = [:]
    var added: [(name: String, bytes: [UInt8])] = []
    for field in fields {
      // What the import read it from is what has to change.
      let present = field.columns.compactMap { row.layout.index($0) }
      var bytes: [UInt8] = []
      guard let column = row.pick(present) else {
        guard field.isNeeded else { continue }
        let name = field.columns.first { shape.layout.index($0) != nil } ?? field.newColumn
        shape.form(of: name, for: field.value).append(field.value, to: &bytes)
        added.append((name, bytes))
        continue
      }
      guard !field.isSaid(by: row, in: column) else { continue }
      var form = V4Form.unknown
      form.see(row, column)
      let others = shape.form(of: row.layout.names[column], for: field.value)
      if form.kind == nil { form = others }
      form.isOptional = form.isOptional || others.isOptional
      form.append(field.value, to: &bytes)
      replaced[column] = bytes
    }
    return text(row, replaced, added)
  }

  private static func text(
    _ row: V4Row, _ replaced: [Int: [UInt8]], _ added: [(name: String, bytes: [UInt8])]
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    if row.layout.isArray {
      bytes.append(0x7b)
      for (index, name) in row.layout.names.enumerated() {
        if index > 0 { bytes.append(0x2c) }
        JSONText.quote(name, into: &bytes)
        bytes.append(0x3a)
        bytes.append(contentsOf: replaced[index] ?? Array(row.text[row.values[index].range]))
      }
    } else {
      var at = 0
      for (index, value) in row.values.enumerated() {
        guard let newer = replaced[index] else { continue }
        bytes.append(contentsOf: row.text[at..<value.range.lowerBound])
        bytes.append(contentsOf: newer)
        at = value.range.upperBound
      }
      let end = row.text.lastIndex(of: 0x7d) ?? row.text.count
      bytes.append(contentsOf: row.text[at..<max(at, end)])
    }
    for (index, member) in added.enumerated() {
      if index > 0 || !row.values.isEmpty { bytes.append(0x2c) }
      JSONText.quote(member.name, into: &bytes)
      bytes.append(0x3a)
      bytes.append(contentsOf: member.bytes)
    }
    bytes.append(0x7d)
    return bytes
  }
}
