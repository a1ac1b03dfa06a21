import AgoraStore

/// How much of what was imported from a v4 deployment a comparison has seen.
///
/// An export says something of all rows of the tables that it has, also of those that it lacks; of other
/// tables it says nothing.
public struct VerificationCoverage: Sendable, Equatable {
  /// The rows that the store has from the deployment.
  public private(set) var imported = 0
  /// Those of them that are of a table of the export.
  public private(set) var covered = 0

  /// Whether no imported row was left out.
  public var isWhole: Bool { covered >= imported }

  init() {}

  private static let rows = Query(
    "v4_rows.by_table",
    """
    SELECT table_no, (SELECT count(*) FROM main.v4_rows r WHERE r.table_no=t.table_no
      AND r.parent IS NULL AND r.row NOT IN (SELECT row FROM main.v4_gone))
    FROM main.v4_tables t WHERE source=?1
    """)

  init(_ context: LoadContext) throws {
    let seen = Set(context.tables.map(\.number))
    for (table, rows) in try context.connection.all(
      Self.rows, .text(context.source), map: { ($0.int64(0), $0.int(1)) })
    {
      imported += rows
      if seen.contains(table) { covered += rows }
    }
  }
}
