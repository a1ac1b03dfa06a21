import AgoraStore

/// What stands in a workflow's `steps`.
enum WorkflowSteps {
  private static let steps = Query(
    "workflows.steps", "SELECT steps FROM main.workflows WHERE workflow_id=?1")

  /// The elements of a workflow; none where it is not there, or damaged.
  static func elements(of workflow: String, in connection: Connection) throws -> [JSON] {
    let text = try connection.first(steps, .text(workflow), map: { $0.text(0) })
    return (try? JSON.parse(text ?? "[]"))?.elements ?? []
  }

  /// The step of an id; nil where the workflow has none.
  static func element(
    _ id: String, of workflow: [UInt8], in connection: Connection
  ) throws -> JSON? {
    try elements(of: String(decoding: workflow, as: UTF8.self), in: connection)
      .first { $0["step_id"]?.text == id }
  }

  /// In what that v4 can say two texts of a step differ.
  static func differences(
    _ expected: JSON, _ found: JSON
  ) -> [(name: String, expected: JSON, found: JSON)] {
    var names = ["name", "agent", "status", "started_at", "completed_at"]
    // v5's own steps have no number; they stand where they stand.
    if found["order"] != nil { names.append("order") }
    return names.compactMap { name in
      let (one, other) = (expected[name] ?? .null, found[name] ?? .null)
      return one == other ? nil : (name, one, other)
    }
  }
}
