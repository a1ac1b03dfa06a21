import AgoraStore

/// A row that v4 and v5 both changed: v5's record stands until a person decides.
///
/// A row has at most one outstanding conflict, about what v4 said last. One that has become moot, since
/// v4 says again what the store has or v5's record is as it was imported, is listed no more.
struct Conflict {
  /// How v4 changed the row.
  enum Kind: String { case changed, gone }

  let number: Int64
  let runID: String?
  let source: String
  let table: String
  let v4ID: String
  let v5ID: String
  /// The number of the row in `v4_rows`, which has the text that the record was made of.
  let row: Int64
  let shape: Int64?
  let parent: Int64?
  /// What v4 says now; nil where it has the row no more.
  let text: [UInt8]?
  /// `outstanding`, or the side that was kept.
  let status: String

  var kind: Kind { text == nil ? .gone : .changed }

  // MARK: reading

  private static let columns = """
    SELECT c.number, m.run_id, coalesce(m.source, ''), c.v4_table, c.v4_id, c.v5_id, c.row, c.shape,
      r.parent, c.text, c.status
    FROM conflicts c LEFT JOIN migration_runs m ON m.run=c.run LEFT JOIN v4_rows r ON r.row=c.row
    """
  private static let selectAll = Query("conflicts.all", columns + " ORDER BY c.number")
  private static let selectOutstanding = Query(
    "conflicts.outstanding", columns + " WHERE c.status='outstanding' ORDER BY c.number")
  private static let selectOne = Query("conflicts.one", columns + " WHERE c.number=?1")

  private init(_ row: borrowing Row) {
    number = row.int64(0)
    runID = row.optionalText(1)
    source = row.text(2)
    table = row.text(3)
    v4ID = row.text(4)
    v5ID = row.text(5)
    self.row = row.int64(6)
    shape = row.optionalInt64(7)
    parent = row.optionalInt64(8)
    text = row.isNull(9) ? nil : row.bytes(9)
    status = row.text(10)
  }

  /// The conflicts of a store in order; the settled ones too where they are asked for.
  static func all(_ connection: Connection, includingSettled: Bool = false) throws -> [Conflict] {
    try connection.all(includingSettled ? selectAll : selectOutstanding, map: { Conflict($0) })
  }

  /// The conflict of a number; nil where there is none.
  static func numbered(_ number: Int, _ connection: Connection) throws -> Conflict? {
    try connection.first(selectOne, .int(number), map: { Conflict($0) })
  }

  // MARK: listing

  /// What is to be listed.
  struct Entry {
    let run: Int64
    let table: String
    let v4ID: String
    let v5ID: String
    let row: Int64
    var shape: Int64?
    /// What v4 says now; nil where it has the row no more.
    var text: String?
  }

  private static let relist = Query(
    "conflicts.relist",
    "UPDATE main.conflicts SET run=?1, shape=?3, text=?4 WHERE row=?2 AND status='outstanding'")
  private static let insert = Query(
    "conflicts.insert",
    """
    INSERT INTO main.conflicts(run, v4_table, v4_id, v5_id, row, shape, text)
    VALUES(?1,?2,?3,?4,?5,?6,?7)
    """)

  /// Lists a conflict, in the place of the one that is outstanding about the same row.
  static func list(_ entry: Entry, in connection: Connection) throws {
    let known = try connection.run(
      relist, .integer(entry.run), .integer(entry.row), .optional(entry.shape),
      .optional(entry.text))
    guard known == 0 else { return }
    try connection.run(
      insert, .integer(entry.run), .text(entry.table), .text(entry.v4ID), .text(entry.v5ID),
      .integer(entry.row), .optional(entry.shape), .optional(entry.text))
  }

  // MARK: forgetting

  /// Takes a row's outstanding conflict off the list: the row has been updated, or is gone.
  static let forget = Query(
    "conflicts.forget", "DELETE FROM main.conflicts WHERE row=?1 AND status='outstanding'")

  /// The condition for a decision that v5 keeps a record whose row is gone from v4.
  static let keepsGoneRow = "text IS NULL AND status='v5'"

  /// Takes off the list what this run's export has made moot: rows that came again after they had gone,
  /// and rows that say again what the store has.
  static func forgetMoot(run: Int64, in connection: Connection) throws {
    try connection.run(
      Query(
        "conflicts.forget_moot",
        """
        DELETE FROM main.conflicts WHERE row IN (SELECT main_row FROM temp.seen) AND (
          text IS NULL AND status<>'v4'
          OR status='outstanding' AND run<>?1
            AND text IS NOT (SELECT text FROM main.v4_rows r WHERE r.row=conflicts.row))
        """), .integer(run))
  }

  // MARK: settling

  private static let adopt = Query(
    "v4_rows.adopt_conflict",
    "UPDATE main.v4_rows SET (shape, text)=(SELECT shape, text FROM conflicts WHERE number=?1) WHERE row=?2"
  )
  private static let settle = Query(
    "conflicts.settle", "UPDATE main.conflicts SET status=?2, settled_by=?3 WHERE number=?1")

  /// Gives the row the text that v4 has now, so that the same export says nothing new.
  func adoptText(in connection: Connection) throws {
    try connection.run(Self.adopt, .integer(number), .integer(row))
  }

  /// Notes which side was kept.
  func settle(keeping side: String, run: Int64, in connection: Connection) throws {
    try connection.run(Self.settle, .integer(number), .text(side), .integer(run))
  }
}
