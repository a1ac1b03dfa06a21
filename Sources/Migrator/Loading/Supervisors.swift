import AgoraStore

/// Rows of `temp.described` under a supervisor that nobody describes.
struct Supervisors {
  private let context: LoadContext
  private let names: AgentNames
  private var connection: Connection { context.connection }

  init(_ context: LoadContext) {
    self.context = context
    names = AgentNames(context)
  }

  /// Rejects registrations under a supervisor that there is none of.
  ///
  /// - Parameter describe: takes in what the export had said of such a row before, which is in the hand of
  ///   its table's mapper.
  /// - Returns: whether any was rejected, so that what the rest means is to be said anew.
  func reject(
    _ tables: [StagedTable], describingBy describe: (StagedRow, StagedTable) throws -> Void
  ) throws -> Bool {
    let rows = Query(
      "described.supervised",
      """
      SELECT row, staged_row, table_no, supervisor FROM temp.described WHERE supervisor IS NOT NULL
      """)
    let refused = RefusedRows(context)
    var hasRejected = false
    for (row, staged, number, supervisor) in try connection.all(
      rows, map: { ($0.int64(0), $0.optionalInt64(1), $0.int64(2), $0.text(3)) })
    where try !isThere(supervisor) {
      let rejection = Rejection(.orphan, "the supervisor \"\(supervisor)\" does not exist")
      let table = tables.first { $0.number == number }
      var earlier: StagedRow?
      if let staged {
        guard let table else { continue }
        try context.take(staged, table) { earlier = try context.reject($0, table, rejection) }
      } else {
        let orphan = RefusedRows.Orphan(row: row, rejection: rejection)
        guard try refused.rejectsKnown && refused.isToGo(orphan) else { continue }
        try refused.reject([orphan])
      }
      hasRejected = true
      try context.references.noteMissing(supervisor)
      try connection.run(
        Query("described.drop", "DELETE FROM temp.described WHERE row=?1"), .integer(row))
      if let table, let earlier { try describe(earlier, table) }
    }
    try refused.settle()
    return hasRejected
  }

  private static let isNamed = Query(
    "named.has", "SELECT EXISTS(SELECT 1 FROM temp.named WHERE name=?1)")

  /// Whether a row describes an agent of a name, or v5 knows one.
  private func isThere(_ written: String) throws -> Bool {
    let name = context.references.currentName(written)
    if try connection.integer(Self.isNamed, .text(name)) == 1 { return true }
    guard let id = try names.stored(name) else { return false }
    guard let known = try names.known(name) else { return true }
    return try known.origin == "registered" && names.isBound(id)
  }
}
