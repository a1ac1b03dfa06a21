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

  private static let changedOnV5 = Query(
    "workflows.changed_on_v5",
    "SELECT EXISTS(SELECT 1 FROM main.workflows WHERE workflow_id=?1 AND source_hash=0)")

  /// Whether v5 has worked on a workflow, so that its steps are not to be touched.
  ///
  /// A v5 tool takes the hash of a workflow away when it changes it, since steps are not in the hash.
  static func areChangedOnV5(of workflow: String, in connection: Connection) throws -> Bool {
    try connection.integer(changedOnV5, .text(workflow)) == 1
  }

  private static let setSteps = Query(
    "workflows.set_steps", "UPDATE workflows SET steps=?2 WHERE workflow_id=?1")

  /// Takes steps out of a workflow, whatever v5 has made of them; the others stay as they are.
  static func remove(_ ids: [String], from workflow: String, in connection: Connection) throws {
    let gone = Set(ids.map(\.exact))
    let steps = try elements(of: workflow, in: connection)
    let left = steps.filter { step in step["step_id"]?.text.map { gone.contains($0.exact) } != true
    }
    guard left.count < steps.count else { return }
    try write(left, to: workflow, in: connection)
  }

  /// Makes elements the steps of a workflow.
  static func write(_ steps: [JSON], to workflow: String, in connection: Connection) throws {
    try connection.run(setSteps, .text(workflow), .text(JSONWriter.compact(.array(steps))))
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
      let isTime = name == "started_at" || name == "completed_at"
      // Of two spellings of one instant neither is a change.
      if isTime, let time = one.text.flatMap({ Timestamp($0) }),
        time == other.text.flatMap({ Timestamp($0) })
      {
        return nil
      }
      return one == other ? nil : (name, one, other)
    }
  }
}

extension WorkflowSteps {
  /// A step with what v4 says of it; what v4 cannot say stays.
  static func step(_ step: JSON, as v4: JSON) -> JSON {
    var members = step.members ?? []
    for (name, expected, _) in WorkflowSteps.differences(v4, step) {
      let member = JSON.Member(name, expected)
      if let place = members.firstIndex(where: { $0.name == name }) {
        members[place] = member
      } else {
        members.append(member)
      }
    }
    return .object(members)
  }
}
