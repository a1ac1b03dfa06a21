import AgoraStore
import TestSupport
import Testing

/// Rows of a transaction, whose columns are those of the rows before them.
@Suite struct SubscribedColumnTests {
  @Test func `rows that are arrays have the columns of the last row that was an object`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      try migrate(
        """
        {"agent_message":{"deletes":[],"inserts":[{"message_id":"1","content":"x","from_agent":"a"}]}}
        {"agent_message":{"deletes":[],"inserts":[["2","y","a"]]}}
        {"agent_message":{"deletes":[],"inserts":[{"message_id":"3","from_agent":"a","content":"x"}]}}
        {"agent_message":{"deletes":[],"inserts":[["4","a","z"],["5","a","w"]]}}
        """, into: store)
      let texts = try Store(path: store).read { connection in
        try connection.all(
          Query("test", "SELECT content FROM messages m ORDER BY source_row"), map: { $0.text(0) })
      }
      #expect(texts == ["x", "y", "x", "z", "w"])
    }
  }
}
