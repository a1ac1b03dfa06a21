import AgoraStore

extension Stager {
  /// Where a stager stands: a checkpoint keeps it beside the rows that it covers.
  struct State {
    let numbers: Numbers
    let rejectCount: Int
    let read: Int
    let tables: [Table]
    /// What was written to the staging file.
    let marks: StagedMarks

    /// Where a table stands.
    struct Table {
      let name: String
      let number: Int64
      let ordinal: Int64
      let read: Int
      let rows: ClosedRange<Int64>?
      let rejected: Int
    }
  }
}

extension Stager.Numbers {
  /// The numbers in a fixed order.
  var json: JSON {
    .array([run, row, reject, file, shape, table].map { .number("\($0)") })
  }

  /// Reads what ``json`` wrote; nil for anything else.
  init?(_ json: JSON) {
    let values = json.elements?.compactMap { $0.integer.map(Int64.init) } ?? []
    guard values.count == 6 else { return nil }
    self.init(
      run: values[0], row: values[1], reject: values[2], file: values[3], shape: values[4],
      table: values[5])
  }
}

extension Stager.State {
  var json: JSON {
    .object([
      .init("numbers", numbers.json), .init("reject_count", .int(rejectCount)),
      .init("read", .int(read)), .init("marks", marks.json),
      .init(
        "tables",
        .array(
          tables.map { table in
            .object([
              .init("name", .string(table.name)), .init("number", .int(Int(table.number))),
              .init("ordinal", .int(Int(table.ordinal))), .init("read", .int(table.read)),
              .init("first", table.rows.map { .int(Int($0.lowerBound)) } ?? .null),
              .init("last", table.rows.map { .int(Int($0.upperBound)) } ?? .null),
              .init("rejected", .int(table.rejected)),
            ])
          })),
    ])
  }

  /// Reads what ``json`` wrote; nil for anything else.
  init?(_ json: JSON) {
    guard let numbers = json["numbers"].flatMap(Stager.Numbers.init),
      let rejectCount = json["reject_count"]?.integer, let read = json["read"]?.integer,
      let list = json["tables"]?.elements, let marks = json["marks"].flatMap({ StagedMarks($0) })
    else { return nil }
    var tables: [Table] = []
    for entry in list {
      guard let name = entry["name"]?.text, let number = entry["number"]?.integer,
        let ordinal = entry["ordinal"]?.integer, let count = entry["read"]?.integer,
        let rejected = entry["rejected"]?.integer
      else { return nil }
      var rows: ClosedRange<Int64>?
      if let first = entry["first"]?.integer, let last = entry["last"]?.integer {
        guard first <= last else { return nil }
        rows = Int64(first)...Int64(last)
      }
      tables.append(
        Table(
          name: name, number: Int64(number), ordinal: Int64(ordinal), read: count, rows: rows,
          rejected: rejected))
    }
    self.init(
      numbers: numbers, rejectCount: rejectCount, read: read, tables: tables, marks: marks)
  }
}
