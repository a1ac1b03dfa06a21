import AgoraStore

/// Looks up the targets of stored audit entries once more: what they name may have come or gone since.
///
/// An audit entry may be about anything, so its target is never made; it is resolved when something has
/// that name, in whichever run that is.
struct AuditRefresh {
  private let context: LoadContext

  init(_ context: LoadContext) { self.context = context }

  private static let rows = Query(
    "v4_rows.audit",
    """
    SELECT r.row, r.shape, r.text, r.v5_id, t.name, r.v4_id
    FROM main.v4_rows r JOIN main.v4_tables t USING(table_no) JOIN audit a ON a.audit_id=r.v5_id
    WHERE t.source=?1 AND r.run<>?2
      AND t.name IN ('user_overrides','user_directives','user_audit_log')
    """)

  func refresh() throws {
    guard context.hasStoredRows else { return }
    var mappers: [String: TableMapper] = [:]
    var changed: [Record] = []
    var record = Record()
    try context.connection.each(
      Self.rows, .text(context.source), .integer(context.run)
    ) { result in
      let name = result.text(4)
      let mapper = mappers[name] ?? TableMapper(table: name, kind: .audit)
      mappers[name] = mapper
      let columns = try context.columns(result.optionalInt64(1))
      try result.withBytes(2) {
        try mapper.loadStored($0, columns: columns, row: result.int64(0))
      }
      try mapper.map(
        as: RecordIdentity(
          id: result.bytes(3), v4ID: result.text(5), sourceRow: result.int64(0)),
        context.references, into: &record)
      RecordTable.audit.seal(&record)
      let current = try RecordTable.audit.read(result.text(3), in: context.connection)
      guard let current, RecordTable.audit.isAsImported(current),
        current.fields.last != record.fields.last
      else { return }
      changed.append(record)
    }
    for record in changed {
      try context.connection.statement(RecordTable.audit.update).run(record)
    }
  }
}
