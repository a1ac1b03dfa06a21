import AgoraStore
import CompatProxy
import TestSupport
import Testing

/// Each cell of `agora compat matrix`, run.
@Suite struct MatrixTests {
  /// A store in which the task and the workflow of the examples are there.
  private func place(_ folder: String) throws -> TestMarketplace {
    let place = try TestMarketplace(in: folder)
    let agent = try place.register("TestAgent")
    try place.call(
      "agora.agent.register", #"{"agent_name":"TestAgent","capabilities":["testing"]}"#)
    try place.store.write { connection in
      try connection.execute(
        """
        INSERT INTO workflows(workflow_id, workflow_name, status, created_at)
          VALUES('wf_019740f0a4d07cc0a1b2c3d4e5f60718', 'example', 'running', 1);
        INSERT INTO tasks(task_id, assigned_agent, task_type, payload, status, created_at)
          VALUES('task_019740f0a4d07cc0a1b2c3d4e5f60718', '\(agent)', 'testing', '{}', 'in_progress', 1)
        """)
    }
    return place
  }

  @Test func `every cell has an example that does on a store what the matrix says`() throws {
    for cell in MatrixCell.all {
      let name = "\(cell.reducer.name) \(cell.shape)"
      let words = try #require(cell.words, "\(name) has no example")
      try withTemporaryFolder { folder in
        let place = try place(folder)
        let answer = Proxy(place.marketplace).answer(
          LegacyCall(
            database: "agora-marketplace", reducer: cell.reducer.name, arguments: .words(words)))
        #expect(
          answer.refusal?.code == cell.refusal?.code, "\(name): \(answer.refusal?.text ?? "")")
        let record = try place.store.read { try LegacyCallLog($0).newest(1).first }
        #expect(record?.shape?.split(separator: ":").last.map(String.init) == cell.shape, "\(name)")
        if let tool = record?.tool, cell.refusal == nil {
          #expect(tool == cell.replacement.tool, "\(name)")
        }
      }
    }
  }

  @Test func `the call of v5 that the matrix names is taken and done`() throws {
    var known = 0
    for cell in MatrixCell.all where cell.refusal == nil {
      guard let arguments = cell.replacement.arguments else { continue }
      known += 1
      try withTemporaryFolder { folder in
        let place = try place(folder)
        try place.register("Doc")
        let caller = Caller.owner(.cli, as: cell.replacement.agent.map { AgentReference($0) })
        let failure: ToolFailure?
        do throws(ToolFailure) {
          _ = try place.marketplace.call(cell.replacement.tool, arguments, as: caller)
          failure = nil
        } catch { failure = error }
        #expect(failure == nil, "\(cell.reducer.name) \(cell.shape): \(cell.replacement.command)")
      }
    }
    #expect(known == MatrixCell.all.count { $0.refusal == nil })
  }
}
