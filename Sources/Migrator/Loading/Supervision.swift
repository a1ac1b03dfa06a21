import AgoraStore

/// Who stands above whom: noted while agents are made, written when all of them are there.
struct Supervision {
  private let context: LoadContext
  private var connection: Connection { context.connection }

  private let references: ReferenceResolver

  /// - Parameter references: what finds the superiors; nil for the load's own.
  init(_ context: LoadContext, references: ReferenceResolver? = nil) {
    self.context = context
    self.references = references ?? context.references
  }

  func begin() throws {
    try connection.execute(
      "CREATE TEMP TABLE supervised(agent_id TEXT PRIMARY KEY, supervisor TEXT)",
      name: "supervised.create")
  }

  /// Notes what v4 calls an agent's superior.
  func note(_ supervisor: String, of agent: String) throws {
    try connection.run(
      Query("supervised.insert", "INSERT OR REPLACE INTO temp.supervised VALUES(?1,?2)"),
      .text(agent), .text(supervisor))
  }

  /// Writes the superiors into the agents.
  ///
  /// A missing superior never costs a row: where none is to be made, v4's word for it stays in
  /// the registration.
  func write() throws {
    let pairs = Query(
      "supervised.all", "SELECT agent_id, supervisor FROM temp.supervised ORDER BY 1")
    let update = Query(
      "agents.supervise",
      "UPDATE agents SET metadata=substr(metadata,1,length(metadata)-1)||?2 WHERE agent_id=?1")
    try connection.each(pairs) { row in
      do {
        guard let id = try references.agent(named: row.text(1)) else { return }
        let member = ",\"supervisor\":\"\(String(decoding: id, as: UTF8.self))\"}"
        try connection.run(update, .text(row.text(0)), .text(member))
        try RecordTable.agents.reseal(row.text(0), in: connection)
      } catch is Rejection {
        return
      }
    }
    try connection.execute("DROP TABLE temp.supervised", name: "supervised.drop")
  }
}
