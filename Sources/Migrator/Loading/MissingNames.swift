import AgoraStore

/// The agents and workflows that rows refer to and nobody made.
struct MissingNames {
  private let connection: Connection
  private let source: String

  init(_ connection: Connection, source: String) throws {
    self.connection = connection
    self.source = source
    try connection.execute(
      "CREATE TEMP TABLE IF NOT EXISTS missing(kind TEXT, name TEXT, PRIMARY KEY(kind, name)) WITHOUT ROWID",
      name: "missing.create")
  }

  private static let insert = Query(
    "missing.insert", "INSERT OR IGNORE INTO temp.missing VALUES(?1,?2)")
  private static let count = Query(
    "missing.count",
    """
    SELECT count(*) FROM (SELECT name FROM temp.missing WHERE kind=?1
      UNION SELECT name FROM v4_names WHERE source=?2 AND kind=?1 AND origin='stub')
    """)

  /// Notes one that a row refers to.
  func note(_ kind: String, _ name: String) throws {
    try connection.run(Self.insert, .text(kind), .text(name))
  }

  /// How many there are; those that rows of earlier runs refer to stand there as stubs.
  func count(_ kind: String) throws -> Int {
    Int(try connection.integer(Self.count, .text(kind), .text(source)) ?? 0)
  }
}
