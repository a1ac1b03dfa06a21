/// Ids of agents that are going, and those that take their places: a table of the connection's own, so that
/// any number of them is one statement.
package struct Successors {
  private let connection: Connection

  package init(_ connection: Connection) { self.connection = connection }

  /// SQL for the ids that are going.
  static let all = "(SELECT agent FROM temp.successors)"

  /// SQL for the successor of an id; NULL where it has none.
  ///
  /// - Parameter id: SQL, such as a column.
  static func of(_ id: String) -> String {
    "(SELECT successor FROM temp.successors WHERE agent=\(id))"
  }

  /// Makes the table, with nothing in it.
  package func begin() throws {
    try connection.execute(
      """
      CREATE TEMP TABLE IF NOT EXISTS successors(agent TEXT PRIMARY KEY, successor TEXT) WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS temp.successors_by_heir ON successors(successor);
      DELETE FROM temp.successors;
      """, name: "successors.begin")
  }

  // What had gone to one that goes itself now goes where that one goes.
  private static let follow = Query(
    "successors.follow", "UPDATE temp.successors SET successor=?2 WHERE successor=?1")
  private static let insert = Query(
    "successors.insert", "INSERT OR IGNORE INTO temp.successors VALUES(?1,?2)")

  // One that is given back what it had given stays.
  private static let settle = Query(
    "successors.settle", "DELETE FROM temp.successors WHERE agent=successor AND agent=?1")

  /// Adds one that goes after all that were added before.
  package func add(_ agent: String, _ successor: String) throws {
    for query in [Self.follow, Self.insert] {
      try connection.run(query, .text(agent), .text(successor))
    }
    try connection.run(Self.settle, .text(successor))
  }

  private static let one = Query(
    "successors.of", "SELECT successor FROM temp.successors WHERE agent=?1")

  /// The successor of an id; nil where it has none.
  func successor(of agent: String) throws -> String? {
    try connection.first(Self.one, .text(agent), map: { $0.text(0) })
  }

  /// Gives each that goes and its successor in turn.
  func each(_ body: (String, String) throws -> Void) throws {
    try connection.each(Query("successors.each", "SELECT agent, successor FROM temp.successors")) {
      try body($0.text(0), $0.text(1))
    }
  }
}
