import AgoraStore
import TestSupport
import Testing

/// What a tool does to a workflow that lifts its halt, or ends it by force.
private struct Force: ToolCall {
  static let workflow = Parameter<WorkflowID>("workflow_id", "Which")
  static let ends = Parameter<Bool>("ends", "Whether it is ended")
  static let tool = Tool(
    .admin, "force", title: "Force", description: "Lifts a halt, or ends.",
    parameters: ParameterList(workflow, ends), output: Output.self, access: .writes, authority: 200,
    isIdempotent: true, passesHalt: true, examples: [])
  struct Output: ToolOutput { static let shape = Shape<Output>() }
  let id: String
  let ends: Bool
  init(_ arguments: Arguments) throws(ToolFailure) {
    id = try arguments[Self.workflow].description
    ends = try arguments[Self.ends]
  }
  func run(in context: ToolContext) throws -> Output {
    let life = WorkflowLife(context)
    if ends { try life.terminate(id, reason: "by force") } else { try life.goOn(id) }
    return Output()
  }
}

@Suite struct WorkflowToolTests {
  /// A workflow in a marketplace with the agents A, B and C.
  private struct Scene {
    let bazaar: TestMarketplace
    let agents: [String]
    var id = ""

    init(_ folder: String, catalog: ToolCatalog = .agora) throws {
      bazaar = try TestMarketplace(in: folder, catalog: catalog)
      agents = try ["A", "B", "C"].map { [bazaar] in try bazaar.register($0) }
    }

    mutating func create(_ steps: String, _ more: String = "") throws {
      id =
        try bazaar.call(
          "agora.workflow.create",
          #"{"workflow_name":"w","steps":[\#(steps)],"assigned_agents":["C"]\#(more)}"#)[
          "workflow_id"]?.text ?? ""
    }

    func show() throws -> JSON {
      try bazaar.call("agora.workflow.status", #"{"workflow_id":"\#(id)"}"#)
    }

    /// The workflow's status and each step's with a mark where it has a task: `a:pending+`.
    func summary() throws -> String {
      let workflow = try show()
      let steps = (workflow["steps"]?.elements ?? []).map { step in
        "\(step["name"]?.text ?? ""):\(step["status"]?.text ?? "")\(step["task_id"] == .null ? "" : "+")"
      }
      return ([workflow["status"]?.text ?? ""] + steps).joined(separator: " ")
    }

    func task(_ step: String) throws -> String {
      let steps = try show()["steps"]?.elements ?? []
      return steps.first { $0["name"]?.text == step }?["task_id"]?.text ?? "none"
    }

    func set(_ step: String, _ status: String) throws {
      try bazaar.call(
        "agora.task.update", #"{"task_id":"\#(try task(step))","status":"\#(status)"}"#)
    }

    @discardableResult
    func modify(_ parameters: String) throws -> JSON {
      try bazaar.call("agora.workflow.modify", #"{"workflow_id":"\#(id)",\#(parameters)}"#)
    }

    func changes() throws -> [String] {
      (try show()["timeline"]?.elements ?? []).map { moment in
        [moment["change"]?.text, moment["step"]?.text].compactMap { $0 }.joined(separator: " ")
      }
    }
  }

  private static let chain = """
    {"name":"extract","agent":"A","payload":{"n":1},"priority":"high"},
    {"name":"transform","agent":"B","depends_on":["extract"],"task_type":"work"},
    {"name":"load","agent":"A","depends_on":["transform"]}
    """

  @Test func `a workflow goes from step to step, and tells so`() throws {
    try withTemporaryFolder { folder in
      var scene = try Scene(folder)
      try scene.create(Self.chain, #","metadata":{"k":1}"#)
      #expect(try scene.summary() == "running extract:pending+ transform:pending load:pending")
      let row = try scene.bazaar.rows(
        "SELECT workflow_name, creator_agent, assigned_agents, created_at, completed_at, metadata FROM workflows"
      )
      let (a, b, c) = (scene.agents[0], scene.agents[1], scene.agents[2])
      #expect(
        row == [
          ["w", "-", #"["\#(c)","\#(a)","\#(b)"]"#, "\(TestMarketplace.start)", "-", #"{"k":1}"#]
        ])
      let task =
        "SELECT task_type, assigned_agent, payload, priority, workflow_id, status FROM tasks"
      #expect(
        try scene.bazaar.rows(task) == [
          ["extract", a, #"{"n":1}"#, "3", scene.id, "pending"]
        ])
      try scene.set("extract", "in_progress")
      try scene.bazaar.call(
        "agora.task.update", #"{"task_id":"\#(try scene.task("extract"))","progress":50}"#)
      let half = try scene.show()
      #expect(half["progress"]?.integer == 16 && half["current_step"]?.integer == 1)
      scene.bazaar.pass(seconds: 60)
      try scene.set("extract", "completed")
      #expect(
        try scene.summary() == "running extract:completed+ transform:pending+ load:pending")
      #expect(try scene.bazaar.rows(task)[1][0] == "work")
      try scene.set("transform", "completed")
      try scene.set("load", "completed")
      #expect(
        try scene.summary() == "completed extract:completed+ transform:completed+ load:completed+")
      let done = try scene.show()
      #expect(done["progress"]?.integer == 100 && done["current_step"]?.integer == 3)
      #expect(done["completed_at"]?.text == "\(scene.bazaar.now)")
      let changes = [
        "created", "started", "step_started extract", "step_begun extract",
        "step_completed extract", "step_started transform", "step_completed transform",
        "step_started load", "step_completed load", "completed",
      ]
      #expect(try scene.changes() == changes)
      let events = try scene.bazaar.rows(
        """
        SELECT event_type, data->>'change', data->>'status' FROM events
        WHERE event_type LIKE 'workflow%' ORDER BY seq
        """)
      #expect(events.map(\.[1]) == changes.map { String($0.prefix { $0 != " " }) })
      #expect(events.first == ["workflow_created", "created", "pending"])
      #expect(events.last == ["workflow_updated", "completed", "completed"])
      #expect(try StoreCheck(scene.bazaar.store).isSound)
    }
  }

  /// Steps a and b, then others with their dependencies and conditions; what a and b come to; and what
  /// becomes of the others.
  static let branches: [(steps: String, a: String, b: String, expected: String)] = [
    (#""c":"a,b/success""#, "completed", "completed", "running c:pending+"),
    (#""c":"a,b/success""#, "completed", "failed", "failed c:skipped"),
    (#""c":"a,b/failure""#, "completed", "failed", "running c:pending+"),
    (#""c":"a,b/failure""#, "completed", "completed", "completed c:skipped"),
    (#""c":"a,b/always""#, "failed", "failed", "running c:pending+"),
    (
      #""c":"a/success","d":"c/failure","e":"c/always""#, "failed", "completed",
      "running c:skipped d:skipped e:pending+"
    ),
    (
      #""e":"d/always","d":"c/success","c":"a/success""#, "failed", "completed",
      "running e:pending+ d:skipped c:skipped"
    ),
    (
      #""c":"a/failure","d":"b/success""#, "failed", "completed",
      "running c:pending+ d:pending+"
    ),
  ]

  @Test func `branches are taken as their conditions say`() throws {
    for (steps, a, b, expected) in Self.branches {
      try withTemporaryFolder { folder in
        var scene = try Scene(folder)
        let others = (try JSON.parse("{\(steps)}").members ?? []).map { step in
          let parts = (step.value.text ?? "").split(separator: "/")
          let names = parts[0].split(separator: ",").map { "\"\($0)\"" }.joined(separator: ",")
          return
            #",{"name":"\#(step.name)","agent":"A","depends_on":[\#(names)],"condition":"\#(parts[1])"}"#
        }
        try scene.create(
          #"{"name":"a","agent":"A"},{"name":"b","agent":"B"}"# + others.joined())
        #expect(try scene.summary().hasPrefix("running a:pending+ b:pending+"))
        try scene.set("a", a)
        try scene.set("b", b)
        let found = try scene.summary()
        #expect(found.hasSuffix(expected.split(separator: " ", maxSplits: 1)[1]), "\(found)")
        #expect(found.hasPrefix(expected.prefix { $0 != " " }), "\(found) for \(steps)")
      }
    }
  }

  @Test func `a paused workflow starts nothing, and goes on with what became ready`() throws {
    try withTemporaryFolder { folder in
      var scene = try Scene(folder)
      try scene.create(Self.chain, #","start":false"#)
      #expect(try scene.summary() == "pending extract:pending transform:pending load:pending")
      #expect(try scene.show()["current_step"]?.integer == 0)
      try scene.modify(#""action":"start""#)
      try scene.modify(#""action":"pause""#)
      let update = "agora.task.update"
      let task = try scene.task("extract")
      for status in ["in_progress", "completed"] {
        let failure = try scene.bazaar.failure(
          update, #"{"task_id":"\#(task)","status":"\#(status)"}"#)
        #expect(failure?.code == .conflict)
      }
      try scene.modify(#""action":"resume""#)
      try scene.set("extract", "in_progress")
      try scene.modify(#""action":"pause""#)
      // What was begun may be ended.
      try scene.set("extract", "completed")
      #expect(try scene.summary() == "paused extract:completed+ transform:pending load:pending")
      let result = try scene.modify(#""action":"resume""#)
      #expect(result["current_step"]?.integer == 2)
      #expect(
        try scene.summary() == "running extract:completed+ transform:pending+ load:pending")
    }
  }

  @Test func `a halted workflow starts nothing until the halt is lifted`() throws {
    try withTemporaryFolder { folder in
      var scene = try Scene(folder)
      try scene.create(Self.chain)
      try scene.set("extract", "in_progress")
      let id = scene.id
      try scene.bazaar.store.write {
        try $0.execute(
          "INSERT INTO overrides VALUES('ovr_1','\(id)','emergency_halt','x',9,'operator',1,'active',NULL,NULL)"
        )
      }
      try scene.set("extract", "completed")
      #expect(try scene.summary() == "running extract:completed+ transform:pending load:pending")
      #expect(try scene.show()["halted"] == .bool(true))
      let assign = try scene.bazaar.failure(
        "agora.task.assign",
        #"{"task_type":"x","assignee":"A","payload":{},"workflow_id":"\#(id)"}"#)
      let modify = try scene.bazaar.failure(
        "agora.workflow.modify", #"{"workflow_id":"\#(id)","action":"terminate"}"#)
      #expect(assign?.code == .halted && modify?.code == .halted)
      try scene.bazaar.store.write { try $0.execute("UPDATE overrides SET state='lifted'") }
      // Any change of a running workflow sees to what is ready.
      try scene.modify(#""action":"reorder","steps":["load","extract","transform"]"#)
      #expect(
        try scene.summary() == "running load:pending extract:completed+ transform:pending+")
    }
  }

  @Test func `what an operator does by force is followed by what it makes ready`() throws {
    try withTemporaryFolder { folder in
      let catalog = ToolCatalog([
        RegisterAgent.self, CreateWorkflow.self, ShowWorkflow.self, UpdateTask.self, Force.self,
      ])
      var scene = try Scene(folder, catalog: catalog)
      try scene.create(Self.chain)
      let id = scene.id
      func halt(_ state: String) throws {
        try scene.bazaar.store.write {
          try $0.execute(
            "INSERT OR REPLACE INTO overrides VALUES('ovr_1','\(id)','pause','x',9,'operator',1,'\(state)',NULL,NULL)"
          )
        }
      }
      try scene.set("extract", "in_progress")
      try halt("active")
      try scene.set("extract", "completed")
      for state in ["active", "lifted"] {
        try halt(state)
        try scene.bazaar.call("agora.admin.force", #"{"workflow_id":"\#(id)","ends":false}"#)
        let mark = state == "lifted" ? "+" : ""
        #expect(
          try scene.summary()
            == "running extract:completed+ transform:pending\(mark) load:pending")
      }
      try halt("active")
      try scene.bazaar.call("agora.admin.force", #"{"workflow_id":"\#(id)","ends":true}"#)
      #expect(
        try scene.summary() == "terminated extract:completed+ transform:failed+ load:skipped")
    }
  }

  @Test func `terminating ends everything, also what depends on it`() throws {
    try withTemporaryFolder { folder in
      var scene = try Scene(folder)
      try scene.create(Self.chain)
      let task = try scene.task("extract")
      let parameters = #"{"task_type":"x","assignee":"B","payload":{},"depends_on":["\#(task)"]}"#
      let other = try scene.bazaar.call("agora.task.assign", parameters)["task_id"]?.text ?? ""
      try scene.set("extract", "in_progress")
      let result = try scene.modify(#""action":"terminate""#)
      #expect(result["status"]?.text == "terminated")
      #expect(
        try scene.summary() == "terminated extract:failed+ transform:skipped load:skipped")
      #expect(try scene.bazaar.rows("SELECT DISTINCT status FROM tasks") == [["failed"]])
      let reasons = try scene.bazaar.rows(
        "SELECT reason FROM audit WHERE after->>'status'='failed' AND target LIKE 'task%' ORDER BY rowid"
      )
      #expect(reasons[0][0].contains("terminated") && reasons[1][0].contains(task))
      for id in [task, other] {
        let failure = try scene.bazaar.failure(
          "agora.task.update", #"{"task_id":"\#(id)","status":"pending"}"#)
        #expect(failure?.code == .conflict)
      }
    }
  }

  @Test func `steps are given to others, added, removed and put in order`() throws {
    try withTemporaryFolder { folder in
      var scene = try Scene(folder)
      try scene.create(Self.chain)
      try scene.set("extract", "in_progress")
      let task = try scene.task("extract")
      try scene.modify(#""action":"reassign","step":"extract","agent":"C""#)
      let row = "SELECT assigned_agent, status, progress FROM tasks WHERE task_id='\(task)'"
      #expect(try scene.bazaar.rows(row) == [[scene.agents[2], "pending", "0"]])
      let told = try scene.bazaar.rows(
        "SELECT target_agent FROM events WHERE event_type='task_assigned' ORDER BY seq")
      #expect(told == [[scene.agents[0]], [scene.agents[2]]])
      try scene.modify(
        #""action":"add_step","step":{"name":"report","agent":"B","depends_on":["load"],"when":"always"}"#
      )
      try scene.modify(#""action":"add_step","step":{"name":"watch","agent":"B"}"#)
      #expect(
        try scene.summary()
          == "running extract:pending+ transform:pending load:pending report:pending watch:pending+"
      )
      // Nothing that others wait for, nothing that was started.
      for step in ["load", "watch"] {
        let failure = try scene.bazaar.failure(
          "agora.workflow.modify",
          #"{"workflow_id":"\#(scene.id)","action":"remove_step","step":"\#(step)"}"#)
        #expect(failure?.code == .conflict)
      }
      try scene.modify(#""action":"remove_step","step":"report""#)
      try scene.modify(#""action":"remove_step","step":"load""#)
      let ids = (try scene.show()["steps"]?.elements ?? []).compactMap { $0["step_id"]?.text }
      try scene.modify(
        #""action":"reorder","steps":["watch","\#(ids[1])","extract"]"#)
      #expect(
        try scene.summary() == "running watch:pending+ transform:pending extract:pending+")
      try scene.set("watch", "completed")
      try scene.set("extract", "completed")
      try scene.modify(#""action":"pause""#)
      try scene.set("transform", "failed")
      #expect(try scene.summary().hasPrefix("paused"))
      try scene.modify(#""action":"resume""#)
      #expect(try scene.summary().hasPrefix("failed"))
      #expect(try StoreCheck(scene.bazaar.store).isSound)
    }
  }

  @Test func `a workflow without steps runs until it is ended`() throws {
    try withTemporaryFolder { folder in
      var scene = try Scene(folder)
      try scene.create("")
      #expect(try scene.summary() == "running")
      let task = #"{"task_type":"x","assignee":"A","payload":{},"workflow_id":"\#(scene.id)"}"#
      try scene.bazaar.call("agora.task.assign", task)
      try scene.modify(#""action":"terminate""#)
      #expect(try scene.bazaar.rows("SELECT status FROM tasks") == [["failed"]])
      #expect(try scene.bazaar.failure("agora.task.assign", task)?.code == .conflict)
    }
  }

  @Test func `a circle is named, and the nearest name of an unknown step`() throws {
    try withTemporaryFolder { folder in
      let scene = try Scene(folder)
      let cases: [(String, String, String)] = [
        (
          #"{"name":"a","agent":"A"},{"name":"b","agent":"A","depends_on":["a","d"]},{"name":"c","agent":"A","depends_on":["b"]},{"name":"d","agent":"A","depends_on":["c"]}"#,
          "b → d → c → b", "steps[1].depends_on"
        ),
        (
          #"{"name":"extract","agent":"A"},{"name":"b","agent":"A","depends_on":["extrat"]}"#,
          "did you mean \"extract\"?", "steps[1].depends_on[0]"
        ),
      ]
      for (steps, words, parameter) in cases {
        let failure = try scene.bazaar.failure(
          "agora.workflow.create",
          #"{"workflow_name":"w","steps":[\#(steps)],"assigned_agents":[]}"#)
        #expect(failure?.message.contains(words) == true && failure?.parameter == parameter)
      }
    }
  }
}
